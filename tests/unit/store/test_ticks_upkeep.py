"""Looking after the tick store: only what is ours to remove goes."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from genesis.errors import DataError
from genesis.store.ticks import TickStore
from genesis.store.ticks import manifest as manifests
from genesis.store.ticks.manifest import IMPORTED, RECORDED, SYNTHETIC, Place
from genesis.store.ticks.upkeep import Upkeep
from tests.support import tick_files

OLD, NEW = "2024-01-01", "2024-05-01"
BORDER = "2024-04-01"


@pytest.fixture
def store(tmp_path: Path) -> TickStore:
    store = TickStore(tmp_path / "home")
    file = tick_files.write(tmp_path / "t.csv", tick_files.steady(1, 20))
    store.import_file(file, "BTC/USDT")
    return store


def as_kinds_of_an_age(store: TickStore, origin: str) -> set[Place]:
    """The imported partition again as books, depth and trades of an old and of a new day."""
    held = store.manifest()
    (part,) = held.partitions.values()
    places = {
        Place(kind, "BTC/USDT", date)
        for kind in ("books", "depth", "trades")
        for date in (OLD, NEW)
    }
    changed = dict.fromkeys(places, replace(part, origin=origin))
    with manifests.writing(store.root):
        manifests.save(store.root, held.with_partitions(changed))
    return places


def test_a_store_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    assert TickStore(tmp_path).look_after(BORDER, ()) == Upkeep()
    assert not (tmp_path / "ticks").exists()


@pytest.mark.parametrize("origin", [IMPORTED, SYNTHETIC])
def test_nothing_imported_or_made_up_is_ever_removed(store: TickStore, origin: str) -> None:
    as_kinds_of_an_age(store, origin)
    before = store.manifest()
    assert store.look_after("2999-01-01", ()) == Upkeep()
    assert store.manifest() == before


def test_of_recordings_the_old_ones_go(store: TickStore) -> None:
    places = as_kinds_of_an_age(store, RECORDED)
    found = store.look_after(BORDER, ())
    assert found.expired == tuple(Place(k, "BTC/USDT", OLD) for k in ("books", "depth", "trades"))
    assert store.manifest().partitions.keys() >= places - set(found.expired)
    assert store.look_after(BORDER, ()) == Upkeep()


def test_a_day_that_a_kept_run_refers_to_stays(store: TickStore) -> None:
    as_kinds_of_an_age(store, RECORDED)
    assert store.look_after(BORDER, {OLD}) == Upkeep()


def test_leftovers_go_after_their_grace_and_what_is_named_stays(store: TickStore) -> None:
    (partition,) = store.manifest().partitions.values()
    named = store.root / partition.files[0].name
    old, fresh = (named.with_name(f"{name}.parquet") for name in ("old", "fresh"))
    for path in (old, fresh):
        path.write_bytes(b"half")
    os.utime(old, (1, 1))
    os.utime(named, (1, 1))
    assert store.look_after(BORDER, ()).files == 1
    assert (old.exists(), fresh.exists(), named.exists()) == (False, True, True)


def test_stages_of_killed_imports_go(store: TickStore) -> None:
    (store.root / ".staging" / "killed").mkdir(parents=True, exist_ok=True)
    assert store.look_after(BORDER, ()).stages == 1
    assert store.look_after(BORDER, ()).stages == 0


def test_a_damaged_manifest_is_named_and_nothing_is_removed(store: TickStore) -> None:
    (store.root / "manifest.json").write_text("{")
    files = tick_files.fingerprint(store.root)
    with pytest.raises(DataError, match=r"manifest\.json is damaged"):
        store.look_after(BORDER, ())
    assert tick_files.fingerprint(store.root) == files
