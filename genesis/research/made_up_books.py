"""Made-up markets with a book: a top every second, and trades that hit it. See `made_up`.

calm_book()       # a wide spread, a mid that comes back, sellers and buyers in turn
falling_book()    # the same while the mid goes down
triangle(...)     # three symbols that say the same thing twice, one of them late
"""

from typing import Final

import numpy as np
import numpy.typing as npt

from genesis.analytics.blocks import Generator, seeded
from genesis.domain.time import MILLISECOND, SECOND
from genesis.errors import UsageError
from genesis.research.made_up import PRICE, START_NS, drawn_back, listed
from genesis.research.ticks import Ticks
from genesis.sim.columns import TickColumns, TopColumns

Float64 = npt.NDArray[np.float64]

_PULL: Final = 0.05
"""What a second takes back of the distance home."""
_SHOWN: Final = 20.0
_HIT: Final = 40.0
_PRESSED: Final = 0.45
_FAR_BPS: Final = 5.0
"""So far from home nearly all trades press outwards."""
_LATE_MS: Final = 200
"""A trade follows the top it hits by so much."""


def calm_book(
    minutes: int = 40, seed: int = 0, *, spread_bps: float = 36.0, sigma_bps: float = 10.0
) -> Ticks:
    """CALM/USDT: what sells into the bid is bought back soon.

    sigma_bps: standard deviation of the move of a second. Raises UsageError.
    """
    rng, moves = _moves(minutes, seed, sigma_bps)
    return _returning("CALM", moves, np.zeros(len(moves)), rng, spread_bps)


def falling_book(
    minutes: int = 40,
    seed: int = 0,
    *,
    spread_bps: float = 36.0,
    sigma_bps: float = 10.0,
    fall: float = 0.12,
) -> Ticks:
    """FALL/USDT: the same, around a price that sinks by `fall`. Raises UsageError."""
    if not 0 <= fall < 1:
        raise UsageError(f"fall must lie between 0 and 1, not {fall}")
    rng, moves = _moves(minutes, seed, sigma_bps)
    home = np.linspace(0.0, np.log1p(-fall), len(moves))
    return _returning("FALL", moves, home, rng, spread_bps)


def triangle(
    minutes: int = 30, seed: int = 0, *, follows: bool = True, late_s: int = 8, jump_bps: float = 60
) -> tuple[Ticks, Ticks, Ticks]:
    """ONE/USDT, TWO/USDT and ONE/TWO: every two minutes TWO/USDT jumps, up or down.

    follows: ONE/USDT goes the same way `late_s` seconds later; else TWO/USDT comes back instead,
    a little below where it was. Raises UsageError.
    """
    rng, moves = _moves(minutes, seed, 0.8)
    seconds = np.arange(len(moves))
    beat = 120
    jumps = np.zeros(len(moves))
    jumps[beat // 2 :: beat] = rng.choice([1.0, 1.0, -1.0], len(jumps[beat // 2 :: beat]))
    two = np.cumsum(jumps) * jump_bps * 1e-4
    if not follows:
        since = (seconds - beat // 2) % beat
        two = np.where((seconds >= beat // 2) & (since < late_s), 0.0065, 0.0)
        two -= np.cumsum(jumps != 0) * 5e-4
    one = np.concatenate((np.full(late_s, two[0]), two[:-late_s])) if follows else two.copy()
    if not follows:
        one = -np.cumsum(np.roll(jumps, late_s) != 0) * 5e-4
    wander = drawn_back(moves, _PULL, np.zeros(len(moves))).sum(axis=1).cumsum()
    return (
        booked("ONE", PRICE * np.exp(one + wander), rng, 2.0),
        booked("TWO", PRICE * np.exp(two + wander), rng, 2.0),
        booked("ONE", np.ones(len(moves)), rng, 2.0, quote="TWO"),
    )


def _returning(
    base: str, moves: Float64, home: Float64, rng: Generator, spread_bps: float
) -> Ticks:
    """Sellers press the mid down and buyers up; when they are done it comes back."""
    walk = np.cumsum(drawn_back(moves, _PULL, home).sum(axis=1))
    sold = 0.5 - _PRESSED * np.tanh((walk - home) / (_FAR_BPS * 1e-4))
    return booked(base, PRICE * np.exp(walk), rng, spread_bps, sold)


def booked(
    base: str,
    mid: Float64,
    rng: Generator,
    spread_bps: float,
    sold: Float64 | float = 0.5,
    quote: str = "USDT",
) -> Ticks:
    """Ticks whose top is `spread_bps` wide around (n,) mids, one a second; one trade hits each.

    sold: the share of trades that hit the bid, of all or (n,) of each second.
    """
    known = listed(base, quote)
    step, rows = float(known.price_tick), np.arange(len(mid))
    half = mid * spread_bps * 1e-4 / 2
    bid = np.floor((mid - half) / step).astype(np.int64)
    ask = np.maximum(np.ceil((mid + half) / step).astype(np.int64), bid + 1)
    lots = round(_SHOWN / float(known.qty_lot))
    size = np.full(len(mid), lots, np.int64)
    top_ns = START_NS + rows * SECOND
    sells = rng.random(len(mid)) < sold
    hit = np.maximum(1, np.round(rng.exponential(_HIT, len(mid)) / float(known.qty_lot)))
    trades = TickColumns(
        known, known.price_tick, known.qty_lot, top_ns + _LATE_MS * MILLISECOND,
        np.where(sells, bid, ask), hit.astype(np.int64), sells, rows + 1,
    )  # fmt: skip
    tops = TopColumns(
        known, known.price_tick, known.qty_lot, top_ns, bid, size, ask, size, rows + 1, rows
    )
    return Ticks(trades, tops, f"{base.lower()}, made up")


def _moves(minutes: int, seed: int, sigma_bps: float) -> tuple[Generator, Float64]:
    if minutes < 1:
        raise UsageError(f"a market needs 1 minute or more, not {minutes}")
    rng = seeded(seed)
    return rng, rng.standard_normal((minutes * 60, 1)) * sigma_bps * 1e-4
