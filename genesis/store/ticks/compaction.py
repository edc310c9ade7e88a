"""Many small files of a recording into fewer large ones, while others read.

A recorder seals a file of each kind every few seconds. Files lie in sizes (below 1 MB, 16 MB,
256 MB); where 16 neighbours of a size or below it have gathered, they become one. So a row is
written again a handful of times in all, and a partition keeps some dozens of files. Of a day that
is over, neighbours are joined without waiting for 16.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from genesis.store.ticks import manifest as manifests
from genesis.store.ticks import parquet
from genesis.store.ticks.durable import naming_disk_faults
from genesis.store.ticks.manifest import SYNTHETIC, FileEntry, Manifest, Partition, Place

FAN_IN: Final = 16
SIZES: Final = (1 << 20, 16 << 20, 256 << 20)
"""Bytes below which a file counts as of a size; larger ones are left alone."""


def compact(root: Path, symbols: Sequence[str]) -> int:
    """Join what can be joined of these symbols; how many files went.

    Raises:
        DataError: the disk is full, or a file of the store is damaged. The store is as it was.
    """
    if not _plans(manifests.load(root), symbols):
        return 0
    with naming_disk_faults(root), manifests.writing(root):
        held = manifests.load(root)
        changed: dict[Place, Partition | None] = {}
        gone = 0
        written: list[str] = []
        try:
            for place, runs in _plans(held, symbols).items():
                files = held.partitions[place].files
                for run in runs:
                    entry = _joined(root, place, held.partitions[place], run)
                    written.append(entry.name)
                    files = _with_one_for(files, run, entry)
                    gone += len(run) - 1
                changed[place] = _of_files(held.partitions[place], files)
            manifests.save(root, held.with_partitions(changed))
        except BaseException:
            manifests.withdraw(root, written)
            raise
    return gone


def _plans(held: Manifest, symbols: Sequence[str]) -> dict[Place, list[tuple[FileEntry, ...]]]:
    """The runs of neighbouring files to join, by partition."""
    newest: dict[tuple[str, str], str] = {}
    for place in held.partitions:
        newest[place[:2]] = max(place.date, newest.get(place[:2], ""))
    found = {}
    for place, part in held.partitions.items():
        if place.symbol in symbols and part.origin != SYNTHETIC:
            least = FAN_IN if place.date == newest[place[:2]] else 2
            if runs := list(_runs(part.files, least)):
                found[place] = runs
    return found


def _runs(files: Sequence[FileEntry], least: int) -> Iterator[tuple[FileEntry, ...]]:
    """Runs of at least `least` neighbours below one size, the smallest size first."""
    for size in SIZES:
        found = [run for run in _neighbours(files, size) if len(run) >= least]
        if found:
            yield from found
            return


def _neighbours(files: Sequence[FileEntry], size: int) -> Iterator[tuple[FileEntry, ...]]:
    run: list[FileEntry] = []
    total = 0
    for entry in files:
        is_small = entry.size_bytes < size
        if not is_small or total + entry.size_bytes > SIZES[-1]:
            yield tuple(run)
            run, total = [], 0
        if is_small:
            run.append(entry)
            total += entry.size_bytes
    yield tuple(run)


def _joined(root: Path, place: Place, part: Partition, run: Sequence[FileEntry]) -> FileEntry:
    rows = parquet.read_entries(root, place, part, run)
    scales = (part.price_scale, part.qty_scale)
    source = run[0].source if len({entry.source for entry in run}) == 1 else "joined"
    entry = parquet.write_file(root, place, rows, scales, source=source, origin=part.origin)
    assert entry is not None, "files without rows are never written"
    return entry


def _with_one_for(
    files: Sequence[FileEntry], run: Sequence[FileEntry], entry: FileEntry
) -> tuple[FileEntry, ...]:
    at = files.index(run[0])
    return (*files[:at], entry, *files[at + len(run) :])


def _of_files(part: Partition, files: tuple[FileEntry, ...]) -> Partition:
    return Partition(part.price_scale, part.qty_scale, part.origin, files)
