"""The moments a recorded market brings by itself, in order: bar boundaries and book tops.

At one instant the order is: what happened to our orders, bar boundaries, timers, book tops and
ticks. A boundary comes before every tick stamped at or after it.
"""

from enum import IntEnum
from heapq import merge
from typing import Final, NamedTuple

import numpy as np

from genesis.domain.time import MINUTE
from genesis.sim.columns import NEVER, BarRows, TickSource


class Rank(IntEnum):
    """Who goes first at one instant."""

    ORDERS = 0
    BAR = 1
    TIMER = 2
    TOP = 3


class Moment(NamedTuple):
    """A moment and the tick from which the market goes on after it.

    `low` and `high` bound the ticks [start, end) before it (in price steps), where they are
    known. `row` is the bar or top the moment tells of, -1 for none; `width_ns` 0 is a book top.
    """

    due_ns: int
    rank: int
    width_ns: int
    end: int
    start: int
    low: int
    high: int
    row: int


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
    last = Moment(NEVER, Rank.BAR, 0, count, count, UNKNOWN_LOW, UNKNOWN_HIGH, -1)
    return [*found, last]


def _bars(source: TickSource, width_ns: int) -> list[Moment]:
    rows = source.ticks.bars(width_ns)
    return _moments(rows, range(len(rows.open)))


def _spans(source: TickSource) -> list[Moment]:
    """Without bars to tell of, minutes still bound the prices of their ticks."""
    rows = source.ticks.bars(MINUTE)
    return _moments(rows, [-1] * len(rows.open))


def _moments(rows: BarRows, told: "range | list[int]") -> list[Moment]:
    first, width = rows.first, rows.width_ns
    return [
        Moment(due, Rank.BAR, width, end, start, low, high, row)
        for due, end, start, low, high, row in zip(
            rows.boundary_ns, first[1:], first, rows.low, rows.high, told, strict=False
        )
    ]


def _boundaries(source: TickSource, width_ns: int) -> list[Moment]:
    ts_ns = source.ticks.ts_ns
    if len(ts_ns) == 0:
        return []
    head, tail = int(ts_ns[0]) // width_ns, int(ts_ns[-1]) // width_ns
    due = np.arange(head + 1, tail + 1, dtype=np.int64) * width_ns
    ends = np.searchsorted(ts_ns, due)
    return [
        Moment(at, Rank.BAR, width_ns, end, 0, UNKNOWN_LOW, UNKNOWN_HIGH, row)
        for row, (at, end) in enumerate(zip(due.tolist(), ends.tolist(), strict=True))
    ]


def _tops(source: TickSource) -> list[Moment]:
    assert source.tops is not None
    return [
        Moment(at, Rank.TOP, 0, end, 0, UNKNOWN_LOW, UNKNOWN_HIGH, row)
        for row, (at, end) in enumerate(
            zip(source.tops.ts_ns.tolist(), source.tops.ticks_before.tolist(), strict=True)
        )
    ]
