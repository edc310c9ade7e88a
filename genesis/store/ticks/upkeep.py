"""Looking after the tick store: what killed writers left, and recordings that had their day.

Nothing that was imported is ever removed. What our own recorder wrote goes once it is old, by its
venue's days and by our own clock, and no kept run refers to its day; of trades the one-minute bars
stay for ever, and with them every wider bar.
"""

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from genesis.domain.time import parse_utc
from genesis.errors import DataError
from genesis.store.ticks import manifest as manifests
from genesis.store.ticks.durable import naming_disk_faults
from genesis.store.ticks.kept_bars import keep_bars
from genesis.store.ticks.kinds import BARS, BOOKS, DEPTH, TRADES
from genesis.store.ticks.manifest import RECORDED, Manifest, Partition, Place
from genesis.store.ticks.sealing import seal_abandoned
from genesis.store.ticks.staging import remove_abandoned

KEPT_DAYS: Final = 90
_PERISHABLE: Final = frozenset({TRADES.name, BOOKS.name, DEPTH.name})


@dataclass(frozen=True, slots=True)
class Upkeep:
    """What was removed: files that nothing named, stages of killed imports, old recordings.

    sealed: rows of killed recorders that were brought in.
    """

    files: int = 0
    stages: int = 0
    expired: tuple[Place, ...] = ()
    sealed: int = 0


def look_after(root: Path, before: str, referred: Collection[str]) -> Upkeep:
    """Bring in what killed recorders left, remove leftovers, and recordings of days before
    `before` (`YYYY-MM-DD`; empty: none).

    referred: days that a kept run refers to; nothing of them is removed.

    Raises:
        DataError: the store's own files are damaged, or it cannot be written.
    """
    if not root.is_dir():
        return Upkeep()
    with naming_disk_faults(root):
        stages = remove_abandoned(root)
        written = manifests.written_count(root)
        with manifests.writing(root):
            files = written - manifests.written_count(root)
            expired = _expire(root, manifests.load(root), before, referred)
        sealed = seal_abandoned(root).added
    return Upkeep(files, stages, expired, sealed)


def _expire(
    root: Path, held: Manifest, before: str, referred: Collection[str]
) -> tuple[Place, ...]:
    """Take old recordings out of the manifest; the bars of their trades take their place."""
    expired = tuple(
        place
        for place, part in sorted(held.partitions.items())
        if _is_due(place, part, before, referred) and _was_heard_before(root, part, before)
    )
    if not expired:
        return ()
    changed: dict[Place, Partition | None] = dict.fromkeys(expired)
    for place in expired:
        if place.kind == TRADES.name:
            known = held.partitions.get(Place(BARS.name, place.symbol, place.date))
            kept, bars = keep_bars(root, place, held.partitions[place], known)
            changed[kept] = bars
    manifests.save(root, held.with_partitions(changed))
    return expired


def _is_due(place: Place, part: Partition, before: str, referred: Collection[str]) -> bool:
    is_ours = part.origin == RECORDED and place.kind in _PERISHABLE
    return is_ours and place.date < before and place.date not in referred


def _was_heard_before(root: Path, part: Partition, before: str) -> bool:
    """By our own clock, too: the replay of an old day that was recorded today is not old."""
    limit_ns = parse_utc(before)
    return all(_last_received(root / entry.name) < limit_ns for entry in part.files)


def _last_received(path: Path) -> int:
    """The latest receive stamp in a file, by its own statistics; 0 where it holds none.

    Raises:
        DataError: it cannot be read.
    """
    try:
        with pq.ParquetFile(path) as file:
            place = file.schema_arrow.get_field_index("received_ns")
            groups = [file.metadata.row_group(n) for n in range(file.num_row_groups)]
            told = [group.column(place).statistics for group in groups]
    except (pa.ArrowInvalid, OSError) as error:
        reason = " ".join(str(error).split())
        raise DataError(f"{path} cannot be read: {reason}: restore it from a backup") from None
    return max((s.max for s in told if s is not None and s.has_min_max), default=0)
