"""Made-up markets for tests: the same rows for the same seed."""

import numpy as np

from genesis.domain.time import MINUTE
from genesis.research import Ticks
from genesis.sim.columns import TopColumns

START_NS = 1_704_067_200_000_000_000  # 2024-01-01T00:00:00Z


def wandering_ticks(
    rows: int,
    seed: int = 3,
    *,
    agility: float = 1.0,
    gaps: bool = True,
    symbol: str = "BTC/USDT",
    price: float = 60_000,
) -> Ticks:
    """A wandering price that begins at `price`, about two trades a second.

    agility: multiplies the moves. gaps: some minutes, and the hour before midnight, hold no trade.
    """
    rng = np.random.Generator(np.random.PCG64(seed))
    ts = START_NS + np.cumsum((rng.exponential(0.5, rows) * 1e9).astype(np.int64) + 1)
    prices = price * np.exp(np.cumsum(rng.standard_normal(rows) * 1e-4 * agility))
    qty = np.round(rng.lognormal(-4.5, 1.4, rows) + 1e-5, 5)
    maker = rng.random(rows) < 0.5
    if gaps:
        minute = (ts // MINUTE) % 1440
        kept = ~np.isin(minute, (5, 40, 41, 42, 100)) & (minute < 1380)
        ts, prices, qty, maker = ts[kept], prices[kept], qty[kept], maker[kept]
    return Ticks.from_arrays(symbol, ts, np.round(prices, 2), qty, maker)


def print_list(*rows: tuple[int, float]) -> Ticks:
    """Ticks on BTC/USDT from (ns after the start, price)."""
    ts = [START_NS + at for at, _ in rows]
    price = [price for _, price in rows]
    return Ticks.from_arrays("BTC/USDT", ts, price, [1.0] * len(rows), [False] * len(rows))


def with_tops(ticks: Ticks, spread: int | np.ndarray = 40) -> Ticks:
    """The same trades with a book top after every second one, `spread` steps wide.

    spread: one for all, or one for each top.
    """
    c = ticks.columns
    rows = np.arange(0, len(c), 2)
    mid = c.prices[rows]
    size = np.full(len(rows), 10**6, np.int64)
    tops = TopColumns(
        c.instrument,
        c.price_step,
        c.qty_step,
        c.ts_ns[rows],
        mid - spread // 2,
        size,
        mid + spread // 2,
        size,
        np.arange(len(rows)),
        rows + 1,
    )
    return Ticks(c, tops)


def with_changing_tops(ticks: Ticks) -> Ticks:
    """As `with_tops`; usually 6.7 bps wide, twice that or five times that in some minutes."""
    minutes = ticks.columns.ts_ns[::2] // MINUTE
    spread = np.where(minutes % 5 == 0, 8_000, 4_000)
    return with_tops(ticks, np.where(minutes % 97 == 0, 24_000, spread))
