"""How much market a result rests on: the first line of every report."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from genesis.domain.time import DAY, SECOND, format_utc
from genesis.sim.columns import BarColumns, TickColumns
from genesis.store.ticks.records import AWAY, FEED, GapRecord

_DEAF: Final = frozenset({FEED, AWAY})


@dataclass(frozen=True, slots=True)
class Coverage:
    """What the data covers.

    kind: ticks or bars. rows: how many. longest_gap_s: longest time between two of them (beyond
    the width, for bars); gap_from_ns: when it begins. covered_fraction: widths with a trade over
    all widths between first and last (of one minute for ticks); quiet markets have empty minutes
    without a hole in the data. missing, holes: trade ids absent between the first and the last,
    and in how many places (0 where ticks tell no ids). outages: when our recorder heard nothing of
    the span; trades of such a time may have been fetched since, books are not.
    """

    kind: str
    rows: int
    first_ns: int
    last_ns: int
    longest_gap_s: float
    covered_fraction: float
    missing: int = 0
    holes: int = 0
    outages: tuple[GapRecord, ...] = ()
    gap_from_ns: int = 0

    @property
    def days(self) -> float:
        return (self.last_ns - self.first_ns) / DAY

    @property
    def deaf_s(self) -> float:
        """Seconds of the span in which our recorder heard nothing."""
        heard_to, total = self.first_ns, 0
        for after_ns, before_ns in sorted((gap.after_ns, gap.before_ns) for gap in self.outages):
            total += max(0, min(before_ns, self.last_ns) - max(after_ns, heard_to))
            heard_to = max(heard_to, before_ns)
        return total / SECOND

    def __str__(self) -> str:
        lacks = ""
        gap = f"{self.longest_gap_s:.1f} s"
        gap += f" from {format_utc(self.gap_from_ns)}" if self.longest_gap_s else ""
        if self.missing:
            lacks += f", {self.missing:,} trades missing in {_counted(self.holes, 'gap')}"
        if self.outages:
            outages = _counted(len(self.outages), "outage")
            lacks += f", recorder deaf for {self.deaf_s:,.1f} s in {outages}"
        return (
            f"{self.rows:,} {self.kind}, {format_utc(self.first_ns)} to "
            f"{format_utc(self.last_ns)} ({self.days:.2f} days), longest gap {gap}, "
            f"{self.covered_fraction:.2%} of the bars present{lacks}"
        )


@dataclass(frozen=True, slots=True)
class Coverages:
    """What the data of several symbols covers, in the order of `symbols`."""

    symbols: Sequence[str]
    each: Sequence[Coverage]

    def __str__(self) -> str:
        told = zip(self.symbols, self.each, strict=True)
        return "; ".join(f"{symbol}: {one}" for symbol, one in told)


def coverage(
    columns: TickColumns | BarColumns, width_ns: int, gaps: tuple[GapRecord, ...] = ()
) -> Coverage:
    """Coverage of the columns in bars of `width_ns` (bars have their own width).

    gaps: what the recorder of the ticks says it missed.
    """
    missing = holes = 0
    if isinstance(columns, BarColumns):
        ts_ns, width_ns = columns.open_ts_ns, columns.width_ns
        present, kind = len(ts_ns), "bars"
        over = width_ns
    else:
        ts_ns, kind = columns.ts_ns, "ticks"
        present = len(columns.bars(width_ns).first)
        over = 0
        missing, holes = _holes(columns.trade_ids)
    first, last = int(ts_ns[0]), int(ts_ns[-1])
    widths = last // width_ns - first // width_ns + 1
    outages = tuple(
        each
        for each in gaps
        if each.kind in _DEAF and each.before_ns > first and each.after_ns < last
    )
    share = present / widths
    since, step = _longest_step(ts_ns)
    gap_s = max(0, step - over) / SECOND
    begin = since + over
    return Coverage(kind, len(ts_ns), first, last, gap_s, share, missing, holes, outages, begin)


def _holes(ids: npt.NDArray[np.int64] | None) -> tuple[int, int]:
    if ids is None:
        return 0, 0
    steps = np.diff(ids)
    wide = steps[steps > 1]
    return int(wide.sum()) - len(wide), len(wide)


def _counted(count: int, what: str) -> str:
    return f"{count:,} {what}{'s' * (count != 1)}"


def _longest_step(ts_ns: npt.NDArray[np.int64]) -> tuple[int, int]:
    """The stamp before it, and how long it is."""
    if len(ts_ns) < 2:
        return 0, 0
    steps = np.diff(ts_ns)
    row = int(steps.argmax())
    return int(ts_ns[row]), int(steps[row])
