"""Entries per span of time. What reduces risk is neither counted nor refused."""

from collections import deque

from genesis.risk.limits import PaceRules


class Pace:
    """Stamps of the latest entries, at most as many as the limit."""

    def __init__(self) -> None:
        self._stamps: deque[int] = deque()

    def count(self, now_ns: int, rules: PaceRules) -> None:
        """An entry is sent now."""
        self._stamps.append(now_ns)
        while len(self._stamps) > rules.orders:
            self._stamps.popleft()

    def used(self, now_ns: int, rules: PaceRules) -> int:
        """Entries sent within the span that ends now."""
        return sum(1 for at_ns in self._stamps if now_ns - at_ns < rules.span_ns)

    def free_at(self, now_ns: int, rules: PaceRules) -> int | None:
        """When the next entry may be sent; None: now."""
        if self.used(now_ns, rules) < rules.orders:
            return None
        return self._stamps[-rules.orders] + rules.span_ns
