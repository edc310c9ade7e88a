"""Falls from the highest result of the last days, whatever the day's own limit says.

Baselines are results at fixed instants, the starts of UTC days; so a window moves once a day, and
its limit is one level of equity until then.
"""

from collections.abc import Sequence
from decimal import Decimal

from genesis.risk.limits import RollingLimit


class RollingPeaks:
    """Results at the starts of the latest UTC days, newest last."""

    def __init__(self) -> None:
        self._starts: list[tuple[int, Decimal]] = []

    def start_day(self, day: int, result: Decimal, limits: Sequence[RollingLimit]) -> None:
        """Fix the baseline of a day; days no window looks at any more are forgotten."""
        longest = max((limit.days for limit in limits), default=1)
        kept = [start for start in self._starts if day - longest < start[0] < day]
        self._starts = [*kept, (day, result)]

    def count_from(self, day: int, result: Decimal) -> None:
        """Forget what was before."""
        self._starts = [(day, result)]

    def carry(self, day: int, result: Decimal) -> None:
        """A day of a lost part of the record began with this; the newest day is one of ours."""
        newest = [start for start in self._starts if start[0] >= day]
        self._starts = [start for start in self._starts if start[0] < day]
        self._starts += [(day, result), *newest]

    def peak(self, limit: RollingLimit) -> Decimal:
        """The highest baseline within the window that ends with the newest day."""
        newest = self._starts[-1][0]
        return max(result for day, result in self._starts if day > newest - limit.days)
