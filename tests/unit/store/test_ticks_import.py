"""Files into the tick store: formats, days, exactness, bad rows."""

import gzip
import json
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from genesis.domain.events import TradeTick
from genesis.errors import DataError, UsageError
from genesis.store.feeds import open_feed
from genesis.store.ticks import TickStore, archive_blocks
from tests.support import tick_files
from tests.support.tick_files import DAY_MS, MIDNIGHT_MS, Trade

HEAD = b"id,price,qty,quote_qty,time,is_buyer_maker,is_best_match\n"
BTC = "BTC/USDT"


def ticks(store: TickStore, symbol: str = BTC) -> list[TradeTick]:
    """All stored trades as exact events, from the columns."""
    a = store.arrays(symbol)
    price, qty = Decimal(1).scaleb(-a.price_scale), Decimal(1).scaleb(-a.qty_scale)
    columns = (a.ts_ns, a.trade_id, a.price, a.qty, a.is_buyer_maker)
    return [
        TradeTick(ts, symbol, number, p * price, q * qty, maker)
        for ts, number, p, q, maker in zip(*(c.tolist() for c in columns), strict=True)
    ]


@pytest.mark.parametrize("day", ["20240808", "20240809"])
def test_archive_and_capture_agree_in_every_trade(shared: Path, tmp_path: Path, day: str) -> None:
    archived, captured = TickStore(tmp_path / "a"), TickStore(tmp_path / "b")
    archived.import_file(shared / f"data/trades/spot_btcusdt_{day}-trades.csv.gz")
    captured.import_file(shared / f"data/capture/btcusdt_{day}.gz")
    rows = ticks(archived)
    assert len(rows) == {"20240808": 9_757, "20240809": 10_147}[day]
    assert rows == ticks(captured)
    by_lines = open_feed(shared / f"data/trades/spot_btcusdt_{day}-trades.csv.gz")
    assert rows == list(by_lines)


def test_captures_over_archives_add_books_and_no_trade(shared: Path, tmp_path: Path) -> None:
    store = TickStore(tmp_path)
    for day in ("20240808", "20240809"):
        store.import_file(shared / f"data/trades/spot_btcusdt_{day}-trades.csv.gz")
    report = store.import_file(shared / "data/capture/btcusdt_20240808.gz")
    gains = {kind.kind: (kind.added, kind.repeated) for kind in report.kinds}
    assert gains == {"books": (28_040, 0), "depth": (126_090, 0), "trades": (0, 9_757)}
    before = tick_files.fingerprint(store.root)
    again = store.import_file(shared / "data/capture/btcusdt_20240808.gz")
    assert again.added == 0
    assert again.repeated == again.read
    assert tick_files.fingerprint(store.root) == before


@pytest.mark.parametrize("name", ["BTCUSDT-t.csv", "BTCUSDT-t.csv.gz", "BTCUSDT-t.zip"])
@pytest.mark.parametrize("head", [b"", HEAD])
def test_packings_and_headers(tmp_path: Path, name: str, head: bytes) -> None:
    rows = tick_files.steady(1, 300)
    store = TickStore(tmp_path)
    path = tick_files.write(tmp_path / name, rows, head=head)
    assert store.import_file(path).added == 300
    assert ticks(store) == list(open_feed(path))


def test_windows_line_ends_and_blank_lines(tmp_path: Path) -> None:
    path = tmp_path / "BTCUSDT-t.csv"
    path.write_bytes(tick_files.text(tick_files.steady(1, 5)).replace(b"\n", b"\r\n") + b"\r\n")
    store = TickStore(tmp_path)
    store.import_file(path)
    assert [tick.trade_id for tick in ticks(store)] == [1, 2, 3, 4, 5]


def test_stamps_in_milli_and_microseconds(tmp_path: Path) -> None:
    rows = [Trade(1, time=MIDNIGHT_MS), Trade(2, time=MIDNIGHT_MS * 1000 + 1)]
    store = TickStore(tmp_path)
    store.import_file(tick_files.write(tmp_path / "BTCUSDT-t.csv", rows))
    assert [t.ts_ns for t in ticks(store)] == [MIDNIGHT_MS * 10**6, MIDNIGHT_MS * 10**6 + 1000]


def test_days_are_split_at_midnight(tmp_path: Path) -> None:
    times = (MIDNIGHT_MS - 1, MIDNIGHT_MS, MIDNIGHT_MS + DAY_MS - 1, MIDNIGHT_MS + DAY_MS)
    rows = [Trade(i, time=time) for i, time in enumerate(times)]
    store = TickStore(tmp_path)
    store.import_file(tick_files.write(tmp_path / "BTCUSDT-t.csv", rows))
    held = store.manifest().of("trades")
    assert {p.date: sum(f.rows for f in part.files) for p, part in held.items()} == {
        "2024-08-08": 1,
        "2024-08-09": 2,
        "2024-08-10": 1,
    }
    assert len(ticks(store)) == 4
    noon = (MIDNIGHT_MS + DAY_MS // 2) * 10**6
    assert store.arrays(BTC, start=noon).trade_id.tolist() == [2, 3]
    assert store.arrays(BTC, end=MIDNIGHT_MS * 10**6).trade_id.tolist() == [0]


def test_aggregated_trades_never_mix_with_trades(tmp_path: Path) -> None:
    path = tmp_path / "BTCUSDT-aggTrades.csv"
    path.write_text(f"7,61837.63,0.02,100,103,{MIDNIGHT_MS},False,True\n")
    store = TickStore(tmp_path)
    assert store.import_file(path).kinds[0].kind == "agg_trades"
    assert len(store.arrays(BTC)) == 0
    assert store.sql("SELECT trade_id FROM agg_trades").fetchall() == [(7,)]


amounts = st.one_of(
    st.integers(1, 10**13).map(lambda i: format(Decimal(i).scaleb(-8), "f")),
    st.sampled_from(["9e-05", "1.5", "12345678901.00000000", "0.00000001", "1E2", ".5"]),
)
trades = st.lists(
    st.builds(
        Trade,
        st.integers(0, 10**9),
        amounts,
        amounts,
        st.integers(MIDNIGHT_MS - DAY_MS, MIDNIGHT_MS + DAY_MS),
        st.booleans(),
    ),
    min_size=1,
    max_size=40,
    unique_by=lambda trade: trade.id,
)


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(trades, st.sampled_from([90, 700, 1 << 20]))
def test_stored_columns_equal_the_rows_exactly(
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
    rows: list[Trade],
    block_bytes: int,
) -> None:
    """Whatever the order, the scales and the size of a block: every digit arrives."""
    monkeypatch.setattr(archive_blocks, "BLOCK_BYTES", block_bytes)
    folder = tmp_path_factory.mktemp("exact")
    store = TickStore(folder)
    store.import_file(tick_files.write(folder / "BTCUSDT-t.csv", rows))
    expected = [
        TradeTick(r.time * 10**6, BTC, r.id, Decimal(r.price), Decimal(r.qty), r.is_buyer_maker)
        for r in sorted(rows)
    ]
    assert sorted(ticks(store), key=lambda tick: tick.trade_id) == expected


def test_amounts_finer_than_the_usual_are_kept(tmp_path: Path) -> None:
    rows = [Trade(1, "0.123456789012"), Trade(2, "61837.63")]
    store = TickStore(tmp_path)
    store.import_file(tick_files.write(tmp_path / "BTCUSDT-t.csv", rows))
    assert [t.price for t in ticks(store)] == [Decimal("0.123456789012"), Decimal("61837.63")]


def test_a_finer_later_file_rewrites_the_day_at_its_scale(tmp_path: Path) -> None:
    store = TickStore(tmp_path)
    store.import_file(tick_files.write(tmp_path / "BTCUSDT-1.csv", [Trade(1, "5.1", "1")]))
    (old,) = store.manifest().of("trades").values()
    assert (old.price_scale, old.qty_scale) == (1, 0)
    store.import_file(tick_files.write(tmp_path / "BTCUSDT-2.csv", [Trade(9, "5.12", "0.001")]))
    (new,) = store.manifest().of("trades").values()
    assert (new.price_scale, new.qty_scale) == (2, 3)
    assert [(t.price, t.qty) for t in ticks(store)] == [
        (Decimal("5.1"), 1),
        (Decimal("5.12"), Decimal("0.001")),
    ]
    assert store.sql("SELECT price, price_int FROM trades ORDER BY trade_id").fetchall() == [
        (5.1, 510),
        (5.12, 512),
    ]


def test_an_amount_too_wide_for_its_day_is_named(tmp_path: Path) -> None:
    store = TickStore(tmp_path / "home")
    store.import_file(tick_files.write(tmp_path / "BTCUSDT-1.csv", [Trade(1, qty="0.00000001")]))
    wide = [Trade(2, qty="1"), Trade(3, qty="999999999999")]
    path = tick_files.write(tmp_path / "BTCUSDT-2.csv", wide)
    before = tick_files.fingerprint(store.root)
    with pytest.raises(DataError, match=r"BTCUSDT-2.csv line 2: qty does not fit 64 bits"):
        store.import_file(path)
    assert tick_files.fingerprint(store.root) == before


BAD = [
    ("61837.63,0.02,1,1723161600000,True,True", "columns"),
    ("x,61837.63,0.02,1,1723161600000,True,True", "trade id"),
    ("-5,61837.63,0.02,1,1723161600000,True,True", "trade id"),
    ("5,,0.02,1,1723161600000,True,True", "not a number"),
    ("5,0,0.02,1,1723161600000,True,True", "price is 0"),
    ("5,61837.63,-0.02,1,1723161600000,True,True", "negative"),
    ("5,nan,0.02,1,1723161600000,True,True", "usable"),
    ("5,1e30,0.02,1,1723161600000,True,True", "usable"),
    ("5,123456789012345678.5,0.02,1,1723161600000,True,True", "64 bits"),
    ("5,61837.63,0.02,1,17231616000,True,True", "outside the years"),
    ("5,61837.63,0.02,1,99999999999999999,True,True", "outside the years"),
    ("5,61837.63,0.02,1,1723161600000,Maybe,True", "neither true nor false"),
]


@pytest.mark.parametrize(("bad", "reason"), BAD)
def test_bad_row_stops_with_line_and_reason_and_nothing_changes(
    tmp_path: Path, bad: str, reason: str
) -> None:
    store = TickStore(tmp_path / "home")
    store.import_file(tick_files.write(tmp_path / "BTCUSDT-0.csv", tick_files.steady(500, 3)))
    before = tick_files.fingerprint(store.root)
    path = tmp_path / "BTCUSDT-t.csv"
    good = tick_files.text(tick_files.steady(1, 3))
    path.write_bytes(good + f"{bad}\n".encode() + tick_files.text([Trade(9)]))
    with pytest.raises(DataError, match=rf"BTCUSDT-t.csv line 4: .*{reason}"):
        store.import_file(path)
    assert tick_files.fingerprint(store.root) == before


def test_quarantine_sets_bad_rows_aside_and_takes_the_rest(tmp_path: Path) -> None:
    path = tmp_path / "BTCUSDT-t.csv"
    good = tick_files.steady(1000, 20)
    path.write_text("".join(f"{bad}\n{row.row()}\n" for (bad, _), row in zip(BAD, good)))  # noqa: B905
    store = TickStore(tmp_path / "home")
    report = store.import_file(path, on_bad="quarantine")
    assert report.added == len(BAD)
    assert [row.line for row in report.bad] == [2 * i + 1 for i in range(len(BAD))]
    assert report.quarantine is not None
    rows = [json.loads(line) for line in report.quarantine.read_text().splitlines()]
    assert [row["row"] for row in rows] == [bad for bad, _ in BAD]
    assert all(reason in row["reason"] for row, (_, reason) in zip(rows, BAD, strict=True))
    before = tick_files.fingerprint(store.root)
    assert store.import_file(path, on_bad="quarantine").added == 0
    assert tick_files.fingerprint(store.root) == before


def test_bad_line_of_a_capture_is_quarantined(tmp_path: Path) -> None:
    top = '{"u":%d,"s":"BTCUSDT","b":"1.0","B":"1.0","a":"2.0","A":"1.0"}'
    line = '1723161253937085768 {"stream":"btcusdt@bookTicker","data":%s}\n'
    path = tmp_path / "cap.gz"
    lines = [line % (top % 1), line % (top % 2).replace('"2.0"', '"?"'), line % (top % 3)]
    path.write_bytes(gzip.compress("".join(lines).encode()))
    store = TickStore(tmp_path / "home")
    with pytest.raises(DataError, match="line 2: '\\?' is not a number"):
        store.import_file(path)
    assert store.symbols() == ()
    report = store.import_file(path, on_bad="quarantine")
    assert report.added == 2
    assert store.tops(BTC).update_id.tolist() == [1, 3]


@pytest.mark.parametrize(
    ("name", "body", "reason"),
    [
        ("BTCUSDT-a.csv", b"", "is empty"),
        ("BTCUSDT-b.csv", b"\n", "is empty"),
        ("BTCUSDT-c.csv", HEAD, "no rows"),
        ("BTCUSDT-d.csv", b"hello world\n", "no known format"),
        ("BTCUSDT-e.csv", b"time,open,high,low,close\n1,2,3,4,5\n", "no known format"),
        ("BTCUSDT-f.gz", gzip.compress(tick_files.text(tick_files.steady(1, 999)))[:-9], "damaged"),
        ("BTCUSDT-g.gz", b"\x1f\x8b" + b"junk" * 9, "damaged"),
        ("BTCUSDT-h.zip", b"PK\x03\x04junk", "damaged"),
    ],
)
def test_unusable_file_is_one_clear_error(
    tmp_path: Path, name: str, body: bytes, reason: str
) -> None:
    path = tmp_path / name
    path.write_bytes(body)
    store = TickStore(tmp_path / "home")
    with pytest.raises(DataError, match=f"{name}.*{reason}"):
        store.import_file(path)
    assert store.symbols() == ()


def test_file_cut_in_the_middle_of_its_last_row_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "BTCUSDT-t.csv"
    path.write_bytes(tick_files.text(tick_files.steady(1, 3))[:-6])
    with pytest.raises(DataError, match="line 3: 6 columns where 7 belong"):
        TickStore(tmp_path / "home").import_file(path)


def test_symbol_comes_from_the_name_or_the_caller(tmp_path: Path) -> None:
    path = tick_files.write(tmp_path / "unnamed.csv", [Trade(1)])
    store = TickStore(tmp_path / "home")
    with pytest.raises(UsageError, match="does not tell the symbol"):
        store.import_file(path)
    store.import_file(path, symbol="ETH/BTC")
    assert store.symbols() == ("ETH/BTC",)


def test_import_leaves_nothing_but_the_store_behind(tmp_path: Path) -> None:
    store = TickStore(tmp_path / "home")
    store.import_file(tick_files.write(tmp_path / "BTCUSDT-t.csv", tick_files.steady(1, 50)))
    left = set(tick_files.fingerprint(store.root))
    (part,) = store.manifest().of("trades").values()
    assert left == {"manifest.json", part.files[0].name}


def test_progress_reaches_the_end(tmp_path: Path) -> None:
    path = tick_files.write(tmp_path / "BTCUSDT-t.csv.gz", tick_files.steady(1, 500))
    told: list[tuple[int, int, int]] = []
    TickStore(tmp_path).import_file(path, progress=lambda *now: told.append(now))
    size = path.stat().st_size
    assert told[-1] == (size, size, 500)


def test_columns_are_int64_on_disk_delta_packed_without_dictionary(tmp_path: Path) -> None:
    import pyarrow.parquet as pq

    store = TickStore(tmp_path)
    store.import_file(tick_files.write(tmp_path / "BTCUSDT-t.csv", tick_files.steady(1, 500)))
    (part,) = store.manifest().of("trades").values()
    with pq.ParquetFile(store.root / part.files[0].name) as file:
        group = file.metadata.row_group(0)
        kinds = {group.column(i).path_in_schema: group.column(i) for i in range(7)}
        label = json.loads(file.schema_arrow.metadata[b"genesis"])
    assert {c.compression for c in kinds.values()} == {"ZSTD"}
    for name in ("trade_id", "ts_ns", "price", "qty"):
        assert kinds[name].physical_type == "INT64"
        assert "DELTA_BINARY_PACKED" in kinds[name].encodings
        assert not any("DICT" in encoding for encoding in kinds[name].encodings)
    assert label["price_scale"] == part.price_scale
    assert np.all(np.diff(store.arrays(BTC).trade_id) > 0)
