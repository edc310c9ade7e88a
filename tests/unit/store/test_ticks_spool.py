"""The spool: what was acknowledged is read back, whatever happens after it."""

import fcntl
import resource
from decimal import Decimal
from pathlib import Path
from typing import IO

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from genesis.store.ticks import TickStore
from genesis.store.ticks import manifest as manifests
from genesis.store.ticks import spool as spools
from genesis.store.ticks.blocks import Block
from genesis.store.ticks.sealing import Sealed, seal, seal_abandoned
from genesis.store.ticks.spool import SegmentReader, SegmentWriter
from tests.support.recorded import BTC, blocks, heard, market, record, spool, trade

BATCHES = [heard(market(1 + n * 5, 5), first=n * 15) for n in range(4)]


def ids(path: Path) -> list[int]:
    found = [block for block in SegmentReader(path) if block.kind.name == "trades"]
    return [int(n) for block in found for n in block.columns["trade_id"]]


def test_what_is_appended_is_read_back_exactly_while_it_is_written(tmp_path: Path) -> None:
    segment = SegmentWriter(tmp_path, "a")
    for n, rows in enumerate(BATCHES, 1):
        wanted = blocks(rows)
        assert segment.append(wanted) == sum(map(len, wanted))
        found = list(SegmentReader(segment.path))[-3:]
        for one, other in zip(found, wanted, strict=True):
            assert (one.kind, one.symbol) == (other.kind, other.symbol)
            assert (one.price_scale, one.qty_scale) == (other.price_scale, other.qty_scale)
            for name, column in other.columns.items():
                assert one.columns[name].tolist() == column.tolist()
        assert ids(segment.path) == list(range(1, 1 + 5 * n))
    segment.close()


FRAMES = [block for rows in BATCHES for block in blocks(rows)]


def written(root: Path) -> tuple[Path, list[int]]:
    """A segment of one frame for each block, and where each ends."""
    (root / spools.FOLDER / "a.spool").unlink(missing_ok=True)
    segment = SegmentWriter(root, "a")
    ends = []
    for block in FRAMES:
        segment.append([block])
        ends.append(segment.size_bytes)
    segment.close()
    return segment.path, ends


def keys(found: list[Block]) -> list[list[int]]:
    return [block.keys.tolist() for block in found]


@given(st.data())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_torn_segment_gives_what_stands_before(tmp_path: Path, data: st.DataObject) -> None:
    path, ends = written(tmp_path)
    at = data.draw(st.integers(0, ends[-1] - 1))
    path.write_bytes(path.read_bytes()[:at])
    segment = SegmentReader(path)
    assert keys(list(segment)) == keys(FRAMES[: sum(end <= at for end in ends)])
    assert not segment.is_damaged


@given(st.data())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_damaged_segment_gives_every_other_frame(tmp_path: Path, data: st.DataObject) -> None:
    path, ends = written(tmp_path)
    body = bytearray(path.read_bytes())
    at = data.draw(st.integers(0, len(body) - 1))
    body[at] ^= data.draw(st.integers(1, 255))
    path.write_bytes(body)
    hit = sum(end <= at for end in ends)
    segment = SegmentReader(path)
    assert keys(list(segment)) == keys(FRAMES[:hit] + FRAMES[hit + 1 :])
    assert segment.is_damaged == (hit < len(ends) - 1)


def test_a_damaged_segment_comes_in_without_the_damage_and_is_kept(tmp_path: Path) -> None:
    store = TickStore(tmp_path)
    path = spool(store.root, "a", *BATCHES)
    body = bytearray(path.read_bytes())
    body[body.index(b"GTS1", 1) - 1] ^= 1  # the end of the first frame: the trades 1 to 5
    path.write_bytes(body)
    found = seal(store.root, [path])
    assert store.arrays(BTC).trade_id.tolist() == list(range(6, 21))
    (kept,) = found.damaged
    assert kept.read_bytes() == body
    assert (kept.parent, path.exists()) == (store.root / "quarantine", False)
    (words,) = found.troubles(store.root)
    assert f"damaged on the disk; what could be read came in, and it lies in {kept}" in words


def test_a_full_disk_leaves_the_segment_as_it_was(tmp_path: Path) -> None:
    segment = SegmentWriter(tmp_path, "a")
    segment.append(blocks(BATCHES[0]))
    before = segment.path.read_bytes()
    old = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) + 1_000, old[1]))
    try:
        with pytest.raises(OSError, match="File too large"):
            segment.append(blocks(BATCHES[1]))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, old)
    assert segment.path.read_bytes() == before
    segment.append(blocks(BATCHES[1]))
    assert ids(segment.path) == list(range(1, 11))
    segment.close()


def test_a_living_segment_is_left_alone_and_an_abandoned_one_comes_in(tmp_path: Path) -> None:
    store = TickStore(tmp_path)
    segment = SegmentWriter(store.root, "a")
    segment.append(blocks(BATCHES[0]))
    assert store.bring_in().added == 0
    segment.close()
    assert store.bring_in().added == 5 + 5 + 15
    assert store.arrays(BTC).trade_id.tolist() == [1, 2, 3, 4, 5]
    assert not segment.path.exists()
    assert store.bring_in() == seal_abandoned(store.root)


def test_a_segment_that_came_in_and_stayed_changes_nothing(tmp_path: Path) -> None:
    """As after a kill between the manifest's swap and the removal of the segment."""
    store = TickStore(tmp_path)
    path = spool(store.root, "a", *BATCHES)
    body = path.read_bytes()
    assert seal(store.root, [path]).added
    before = store.manifest()
    path.write_bytes(body)
    again = seal(store.root, [path])
    assert (again.added, again.bad) == (0, 0)
    assert again.repeated == sum(len(rows) for rows in map(_stored_rows, BATCHES))
    assert store.manifest() == before


def _stored_rows(rows: list) -> list[int]:  # type: ignore[type-arg]
    return [n for block in blocks(rows) for n in range(len(block))]


def test_a_contradiction_is_set_aside_with_its_values(tmp_path: Path) -> None:
    store = TickStore(tmp_path)
    record(store.root, heard([trade(1), trade(2)]))
    other = heard([trade(2, ts_ns=trade(2).ts_ns + 10**9), trade(3)], session=2)
    found = record(store.root, other, "b")
    assert (found.added, found.bad) == (1, 1)
    (file,) = (store.root / "quarantine").iterdir()
    assert "trade id 2 differs from the stored row in ts_ns" in file.read_text()
    assert store.arrays(BTC).trade_id.tolist() == [1, 2, 3]


def test_an_amount_beyond_the_store_stops_nothing(tmp_path: Path) -> None:
    from dataclasses import replace

    store = TickStore(tmp_path)
    fine = replace(trade(1), price=Decimal("0.00000001"))
    huge = replace(trade(2), price=Decimal(10) ** 12)
    path = spool(store.root, "a", heard([fine]), heard([huge], first=1))
    after = spool(store.root, "b", heard([trade(3)], first=2))
    found = seal(store.root, [path, after])
    assert found.added == 1
    (kept,) = found.set_aside
    assert ids(kept) == [1, 2]
    assert store.arrays(BTC).trade_id.tolist() == [3]


def test_a_look_before_a_segment_is_locked_takes_nothing_from_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, lock = TickStore(tmp_path), fcntl.flock
    looks = iter((1, 2))

    def late(file: IO[bytes], how: int) -> None:
        if how == fcntl.LOCK_EX and next(looks, None):
            assert store.bring_in() == Sealed()
        lock(file, how)

    with monkeypatch.context() as patched:
        patched.setattr(fcntl, "flock", late)
        segment = SegmentWriter(store.root, "a")
    assert not list(looks)
    segment.append(blocks(BATCHES[0]))
    segment.close()
    assert store.bring_in().added == 5 + 5 + 15
    assert not list((store.root / spools.FOLDER).iterdir())


def test_a_segment_without_a_row_waits_for_no_other_writer_of_the_store(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its own writer may be waiting for the lock."""
    path = spool(tmp_path, "a")
    monkeypatch.delattr(manifests, "writing")
    assert seal_abandoned(tmp_path) == Sealed()
    assert not path.exists()
