"""The recorder's disk: spool, sealing, compaction, upkeep. Nothing here knows a loop.

`append` and `seal` may run in two threads, each in one.
"""

from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from genesis.domain.time import SECOND
from genesis.store.ticks.blocks import Block
from genesis.store.ticks.compaction import compact
from genesis.store.ticks.durable import unique_token
from genesis.store.ticks.sealing import Sealed, seal
from genesis.store.ticks.spool import SegmentWriter

SEGMENT_BYTES: Final = 32 << 20
"""A segment of this size is sealed at once."""


class Keeping:
    """Where rows go: durable first, then into the store.

    seal_after_s: wall seconds after which a segment is closed and brought in.
    """

    def __init__(
        self,
        root: Path,
        symbols: Sequence[str],
        *,
        seal_after_s: float,
        wall_ns: Callable[[], int],
        elapsed_ns: Callable[[], int],
    ) -> None:
        self._root, self._symbols = root, tuple(symbols)
        self._seal_after_ns = int(seal_after_s * SECOND)
        self._wall_ns, self._elapsed_ns = wall_ns, elapsed_ns
        self._segment: SegmentWriter | None = None
        self._opened_ns = 0
        self._closed: deque[Path] = deque()

    @property
    def waiting_bytes(self) -> int:
        """Durable, and not in the store yet."""
        segment = self._segment
        return segment.size_bytes if segment is not None else 0

    def append(self, blocks: Sequence[Block]) -> int:
        """Make blocks durable; how many rows are acknowledged by that.

        Raises:
            OSError: none of them is; what was acknowledged before is safe.
        """
        self._close_if_due()
        if not blocks:
            return 0
        if self._segment is None:
            self._segment = SegmentWriter(self._root, f"{self._wall_ns():020d}-{unique_token()}")
            self._opened_ns = self._elapsed_ns()
        return self._segment.append(blocks)

    def seal(self) -> Sealed:
        """Bring the segments into the store that are closed by now, and join its small files.

        Raises:
            DataError: the disk is full, or the store is damaged. The spool is as it was.
        """
        total = Sealed()
        for _ in range(len(self._closed)):  # of those closed meanwhile there may be no end
            total = total.plus(seal(self._root, [self._closed[0]]))
            self._closed.popleft()
        if total.added:
            compact(self._root, self._symbols)
        return total

    def close(self) -> None:
        """Close the segment: the next `seal`, or the next recorder, brings it in."""
        segment, self._segment = self._segment, None
        if segment is None:
            return
        if segment.rows:
            segment.close()
            self._closed.append(segment.path)
        else:
            segment.discard()

    def _close_if_due(self) -> None:
        """While sealing is slow, segments become larger instead of more."""
        segment = self._segment
        if segment is None:
            return
        is_old = self._elapsed_ns() - self._opened_ns >= self._seal_after_ns
        if (is_old and not self._closed) or segment.size_bytes >= SEGMENT_BYTES:
            self.close()
