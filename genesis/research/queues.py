"""The same run twice: behind everybody in the queue, and before everybody."""

from collections.abc import Sequence
from typing import Any

from genesis.research.backtest import backtest
from genesis.research.counting import counted
from genesis.research.markets import Market
from genesis.research.result import BacktestResult
from genesis.research.summary import compare
from genesis.research.tables import Table
from genesis.sim.orders import Queue
from genesis.strategy import Strategy


def both_queues(
    strategy: str | Strategy | Sequence[str | Strategy],
    data: Market | str | Sequence[Market | str],
    **asked: Any,
) -> Table:
    """One row per place in the queue, as `compare`, and how many fills were a maker's.

    What a resting order would have earned lies between the rows; where they differ much, the
    result stands on a place in the queue that no recording tells. asked: as of `backtest`.
    """
    found = {
        each.value.lower(): counted(backtest)(strategy, data, **{**asked, "queue": each.value})
        for each in Queue
    }
    table = compare(found)
    table.insert(1, "maker_fills", [_maker_fills(result) for result in found.values()])
    return table


def _maker_fills(result: BacktestResult) -> int:
    return int((result.fills["liquidity"] == "MAKER").sum())
