"""Equity of a day by the minute: the ledger's own fold of the fills, valued at the tape's marks.

The start is not worked out but read: the engine wrote its equity down at 00:00 UTC. From there on
every minute is cash and holdings after all events before it, exactly as the engine valued them.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import pairwise

import numpy as np
import pandas as pd

from genesis.domain.events import AccountOpened, FlowReported, OrderFilled
from genesis.domain.fills import Fill
from genesis.domain.money import ZERO
from genesis.domain.orders import Side
from genesis.domain.outcomes import DayStarted, PositionChanged, PositionClosed, PositionOpened
from genesis.domain.time import MICROSECOND
from genesis.errors import EventLogError
from genesis.positions.ledger import Dust, Ledger
from genesis.research.day_log import DayLog, DayStep, moves
from genesis.research.day_market import DayMarket


@dataclass(frozen=True, slots=True)
class State:
    """The account after a step: quote currency, and base held by symbol with what it cost."""

    ts_ns: int
    cash_usdt: Decimal
    flows_usdt: Decimal
    held: dict[str, tuple[Decimal, Decimal]]
    open: frozenset[str]

    def value_usdt(self, marks: dict[str, Decimal | None]) -> Decimal:
        """Equity: at cost where there is no price, as the engine has it."""
        total = self.cash_usdt
        for symbol, (qty, cost) in self.held.items():
            mark = marks.get(symbol)
            total += cost if mark is None else qty * mark
        return total


@dataclass(frozen=True)
class Book:
    """The account through the day: `states` at every change, `start` as the day began."""

    states: tuple[State, ...]
    started: DayStarted
    start: State

    def at(self, ts_ns: int) -> State:
        """The account after everything stamped before a moment."""
        times = [state.ts_ns for state in self.states]
        return self.states[max(0, int(np.searchsorted(times, ts_ns, side="left")) - 1)]


def read_book(log: DayLog, market: DayMarket) -> Book:
    """Fold the day's fills from the equity that was written down at its start."""
    ledger = _opening(log)
    steps = iter(log.steps)
    started: DayStarted | None = None
    for step in steps:
        _take(ledger, step)
        begun = [told for told in step.outcomes if isinstance(told, DayStarted)]
        if begun:
            started = begun[0]
            _anchor(ledger, started, step, market)
            break
    if started is None:
        raise EventLogError(
            f"{log.home}: the day {log.day} has no start: restore the newest backup"
        )
    start = _state(ledger, started.ts_ns)
    return Book((start, *_changes(ledger, steps, start.ts_ns)), started, start)


def _changes(ledger: Ledger, steps: Iterable[DayStep], now_ns: int) -> Iterator[State]:
    """The account after each step that moved it; a stamp below an earlier one counts as that."""
    for step in steps:
        now_ns = max(now_ns, step.ts_ns)
        if _take(ledger, step):
            yield _state(ledger, now_ns)


def equity_series(book: Book, market: DayMarket) -> pd.Series:
    """Equity in quote currency at the day's moments, UTC; nan while nothing of ours ran."""
    told = zip(market.moments_ns, exact_equity(book, market), strict=True)
    values = [
        np.nan if number and market.is_silent(at_ns) else float(value)  # the start is on record
        for number, (at_ns, value) in enumerate(told)
    ]
    return pd.Series(values, index=times(market.moments_ns), name="equity")


def exact_equity(book: Book, market: DayMarket) -> Iterator[Decimal]:
    """Equity at every moment of the day, exact."""
    yield book.started.equity_usdt
    for number, state in enumerate(_states_at(book, market.moments_ns[1:]), 1):
        yield state.value_usdt({symbol: market.mark(number, symbol) for symbol in state.held})


def flows_at(book: Book, moments_ns: Sequence[int]) -> list[float]:
    """Money that came or went since the day's start, at each moment."""
    start = book.start.flows_usdt
    return [float(state.flows_usdt - start) for state in _states_at(book, moments_ns)]


def _states_at(book: Book, moments_ns: Sequence[int]) -> Iterator[State]:
    index = 0
    for at_ns in moments_ns:
        while index + 1 < len(book.states) and book.states[index + 1].ts_ns < at_ns:
            index += 1
        yield book.states[index]


def drawdown_frame(equity: pd.Series, flows: Sequence[float]) -> pd.DataFrame:
    """The fall from the day's highest result so far; money in and out does not count."""
    result = equity - np.asarray(flows)
    peak = result.cummax()
    fall = peak - result
    return pd.DataFrame(
        {
            "result": result,
            "peak": peak,
            "fall_usdt": fall,
            "fall_fraction": fall / peak,
            "underwater": fall > 1e-9,
        }
    )


@dataclass(frozen=True, slots=True)
class Underwater:
    """The deepest fall of the day, and the longest time below an earlier high."""

    deepest_usdt: float
    deepest_fraction: float
    deepest_at: pd.Timestamp | None
    longest_minutes: float
    longest_from: pd.Timestamp | None
    longest_to: pd.Timestamp | None
    total_minutes: float


def underwater(frame: pd.DataFrame) -> Underwater:
    """Figures of a drawdown frame."""
    fall = frame["fall_usdt"].fillna(0.0)
    if not len(fall) or not (fall > 1e-9).any():
        return Underwater(0.0, 0.0, None, 0.0, None, None, 0.0)
    at = fall.index[int(fall.argmax())]
    spells = list(_spells(frame["underwater"]))
    longest = max(spells, key=lambda spell: spell[1] - spell[0])
    minutes = [(end - start).total_seconds() / 60 for start, end in spells]
    share = float(frame["fall_fraction"].max())
    deepest, most = float(fall.max()), max(minutes)
    return Underwater(deepest, share, at, most, longest[0], longest[1], sum(minutes))


def _spells(below: pd.Series) -> Iterator[tuple[pd.Timestamp, pd.Timestamp]]:
    """Stretches of time below the peak, from the last moment at it to the first back at it."""
    start: pd.Timestamp | None = None
    moments = [(pd.Timestamp(str(at)), bool(is_below)) for at, is_below in below.items()]
    for (before, _), (at, is_below) in pairwise(moments):
        if is_below and start is None:
            start = before
        elif not is_below and start is not None:
            yield start, at
            start = None
    if start is not None:
        yield start, below.index[-1]


def times(moments_ns: Iterable[int]) -> pd.DatetimeIndex:
    """UTC stamps, to the microsecond."""
    whole = [at_ns // MICROSECOND * MICROSECOND for at_ns in moments_ns]
    return pd.DatetimeIndex(np.array(whole, "datetime64[ns]")).tz_localize("UTC")


# -- the ledger ------------------------------------------------------------------------------
def _opening(log: DayLog) -> Ledger:
    """Positions and dust as they stood when the day began; cash is set by `_anchor`."""
    ledger = Ledger()
    if log.before.account is not None:
        ledger.quote = log.before.account.quote
    for closed in log.before.dust:
        if closed.dust_qty:
            cost = closed.dust_qty * closed.entry_price
            ledger.dust[closed.symbol] = Dust(closed.dust_qty, cost)
    for step in log.before.moved:
        _take(ledger, step)
    newest = {told.symbol: told for step in log.before.moved for told in moves(step)}
    for symbol, told in newest.items():  # dust that was there before counts as held
        position = ledger.positions.get(symbol)
        if position is not None and isinstance(told, PositionOpened | PositionChanged):
            dust = (told.qty - position.qty) * told.entry_price
            cost = position.cost_usdt + dust
            ledger.positions[symbol] = replace(position, qty=told.qty, cost_usdt=cost)
    return ledger


def _anchor(ledger: Ledger, started: DayStarted, step: DayStep, market: DayMarket) -> None:
    """Set the cash to what makes the equity of the day's start come out."""
    ledger.balances[ledger.quote] = ZERO
    held = _state(ledger, started.ts_ns)
    marks = {symbol: market.mark_at(step, symbol) for symbol in held.held}
    ledger.balances[ledger.quote] = started.equity_usdt - held.value_usdt(marks)


def _take(ledger: Ledger, step: DayStep) -> bool:
    """One step into the ledger; whether it moved anything."""
    event = step.event
    moved = moves(step)
    if isinstance(event, AccountOpened):
        ledger.quote = event.quote
        return True
    if isinstance(event, FlowReported):
        ledger.flow(event)
        return True
    if isinstance(event, OrderFilled) and _counted(ledger, event.fill, moved):
        ledger.fill(event.fill, event.ts_ns)
    elif not moved:
        return False
    for told in moved:
        if isinstance(told, PositionClosed):
            _close(ledger, told)
    return True


def _counted(ledger: Ledger, fill: Fill, moved: Sequence[object]) -> bool:
    """Did the engine count this fill? One told twice moves nothing; dust sold leaves no word."""
    if moved:
        return True
    dust = ledger.dust.get(fill.symbol)
    is_sale = fill.side is Side.SELL and fill.symbol not in ledger.positions
    return is_sale and dust is not None and fill.qty <= dust.qty


def _close(ledger: Ledger, closed: PositionClosed) -> None:
    position = ledger.positions.pop(closed.symbol, None)
    ledger.excursions.pop(closed.symbol, None)
    if position is not None and closed.dust_qty:
        ledger.dust[closed.symbol] = Dust(closed.dust_qty, position.cost_usdt)


def _state(ledger: Ledger, ts_ns: int) -> State:
    held = {name: (each.qty, each.cost_usdt) for name, each in ledger.dust.items() if each.qty}
    for name, position in ledger.positions.items():
        qty, cost = held.get(name, (ZERO, ZERO))
        held[name] = (qty + position.qty, cost + position.cost_usdt)
    return State(ts_ns, ledger.cash_usdt, ledger.flows_usdt, held, frozenset(ledger.positions))
