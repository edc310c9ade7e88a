"""What was refused, what was locked and how long, and what the refusals may have been worth.

The worth is an estimate and says so: the trade that was asked for, of the size the tier allows,
entered at the mark of the next full minute, left at its stop or when the time is over, both at
the marks of full minutes, fees paid. Nobody knows what it would have become.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

import numpy as np
import pandas as pd

from genesis.domain.account import TierMode, TiltLevel
from genesis.domain.events import OperatorActed
from genesis.domain.money import ONE
from genesis.domain.orders import Side
from genesis.domain.outcomes import (
    AlertRaised,
    BreakerMoved,
    CommandAnswered,
    Halted,
    OrderRefused,
    RiskBlocked,
    TierChanged,
    TiltLevelChanged,
)
from genesis.domain.time import HOUR, SECOND
from genesis.research.day_equity import Book
from genesis.research.day_frames import frame, utc
from genesis.research.day_log import DayLog, DayStep
from genesis.research.day_market import DayMarket
from genesis.research.day_trades import who
from genesis.risk.blocks import STARTING
from genesis.risk.breakers import Level, State
from genesis.risk.drawdown import CRITICAL
from genesis.risk.limits import TierLimits
from genesis.risk.sizing import position_cap_usdt
from genesis.risk.trips import HALT, TILT

REFUSAL_COLUMNS: Final = (
    *("at", "symbol", "side", "who", "stage", "code", "reason", "codes", "asked_usdt"),
    *("hour_usdt", "hour_r", "day_usdt", "day_r", "note"),
)
REASON_COLUMNS: Final = (
    *("stage", "code", "reason", "count", "estimated", "hour_usdt", "day_usdt", "note"),
)
LOCK_COLUMNS: Final = ("from", "to", "kind", "reason", "seconds")
NO_PRICE: Final = "no price on the tape"
NOT_AN_ENTRY: Final = "not an entry"
BELOW: Final = "a limit below the market: whether it would have filled is not known"
SAID_NO: Final = "answered, not judged"
_TOLD_BY_THEMSELVES: Final = frozenset({HALT, TILT, CRITICAL})
DESK: Final = "desk"
"""The stage of what was answered with no: no check of the gate bears this name."""


@dataclass(frozen=True, slots=True)
class Plan:
    """The trade that was asked for, entered at moment `index`, left at `stop` where it has one."""

    symbol: str
    index: int
    size_usdt: float
    entry: float
    stop: float | None


def refusals_frame(log: DayLog, market: DayMarket, book: Book) -> pd.DataFrame:
    """One row per refusal of the gate, and per command of yours that was answered with no."""
    rows: list[tuple[Any, ...]] = [
        *(_refused(log, market, book, step, told) for step, told in log.outcomes(OrderRefused)),
        *(
            _answered(step, told)
            for step, told in log.outcomes(CommandAnswered)
            if not told.accepted
        ),
    ]
    rows.sort(key=_when)
    return frame(rows, REFUSAL_COLUMNS)


def _when(row: tuple[Any, ...]) -> Any:
    return row[0]


def by_reason(refusals: pd.DataFrame) -> pd.DataFrame:
    """Refusals grouped by their strictest reason, the most frequent first.

    Sums are of estimates, each as if it had been the only trade; `estimated` says of how many.
    """
    rows: list[tuple[Any, ...]] = []
    for (stage, code), part in refusals.groupby(["stage", "code"], sort=True):
        known = part[part["hour_usdt"].notna()]
        notes = Counter(part.loc[part["hour_usdt"].isna(), "note"])
        rows.append(
            (
                stage,
                code,
                part["reason"].iloc[0],
                len(part),
                len(known),
                known["hour_usdt"].sum() if len(known) else float("nan"),
                known["day_usdt"].sum() if len(known) else float("nan"),
                ", ".join(sorted(note for note in notes if note)),
            )
        )
    rows.sort(key=lambda row: (-row[3], row[0], row[1]))
    return frame(rows, REASON_COLUMNS)


def _refused(
    log: DayLog, market: DayMarket, book: Book, step: DayStep, told: OrderRefused
) -> tuple[Any, ...]:
    first = told.failures[0]
    asked = _asked_usdt(step, market, told.symbol)
    plan = _plan(log, market, book, step, told, asked)
    worth = _worth(plan, market, log) if isinstance(plan, Plan) else (float("nan"),) * 4
    missing = plan if isinstance(plan, str) else ""
    return (
        utc(step.ts_ns),
        told.symbol,
        told.side.value if told.side else "",
        who(told.source),
        first.stage,
        first.code,
        first.reason,
        ", ".join(dict.fromkeys(failure.code for failure in told.failures)),
        float("nan") if asked is None else float(asked),
        *worth,
        missing or (NO_PRICE if worth[0] != worth[0] else ""),
    )


def _answered(step: DayStep, told: CommandAnswered) -> tuple[Any, ...]:
    symbol = step.event.symbol or "" if isinstance(step.event, OperatorActed) else ""
    none = (float("nan"),) * 5
    return (utc(step.ts_ns), symbol, "", "you", DESK, told.verb.upper(), told.text, "", *none,
            SAID_NO)  # fmt: skip


# -- what it was worth -----------------------------------------------------------------------
def _asked_usdt(step: DayStep, market: DayMarket, symbol: str) -> Decimal | None:
    event = step.event
    if not isinstance(event, OperatorActed):
        return None
    price = event.price or market.mark_at(step, symbol)
    if event.amount_usdt is not None or event.qty is None or price is None:
        return event.amount_usdt
    return event.qty * price


def _plan(
    log: DayLog,
    market: DayMarket,
    book: Book,
    step: DayStep,
    told: OrderRefused,
    asked: Decimal | None,
) -> Plan | str:
    """The plan behind a refusal, or why there is none to value."""
    if told.side is not Side.BUY:
        return NOT_AN_ENTRY
    act = step.event if isinstance(step.event, OperatorActed) else None
    index = _next_minute(market, step.ts_ns)
    entry = None if index is None else market.mark(index, told.symbol)
    if index is None or entry is None:
        return NO_PRICE
    if act is not None and act.price is not None and act.price < entry:
        return BELOW
    state = book.at(market.moments_ns[index])
    equity = state.value_usdt({symbol: market.mark(index, symbol) for symbol in state.held})
    cap = position_cap_usdt(equity, tier_limits(log))
    stop = None if act is None else act.stop_new
    fraction = log.rules.execution.default_stop_fraction
    if stop is None and fraction is not None:
        stop = entry * (ONE - fraction)
    size = cap if asked is None else min(asked, cap)
    left = None if stop is None else float(stop)
    return Plan(told.symbol, index, float(size), float(entry), left)


def _next_minute(market: DayMarket, ts_ns: int) -> int | None:
    """The first moment of the day behind a stamp; None while nothing of ours ran."""
    index = int(np.searchsorted(market.moments_ns, ts_ns, side="right"))
    if index == len(market.moments_ns) or market.is_silent(market.moments_ns[index]):
        return None
    return index


def tier_limits(log: DayLog) -> TierLimits:
    """Limits of the tier the account was in when the day began."""
    change = log.before.tier or next((told for _, told in log.outcomes(TierChanged)), None)
    tiers = log.rules.risk.tiers
    return tiers[change.tier] if change is not None else next(iter(tiers.values()))


def _worth(plan: Plan, market: DayMarket, log: DayLog) -> tuple[float, float, float, float]:
    """(USDT, R) within the next hour, and until the day's end."""
    hour_ns = market.moments_ns[plan.index] + HOUR
    return (*_result(plan, market, hour_ns, log), *_result(plan, market, log.until_ns, log))


def _result(plan: Plan, market: DayMarket, end_ns: int, log: DayLog) -> tuple[float, float]:
    end = int(np.searchsorted(market.moments_ns, end_ns, side="right"))
    marks = market.marks(plan.symbol)[plan.index : end]
    marks = marks[~np.isnan(marks)]
    if not len(marks):
        return float("nan"), float("nan")
    left = float(marks[-1])
    if plan.stop is not None and (marks <= plan.stop).any():
        left = float(marks[int(np.argmax(marks <= plan.stop))])
    qty = plan.size_usdt / plan.entry
    fees = qty * (plan.entry + left) * float(log.rules.risk.taker_fee_fraction)
    result = qty * (left - plan.entry) - fees
    risk = qty * (plan.entry - plan.stop) if plan.stop is not None else 0.0
    return result, result / risk if risk > 0 else float("nan")


# -- locks -----------------------------------------------------------------------------------
def locks_frame(log: DayLog, last_ns: int) -> pd.DataFrame:
    """Stretches in which no new risk was possible, with why; open ends last to the day's."""
    rows: list[tuple[Any, ...]] = [
        (utc(start), utc(min(end, last_ns)), kind, reason, (min(end, last_ns) - start) / SECOND)
        for start, end, kind, reason in _locks(log, last_ns)
        if start <= last_ns and min(end, last_ns) - start >= SECOND
    ]
    rows.sort(key=_when)
    return frame(rows, LOCK_COLUMNS)


def _locks(log: DayLog, last_ns: int) -> Iterator[tuple[int, int, str, str]]:
    open_: dict[str, tuple[int, str]] = {}
    before = log.before.newest["TiltLevelChanged"]
    if before is not None and _pauses(before.new):
        open_["tilt"] = (log.first_ns, f"tilt {before.new}")
    tier = log.before.tier
    if tier is not None and tier.mode is TierMode.HALTED:
        open_["halt"] = (log.first_ns, _why_halted(log.before.newest["Halted"], tier))
    for standing in (*log.before.blocks, *log.before.breakers):
        change = _change(standing)
        if change is not None and change[1]:
            open_[change[0]] = (log.first_ns, change[1])
    for step in log.steps:
        for told in step.outcomes:
            change = _change(told)
            if change is None:
                continue
            kind, reason = change
            started = open_.pop(kind, None)
            if started is not None:
                yield started[0], step.ts_ns, kind, started[1]
            if reason:
                open_[kind] = (step.ts_ns, reason)
    for kind, (start, reason) in open_.items():
        yield start, last_ns, kind, reason


def _pauses(level: TiltLevel) -> bool:
    return level.rank >= TiltLevel.WARNING.rank


def _why_halted(halted: Halted | None, tier: TierChanged) -> str:
    """A record that is broken halts without more ado; a step down within a halt has no say."""
    is_of_it = tier.old_mode is TierMode.HALTED or (halted and halted.ts_ns == tier.ts_ns)
    return halted.reason if halted is not None and is_of_it else tier.reason


def _change(told: object) -> tuple[str, str] | None:
    """(kind, reason or nothing when it ends) of what locks or frees new risk.

    A strategy's breaker leaves the others free; those of halt, tilt and a critical fall are told by
    these themselves.
    """
    match told:
        case RiskBlocked(source=source) if source != STARTING:
            return source, told.reason if told.blocked else ""
        case TiltLevelChanged(new=new):
            return "tilt", f"tilt {new}" if _pauses(new) else ""
        case Halted():
            return "halt", told.reason
        case AlertRaised(alert=alert) if alert == CRITICAL:  # until the day's end
            return "drawdown", "the fall from the peak is critical"
        case BreakerMoved(level=level, name=name, state=state) if (
            level != Level.STRATEGY and name not in _TOLD_BY_THEMSELVES
        ):
            return f"breaker {name}", told.reason if state == State.OPEN else ""
        case TierChanged(old_mode=old, mode=new) if (old is TierMode.HALTED) is not (
            new is TierMode.HALTED
        ):
            return "halt", told.reason if new is TierMode.HALTED else ""
    return None
