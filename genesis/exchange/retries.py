"""When a question to the venue is asked again. Orders and cancels never are: only reads come here.

Pure: it is told what was answered and says how long to wait.
"""

from dataclasses import dataclass, field

from genesis.domain.time import SECOND
from genesis.exchange.classify import BINANCE_CODES, Answer, Codes


@dataclass(frozen=True, slots=True)
class RetryTerms:
    """Pauses before the second, third, ... attempt; all attempts begin within `longest_s`."""

    pauses_s: tuple[float, ...] = (1.0, 2.0, 4.0, 8.0)
    longest_s: float = 30.0


NO_RETRY = RetryTerms(())


@dataclass(slots=True)
class Retries:
    """The attempts of one question that was first asked at `began_ns`."""

    terms: RetryTerms
    began_ns: int
    codes: Codes = BINANCE_CODES
    _made: int = field(default=0, init=False)

    def pause_s(self, answer: Answer, now_ns: int) -> float | None:
        """How long to wait before asking again; None: this answer stands."""
        if not _may_change(answer, self.codes) or self._made >= len(self.terms.pauses_s):
            return None
        pause_s = max(self.terms.pauses_s[self._made], answer.retry_after_s or 0.0)
        if (now_ns - self.began_ns) / SECOND + pause_s > self.terms.longest_s:
            return None
        self._made += 1
        return pause_s


def _may_change(answer: Answer, codes: Codes) -> bool:
    """Is it silence, trouble of the venue's, a limit, or a clock that is set meanwhile?"""
    if answer.status is None or answer.status >= 500:
        return True
    limited = answer.status in codes.too_many or answer.code in codes.too_many
    return limited or answer.code == codes.bad_timestamp
