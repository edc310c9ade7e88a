"""What a backtest found: exact records, and tables and figures made when they are asked for."""

from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING, Any

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
from genesis.positions.ledger import Position
from genesis.research import frames
from genesis.research.coverage import Coverage, coverage
from genesis.research.equity import closes, equity_curve
from genesis.sim.columns import BarColumns, TickColumns

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

Metric = int | float | NoValue


@dataclass(frozen=True)
class Setup:
    """Under which conditions the run was made."""

    strategy: str
    instrument: Instrument
    rules: str
    fill: str
    cash: Decimal
    width_ns: int | None
    seed: str


@dataclass(frozen=True, eq=False)
class BacktestResult:
    """One run.

    setup: its conditions. steps: the steps that decided anything. executions: every fill event.
    positions: held at the end. sent: every order that left. Everything else is derived:

    trades: pandas; entry_ts_ns, exit_ts_ns int64; entry_price, exit_price, qty, fee (both sides),
    pnl (net), mae, mfe, r float64; reason signal | stop | target | manual | halt; symbol.
    open_positions, orders, refusals: pandas. fills: pandas with exact Decimals. fees: exact
    Decimal by asset. equity: float64 series over UTC ns. metrics: figures by name.
    coverage: what the data covers. decision_digest: 64 hex digits.
    """

    setup: Setup
    market: TickColumns | BarColumns
    steps: tuple[Step, ...]
    executions: tuple[OrderFilled, ...]
    positions: tuple[Position, ...]
    sent: tuple[Order, ...]

    # -- tables ------------------------------------------------------------------------------
    @cached_property
    def trades(self) -> pd.DataFrame:
        return frames.trades(frames.closed(self.steps))

    @cached_property
    def open_positions(self) -> pd.DataFrame:
        return frames.open_positions(self.positions, self.last_price)

    @cached_property
    def fills(self) -> pd.DataFrame:
        return frames.fills(self.executions)

    @cached_property
    def orders(self) -> pd.DataFrame:
        return frames.orders(self.sent)

    @cached_property
    def refusals(self) -> pd.DataFrame:
        return frames.refusals(self.steps)

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
        stamps, prices = closes(self.market, self._width_ns)
        cash = float(self.setup.cash)
        return equity_curve(stamps, prices, self.executions, self.setup.instrument, cash)

    @cached_property
    def metrics(self) -> dict[str, Metric]:
        """Closed trades, and ratios of daily returns (UTC days, annualised with 365)."""
        figures = analytics.trade_statistics([trade for _, trade in frames.closed(self.steps)])
        cash, value = float(self.setup.cash), self.equity.to_numpy()
        # the close of a day's last bar is stamped with the next day's first instant
        stamps = self.equity.index.to_numpy() - 1
        daily = analytics.daily_returns(stamps, value, cash)
        first, last = self._first_and_last_price()
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
            "buy_and_hold_fraction": last / first - 1.0,
            "days": len(daily),
            "sharpe": analytics.sharpe(daily),
            "sortino": analytics.sortino(daily),
            "max_drawdown_fraction": analytics.max_drawdown_fraction(daily),
            "calmar": analytics.calmar(daily),
        }

    @cached_property
    def coverage(self) -> Coverage:
        return coverage(self.market, self._width_ns)

    @cached_property
    def decision_digest(self) -> str:
        digest = DecisionDigest()
        for step in self.steps:
            digest.add(step)
        return digest.hexdigest()

    @property
    def last_price(self) -> Decimal:
        prices = self.market.closes if isinstance(self.market, BarColumns) else self.market.prices
        return self.market.price_step * int(prices[-1])

    def _first_and_last_price(self) -> tuple[float, float]:
        is_bars = isinstance(self.market, BarColumns)
        first = self.market.opens[0] if is_bars else self.market.prices[0]  # type: ignore[union-attr]
        return float(first) * float(self.market.price_step), float(self.last_price)

    @property
    def _width_ns(self) -> int:
        return self.setup.width_ns or MINUTE

    # -- faces -------------------------------------------------------------------------------
    def plot(self) -> "Figure":
        """Equity, drawdown and trades."""
        from genesis.research.plots import backtest_figure

        return backtest_figure(self)

    def summary(self) -> list[tuple[str, str]]:
        """The result in a few lines: (name, text)."""
        from genesis.research.summary import lines

        return lines(self)

    def __repr__(self) -> str:
        return "\n".join(f"{name:<16} {text}" for name, text in self.summary())

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        from genesis.research.summary import html

        return {"text/plain": repr(self), "text/html": html(self)}
