"""The SQL views and the quality report."""

import gc
from collections import defaultdict
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from genesis.domain.time import MINUTE, format_utc
from genesis.errors import DataError, UsageError
from genesis.store.ticks import TickStore, check_file, naming_damage
from tests.support import tick_files
from tests.support.tick_files import MIDNIGHT_MS, Trade

BTC = "BTC/USDT"
ROWS = tick_files.steady(1, 400, start_ms=MIDNIGHT_MS - 200_000, step_ms=1_000)


@pytest.fixture
def store(tmp_path: Path) -> TickStore:
    """Two symbols with different scales, two days, a home whose name looks like a pattern."""
    made = TickStore(tmp_path / "home [a]*?'")
    made.import_file(tick_files.write(tmp_path / "BTCUSDT-t.csv", ROWS))
    made.import_file(tick_files.write(tmp_path / "ETHBTC-t.csv", [Trade(7, "0.05", "3")]))
    return made


def test_empty_store_has_the_views(tmp_path: Path) -> None:
    store = TickStore(tmp_path)
    for view in ("trades", "agg_trades", "books", "depth", "bars_1m", "bars_1h"):
        assert store.sql(f"SELECT * FROM {view}").fetchall() == []
    assert not store.root.exists()


def test_amounts_are_the_nearest_doubles_and_exact_integers(store: TickStore) -> None:
    query = "SELECT * FROM trades WHERE symbol = 'BTC/USDT' ORDER BY trade_id"
    relation = store.sql(query)
    gc.collect()
    found = [dict(zip(relation.columns, row, strict=True)) for row in relation.fetchall()]
    assert len(found) == len(ROWS)
    for row, was in zip(found, ROWS, strict=True):
        assert (row["trade_id"], row["ts_ns"]) == (was.id, was.time * 10**6)
        assert row["price"] == float(was.price)
        assert row["qty"] == float(was.qty)
        assert Decimal(row["price_int"]).scaleb(-row["price_scale"]) == Decimal(was.price)
        assert Decimal(row["qty_int"]).scaleb(-row["qty_scale"]) == Decimal(was.qty)
        assert str(row["date"]) == format_utc(was.time * 10**6)[:10]
    types = dict(zip(relation.columns, map(str, relation.types), strict=True))
    assert not [name for name, type_ in types.items() if "DECIMAL" in type_ or "HUGE" in type_]


def test_bars_equal_a_plain_reckoning(store: TickStore) -> None:
    by_minute: dict[int, list[Trade]] = defaultdict(list)
    for row in ROWS:
        by_minute[row.time * 10**6 // MINUTE * MINUTE].append(row)
    expected = [
        (
            opened,
            float(rows[0].price),
            max(float(row.price) for row in rows),
            min(float(row.price) for row in rows),
            float(rows[-1].price),
            float(sum(Decimal(row.qty) for row in rows)),
            len(rows),
        )
        for opened, rows in sorted(by_minute.items())
    ]
    fields = "open_ts_ns, open, high, low, close, volume, trades"
    query = f"SELECT {fields} FROM bars_1m WHERE symbol = 'BTC/USDT' ORDER BY open_ts_ns"
    assert store.sql(query).fetchall() == expected
    chosen = store.bars(BTC, MINUTE, start=expected[2][0], end=expected[5][0])
    assert [row[:1] + row[2:] for row in chosen.fetchall()] != []
    assert [row[1] for row in chosen.fetchall()] == [bar[0] for bar in expected[2:5]]


def test_bars_refuse_what_cannot_be(store: TickStore) -> None:
    with pytest.raises(UsageError, match="do not divide a day"):
        store.bars(BTC, 7 * MINUTE)
    with pytest.raises(UsageError, match=r"no ticks of XRP/USDT .* it holds BTC/USDT, ETH/BTC"):
        store.bars("XRP/USDT", MINUTE)


def test_damage_is_one_clear_line_and_a_wrong_query_stays_one(store: TickStore) -> None:
    with pytest.raises(duckdb.ParserException), naming_damage():
        store.sql("SELEKT 1")
    relation = store.bars(BTC, MINUTE)
    for file in store.root.glob("trades/*/*/*.parquet"):
        file.write_bytes(file.read_bytes()[:900])
    with pytest.raises(DataError, match="restore it from a backup") as told, naming_damage():
        relation.fetchall()
    assert "\n" not in told.value.message
    with pytest.raises(DataError, match=r"\.parquet"):
        store.bars(BTC, MINUTE)


def test_extensions_are_never_fetched(store: TickStore) -> None:
    settings = store.sql(
        "SELECT current_setting('autoinstall_known_extensions'),"
        " current_setting('autoload_known_extensions')"
    ).fetchall()
    assert settings == [(False, False)]


def test_list_tells_what_is_held(store: TickStore) -> None:
    first, second = store.list()
    assert (first.symbol, first.kind, first.origin, first.days) == (BTC, "trades", "imported", 2)
    assert (first.rows, first.first_ns) == (400, ROWS[0].time * 10**6)
    assert first.last_ns == ROWS[-1].time * 10**6
    assert (second.symbol, second.rows) == ("ETH/BTC", 1)


def test_check_finds_gaps_and_silences(tmp_path: Path) -> None:
    late = [row._replace(time=row.time + 90_000) for row in ROWS[250:]]
    rows = [*ROWS[:100], *ROWS[103:250], *late[1:]]
    store = TickStore(tmp_path / "home")
    store.import_file(tick_files.write(tmp_path / "BTCUSDT-t.csv", rows))
    found = store.check(BTC)
    assert (found.rows, found.missing, found.gaps, found.silences) == (396, 4, 2, 1)
    assert [(gap.first_id, gap.last_id) for gap in found.first_gaps] == [(101, 103), (251, 251)]
    assert found.coverage == 396 / 400
    assert not found.is_clean
    assert (found.first_silences[0].before_ns - found.first_silences[0].after_ns) == 92 * 10**9


def test_check_of_a_file_counts_what_an_import_would_drop(tmp_path: Path) -> None:
    rows = [ROWS[0], ROWS[1], ROWS[1], ROWS[2]._replace(price="1.0"), ROWS[2], ROWS[4], ROWS[3]]
    path = tick_files.write(tmp_path / "BTCUSDT-t.csv", rows)
    with path.open("a") as file:
        file.write("9,?,1,1,1723161600000,True,True\n")
    found = check_file(path)[BTC]
    assert (found.repeated, found.conflicting, found.unreadable, found.disorder) == (1, 1, 1, 1)
    assert (found.rows, found.missing) == (5, 0)
    assert not found.is_clean


@pytest.mark.parametrize(("name", "is_clean"), [("positive", True), ("negative", False)])
def test_planted_defects_are_found(shared: Path, name: str, is_clean: bool) -> None:
    file = f"test_{name}_binance_trade_stream_spot_trxusdt_04-03-2025.csv.gz"
    found = check_file(shared / "data/quality" / file)["TRX/USDT"]
    assert found.is_clean is is_clean
    planted = (found.missing, found.conflicting, found.stray_received)
    assert planted == ((0, 0, 0) if is_clean else (1, 1, 1))
