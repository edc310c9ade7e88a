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
        self._peaks: dict[int, Decimal] = {}
        """Of windows that were asked for since the starts changed, by their days."""

    def start_day(self, day: int, result: Decimal, limits: Sequence[RollingLimit]) -> None:
        """Fix the baseline of a day; days no window looks at any more are forgotten."""
        longest = max((limit.days for limit in limits), default=1)
        kept = [start for start in self._starts if day - longest < start[0] < day]
        self._are_now([*kept, (day, result)])

    def count_from(self, day: int, result: Decimal) -> None:
        """Forget what was before."""
        self._are_now([(day, result)])

    def carry(self, day: int, result: Decimal) -> None:
        """A day of a lost part of the record began with this; the newest day is one of ours."""
        newest = [start for start in self._starts if start[0] >= day]
        older = [start for start in self._starts if start[0] < day]
        self._are_now([*older, (day, result), *newest])

    def _are_now(self, starts: list[tuple[int, Decimal]]) -> None:
        self._starts = starts
        self._peaks.clear()

    def peak(self, limit: RollingLimit) -> Decimal:
        """The highest baseline within the window that ends with the newest day."""
        known = self._peaks.get(limit.days)
        if known is None:
            newest = self._starts[-1][0]
            known = max(result for day, result in self._starts if day > newest - limit.days)
            self._peaks[limit.days] = known
        return known
