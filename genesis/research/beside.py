"""A run and what cash, holding and entering by chance would have done in the same market."""

from dataclasses import dataclass
from functools import cached_property
from math import nan
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from genesis import analytics
from genesis.analytics import EntryOdds, NoValue
from genesis.domain.money import BPS
from genesis.domain.time import MINUTE
from genesis.research.counting import stamps_of
from genesis.research.equity import closes, first_price
from genesis.research.measured import Metric
from genesis.research.result import BacktestResult
from genesis.research.tables import Table

Float64 = npt.NDArray[np.float64]
Int64 = npt.NDArray[np.int64]
RANDOM: Final = "random entry"


@dataclass(frozen=True, eq=False)
class Beside:
    """A run beside its baselines; see `Baselines`."""

    run: BacktestResult
    odds: EntryOdds | NoValue

    @cached_property
    def table(self) -> pd.DataFrame:
        stamps, prices = marks_of(self.run)
        cash = float(self.run.setup.cash)
        worth = trades_of(self.run)["worth"]
        size = float(worth.mean()) if len(worth) else 0.0
        rows = [
            ("the run", *_figures(stamps[1:], self.run.equity.to_numpy(), cash), self._in_market),
            ("buy and hold", *_figures(stamps, self._held(prices, cash), cash), 1.0),
            ("held at its size", *_figures(stamps, self._held(prices, size), cash), 1.0),
            ("cash", 0.0, 0.0, nan, 0.0),
        ]
        table = pd.DataFrame(
            rows, columns=["run", "return_fraction", "fall", "sharpe", "in_market"]
        )
        table[["low", "high"]] = nan
        if not isinstance(self.odds, NoValue):
            low, middle, high = np.quantile(self.odds.drawn, (0.05, 0.5, 0.95)) / cash
            table.loc[len(table)] = [RANDOM, middle, nan, nan, self._in_market, low, high]
        return Table(table)

    @property
    def p_value(self) -> float | NoValue:
        """Share of random entries, the run among them, that earned as much."""
        return self.odds if isinstance(self.odds, NoValue) else self.odds.p_value

    @cached_property
    def _in_market(self) -> float:
        first, last = stamps_of(self.run.market)
        trades = trades_of(self.run)
        spans = zip(trades["entry_ns"].tolist(), trades["exit_ns"].tolist(), strict=True)
        share = analytics.exposure_fraction(spans, first, last + 1)
        return nan if isinstance(share, NoValue) else share

    def _held(self, prices: Float64, worth: float) -> Float64:
        """Equity of one purchase at the first mark, sold at the last, both at the taker fee."""
        cash, fee = float(self.run.setup.cash), float(self.run.setup.fees.taker_bps / BPS)
        bought = min(worth, cash) * (1.0 - fee)
        equity = cash - min(worth, cash) + bought * prices / prices[0]
        equity[-1] -= bought * prices[-1] / prices[0] * fee
        return np.asarray(equity)


def marks_of(result: BacktestResult) -> tuple[Int64, Float64]:
    """(stamps, prices): the first price, then every close; those of the equity after the first."""
    market = result.market
    ends, prices = closes(market, result.setup.width_ns or MINUTE)
    first, _ = stamps_of(market)
    return (
        np.concatenate((np.array([first], np.int64), ends)),
        np.concatenate(([float(first_price(market))], prices)),
    )


def trades_of(result: BacktestResult) -> pd.DataFrame:
    """entry_ns, exit_ns int64; worth at the entry and pnl float64, of closed and open trades."""
    _, last = stamps_of(result.market)
    width = result.setup.width_ns or MINUTE
    closed, held = pd.DataFrame(result.trades), pd.DataFrame(result.open_positions)
    parts = [
        (closed["entry_ts_ns"], closed["exit_ts_ns"], closed),
        (held["entry_ts_ns"], held["entry_ts_ns"] * 0 + last + width, held),
    ]
    found = [
        pd.DataFrame(
            {
                "entry_ns": entry.astype("int64"),
                "exit_ns": exit_.astype("int64"),
                "worth": (frame["entry_price"] * frame["qty"]).astype("float64"),
                "pnl": frame["pnl"].astype("float64"),
            }
        )
        for entry, exit_, frame in parts
        if len(frame)
    ]
    names = {"entry_ns": "int64", "exit_ns": "int64", "worth": "float64", "pnl": "float64"}
    if not found:
        return pd.DataFrame(columns=list(names)).astype(names)
    return pd.concat(found, ignore_index=True).sort_values("entry_ns", kind="stable")


def _figures(stamps: Int64, equity: Float64, cash: float) -> tuple[float, float, float]:
    """(return_fraction, fall, sharpe) of an equity at its stamps."""
    peak = np.maximum(np.maximum.accumulate(equity), cash)
    daily = analytics.daily_returns(stamps - 1, equity, cash)
    return float(equity[-1]) / cash - 1.0, float((1.0 - equity / peak).max()), _sharpe(daily)


def _sharpe(daily: Any) -> float:
    found: Metric = analytics.sharpe(daily)
    return nan if isinstance(found, NoValue) else float(found)
