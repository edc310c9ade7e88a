"""Files that overlap, repeat or contradict each other."""

import gzip
import os
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from genesis.domain.events import TradeTick
from genesis.errors import DataError, UsageError
from genesis.sim.sample import START_NS
from genesis.store.feeds import open_feed
from genesis.store.ticks import TickStore
from genesis.store.ticks import manifest as manifests
from genesis.store.ticks.samples import sample_blocks, write_sample
from tests.support import tick_files
from tests.support.tick_files import DAY_MS, MIDNIGHT_MS, Trade

BTC = "BTC/USDT"
WHOLE = tick_files.steady(1, 120, start_ms=MIDNIGHT_MS - 600)


def assert_disjoint(store: TickStore) -> None:
    """Stored trade files never overlap: reading them in order is reading by id."""
    for partition in store.manifest().of("trades").values():
        spans = [(entry.first_key, entry.last_key) for entry in partition.files]
        assert all(a[1] < b[0] for a, b in pairwise(spans))


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.lists(st.sampled_from(WHOLE), min_size=1, max_size=60), min_size=1, max_size=4))
def test_any_pieces_in_any_order_give_the_union(
    tmp_path_factory: pytest.TempPathFactory, pieces: list[list[Trade]]
) -> None:
    folder = tmp_path_factory.mktemp("pieces")
    store = TickStore(folder)
    seen: set[int] = set()
    for number, rows in enumerate(pieces):
        report = store.import_file(tick_files.write(folder / f"BTCUSDT-{number}.csv", rows))
        ids = {row.id for row in rows}
        assert (report.read, report.added) == (len(rows), len(ids - seen))
        assert report.repeated == report.read - report.added
        seen |= ids
        assert_disjoint(store)
    expected = {row.id: row for row in WHOLE}
    found = store.arrays(BTC)
    assert found.trade_id.tolist() == sorted(seen)
    assert found.ts_ns.tolist() == [expected[i].time * 10**6 for i in sorted(seen)]


def test_importing_twice_changes_nothing_at_all(tmp_path: Path) -> None:
    path = tick_files.write(tmp_path / "BTCUSDT-t.csv", WHOLE)
    store = TickStore(tmp_path / "home")
    store.import_file(path)
    before = tick_files.fingerprint(store.root)
    report = store.import_file(path)
    assert (report.added, report.repeated) == (0, len(WHOLE))
    assert tick_files.fingerprint(store.root) == before


CONFLICTS = [
    (Trade(5)._replace(price="1.5"), "price"),
    (Trade(5)._replace(qty="1.5"), "qty"),
    (Trade(5)._replace(time=MIDNIGHT_MS + 1), "ts_ns"),
    (Trade(5)._replace(is_buyer_maker=False), "is_buyer_maker"),
    (Trade(5)._replace(time=MIDNIGHT_MS + DAY_MS), "another UTC day"),
    (Trade(5)._replace(time=MIDNIGHT_MS - DAY_MS), "another UTC day"),
]


@pytest.mark.parametrize(("other", "reason"), CONFLICTS)
def test_same_id_with_other_content_is_a_bad_row(tmp_path: Path, other: Trade, reason: str) -> None:
    rows = [Trade(4), Trade(5), Trade(6)]
    store = TickStore(tmp_path / "home")
    store.import_file(tick_files.write(tmp_path / "BTCUSDT-1.csv", rows))
    before = tick_files.fingerprint(store.root)
    path = tick_files.write(tmp_path / "BTCUSDT-2.csv", [Trade(4), other, Trade(7)])
    with pytest.raises(DataError, match=rf"BTCUSDT-2.csv line 2: trade id 5 .*{reason}"):
        store.import_file(path)
    assert tick_files.fingerprint(store.root) == before
    report = store.import_file(path, on_bad="quarantine")
    assert (report.added, report.repeated, len(report.bad)) == (1, 1, 1)
    assert report.bad[0].line == 2
    assert report.quarantine is not None
    assert other.row() in report.quarantine.read_text()
    assert store.arrays(BTC).trade_id.tolist() == [4, 5, 6, 7]


@pytest.mark.parametrize(("other", "reason"), CONFLICTS)
def test_contradiction_inside_one_file(tmp_path: Path, other: Trade, reason: str) -> None:
    path = tick_files.write(tmp_path / "BTCUSDT-1.csv", [Trade(5), Trade(6), Trade(5), other])
    store = TickStore(tmp_path / "home")
    with pytest.raises(DataError, match=r"line [14]: trade id 5"):
        store.import_file(path)
    assert store.symbols() == ()
    store.import_file(path, on_bad="quarantine")
    before = tick_files.fingerprint(store.root)
    assert store.import_file(path, on_bad="quarantine").added == 0
    assert tick_files.fingerprint(store.root) == before
    assert sorted(store.arrays(BTC).trade_id.tolist()) == [5, 6]


def test_two_recordings_of_the_same_stream_keep_each_message_once(
    shared: Path, tmp_path: Path
) -> None:
    with gzip.open(shared / "data/capture/btcusdt_20240808.gz") as file:
        lines = [next(file) for _ in range(3_000)]
    whole, first, second = (tmp_path / f"btcusdt_{n}.gz" for n in "wab")
    for path, part in ((whole, lines), (first, lines[:2_000]), (second, lines[1_000:])):
        path.write_bytes(gzip.compress(b"".join(part)))
    one, two = TickStore(tmp_path / "one"), TickStore(tmp_path / "two")
    one.import_file(whole)
    two.import_file(first)
    report = two.import_file(second, symbol=BTC)
    assert report.added > 0
    assert report.repeated > 0
    for kind in ("trades", "books", "depth"):
        query = f"SELECT * EXCLUDE (arrival, ts_ns) FROM {kind} ORDER BY ALL"
        assert one.sql(query).fetchall() == two.sql(query).fetchall()
    keys = [
        [getattr(e, "trade_id", getattr(e, "update_id", getattr(e, "last_id", 0))) for e in s]
        for s in (one.events(BTC), two.events(BTC))
    ]
    assert keys[0] == keys[1]


def test_stored_capture_plays_back_as_it_arrived(shared: Path, tmp_path: Path) -> None:
    path = tmp_path / "btcusdt.gz"
    with gzip.open(shared / "data/capture/btcusdt_20240808.gz") as file:
        path.write_bytes(gzip.compress(b"".join(next(file) for _ in range(6_000))))
    store = TickStore(tmp_path)
    store.import_file(path)
    assert list(store.events(BTC)) == list(open_feed(path))


def test_synthetic_sample_plays_back_and_never_mixes(tmp_path: Path) -> None:
    store = TickStore(tmp_path / "home")
    made = (4, START_NS, 60, BTC)
    store.add_synthetic(sample_blocks(*made), "sample")
    assert {each.origin for each in store.list()} == {"synthetic"}
    feed = tmp_path / "sample.gz"
    write_sample(feed, *made)
    stored, told = list(store.events(BTC)), list(open_feed(feed))
    assert [replace(e, ts_ns=0) for e in stored] == [replace(e, ts_ns=0) for e in told]
    assert [e for e in stored if type(e) is TradeTick] == [e for e in told if type(e) is TradeTick]
    real = tick_files.write(tmp_path / "BTCUSDT-t.csv", WHOLE)
    with pytest.raises(UsageError, match="holds synthetic ticks and these are imported"):
        store.import_file(real)
    assert store.remove_synthetic() == (BTC,)
    store.import_file(real)
    with pytest.raises(UsageError, match="holds imported ticks and these are synthetic"):
        store.import_file(feed)
    assert {each.origin for each in store.list()} == {"imported"}


def test_replaced_files_stay_for_a_grace_period(tmp_path: Path) -> None:
    store = TickStore(tmp_path / "home")
    store.import_file(tick_files.write(tmp_path / "BTCUSDT-1.csv", WHOLE[::2]))
    old = manifests.file_names(store.manifest())
    store.import_file(tick_files.write(tmp_path / "BTCUSDT-2.csv", WHOLE[1::2]))
    assert not old & manifests.file_names(store.manifest())
    assert all((store.root / name).exists() for name in old)
    store.import_file(tick_files.write(tmp_path / "BTCUSDT-3.csv", [Trade(900)]))
    assert all((store.root / name).exists() for name in old)
    for name in old:
        stamp = (store.root / name).stat().st_mtime - manifests.GRACE_S - 1
        os.utime(store.root / name, (stamp, stamp))
    store.import_file(tick_files.write(tmp_path / "BTCUSDT-4.csv", [Trade(901)]))
    assert not any((store.root / name).exists() for name in old)
    assert len(store.arrays(BTC)) == len(WHOLE) + 2


def test_damaged_or_foreign_manifest_is_refused(tmp_path: Path) -> None:
    store = TickStore(tmp_path)
    store.import_file(tick_files.write(tmp_path / "BTCUSDT-1.csv", WHOLE))
    path = store.root / "manifest.json"
    body = path.read_text()
    path.write_text(body[:-40])
    with pytest.raises(DataError, match=r"manifest\.json is damaged"):
        store.list()
    path.write_text(body.replace('"version": 1', '"version": 2'))
    with pytest.raises(DataError, match="is of version 2"):
        store.arrays(BTC)


def test_damaged_data_file_is_named(tmp_path: Path) -> None:
    store = TickStore(tmp_path)
    store.import_file(tick_files.write(tmp_path / "BTCUSDT-1.csv", WHOLE))
    (name, *_) = manifests.file_names(store.manifest())
    (store.root / name).write_bytes(b"PAR1 no longer")
    with pytest.raises(DataError, match=f"{Path(name).name} cannot be read"):
        store.arrays(BTC)


def test_out_of_order_rows_are_sorted_and_counted(tmp_path: Path) -> None:
    store = TickStore(tmp_path)
    rows = [WHOLE[i] for i in (3, 1, 2, 0, 4)]
    report = store.import_file(tick_files.write(tmp_path / "BTCUSDT-1.csv", rows))
    assert report.disorder == 2
    assert np.all(np.diff(store.arrays(BTC).trade_id) == 1)
