"""A synthetic market for a check without data: long enough for the strategy, and with ties."""

from decimal import Decimal
from typing import Final

import numpy as np
import numpy.typing as npt

from genesis.domain.events import BookTop, TradeTick
from genesis.domain.time import MINUTE, SECOND
from genesis.research.guards.warm_up import WarmUp
from genesis.research.instruments import instrument
from genesis.research.ticks import Ticks
from genesis.sim import sample
from genesis.sim.columns import TickColumns, TopColumns
from genesis.strategy import Strategy

Int64 = npt.NDArray[np.int64]

SYMBOL: Final = "BTC/USDT"
_BARS_S: Final = 7_200
_TICKS_S: Final = 1_200
_BARS: Final = 480
_MINUTES: Final = 40
_WIDE_NS: Final = 5 * MINUTE
_WIDE: Final = 18_000
"""30 bps of the sample's price, in steps of 0.01."""
_EACH: Final = 3
"""How much further each trade of one instant digs into the book, in steps."""


def sample_for(strategy: Strategy, need: WarmUp) -> Ticks:
    """The synthetic sample for a strategy that wants trades or bars, and book tops if it does.

    A strategy of bars gets two hours, others twenty minutes; where that is fewer bars than it
    needs, time runs slower. Trades of one instant dig into the book, so that their order shows.
    Where book tops are wanted, every second five minutes have a spread of 30 bps: in the narrow
    market of the sample a maker would never have anything to decide.
    """
    seconds, slower = pace(strategy, need)
    made = sample.sample_arrays(0, sample.START_NS, seconds, SYMBOL)
    is_wide = BookTop in strategy.wants
    trades, tops = made.trades, made.tops
    grid = Decimal(1).scaleb(-sample.PRICE_SCALE)
    lot = Decimal(1).scaleb(-sample.QTY_SCALE)
    columns = TickColumns(
        instrument(SYMBOL),
        grid,
        lot,
        slowed(trades.ts_ns, slower),
        _dug(made, is_wide),
        trades.qty,
        trades.is_buyer_maker,
        trades.trade_id,
    )
    words = words_of(seconds, slower)
    if not is_wide:
        return Ticks(columns, source=words)
    half = _half(tops.ts_ns)
    books = TopColumns(
        columns.instrument,
        grid,
        lot,
        slowed(tops.ts_ns, slower),
        tops.bid - half,
        tops.bid_qty,
        tops.ask + half,
        tops.ask_qty,
        tops.update_id,
        np.searchsorted(trades.arrival, tops.arrival),
    )
    return Ticks(columns, books, source=f"{words}, spread widened now and then")


def pace(strategy: Strategy, need: WarmUp) -> tuple[int, int]:
    """Seconds of the sample, and how many times slower they pass."""
    reads_all = bool(strategy.wants & {TradeTick, BookTop})
    seconds = _TICKS_S if reads_all else _BARS_S
    bars = _MINUTES if strategy.bar is None else _BARS
    span_s = max(bars, need.needed + 4 * need.bars) * need.width_ns // SECOND
    return seconds, max(1, -(-span_s // seconds))


def words_of(seconds: int, slower: int) -> str:
    return f"synthetic sample, {seconds // 60} min" + (f", {slower}x slower" * (slower > 1))


def slowed(ts_ns: Int64, slower: int) -> Int64:
    """Stamps of the sample, so many times further apart."""
    return sample.START_NS + (ts_ns - sample.START_NS) * slower


def _half(ts_ns: Int64) -> Int64:
    """Half of what the spread is widened by."""
    return np.where(ts_ns // _WIDE_NS % 2 == 1, _WIDE // 2, 0)


def _dug(made: sample.Sample, is_wide: bool) -> Int64:
    trades = made.trades
    away = deeper(trades.ts_ns) + (_half(trades.ts_ns) if is_wide else 0)
    return np.where(trades.is_buyer_maker, trades.price - away, trades.price + away)


def deeper(ts_ns: Int64) -> Int64:
    """How much further into the book each trade of one instant digs, in steps."""
    first = np.append(True, ts_ns[1:] != ts_ns[:-1])
    start = np.maximum.accumulate(np.where(first, np.arange(len(first)), 0))
    return (np.arange(len(first)) - start) * _EACH
