"""What the trader did today, measured like his baselines: to be shown beside what is usual."""

from collections import defaultdict, deque
from collections.abc import Iterable, Mapping, Sequence
from statistics import median
from typing import Final

from genesis.domain.time import utc_day
from genesis.tilt.baseline import CLICKS, HOLD, HOUR, SLIPS

KEPT: Final = 60
"""Acts of a day that are looked back at."""
_UNSHOWN: Final = frozenset({SLIPS, HOUR, HOLD, CLICKS})


class Today:
    """What the newest `KEPT` acts of one UTC day showed: measures in ln units or 0 / 1."""

    def __init__(self, day: int = -1, acts: Iterable[Mapping[str, float]] = ()) -> None:
        self.day = day
        self.acts = deque(acts, KEPT)

    def add(self, ts_ns: int, found: Mapping[str, float]) -> None:
        """What an act showed, by the name of the measure; a click shows nothing for people."""
        if CLICKS not in found:
            self._turn(ts_ns)
            self.acts.append(found)

    def at(self, now_ns: int) -> Mapping[str, float]:
        """By baseline: the median of its measures, or the mean of yes (1) and no (0)."""
        if utc_day(now_ns) != self.day:
            return {}
        measures: defaultdict[str, list[float]] = defaultdict(list)
        for act in self.acts:
            for name, x in act.items():
                measures[name].append(x)
        return {name: _typical(xs) for name, xs in measures.items() if name not in _UNSHOWN}

    def _turn(self, ts_ns: int) -> None:
        day = utc_day(ts_ns)
        if day != self.day:
            self.day = day
            self.acts.clear()


def _typical(values: Sequence[float]) -> float:
    is_rate = all(value in (0.0, 1.0) for value in values)
    return sum(values) / len(values) if is_rate else median(values)
