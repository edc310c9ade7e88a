"""What the main account hears of the paper lane beside it; part of the stored format."""

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class PaperLaneReported:
    """Is there a paper lane beside this run? Told when it changes, at a start, too.

    broken: the stream of a lane whose record was found broken; nothing it proved counts any more.
    """

    ts_ns: int
    is_open: bool
    broken: str = ""


@dataclass(frozen=True, slots=True)
class RecoverySessionDone:
    """The trader ended a session in the paper lane, with so many acts that add evidence of tilt.

    away_ns: how long nothing ran meanwhile.
    """

    ts_ns: int
    started_ns: int
    indicator_events: int
    away_ns: int = 0


@dataclass(frozen=True, slots=True)
class PaperDayReported:
    """A UTC day of the paper lane is over: trades that ended in it, its result without flows."""

    ts_ns: int
    day: int
    trades: int
    pnl_usdt: Decimal
    start_usdt: Decimal


@dataclass(frozen=True, slots=True)
class PaperTradeReported:
    """A strategy closed a trade in the paper lane: its net result, of so much at work."""

    ts_ns: int
    strategy: str
    pnl_usdt: Decimal
    paid_usdt: Decimal
