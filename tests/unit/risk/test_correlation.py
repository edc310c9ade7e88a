"""Correlations of returns: against numpy, the conservative one, alerts, clusters, the matrix."""

from dataclasses import replace
from decimal import Decimal
from math import exp

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genesis.domain.events import BarClosed
from genesis.domain.money import ONE
from genesis.domain.time import DAY, HOUR, MINUTE
from genesis.market.closes import Closes
from genesis.market.market import Market
from genesis.risk.correlation import PairAlerts, Pairs, Together, cluster, correlation, matrix
from genesis.rules import load

MARKET = load("sniper").market
RULES = MARKET.correlation
SLOT = 5 * MINUTE
START = 20_000 * DAY
RETURNS = st.lists(st.floats(-0.1, 0.1, allow_subnormal=False), min_size=60, max_size=90)


@given(RETURNS, RETURNS)
def test_it_is_pearsons_shrunk(ours, theirs) -> None:
    count = min(len(ours), len(theirs))
    ours, theirs = ours[:count], theirs[:count]
    found = correlation(dict(enumerate(ours)), dict(enumerate(theirs)), RULES)
    if np.std(ours) < 1e-9 or np.std(theirs) < 1e-9:
        assert found is None or -1 <= found <= 1
        return
    assert found == pytest.approx(0.9 * np.corrcoef(ours, theirs)[0, 1], abs=1e-6)


def test_too_few_common_slots_tell_nothing() -> None:
    ours = {slot: (-1.0) ** slot for slot in range(100)}
    theirs = {slot: -((-1.0) ** slot) for slot in range(41, 141)}
    assert correlation(ours, theirs, RULES) is None
    theirs[40] = -1.0
    assert correlation(ours, theirs, RULES) == pytest.approx(-0.9)


def test_what_does_not_move_tells_nothing() -> None:
    still = dict.fromkeys(range(100), 0.0)
    moving = {slot: (-1.0) ** slot for slot in range(100)}
    assert correlation(still, moving, RULES) is None


# -- returns ---------------------------------------------------------------------------------
def closes_of(prices: dict[int, float]) -> Closes:
    """Prices by the minute at which their bar closed."""
    made = Closes(RULES)
    for minute, price in sorted(prices.items()):
        made.take(START + minute * MINUTE, price)
    return made


def test_a_slot_has_its_last_bars_close() -> None:
    made = closes_of({1: 50.0, 5: 100.0, 7: 70.0, 10: 100.0 * exp(0.01), 11: 1.0})
    first = START // SLOT
    assert made.returns(START + 11 * MINUTE) == {first + 1: pytest.approx(0.01)}


def test_an_unfinished_slot_has_no_return() -> None:
    assert not closes_of({5: 100.0, 10: 101.0}).returns(START + 10 * MINUTE)


def test_a_slot_without_a_bar_breaks_the_chain() -> None:
    made = closes_of({5: 100.0, 15: 110.0, 20: 120.0, 21: 1.0})
    assert list(made.returns(START + HOUR)) == [START // SLOT + 3]


def test_what_is_older_than_the_window_does_not_count() -> None:
    made = closes_of({5 * slot: 100.0 + slot for slot in range(1, 400)})
    now_ns = START + 5 * 399 * MINUTE
    assert len(made.returns(now_ns)) <= RULES.window_slots
    assert not made.returns(now_ns + 2 * DAY)


def test_other_slots_are_learned_anew() -> None:
    made = closes_of({5: 100.0, 10: 101.0, 11: 1.0})
    assert made.under(replace(RULES, shrink=0.2)) is made
    assert not made.under(replace(RULES, slot_ns=10 * MINUTE)).returns(START + HOUR)


# -- the market ------------------------------------------------------------------------------
def market_of(seed: int, shares: dict[str, float], slots: int = 200) -> tuple[Market, int]:
    """Symbols that follow one common move with these shares of it."""
    rng = np.random.default_rng(seed)
    market, common = Market((), MARKET), rng.standard_normal(slots)
    for symbol, share in shares.items():
        own = share * common + (1 - abs(share)) * rng.standard_normal(slots)
        for slot, price in enumerate(100 * np.exp(np.cumsum(own) * 1e-3)):
            close = Decimal(str(round(float(price), 6)))
            at = START + (slot + 1) * SLOT
            market.apply(BarClosed(at, symbol, MINUTE, close, close, close, close, ONE))
    return market, START + slots * SLOT


def test_a_market_tells_who_moves_together() -> None:
    market, now_ns = market_of(1, {"A": 0.9, "B": 0.9, "C": 0.0})
    rho = Pairs(market).at(now_ns)
    assert rho("A", "B") > 0.8
    assert abs(rho("A", "C")) < 0.3
    assert rho("A", "B") == rho("B", "A")
    assert rho("A", "unheard of") == 1


def test_what_was_computed_is_not_used_when_returns_have_come_or_gone() -> None:
    market, now_ns = market_of(2, {"A": 0.9, "B": 0.9})
    pairs = Pairs(market)
    before = pairs.at(now_ns)("A", "B")
    assert pairs.at(now_ns + 2 * DAY)("A", "B") == 1
    assert pairs.at(now_ns)("A", "B") == before
    for slot, price in enumerate(("500", "100", "900", "50")):
        close = Decimal(price)
        at = now_ns + (slot + 1) * SLOT
        market.apply(BarClosed(at, "A", MINUTE, close, close, close, close, ONE))
        other = Decimal(100) + slot
        market.apply(BarClosed(at, "B", MINUTE, other, other, other, other, ONE))
    assert pairs.at(now_ns)("A", "B") < before


def test_the_mean_is_of_what_was_measured() -> None:
    market, now_ns = market_of(3, {"A": 0.9, "B": 0.9, "C": 0.0})
    pairs = Pairs(market)
    rho, symbols = pairs.at(now_ns), ["C", "A", "unheard of", "B"]
    mean, joined = pairs.mean(symbols, now_ns)
    assert mean == pytest.approx((rho("A", "B") + rho("A", "C") + rho("B", "C")) / 3)
    assert joined == 3
    assert pairs.mean(["A", "unheard of"], now_ns) == (0.0, 0)


@given(
    st.integers(0, 2**32 - 1),
    st.lists(st.floats(-1, 1), min_size=1, max_size=6),
    st.integers(0, 5),
    st.integers(61, 120),
)
@settings(max_examples=30, deadline=None)
def test_i28_the_matrix_is_one_of_correlations(seed, shares, unknown, slots) -> None:
    named = {f"S{i}": share for i, share in enumerate(shares)}
    market, now_ns = market_of(seed, named, slots)
    symbols = [*named, *(f"U{i}" for i in range(unknown))]
    _assert_correlations(np.array(matrix(symbols, Pairs(market).at(now_ns))))


@given(st.data(), st.integers(1, 7))
@settings(max_examples=200, deadline=None)
def test_i28_whatever_pairs_do_not_fit_together(data, size) -> None:
    drawn = {
        (i, j): data.draw(st.sampled_from([-0.9, -0.5, 0.0, 0.3, 0.9, 1.0]))
        for j in range(size)
        for i in range(j)
    }
    names = [str(i) for i in range(size)]
    rows = matrix(names, lambda a, b: drawn[min(int(a), int(b)), max(int(a), int(b))])
    _assert_correlations(np.array(rows))


def _assert_correlations(found: np.ndarray) -> None:
    assert (found == found.T).all()
    assert (np.diag(found) == 1).all()
    assert (np.abs(found) <= 1).all()
    assert np.linalg.eigvalsh(found).min() >= -1e-9


def test_a_matrix_that_fits_is_left_as_it_is() -> None:
    values = {("A", "B"): 0.5, ("A", "C"): 0.2, ("B", "C"): -0.1}
    rows = matrix("ABC", lambda a, b: values[min(a, b), max(a, b)])
    assert rows == [[1, 0.5, 0.2], [0.5, 1, -0.1], [0.2, -0.1, 1]]


# -- alerts and clusters ---------------------------------------------------------------------
def test_an_alert_is_raised_above_and_cleared_below_with_room_between() -> None:
    alerts = PairAlerts()
    told = [
        [change.raised for change in alerts.judge("BA", lambda a, b, r=rho: r, RULES)]
        for rho in (0.6, 0.61, 0.9, 0.56, 0.55, 0.54, 0.6, 0.61)
    ]
    assert told == [[], [True], [], [], [], [False], [], [True]]


def test_a_pair_that_was_left_is_forgotten() -> None:
    alerts = PairAlerts()
    assert alerts.judge("AB", lambda a, b: 0.8, RULES) == (Together("A", "B", 0.8, True),)
    assert not alerts.judge("A", lambda a, b: 0.8, RULES)
    assert alerts.judge("AB", lambda a, b: 0.8, RULES)


def test_a_cluster_goes_through_its_members() -> None:
    near = {("A", "B"), ("B", "C")}
    rho = lambda a, b: 0.7 if (min(a, b), max(a, b)) in near else 0.6  # noqa: E731
    assert cluster("A", "BCD", rho, RULES) == {"A", "B", "C"}
    assert cluster("D", "ABC", rho, RULES) == {"D"}
    assert cluster("A", "", rho, RULES) == {"A"}
