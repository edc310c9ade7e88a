"""Results show themselves: calm HTML and plain text, honest about what is made up."""

import re
from decimal import Decimal
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from genesis.research import Bars, Ticks, TickStore, backtest, compare, market_figure
from genesis.research.faces import _range
from genesis.research.measured import Measured
from genesis.research.tables import MOST_ROWS, Table, shown
from genesis.store.ticks import TickStore as Stored
from genesis.store.ticks.samples import sample_blocks

START = 1_704_067_200_000_000_000


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return TickStore.or_sample(tmp_path_factory.mktemp("home"), minutes=60)


@pytest.fixture(scope="module")
def ticks(store):
    return store.ticks("BTC/USDT", books=False)


@pytest.fixture(scope="module")
def results(ticks):
    plan = {"params": {"fast": 2, "slow": 6}}
    return {
        rules: backtest("sma_cross", ticks, rules=rules, **plan) for rules in ("research", "sniper")
    }


def told(thing):
    bundle = thing._repr_mimebundle_()
    assert set(bundle) == {"text/html", "text/plain"}
    assert "<" not in bundle["text/plain"]
    for outside in ("http:", "https:", "src=", "<script"):
        assert outside not in bundle["text/html"]
    return bundle


# -- the store -------------------------------------------------------------------------------
def test_an_empty_store_says_how_it_is_filled(tmp_path):
    assert "holds nothing yet" in told(TickStore(tmp_path))["text/html"]
    assert repr(TickStore(tmp_path)).endswith("empty)")


def test_the_sample_is_made_once_and_labelled(store):
    html = told(store)["text/html"]
    assert "Synthetic: made up, no recorded trade is in it." in html
    assert {h.origin for h in store.holdings()} == {"synthetic"}
    before = store.holdings()
    assert TickStore.or_sample(store.home, minutes=5).holdings() == before


def test_a_store_with_ticks_gets_no_sample(tmp_path):
    Stored(tmp_path).add_synthetic(sample_blocks(1, START, 60, "ETH/USDT"), "another")
    assert TickStore.or_sample(tmp_path).symbols() == ("ETH/USDT",)


def test_quality_shows_its_verdict(store):
    quality = store.check("BTC/USDT")
    assert quality.is_clean
    assert "clean" in told(quality)["text/plain"]
    assert len(quality.silences) == 0


def test_a_query_is_a_table(store):
    frame = store.frame("SELECT open_ts_ns, close FROM bars_1m ORDER BY 1")
    assert isinstance(frame, Table)
    assert len(frame) == 60
    assert "Times of 2024-01-01, UTC." in frame._repr_html_()
    assert isinstance(store.bars("BTC/USDT"), Table)


def test_leaving_the_books_out_changes_nothing_else(store, ticks):
    booked = store.ticks("BTC/USDT")
    assert booked.tops is not None
    assert ticks.tops is None
    assert np.array_equal(booked.columns.prices, ticks.columns.prices)


# -- ticks, bars, results --------------------------------------------------------------------
def test_ticks_and_bars(ticks):
    assert f"{len(ticks):,} trades" in told(ticks)["text/html"]
    none = ticks.between(0, 1)
    assert "empty" in told(none)["text/plain"]
    bars = Bars.from_arrays("BTC/USDT", [START], [1.0], [2.0], [1.0], [2.0], [3.0])
    assert ">1 bar<" in told(bars)["text/html"]
    assert "empty" in told(bars.between(0, 1))["text/plain"]


@pytest.mark.parametrize(
    ("price", "told_as"), [(120_000.6, "120,001"), (60_123.45, "60,123"), (0.25, "0.25000")]
)
def test_a_price_range_is_read_at_a_glance(price, told_as):
    assert _range(price, price).endswith(f"– {told_as}")


def test_a_result(results):
    bundle = told(results["sniper"])
    for words in ("closed trades earned", "trades closed", "deepest fall", "refused by the gate"):
        assert words in bundle["text/html"]
    for words in ("coverage", "decision digest", results["sniper"].decision_digest):
        assert words in bundle["text/plain"]


def test_a_result_without_a_trade_shows_itself_too(ticks):
    idle = backtest("sma_cross", ticks, rules="research", params={"fast": 500, "slow": 1000})
    assert "nan" not in told(idle)["text/html"]


def test_results_side_by_side(results):
    table = compare(results)
    assert list(table["run"]) == ["research", "sniper"]
    assert list(table["refused"]) == [len(r.refusals) for r in results.values()]
    assert "nan" not in table._repr_html_()


def test_a_market_is_drawn_in_the_house_style(store):
    figure = market_figure(store.bars("BTC/USDT", "5m"), "a title")
    assert [trace.type for trace in figure.data] == ["candlestick", "bar"]
    assert figure.layout.template.layout.font.family.startswith('"Iowan')


# -- tables ----------------------------------------------------------------------------------
def cells(frame):
    return [re.sub("<[^>]+>", "", c) for c in re.findall("<t[dh].*?</t[dh]>", shown(frame).html)]


def test_a_table_is_a_frame_and_stays_one(results):
    trades = results["research"].trades
    assert isinstance(trades, pd.DataFrame)
    assert isinstance(trades[trades["pnl"] > 0], Table)
    assert float(trades["pnl"].sum()) == pytest.approx(results["research"].metrics["pnl_usdt"])


def test_times_of_one_day_stand_without_it_and_of_several_with_it():
    one = pd.DataFrame({"entry_ts_ns": [START, START + 10**9]})
    assert cells(one) == ["entry", "00:00:00", "00:00:01"]
    two = pd.DataFrame({"entry_ts_ns": [START, START + 86_400 * 10**9]})
    assert cells(two) == ["entry", "2024-01-01 00:00:00", "2024-01-02 00:00:00"]
    close = pd.DataFrame({"ts_ns": [START, START + 5 * 10**6, 0]})
    assert cells(close) == ["time", "00:00:00.000", "00:00:00.005", "–"]


def test_numbers_have_the_decimals_that_say_something():
    frame = pd.DataFrame(
        {
            "price": [60_000.5, 1.25],
            "rate": [0.00016712345, 0.00017],
            "exact": [Decimal("0.10"), Decimal(2)],
            "pnl": [-1.0, 2.5],
            "r": [float("nan"), 1.0],
        }
    )
    assert cells(frame)[5:] == [
        *("60,000.50", "0.000167", "0.1", "−1.00", "–"),
        *("1.25", "0.000170", "2", "+2.50", "+1.00"),
    ]


def test_money_has_cents_and_shares_are_percent():
    frame = pd.DataFrame(
        {
            "fees": [30.97256, 12.5],
            "paid_usdt": [0.01234, 0.02],
            "skew": [-0.5, 0.25],
            "return_fraction": [0.0493, -0.0118],
            "drawdown_fraction": [0.029, 0.031],
            "inside_share": [0.355, 0.0],
        }
    )
    found = shown(frame)
    for told in ("30.97", "12.50", "0.01234", "-0.50", "+4.93 %", "−1.18 %", "2.9 %", "35.5 %"):
        assert f">{told}<" in found.html
    assert ">return<" in found.html
    assert 'class="n down">-0.50' not in found.html


def test_the_deepest_fall_is_seen_at_closes_of_bars(results):
    for name, one in results.items():
        value = one.equity.to_numpy()
        falls, peak = [], float(one.setup.cash)
        for now in value.tolist():
            peak = max(peak, now)
            falls.append(1 - now / peak)
        assert one.deepest_fall_fraction == pytest.approx(max(falls))
        assert one.deepest_fall_fraction >= abs(one.metrics["max_drawdown_fraction"]) - 1e-12
        row = compare(results).set_index("run").loc[name]
        assert row["fall"] == one.deepest_fall_fraction


def test_a_fall_begins_at_the_cash():
    """Before any close of a bar there was the money it began with."""
    held = SimpleNamespace(equity=pd.Series([90.0, 95.0]), setup=SimpleNamespace(cash=100))
    assert Measured.deepest_fall_fraction.func(held) == pytest.approx(0.1)


def test_columns_without_a_value_are_left_out_of_the_picture_only():
    frame = Table({"a": [1, 2], "none": [float("nan")] * 2})
    assert cells(frame) == ["a", "1", "2"]
    assert list(frame.columns) == ["a", "none"]


def test_long_tables_show_both_ends():
    frame = pd.DataFrame({"n": range(100)})
    assert len(cells(frame)) == MOST_ROWS + 1
    assert "The first 8 and the last 8 of 100 rows." in shown(frame).html


def test_text_of_a_table_cannot_be_markup():
    assert "<b>" not in shown(pd.DataFrame({"reason": ["<b>bold</b>"]})).html


def test_an_empty_table_says_so():
    assert "None." in shown(Table({"a": []})).html


def test_ticks_from_arrays_show_themselves():
    ticks = Ticks.from_arrays("BTC/USDT", [START], [1.0], [2.0], [True])
    assert ">1 trade<" in told(ticks)["text/html"]
