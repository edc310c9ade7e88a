"""Facts about the record itself and the code that writes it: events and outcomes as the others."""

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class CodeConfirmed:
    """Event: a person confirmed that this code is the one to run (`genesis upgrade`)."""

    ts_ns: int
    code_sha256: str
    old_sha256: str


@dataclass(frozen=True, slots=True)
class StopAdopted:
    """Event: a stop of ours rested at the venue that this log never placed: its price is kept."""

    ts_ns: int
    symbol: str
    price: Decimal


@dataclass(frozen=True, slots=True)
class LogForked:
    """Event: the log goes on from the longest part of it that is sound; all of it was set aside.

    `set_aside`: the file it is kept in. `reason`: what was wrong. `sound_ns`: the stamp of the last
    sound step; what happened since is known from the venue alone. `known`: wire ids of orders at
    the venue that this log never sent. What the rest of the set-aside log still told: `halted` (why
    trading was halted, None: it was not) and `halted_by` whom, `was_paused` (an intervention was
    open), `fell` (the loss of a day was beyond its limit).
    """

    ts_ns: int
    set_aside: str
    reason: str
    sound_ns: int
    known: tuple[str, ...] = ()
    halted: str | None = None
    halted_by: str = ""
    was_paused: bool = False
    fell: bool = False


@dataclass(frozen=True, slots=True)
class ClocksSetBack:
    """Outcome: time of which the record knows nothing counts for no promotion: clocks go back."""

    ts_ns: int
    by_ns: int


@dataclass(frozen=True, slots=True)
class RefusalsCounted:
    """Outcome: the same refusal of a strategy's wish came `count` more times since `since_ns`."""

    ts_ns: int
    symbol: str
    source: str
    codes: tuple[str, ...]
    count: int
    since_ns: int
