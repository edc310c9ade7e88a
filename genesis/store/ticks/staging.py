"""Rows on their way into the store: kept on disk, split by UTC day, read back day by day.

An import of any size needs the memory of a block (or of one day, where rows repeat). The staged
rows lie in a folder of their own beside the store and vanish with the import; one that was killed
leaves its folder to the next.
"""

import fcntl
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa

from genesis.domain.time import DAY, SECOND
from genesis.store.ticks import blocks
from genesis.store.ticks.blocks import Block
from genesis.store.ticks.durable import make_folder, unique_token
from genesis.store.ticks.kinds import DEPTH, KINDS, Kind
from genesis.store.ticks.manifest import Place

_FOLDER: Final = ".staging"
_ALIVE: Final = "alive.lock"
_LOCK: Final = "lock"
_LINE: Final = pa.field("line", pa.int64(), nullable=False)


@dataclass(slots=True)
class StagedPart:
    """What is known of one partition's staged rows.

    `is_ascending`: keys rise strictly from row to row (of depth: from message to message,
    snapshots aside), so that no row can repeat another.
    """

    batches: list[tuple[int, int, int]] = field(default_factory=list)
    rows: int = 0
    first_key: int = 0
    last_key: int = -1
    price_scale: int = 0
    qty_scale: int = 0
    snapshots: int = 0
    _rises: bool = True
    _latest: int = -1

    @property
    def is_ascending(self) -> bool:
        return self._rises and self.snapshots <= 1

    def note(self, block: Block, batch: int) -> None:
        keys = block.keys
        low, high = int(keys.min()), int(keys.max())
        self.first_key = low if not self.rows else min(self.first_key, low)
        self.last_key = max(self.last_key, high)
        self.batches.append((batch, block.price_scale, block.qty_scale))
        self.rows += len(block)
        self.price_scale = max(self.price_scale, block.price_scale)
        self.qty_scale = max(self.qty_scale, block.qty_scale)
        self._note_order(block, keys)

    def _note_order(self, block: Block, keys: blocks.Ints) -> None:
        if block.kind is DEPTH:
            firsts = message_starts(block)
            is_snapshot = block.columns["is_snapshot"][firsts]
            self.snapshots += int(np.count_nonzero(is_snapshot))
            keys = keys[firsts][~is_snapshot]
        if len(keys):
            rises = bool(np.all(keys[1:] > keys[:-1])) and int(keys[0]) > self._latest
            self._rises = self._rises and rises
            self._latest = int(keys[-1])


def message_starts(block: Block) -> blocks.Flags:
    """(n,) bool: the first row of each depth message."""
    arrival = block.columns["arrival"]
    starts: blocks.Flags = np.ones(len(block), np.bool_)
    starts[1:] = arrival[1:] != arrival[:-1]
    return starts


class Stage:
    """Staged rows by partition."""

    def __init__(self, folder: Path) -> None:
        self.parts: dict[Place, StagedPart] = {}
        self._folder = folder
        self._open = ExitStack()
        self._writers: dict[str, tuple[Any, int]] = {}
        self._readers: dict[str, Any] = {}

    def add(self, block: Block) -> None:
        """Keep the rows of a block."""
        days = block.columns["ts_ns"] // DAY
        if not len(days):
            return
        for day in np.unique(days).tolist():
            rows = block if days[0] == day and np.all(days == day) else block.take(days == day)
            place = Place(block.kind.name, block.symbol, date_of(day))
            self.parts.setdefault(place, StagedPart()).note(rows, self._write(rows))

    def _write(self, block: Block) -> int:
        writer, count = self._writers.get(block.kind.name) or (self._writer(block.kind), 0)
        table = block.table().append_column(_LINE, pa.array(block.lines)).combine_chunks()
        writer.write_batch(table.to_batches()[0])
        self._writers[block.kind.name] = writer, count + 1
        return count

    def _writer(self, kind: Kind) -> Any:
        file = self._open.enter_context((self._folder / kind.name).open("xb"))
        return pa.ipc.new_file(
            file, kind.schema.append(_LINE), options=pa.ipc.IpcWriteOptions(compression="lz4")
        )

    def seal(self) -> None:
        """End of adding: what was staged can be read from here on."""
        for writer, _ in self._writers.values():
            writer.close()
        self.close()

    def close(self) -> None:
        """Let go of the files that are being written."""
        self._open.close()

    def read(self, place: Place) -> Iterator[Block]:
        """The staged rows of one partition, in the order of adding."""
        kind = KINDS[place.kind]
        reader = self._readers.get(kind.name)
        if reader is None:
            reader = pa.ipc.open_file(pa.memory_map(str(self._folder / kind.name)))
            self._readers[kind.name] = reader
        for batch, price_scale, qty_scale in self.parts[place].batches:
            table = pa.Table.from_batches([reader.get_batch(batch)])
            lines = table.column("line").to_numpy()
            yield blocks.from_table(kind, place.symbol, table, (price_scale, qty_scale), lines)


def date_of(day: int) -> str:
    """`2024-08-08` of a UTC day number."""
    return datetime.fromtimestamp(day * DAY // SECOND, UTC).strftime("%Y-%m-%d")


@contextmanager
def staging(root: Path) -> Iterator[Stage]:
    """A stage in a folder of its own, removed when the `with` ends."""
    stages = root / _FOLDER
    make_folder(stages)
    folder = stages / unique_token()
    with ExitStack() as held:
        with (stages / _LOCK).open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            _remove_abandoned(stages)
            folder.mkdir()
            fcntl.flock(held.enter_context((folder / _ALIVE).open("x")), fcntl.LOCK_EX)
        held.callback(shutil.rmtree, folder)
        stage = Stage(folder)
        held.callback(stage.close)
        yield stage


def remove_abandoned(root: Path) -> int:
    """Remove the stages of imports that are no longer alive; how many there were."""
    stages = root / _FOLDER
    if not stages.is_dir():
        return 0
    with (stages / _LOCK).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return _remove_abandoned(stages)


def _remove_abandoned(stages: Path) -> int:
    found = [stage for stage in stages.iterdir() if stage.is_dir()]
    abandoned = [stage for stage in found if not _is_alive(stage / _ALIVE)]
    for stage in abandoned:
        shutil.rmtree(stage, ignore_errors=True)
    return len(abandoned)


def _is_alive(lock: Path) -> bool:
    try:
        with lock.open() as held:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False
