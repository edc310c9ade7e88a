"""How often one may ask: so many requests in any second, per endpoint and asker."""

from collections import deque
from collections.abc import Callable
from typing import Final

from genesis.domain.time import SECOND

_MANY: Final = 1_000
"""Askers remembered before those who have gone quiet are forgotten."""

Asker = tuple[str, str]
"""Who asks (a key, or an address), and which endpoint."""


class Pace:
    """Lets `most` requests of an asker through in any second of wall time.

    elapsed_ns: monotonic wall time.
    """

    def __init__(self, most: int, elapsed_ns: Callable[[], int]) -> None:
        self.most = most
        self._elapsed_ns = elapsed_ns
        self._let: dict[Asker, deque[int]] = {}

    def wait_ns(self, asker: Asker) -> int:
        """0: go on, and it counts. Else how long to wait; what has to wait does not count."""
        now_ns = self._elapsed_ns()
        let = self._let.get(asker)
        if let is None:
            self._forget(now_ns)
            let = self._let[asker] = deque(maxlen=self.most)
        if len(let) == self.most and now_ns - let[0] < SECOND:
            return SECOND - (now_ns - let[0])
        let.append(now_ns)
        return 0

    def _forget(self, now_ns: int) -> None:
        if len(self._let) >= _MANY:
            self._let = {a: let for a, let in self._let.items() if now_ns - let[-1] < SECOND}
