"""Returns of one symbol over slots of a few minutes, for comparing it with others."""

from collections import deque
from math import log

from genesis.market.rules import CorrelationRules


class Closes:
    """Log returns from slot to slot of the latest window.

    A slot's price is the close of its last bar; it is finished when a bar of a later slot comes.
    Where a slot holds no bar, neither it nor the next one has a return.
    """

    __slots__ = ("_before", "_close", "_returns", "_slot", "_slot_ns", "finished", "rules")

    def __init__(self, rules: CorrelationRules) -> None:
        self.rules = rules
        self._slot_ns = rules.slot_ns
        self._slot, self._close = -1, 0.0
        self._before = (-1, 0.0)
        self.finished = 0
        """Slots that were finished: with it the returns change."""
        self._returns: deque[tuple[int, float]] = deque(maxlen=rules.window_slots)

    def under(self, rules: CorrelationRules) -> "Closes":
        """The same under other rules; other slots or another window are learned anew."""
        same = (rules.slot_ns, rules.window_slots) == (self._slot_ns, self.rules.window_slots)
        if not same:
            return Closes(rules)
        self.rules = rules
        return self

    def take(self, ts_ns: int, close: float) -> None:
        """A bar ended at `ts_ns`."""
        slot = (ts_ns - 1) // self._slot_ns
        if slot != self._slot:
            self._finish()
            self._slot = slot
        self._close = close

    def _finish(self) -> None:
        self.finished += 1
        slot, close = self._slot, self._close
        before, price = self._before
        if before == slot - 1 and price > 0 and close > 0:
            self._returns.append((slot, log(close / price)))
        self._before = slot, close

    def returns(self, now_ns: int) -> dict[int, float]:
        """Log returns by slot number, of the finished slots within the window before now."""
        oldest = self.slot_of(now_ns) - self.rules.window_slots
        return {slot: moved for slot, moved in self._returns if slot >= oldest}

    def slot_of(self, now_ns: int) -> int:
        return now_ns // self._slot_ns
