"""The same market with another future: cut off at a moment, or replaced by an absurd one."""

from dataclasses import replace
from typing import Final

import numpy as np
import numpy.typing as npt

from genesis.research.bars import Bars
from genesis.research.markets import Market
from genesis.sim.columns import BarColumns, TickColumns, TopColumns

Int64 = npt.NDArray[np.int64]

_TIMES: Final = 10
"""How absurd: prices ten times as high, or a tenth."""
_LEAST_ROWS: Final = 2_000
_SHARE: Final = 10


def known_rows(data: Market, cut_ns: int) -> int:
    """How many ticks (or bars) were over before `cut_ns`."""
    if isinstance(data, Bars):  # a bar that ends at the moment is known at it
        ends = data.columns.open_ts_ns + data.columns.width_ns
        return int(np.searchsorted(ends, cut_ns, side="right"))
    return int(np.searchsorted(data.columns.ts_ns, cut_ns))  # a tick stamped with it comes after


def is_clean(data: Market, cut_ns: int) -> bool:
    """Is there a past and a future, and no book top that was consumed with a later tick?"""
    rows = known_rows(data, cut_ns)
    if not 0 < rows < len(data):
        return False
    if isinstance(data, Bars) or data.tops is None:
        return True
    tops = _known_tops(data.tops, cut_ns)
    return tops == 0 or int(data.tops.ticks_before[tops - 1]) <= rows


def cut_off(data: Market, cut_ns: int) -> Market:
    """The market until just before `cut_ns`.

    Of ticks one is added at that very moment, which repeats the last price: without it the bar that
    ends there would never close. It says nothing of the future.
    """
    rows = known_rows(data, cut_ns)
    if isinstance(data, Bars):
        return Bars(_bars(data.columns, slice(0, rows)), data.source)
    c = data.columns
    ids = c.trade_ids
    still = fresh_columns(
        c,
        ts_ns=np.append(c.ts_ns[:rows], cut_ns),
        prices=np.append(c.prices[:rows], c.prices[rows - 1]),
        qtys=np.append(c.qtys[:rows], 1),
        buyer_is_maker=np.append(c.buyer_is_maker[:rows], False),
        trade_ids=None if ids is None else np.append(ids[:rows], ids[rows - 1] + 1),
    )
    return replace(data, columns=still, tops=_first_tops(data.tops, cut_ns))


def poisoned(data: Market, cut_ns: int, *, high: bool) -> Market:
    """The market with an absurd, legal future from `cut_ns` on: prices in reverse order and ten
    times as high, or a tenth; volumes in reverse order and larger; sides swapped.

    The future is as long as a tenth of the data, at least 2,000 rows, where there are so many.
    """
    rows = known_rows(data, cut_ns)
    end = min(len(data), rows + max(_LEAST_ROWS, len(data) // _SHARE))
    if isinstance(data, Bars):
        return Bars(_poisoned_bars(_bars(data.columns, slice(0, end)), rows, high), data.source)
    c = data.columns
    absurd = fresh_columns(
        c,
        ts_ns=c.ts_ns[:end],
        prices=_joined(c.prices[:end], rows, high),
        qtys=_grown(c.qtys[:end], rows),
        buyer_is_maker=np.append(c.buyer_is_maker[:rows], ~c.buyer_is_maker[rows:end]),
        trade_ids=None if c.trade_ids is None else c.trade_ids[:end],
    )
    tops = None if data.tops is None else _poisoned_tops(data.tops, cut_ns, end, high)
    return replace(data, columns=absurd, tops=tops)


def _poisoned_bars(c: BarColumns, rows: int, high: bool) -> BarColumns:
    return replace(
        c,
        opens=_joined(c.opens, rows, high),
        highs=_joined(c.highs, rows, high),
        lows=_joined(c.lows, rows, high),
        closes=_joined(c.closes, rows, high),
        volumes=_grown(c.volumes, rows),
    )


def _poisoned_tops(tops: TopColumns, cut_ns: int, end: int, high: bool) -> TopColumns:
    known = _known_tops(tops, cut_ns)
    last = int(np.searchsorted(tops.ticks_before, end, side="right"))
    kept = _tops(tops, slice(0, max(known, last)))
    bids = _joined(kept.bids, known, high)
    asks = np.maximum(_joined(kept.asks, known, high), bids + 1)
    asks[:known] = kept.asks[:known]
    return replace(
        kept,
        bids=bids,
        asks=asks,
        bid_qtys=_grown(kept.bid_qtys, known),
        ask_qtys=_grown(kept.ask_qtys, known),
    )


def _joined(prices: Int64, rows: int, high: bool) -> Int64:
    future = prices[rows:][::-1]
    absurd = future * _TIMES if high else np.maximum(1, future // _TIMES)
    return np.concatenate((prices[:rows], absurd))


def _grown(qtys: Int64, rows: int) -> Int64:
    return np.concatenate((qtys[:rows], qtys[rows:][::-1] * 3 + 1))


def _known_tops(tops: TopColumns, cut_ns: int) -> int:
    return int(np.searchsorted(tops.ts_ns, cut_ns))


def _first_tops(tops: TopColumns | None, cut_ns: int) -> TopColumns | None:
    return None if tops is None else _tops(tops, slice(0, _known_tops(tops, cut_ns)))


def _tops(c: TopColumns, rows: slice) -> TopColumns:
    return replace(
        c,
        ts_ns=c.ts_ns[rows],
        bids=c.bids[rows],
        bid_qtys=c.bid_qtys[rows],
        asks=c.asks[rows],
        ask_qtys=c.ask_qtys[rows],
        update_ids=c.update_ids[rows],
        ticks_before=c.ticks_before[rows],
    )


def _bars(c: BarColumns, rows: slice) -> BarColumns:
    return replace(
        c,
        open_ts_ns=c.open_ts_ns[rows],
        opens=c.opens[rows],
        highs=c.highs[rows],
        lows=c.lows[rows],
        closes=c.closes[rows],
        volumes=c.volumes[rows],
    )


def fresh_columns(c: TickColumns, **changed: object) -> TickColumns:
    """The columns with some of them replaced; bars that were made of the old ones are not kept."""
    return replace(c, _bars={}, _closed={}, **changed)  # type: ignore[arg-type]
