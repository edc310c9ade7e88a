"""What the tick store holds: one JSON file that names every Parquet file, swapped in one step.

Readers take the list of files from here and never from the folders: so a file is in the store
exactly when the manifest says so, and an import of many days appears at once or not at all.
Files are immutable and never overwritten. One that was replaced stays for a grace period, for
readers that still hold the older list.
"""

import fcntl
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Final, NamedTuple

from genesis.errors import DataError
from genesis.store.ticks.durable import make_folder, whole_file

VERSION: Final = 1
GRACE_S: Final = 60.0
"""Seconds for which a replaced file stays readable."""
IMPORTED: Final = "imported"
RECORDED: Final = "recorded"
SYNTHETIC: Final = "synthetic"

_STRENGTH: Final = {RECORDED: 0, IMPORTED: 1}

_NAME: Final = "manifest.json"
_LOCK: Final = "write.lock"


class Place(NamedTuple):
    """One partition: a kind of rows, a symbol and a UTC day (`YYYY-MM-DD`)."""

    kind: str
    symbol: str
    date: str

    @property
    def folder(self) -> str:
        """Relative to the store, in the form that DuckDB reads as columns."""
        return f"{self.kind}/symbol={self.symbol.replace('/', '%2F')}/date={self.date}"


@dataclass(frozen=True, slots=True)
class FileEntry:
    """One Parquet file; keys and stamps (UTC ns) are the smallest and largest in it."""

    name: str
    rows: int
    size_bytes: int
    first_key: int
    last_key: int
    first_ns: int
    last_ns: int
    source: str


@dataclass(frozen=True, slots=True)
class Partition:
    """Integers of its files count 10**-price_scale and 10**-qty_scale."""

    price_scale: int
    qty_scale: int
    origin: str
    files: tuple[FileEntry, ...]


def joined_origin(stored: str, added: str) -> str:
    """The origin of a partition that holds both: imports are kept for ever, so they prevail."""
    return max(stored, added, key=lambda origin: _STRENGTH.get(origin, 0))


@dataclass(frozen=True, slots=True)
class Manifest:
    """All partitions of a store."""

    partitions: Mapping[Place, Partition] = field(default_factory=dict)

    def of(self, kind: str, symbol: str | None = None) -> dict[Place, Partition]:
        """Partitions of one kind (and symbol), in order of symbol and day."""
        return {
            place: self.partitions[place]
            for place in sorted(self.partitions)
            if place.kind == kind and symbol in (None, place.symbol)
        }

    def symbols(self) -> tuple[str, ...]:
        return tuple(sorted({place.symbol for place in self.partitions}))

    def with_partitions(self, changed: Mapping[Place, Partition | None]) -> "Manifest":
        """The manifest with some partitions set, or left out where None."""
        merged = {**self.partitions, **changed}
        return replace(self, partitions={k: v for k, v in merged.items() if v is not None})


def load(root: Path) -> Manifest:
    """The manifest of a store; an absent one is that of an empty store.

    Raises:
        DataError: it cannot be read as a manifest of this version.
    """
    path = root / _NAME
    try:
        body = json.loads(path.read_bytes())
        if body["version"] != VERSION:
            raise DataError(
                f"{path} is of version {body['version']}, {VERSION} was expected: "
                "use the version of Genesis that wrote it"
            )
        return Manifest(dict(map(_partition, body["partitions"])))
    except FileNotFoundError:
        return Manifest()
    except (ValueError, KeyError, TypeError) as error:
        raise DataError(f"{path} is damaged ({error!r}): restore it from a backup") from None


def save(root: Path, manifest: Manifest) -> None:
    """Swap the manifest in one step, durably; then start the grace period of dropped files."""
    dropped = file_names(load(root)) - file_names(manifest)
    body = {
        "version": VERSION,
        "partitions": [
            {**place._asdict(), **asdict(partition)}
            for place, partition in sorted(manifest.partitions.items())
        ],
    }
    with whole_file(root / _NAME) as file:
        file.write(json.dumps(body, indent=1).encode())
    for name in dropped:
        with suppress(FileNotFoundError):  # somebody removed it by hand: nobody reads it any more
            os.utime(root / name)


def withdraw(root: Path, names: Iterable[str]) -> None:
    """Remove files of a writer that failed, but for those that a saved manifest names."""
    saved = file_names(load(root))
    for name in names:
        if name not in saved:
            (root / name).unlink(missing_ok=True)


def file_names(manifest: Manifest) -> set[str]:
    return {entry.name for part in manifest.partitions.values() for entry in part.files}


def _partition(row: dict[str, Any]) -> tuple[Place, Partition]:
    files = tuple(FileEntry(**entry) for entry in row["files"])
    return (
        Place(row["kind"], row["symbol"], row["date"]),
        Partition(row["price_scale"], row["qty_scale"], row["origin"], files),
    )


@contextmanager
def writing(root: Path) -> Iterator[None]:
    """The store's write lock, held across processes; sweeps what earlier writers left behind."""
    make_folder(root)
    with (root / _LOCK).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        os.utime(root / _LOCK)
        _sweep(root, (root / _LOCK).stat().st_mtime)
        yield


def _sweep(root: Path, now_s: float) -> None:
    """Remove files that no manifest names and that are older than the grace period."""
    kept = file_names(load(root))
    for path in _written(root):
        if path.relative_to(root).as_posix() in kept:
            continue
        if now_s - path.stat().st_mtime > GRACE_S:
            path.unlink()


def written_count(root: Path) -> int:
    """How many files writers of the store have left there, named by the manifest or not."""
    return sum(1 for _ in _written(root))


def _written(root: Path) -> Iterable[Path]:
    yield from root.glob("*/symbol=*/date=*/*")
    yield from root.glob(f"{_NAME}.*.tmp")
