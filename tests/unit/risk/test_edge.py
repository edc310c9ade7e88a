"""What a strategy has proved: Kelly's share of its results."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genesis.risk.beta import beta_quantile
from genesis.risk.edge import Results
from genesis.rules import load

RULES = load("sniper").risk.adaptive
some = st.lists(st.floats(1e-6, 1) | st.floats(-1, -1e-6), min_size=30, max_size=100)


def after(results: list[float], rules=RULES) -> Results:
    found = Results()
    for result in results:
        found.take(result, rules)
    return found


def test_too_few_prove_nothing() -> None:
    assert after([0.02] * 29).kelly(RULES) is None
    assert after([0.02] * 29 + [0.0] * 50).kelly(RULES) is None, "neither won nor lost"
    assert after([0.02] * 30).kelly(RULES) == beta_quantile(0.2, 31, 1)


def test_the_formula_by_hand() -> None:
    """40 wins of 3, 20 losses of 2: p = q20(Beta(41, 21)), b = 1.5."""
    p = beta_quantile(0.2, 41, 21)
    assert after([0.03] * 40 + [-0.02] * 20).kelly(RULES) == pytest.approx(p - (1 - p) / 1.5)


def test_outliers_are_drawn_in() -> None:
    usual = [0.03] * 39 + [-0.02] * 20
    lucky, plain = after([*usual, 9.0]).kelly(RULES), after([*usual, 0.03]).kelly(RULES)
    assert lucky == pytest.approx(plain)
    loose = replace(RULES, winsor=0.0)
    assert after([*usual, 9.0]).kelly(loose) > plain


def test_losers_have_no_edge() -> None:
    assert after([-0.01] * 30).kelly(RULES) == 0
    assert after([0.01, -0.011] * 25).kelly(RULES) == 0
    assert after([0.01, -0.01] * 50).kelly(RULES) == 0, "even is not proved to be better"


def test_only_the_latest_count() -> None:
    assert after([-0.01] * 100 + [0.01] * 100).kelly(RULES) == after([0.01] * 100).kelly(RULES)


@given(some)
def test_a_share_of_equity_and_never_more_by_a_loss(results) -> None:
    found = after(results).kelly(RULES)
    assert 0 <= found < 1
    wins = [one for one in results if one > 0]
    if wins and len(results) < RULES.results:
        worse = after([*results, -max(abs(one) for one in results)]).kelly(RULES)
        assert worse <= found + 1e-12


@given(some, st.sampled_from([0.5, 2.0, 64.0]))
def test_the_size_of_the_trades_does_not_matter(results, scale) -> None:
    assert after([one * scale for one in results]).kelly(RULES) == pytest.approx(
        after(results).kelly(RULES), abs=1e-12
    )
