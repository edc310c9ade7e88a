"""What was measured in one run: tables, figures, coverage, digest."""

from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property

import numpy as np
import pandas as pd

from genesis import analytics
from genesis.analytics import NoValue
from genesis.domain.events import OrderFilled
from genesis.domain.instrument import Instrument
from genesis.domain.money import ZERO
from genesis.domain.orders import Order
from genesis.domain.time import MINUTE
from genesis.engine.digest import DecisionDigest
from genesis.engine.step import Step
from genesis.errors import UsageError
from genesis.positions.ledger import Position
from genesis.research import frames
from genesis.research.coverage import Coverage, Coverages, coverage
from genesis.research.equity import Columns, equity_curve, first_price, last_price
from genesis.research.tables import Table
from genesis.sim.columns import BarColumns, TopColumns
from genesis.sim.fees import FeeSchedule
from genesis.sim.latency import AnyLatency
from genesis.store.ticks import GapRecord
from genesis.strategy import Strategy

Metric = int | float | NoValue


@dataclass(frozen=True)
class Setup:
    """Under which conditions the run was made.

    traders: the strategies, as the run left them.
    """

    strategy: str
    instruments: tuple[Instrument, ...]
    rules: str
    fill: str
    queue: str
    cash: Decimal
    width_ns: int | None
    seed: str
    traders: tuple[Strategy, ...]
    rules_text: str
    fees: FeeSchedule
    latency: AnyLatency

    @property
    def instrument(self) -> Instrument:
        """The first one, whose quote is that of all figures."""
        return self.instruments[0]

    @property
    def symbols(self) -> str:
        return ", ".join(instrument.symbol for instrument in self.instruments)


@dataclass(frozen=True, eq=False)
class Measured:
    """One run and everything that can be worked out from it; see `BacktestResult`."""

    setup: Setup
    markets: tuple[Columns, ...]
    steps: tuple[Step, ...]
    executions: tuple[OrderFilled, ...]
    positions: tuple[Position, ...]
    sent: tuple[Order, ...]
    gaps: tuple[tuple[GapRecord, ...], ...]
    tops: tuple[TopColumns | None, ...]

    # -- tables ------------------------------------------------------------------------------
    @cached_property
    def trades(self) -> pd.DataFrame:
        return Table(frames.trades(frames.closed(self.steps)))

    @cached_property
    def open_positions(self) -> pd.DataFrame:
        return Table(frames.open_positions(self.positions, self.last_prices))

    @cached_property
    def fills(self) -> pd.DataFrame:
        return Table(frames.fills(self.executions))

    @cached_property
    def orders(self) -> pd.DataFrame:
        return Table(frames.orders(self.sent))

    @cached_property
    def refusals(self) -> pd.DataFrame:
        return Table(frames.refusals(self.steps))

    # -- figures -----------------------------------------------------------------------------
    @cached_property
    def fees(self) -> dict[str, Decimal]:
        paid: dict[str, Decimal] = {}
        for event in self.executions:
            asset = event.fill.fee_asset
            paid[asset] = paid.get(asset, ZERO) + event.fill.fee
        return paid

    @cached_property
    def equity(self) -> pd.Series:
        cash = float(self.setup.cash)
        return equity_curve(self.markets, self._width_ns, self.executions, cash)

    @cached_property
    def metrics(self) -> dict[str, Metric]:
        """Closed trades, and ratios of daily returns (UTC days, annualised with 365)."""
        figures = analytics.trade_statistics([trade for _, trade in frames.closed(self.steps)])
        cash, value = float(self.setup.cash), self.equity.to_numpy()
        # the close of a day's last bar is stamped with the next day's first instant
        stamps = self.equity.index.to_numpy() - 1
        daily = analytics.daily_returns(stamps, value, cash)
        return {
            "trades": figures.count,
            "win_fraction": figures.win_fraction,
            "profit_factor": figures.profit_factor,
            "expectancy_usdt": figures.expectancy_usdt,
            "expectancy_r": figures.expectancy_r,
            "longest_losing_streak": figures.longest_losing_streak,
            "pnl_usdt": float(figures.pnl_usdt),
            "fees_usdt": float(figures.fees_usdt),
            "final_equity_usdt": float(value[-1]),
            "return_fraction": float(value[-1]) / cash - 1.0,
            "buy_and_hold_fraction": self._held_fraction(),
            "days": len(daily),
            "sharpe": analytics.sharpe(daily),
            "sortino": analytics.sortino(daily),
            "max_drawdown_fraction": analytics.max_drawdown_fraction(daily),
            "calmar": analytics.calmar(daily),
        }

    @cached_property
    def deepest_fall_fraction(self) -> float:
        """From the highest equity before, at closes of bars: what daily closes hide is in it."""
        value = self.equity.to_numpy()
        peak = np.maximum(np.maximum.accumulate(value), float(self.setup.cash))
        return float((1.0 - value / peak).max())

    @cached_property
    def coverage(self) -> Coverage | Coverages:
        """Of the data; of several symbols, of each."""
        found = [
            coverage(market, self._width_ns, gaps)
            for market, gaps in zip(self.markets, self.gaps, strict=True)
        ]
        return found[0] if len(found) == 1 else Coverages(self.setup.symbols.split(", "), found)

    @cached_property
    def decision_digest(self) -> str:
        digest = DecisionDigest()
        for step in self.steps:
            digest.add(step)
        return digest.hexdigest()

    @property
    def inside_one_bar(self) -> int | None:
        """Trades that began and ended within one bar, whose prices came in an order that nobody
        knows: the adverse one is assumed. None: the run was on ticks.
        """
        if not isinstance(self.markets[0], BarColumns):
            return None
        width_ns, trades = self.markets[0].width_ns, self.trades
        held_ns = trades["exit_ts_ns"] - trades["entry_ts_ns"]  # an entry is at a bar's open
        return int((held_ns < width_ns).sum())

    @property
    def market(self) -> Columns:
        """The data of a run of one symbol.

        Raises:
            UsageError: it had several.
        """
        if len(self.markets) > 1:
            raise UsageError(f"this is for a run of one symbol, not of {self.setup.symbols}")
        return self.markets[0]

    @property
    def last_prices(self) -> dict[str, Decimal]:
        """The last price of each symbol."""
        return {market.instrument.symbol: last_price(market) for market in self.markets}

    def _held_fraction(self) -> float:
        """What the same money in each symbol would have become, unpaid fees and all."""
        grown = [float(last_price(market) / first_price(market)) for market in self.markets]
        return sum(grown) / len(grown) - 1.0

    @property
    def _width_ns(self) -> int:
        return self.setup.width_ns or MINUTE
