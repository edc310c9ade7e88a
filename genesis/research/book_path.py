"""An account of a backtest as a book sees it: every mark that can matter, and its trades.

Ticks are looked at by the minute. A minute whose lowest price cannot break a floor is told by its
highest and its last price; the ticks of any other one by one, so a breach has its exact tick.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise

import numpy as np

from genesis.domain.account import Balance
from genesis.domain.events import AccountOpened, OrderFilled
from genesis.domain.ids import OrderKey
from genesis.domain.money import ZERO
from genesis.domain.orders import Purpose
from genesis.domain.time import MINUTE
from genesis.positions.ledger import Ledger
from genesis.research.measured import Measured
from genesis.risk.rulebooks import Book, Done, Point, Tracker
from genesis.sim.columns import BarColumns, TickColumns


@dataclass(frozen=True, slots=True)
class Mark:
    """What was left to lose at the lowest moment of a span that ended at `ts_ns`."""

    ts_ns: int
    equity: float
    headroom: dict[str, float]


class BookPath:
    """Follows one book through a finished backtest."""

    def __init__(self, result: Measured, book: Book) -> None:
        self._market = result.market
        self._fills = sorted(result.executions, key=lambda fill: fill.ts_ns)
        self._purposes = {order.key: order.request.purpose for order in result.sent}
        self._symbol = result.setup.instrument.symbol
        self._seen: set[OrderKey] = set()
        self._ledger = Ledger()
        start = _first_ns(result.market, self._fills)
        cash = Balance(result.setup.instrument.quote, result.setup.cash, ZERO)
        opened = AccountOpened(start, "backtest", "backtest", True, cash.asset, (cash,))
        self._ledger.open(opened)
        self.tracker = Tracker(book, self._point(start, ZERO))

    def marks(self) -> Iterator[Mark]:
        """Tell the tracker everything, span by span."""
        is_bars = isinstance(self._market, BarColumns)
        spans = _bars(self._market) if is_bars else _minutes(self._market, self._fills)  # type: ignore[arg-type]
        fills, done = self._fills, 0
        last = ZERO
        for span in spans:
            # a fill comes after ticks stamped like it, and at the open of a bar before that bar
            reached_ns = span.first_ns + is_bars
            while done < len(fills) and fills[done].ts_ns < reached_ns:
                self._fill(fills[done], last)
                done += 1
            yield self._told(span)
            last = span.last
        for fill in fills[done:]:
            self._fill(fill, last)

    def _told(self, span: "_Span") -> Mark:
        tracker = self.tracker
        tracker.mark(self._point(span.first_ns, span.first))
        lowest, highest = (self._point(span.last_ns, p) for p in (span.low, span.high))
        if tracker.breaks_between(lowest.equity_usdt, highest.equity_usdt):
            for ts_ns, price in span.each():
                tracker.mark(self._point(ts_ns, price))
        tracker.mark(highest._replace(ts_ns=span.high_ns))
        tracker.mark(self._point(span.last_ns, span.last))
        left = {floor.name: float(tracker.headroom_of(floor, lowest)) for floor in tracker.floors}
        return Mark(span.last_ns, float(self._point(span.last_ns, span.last).equity_usdt), left)

    def _fill(self, event: OrderFilled, last: Decimal) -> None:
        self._ledger.fill(event.fill, event.ts_ns)
        if event.key not in self._seen:
            self._seen.add(event.key)
            is_entry = self._purposes[event.key] is Purpose.ENTRY
            self.tracker.trade(Done(event.ts_ns, is_entry))
        self.tracker.mark(self._point(event.ts_ns, last or event.fill.price))

    def _point(self, ts_ns: int, price: Decimal) -> Point:
        ledger = self._ledger
        held = ledger.positions.get(self._symbol)
        if held is None:
            return Point(ts_ns, ledger.cash_usdt, ledger.cash_usdt)
        return Point(
            ts_ns,
            ledger.cash_usdt + held.qty * price,
            ledger.cash_usdt + held.cost_usdt,
            largest_lots=held.qty,
            largest_cost_usdt=held.cost_usdt,
        )


# -- spans of prices -------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class _Span:
    """Prices within one minute and between two fills; `rows` of the ticks, or none of a bar."""

    first_ns: int
    high_ns: int
    last_ns: int
    first: Decimal
    high: Decimal
    low: Decimal
    last: Decimal
    ticks: TickColumns | None = None
    rows: range = range(0)

    def each(self) -> Iterator[tuple[int, Decimal]]:
        """Every price; of a bar its high first, then its low: nobody knows the order."""
        if self.ticks is None:
            yield self.high_ns, self.high
            yield self.last_ns, self.low
            return
        for row in self.rows:
            yield int(self.ticks.ts_ns[row]), self.ticks.price(row)


def _minutes(ticks: TickColumns, fills: Sequence[OrderFilled]) -> Iterator[_Span]:
    """A fill comes after the ticks stamped like it."""
    numbers = ticks.ts_ns // MINUTE
    cuts = {0, len(ticks), *(np.flatnonzero(np.diff(numbers)) + 1).tolist()}
    at = np.array([fill.ts_ns for fill in fills], np.int64)
    cuts.update(np.searchsorted(ticks.ts_ns, at, side="right").tolist())
    edges = sorted(cuts)
    for start, end in pairwise(edges):
        prices = ticks.prices[start:end]
        top = start + int(prices.argmax())
        yield _Span(
            int(ticks.ts_ns[start]),
            int(ticks.ts_ns[top]),
            int(ticks.ts_ns[end - 1]),
            ticks.price(start),
            ticks.price(top),
            ticks.price_step * int(prices.min()),
            ticks.price(end - 1),
            ticks,
            range(start, end),
        )


def _bars(bars: BarColumns) -> Iterator[_Span]:
    step = bars.price_step
    for i in range(len(bars)):
        first_ns = int(bars.open_ts_ns[i])
        prices = (bars.opens[i], bars.highs[i], bars.lows[i], bars.closes[i])
        opened, high, low, closed = (step * int(price) for price in prices)
        last_ns = first_ns + bars.width_ns - 1
        yield _Span(first_ns, first_ns, last_ns, opened, high, low, closed)


def _first_ns(market: TickColumns | BarColumns, fills: Sequence[OrderFilled]) -> int:
    first = market.open_ts_ns[0] if isinstance(market, BarColumns) else market.ts_ns[0]
    return min([int(first), *(fill.ts_ns for fill in fills[:1])])
