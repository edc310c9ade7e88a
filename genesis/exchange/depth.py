"""One symbol's book kept in step: snapshot first, then every difference in sequence. Pure.

The venue's rule: hold the differences back, take a snapshot; if it is older than the first held
one, take another; drop what it already holds; then every difference must start at the last id
plus one. A jump means that something was lost: start again.
"""

from collections import deque
from typing import Final

from genesis.domain.events import BookDelta

_HELD_MOST: Final = 2_000
"""Differences held back for a snapshot: minutes. Without the oldest a later snapshot is needed."""


class DepthSync:
    """Lets through only what follows without a gap. `wants_snapshot` says when to fetch one."""

    def __init__(self) -> None:
        self.wants_snapshot = True
        self.gaps = 0
        """How often the sequence broke after it had been whole."""
        self._last_id: int | None = None
        self._held: deque[BookDelta] = deque(maxlen=_HELD_MOST)

    def difference(self, delta: BookDelta) -> tuple[BookDelta, ...]:
        """What may be told now that this difference arrived."""
        if self._last_id is None:
            self._held.append(delta)
            return ()
        if delta.last_id <= self._last_id:
            return ()
        if delta.first_id > self._last_id + 1:
            self.gaps += 1
            self._start_again(delta)
            return ()
        self._last_id = delta.last_id
        return (delta,)

    def snapshot(self, book: BookDelta) -> tuple[BookDelta, ...]:
        """What may be told now that a snapshot arrived: itself and the held differences."""
        if self._held and book.last_id < self._held[0].first_id - 1:
            self.wants_snapshot = True
            return ()
        self.wants_snapshot = False
        self._last_id = book.last_id
        held, self._held = self._held, deque(maxlen=_HELD_MOST)
        told = [book]
        for delta in held:
            told.extend(self.difference(delta))
        return tuple(told)

    def _start_again(self, delta: BookDelta) -> None:
        self._last_id = None
        self.wants_snapshot = True
        self._held.append(delta)
