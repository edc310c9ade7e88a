"""Old recordings go, and their bars stay for ever: the same bars as before, of every width."""

from collections import defaultdict
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from genesis.domain.events import TradeTick
from genesis.domain.time import DAY, MINUTE, SECOND
from genesis.research import TickStore as Bench
from genesis.store.ticks import TickStore
from genesis.store.ticks.kept_bars import minute_bars
from genesis.store.ticks.manifest import Place
from tests.support import tick_files
from tests.support.recorded import BTC, MIDNIGHT, D, blocks, heard, market, record, spool, trade

LATER = "2024-08-10"


Row = list[float]


def rows(relation: Any) -> list[Row]:
    """Of one symbol, without its name."""
    return [list(row[1:]) for row in relation.fetchall()]


def bars(store: TickStore, width_ns: int) -> list[Row]:
    return rows(store.bars(BTC, width_ns))


def all_bars(store: TickStore) -> list[Row]:
    views = [
        rows(store.sql(f"SELECT * FROM {name} ORDER BY open_ts_ns"))
        for name in ("bars_1m", "bars_1h")
    ]
    return [row for told in (*views, bars(store, 5 * MINUTE), bars(store, DAY)) for row in told]


def assert_equal(found: list[Row], wanted: list[Row]) -> None:
    assert len(found) == len(wanted)
    for one, other in zip(found, wanted, strict=True):
        assert one == pytest.approx(other, rel=1e-12)


ticks = st.lists(
    st.builds(
        lambda at_s, price, qty: (at_s * SECOND, D(price) / 100, D(qty) / 10_000),
        st.integers(0, 3 * 3600),
        st.integers(1, 10**7),
        st.integers(1, 10**9),
    ),
    min_size=1,
    max_size=40,
)


@given(ticks, st.integers(1, 5))
def test_bars_are_exact_however_the_trades_are_cut_into_files(drawn: list[Any], cut: int) -> None:
    events = [
        TradeTick(MIDNIGHT + at_ns, BTC, n, price, qty, False)
        for n, (at_ns, price, qty) in enumerate(drawn)
    ]
    files = [block for n in range(0, len(events), cut) for block in blocks(heard(events[n:][:cut]))]
    made = minute_bars(files)
    price, qty = D(10) ** -made.price_scale, D(10) ** -made.qty_scale
    c = made.columns
    found = {
        opens: (o * price, h * price, low * price, close * price, v * qty, n, first, last)
        for opens, o, h, low, close, v, n, first, last in zip(
            *(c[name].tolist() for name in ("ts_ns", "open", "high", "low", "close", "volume")),
            *(c[name].tolist() for name in ("trades", "first_trade_id", "last_trade_id")),
            strict=True,
        )
    }
    by_minute: dict[int, list[TradeTick]] = defaultdict(list)
    for tick in events:
        by_minute[tick.ts_ns // MINUTE * MINUTE].append(tick)
    assert found == {
        opens: (
            of[0].price,
            max(tick.price for tick in of),
            min(tick.price for tick in of),
            of[-1].price,
            sum(tick.qty for tick in of),
            len(of),
            of[0].trade_id,
            of[-1].trade_id,
        )
        for opens, of in by_minute.items()
    }
    assert c["ts_ns"].tolist() == sorted(by_minute)


def test_bars_of_every_width_are_the_same_without_their_trades(tmp_path: Path) -> None:
    store = TickStore(tmp_path)
    events = [trade(n, MIDNIGHT + n * n * SECOND) for n in range(90)]
    for n in range(3):
        record(store.root, heard(events[n::3]), str(n))
    before, shown = all_bars(store), Bench(tmp_path).bars(BTC, "5m")
    assert store.look_after(LATER, ()).expired == (Place("trades", BTC, "2024-08-09"),)
    assert len(store.arrays(BTC)) == 0
    assert_equal(all_bars(store), before)
    pd.testing.assert_frame_equal(Bench(tmp_path).bars(BTC, "5m"), shown)
    assert store.look_after(LATER, ()).expired == ()


def test_only_what_is_old_by_both_clocks_and_unreferred_goes(tmp_path: Path) -> None:
    store = TickStore(tmp_path)
    record(store.root, heard(market(1, 5)))
    expired = [Place(kind, BTC, "2024-08-09") for kind in ("books", "depth", "trades")]
    assert store.look_after("2024-08-09", ()).expired == ()
    assert store.look_after(LATER, {"2024-08-09"}).expired == ()
    assert store.look_after(LATER, ()).expired == tuple(expired)


def test_the_replay_of_an_old_day_is_no_old_recording(tmp_path: Path) -> None:
    store = TickStore(tmp_path)
    record(store.root, heard(market(1, 5), received_ns=MIDNIGHT + 2 * DAY))
    assert store.look_after(LATER, ()).expired == ()
    assert store.look_after("2024-08-12", ()).expired


def test_trades_that_come_back_and_bars_that_stayed_make_each_bar_once(tmp_path: Path) -> None:
    """The first minute is imported again, the second is held as a bar only."""
    store = TickStore(tmp_path / "home")
    record(store.root, heard([trade(n) for n in range(1_200)]))
    before = all_bars(store)
    store.look_after(LATER, ())
    again = [
        tick_files.Trade(
            n, str(tick.price), str(tick.qty), tick.ts_ns // 10**6, tick.buyer_is_maker
        )
        for n, tick in ((n, trade(n)) for n in range(600))
    ]
    store.import_file(tick_files.write(tmp_path / "BTCUSDT-t.csv", again))
    assert_equal(all_bars(store), before)


def test_a_day_recorded_anew_keeps_the_fuller_bars(tmp_path: Path) -> None:
    store = TickStore(tmp_path)
    record(store.root, heard([trade(n) for n in range(600)]))
    whole = all_bars(store)
    store.look_after(LATER, ())
    record(store.root, heard([trade(n) for n in range(10)], session=2), "b")
    store.look_after(LATER, ())
    assert_equal(all_bars(store), whole)


def test_upkeep_brings_in_what_a_killed_recorder_left(tmp_path: Path) -> None:
    store = TickStore(tmp_path)
    spool(store.root, "a", heard([trade(1)]))
    assert store.look_after("", ()).sealed == 1
    assert len(store.arrays(BTC)) == 1
