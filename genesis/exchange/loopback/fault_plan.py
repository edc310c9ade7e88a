"""A made-up run of bad luck: which request, which event and which connection meets which fault.

The same seed and the same sequence of requests meet the same faults. Every fault is one that a
caller can survive: what was asked is carried out or not, and the venue's lists tell which.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from genesis.domain.ids import jitter
from genesis.errors import UsageError
from genesis.exchange.loopback.faults import CODES, UNCERTAIN, Fault
from genesis.exchange.loopback.user_faults import EVENT_MODES

T = TypeVar("T")
_SHORT_S: Final = 0.05
_BAN: Final = 418
_TOO_MANY: Final = -1003
_LIMITS: Final = (_BAN, _TOO_MANY, -1015)
_CERTAIN: Final = (_TOO_MANY, -1015, -1016, -1021)
_READS: Final = ("drop_before", "http", "drop_after", "truncate_after", "garbage_after")
_WRITES: Final = (*_READS, "http_after", "delay_before", "delay_after")
_SPARED: Final = ("/api/v3/ping", "/api/v3/time", "/api/v3/exchangeInfo")


@dataclass(frozen=True, slots=True)
class Odds:
    """Of each request and each user event to meet a fault; of a user event to cut the line.

    calm: so many requests pass before the first fault. late_s: how long an answer that comes late
    takes. silent_s: what a 429 or 418 asks for (whole seconds). every: bans and all of the venue's
    general errors too, not only those by which nothing is refused for good.
    """

    requests: float = 0.05
    events: float = 0.05
    cuts: float = 0.0
    calm: int = 0
    late_s: float = _SHORT_S
    silent_s: int = 2
    every: bool = False


class FaultPlan:
    """`request` and `event` are asked once per request and user event, in their order."""

    def __init__(self, seed: int, odds: Odds) -> None:
        self.odds = odds
        self._seed = str(seed)
        self._asked = self._heard = 0

    @classmethod
    def read(cls, wanted: Mapping[str, Any]) -> "FaultPlan":
        """Of {"seed": 7, "requests": 0.1, ...}. Raises UsageError: a wrong name or value."""
        given = dict(wanted)
        seed = given.pop("seed", 0)
        try:
            odds = Odds(**given)
        except TypeError as error:
            raise UsageError(f"fault plan {given}: {error}") from None
        shares = (odds.requests, odds.events, odds.cuts)
        if type(seed) is not int or not all(_is_share(share) for share in shares):
            raise UsageError("a fault plan needs a whole seed, and odds from 0 to 1")
        return cls(seed, odds)

    def request(self, method: str, path: str) -> Fault | None:
        """The fault that this request meets."""
        if not path.startswith("/api/v3/") or path in _SPARED:
            return None
        self._asked += 1
        key = f"request {self._asked}"
        if self._asked <= self.odds.calm or self._roll(key) >= self.odds.requests:
            return None
        mode = self._one_of(_READS if method == "GET" else _WRITES, f"{key} mode")
        if not mode.startswith("http"):
            return Fault(path, method, mode, seconds=self.odds.late_s)
        codes = (*CODES, _BAN) if self.odds.every else (*UNCERTAIN, *_CERTAIN)
        code = self._one_of(codes, f"{key} code")
        if mode == "http_after" and code not in UNCERTAIN:
            code = UNCERTAIN[0]
        return self._told(path, method, mode, code)

    def _told(self, path: str, method: str, mode: str, code: int) -> Fault:
        """An error answer; a ban is a 418 with the code of too many requests."""
        fault = Fault(path, method, mode, code=code)
        if code in _LIMITS:
            fault.headers["Retry-After"] = str(self.odds.silent_s)
        if code == _BAN:
            fault.status, fault.code = _BAN, _TOO_MANY
        return fault

    def event(self) -> str | None:
        """The fault that this user event meets: a name of `EVENT_MODES`, or `cut`."""
        self._heard += 1
        roll = self._roll(f"event {self._heard}")
        if roll < self.odds.cuts:
            return "cut"
        if roll < self.odds.cuts + self.odds.events:
            return self._one_of(EVENT_MODES, f"event {self._heard} mode")
        return None

    def _roll(self, key: str) -> float:
        """Evenly from [0, 1)."""
        return jitter(self._seed, key, 0.0, 1.0)

    def _one_of(self, choices: Sequence[T], key: str) -> T:
        return choices[int(self._roll(key) * len(choices)) % len(choices)]


def _is_share(x: object) -> bool:
    return isinstance(x, int | float) and 0 <= x <= 1
