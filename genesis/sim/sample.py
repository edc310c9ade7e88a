"""A synthetic market with a book: made up, the same on every machine, and labelled so.

It is no forecast and no history: a random walk around 60000 USDT with quiet and lively minutes,
slow drifts, a spread of one tick most of the time, and trades that hit the book that stands. It
serves demos, tests and benchmarks where no recorded market is at hand.

Everything is whole-number arithmetic on a counter hash (splitmix64): no generator, no state, no
float. Row i depends on the seed and i alone, so a longer sample begins with the shorter one.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from genesis.domain.events import BookTop, TradeTick
from genesis.domain.time import MILLISECOND, SECOND

Ints = npt.NDArray[np.int64]
_Words = npt.NDArray[np.uint64]

PRICE_SCALE: Final = 2
QTY_SCALE: Final = 5
START_NS: Final = 1_704_067_200 * SECOND
"""2024-01-01T00:00:00Z, where a sample begins unless told otherwise."""

_MOMENTS_PER_SECOND: Final = 16
_MOMENT_NS: Final = SECOND // _MOMENTS_PER_SECOND
_PER_MINUTE: Final = 60 * _MOMENTS_PER_SECOND
_PER_DRIFT: Final = 7 * _PER_MINUTE
_CHUNK: Final = 16_384
_MID: Final = 6_000_000
_LOWEST: Final = 3_000_000
_HIGHEST: Final = 12_000_000
_MOST_TRADES: Final = 4

# One stream of the hash for each thing that is drawn.
_NOISE, _TIME, _LIVELY, _DRIFT, _SPREAD, _BID_QTY, _ASK_QTY, _BURST, _SIDE, _QTY = range(10)


@dataclass(frozen=True, slots=True)
class SampleTrades:
    """Trades: all (n,) int64 but the flag; price counts 0.01, qty counts 0.00001."""

    ts_ns: Ints
    trade_id: Ints
    price: Ints
    qty: Ints
    is_buyer_maker: npt.NDArray[np.bool_]
    arrival: Ints


@dataclass(frozen=True, slots=True)
class SampleTops:
    """Book tops: all (n,) int64; prices count 0.01, quantities 0.00001."""

    ts_ns: Ints
    update_id: Ints
    bid: Ints
    bid_qty: Ints
    ask: Ints
    ask_qty: Ints
    arrival: Ints


@dataclass(frozen=True, slots=True)
class Sample:
    """Some stretch of the market; `arrival` numbers trades and tops together, from 0."""

    symbol: str
    trades: SampleTrades
    tops: SampleTops


def sample_arrays(
    seed: int = 0, start_ns: int = START_NS, seconds: int = 3600, symbol: str = "BTC/USDT"
) -> Sample:
    """The whole sample as columns (see `SampleTrades` and `SampleTops` for units)."""
    parts = list(sample_chunks(seed, start_ns, seconds, symbol))
    trades = SampleTrades(*(_joined(parts, "trades", name) for name in SampleTrades.__slots__))
    tops = SampleTops(*(_joined(parts, "tops", name) for name in SampleTops.__slots__))
    return Sample(symbol, trades, tops)


def sample_market(
    seed: int = 0, start_ns: int = START_NS, seconds: int = 3600, symbol: str = "BTC/USDT"
) -> Iterator[TradeTick | BookTop]:
    """The sample as events in time order: the book stands, is traded against, and moves."""
    for part in sample_chunks(seed, start_ns, seconds, symbol):
        yield from _events(part)


def sample_chunks(seed: int, start_ns: int, seconds: int, symbol: str) -> Iterator[Sample]:
    """The sample in stretches of about a quarter of an hour.

    Raises:
        ValueError: `seconds` is not positive, or the start is not a whole millisecond.
    """
    if seconds <= 0:
        raise ValueError(f"a sample of {seconds} seconds is empty")
    if start_ns % MILLISECOND:
        raise ValueError(f"the start {start_ns} is not a whole millisecond")
    count = seconds * _MOMENTS_PER_SECOND
    walked = trade_id = arrival = 0
    for first in range(0, count, _CHUNK):
        moments = np.arange(first, min(first + _CHUNK, count), dtype=np.int64)
        path = walked + np.cumsum(_steps(seed, moments))
        part = _stretch(seed, start_ns, symbol, moments, path, trade_id, arrival)
        yield part
        walked = int(path[-1])
        trade_id += len(part.trades.ts_ns)
        arrival += len(part.trades.ts_ns) + len(part.tops.ts_ns)


def _stretch(
    seed: int,
    start_ns: int,
    symbol: str,
    moments: Ints,
    path: Ints,
    trades_before: int,
    arrivals_before: int,
) -> Sample:
    """At each moment a top appears, and then the trades that hit it."""
    bid = _folded(_MID + path)
    ask = bid + _spread(seed, moments)
    bid_qty = 1_000 + _draw(seed, _BID_QTY, moments, 400_000)
    ask_qty = 1_000 + _draw(seed, _ASK_QTY, moments, 400_000)
    jitter = _draw(seed, _TIME, moments, _MOMENT_NS // MILLISECOND) * MILLISECOND
    ts_ns = start_ns + (moments * _MOMENT_NS) // MILLISECOND * MILLISECOND + jitter
    burst = _burst(seed, moments)
    hit = np.repeat(np.arange(len(moments)), burst)
    place = np.arange(len(hit)) - np.repeat(np.cumsum(burst) - burst, burst)
    is_sell = (_draw(seed, _SIDE, moments, 2) == 1)[hit]
    standing = np.where(is_sell, bid_qty[hit], ask_qty[hit]) // _MOST_TRADES
    wanted = 1 + _draw(seed, _QTY, moments[hit] * _MOST_TRADES + place, 20_000)
    trades = SampleTrades(
        ts_ns=ts_ns[hit],
        trade_id=trades_before + 1 + np.arange(len(hit)),
        price=np.where(is_sell, bid[hit], ask[hit]),
        qty=np.minimum(wanted, standing),
        is_buyer_maker=is_sell,
        arrival=arrivals_before + np.arange(len(hit)) + hit + 1,
    )
    tops = SampleTops(
        ts_ns=ts_ns,
        update_id=moments + 1,
        bid=bid,
        bid_qty=bid_qty,
        ask=ask,
        ask_qty=ask_qty,
        arrival=arrivals_before + np.arange(len(moments)) + np.cumsum(burst) - burst,
    )
    return Sample(symbol, trades, tops)


def _steps(seed: int, moments: Ints) -> Ints:
    """Change of the bid in ticks: noise as lively as its minute, and a drift of seven minutes."""
    minutes, drifts = moments // _PER_MINUTE, moments // _PER_DRIFT
    lively = _draw(seed, _LIVELY, minutes, 16)
    width = np.where(lively < 10, 110, np.where(lively < 15, 260, 700))
    noise: Ints = (_draw(seed, _NOISE, moments, 1 << 20) * (2 * width + 1) >> 20) - width
    drift = _draw(seed, _DRIFT, drifts, 5) - 2
    return noise + drift


def _spread(seed: int, moments: Ints) -> Ints:
    drawn = _draw(seed, _SPREAD, moments, 64)
    return np.where(drawn < 56, 1, 1 + (drawn - 55) ** 3)


def _burst(seed: int, moments: Ints) -> Ints:
    """How many trades hit the book at each moment: mostly none, now and then up to four."""
    drawn = _draw(seed, _BURST, moments, 16)
    return np.where(drawn < 9, 0, np.where(drawn < 13, 1, drawn - 11)).astype(np.int64)


def _folded(prices: Ints) -> Ints:
    """Prices reflected at a lowest and a highest one, so that no walk ever leaves the market."""
    span = _HIGHEST - _LOWEST
    phase = (prices - _LOWEST) % (2 * span)
    return _LOWEST + np.minimum(phase, 2 * span - phase)


def _draw(seed: int, stream: int, counters: Ints, below: int) -> Ints:
    """Whole numbers in [0, below) for counters: the same for the same seed, stream and counter."""
    key = (seed * 0x9E3779B97F4A7C15 + (stream + 1) * 0xD1342543DE82EF95) % 2**64
    words = counters.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    mixed = _mix(_mix(words ^ np.uint64(key)) + np.uint64(key))
    return ((mixed >> np.uint64(33)) % np.uint64(below)).astype(np.int64)


def _mix(words: _Words) -> _Words:
    """The finisher of splitmix64; products wrap at 64 bits."""
    words = (words ^ (words >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    words = (words ^ (words >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return words ^ (words >> np.uint64(31))


def _joined(parts: list[Sample], group: str, name: str) -> Any:
    return np.concatenate([getattr(getattr(part, group), name) for part in parts])


def _events(part: Sample) -> Iterator[TradeTick | BookTop]:
    rows: list[TradeTick | BookTop] = [*_trade_ticks(part), *_book_tops(part)]
    order = np.argsort(np.concatenate([part.trades.arrival, part.tops.arrival]))
    for i in order.tolist():
        yield rows[i]


def _trade_ticks(part: Sample) -> Iterator[TradeTick]:
    t = part.trades
    columns = (t.ts_ns, t.trade_id, t.price, t.qty, t.is_buyer_maker)
    for ts_ns, trade_id, price, qty, is_maker in zip(*_lists(columns), strict=True):
        yield TradeTick(ts_ns, part.symbol, trade_id, _price(price), _qty(qty), is_maker)


def _book_tops(part: Sample) -> Iterator[BookTop]:
    t = part.tops
    columns = (t.ts_ns, t.update_id, t.bid, t.bid_qty, t.ask, t.ask_qty)
    for ts_ns, update_id, bid, bid_qty, ask, ask_qty in zip(*_lists(columns), strict=True):
        amounts = (_price(bid), _qty(bid_qty), _price(ask), _qty(ask_qty))
        yield BookTop(ts_ns, part.symbol, update_id, *amounts)


def _lists(columns: tuple[npt.NDArray[np.generic], ...]) -> list[list[int]]:
    return [column.tolist() for column in columns]


def _price(ticks: int) -> Decimal:
    return Decimal(ticks).scaleb(-PRICE_SCALE)


def _qty(lots: int) -> Decimal:
    return Decimal(lots).scaleb(-QTY_SCALE)
