"""What the trader did today, measured like his baselines: to be shown beside what is usual."""

from collections import deque
from collections.abc import Iterable, Mapping
from statistics import median
from typing import Final

from genesis.domain.time import utc_day
from genesis.tilt.baseline import CLICKS, HOLD, HOUR, SLIPS, Sample

_KEPT: Final = 100
_UNSHOWN: Final = frozenset({SLIPS, HOUR, HOLD, CLICKS})


class Today:
    """Measures of one UTC day by baseline, in ln units or 0 / 1; the newest `_KEPT` of each."""

    def __init__(self) -> None:
        self.day = -1
        self.measures: dict[str, deque[float]] = {}

    def add(self, ts_ns: int, samples: Iterable[Sample]) -> None:
        self._turn(ts_ns)
        measures = self.measures
        for name, x, _ in samples:
            if name in measures:
                measures[name].append(x)
            elif name not in _UNSHOWN:
                measures[name] = deque((x,), _KEPT)

    def at(self, now_ns: int) -> Mapping[str, float]:
        """By baseline: the median of its measures, or the mean of yes (1) and no (0)."""
        if utc_day(now_ns) != self.day:
            return {}
        return {name: _typical(found) for name, found in self.measures.items()}

    def fill(self, day: int, measures: Mapping[str, Iterable[float]]) -> None:
        """Take a day over from elsewhere, oldest first."""
        self.day = day
        self.measures = {name: deque(found, _KEPT) for name, found in measures.items()}

    def _turn(self, ts_ns: int) -> None:
        if utc_day(ts_ns) != self.day:
            self.day, self.measures = utc_day(ts_ns), {}


def _typical(found: Iterable[float]) -> float:
    values = list(found)
    is_rate = all(value in (0.0, 1.0) for value in values)
    return sum(values) / len(values) if is_rate else median(values)
