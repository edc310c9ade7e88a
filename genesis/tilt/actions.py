"""The content-free stream of the trader's own acts: what was done and when, never the words."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from math import isfinite
from numbers import Integral
from operator import attrgetter
from sys import float_info
from typing import Final

from genesis.domain.account import MarketState
from genesis.domain.money import text
from genesis.domain.orders import Side
from genesis.errors import UsageError


class ActionKind(StrEnum):
    """What kind of act it is."""

    __hash__ = str.__hash__  # that of an enum is a call in Python, and every act is looked up often

    SESSION_START = "SESSION_START"
    SESSION_END = "SESSION_END"
    COMMAND = "COMMAND"
    CLICK = "CLICK"
    ORDER_SUBMIT = "ORDER_SUBMIT"
    ORDER_REJECTED = "ORDER_REJECTED"
    ORDER_CANCEL = "ORDER_CANCEL"
    STOP_MODIFY = "STOP_MODIFY"
    STOP_REMOVE = "STOP_REMOVE"
    POSITION_CLOSED = "POSITION_CLOSED"
    OVERRIDE_ATTEMPT = "OVERRIDE_ATTEMPT"
    CEREMONY_STEP = "CEREMONY_STEP"
    JOURNAL_OPEN = "JOURNAL_OPEN"
    JOURNAL_LEAVE = "JOURNAL_LEAVE"
    JOURNAL_SUBMIT = "JOURNAL_SUBMIT"
    RULE_EDIT = "RULE_EDIT"
    DEPOSIT = "DEPOSIT"
    PANEL_VIEW = "PANEL_VIEW"


SUBMIT, REJECTED = ActionKind.ORDER_SUBMIT, ActionKind.ORDER_REJECTED
CLOSED, CLICK = ActionKind.POSITION_CLOSED, ActionKind.CLICK
CANCEL, OVERRIDE = ActionKind.ORDER_CANCEL, ActionKind.OVERRIDE_ATTEMPT
STOP_MODIFY, STOP_REMOVE = ActionKind.STOP_MODIFY, ActionKind.STOP_REMOVE
SESSION_START, SESSION_END = ActionKind.SESSION_START, ActionKind.SESSION_END
STOP_LOSS: Final = "stop_loss"
CLOSE_REASONS: Final = frozenset({STOP_LOSS, "take_profit", "signal", "manual"})


class BadAction(UsageError):
    """An action cannot be meant: it is refused and nothing of it is remembered."""

    code = "GENESIS-1101"

    def __init__(self, field: str, why: str = "cannot be used") -> None:
        super().__init__(f"action: the field {field} {why}")
        self.field = field


@dataclass(frozen=True, slots=True)
class UserAction:
    """One act.

    ts_us: venue time, UTC microseconds. kind: an `ActionKind`. session_id: "" is the session that
    is on. size_fraction: requested notional over the day's tier cap. latency_ms: since the last
    thing on screen he could react to. keys, backspaces: counts. dwell_ms: spent on the checklist.
    stop_old, stop_new, entry: prices. pnl_r: result in units of initial risk. reason: of a close
    one of `CLOSE_REASONS`, else free. reduces_risk: the act can only make things safer. done_us:
    when it was done, of an act (a deposit) that may be told late; None: when it is told.
    """

    ts_us: int
    kind: str
    session_id: str
    seq: int | None = None
    symbol: str | None = None
    side: str | None = None
    size_fraction: Decimal | float | None = None
    latency_ms: int | float | None = None
    keys: int | None = None
    backspaces: int | None = None
    parse_ok: bool | None = None
    checklist_done: bool | None = None
    dwell_ms: int | float | None = None
    stop_old: Decimal | float | None = None
    stop_new: Decimal | float | None = None
    entry: Decimal | float | None = None
    pnl_r: Decimal | float | None = None
    reason: str | None = None
    reduces_risk: bool = False
    market_state: str | None = None
    done_us: int | None = None


def validate(action: UserAction) -> None:
    """Refuse nonsense before anything is remembered.

    Raises:
        BadAction: names the first field that cannot be used.
    """
    for is_good, value in zip(_CHECKS, _VALUES(action), strict=True):
        if value is not None and not is_good(value):
            raise _unusable(action)
    if None in _ALWAYS(action) or (action.symbol is None and action.kind in _OF_SYMBOL):
        raise _missing(action)
    if action.kind == CLOSED and action.reason not in {None, *CLOSE_REASONS}:
        raise BadAction("reason", f"must be one of {', '.join(sorted(CLOSE_REASONS))}")


def _unusable(action: UserAction) -> BadAction:
    """What to say of the first field that cannot be used."""
    given = zip(_RULES, _VALUES(action), strict=True)
    field, why, value = next(
        (field, why, value)
        for (field, why, is_good), value in given
        if value is not None and not is_good(value)
    )
    shown = text(value) if isinstance(value, Decimal) else repr(value)
    return BadAction(field, f"{why}, not {shown}")


def _missing(action: UserAction) -> BadAction:
    needed = ("ts_us", "kind", "session_id", "reduces_risk", "symbol")
    field = next(name for name in needed if getattr(action, name) is None)
    return BadAction(field, f"is missing in {action.kind}")


_NUMBERS: Final = (int, float, Decimal)
_PLAIN: Final = (float, int)
_MOST: Final = float_info.max


def _is_int(value: object) -> bool:
    return type(value) is int or (isinstance(value, Integral) and not isinstance(value, bool))


def _is_count(value: object) -> bool:
    if type(value) is int:  # as it nearly always is: every act is asked about
        return value >= 0
    return _is_int(value) and int(value) >= 0  # type: ignore[call-overload]


def _is_number(value: object) -> bool:
    if type(value) is float:
        return isfinite(value)
    if not isinstance(value, _NUMBERS) or isinstance(value, bool):
        return False
    try:
        return isfinite(value)
    except (ValueError, OverflowError):  # a signalling NaN, a whole number beyond all floats
        return False


def _is_positive(value: object) -> bool:
    if type(value) in _PLAIN:
        return 0 < value <= _MOST  # type: ignore[operator]
    return _is_number(value) and float(value) > 0  # type: ignore[arg-type]


def _is_not_negative(value: object) -> bool:
    if type(value) in _PLAIN:
        return 0 <= value <= _MOST  # type: ignore[operator]
    return _is_number(value) and float(value) >= 0  # type: ignore[arg-type]


def _is_name_of(kind: type[StrEnum]) -> Callable[[object], bool]:
    names = frozenset(kind.__members__)
    return lambda value: isinstance(value, str) and value in names


def _is_bool(value: object) -> bool:
    return type(value) is bool


def _is_text(value: object) -> bool:
    return isinstance(value, str)


_RULES: Final[tuple[tuple[str, str, Callable[[object], bool]], ...]] = (
    ("ts_us", "must be a whole number of microseconds since 1970", _is_count),
    ("kind", "must be a known kind", _is_name_of(ActionKind)),
    ("session_id", "must be a text", _is_text),
    ("seq", "must be a whole number", _is_int),
    ("symbol", "must be a symbol", lambda value: _is_text(value) and value != ""),
    ("side", "must be BUY or SELL", _is_name_of(Side)),
    ("size_fraction", "must be a finite number above 0", _is_positive),
    ("latency_ms", "must be a finite number from 0 up", _is_not_negative),
    ("keys", "must be a count", _is_count),
    ("backspaces", "must be a count", _is_count),
    ("parse_ok", "must be true or false", _is_bool),
    ("checklist_done", "must be true or false", _is_bool),
    ("dwell_ms", "must be a finite number from 0 up", _is_not_negative),
    ("stop_old", "must be a price above 0", _is_positive),
    ("stop_new", "must be a price above 0", _is_positive),
    ("entry", "must be a price above 0", _is_positive),
    ("pnl_r", "must be a finite number", _is_number),
    ("reason", "must be a text", _is_text),
    ("reduces_risk", "must be true or false", _is_bool),
    ("market_state", "must be a known state", _is_name_of(MarketState)),
    ("done_us", "must be a whole number of microseconds since 1970", _is_count),
)

_CHECKS: Final = tuple(is_good for _, _, is_good in _RULES)
_VALUES: Final = attrgetter(*(field for field, *_ in _RULES))
_ALWAYS: Final = attrgetter("ts_us", "kind", "session_id", "reduces_risk")
_OF_SYMBOL: Final = frozenset({SUBMIT, CLOSED})
