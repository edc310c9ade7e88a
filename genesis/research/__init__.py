"""RESEARCH: what notebooks call. The engine behind it is the one that trades.

from genesis.research import Ticks, TickStore, backtest
result = backtest("sma_cross", TickStore().ticks("BTC/USDT"), rules="research", qty=1)
"""

from genesis.domain.instrument import Instrument
from genesis.research.backtest import backtest
from genesis.research.bars import Bars
from genesis.research.result import BacktestResult
from genesis.research.setup import Fees
from genesis.research.store import TickStore
from genesis.research.ticks import Ticks
from genesis.sim.latency import Latency

__all__ = [
    "BacktestResult",
    "Bars",
    "Fees",
    "Instrument",
    "Latency",
    "TickStore",
    "Ticks",
    "backtest",
]
