"""Trades in Parquet, of ours and of other programs, come in as the same trades in csv do."""

from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from genesis.errors import DataError
from genesis.store.feeds import open_feed
from genesis.store.ticks import TickStore, check_file
from tests.support import tick_files
from tests.support.tick_files import MIDNIGHT_MS, steady

BTC = "BTC/USDT"


def ccxt_frame(rows: int = 500) -> pd.DataFrame:
    """As ccxt tells trades: text for ids, the taker's side, floats."""
    trades = steady(1, rows)
    return pd.DataFrame(
        {
            "timestamp": [trade.time for trade in trades],
            "id": [str(trade.id) for trade in trades],
            "type": None,
            "side": ["sell" if trade.is_buyer_maker else "buy" for trade in trades],
            "price": [float(trade.price) for trade in trades],
            "amount": [float(trade.qty) for trade in trades],
            "cost": [float(trade.price) * float(trade.qty) for trade in trades],
        }
    )


@pytest.fixture
def from_csv(tmp_path: Path) -> TickStore:
    store = TickStore(tmp_path / "csv")
    store.import_file(tick_files.write(tmp_path / "BTCUSDT-t.csv", steady(1, 500)))
    return store


def equal(one: TickStore, other: TickStore) -> None:
    ours, theirs = one.arrays(BTC), other.arrays(BTC)
    assert (ours.price_scale, ours.qty_scale) == (theirs.price_scale, theirs.qty_scale)
    for name in ("ts_ns", "price", "qty", "is_buyer_maker", "trade_id"):
        np.testing.assert_array_equal(getattr(ours, name), getattr(theirs, name), name)


def test_what_ccxt_tells_equals_the_archive(from_csv: TickStore, tmp_path: Path) -> None:
    path = tmp_path / "BTC_USDT-trades.parquet"
    ccxt_frame().to_parquet(path)
    store = TickStore(tmp_path / "home")
    report = store.import_file(path)
    assert (report.added, report.format) == (500, "trades")
    equal(store, from_csv)
    ccxt_frame().to_csv(tmp_path / "BTC_USDT-trades.csv", index=False)
    again = TickStore(tmp_path / "text")
    again.import_file(tmp_path / "BTC_USDT-trades.csv")
    equal(again, from_csv)
    first = next(open_feed(path))
    assert (first.price, first.qty) == (Decimal("60000.01"), Decimal("0.00002"))


def test_stamps_of_any_kind_and_columns_of_our_own_files(
    from_csv: TickStore, tmp_path: Path
) -> None:
    frame = ccxt_frame()
    ours = pd.DataFrame(
        {
            "ts_ns": frame["timestamp"] * 1_000_000,
            "price": frame["price"],
            "qty": frame["amount"],
            "is_buyer_maker": frame["side"] == "sell",
            "trade_id": frame["id"].astype("int64"),
        }
    )
    dated = ours.assign(timestamp=pd.to_datetime(ours["ts_ns"], utc=True)).drop(columns="ts_ns")
    for name, written in (("ours", ours), ("dated", dated)):
        path = tmp_path / f"BTCUSDT-{name}.parquet"
        written.to_parquet(path)
        store = TickStore(tmp_path / name)
        store.import_file(path)
        equal(store, from_csv)


def test_a_bad_row_is_named_by_its_line_as_in_csv(tmp_path: Path) -> None:
    frame = ccxt_frame(5)
    frame.loc[2, "price"] = float("nan")
    path = tmp_path / "BTCUSDT-t.parquet"
    frame.to_parquet(path)
    store = TickStore(tmp_path / "home")
    with pytest.raises(DataError, match="line 4: "):
        store.import_file(path)
    assert store.import_file(path, on_bad="quarantine").added == 4


@pytest.mark.parametrize("cut", [200, 12])
def test_a_damaged_file_is_one_clear_error(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "BTCUSDT-t.parquet"
    ccxt_frame().to_parquet(path)
    path.write_bytes(path.read_bytes()[:-cut])
    with pytest.raises(DataError, match=r"BTCUSDT-t\.parquet is cut short or damaged"):
        TickStore(tmp_path / "home").import_file(path)


def test_a_parquet_file_without_the_columns_is_no_known_format(tmp_path: Path) -> None:
    path = tmp_path / "BTCUSDT-t.parquet"
    ccxt_frame().drop(columns="id").to_parquet(path)
    with pytest.raises(DataError, match="begins no known format"):
        TickStore(tmp_path / "home").import_file(path)


def test_real_trades_give_the_candles_that_were_published_with_them(
    shared: Path, tmp_path: Path
) -> None:
    store = TickStore(tmp_path)
    store.import_file(shared / "data/trades/XRP_ETH-trades.parquet")
    for width_ns, name in ((60_000_000_000, "1m"), (300_000_000_000, "5m")):
        told = pd.read_feather(shared / f"data/ohlcv/XRP_ETH-{name}.feather")
        made = store.bars("XRP/ETH", width_ns).df()
        opened = told["date"].dt.tz_localize(None).to_numpy("datetime64[ns]").astype("int64")
        np.testing.assert_array_equal(made["open_ts_ns"].to_numpy(), opened)
        for column in ("open", "high", "low", "close", "volume"):
            np.testing.assert_array_equal(made[column].to_numpy(float), told[column].to_numpy())


# -- prices that stand alone -----------------------------------------------------------------
@pytest.mark.parametrize(("row", "price", "found"), [
    (250, "66100", 1), (250, "54000", 1), (250, "62900", 0), (1, "90000", 1), (498, "90000", 1),
])  # fmt: skip
def test_a_price_that_stands_alone_is_named(
    tmp_path: Path, row: int, price: str, found: int
) -> None:
    trades = steady(1, 500)
    trades[row] = trades[row]._replace(price=price)
    path = tick_files.write(tmp_path / "BTCUSDT-t.csv", trades)
    quality = check_file(path)[BTC]
    assert quality.outliers == found
    assert quality.is_clean is (found == 0)
    if found:
        (one,) = quality.first_outliers
        assert (one.trade_id, one.price) == (row + 1, float(price))
        assert 60_000 <= one.around < 60_010


def test_a_price_that_moves_and_stays_is_none(tmp_path: Path) -> None:
    trades = steady(1, 200)
    moved = [trade._replace(price="70000") for trade in trades[100:]]
    over_midnight = [t._replace(time=MIDNIGHT_MS - 100 + n) for n, t in enumerate(trades[:100])]
    path = tick_files.write(tmp_path / "BTCUSDT-t.csv", [*over_midnight, *moved])
    assert check_file(path)[BTC].outliers == 0
