"""Every run that a person makes leaves a row, and says truly what it was."""

from decimal import Decimal as D
from pathlib import Path

import numpy as np
import pytest

from genesis.errors import ConfigError, UsageError
from genesis.research import Fees, Ticks, backtest, hold_out, trial_count, trials
from genesis.research.counting import code_hash, data_hash, return_fraction, uncounted
from genesis.strategy.sma_cross import SmaCross, SmaCrossParams
from genesis.strategy.sniper.spread_capture import SpreadCapture
from tests.support.markets import START_NS, wandering_ticks

MINUTE = 60_000_000_000
ASKED = {"rules": "research", "cash": 100_000, "qty": 1}


@pytest.fixture(scope="module")
def ticks() -> Ticks:
    return wandering_ticks(6_000, agility=4)


def test_a_backtest_leaves_one_row(ticks: Ticks):
    result = backtest("sma_cross", ticks, params={"fast": "3", "slow": 7}, **ASKED)
    (row,) = trials().to_dict("records")
    assert (row["strategy"], row["symbol"], row["kind"]) == ("sma_cross", "BTC/USDT", "engine")
    assert row["params"] == {"fast": 3, "slow": 7, "bar": "1m"}
    assert row["conditions"]["fill"] == "next_tick"
    assert (row["conditions"]["qty"], row["conditions"]["cash"]) == ("1", "100000")
    assert row["metric"] == "return_fraction"
    assert row["value"] == pytest.approx(result.metrics["return_fraction"], abs=1e-12)
    assert (row["first_ns"], row["last_ns"]) == tuple(ticks.columns.ts_ns[[0, -1]])
    assert row["data_hash"] == data_hash(ticks.columns)
    assert row["code_hash"] == code_hash(SmaCross)
    assert len(row["rules_hash"]) == 64


def test_a_name_and_an_object_with_the_same_parameters_are_the_same_trial(ticks: Ticks):
    backtest("sma_cross", ticks, params={"fast": 3, "slow": 7}, **ASKED)
    backtest(SmaCross(SmaCrossParams(3, 7)), ticks, every_tick=True, **ASKED)
    found = trial_count("sma_cross", "BTCUSDT")
    assert (found.runs, found.trials) == (2, 1)
    backtest("sma_cross", ticks, params={"fast": 3, "slow": 8}, **ASKED)
    backtest("sma_cross", ticks, params={"fast": 3, "slow": 7}, **{**ASKED, "fees": Fees(1, 1)})
    backtest("sma_cross", ticks, params={"fast": 3, "slow": 7}, fill="bar_close", **ASKED)
    assert trial_count("sma_cross", "BTC/USDT").trials == 4


@pytest.mark.parametrize("rules", ["research", "sniper"])
def test_the_cheap_return_is_that_of_the_metrics(ticks: Ticks, rules: str):
    with uncounted():
        result = backtest("sma_cross", ticks, params={"fast": 3, "slow": 7}, rules=rules)
    assert len(result.fills) > 4
    expected = result.metrics["return_fraction"]
    assert return_fraction(result) == pytest.approx(expected, abs=1e-12)
    assert len(trials()) == 0


def test_each_home_has_its_own(ticks: Ticks, tmp_path: Path):
    backtest("sma_cross", ticks, home=tmp_path, **ASKED)
    assert len(trials()) == 0
    assert len(trials(home=tmp_path)) == 1
    assert (tmp_path / "trials" / "trials.db").is_file()


def test_a_run_that_cannot_be_counted_is_not_given(ticks: Ticks, tmp_path: Path):
    (tmp_path / "trials").write_text("in the way")
    with pytest.raises(ConfigError, match="not counted"):
        backtest("sma_cross", ticks, home=tmp_path, **ASKED)


def test_a_run_that_failed_is_no_trial(ticks: Ticks):
    with pytest.raises(UsageError):
        backtest("sma_cross", ticks, params={"fast": 30, "slow": 7}, **ASKED)
    assert len(trials()) == 0


def test_peeks_at_what_is_held_out(ticks: Ticks):
    hold_out("BTC/USDT", START_NS + 30 * MINUTE, START_NS + 60 * MINUTE)
    backtest("sma_cross", ticks, end=START_NS + 30 * MINUTE, **ASKED)
    assert trial_count("sma_cross", "BTC/USDT").peeks == 0
    backtest("sma_cross", ticks, **ASKED)
    assert trial_count("sma_cross", "BTC/USDT").peeks == 1
    assert trials()["kind"].tolist() == ["engine", "holdout"]
    with pytest.raises(UsageError, match="not before"):
        hold_out("BTC/USDT", 5, 5)


def test_the_span_asked_for_has_an_open_end(ticks: Ticks):
    backtest("sma_cross", ticks, **ASKED)
    first, last = ticks.columns.ts_ns[[0, -1]].tolist()
    assert trial_count("sma_cross", "BTC/USDT", start=last).trials == 1
    assert trial_count("sma_cross", "BTC/USDT", start=last + 1).trials == 0
    assert trial_count("sma_cross", "BTC/USDT", end=first + 1).trials == 1
    assert trial_count("sma_cross", "BTC/USDT", end=first).trials == 0


def test_another_market_has_another_hash(ticks: Ticks):
    c = ticks.columns
    known = data_hash(c)
    assert data_hash(wandering_ticks(6_000, agility=4).columns) == known
    assert data_hash(ticks.between(None, int(c.ts_ns[-1])).columns) != known
    rows = (c.ts_ns, c.prices * 0.01, c.qtys * float(c.qty_step), c.buyer_is_maker)
    price = np.round(rows[1], 2)
    price[4_000] += 0.01
    assert data_hash(Ticks.from_arrays("BTC/USDT", rows[0], price, *rows[2:]).columns) != known


def test_a_hash_of_much_data_still_sees_both_ends():
    rows = 200_000
    ts, maker = np.arange(rows) + START_NS, np.zeros(rows, bool)
    price, qty = np.full(rows, 100.0), np.ones(rows)
    hashes = set()
    for changed in (None, 0, rows - 1):
        other = price.copy()
        if changed is not None:
            other[changed] += D("0.01").__float__()
        hashes.add(data_hash(Ticks.from_arrays("BTC/USDT", ts, other, qty, maker).columns))
    assert len(hashes) == 3


def test_code_is_known_by_its_source():
    assert code_hash(SmaCross) != code_hash(SpreadCapture)
    assert code_hash(type("Typed", (), {})) != ""
    assert code_hash(None) == ""
