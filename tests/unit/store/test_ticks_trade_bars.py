"""Bars as numbers are the bars of the SQL views: two ways that share no line."""

from dataclasses import fields
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genesis.domain.time import DAY, HOUR, MINUTE, SECOND
from genesis.errors import DataError, UsageError
from genesis.research import TickStore as Bench
from genesis.store.ticks import Block, TickStore
from genesis.store.ticks.kinds import TRADES
from genesis.store.ticks.trade_bars import BarArrays

BTC = "BTC/USDT"
START = 1_723_161_600 * SECOND  # a midnight
WIDTHS = (SECOND, MINUTE, 5 * MINUTE, HOUR, DAY)


def stored(folder: Path, rows: list[tuple[int, int, int]], qty_scale: int = 5) -> TickStore:
    """A store of (s after START, cents, quantity): ids in the order given."""
    at, price, qty = (np.array(column, np.int64) for column in zip(*rows, strict=True))
    ids = np.arange(1, len(rows) + 1)
    columns = {
        "trade_id": ids, "ts_ns": START + at * SECOND, "price": price, "qty": qty,
        "is_buyer_maker": ids % 2 == 0, "received_ns": START + at * SECOND, "arrival": ids,
    }  # fmt: skip
    store = TickStore(folder)
    none = np.zeros(len(rows), np.int64)
    store.add_synthetic([Block(TRADES, BTC, columns, 2, qty_scale, none)], "drawn")
    return store


def by_sql(store: TickStore, width_ns: int, *span: int | None) -> list[tuple[Any, ...]]:
    return [row[1:] for row in store.bars(BTC, width_ns, *span).fetchall()]


def by_numbers(store: TickStore, width_ns: int, *span: int | None) -> list[tuple[Any, ...]]:
    made = store.bar_arrays(BTC, width_ns, *span)
    assert made is not None
    columns = [getattr(made, each.name).tolist() for each in fields(BarArrays)]
    return list(zip(*columns, strict=True))


trades = st.lists(
    st.tuples(st.integers(0, 4_000), st.integers(1, 10**7), st.integers(1, 10**12)),
    min_size=1,
    max_size=60,
)


@settings(max_examples=20)
@given(
    trades,
    st.sampled_from([0, 86_400 - 2_000]),
    st.booleans(),
    st.tuples(*[st.none() | st.integers(0, 5_000)] * 2),
    st.sampled_from(WIDTHS),
)
def test_numbers_and_sql_agree(rows, from_s, in_order, span, width) -> None:
    """Also over midnight, with stamps that fall while ids rise, and cut anywhere."""
    if in_order:
        rows = sorted(rows)
    rows = [(at + from_s, price, qty) for at, price, qty in rows]
    first, last = (None if at is None else START + (at + from_s) * SECOND for at in span)
    with TemporaryDirectory() as folder:
        store = stored(Path(folder), rows)
        assert by_numbers(store, width, first, last) == by_sql(store, width, first, last)


def test_a_volume_beyond_64_bits_is_summed_all_the_same(tmp_path: Path) -> None:
    store = stored(tmp_path, [(1, 5, 2**62), (2, 7, 2**62), (3, 6, 2**62), (61, 6, 3)], 0)
    found = by_numbers(store, MINUTE)
    assert found == by_sql(store, MINUTE)
    assert found[0][5] == 3.0 * 2**62


def test_the_bench_shows_the_same_table_both_ways(tmp_path: Path) -> None:
    store = stored(tmp_path, [(at, 100 + at % 7, 1 + at % 5) for at in range(300)])
    shown = pd.DataFrame(Bench(tmp_path).bars(BTC, "1m"))
    pd.testing.assert_frame_equal(shown, store.bars(BTC, MINUTE).df())
    assert len(shown) == 5


def test_none_are_made_in_an_empty_span(tmp_path: Path) -> None:
    store = stored(tmp_path, [(1, 5, 5)])
    assert by_numbers(store, MINUTE, START + HOUR, None) == []
    assert len(Bench(tmp_path).bars(BTC, "1m", START + HOUR)) == 0


def test_bars_refuse_what_cannot_be(tmp_path: Path) -> None:
    store = stored(tmp_path, [(1, 5, 5)])
    with pytest.raises(UsageError, match="do not divide a day"):
        store.bar_arrays(BTC, 7 * MINUTE)
    with pytest.raises(UsageError, match="no ticks of XRP/USDT"):
        store.bar_arrays("XRP/USDT", MINUTE)
    for file in store.root.glob("trades/*/*/*.parquet"):
        file.write_bytes(file.read_bytes()[:100])
    with pytest.raises(DataError, match="restore it from a backup"):
        store.bar_arrays(BTC, MINUTE)
