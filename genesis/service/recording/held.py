"""Where the recordings of earlier sessions end, and what they lack."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np

from genesis.service.recording.gaps import GapTracker
from genesis.store.ticks import records
from genesis.store.ticks.blocks import Block
from genesis.store.ticks.kinds import TRADES
from genesis.store.ticks.manifest import Manifest
from genesis.store.ticks.read import day_blocks
from genesis.store.ticks.records import GapRecord

_DAYS: Final = 2
"""The newest days of trades are looked through: a hole that a killed recorder left is there."""
_MOST: Final = 1000
_LEFT: Final = "an earlier recorder was killed before it told of them"


def tracker_of(root: Path, held: Manifest, symbol: str, elapsed_ns: int) -> GapTracker:
    """A tracker that goes on where the store ends. elapsed_ns: monotonic wall time.

    Raises:
        DataError: the store's own files are damaged.
    """
    parts = {place: part for place, part in held.partitions.items() if place.symbol == symbol}
    entries = [(place.kind, entry) for place, part in parts.items() for entry in part.files]
    last_id = max((e.last_key for kind, e in entries if kind == TRADES.name), default=None)
    tracker = GapTracker(last_id, max((e.last_ns for _, e in entries), default=None))
    for gap in tuple(_holes(root, held, symbol))[-_MOST:]:
        tracker.left(gap, elapsed_ns)
    whole = (0, 2**63 - 1)
    for gap in records.gaps(root, symbol, whole, (records.TRADES,)):
        tracker.told_before(gap)
    return tracker


def _holes(root: Path, held: Manifest, symbol: str) -> Iterator[GapRecord]:
    newest = dict(list(held.of(TRADES.name, symbol).items())[-_DAYS:])
    before: tuple[int, int] | None = None
    for block in day_blocks(root, newest, columns=("trade_id", "ts_ns")):
        ids, times = _behind(before, block)
        for i in np.flatnonzero(np.diff(ids) > 1).tolist():
            span = (int(times[i]), int(times[i + 1]))
            between = (int(ids[i]) + 1, int(ids[i + 1]) - 1)
            yield GapRecord(records.TRADES, *span, *between, _LEFT)
        before = int(ids[-1]), int(times[-1])


def _behind(before: tuple[int, int] | None, block: Block) -> tuple[np.ndarray, np.ndarray]:
    ids, times = block.columns["trade_id"], block.columns["ts_ns"]
    if before is None:
        return ids, times
    return np.append(before[0], ids), np.append(before[1], times)
