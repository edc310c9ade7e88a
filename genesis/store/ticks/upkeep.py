"""Looking after the tick store: what killed writers left, and recordings that had their day.

Nothing that was imported is ever removed, and no trade either: the bars of all times are made from
them. Only books and depth that our own recorder wrote go, once they are old and no kept run refers
to their day.
"""

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from genesis.store.ticks import manifest as manifests
from genesis.store.ticks.durable import naming_disk_faults
from genesis.store.ticks.kinds import BOOKS, DEPTH
from genesis.store.ticks.manifest import RECORDED, Manifest, Place
from genesis.store.ticks.staging import remove_abandoned

KEPT_DAYS: Final = 90
_PERISHABLE: Final = frozenset({BOOKS.name, DEPTH.name})


@dataclass(frozen=True, slots=True)
class Upkeep:
    """What was removed: files that nothing named, stages of killed imports, old recordings."""

    files: int = 0
    stages: int = 0
    expired: tuple[Place, ...] = ()


def look_after(root: Path, before: str, referred: Collection[str]) -> Upkeep:
    """Remove leftovers, and recorded books and depth of days before `before` (`YYYY-MM-DD`).

    referred: days that a kept run refers to; nothing of them is removed.

    Raises:
        DataError: the manifest is damaged, or the store cannot be written.
    """
    if not root.is_dir():
        return Upkeep()
    with naming_disk_faults(root):
        stages = remove_abandoned(root)
        written = manifests.written_count(root)
        with manifests.writing(root):
            files = written - manifests.written_count(root)
            held = manifests.load(root)
            expired = _expired(held, before, referred)
            if expired:
                manifests.save(root, held.with_partitions(dict.fromkeys(expired)))
    return Upkeep(files, stages, expired)


def _expired(held: Manifest, before: str, referred: Collection[str]) -> tuple[Place, ...]:
    return tuple(
        place
        for place, part in sorted(held.partitions.items())
        if part.origin == RECORDED
        and place.kind in _PERISHABLE
        and place.date < before
        and place.date not in referred
    )
