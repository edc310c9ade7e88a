"""Changed code: of a live account it is confirmed by hand, and never in the heat of the moment.

Paper money takes any code as it comes; the log has its hash. A live account takes no new risk under
code that nobody confirmed; confirmed so soon after a losing session that the rules speak of, it
waits (paper only) until that time is over.
"""

from typing import TYPE_CHECKING, Final

from genesis.domain.events import RunStarted
from genesis.domain.keeping import CodeConfirmed
from genesis.domain.outcomes import RiskBlocked
from genesis.domain.time import moment_words
from genesis.risk.blocks import CODE

if TYPE_CHECKING:
    from genesis.engine.state import EngineState

UNCONFIRMED: Final = (
    "the code is not the one of the last run: paper only until `genesis upgrade` has confirmed it"
)


class CodeActs:
    """Which code is trusted, and from when it may take new risk.

    until_ns: paper only until then; None: nothing is waited for.
    """

    def __init__(self, state: "EngineState") -> None:
        self._state = state
        self._trusted = ""
        self._last = ""
        self.until_ns: int | None = None

    def started(self, event: RunStarted, *, is_live: bool) -> tuple[bool, tuple[RiskBlocked, ...]]:
        """A run begins: is its code another one than that of the last, and what follows."""
        changed = is_live and event.code_sha256 != self._last
        self._last = event.code_sha256
        if not is_live or not self._trusted:
            self._trusted = event.code_sha256
            return False, ()
        if self._trusted == event.code_sha256:
            return changed, self._freed(event.ts_ns)
        return changed, self._state.risk.block(event.ts_ns, CODE, UNCONFIRMED)

    def is_of_run(self, code_sha256: str) -> bool:
        """Is it the code that the run began with?"""
        return code_sha256 == self._last

    def confirmed(self, event: CodeConfirmed, *, is_live: bool) -> tuple[RiskBlocked, ...]:
        """A person confirmed this code."""
        if not is_live or event.code_sha256 == self._trusted:
            return ()
        self._trusted = event.code_sha256
        behaviour, ts_ns = self._state.rules.tilt.behaviour, event.ts_ns
        wait_s = 0.0 if behaviour is None else behaviour.telling.edit_s
        self.until_ns = self._state.tilt.detector.calm_from_ns(ts_ns, wait_s)
        return self._freed(ts_ns) if self._trusted == self._last else ()

    def due(self, ts_ns: int) -> tuple[RiskBlocked, ...]:
        """The time that was waited for may be over."""
        if self.until_ns is None or ts_ns < self.until_ns:
            return ()
        self.until_ns = None
        return self._freed(ts_ns) if self._trusted == self._last else ()

    def _freed(self, ts_ns: int) -> tuple[RiskBlocked, ...]:
        """The code is trusted; there may be a time to be waited for."""
        if self.until_ns is None or ts_ns >= self.until_ns:
            return self._state.risk.block(ts_ns, CODE, None)
        until = moment_words(self.until_ns)
        told = f"the code was changed soon after a losing session: paper only until {until}"
        return self._state.risk.block(ts_ns, CODE, told)
