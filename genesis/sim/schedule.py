"""The moments a recorded market brings by itself, in order: bar boundaries and book tops.

At one instant the order is: what happened to our orders, bar boundaries, timers, book tops and
ticks. A boundary comes before every tick stamped at or after it.
"""

from collections.abc import Iterable, Iterator, Sequence
from enum import IntEnum
from heapq import merge
from itertools import chain, groupby, islice, repeat
from typing import Final

import numpy as np

from genesis.domain.events import BarClosed, TimerFired, bar_timer_key
from genesis.domain.time import MINUTE
from genesis.sim.columns import NEVER, BarRows, TickSource, TopColumns


class Rank(IntEnum):
    """Who goes first at one instant."""

    ORDERS = 0
    BAR = 1
    TIMER = 2
    TOP = 3


Told = BarClosed | TimerFired | int | None
"""What a moment tells the engine: a bar, a bar's timer, the row of a book top, or nothing."""

Moment = tuple[int, int, int, int, int, int, Told]
"""(due_ns, rank, end, start, low, high, told): a plain tuple, one per bar, for speed.

After the moment the market goes on with tick `end`. `low` and `high` bound the ticks
[start, end) before it (in price steps), where they are known.
"""

UNKNOWN_LOW: Final = -1
UNKNOWN_HIGH: Final = NEVER
UNKNOWN: Final[Moment] = (0, 0, 0, 0, UNKNOWN_LOW, UNKNOWN_HIGH, None)

Part = tuple[int, Moment]
"""The number of a symbol, and its moment."""

Round = tuple[int, int, Sequence[Part]]
"""(due_ns, rank, parts): the moments of one instant and rank, by the number of their symbol."""


def rounds(streams: Sequence[Iterator[Moment]]) -> Iterator[Round]:
    """The moments of all symbols, oldest first; each symbol's own are in order."""
    numbered = [zip(repeat(number), stream) for number, stream in enumerate(streams)]
    merged = merge(*numbered, key=_due_of_part)
    return ((*key, tuple(parts)) for key, parts in groupby(merged, key=_due_of_part))


def _due_of_part(part: Part) -> tuple[int, int]:
    return part[1][:2]


def moments(source: TickSource, *, timers: bool) -> Iterator[Moment]:
    """All moments of a source, oldest first, ended by one that is never due.

    timers: boundaries without a trade are moments too, as a live timer would have it.
    """
    widths = sorted(set(source.widths_ns))
    streams = [_boundaries(source, w) if timers else _bars(source, w) for w in widths]
    if not streams and not timers:
        streams = [_spans(source)]
    if source.tops is not None:
        streams.append(_tops(source.tops))
    found = streams[0] if len(streams) == 1 else merge(*streams, key=_due)
    count = len(source.ticks)
    end: Moment = (NEVER, Rank.BAR.value, count, count, UNKNOWN_LOW, UNKNOWN_HIGH, None)
    return chain(found, (end,))


def _due(moment: Moment) -> tuple[int, int]:
    """Merging is stable: of equals the narrower bar goes first."""
    return moment[:2]


def _bars(source: TickSource, width_ns: int) -> Iterator[Moment]:
    return _moments(source.ticks.bars(width_ns), source.ticks.closed(width_ns))


def _spans(source: TickSource) -> Iterator[Moment]:
    """Without bars to tell of, minutes still bound the prices of their ticks."""
    return _moments(source.ticks.bars(MINUTE), repeat(None))


def _moments(rows: BarRows, told: Iterable[BarClosed | None]) -> Iterator[Moment]:
    ends = islice(rows.first, 1, None)
    rank = repeat(Rank.BAR.value)
    return zip(rows.boundary_ns, rank, ends, rows.first, rows.low, rows.high, told, strict=False)


def _boundaries(source: TickSource, width_ns: int) -> Iterator[Moment]:
    ts_ns = source.ticks.ts_ns
    if len(ts_ns) == 0:
        return
    key = bar_timer_key(source.ticks.instrument.symbol, width_ns)
    head, tail = int(ts_ns[0]) // width_ns, int(ts_ns[-1]) // width_ns
    due = np.arange(head + 1, tail + 1, dtype=np.int64) * width_ns
    for at, end in zip(due.tolist(), np.searchsorted(ts_ns, due).tolist(), strict=True):
        yield at, Rank.BAR.value, end, 0, UNKNOWN_LOW, UNKNOWN_HIGH, TimerFired(at, key)


def _tops(tops: TopColumns) -> Iterator[Moment]:
    rows = zip(tops.ts_ns.tolist(), tops.ticks_before.tolist(), strict=True)
    for row, (at, end) in enumerate(rows):
        yield at, Rank.TOP.value, end, 0, UNKNOWN_LOW, UNKNOWN_HIGH, row
