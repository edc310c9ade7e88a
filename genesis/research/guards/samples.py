"""A synthetic market of several symbols for a check without data: they belong together, loosely.

All follow one walk; each wanders off from it by itself and comes back, the first one furthest. A
cross, such as ETH/BTC, is what its two sides are worth of each other, and wanders off, too. So
pairs are cointegrated and triangles have gaps, more often and wider than any real market has them:
it is made for strategies to have something to decide, and says nothing of what they earn.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

import numpy as np
import numpy.typing as npt

from genesis.domain.events import BookTop
from genesis.domain.instrument import Instrument, base_of, quote_of
from genesis.domain.time import SECOND
from genesis.research.guards.sample import deeper, pace, slowed, words_of
from genesis.research.guards.warm_up import WarmUp
from genesis.research.ticks import Ticks
from genesis.sim import sample
from genesis.sim.columns import TickColumns, TopColumns
from genesis.strategy import Strategy
from genesis.wire.instruments import known_instrument, on_grid

Int64 = npt.NDArray[np.int64]
Words = npt.NDArray[np.uint64]

_WORTH: Final = {"BTC": Decimal(60_000), "ETH": Decimal(3_000), "SOL": Decimal(150)}
_ELSE: Final = Decimal(100)
"""What one of an asset is worth in the money of the account."""
_MIDDLE: Final = 6_000_000
"""Where the walk of the sample begins."""
_WHOLE: Final = 10_000_000
_FAR: Final = 80_000
"""How far the first symbol is pushed off at each beat at most, in parts of `_WHOLE`: 80 bps."""
_LESS: Final = 3
"""How many times less the others are."""
_BACK: Final = 16
"""Beats after which a push is forgotten: a quarter of it is lost at each."""
_BEAT_NS: Final = 20 * SECOND
"""For strategies that want no bars; for others one bar."""
_SHORTER: Final = 2
_LEVELS: Final = 500_000
"""About so many price steps make a price of a symbol of which no grid is known."""


def samples_for(strategy: Strategy, need: WarmUp, symbols: Sequence[str]) -> tuple[Ticks, ...]:
    """One a symbol, as long as `sample_for` makes one; crosses come last, for the account counts in
    the quote of the first. With book tops where they are wanted.
    """
    seconds, slower = pace(strategy, need)
    if strategy.bar is None:  # all of its events are told one by one, for each symbol
        seconds, slower = seconds // _SHORTER, slower * _SHORTER
    made = sample.sample_arrays(0, sample.START_NS, seconds, symbols[0])
    bases = {base_of(symbol) for symbol in symbols}
    ordered = sorted(symbols, key=lambda symbol: quote_of(symbol) in bases)
    beat_ns = _BEAT_NS if strategy.bar is None else need.width_ns
    words = f"{words_of(seconds, slower)}, symbols that belong together"
    return tuple(
        _market(
            made,
            _Course(symbol, bases, number, beat_ns // slower),
            slower,
            words,
            BookTop in strategy.wants,
        )
        for number, symbol in enumerate(ordered)
    )


class _Course:
    """Prices of one symbol, in steps, made of those of the sample."""

    def __init__(self, symbol: str, bases: set[str], number: int, beat_ns: int) -> None:
        base, quote = base_of(symbol), quote_of(symbol)
        self._is_cross = quote in bases
        level = _worth(base) / (_worth(quote) if self._is_cross else 1)
        self.instrument = _instrument(symbol, level)
        self._level = int(level / self.instrument.price_tick)
        self._number, self._beat_ns = number, beat_ns

    def prices(self, walked: Int64, ts_ns: Int64) -> Int64:
        """(n,) counts of the price step; walked, ts_ns: of the sample, as fast as it is."""
        shared = np.full(len(walked), _MIDDLE) if self._is_cross else walked
        far = _FAR if self._number == 0 else _FAR // _LESS
        beats = (ts_ns - sample.START_NS) // self._beat_ns
        off = _wander(self._number, beats, far)
        return shared * self._level // _MIDDLE * (_WHOLE + off) // _WHOLE


def _market(made: sample.Sample, course: _Course, slower: int, words: str, has_tops: bool) -> Ticks:
    trades, tops, known = made.trades, made.tops, course.instrument
    price = course.prices(trades.price, trades.ts_ns)
    away = np.where(trades.is_buyer_maker, -1, 1) * deeper(trades.ts_ns)
    columns = TickColumns(
        known,
        known.price_tick,
        known.qty_lot,
        slowed(trades.ts_ns, slower),
        price + away,
        trades.qty,
        trades.is_buyer_maker,
        trades.trade_id,
    )
    if not has_tops:
        return Ticks(columns, source=words)
    bids = course.prices(tops.bid, tops.ts_ns)
    books = TopColumns(
        known,
        known.price_tick,
        known.qty_lot,
        slowed(tops.ts_ns, slower),
        bids,
        tops.bid_qty,
        np.maximum(course.prices(tops.ask, tops.ts_ns), bids + 1),
        tops.ask_qty,
        tops.update_id,
        np.searchsorted(trades.arrival, tops.arrival),
    )
    return Ticks(columns, books, source=words)


def _wander(number: int, beats: Int64, far: int) -> Int64:
    """How far a symbol is off at each beat: pushes by a hash, of which each beat a quarter goes."""
    off = np.zeros(len(beats), np.int64)
    for back in range(_BACK):
        push = (_hash(beats - back, number) % np.uint64(2 * far + 1)).astype(np.int64) - far
        off += push * 3**back // 4**back
    return off


def _hash(counters: Int64, number: int) -> Words:
    mixed = counters.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    mixed ^= np.uint64((number + 1) * 0xD1342543DE82EF95 % 2**64)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return (mixed ^ (mixed >> np.uint64(31))) >> np.uint64(20)


def _worth(asset: str) -> Decimal:
    return _WORTH.get(asset, _ELSE)


def _instrument(symbol: str, level: Decimal) -> Instrument:
    """The built-in one, else one of a grid that is fine enough for such a price."""
    fine = Decimal(1).scaleb((level / _LEVELS).adjusted())
    return known_instrument(symbol) or on_grid(symbol, fine, Decimal("0.0001"))
