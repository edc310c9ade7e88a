"""How close a day came to its limits, by the minute.

Falls are from the highest result on record: the starts of the days in this tier, and the minutes
of this day. The engine follows every tick, so its own peak may be a little higher.
"""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from genesis.domain.events import OrderFilled
from genesis.domain.ids import OrderKey
from genesis.domain.money import ZERO
from genesis.domain.orders import Purpose
from genesis.domain.outcomes import AlertRaised, OrderApproved
from genesis.research.day_equity import Book, flows_at
from genesis.research.day_frames import frame, utc
from genesis.research.day_log import DayLog
from genesis.research.day_market import DayMarket
from genesis.research.day_refusals import tier_limits
from genesis.research.day_trades import approvals
from genesis.risk.limits import TierLimits
from genesis.risk.sizing import position_cap_usdt, sizing_capital

LIMIT_COLUMNS: Final = ("limit", "closest", "at", "used", "allowed", "left", "unit")
WORDS: Final = {
    "daily_loss_warning": "loss of the day, warning",
    "daily_loss": "loss of the day, demotion",
    "drawdown_critical": "fall from the peak, critical",
    "drawdown_halt": "fall from the peak, halt",
    "exposure": "money at work",
    "position_size": "one position",
    "trades_today": "entries of the day",
}


class Headroom:
    """Limits of the day and how much of them was used.

    used: by minute, as fractions of the limit; a column per limit the rulebook has.
    smallest: one row per limit, the closest it came. alerts: what the engine itself raised.
    """

    def __init__(self, log: DayLog, market: DayMarket, book: Book, equity: pd.Series) -> None:
        amounts = dict(_amounts(log, market, book, equity))
        self._amounts = amounts
        self.used = pd.DataFrame(
            {name: used / limit for name, (used, limit, _) in amounts.items()}, index=equity.index
        )
        self.alerts = frame(
            [
                (utc(step.ts_ns), told.alert, told.measure, float(told.amount_usdt),
                 float(told.limit_usdt))
                for step, told in log.outcomes(AlertRaised)
            ],
            ("at", "alert", "measure", "amount_usdt", "limit_usdt"),
        )  # fmt: skip

    @property
    def smallest(self) -> pd.DataFrame:
        rows: list[tuple[Any, ...]] = []
        for name, (used, limit, unit) in self._amounts.items():
            share = self.used[name].to_numpy()
            if np.isnan(share).all():
                continue
            place = int(np.nanargmax(share))
            most, allowed = float(used[place]), float(np.broadcast_to(limit, len(used))[place])
            at = self.used.index[place]
            rows.append((name, float(share[place]), at, most, allowed, allowed - most, unit))
        rows.sort(key=lambda row: -row[1])
        return frame(rows, LIMIT_COLUMNS)


Floats = npt.NDArray[np.float64]
Amounts = tuple[Floats, Floats | float, str]


def _amounts(
    log: DayLog, market: DayMarket, book: Book, equity: pd.Series
) -> Iterator[tuple[str, Amounts]]:
    """(limit, (used by minute, allowed, unit)) of every limit there is."""
    limits, rules = tier_limits(log), log.rules.risk
    value = equity.to_numpy()
    result = value - np.asarray(flows_at(book, market.moments_ns))
    start = float(book.started.equity_usdt)
    loss = np.maximum(0.0, start - result)
    table = limits.drawdown
    if table is not None:
        yield "daily_loss_warning", (loss, float(table.warning_usdt), "USDT")
    if rules.daily_loss_fraction is not None:
        allowed = float(rules.daily_loss_fraction * book.started.equity_usdt)
        yield "daily_loss", (loss, allowed, "USDT")
    if table is not None:
        peak = np.maximum(_peak(log, book), np.fmax.accumulate(result))
        fall = np.maximum(0.0, peak - result)
        yield "drawdown_critical", (fall, float(table.critical_usdt), "USDT")
        yield "drawdown_halt", (fall, float(table.halt_usdt), "USDT")
    yield from _sizes(market, book, limits, value)
    if limits.max_trades_per_day is not None:
        yield "trades_today", (_entries(log, market), float(limits.max_trades_per_day), "entries")


def _peak(log: DayLog, book: Book) -> float:
    """The highest result at the start of a day in this tier, as equity of this day's start."""
    since = log.before.tier.ts_ns if log.before.tier is not None else 0
    today = log.around.flows
    best = book.started.equity_usdt
    for told in log.around.days:
        if since - 1 <= told.ts_ns <= book.started.ts_ns:
            quote = log.account.quote if log.account is not None else "USDT"
            later = (
                flow.amount
                for flow in today
                if flow.asset == quote and told.ts_ns < flow.ts_ns < book.started.ts_ns
            )
            best = max(best, told.equity_usdt + sum(later, ZERO))
    return float(best)


def _sizes(
    market: DayMarket, book: Book, limits: TierLimits, value: Floats
) -> Iterator[tuple[str, Amounts]]:
    """Money in positions at their marks, all of it and the largest. What was opened and closed
    within a minute counts in it, at its cost.
    """
    total, largest = np.zeros(len(value)), np.zeros(len(value))
    for index, at_ns in enumerate(market.moments_ns):
        state = book.at(at_ns) if index else book.start
        values = []
        for symbol in state.open:
            qty, cost = state.held[symbol]
            mark = market.mark(index, symbol)
            values.append(float(cost if mark is None else qty * mark))
        total[index], largest[index] = sum(values), max(values, default=0.0)
    places = np.searchsorted(market.moments_ns, [each.ts_ns for each in book.states], side="left")
    for place, state in zip(np.minimum(places, len(value) - 1), book.states, strict=True):
        costs = [float(state.held[symbol][1]) for symbol in state.open]
        total[place] = max(total[place], sum(costs))
        largest[place] = max(largest[place], *costs, 0.0)
    caps = [position_cap_usdt(Decimal(str(v)), limits) for v in np.nan_to_num(value)]
    capital = [sizing_capital(Decimal(str(v)), limits) for v in np.nan_to_num(value)]
    exposure = np.array([float(limits.exposure_fraction * each) for each in capital])
    with np.errstate(invalid="ignore"):
        allowed = np.where(np.isnan(value), np.nan, exposure)
        cap = np.where(np.isnan(value), np.nan, np.array([float(each) for each in caps]))
    yield "exposure", (total, allowed, "USDT")
    yield "position_size", (largest, cap, "USDT")


def _entries(log: DayLog, market: DayMarket) -> Floats:
    """Trades of the day so far: entries by their first fill, or as older rules count them."""
    if log.rules.risk.counts_unfilled:
        sent = log.outcomes(OrderApproved)
        stamps = [step.ts_ns for step, told in sent if told.request.purpose is Purpose.ENTRY]
    else:
        known, first = approvals(log), dict[OrderKey, int]()
        for step in log.steps:
            approved = known.get(step.event.key) if isinstance(step.event, OrderFilled) else None
            if approved is not None and approved.request.purpose is Purpose.ENTRY:
                first.setdefault(approved.key._replace(slice=0), step.ts_ns)  # slices are one
        stamps = sorted(first.values())
    return np.searchsorted(stamps, market.moments_ns, side="left").astype(float)
