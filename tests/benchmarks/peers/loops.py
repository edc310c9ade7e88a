"""backtesting.py: a Python call for each bar, filled at the next bar's open, stamped with it.

Its `crossover` asks for below, then above: a cross that passes through a tie is none, and neither
is the first bar with enough history.
"""

import warnings

import numpy as np
import pandas as pd

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it says that it found no notebook
    from backtesting import Backtest, Strategy
    from backtesting.lib import crossover

from tests.benchmarks.peers.work import Asked, Columns, Prepared, Trades


def _mean(closes: np.ndarray, bars: int) -> np.ndarray:
    return pd.Series(closes).rolling(bars).mean().to_numpy()


class Cross(Strategy):
    fast, slow, qty = 10, 30, 1

    def init(self) -> None:
        self.quick = self.I(_mean, self.data.Close, self.fast, plot=False)
        self.calm = self.I(_mean, self.data.Close, self.slow, plot=False)

    def next(self) -> None:
        if crossover(self.quick, self.calm):
            if not self.position:
                self.buy(size=self.qty)
        elif crossover(self.calm, self.quick):
            self.position.close()


def bars(columns: Columns, asked: Asked) -> Prepared:
    """A quantity must be whole."""
    frame = pd.DataFrame(
        {name.capitalize(): columns[name] for name in ("open", "high", "low", "close", "volume")},
        index=pd.to_datetime(columns["ts_ns"], unit="ns"),
    )
    made = Backtest(frame, Cross, cash=asked.cash, commission=0.001)

    def run() -> Trades:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of the trade that is open at the end
            told = made.run(fast=asked.fast, slow=asked.slow, qty=int(asked.qty))["_trades"]
        opened = frame.index.to_numpy().astype("datetime64[ns]").astype(np.int64)
        count = len(told)
        columns = [
            opened[told["EntryBar"]], opened[told["ExitBar"]], told["EntryPrice"],
            told["ExitPrice"], told["Size"].astype(float), told["Commission"], told["PnL"],
            np.array(["signal"] * count, object),
        ]  # fmt: skip
        return list(zip(*(column.tolist() for column in columns), strict=True))

    return run
