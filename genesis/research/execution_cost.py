"""What the market orders of a backtest cost, part by part, and what they would have cost by a law.

The shortfall of an order is measured from the middle of the book when it was decided (Perold 1988,
"The Implementation Shortfall: Paper versus Reality"). It splits into half the spread, what the
market moved until the order arrived, what lay beyond the best row, and the fee.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
import pandas as pd

from genesis.analytics.slippage_fit import SlippageFit
from genesis.domain.commands import SubmitOrder
from genesis.domain.events import BookTop, OrderFilled, TradeTick
from genesis.domain.ids import OrderKey
from genesis.domain.instrument import Instrument
from genesis.domain.orders import OrderType, Side
from genesis.errors import UsageError
from genesis.research.measured import Measured
from genesis.research.own_market import minute_volume
from genesis.research.style import Card, Shown, cards, note, signed
from genesis.research.tables import Table
from genesis.sim.columns import TickColumns, TopColumns

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

PARTS: Final = ("spread", "delay", "walk", "fee")
_WORDS: Final = {
    "spread": "half of it, at the decision",
    "delay": "the market moved until the order arrived",
    "walk": "beyond the best row",
    "fee": "to the venue",
}
_BPS: Final = 1e4
_NONE: Final = "of this backtest no market order filled"


class _Taken(NamedTuple):
    """A market order that filled, as far as there was something. sign: +1 for a buy."""

    key: OrderKey
    symbol: str
    sign: float
    decided_ns: int
    by_market: bool
    filled_ns: int
    asked: float
    qty: float
    price: float
    fee: float


@dataclass(frozen=True, slots=True, eq=False)
class ExecutionCost:
    """table: one row per market order: traded (in quote), filled (a share of what was asked), and
    in bps of what was traded spread, delay, walk and fee, + is worse. quote: of all amounts.
    """

    table: pd.DataFrame
    quote: str

    @property
    def mean_bps(self) -> dict[str, float]:
        """Each part of what was traded, and `total`."""
        weight = self.table["traded"].to_numpy()
        of = {name: self.table[f"{name}_bps"].to_numpy() for name in (*PARTS, "total")}
        return {name: float(part @ weight / weight.sum()) for name, part in of.items()}

    @property
    def paid(self) -> float:
        """All of it, in the quote currency."""
        bps, traded = (self.table[name].to_numpy() for name in ("total_bps", "traded"))
        return float(bps @ traded) / _BPS

    @property
    def unfilled_fraction(self) -> float:
        """Of what was asked for, what the book did not give."""
        traded, filled = (self.table[name].to_numpy() for name in ("traded", "filled"))
        return 1.0 - float(traded.sum() / (traded / filled).sum())

    def plot(self) -> "Figure":
        """The parts, order by order."""
        from genesis.research.execution_figures import cost_figure

        return cost_figure(self.table, self.mean_bps["total"])

    def shown(self) -> Shown:
        """The parts as cards."""
        mean = self.mean_bps
        missing = self.unfilled_fraction
        words = dict(_WORDS)
        if missing > 0.0:
            words["walk"] += f"; {missing:.1%} of what was asked found nothing"
        each = [Card(name, f"{signed(mean[name])} bps", words[name]) for name in PARTS]
        told = f"{len(self.table)} market orders, {signed(self.paid)} {self.quote}"
        whole = Card("all of it", f"{signed(mean['total'])} bps", told)
        return cards([*each, whole])

    def __repr__(self) -> str:
        return self.shown().plain

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return self.shown()._repr_mimebundle_()


@dataclass(frozen=True, slots=True, eq=False)
class Cost:
    """What a law of own orders says of a backtest.

    table: one row per market order: participation, assumed_bps (what the backtest had it slip),
    expected_bps (what the law says), extra (the difference in quote). beyond: orders larger than
    any the law was fitted to. left_out: orders before which too little market was known. pnl: of
    closed trades, as the backtest has it.
    """

    table: pd.DataFrame
    quote: str
    pnl: float
    beyond: int
    left_out: int

    @property
    def extra(self) -> float:
        """What the law takes beyond the backtest's own fills, in the quote currency."""
        return float(self.table["extra"].sum())

    @property
    def pnl_after(self) -> float:
        """Of closed trades, had every market order slipped by the law."""
        return self.pnl - self.extra

    def shown(self) -> Shown:
        """Before and after as cards."""
        table = self.table
        above = cards(
            [
                Card("the backtest assumed", f"{signed(table['assumed_bps'].mean())} bps",
                     f"a mean of {len(table)} market orders"),
                Card("orders of our own say", f"{signed(table['expected_bps'].mean())} bps",
                     f"{signed(self.extra)} {self.quote} more than was assumed"),
                Card("closed trades", f"{signed(self.pnl_after)} {self.quote}",
                     f"instead of {signed(self.pnl)}", "up" if self.pnl_after > 0 else "down"),
            ]
        )  # fmt: skip
        said = []
        if self.beyond:
            said.append(f"{self.beyond} orders were larger than any the law was fitted to")
        if self.left_out:
            said.append(f"{self.left_out} orders came before a minute of the market was known")
        below = note("; ".join(said)) if said else Shown("", "")
        return Shown(above.html + below.html, f"{above.plain}\n{below.plain}".rstrip())

    def __repr__(self) -> str:
        return self.shown().plain

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return self.shown()._repr_mimebundle_()


def execution_cost(result: Measured) -> ExecutionCost:
    """What every market order of a backtest paid, against the book beside its ticks.

    Raises:
        UsageError: no book was recorded beside the ticks, or no market order filled.
    """
    tops = dict(zip(result.setup.symbols.split(", "), result.tops, strict=True))
    rows = []
    for order in _taken(result):
        told = tops[order.symbol]
        if told is None:
            raise UsageError(
                f"no book of {order.symbol} lies beside its ticks: what a spread costs needs one "
                "(`TickStore.ticks(symbol)` reads it where it was recorded)"
            )
        row = _parts(order, told)
        if row is not None:
            rows.append(row)
    if not rows:
        raise UsageError(f"{_NONE} behind a known book: there is no cost to split")
    names = [
        "order",
        "decided_ts_ns",
        "side",
        "traded",
        "filled",
        *(f"{name}_bps" for name in PARTS),
    ]
    return ExecutionCost(Table(rows, columns=[*names, "total_bps"]), result.setup.instrument.quote)


def slippage_cost(result: Measured, fit: SlippageFit) -> Cost:
    """What the market orders of a backtest on ticks would have slipped by a law.

    Raises:
        UsageError: the backtest ran on bars, or no market order filled.
    """
    markets = dict(zip(result.setup.symbols.split(", "), result.markets, strict=True))
    tops = dict(zip(result.setup.symbols.split(", "), result.tops, strict=True))
    qtys = {symbol: _qtys(market) for symbol, market in markets.items()}
    rows, left_out = [], 0
    for order in _taken(result):
        market = markets[order.symbol]
        assert isinstance(market, TickColumns)
        first_ns = int(market.ts_ns[0])
        volume = minute_volume(market.ts_ns, qtys[order.symbol], order.decided_ns, first_ns)
        price = _reference(order, market, tops[order.symbol])
        if not volume > 0.0 or price is None:
            left_out += 1
            continue
        part = order.qty / volume
        assumed = order.sign * (order.price / price - 1.0) * _BPS
        expected = float(fit.predicted_bps([part])[0])
        extra = (expected - assumed) / _BPS * order.qty * price
        rows.append((str(order.key), order.decided_ns, part, assumed, expected, extra))
    if not rows:
        raise UsageError(f"{_NONE} in a market that was known: there is nothing to reckon")
    names = ["order", "decided_ts_ns", "participation", "assumed_bps", "expected_bps", "extra"]
    table, pnl = Table(rows, columns=names), result.metrics["pnl_usdt"]
    beyond = int((table["participation"] > fit.most).sum())
    assert isinstance(pnl, int | float)
    return Cost(table, result.setup.instrument.quote, float(pnl), beyond, left_out)


def _taken(result: Measured) -> Iterator[_Taken]:
    """Market orders that filled, in the order they were decided."""
    fills: dict[OrderKey, list[OrderFilled]] = {}
    for event in result.executions:
        fills.setdefault(event.key, []).append(event)
    listed = {one.symbol: one for one in result.setup.instruments}
    for step in result.steps:
        for command in step.commands:
            if isinstance(command, SubmitOrder) and command.request.type is OrderType.MARKET:
                made = fills.get(command.key)
                if made:
                    by_market = isinstance(step.event, BookTop | TradeTick)
                    instrument = listed[command.request.symbol]
                    yield _order(command, made, by_market=by_market, instrument=instrument)


def _order(
    command: SubmitOrder, made: list[OrderFilled], *, by_market: bool, instrument: Instrument
) -> _Taken:
    fills = [event.fill for event in made]
    qty = float(sum(fill.qty for fill in fills))
    spent = float(sum(fill.qty * fill.price for fill in fills))
    fee = sum(
        float(fill.fee * fill.price if fill.fee_asset == instrument.base else fill.fee)
        for fill in fills
    )
    sign = 1.0 if command.request.side is Side.BUY else -1.0
    when = (command.ts_ns, by_market, made[0].ts_ns)
    asked = float(command.request.qty)
    return _Taken(command.key, instrument.symbol, sign, *when, asked, qty, spent / qty, fee)


def _row(tops: TopColumns, at_ns: int, *, with_equal: bool) -> int:
    """The book that stood at a moment; below 0 where none was known."""
    return int(np.searchsorted(tops.ts_ns, at_ns, side="right" if with_equal else "left")) - 1


def _parts(order: _Taken, tops: TopColumns) -> tuple[Any, ...] | None:
    """The row of an order; None where no book was known when it was decided."""
    decided = _row(tops, order.decided_ns, with_equal=order.by_market)
    if decided < 0:
        return None
    is_at_once = order.filled_ns == order.decided_ns
    arrived = decided if is_at_once else _row(tops, order.filled_ns, with_equal=False)
    best = tops.asks if order.sign > 0 else tops.bids
    step = float(tops.price_step)
    mid = (int(tops.bids[decided]) + int(tops.asks[decided])) * step / 2.0
    asked, met = int(best[decided]) * step, int(best[max(arrived, decided)]) * step
    traded = order.qty * order.price
    parts = [order.sign * away / mid * _BPS for away in (asked - mid, met - asked)]
    parts += [order.sign * (order.price - met) / mid * _BPS, order.fee / traded * _BPS]
    side = "BUY" if order.sign > 0 else "SELL"
    told = (str(order.key), order.decided_ns, side, traded, order.qty / order.asked)
    return (*told, *parts, sum(parts))


def _reference(order: _Taken, market: TickColumns, tops: TopColumns | None) -> float | None:
    """The price at the decision: the middle of the book, else the last trade."""
    if tops is not None and (row := _row(tops, order.decided_ns, with_equal=order.by_market)) >= 0:
        return (int(tops.bids[row]) + int(tops.asks[row])) * float(tops.price_step) / 2.0
    until_ns = order.decided_ns + order.by_market
    last = int(np.searchsorted(market.ts_ns, until_ns)) - 1
    return float(market.price(last)) if last >= 0 else None


def _qtys(market: object) -> "np.ndarray[Any, np.dtype[np.float64]]":
    if not isinstance(market, TickColumns):
        raise UsageError("what orders would have slipped is reckoned on ticks, not on bars")
    return np.asarray(market.qtys * float(market.qty_step), dtype=np.float64)
