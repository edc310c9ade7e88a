"""The moments a recorded market brings by itself, in order: bar boundaries and book tops.

At one instant the order is: what happened to our orders, bar boundaries, timers, book tops and
ticks. A boundary comes before every tick stamped at or after it.
"""

from collections.abc import Iterable
from enum import IntEnum
from heapq import merge
from itertools import repeat
from typing import Final

import numpy as np

from genesis.domain.time import MINUTE
from genesis.sim.columns import NEVER, BarRows, TickSource


class Rank(IntEnum):
    """Who goes first at one instant."""

    ORDERS = 0
    BAR = 1
    TIMER = 2
    TOP = 3


Moment = tuple[int, int, int, int, int, int, int, int]
"""(due_ns, rank, width_ns, end, start, low, high, row): a plain tuple, one per bar, for speed.

After the moment the market goes on with tick `end`. `low` and `high` bound the ticks
[start, end) before it (in price steps), where they are known. `row` is the bar or top the moment
tells of, -1 for none. `width_ns` 0 is a book top.
"""

UNKNOWN_LOW: Final = -1
UNKNOWN_HIGH: Final = NEVER


def moments(source: TickSource, *, timers: bool) -> list[Moment]:
    """All moments of a source, oldest first, closed by one that is never due.

    timers: boundaries without a trade are moments too, as a live timer would have it.
    """
    streams = [_boundaries(source, w) if timers else _bars(source, w) for w in source.widths_ns]
    if not streams and not timers:
        streams = [_spans(source)]
    if source.tops is not None:
        streams.append(_tops(source))
    found = streams[0] if len(streams) == 1 else list(merge(*streams))
    count = len(source.ticks)
    last = (NEVER, Rank.BAR.value, 0, count, count, UNKNOWN_LOW, UNKNOWN_HIGH, -1)
    return [*found, last]


def _bars(source: TickSource, width_ns: int) -> list[Moment]:
    rows = source.ticks.bars(width_ns)
    return _moments(rows, range(len(rows.open)))


def _spans(source: TickSource) -> list[Moment]:
    """Without bars to tell of, minutes still bound the prices of their ticks."""
    return _moments(source.ticks.bars(MINUTE), repeat(-1))


def _moments(rows: BarRows, told: Iterable[int]) -> list[Moment]:
    first = rows.first
    rank, width = repeat(Rank.BAR.value), repeat(rows.width_ns)
    columns = (rows.boundary_ns, rank, width, first[1:], first, rows.low, rows.high, told)
    return list(zip(*columns, strict=False))


def _boundaries(source: TickSource, width_ns: int) -> list[Moment]:
    ts_ns = source.ticks.ts_ns
    if len(ts_ns) == 0:
        return []
    head, tail = int(ts_ns[0]) // width_ns, int(ts_ns[-1]) // width_ns
    due = np.arange(head + 1, tail + 1, dtype=np.int64) * width_ns
    ends = np.searchsorted(ts_ns, due)
    return [
        (at, Rank.BAR.value, width_ns, end, 0, UNKNOWN_LOW, UNKNOWN_HIGH, row)
        for row, (at, end) in enumerate(zip(due.tolist(), ends.tolist(), strict=True))
    ]


def _tops(source: TickSource) -> list[Moment]:
    assert source.tops is not None
    return [
        (at, Rank.TOP.value, 0, end, 0, UNKNOWN_LOW, UNKNOWN_HIGH, row)
        for row, (at, end) in enumerate(
            zip(source.tops.ts_ns.tolist(), source.tops.ticks_before.tolist(), strict=True)
        )
    ]
