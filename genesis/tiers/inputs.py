"""What the tier machine is told: facts about one account, each with its instant."""

from dataclasses import dataclass
from decimal import Decimal

from genesis.domain.events import AccountOpened
from genesis.domain.money import ZERO
from genesis.tiers.capital import CapitalFall


@dataclass(frozen=True, slots=True)
class DailyLossExceeded:
    """The confirmed loss of a UTC day is beyond its limit.

    capital_usdt: capital without young deposits; it bounds the tier that is left (None: unknown,
    then it is the next lower tier).
    """

    ts_ns: int
    capital_usdt: Decimal | None = None


@dataclass(frozen=True, slots=True)
class HaltReached:
    """The halt row of the drawdown table was touched, or the operator halted trading."""

    ts_ns: int
    reason: str


@dataclass(frozen=True, slots=True)
class RecordBroken:
    """Critical: the log, the rules or the code are not what was written down of them."""

    ts_ns: int
    reason: str


@dataclass(frozen=True, slots=True)
class RecordRestored:
    """What was broken is whole again; nothing else had halted trading."""

    ts_ns: int


@dataclass(frozen=True, slots=True)
class Standing:
    """How the account stands at an instant: its gates, and what else a step asks for.

    is_calm: tilt is NORMAL. is_free: nothing blocks new risk. profitable_days: as the mode counts
    them, since it began. capital: whether it fell below the floor of the tier. page_done: one was
    accepted since the mode began. trading_days, result_usdt, violations: of the last days that
    RECOVERY looks at, since it began.
    """

    gates_passed: bool
    is_calm: bool
    is_free: bool
    profitable_days: int = 0
    capital: CapitalFall | None = None
    page_done: bool = False
    trading_days: int = 0
    result_usdt: Decimal = ZERO
    violations: int = 0


@dataclass(frozen=True, slots=True)
class DayEvaluated:
    """A closed day was evaluated."""

    ts_ns: int
    standing: Standing


@dataclass(frozen=True, slots=True)
class PhraseGiven:
    """The exact phrase of the ceremony was typed; gates were looked at again at this instant."""

    ts_ns: int
    standing: Standing


@dataclass(frozen=True, slots=True)
class GoLiveGiven:
    """The exact phrase of the go-live protocol was typed. is_clean: the books are reconciled."""

    ts_ns: int
    is_clean: bool


@dataclass(frozen=True, slots=True)
class Disturbed:
    """A tilt warning or a breaker: no time for a promotion."""

    ts_ns: int
    reason: str


@dataclass(frozen=True, slots=True)
class ModeTime:
    """Time went by; `trades` were closed and `violations` noted since the mode began.

    is_clean: the books are reconciled.
    """

    ts_ns: int
    trades: int
    violations: int
    is_clean: bool = True


@dataclass(frozen=True, slots=True)
class SteppedDown:
    """The trader asks for the next lower tier."""

    ts_ns: int


@dataclass(frozen=True, slots=True)
class ResetAsked:
    """The trader asks for the end of a halt.

    reason_length: characters typed. page_done: one was accepted since the halt. is_own: he had
    halted trading himself, and nothing else did. is_whole: nothing written down is broken.
    """

    ts_ns: int
    reason_length: int
    page_done: bool
    is_clean: bool
    is_own: bool = False
    is_whole: bool = True


TierEvent = (
    AccountOpened
    | DailyLossExceeded
    | HaltReached
    | RecordBroken
    | RecordRestored
    | DayEvaluated
    | PhraseGiven
    | GoLiveGiven
    | Disturbed
    | ModeTime
    | SteppedDown
    | ResetAsked
)
