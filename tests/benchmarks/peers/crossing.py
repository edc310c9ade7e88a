"""The rule of `sma_cross` written once more, for engines that run a strategy of their own."""

from collections import deque


class Crossing:
    """Two averages of closes in whole cents: compared as exact sums, a tie keeps the last sign."""

    def __init__(self, fast: int, slow: int) -> None:
        self._fast, self._slow = fast, slow
        self._closes: deque[int] = deque(maxlen=slow)
        self._sign = 0

    def wish(self, close: int) -> int:
        """1: buy if nothing is held. -1: sell what is held. 0: nothing."""
        self._closes.append(close)
        if len(self._closes) < self._slow:
            return 0
        kept = list(self._closes)
        difference = sum(kept[-self._fast :]) * self._slow - sum(kept) * self._fast
        if difference == 0:
            return 0
        before, self._sign = self._sign, 1 if difference > 0 else -1
        if self._sign < 0:
            return -1
        return 1 if before <= 0 else 0
