"""Data at the edge: what is taken, and what is refused with the row's number."""

from decimal import Decimal as D

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from genesis.domain.instrument import Instrument
from genesis.errors import DataError, UsageError
from genesis.research import Bars, Ticks
from genesis.research.files import read_bars, read_ticks

PEPE = Instrument("PEPE/USDT", "PEPE", "USDT", D("0.00000001"), D(1))


def ticks(price: object = (1.0, 1.01, 1.02), **given: object) -> Ticks:
    rows = len(price)  # type: ignore[arg-type]
    columns: dict[str, object] = {
        "instrument": "BTC/USDT",
        "ts_ns": np.arange(rows) + 1,
        "price": price,
        "qty": [0.5] * rows,
        "is_buyer_maker": [True] * rows,
    }
    return Ticks.from_arrays(**{**columns, **given})  # type: ignore[arg-type]


@given(st.lists(st.integers(1, 10**10), min_size=1, max_size=50))
def test_every_price_on_the_grid_is_exact(counts):
    made = ticks([count * 0.01 for count in counts])
    assert made.columns.prices.tolist() == counts


def test_a_fine_grid_is_exact():
    made = ticks([0.00001234, 0.00001235], instrument=PEPE)
    assert made.columns.tick(0).price == D("0.00001234")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"price": [1.0, 1.005, 1.0]}, "row 1 is 1.005, which is not a multiple"),
        ({"price": [1.0, float("nan"), 1.0]}, "row 1 is nan: not a price"),
        ({"price": [0.0, 1.0, 1.0]}, "row 0 is 0.0: not a price"),
        ({"ts_ns": [3, 2, 4]}, "row 1 is 2, after 3"),
        ({"ts_ns": [-1, 2, 4]}, "row 0 is -1"),
        ({"ts_ns": [1.5, 2.0, 4.0]}, "whole numbers"),
        ({"ts_ns": [1, 2]}, "the times have 2"),
        ({"qty": [1.0, -1.0, 1.0]}, "row 1 is -1.0: not a quantity"),
        ({"qty": [[1.0], [1.0], [1.0]]}, "one column"),
    ],
)
def test_bad_rows_are_named(change, said):
    with pytest.raises(DataError, match=said):
        ticks(**change)


def test_a_bad_row_far_down_is_named():
    price = np.full(100_000, 1.0)
    price[99_999] = 1.001
    with pytest.raises(DataError, match="row 99999"):
        ticks(price)
    times = np.arange(100_000)
    times[2**15] = 5  # the first of the second slice
    with pytest.raises(DataError, match=f"row {2**15} is 5"):
        ticks(np.full(100_000, 1.0), ts_ns=times)


def test_equal_stamps_are_legal():
    assert len(ticks(ts_ns=[5, 5, 5])) == 3


def test_a_price_within_a_millionth_of_a_tick_is_on_the_grid():
    assert ticks([1.0 + 5e-9, 1.0, 1.0]).columns.prices.tolist() == [100, 100, 100]


def test_quantities_finer_than_the_lot_are_kept():
    made = ticks(qty=[0.000001, 1.0, 2.0])
    assert made.columns.tick(0).qty == D("0.000001")
    assert ticks(qty=[0.00001, 1.0, 2.0]).columns.qty_step == D("0.00001")


def test_stamps_of_pandas_are_taken():
    stamps = pd.to_datetime(["2024-08-08T00:00:01", "2024-08-08T00:00:02", "2024-08-08T00:00:02"])
    made = ticks(ts_ns=stamps)
    assert int(made.columns.ts_ns[0]) == 1_723_075_201_000_000_000


def test_an_unknown_symbol_says_to_pass_an_instrument():
    with pytest.raises(UsageError, match="pass an Instrument"):
        ticks(instrument="NOPE/USDT")


def test_symbols_are_read_as_people_write_them():
    assert ticks(instrument="btcusdt").instrument.symbol == "BTC/USDT"


def test_between_is_half_open():
    made = ticks(ts_ns=[10, 20, 30])
    assert made.between(20, 30).columns.ts_ns.tolist() == [20]
    assert len(made.between(31, None)) == 0


def test_frame_gives_the_columns_back():
    frame = ticks(trade_id=[7, 8, 9]).frame()
    assert frame.price.tolist() == pytest.approx([1.0, 1.01, 1.02])
    assert frame.trade_id.tolist() == [7, 8, 9]


# -- bars ------------------------------------------------------------------------------------
MINUTE = 60_000_000_000


def bars(**given: object) -> Bars:
    columns: dict[str, object] = {
        "instrument": "BTC/USDT",
        "open_ts_ns": [0, MINUTE],
        "open": [1.0, 2.0],
        "high": [2.5, 2.5],
        "low": [0.5, 1.5],
        "close": [2.0, 2.2],
        "volume": [1.0, 0.0],
    }
    return Bars.from_arrays(**{**columns, **given})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"open_ts_ns": [0, MINUTE - 1]}, "row 1 opens before"),
        ({"high": [1.5, 2.5]}, "row 0: open and close must lie"),
        ({"low": [0.5, 2.1]}, "row 1: open and close must lie"),
        ({"close": [2.0, 2.201]}, "close: row 1"),
        ({"volume": [1.0]}, "volume has 1 rows"),
    ],
)
def test_bad_bars_are_named(change, said):
    with pytest.raises(DataError, match=said):
        bars(**change)


def test_a_bar_is_stamped_with_its_end():
    closed = next(bars().columns.closed())
    assert (closed.ts_ns, closed.open, closed.high) == (MINUTE, D("1.00"), D("2.50"))
    with pytest.raises(UsageError, match="bar width"):
        bars(width="1 minute")


# -- files -----------------------------------------------------------------------------------
def frame(**given: object) -> pd.DataFrame:
    columns = {"ts_ns": [1, 2], "price": [1.0, 1.0], "qty": [1.0, 1.0]}
    return pd.DataFrame({**columns, "is_buyer_maker": [True, False], **given})


def test_a_file_of_ticks(tmp_path):
    frame(trade_id=[5, 6]).to_parquet(tmp_path / "t.parquet")
    made = read_ticks(tmp_path / "t.parquet")
    assert [made.columns.tick(i).trade_id for i in range(2)] == [5, 6]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (frame().drop(columns="qty"), "has no column qty"),
        (frame().head(0), "holds no rows"),
        (frame(price=[1.0, None]), "column price has 1 empty"),
        (frame(ts_ns=[2, 1]), "row 1 is 1, after 2"),
        (frame(price=[1.0, 1e300]), "row 1 is 1e\\+300: not a price"),
        (frame(is_buyer_maker=["True", "False"]), "is_buyer_maker must be true or false"),
        (frame(is_buyer_maker=[1, 2]), "is_buyer_maker must be true or false"),
        (b"not parquet at all", "is not a readable Parquet file"),
        (b"", "is not a readable Parquet file"),
        (None, "does not exist"),
    ],
)
def test_files_that_cannot_be_used_are_named_in_one_line(tmp_path, content, said):
    path = tmp_path / "t.parquet"
    if isinstance(content, pd.DataFrame):
        content.to_parquet(path)
    elif content is not None:
        path.write_bytes(content)
    with pytest.raises(DataError, match=said) as caught:
        read_ticks(path)
    assert str(path) in caught.value.message
    assert "\n" not in caught.value.message


def test_a_file_of_bars(tmp_path):
    rows = {"ts_ns": [0], "open": [1.0], "high": [1.0], "low": [1.0], "close": [1.0]}
    pd.DataFrame({**rows, "volume": [1.0]}).to_parquet(tmp_path / "b.parquet")
    assert len(read_bars(tmp_path / "b.parquet")) == 1
    with pytest.raises(DataError, match="has no column"):
        read_ticks(tmp_path / "b.parquet")
