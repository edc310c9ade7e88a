"""Sizing: the published vectors, and the invariants over random accounts."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genesis.risk.limits import RiskRules, TierLimits
from genesis.risk.sizing import Infeasible, Sized, SizingInput, position_size, smallest_qty
from tests.support.build import BTC

D = Decimal
LIMITS = TierLimits(D(2000), D("0.05"), D("0.01"), D("0.05"), 10, None)
RULES = RiskRules(
    slippage_fraction=D("0.0005"),
    taker_fee_fraction=D("0.001"),
    min_notional_margin_fraction=D("0.01"),
    daily_loss_fraction=D("0.15"),
    mark_stale_ns=10**10,
    confirm_marks=3,
    confirm_span_ns=2 * 10**9,
    notify_at_fraction=D("0.8"),
    warning_multiplier=D("0.5"),
    cap_counts_held=True,
    tiers={},
)


def asked(**changes: object) -> SizingInput:
    base = SizingInput(
        equity_usdt=D(500),
        free_usdt=D(499),
        exposure_usdt=D(0),
        entry=D(67453),
        stop=D(67453) * D("0.98"),
        multiplier=D(1),
        absolute_cap_usdt=None,
        requested_usdt=D(100),
        requested_qty=None,
        is_market=True,
        fee_in_base=True,
    )
    return base._replace(**changes)  # type: ignore[arg-type]


def size(given_: SizingInput) -> Sized | Infeasible:
    return position_size(given_, LIMITS, RULES, BTC)


def test_published_vector() -> None:
    sized = size(asked())
    assert isinstance(sized, Sized)
    assert (sized.cap_usdt, sized.qty) == (D(25), D("0.00037"))
    assert sized.qty * D(67453) == D("24.95761")
    assert sized.clipped_from_usdt == D(100)


def test_what_is_held_of_the_symbol_takes_from_the_cap_of_its_position() -> None:
    sized = size(asked(multiplier=D("0.5"), held_usdt=D(6), exposure_usdt=D(6)))
    assert isinstance(sized, Sized)
    assert sized.cap_usdt == D("6.5")
    refused = size(asked(multiplier=D("0.5"), held_usdt=D(12), exposure_usdt=D(12)))
    assert isinstance(refused, Infeasible)
    assert refused.code == "EXPOSURE_REACHED"


def test_cap_of_five_cannot_reach_the_venues_minimum() -> None:
    refused = size(asked(equity_usdt=D(100), free_usdt=D(100), requested_usdt=None))
    assert isinstance(refused, Infeasible)
    assert refused.code == "NOTIONAL_EXCEEDS_CAP"
    assert refused.cap_usdt == D(5) < refused.need_usdt


def test_emergency_cap_is_never_raised() -> None:
    sized = size(asked(absolute_cap_usdt=D(10)))
    assert isinstance(sized, Sized)
    assert sized.qty * D(67453) <= 10
    assert isinstance(size(asked(absolute_cap_usdt=D(5))), Infeasible)


def test_a_multiplier_that_falls_below_the_minimum_is_lifted_to_it_but_zero_stays_zero() -> None:
    sized = size(asked(multiplier=D("0.1"), requested_usdt=None))
    assert isinstance(sized, Sized)
    assert sized.cap_usdt < 25 * D("0.5")
    left_again = BTC.fit_qty(sized.qty * D("0.999"))
    assert left_again * D(67453) * D("0.98") >= D(5) * D("1.01")
    assert isinstance(size(asked(multiplier=D(0))), Infeasible)


def test_exposure_at_work_leaves_less_room() -> None:
    refused = size(asked(exposure_usdt=D(24)))
    assert isinstance(refused, Infeasible)
    assert refused.code == "EXPOSURE_REACHED"


def test_a_request_below_the_minimum_is_named_as_such() -> None:
    refused = size(asked(requested_usdt=D(3)))
    assert isinstance(refused, Infeasible)
    assert refused.code == "NOTIONAL_BELOW_MINIMUM"


money = st.decimals(min_value="10", max_value="5000", places=2)
prices = st.decimals(min_value="0.5", max_value="100000", places=2)
shares = st.sampled_from([D(0), D("0.25"), D("0.5"), D("0.75"), D(1)])


@given(equity=money, entry=prices, multiplier=shares, stop_share=st.sampled_from(["0.9", "0.98"]))
def test_invariants(equity: D, entry: D, multiplier: D, stop_share: str) -> None:
    given_ = asked(
        equity_usdt=equity,
        free_usdt=equity,
        entry=entry,
        stop=entry * D(stop_share),
        multiplier=multiplier,
        requested_usdt=None,
    )
    sized = size(given_)
    if isinstance(sized, Infeasible):
        return
    assert sized.qty * entry <= sized.cap_usdt <= D("0.05") * min(equity, D(2000))
    assert sized.qty % BTC.qty_lot == 0
    assert sized.qty >= smallest_qty(given_, RULES, BTC)
    exit_qty = BTC.fit_qty(sized.qty * (1 - RULES.taker_fee_fraction), market=True)
    assert exit_qty * given_.stop >= BTC.min_notional_usdt * D("1.01")  # type: ignore[operator]


@given(equity=money, entry=prices, low=shares, high=shares)
def test_never_larger_under_a_smaller_multiplier(equity: D, entry: D, low: D, high: D) -> None:
    if low > high:
        low, high = high, low

    def qty(multiplier: D) -> D:
        sized = size(asked(equity_usdt=equity, entry=entry, stop=None, multiplier=multiplier))
        return sized.qty if isinstance(sized, Sized) else D(0)

    assert qty(low) <= qty(high)


@pytest.mark.parametrize("factor", [2, 3])
def test_never_more_than_in_proportion(factor: int) -> None:
    one, more = (
        size(asked(requested_usdt=None)),
        size(asked(requested_usdt=None, equity_usdt=D(500 * factor), free_usdt=D(500 * factor))),
    )
    assert isinstance(one, Sized)
    assert isinstance(more, Sized)
    assert more.qty <= factor * one.qty + factor * BTC.qty_lot
