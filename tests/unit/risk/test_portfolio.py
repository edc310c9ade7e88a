"""Volatility and value at risk of all positions together."""

from dataclasses import replace
from math import expm1

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genesis.risk.portfolio import Exposed, day_risk, room, volatility
from genesis.rules import load

RULES = load("sniper").market.portfolio
NAMES = ("A", "B", "C", "D")
Z95 = 1.6448536269514722


def held(worths, sigmas, days=None):
    days = days or [{}] * len(worths)
    rows = zip(NAMES, worths, sigmas, days, strict=False)
    return [Exposed(name, worth, sigma, returns) for name, worth, sigma, returns in rows]


def rho_of(rows):
    return lambda a, b: float(rows[NAMES.index(a)][NAMES.index(b)])


@st.composite
def markets(draw):
    """Worths, sigmas and a matrix of correlations that random numbers can have."""
    size = draw(st.integers(1, 4))
    rng = np.random.default_rng(draw(st.integers(0, 9999)))
    rows = np.corrcoef(rng.standard_normal((size, 3 + size))).reshape(size, size)
    worths = draw(st.lists(st.floats(1, 5000), min_size=size, max_size=size))
    sigmas = draw(st.lists(st.floats(0.001, 0.2), min_size=size, max_size=size))
    return worths, sigmas, (rows * 0.9 + np.eye(size) * 0.1)


@given(markets())
def test_volatility_is_the_root_of_w_sigma_w(market) -> None:
    worths, sigmas, rows = market
    found = volatility(held(worths, sigmas), rho_of(rows), RULES)
    w, spread = np.array(worths), np.array(sigmas)
    assert found == pytest.approx(np.sqrt(w @ (np.outer(spread, spread) * rows) @ w), rel=1e-9)
    assert found <= float(w @ spread) * (1 + 1e-12), "spreading never adds risk"


@given(markets(), st.floats(1, 4))
def test_parametric_is_linear_in_the_whole_and_rises_with_any_sigma(market, factor) -> None:
    worths, sigmas, rows = market
    rho = rho_of(np.abs(rows))
    found = day_risk(held(worths, sigmas), rho, RULES)
    assert found.parametric == pytest.approx(Z95 * found.volatility, rel=1e-12)
    larger = day_risk(held([factor * w for w in worths], sigmas), rho, RULES)
    assert larger.parametric == pytest.approx(factor * found.parametric, rel=1e-9)
    wilder = day_risk(held(worths, [sigmas[0] * factor, *sigmas[1:]]), rho, RULES)
    assert wilder.parametric >= found.parametric * (1 - 1e-12)


def test_history_is_the_third_worst_of_sixty_days() -> None:
    rng = np.random.default_rng(4)
    days = [dict(enumerate(rng.normal(0, 0.03, 60))) for _ in range(2)]
    found = day_risk(held([300, 700], [0.03, 0.03], days), lambda a, b: 0.0, RULES)
    pnl = sorted(300 * expm1(days[0][d]) + 700 * expm1(days[1][d]) for d in range(60))
    assert (found.days, found.historical) == (60, pytest.approx(-pnl[2]))
    assert found.worse == max(found.parametric, found.historical)


def test_only_days_known_of_every_symbol_count_and_few_say_nothing() -> None:
    many, late = dict.fromkeys(range(60), -0.2), dict.fromkeys(range(41, 90), -0.2)
    few = day_risk(held([1, 1], [0.01, 0.01], [many, late]), lambda a, b: 1.0, RULES)
    assert (few.days, few.historical) == (19, None)
    enough = day_risk(
        held([1, 1], [0.01, 0.01], [many, {**late, 40: -0.2}]), lambda a, b: 1.0, RULES
    )
    assert enough.historical == pytest.approx(2 * -expm1(-0.2))
    assert enough.worse == enough.historical > enough.parametric


def test_days_of_gains_only_lose_nothing() -> None:
    found = day_risk(held([10], [0.01], [dict.fromkeys(range(30), 0.01)]), lambda a, b: 1.0, RULES)
    assert found.historical == 0


def test_what_is_not_known_is_assumed_and_named() -> None:
    found = day_risk(held([100, 50], [None, 0.01]), lambda a, b: 1.0, RULES)
    assert found.unknown == ("A",)
    assert found.volatility == pytest.approx(100 * RULES.unknown_volatility + 0.5)
    assert day_risk([], lambda a, b: 1.0, RULES).worse == 0


def test_a_smaller_tail_costs_more() -> None:
    rare = replace(RULES, tail=0.01)
    one = held([100], [0.02])
    assert (
        day_risk(one, lambda a, b: 1.0, rare).worse > day_risk(one, lambda a, b: 1.0, RULES).worse
    )


@given(st.floats(0, 50), st.floats(0.01, 3), st.floats(1, 60))
@settings(max_examples=200)
def test_the_room_is_the_largest_that_fits(base, slope, limit) -> None:
    found = room(lambda more: base + slope * more, limit, 100.0)
    if found is None:
        assert base + slope * 100 <= limit
    elif base > limit:
        assert found == 0
    else:
        assert base + slope * found <= limit
        assert found == pytest.approx((limit - base) / slope, rel=1e-6, abs=1e-6)
