"""A planted leak and planted bugs are found, each by its own guard; what is sound passes."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from genesis.domain.orders import Side
from genesis.domain.time import MINUTE
from genesis.research import Bars, CheckResult, Ticks, check
from genesis.strategy import Intent, Strategy
from genesis.strategy.sma_cross import SmaCross, SmaCrossParams
from tests.support import planted_strategies as planted
from tests.support.markets import wandering_ticks
from tests.support.tied_markets import tied_ticks

HERE = ("lookahead", "warm_up", "ties")
"""Guards that start no process."""


@pytest.fixture(scope="module")
def ticks() -> Ticks:
    return tied_ticks(12_000)


@pytest.fixture(scope="module")
def bars(ticks: Ticks) -> Bars:
    rows = ticks.columns.bars(MINUTE)
    open_ns = np.array(rows.boundary_ns) - MINUTE
    prices = [np.array(row) / 100 for row in (rows.open, rows.high, rows.low, rows.close)]
    return Bars.from_arrays("BTC/USDT", open_ns, *prices, np.array(rows.volume) / 100_000)


def found_by(result: CheckResult) -> set[str]:
    return {str(finding.guard) for finding in result.findings}


@pytest.mark.parametrize("ahead", [1, 5, 30])
@pytest.mark.parametrize("kind", ["ticks", "bars"])
def test_a_leak_is_found_however_far_ahead_it_looks(
    ticks: Ticks, bars: Bars, kind: str, ahead: int
) -> None:
    data = ticks if kind == "ticks" else bars
    result = check(lambda seen: planted.Ahead(seen, ahead), data, guards=("lookahead",))
    assert not result.passed
    assert found_by(result) == {"lookahead"}
    first = result.findings[0]
    assert first.at_ns is not None
    assert "it decides" in first.what and "with the future cut off" in first.what
    assert "shift(-1)" in first.remedy


def test_the_leak_is_told_by_the_decision_that_moved(ticks: Ticks) -> None:
    """The oracle: with the future gone the looked-up close is unknown, so nothing is bought."""
    result = check(planted.Ahead, ticks, guards=("lookahead",))
    finding = next(one for one in result.findings if "cut off" in one.what)
    closes = planted.closes_of(ticks)
    assert finding.at_ns is not None
    assert closes[finding.at_ns + MINUTE] > closes[finding.at_ns]
    assert "it decides buy BTC/USDT (signal); with" in finding.what
    assert finding.what.endswith("): nothing")


def test_a_scale_of_the_whole_series_is_found(ticks: Ticks) -> None:
    result = check(planted.Scaled, ticks, guards=("lookahead",))
    assert found_by(result) == {"lookahead"}
    assert any("a tenth as high" in one.what for one in result.findings)


def test_a_class_of_the_catalog_takes_its_parameters(ticks: Ticks) -> None:
    result = check(SmaCross, ticks, params={"fast": 2, "slow": 4}, guards=("warm_up",))
    assert result.passed and result.strategy == "SmaCross"
    assert "warm-up 4 bars" in result.reports[1].told


def test_a_wish_without_a_future_cannot_be_judged(bars: Bars) -> None:
    short = bars.between(None, int(bars.columns.open_ts_ns[3]))
    third = planted.Returning((Intent("BTC/USDT", Side.BUY, why="signal"),))
    result = check(third, short, guards=("lookahead",))  # its wish comes with the last bar
    assert result.reports[0].verdict == "passed"
    assert "nothing was compared" in result.findings[0].what


@pytest.mark.parametrize("kind", ["ticks", "bars"])
def test_features_of_the_past_pass(ticks: Ticks, bars: Bars, kind: str) -> None:
    """Each bar is held against the one before: the guards themselves look at no future."""
    data = ticks if kind == "ticks" else bars
    result = check(planted.Before, data, guards=HERE, warm_up_bars=2)
    assert result.passed, result
    assert {one.verdict for one in result.reports} <= {"passed", "not judged"}


def test_an_object_made_with_data_is_no_object_to_judge(ticks: Ticks) -> None:
    made: list[tuple[Any, str]] = [
        (planted.Ahead(ticks), "it brings data along: it._up holds a dict of 98 numbers"),
        (lambda data: planted.Ahead(ticks), "along: ticks (used in <lambda>) holds a market"),
    ]
    for strategy, said in made:
        result = check(strategy, ticks, guards=("lookahead",))
        assert [one.guard for one in result.findings] == ["lookahead"]
        assert said in result.findings[0].what
        assert "give `check` a function" in result.findings[0].remedy


@pytest.mark.parametrize(
    ("every", "said"),
    [(8, "a second run in the same"), (7, "a run after one on other data")],  # of 98 bars
)
def test_state_at_the_class_is_found_in_this_process(ticks: Ticks, every: int, said: str) -> None:
    result = check(planted.LeftOver(every), ticks)
    assert found_by(result) == {"repeat"}
    assert result.findings[0].what.startswith(said)
    assert [one.verdict for one in result.reports][2:] == ["not judged"] * 3


@pytest.mark.parametrize(
    ("make", "passes"), [(planted.ColdStart, False), (planted.WarmStart, True)]
)
def test_an_average_that_begins_with_nothing_is_found(
    ticks: Ticks, make: Callable[[], Strategy], passes: bool
) -> None:
    result = check(make(), ticks, guards=HERE)
    assert result.passed is passes, result
    assert found_by(result) == (set() if passes else {"warm_up"})
    assert all("of the last" in finding.what for finding in result.findings)
    assert any(": 0 differ" in report.told for report in result.reports) is passes


def test_a_drift_within_the_tolerance_is_a_note(ticks: Ticks) -> None:
    slow = planted.ColdStart(40, from_zero=False)
    slow.warm_up_bars = 12  # type: ignore[misc]
    strict = check(slow, ticks, guards=("warm_up",))
    assert found_by(strict) == {"warm_up"}
    lenient = check(slow, ticks, guards=("warm_up",), tolerance=0.99)
    assert lenient.passed
    assert any("within the tolerance of 0.99" in note for note in lenient.notes)


def test_an_answer_to_the_order_inside_a_stamp_is_found(ticks: Ticks) -> None:
    result = check(planted.SameStamp(), ticks, guards=("ties",))
    assert found_by(result) == {"ties"}
    assert "trades of one stamp arrived in another order" in result.findings[0].what


def test_it_may_be_declared(ticks: Ticks) -> None:
    result = check(planted.ByArrival(), ticks, guards=("ties",))
    assert result.passed
    assert any("declared: it goes by arrival" in note for note in result.notes)


def test_where_no_trades_share_a_stamp_stamps_are_rounded(ticks: Ticks) -> None:
    apart = wandering_ticks(6_000, agility=6, gaps=False)
    result = check(planted.SameStamp(), apart, guards=("ties",), warm_up_bars=1)
    assert result.reports[0].findings  # it never wishes where no two trades share a stamp
    sound = SmaCross(SmaCrossParams(2, 4))
    passed = check(sound, apart, guards=("ties",))
    assert passed.passed
    assert any("rounded down to" in note for note in passed.notes)


def test_bars_have_no_ties(bars: Bars) -> None:
    result = check("sma_cross", bars, params={"fast": 2, "slow": 4}, guards=("ties",))
    assert result.passed
    assert result.reports[1].verdict == "not judged"
    assert result.notes == ("ties: bars hold no trades that could change places",)
