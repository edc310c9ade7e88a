"""How much market a result rests on: the first line of every report."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from genesis.domain.time import DAY, SECOND, format_utc
from genesis.sim.columns import BarColumns, TickColumns


@dataclass(frozen=True, slots=True)
class Coverage:
    """What the data covers.

    kind: ticks or bars. rows: how many. longest_gap_s: longest time between two of them (beyond
    the width, for bars). covered_fraction: widths with a trade over all widths between first and
    last (of one minute for ticks); quiet markets have empty minutes without a hole in the data.
    """

    kind: str
    rows: int
    first_ns: int
    last_ns: int
    longest_gap_s: float
    covered_fraction: float

    @property
    def days(self) -> float:
        return (self.last_ns - self.first_ns) / DAY

    def __str__(self) -> str:
        return (
            f"{self.rows:,} {self.kind}, {format_utc(self.first_ns)} to "
            f"{format_utc(self.last_ns)} ({self.days:.2f} days), longest gap "
            f"{self.longest_gap_s:.1f} s, {self.covered_fraction:.2%} of the bars present"
        )


def coverage(columns: TickColumns | BarColumns, width_ns: int) -> Coverage:
    """Coverage of the columns in bars of `width_ns` (bars have their own width)."""
    if isinstance(columns, BarColumns):
        ts_ns, width_ns = columns.open_ts_ns, columns.width_ns
        present, kind = len(ts_ns), "bars"
        gap = max(0, _longest_step(ts_ns) - width_ns)
    else:
        ts_ns, kind = columns.ts_ns, "ticks"
        present = len(columns.bars(width_ns).first)
        gap = _longest_step(ts_ns)
    first, last = int(ts_ns[0]), int(ts_ns[-1])
    widths = last // width_ns - first // width_ns + 1
    return Coverage(kind, len(ts_ns), first, last, gap / SECOND, present / widths)


def _longest_step(ts_ns: npt.NDArray[np.int64]) -> int:
    return int(np.diff(ts_ns).max()) if len(ts_ns) > 1 else 0
