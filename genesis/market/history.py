"""One symbol's closes by hour (or another slot) and by UTC day, in bounded memory.

Logarithms of prices are kept in billionths, as whole numbers: sums over a window then do not
depend on the order in which values came and left.
"""

from collections import deque
from itertools import pairwise
from math import fsum, log, sqrt
from typing import Final, NamedTuple

from genesis.domain.time import DAY
from genesis.market.rules import WholeRules

_UNIT: Final = 1e-9


class Course(NamedTuple):
    """Where a symbol stands; all of them log returns.

    above_mean: of the mean of its window. moved: within the latest span. sigma: of a usual span
    of that length, from the moves before it; 0 where nothing had moved.
    """

    above_mean: float
    moved: float
    sigma: float


class _Point(NamedTuple):
    """The close of a slot; `move`: since the slot before it, None where that held no bar."""

    slot: int
    units: int
    move: int | None


class History:
    """The latest window of slots, and the closes of the latest days."""

    __slots__ = (
        "_days",
        "_moves",
        "_points",
        "_returns",
        "_rules",
        "_squares",
        "_total",
        "_volatility",
    )

    def __init__(self, rules: WholeRules) -> None:
        self._rules = rules
        self._points: deque[_Point] = deque()
        self._total = self._squares = self._moves = 0
        self._days: deque[tuple[int, int]] = deque(maxlen=rules.days + 2)
        self._returns: dict[int, float] | None = None
        self._volatility: tuple[tuple[float, int], float | None] | None = None

    @property
    def slots(self) -> int:
        """Slots of the window that held a bar."""
        return len(self._points)

    def add(self, slot: int, close: float) -> None:
        """The last close of a finished slot; slots only ever rise."""
        points, units = self._points, round(log(close) / _UNIT)
        follows = bool(points) and points[-1].slot == slot - 1
        move = units - points[-1].units if follows else None
        points.append(_Point(slot, units, move))
        self._total += units
        if move is not None:
            self._squares += move * move
            self._moves += 1
        while points[0].slot <= slot - self._rules.window_slots:
            self._leave(points.popleft())
        self._end_day(slot * self._rules.slot_ns // DAY, units)

    def _leave(self, oldest: _Point) -> None:
        self._total -= oldest.units
        if oldest.move is not None:
            self._squares -= oldest.move * oldest.move
            self._moves -= 1

    def _end_day(self, day: int, units: int) -> None:
        days = self._days
        if days and days[-1][0] == day:
            days.pop()
        else:
            self._returns = self._volatility = None  # the first slot of a day finished another
        days.append((day, units))

    def course(self, slot: int) -> Course | None:
        """As of a finished slot; None while too little is known, or nothing recent."""
        points, rules = self._points, self._rules
        if len(points) < rules.slots_min or points[-1].slot <= slot - rules.span_slots:
            return None
        last, squares, moves = points[-1], self._squares, self._moves
        before = last
        for point in reversed(points):
            before = point
            if point.slot <= last.slot - rules.span_slots:
                break
            if point.move is not None:
                squares -= point.move * point.move
                moves -= 1
        sigma = sqrt(squares / moves * rules.span_slots) if moves else 0.0
        mean = self._total / len(points)
        return Course(
            (last.units - mean) * _UNIT, (last.units - before.units) * _UNIT, sigma * _UNIT
        )

    def day_returns(self) -> dict[int, float]:
        """Log returns of finished UTC days by day number, where the day before is known."""
        if self._returns is None:
            finished = list(self._days)[:-1]
            self._returns = {
                day: (units - before) * _UNIT
                for (earlier, before), (day, units) in pairwise(finished)
                if day == earlier + 1
            }
        return self._returns

    def day_volatility(self, decay: float, days_min: int) -> float | None:
        """Sigma of a day's return, the latest counting most: weights fall by `decay` a day.

        None with fewer than `days_min` returns. (RiskMetrics' exponentially weighted average,
        mean 0, its weights made to add up to 1 over the days that are known.)
        """
        asked = (decay, days_min)
        if self._volatility is None or self._volatility[0] != asked:
            returns = list(self.day_returns().values())
            sigma = _weighted(returns, decay) if len(returns) >= days_min else None
            self._volatility = asked, sigma
        return self._volatility[1]


def _weighted(returns: list[float], decay: float) -> float:
    weights = [decay**age for age in range(len(returns))]
    squares = [moved * moved for moved in reversed(returns)]
    weighted = fsum(w * s for w, s in zip(weights, squares, strict=True))
    return sqrt(weighted / fsum(weights))
