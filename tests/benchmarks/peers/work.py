"""What every engine is asked, and what it tells: the same words for all of them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

Columns = Mapping[str, np.ndarray]
"""Ticks: ts_ns (n,) int64 UTC ns, price, qty (n,) float64, is_buyer_maker (n,) bool. Bars: ts_ns
(the open's), open, high, low, close, volume (n,) float64."""
Trade = tuple[int, int, float, float, float, float, float, str]
"""entry_ts_ns, exit_ts_ns, entry_price, exit_price, qty, fee of both sides, pnl net, reason."""
Trades = list[Trade]
NAMES = (
    "entry_ts_ns", "exit_ts_ns", "entry_price", "exit_price", "qty", "fee", "pnl", "reason"
)  # fmt: skip
Prepared = Callable[[], Any]
"""The data are in the engine's own form; each call does the work once."""


@dataclass(frozen=True, slots=True)
class Asked:
    """sma_cross on one-minute bars, long only, fee 0.1 % a side in quote; no discipline.

    stop: distance of the stop below the entry price, checked on every later tick; None: no stop.
    pairs: (fast, slow) of a sweep.
    """

    fast: int = 10
    slow: int = 30
    stop: float | None = 0.02
    qty: float = 1.0
    cash: int = 1_000_000
    pairs: tuple[tuple[int, int], ...] = ()


def told(result: Any) -> dict[str, float]:
    """What engines can be compared by at a glance: number of closed trades, and their entries."""
    if isinstance(result, dict):
        return {"trades": result["trades"]}
    return {"trades": len(result), "entries": round(sum(trade[2] for trade in result), 4)}
