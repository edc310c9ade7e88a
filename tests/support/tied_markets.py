"""A made-up market in which trades share stamps."""

from dataclasses import replace

import numpy as np

from genesis.domain.time import SECOND
from genesis.research import Ticks
from tests.support.markets import wandering_ticks


def slowed(ticks: Ticks, times: int) -> Ticks:
    """The same trades, so many times further apart."""
    c = ticks.columns
    first = int(c.ts_ns[0])
    columns = replace(c, ts_ns=first + (c.ts_ns - first) * times, _bars={}, _closed={})
    return replace(ticks, columns=columns)


def tied_ticks(rows: int = 6_000, seed: int = 3, *, agility: float = 6.0) -> Ticks:
    """Trades with stamps in whole seconds, so that about two share each."""
    ticks = wandering_ticks(rows, seed, agility=agility, gaps=False)
    c = ticks.columns
    columns = replace(c, ts_ns=c.ts_ns // SECOND * SECOND, _bars={}, _closed={})
    assert np.count_nonzero(np.diff(columns.ts_ns) == 0) > rows // 4
    return replace(ticks, columns=columns)
