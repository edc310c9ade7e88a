"""Recordings in the store: order, compaction, what mixes with what, records beside the ticks."""

import errno
import os
import random
import threading
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from genesis.domain.events import BookTop, InstrumentReported, TradeTick
from genesis.domain.time import MICROSECOND, MILLISECOND
from genesis.errors import DataError
from genesis.store.ticks import TickStore, records
from genesis.store.ticks import manifest as manifests
from genesis.store.ticks.compaction import FAN_IN, compact
from genesis.store.ticks.manifest import IMPORTED, RECORDED
from genesis.store.ticks.records import (
    AWAY,
    FILLED,
    TRADES,
    GapRecord,
    RecordWriter,
    Session,
)
from tests.support import tick_files
from tests.support.build import BTC as INSTRUMENT
from tests.support.recorded import BTC, MIDNIGHT, heard, market, record, trade


@pytest.fixture
def store(tmp_path: Path) -> TickStore:
    return TickStore(tmp_path / "home")


def test_arrival_orders_a_recording_whatever_the_clock_said(store: TickStore) -> None:
    """Our own clock was set back between two sessions, and within one."""
    events = market(1, 20)
    record(store.root, heard(events[:30], session=1, received_ns=MIDNIGHT + 10**12))
    record(store.root, heard(events[30:], session=2, received_ns=MIDNIGHT), "b")
    assert list(store.events(BTC)) == events
    tops = [event.update_id for event in events if isinstance(event, BookTop)]
    assert store.tops(BTC).update_id.tolist() == tops


def test_small_files_become_few_and_hold_the_same(store: TickStore) -> None:
    events = market(1, 3 * FAN_IN)
    pieces = [events[n * 9 : n * 9 + 9] for n in range(FAN_IN)]
    for n, piece in enumerate(pieces):
        record(store.root, heard(piece, first=n * 9), f"{n:03d}")
        if n < FAN_IN - 1:
            assert compact(store.root, [BTC]) == 0
    before = store.manifest()
    read = store.arrays(BTC)
    assert compact(store.root, ["ETH/USDT"]) == 0
    assert compact(store.root, [BTC]) == 3 * (FAN_IN - 1)
    assert {len(part.files) for part in store.manifest().partitions.values()} == {1}
    assert list(store.events(BTC)) == events
    assert store.arrays(BTC).price.tolist() == read.price.tolist()
    for part in before.partitions.values():  # readers that hold the older list go on
        assert all((store.root / entry.name).exists() for entry in part.files)
    assert compact(store.root, [BTC]) == 0


def test_a_day_that_is_over_is_joined_at_once(store: TickStore) -> None:
    for n in range(3):
        record(store.root, heard([trade(n)], first=n), f"{n}")
    assert compact(store.root, [BTC]) == 0
    record(store.root, heard([trade(10**6)], first=9), "next day")
    assert compact(store.root, [BTC]) == 2
    assert [e.trade_id for e in store.events(BTC) if isinstance(e, TradeTick)] == [0, 1, 2, 10**6]


def test_joined_trades_stay_sorted_however_they_came(store: TickStore) -> None:
    order = list(range(40))
    random.Random(1).shuffle(order)
    for n, number in enumerate(order):
        record(store.root, heard([trade(number)], first=n), f"{n:03d}")
        compact(store.root, [BTC])
    assert store.arrays(BTC).trade_id.tolist() == list(range(40))
    assert store.check(BTC).is_clean


def test_a_fault_after_the_swap_takes_nothing_away_that_the_manifest_names(
    store: TickStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    for n in range(FAN_IN):
        record(store.root, heard([trade(n)], first=n), f"{n:03d}")

    def broken(path: Path) -> None:
        if path.suffix == ".parquet":
            raise OSError(errno.EIO, "Input/output error")

    with monkeypatch.context() as patched, pytest.raises(OSError, match="Input/output"):
        patched.setattr(os, "utime", broken)
        compact(store.root, [BTC])
    (part,) = store.manifest().partitions.values()
    assert len(part.files) == 1
    assert store.arrays(BTC).trade_id.tolist() == list(range(FAN_IN))


def test_a_file_that_was_removed_by_hand_may_be_dropped(store: TickStore) -> None:
    record(store.root, heard([trade(1)]))
    held = store.manifest()
    for name in manifests.file_names(held):
        (store.root / name).unlink()
    manifests.save(store.root, held.with_partitions(dict.fromkeys(held.partitions)))
    assert store.symbols() == ()


# -- imports beside recordings -----------------------------------------------------------------
def test_an_archive_fills_the_holes_of_a_recording_and_makes_it_last(
    store: TickStore, tmp_path: Path
) -> None:
    rows = tick_files.steady(0, 30)
    ticks = [trade(n) for n in (1, 2, 20)]
    told = [_as_recorded(rows[tick.trade_id], tick) for tick in ticks]
    record(store.root, heard(told))
    assert {held.origin for held in store.list()} == {RECORDED}
    archive = tick_files.write(tmp_path / "BTCUSDT-t.csv", rows)
    report = store.import_file(archive)
    assert (report.added, report.repeated, report.bad) == (27, 3, ())
    assert store.check(BTC).is_clean
    assert {held.origin for held in store.list()} == {IMPORTED}
    record(store.root, heard([trade(31, rows[29].time * 10**6 + 10**9)], session=2), "b")
    assert {held.origin for held in store.list()} == {IMPORTED}


def test_an_import_that_adds_nothing_makes_a_recording_last(
    store: TickStore, tmp_path: Path
) -> None:
    rows = tick_files.steady(0, 3)
    record(store.root, heard([_as_recorded(rows[n], trade(n)) for n in range(3)]))
    report = store.import_file(tick_files.write(tmp_path / "BTCUSDT-t.csv", rows))
    assert (report.added, report.repeated) == (0, 3)
    assert {held.origin for held in store.list()} == {IMPORTED}


def _as_recorded(row: tick_files.Trade, tick: TradeTick) -> TradeTick:
    """The trade of a row, as the stream tells it."""
    return TradeTick(
        row.time * MILLISECOND,
        BTC,
        row.id,
        Decimal(row.price),
        Decimal(row.qty),
        row.is_buyer_maker,
    )


@pytest.mark.parametrize(("late_us", "bad"), [(0, 0), (999, 0), (1_000, 1), (-1, 1)])
def test_a_stream_tells_milliseconds_of_what_the_archive_tells_in_microseconds(
    store: TickStore, tmp_path: Path, late_us: int, bad: int
) -> None:
    (row,) = tick_files.steady(7, 1)
    record(store.root, heard([_as_recorded(row, trade(7))]))
    exact = row._replace(time=row.time * MILLISECOND // MICROSECOND + late_us)
    path = tick_files.write(tmp_path / "BTCUSDT-t.csv", [exact])
    report = store.import_file(path, on_bad="quarantine")
    assert (report.added, report.repeated, len(report.bad)) == (0, 1 - bad, bad)


# -- records -----------------------------------------------------------------------------------
GAP = GapRecord(TRADES, MIDNIGHT, MIDNIGHT + 5, 7, 9, "the stream went on")


def test_records_are_read_back_and_told_by_time(store: TickStore) -> None:
    writer = RecordWriter(store.root, BTC)
    assert writer.begin(5, "venue") == Session(1, 5, "venue")
    away = GapRecord(AWAY, MIDNIGHT + 100, MIDNIGHT + 200)
    told = InstrumentReported(MIDNIGHT, INSTRUMENT)
    for each in (told, GAP, away):
        writer.append(each)
    again = RecordWriter(store.root, BTC)
    assert again.begin(9, "venue") == Session(2, 9, "venue")
    assert list(records.read(records.path_of(store.root, BTC)))[1:4] == [told, GAP, away]
    assert store.gaps(BTC) == (GAP, away)
    assert store.gaps(BTC, MIDNIGHT + 5) == (away,)
    assert store.gaps(BTC, end=MIDNIGHT + 100) == (GAP,)
    assert [each.number for each in store.sessions(BTC)] == [1, 2]
    assert store.instrument(BTC) == INSTRUMENT
    assert (store.gaps("ETH/USDT"), store.instrument("ETH/USDT")) == ((), None)


def test_trades_that_came_after_all_are_missed_no_more(store: TickStore) -> None:
    writer = RecordWriter(store.root, BTC)
    lost = GapRecord("feed", MIDNIGHT, MIDNIGHT + 5, reason="silence")
    for each in (GAP, lost, replace(GAP, first_id=20, last_id=22)):
        writer.append(each)
    writer.append(GapRecord(FILLED, MIDNIGHT, MIDNIGHT + 5, 8, 21))
    writer.append(replace(GAP, first_id=22, last_id=22, reason="the last word"))
    assert store.gaps(BTC) == (
        replace(GAP, last_id=7),
        lost,
        replace(GAP, first_id=22, last_id=22, reason="the last word"),
    )


def test_a_record_that_cannot_be_written_takes_no_other_with_it(
    store: TickStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two threads write: gaps, and filters that changed."""
    writer = RecordWriter(store.root, BTC)
    other = threading.Thread(target=writer.append, args=(GAP,))

    def full(descriptor: int) -> None:
        monkeypatch.undo()
        other.start()
        other.join(0.2)
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        writer.append(InstrumentReported(MIDNIGHT, INSTRUMENT))
    other.join()
    assert list(records.read(records.path_of(store.root, BTC))) == [GAP]


def test_filters_are_those_of_the_moment(store: TickStore) -> None:
    finer = replace(INSTRUMENT, price_tick=INSTRUMENT.price_tick / 10)
    writer = RecordWriter(store.root, BTC)
    writer.append(InstrumentReported(100, INSTRUMENT))
    writer.append(InstrumentReported(200, finer))
    found = [store.instrument(BTC, at) for at in (0, 100, 199, 200, None)]
    assert found == [INSTRUMENT, INSTRUMENT, INSTRUMENT, finer, finer]


def test_a_torn_line_is_dropped_and_a_damaged_one_is_named(store: TickStore) -> None:
    writer = RecordWriter(store.root, BTC)
    writer.append(GAP)
    path = records.path_of(store.root, BTC)
    whole = path.read_bytes()
    for cut in range(1, len(whole)):
        path.write_bytes(whole + whole[:cut])
        assert store.gaps(BTC) == (GAP,)
    RecordWriter(store.root, BTC).append(GAP)
    assert path.read_bytes() == whole * 2
    path.write_bytes(whole + b"{}\n" + whole)
    with pytest.raises(DataError, match=r"jsonl line 2 is damaged"):
        store.gaps(BTC)
