"""The data of a check: one market, or several that a strategy sees beside each other."""

from collections.abc import Callable
from functools import reduce

import numpy as np
import numpy.typing as npt

from genesis.research.bars import Bars
from genesis.research.markets import Market

Int64 = npt.NDArray[np.int64]

Data = Market | tuple[Market, ...]
"""One market, or one a symbol in the order in which `backtest` is given them."""


def each(data: Data) -> tuple[Market, ...]:
    """Its markets, in order."""
    return data if isinstance(data, tuple) else (data,)


def mapped(data: Data, change: Callable[[Market], Market]) -> Data:
    """The same data with every market changed."""
    if isinstance(data, tuple):
        return tuple(change(market) for market in data)
    return change(data)


def between(data: Data, start_ns: int | None, end_ns: int | None) -> Data:
    """What is stamped in [start, end) of every market; no copy."""
    return mapped(data, lambda market: market.between(start_ns, end_ns))


def symbols(data: Data) -> tuple[str, ...]:
    return tuple(market.instrument.symbol for market in each(data))


def stamps(market: Market) -> Int64:
    """UTC ns of its trades, or of the opens of its bars."""
    return market.columns.open_ts_ns if isinstance(market, Bars) else market.columns.ts_ns


def longest(data: Data) -> Market:
    """The market with the most rows; the first of equals."""
    return max(each(data), key=len)


def ends(data: Data, width_ns: int) -> list[int]:
    """When a bar was over in every symbol, UTC ns, oldest first."""
    found = [_ends(market, width_ns) for market in each(data)]
    return [int(at_ns) for at_ns in reduce(np.intersect1d, found)]


def _ends(market: Market, width_ns: int) -> Int64:
    if isinstance(market, Bars):
        return market.columns.open_ts_ns + market.columns.width_ns
    return np.array(market.columns.bars(width_ns).boundary_ns, np.int64)


def told(data: Data) -> str:
    """What it is, for people."""
    return "; ".join(f"{market!r} ({market.source})" for market in each(data))
