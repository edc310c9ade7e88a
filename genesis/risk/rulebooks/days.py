"""Days of a book: they begin at instants resolved outside, as time zones are not known here."""

from bisect import bisect_right
from dataclasses import dataclass, field

from genesis.domain.time import DAY


@dataclass(frozen=True, slots=True)
class Days:
    """Where days begin: sorted instants in UTC ns, a day of 23 or 25 hours where clocks change.

    The instant belongs to the day it begins. Before the first and after the last instant known
    days are of 24 hours.
    """

    starts_ns: tuple[int, ...] = field(repr=False)

    def number(self, ts_ns: int) -> int:
        """Number of the day that holds the instant; later days have higher numbers."""
        first, last = self.starts_ns[0], self.starts_ns[-1]
        if ts_ns < first:
            return (ts_ns - first) // DAY
        if ts_ns >= last:
            return len(self.starts_ns) - 1 + (ts_ns - last) // DAY
        return bisect_right(self.starts_ns, ts_ns) - 1

    def start_ns(self, number: int) -> int:
        """The first instant of a day."""
        first, last = self.starts_ns[0], self.starts_ns[-1]
        if number < 0:
            return first + number * DAY
        over = number - (len(self.starts_ns) - 1)
        return last + over * DAY if over > 0 else self.starts_ns[number]
