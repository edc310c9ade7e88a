"""A clock that obeys."""


class VirtualClock:
    """Stands until it is told a time."""

    def __init__(self, start_ns: int = 0) -> None:
        self._now_ns = start_ns

    def now_ns(self) -> int:
        return self._now_ns

    def elapsed_ns(self) -> int:
        return self._now_ns

    def seen(self, source: str, venue_ns: int) -> bool:
        self._now_ns = max(self._now_ns, venue_ns)
        return True

    def wall_until(self, venue_ns: int) -> float:
        return 0.0 if venue_ns <= self._now_ns else float("inf")
