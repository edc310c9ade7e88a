"""One file into the store: all of it, all but the named bad rows, or nothing."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np

from genesis.errors import DataError, UsageError
from genesis.store import feeds
from genesis.store.ticks import manifest as manifests
from genesis.store.ticks.archive_blocks import BadRow, Parsed, read_archive
from genesis.store.ticks.blocks import Block, TooWide
from genesis.store.ticks.capture_blocks import read_capture
from genesis.store.ticks.durable import naming_disk_faults
from genesis.store.ticks.manifest import IMPORTED, SYNTHETIC, Manifest, Partition, Place
from genesis.store.ticks.merge import Merge
from genesis.store.ticks.quarantine import set_aside
from genesis.store.ticks.staging import Stage, staging

OnBad = Literal["stop", "quarantine"]
Progress = Callable[[int, int, int], None]
"""Called with bytes read, bytes in all, and rows read so far."""


@dataclass(frozen=True, slots=True)
class Added:
    """What one kind of row of one symbol gained."""

    kind: str
    symbol: str
    read: int
    added: int
    repeated: int


@dataclass(slots=True)
class ImportReport:
    """What an import did.

    `repeated` rows were stored already or stand in the file twice; `bad` ones were left out and
    lie in the file `quarantine`; `disorder` counts rows whose number is below the one before;
    `ignored` messages of a capture are of no kind that is stored.
    """

    source: str
    format: str
    kinds: tuple[Added, ...] = ()
    bad: tuple[BadRow, ...] = ()
    quarantine: Path | None = None
    ignored: int = 0
    disorder: int = 0

    @property
    def read(self) -> int:
        return sum(kind.read for kind in self.kinds)

    @property
    def added(self) -> int:
        return sum(kind.added for kind in self.kinds)

    @property
    def repeated(self) -> int:
        return sum(kind.repeated for kind in self.kinds)


@dataclass(slots=True)
class _Count:
    """What was seen while a source was staged."""

    rows: int = 0
    ignored: int = 0
    is_synthetic: bool = False
    disorder: int = 0
    bad: list[BadRow] = field(default_factory=list)
    _latest: dict[tuple[str, str], int] = field(default_factory=dict)

    def note(self, block: Block) -> None:
        self.rows += len(block)
        if block.kind.name == "depth":
            return
        keys = block.keys
        before = self._latest.get((block.kind.name, block.symbol), -1)
        self.disorder += int(np.count_nonzero(keys[1:] < keys[:-1])) + int(keys[0] < before)
        self._latest[block.kind.name, block.symbol] = int(keys[-1])


def import_file(
    root: Path, path: Path, symbol: str | None, on_bad: OnBad, progress: Progress | None = None
) -> ImportReport:
    """Bring a capture or a trade archive into the store at `root`.

    symbol: of an archive whose name does not tell it; of a capture, the only one to take.

    Raises:
        DataError: the file cannot be read, a row is bad (and `on_bad` is "stop"), or the disk is
            full. The store is as it was.
        UsageError: the symbol cannot be told, or its stored ticks are synthetic.
    """
    known = feeds.sniff(path)
    named = feeds.symbol_of(path, known, symbol)
    report = ImportReport(path.name, known.name)
    with naming_disk_faults(root), _naming_wide(path), staging(root) as stage:
        with feeds.open_file(path) as file:
            if known.archive is not None and named is not None:
                parsed = read_archive(file, known.archive, named)
            else:
                parsed = read_capture(file.content, named, symbol)
            tell = progress or (lambda *_: None)
            count = _fill(stage, parsed, path, on_bad, lambda n: tell(*_at(file), n))
        _refuse_empty(path, count, symbol)
        origin = SYNTHETIC if count.is_synthetic else IMPORTED
        return _commit(root, stage, report, count, path, on_bad, origin)


@contextmanager
def _naming_wide(path: Path) -> Iterator[None]:
    try:
        yield
    except TooWide as error:
        raise DataError(f"{path} line {error.line}: {error.message}") from None


def add_blocks(
    root: Path, blocks: Iterable[Block], source: str, origin: str, on_bad: OnBad = "stop"
) -> ImportReport:
    """Bring blocks that were made here (a synthetic sample, a recording) into the store."""
    report = ImportReport(source, origin)
    with naming_disk_faults(root), staging(root) as stage:
        count = _fill(stage, (Parsed((block,)) for block in blocks), Path(source), on_bad, None)
        return _commit(root, stage, report, count, Path(source), on_bad, origin)


def _at(file: feeds.OpenFile) -> tuple[int, int]:
    return file.read_bytes(), file.size_bytes


def _fill(
    stage: Stage,
    parsed: Iterator[Parsed],
    path: Path,
    on_bad: OnBad,
    tell: Callable[[int], None] | None,
) -> _Count:
    count = _Count()
    for part in parsed:
        _stop_at(part.bad, path, on_bad)
        count.bad += part.bad
        count.ignored += part.ignored
        count.is_synthetic = count.is_synthetic or part.is_synthetic
        for block in part.blocks:
            count.note(block)
            stage.add(block)
        if tell is not None:
            tell(count.rows)
    stage.seal()
    return count


def _stop_at(bad: Sequence[BadRow], path: Path, on_bad: OnBad) -> None:
    if bad and on_bad == "stop":
        row = bad[0]
        raise DataError(
            f"{path} line {row.line}: {row.reason}; nothing was imported"
            " (--on-bad quarantine sets such rows aside)"
        )


def _refuse_empty(path: Path, count: _Count, symbol: str | None) -> None:
    if not count.rows and not count.bad:
        of = f" of {symbol}" if symbol else ""
        raise DataError(f"{path} holds no rows{of}: there is nothing to import")


def _commit(
    root: Path,
    stage: Stage,
    report: ImportReport,
    count: _Count,
    path: Path,
    on_bad: OnBad,
    origin: str,
) -> ImportReport:
    with manifests.writing(root):
        held = manifests.load(root)
        _refuse_mixture(held, stage, origin)
        merge = Merge(root, held, stage, origin, report.source)
        changed: dict[Place, Partition | None] = {}
        gains: list[Added] = []
        bad = list(count.bad)
        try:
            for place in sorted(stage.parts):
                merged = merge.part(place)
                _stop_at(merged.bad, path, on_bad)
                bad += merged.bad
                if merged.partition is not None:
                    changed[place] = merged.partition
                rows = stage.parts[place].rows
                gains.append(Added(*place[:2], rows, merged.added, merged.repeated))
            report.quarantine = set_aside(root, path, bad)
            if changed:
                manifests.save(root, held.with_partitions(changed))
        except BaseException:
            merge.withdraw()
            raise
    report.kinds = _by_kind(gains)
    report.bad = tuple(sorted(bad))
    report.ignored, report.disorder = count.ignored, count.disorder
    return report


def _refuse_mixture(held: Manifest, stage: Stage, origin: str) -> None:
    symbols = {place.symbol for place in stage.parts}
    for place, partition in held.partitions.items():
        is_mixed = SYNTHETIC in (partition.origin, origin) and partition.origin != origin
        if place.symbol in symbols and is_mixed:
            raise UsageError(
                f"{place.symbol} holds {partition.origin} ticks and these are {origin}: they are"
                " never mixed (`genesis ticks sample --remove` removes synthetic ones;"
                " or use another --symbol or --home)"
            )


def _by_kind(gains: Sequence[Added]) -> tuple[Added, ...]:
    sums: dict[tuple[str, str], Added] = {}
    for gain in gains:
        old = sums.get((gain.kind, gain.symbol), Added(gain.kind, gain.symbol, 0, 0, 0))
        sums[gain.kind, gain.symbol] = Added(
            gain.kind,
            gain.symbol,
            old.read + gain.read,
            old.added + gain.added,
            old.repeated + gain.repeated,
        )
    return tuple(sums.values())
