"""What strategies keep of the past: sums over the last closes, extremes of the last bars.

Sums are of whole numbers and comparisons are exact, so that nothing hangs on rounding: neither a
tie nor the order in which a window was filled.
"""

from collections import deque
from decimal import Decimal
from typing import Final

from genesis.domain.money import BPS
from genesis.domain.time import DAY, parse_width

UNITS: Final = Decimal("1E+12")
"""Closes are summed as whole numbers of 1e-12 quote: exact on every grid a venue uses."""

LONGEST: Final = 100_000
"""Bars in a window, at most."""

_WIDEST_NS: Final = 366 * DAY


def check_width(bar: str) -> int:
    """The width of the bars in nanoseconds. Raises ValueError: no width, or more than a year."""
    width_ns = parse_width(bar)
    if width_ns > _WIDEST_NS:
        raise ValueError(f"bar must be at most 366d, not {bar}")
    return width_ns


class Sums:
    """The last `n` prices: their sum and the sum of their squares, exact."""

    __slots__ = ("_n", "_squares", "_sum", "_window")

    def __init__(self, n: int) -> None:
        self._n = n
        self._window: deque[int] = deque(maxlen=n)
        self._sum = self._squares = 0

    @property
    def is_full(self) -> bool:
        return len(self._window) == self._n

    def add(self, price: Decimal) -> None:
        if self.is_full:
            oldest = self._window[0]
            self._sum -= oldest
            self._squares -= oldest * oldest
        newest = int(price * UNITS)
        self._window.append(newest)
        self._sum += newest
        self._squares += newest * newest

    @property
    def above_mean(self) -> int:
        """Where the newest lies: above 0 above the mean, below 0 below it, 0 on it."""
        return self._n * self._window[-1] - self._sum

    def is_beyond(self, sigmas: Decimal) -> bool:
        """Is the newest at least so many standard deviations from the mean, on either side?

        Standard deviation of the whole window (divided by n). False where nothing moved.
        """
        spread, (top, bottom) = self._spread, sigmas.as_integer_ratio()
        return spread > 0 and (self.above_mean * bottom) ** 2 >= top * top * spread

    def is_calm(self, most_bps: Decimal) -> bool:
        """Is the standard deviation at most so many basis points of the mean?"""
        top, bottom = (most_bps / BPS).as_integer_ratio()
        return self._spread * bottom * bottom <= (top * self._sum) ** 2

    @property
    def to_mean_bps(self) -> Decimal:
        """How far the mean lies above the newest, in basis points of the newest."""
        return Decimal(-self.above_mean) / Decimal(self._n * self._window[-1]) * BPS

    @property
    def _spread(self) -> int:
        """The variance, n * n times."""
        return self._n * self._squares - self._sum * self._sum


class Highest:
    """The largest of the last `n` values, in constant time per value on average."""

    __slots__ = ("_best", "_count", "_n")

    def __init__(self, n: int) -> None:
        self._n, self._count = n, 0
        self._best: deque[tuple[int, Decimal]] = deque()
        """Values that are larger than all after them, each with its number."""

    def add(self, value: Decimal) -> None:
        best = self._best
        while best and best[-1][1] <= value:
            best.pop()
        best.append((self._count, value))
        if best[0][0] <= self._count - self._n:
            best.popleft()
        self._count += 1

    @property
    def value(self) -> Decimal | None:
        """None before there are `n` values."""
        return self._best[0][1] if self._count >= self._n else None
