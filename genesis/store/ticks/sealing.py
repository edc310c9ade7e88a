"""From the spool into the store: a segment's rows become Parquet files that the manifest names.

Rows are told apart by the venue's own numbers, so a segment that was brought in and not removed
(a kill between the two) changes nothing when it is brought in again.
"""

from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import Final, NamedTuple

from genesis.store.ticks import spool
from genesis.store.ticks.blocks import TooWide
from genesis.store.ticks.durable import make_folder, naming_disk_faults
from genesis.store.ticks.importer import add_blocks
from genesis.store.ticks.manifest import RECORDED
from genesis.store.ticks.quarantine import FOLDER as QUARANTINE

SOURCE: Final = "recorder"


class Sealed(NamedTuple):
    """What one or several segments brought: rows that are new, rows held before, and rows that
    contradict stored ones. `set_aside` are segments that do not fit the store at all; of `damaged`
    ones what could be read came in. Both lie out of the way.
    """

    added: int = 0
    repeated: int = 0
    bad: int = 0
    set_aside: tuple[Path, ...] = ()
    damaged: tuple[Path, ...] = ()

    def plus(self, other: "Sealed") -> "Sealed":
        return Sealed(
            self.added + other.added,
            self.repeated + other.repeated,
            self.bad + other.bad,
            self.set_aside + other.set_aside,
            self.damaged + other.damaged,
        )

    def troubles(self, root: Path) -> tuple[str, ...]:
        """What somebody should look at, a sentence each."""
        rows = f"{self.bad} rows contradict stored ones: see {root / QUARANTINE}"
        return (
            *((rows,) if self.bad else ()),
            *(f"a segment fits no store: it lies in {path}" for path in self.set_aside),
            *(
                f"a segment was damaged on the disk; what could be read came in, and it lies in"
                f" {path}"
                for path in self.damaged
            ),
        )


def seal_abandoned(root: Path) -> Sealed:
    """Bring in every segment whose writer has let go of it.

    Raises:
        DataError: the disk is full, or the store's own files are damaged. The spool is as it was.
    """
    return seal(root, spool.segments(root))


def seal(root: Path, paths: Iterable[Path]) -> Sealed:
    """Bring in these segments, but for those that are being written. Errors as above."""
    total = Sealed()
    for path in paths:
        with spool.adopted(path) as is_ours:
            if is_ours:
                total = total.plus(_seal(root, path))
    return total


def _seal(root: Path, path: Path) -> Sealed:
    segment = spool.SegmentReader(path)
    if not path.stat().st_size:  # its writer may live and wait for the lock: nothing is waited for
        return _without(root, path, Sealed())
    try:
        with closing(iter(segment)) as rows:
            report = add_blocks(root, rows, SOURCE, RECORDED, "quarantine")
    except TooWide:
        return Sealed(set_aside=(_set_aside(root, path),))
    told = Sealed(report.added, report.repeated, len(report.bad))
    if segment.is_damaged:
        return told._replace(damaged=(_set_aside(root, path),))
    return _without(root, path, told)


def _without(root: Path, path: Path, told: Sealed) -> Sealed:
    with naming_disk_faults(root):
        path.unlink()
    return told


def _set_aside(root: Path, path: Path) -> Path:
    """A segment that does not come in whole: damaged, or with an amount that fits 64 bits beside no
    other. It is kept, out of the way.
    """
    folder = root / QUARANTINE
    with naming_disk_faults(root):
        make_folder(folder)
        kept = folder / path.name
        path.replace(kept)
    return kept
