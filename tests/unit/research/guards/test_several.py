"""Several symbols: a leak through the other one and planted bugs are found, each by its guard."""

from dataclasses import replace
from decimal import Decimal as D
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genesis.domain.commands import SubmitOrder
from genesis.domain.ids import OrderKey
from genesis.domain.orders import OrderRequest, OrderType, Purpose, Side
from genesis.domain.time import MINUTE, SECOND
from genesis.errors import DataError, UsageError
from genesis.research import Bars, CheckResult, Ticks, check
from genesis.research.guards.lookahead import cuts
from genesis.research.guards.samples import samples_for
from genesis.research.guards.several import between, each, ends
from genesis.research.guards.subject import Subject
from genesis.research.guards.trace import Decision, Trace
from genesis.research.guards.turns import _said, orders_of
from genesis.research.guards.warm_up import warm_up_of
from genesis.strategy import Intent
from genesis.strategy.catalog import builtin
from genesis.strategy.sma_cross import SmaCross, SmaCrossParams
from tests.support import planted_strategies as planted
from tests.support.markets import START_NS, wandering_ticks
from tests.support.several_markets import triangle

BTC, ETH = SYMBOLS = ("BTC/USDT", "ETH/USDT")
HERE = ("lookahead", "warm_up", "ties")
"""Guards that start no process."""


@pytest.fixture(scope="module")
def two() -> list[Ticks]:
    return [
        wandering_ticks(7_000, agility=6, gaps=False),
        wandering_ticks(7_000, 4, agility=6, gaps=False, symbol=ETH, price=3_000),
    ]


@pytest.fixture(scope="module")
def bars(two: list[Ticks]) -> list[Bars]:
    return [as_bars(ticks) for ticks in two]


def as_bars(ticks: Ticks) -> Bars:
    c, rows = ticks.columns, ticks.columns.bars(MINUTE)
    opened = np.array(rows.boundary_ns) - MINUTE
    prices = [np.array(row) / 100 for row in (rows.open, rows.high, rows.low, rows.close)]
    return Bars.from_arrays(c.instrument, opened, *prices, np.ones(len(opened)))


def found_by(result: CheckResult) -> set[str]:
    return {str(finding.guard) for finding in result.findings}


# -- leaks -----------------------------------------------------------------------------------
@pytest.mark.parametrize("kind", ["ticks", "bars"])
def test_a_leak_through_the_other_symbol_is_told_with_its_name(two, bars, kind: str) -> None:
    data = two if kind == "ticks" else bars
    result = check(planted.OtherAhead, data, guards=("lookahead",))
    assert found_by(result) == {"lookahead"}
    told = [finding.what for finding in result.findings]
    assert any("the future cut off (from" in what for what in told)
    assert any("in ETH/USDT alone" in what for what in told)
    assert not any("in BTC/USDT alone" in what for what in told)


def test_a_leak_of_both_is_told_with_both(two: list[Ticks]) -> None:
    told = check(planted.RatioScaled, two, guards=("lookahead",)).findings
    for symbol in SYMBOLS:
        assert any(f"in {symbol} alone" in finding.what for finding in told)


@pytest.mark.parametrize("kind", ["ticks", "bars"])
def test_what_is_sound_passes(two, bars, kind: str) -> None:
    data = two if kind == "ticks" else bars
    result = check(planted.Together(), data, guards=HERE, warm_up_bars=2)
    assert result.passed, result
    assert [one.verdict for one in result.reports] == ["passed"] * 4
    assert "symbols in 1 other order" in result.reports[-1].told


def test_it_is_cut_only_where_every_symbol_has_a_past_and_a_future(two: list[Ticks]) -> None:
    """Elsewhere a symbol that is over, or has not begun, would get a bar that it never had."""
    begin, end = START_NS + 12 * MINUTE, START_NS + 40 * MINUTE
    crossing = SmaCross(SmaCrossParams(2, 4))
    for other in (two[1].between(begin, None), two[1].between(None, end)):
        data = [two[0], other]
        whole = Subject(crossing).run(tuple(data))
        moments = cuts(whole, tuple(data), MINUTE)
        first, last = (int(other.columns.ts_ns[row]) for row in (0, -1))
        assert len(moments) > 4
        assert all(first < at_ns <= last for at_ns in moments)
        assert check(crossing, data, guards=("lookahead",)).passed


def test_made_with_the_data_of_all_it_brings_them_along(two: list[Ticks]) -> None:
    result = check(planted.OtherAhead(tuple(two)), two, guards=("lookahead",))
    assert "it brings data along: it._up holds a dict of" in result.findings[0].what


# -- bugs ------------------------------------------------------------------------------------
@pytest.mark.parametrize("kind", ["ticks", "bars"])
def test_what_goes_by_the_order_of_symbols_is_found(two, bars, kind: str) -> None:
    data = two if kind == "ticks" else bars
    result = check(planted.Hasty(), data, guards=("lookahead", "ties"))
    assert found_by(result) == {"ties"}
    (finding,) = result.findings
    assert "where the symbols of one instant come in the order ETH/USDT, BTC/USDT" in finding.what
    assert finding.at_ns is not None and finding.at_ns % MINUTE == 0
    declared = check(planted.HastyDeclared(), data, guards=("ties",))
    assert declared.passed
    assert any("(declared: it goes by arrival)" in note for note in declared.notes)


def test_an_average_of_the_other_symbol_that_begins_with_nothing_is_found(two) -> None:
    result = check(planted.ColdPair(), two, guards=HERE)
    assert found_by(result) == {"warm_up"}


def test_state_at_the_class_is_found(two: list[Ticks]) -> None:
    result = check(planted.LeftOverPair(), two)
    assert found_by(result) == {"repeat"}


def test_a_wish_for_another_symbol_names_all_there_are(two: list[Ticks]) -> None:
    wish = Intent("NO/PE", Side.BUY)
    (finding,) = check(planted.Returning((wish,)), two, guards=("lookahead",)).findings
    assert finding.guard == "errors"
    assert "and the data hold BTC/USDT, ETH/USDT only" in finding.what


@pytest.mark.parametrize(
    ("strategy", "symbols", "error", "said"),
    [
        ("statistical_arb", (0,), UsageError, "give the data of each; there are none of ETH/USDT"),
        ("sma_cross", (0, 0), UsageError, "BTC/USDT is given twice"),
        ("sma_cross", (), UsageError, "there is no data"),
    ],
)
def test_data_that_do_not_fit(two, strategy: str, symbols, error, said: str) -> None:
    with pytest.raises(error, match=said):
        check(strategy, [two[number] for number in symbols])


def test_a_span_without_one_of_them(two: list[Ticks]) -> None:
    late = two[1].between(START_NS + 30 * MINUTE, None)
    with pytest.raises(DataError, match="no data of ETH/USDT in the span"):
        check("sma_cross", [two[0], late], end="2024-01-01T00:20")


# -- what the guards are made of -------------------------------------------------------------
@settings(max_examples=25)
@given(kept=st.lists(st.sets(st.integers(0, 30), min_size=2), min_size=1, max_size=3))
def test_ends_are_those_of_all(kept: list[set[int]]) -> None:
    """The oracle: a set of minutes of each symbol; the last one of each never closes."""
    made = [Ticks.from_arrays(name, *rows(minutes)) for name, minutes in zip(NAMES, kept)]  # noqa: B905
    closed = [{minute + 1 for minute in minutes if minute < max(minutes)} for minutes in kept]
    expected = sorted(START_NS + minute * MINUTE for minute in set.intersection(*closed))
    assert ends(tuple(made), MINUTE) == expected


NAMES = ("BTC/USDT", "ETH/USDT", "SOL/USDT")


def rows(minutes: set[int]) -> Any:
    ts = START_NS + np.array(sorted(minutes)) * MINUTE + SECOND
    ones = np.ones(len(ts))
    return ts, ones, ones, ones > 0


def test_orders_of_symbols_leave_the_money_of_the_account_alone() -> None:
    eth, btc, cross = triangle(40)
    named = [
        [market.instrument.symbol for market in order] for order in orders_of([eth, btc, cross])
    ]
    assert named == [
        ["BTC/USDT", "ETH/USDT", "ETH/BTC"],
        ["ETH/USDT", "ETH/BTC", "BTC/USDT"],
        ["BTC/USDT", "ETH/BTC", "ETH/USDT"],
    ]
    assert orders_of([cross, eth]) == []
    assert len(orders_of([eth, btc])) == 1


def bought(symbol: str, at_s: int) -> Decision:
    return Decision(at_s * SECOND, True, (Intent(symbol, Side.BUY),))


def sent(symbol: str, at_s: int, number: int = 1) -> Decision:
    request = OrderRequest(symbol, Side.BUY, OrderType.MARKET, D(1), Purpose.ENTRY)
    order = SubmitOrder(at_s * SECOND, OrderKey(1, number, 0), request)
    return Decision(at_s * SECOND, True, (order,))


def trace(wishes: list[Decision], decided: list[Decision]) -> Trace:
    return Trace(9, tuple(wishes), tuple(decided), "a", ())


def test_the_order_inside_an_instant_is_no_difference() -> None:
    one = trace([bought(BTC, 1), bought(ETH, 1)], [sent(BTC, 1, 1), sent(ETH, 1, 2)])
    other = trace([bought(ETH, 1), bought(BTC, 1)], [sent(ETH, 1, 1), sent(BTC, 1, 2)])
    assert _said(one, other, "ETH/USDT, BTC/USDT") is None


def test_what_money_for_one_leads_to_is_not_blamed_on_the_strategy() -> None:
    both = [bought(BTC, 1), bought(ETH, 1)]
    one = trace([*both, bought(BTC, 5)], [sent(BTC, 1)])
    other = trace([*both, bought(ETH, 5)], [sent(ETH, 1)])
    said = _said(one, other, "ETH/USDT, BTC/USDT")
    assert said is not None and said[0] == SECOND and not said[2]
    assert "the same wishes, and from 1970-01-01T00:00:01Z on other orders" in said[1]
    early = _said(replace(one, wishes=both[:1]), other, "ETH/USDT, BTC/USDT")
    assert early is not None and early[2]


@pytest.mark.parametrize("name", ["multi_pair", "simple_arb", "statistical_arb"])
def test_the_sample_of_several_is_legal_and_long_enough(name: str) -> None:
    strategy = builtin().build(name)
    named = strategy.params.symbols.split(",")  # type: ignore[attr-defined]
    need = warm_up_of(strategy)
    data = samples_for(strategy, need, named)
    assert sorted(market.instrument.symbol for market in data) == sorted(named)
    assert data[0].instrument.quote == "USDT"
    assert len(ends(data, need.width_ns)) >= need.needed
    for market in each(data):
        c, tops = market.columns, market.tops
        assert (np.diff(c.ts_ns) >= 0).all() and c.prices.min() > 1_000
        assert (tops is not None) == (name == "simple_arb")
        assert tops is None or (tops.asks > tops.bids).all()
    half_ns = int(data[0].columns.ts_ns[len(data[0]) // 2])
    assert all(market.columns.ts_ns[-1] < half_ns for market in each(between(data, None, half_ns)))
