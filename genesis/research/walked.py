"""What a walk forward found: its judged spans put one behind the other, and the promises beside."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd

from genesis import analytics
from genesis.analytics import NoValue
from genesis.domain.money import BPS
from genesis.domain.time import DAY, MINUTE
from genesis.research.coverage import Coverage, coverage
from genesis.research.equity import first_price, last_price
from genesis.research.markets import Market
from genesis.research.measured import Metric
from genesis.research.result import BacktestResult
from genesis.research.sweep_figures import Figures, returns_of
from genesis.research.tables import Table
from genesis.research.ticks import Ticks
from genesis.research.windows import Lengths, Window
from genesis.store.trials import Counted

Float64 = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Step:
    """One window.

    params: what was chosen. promised: its figures where it was chosen. judged: the run on what came
    after, its warm-up before it. trials: how many were compared.
    """

    window: Window
    params: dict[str, object]
    promised: Figures
    judged: BacktestResult
    trials: int

    @cached_property
    def growth(self) -> pd.Series:
        """Equity over cash at the marks of the judged span, float64 over UTC ns; what is still held
        at the last mark is sold there, and the taker fee of that is paid.
        """
        equity = self.judged.equity
        inside = equity[equity.index > self.window.test_from_ns]
        found = (inside if len(inside) else equity.iloc[-1:]).copy()
        found.iloc[-1] -= self._leaving
        growth: pd.Series = found / float(self.judged.setup.cash)
        return growth

    @property
    def _leaving(self) -> float:
        """What it costs to sell what is held at the end, in quote currency."""
        last = self.judged.last_prices
        held = sum(float(one.qty * last[one.symbol]) for one in self.judged.positions)
        return held * float(self.judged.setup.fees.taker_bps / BPS)

    @property
    def kept_fraction(self) -> float:
        """What it earned where it was judged."""
        return float(self.growth.iloc[-1]) - 1.0

    @property
    def traded(self) -> int:
        """Trades that were closed, and those that were sold because the window ended."""
        return len(self.judged.trades) + len(self.judged.positions)

    @property
    def promised_per_day(self) -> float:
        """Return a day where it was chosen, as a fraction."""
        return self.promised.return_fraction * DAY / self._train_ns

    @property
    def kept_per_day(self) -> float:
        """Return a day where it was judged, as a fraction."""
        return self.kept_fraction * DAY / self._test_ns

    @property
    def _train_ns(self) -> int:
        return self.window.train_to_ns - self.window.train_from_ns

    @property
    def _test_ns(self) -> int:
        return self.window.test_to_ns - self.window.test_from_ns


@dataclass(frozen=True, eq=False)
class Walked:
    """A walk and everything that can be worked out from it; see `WalkForward`."""

    strategy: str
    metric: str
    choose: str
    anchored: bool
    lengths: Lengths
    market: Market
    axes: dict[str, tuple[object, ...]]
    steps: tuple[Step, ...]
    left_ns: int
    counted: Counted
    name: str

    def __len__(self) -> int:
        return len(self.steps)

    # -- judged ------------------------------------------------------------------------------
    @cached_property
    def equity(self) -> pd.Series:
        parts: list[pd.Series] = []
        level = 1.0
        for step in self.steps:
            parts.append(step.growth * level)
            level = float(parts[-1].iloc[-1])
        stitched: pd.Series = pd.concat(parts).rename("equity")
        return stitched

    @property
    def final_fraction(self) -> float:
        """What the judged spans earned in all."""
        return float(self.equity.iloc[-1]) - 1.0

    @property
    def returns(self) -> Float64:
        return returns_of(self.equity.to_numpy(), 1.0)

    @cached_property
    def trades(self) -> pd.DataFrame:
        """The closed trades of all judged spans, as `BacktestResult.trades`."""
        found = [pd.DataFrame(step.judged.trades) for step in self.steps]
        some = [frame for frame in found if len(frame)] or found[:1]
        return Table(pd.concat(some, ignore_index=True))

    @cached_property
    def metrics(self) -> dict[str, Metric]:
        """trades (those that a window's end cut off among them), return_fraction,
        drawdown_fraction (>= 0, at marks), sharpe (daily, annualised with 365), psr (P(true Sharpe
        > 0), from mark to mark), hold_fraction (the symbol over the same time), won_windows.
        """
        value = self.equity.to_numpy()
        peak = np.maximum(np.maximum.accumulate(value), 1.0)
        daily = analytics.daily_returns(self.equity.index.to_numpy() - 1, value, 1.0)
        return {
            "trades": sum(step.traded for step in self.steps),
            "return_fraction": self.final_fraction,
            "drawdown_fraction": float((1.0 - value / peak).max()),
            "sharpe": analytics.sharpe(daily),
            "psr": analytics.psr(self.returns),
            "hold_fraction": self._held_fraction(),
            "won_windows": sum(step.kept_fraction > 0 for step in self.steps),
        }

    def _held_fraction(self) -> float:
        since, until = self.steps[0].window.test_from_ns, self.steps[-1].window.test_to_ns
        seen = self.market.between(since, until).columns
        return float(last_price(seen) / first_price(seen)) - 1.0

    # -- promised ----------------------------------------------------------------------------
    @property
    def efficiency(self) -> float | NoValue:
        promised, kept = self._rates
        if promised <= 0:
            return NoValue("the choices did not earn even where they were made")
        return kept / promised

    @property
    def _rates(self) -> tuple[float, float]:
        """(promised, kept) a day over all windows."""
        chose = sum(step.promised.return_fraction for step in self.steps)
        kept = sum(step.kept_fraction for step in self.steps)
        spans = [step.window for step in self.steps]
        train = sum(one.train_to_ns - one.train_from_ns for one in spans) / DAY
        test = sum(one.test_to_ns - one.test_from_ns for one in spans) / DAY
        return chose / train, kept / test

    @cached_property
    def table(self) -> pd.DataFrame:
        """promised and kept are returns a day, kept_fraction that of the whole judged span."""
        rows = [
            (
                number,
                step.window.train_from_ns,
                step.window.train_to_ns,
                step.window.test_from_ns,
                step.window.test_to_ns,
                *step.params.values(),
                step.trials,
                step.promised_per_day,
                step.kept_per_day,
                step.kept_fraction,
                step.traded,
            )
            for number, step in enumerate(self.steps, 1)
        ]
        names = ["window", "train_from_ns", "train_to_ns", "test_from_ns", "test_to_ns"]
        figures = ["trials", "promised_per_day", "kept_per_day", "kept_fraction", "trades"]
        return Table(rows, columns=[*names, *self.axes, *figures])

    @cached_property
    def coverage(self) -> Coverage:
        gaps = self.market.gaps if isinstance(self.market, Ticks) else ()
        return coverage(self.market.columns, self.steps[0].judged.setup.width_ns or MINUTE, gaps)
