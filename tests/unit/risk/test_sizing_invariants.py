"""I15 to I21, I27 and decision 17 over random accounts, stops and venues."""

from dataclasses import replace
from decimal import Decimal

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from genesis.domain.instrument import Instrument
from genesis.risk.limits import TierLimits
from genesis.risk.sizing import (
    Infeasible,
    Sized,
    SizingInput,
    position_size,
    risk_per_unit,
    smallest_qty,
)
from tests.unit.risk.test_sizing import RULES

D = Decimal
FACTOR = D(3)
BOUND = replace(RULES, open_risk_factor=FACTOR)


@st.composite
def venues(draw: st.DrawFn) -> Instrument:
    lot = draw(st.sampled_from(["0.00001", "0.001", "0.1", "1"]))
    return Instrument(
        symbol="AAA/USDT",
        base="AAA",
        quote="USDT",
        price_tick=D("0.0001"),
        qty_lot=D(lot),
        market_lot=D(draw(st.sampled_from(["0", lot, "0.01"]))),
        min_qty=D(draw(st.sampled_from([lot, "0.5"]))),
        min_notional_usdt=D(draw(st.sampled_from(["1", "5", "10"]))),
        max_qty=D(draw(st.sampled_from(["9", "90000000"]))),
    )


money = st.decimals("1", "9000", places=2)
prices = st.decimals("0.05", "70000", places=4)
shares = st.sampled_from([D(x) for x in ("0", "0.1", "0.25", "0.5", "0.75", "1")])
LIMITS = st.builds(
    TierLimits,
    ceiling_usdt=st.sampled_from([D(2000), None]),
    position_fraction=st.sampled_from([D("0.05"), D("0.5")]),
    risk_fraction=st.sampled_from([D("0.005"), D("0.01")]),
    exposure_fraction=st.sampled_from([D("0.05"), D("0.25"), D("0.6")]),
    max_trades_per_day=st.none(),
    drawdown=st.none(),
)


@st.composite
def wishes(draw: st.DrawFn) -> SizingInput:
    entry = draw(prices)
    stop_share = draw(st.sampled_from([None, D("0.7"), D("0.98"), D("0.999")]))
    asked = draw(st.sampled_from(["none", "usdt", "qty"]))
    return SizingInput(
        equity_usdt=draw(money),
        free_usdt=draw(money),
        exposure_usdt=draw(st.sampled_from([D(0), D(3), D(90)])),
        entry=entry,
        stop=None if stop_share is None else entry * stop_share,
        multiplier=draw(shares),
        absolute_cap_usdt=draw(st.sampled_from([None, D(10)])),
        requested_usdt=draw(money) if asked == "usdt" else None,
        requested_qty=draw(money) / entry if asked == "qty" else None,
        is_market=draw(st.booleans()),
        fee_in_base=draw(st.booleans()),
        held_usdt=draw(st.sampled_from([D(0), D(3)])),
        open_risk_usdt=draw(st.sampled_from([D(0), D("0.5"), D(40)])),
        var_room_usdt=draw(st.sampled_from([None, D(0), D(7), D(60)])),
    )


@st.composite
def rich(draw: st.DrawFn) -> SizingInput:
    """Hardly anything at work, and cheap coins: most of these wishes fit."""
    wish = draw(wishes())
    entry = draw(st.decimals("0.05", "9", places=4))
    stop = None if wish.stop is None else entry * wish.stop / wish.entry
    return wish._replace(
        equity_usdt=draw(st.decimals("1000", "9000", places=2)),
        free_usdt=D(9000),
        exposure_usdt=D(0),
        entry=entry,
        stop=stop,
        multiplier=draw(st.sampled_from([D(x) for x in ("0.25", "0.5", "0.75", "1")])),
        absolute_cap_usdt=draw(st.sampled_from([None, None, None, D(10)])),
        probe_usdt=draw(st.sampled_from([None, None, None, D(10)])),
        requested_usdt=draw(st.sampled_from([None, None, D(30), D(5000)])),
        requested_qty=None,
        held_usdt=D(0),
        open_risk_usdt=draw(st.sampled_from([D(0), D(0), D("0.5"), D(40)])),
    )


ANY = wishes() | rich()


def qty_of(given_: SizingInput, limits: TierLimits, venue: Instrument) -> D:
    sized = position_size(given_, limits, BOUND, venue)
    return sized.qty if isinstance(sized, Sized) else D(0)


@settings(max_examples=300)
@given(ANY, LIMITS, venues())
def test_i15_i16_i17_within_every_cap_on_the_grid_or_infeasible(wish, limits, venue) -> None:
    capital = min(wish.equity_usdt, limits.ceiling_usdt or wish.equity_usdt)
    sized = position_size(wish, limits, BOUND, venue)
    if isinstance(sized, Infeasible):
        assert sized.code
        assert f"{sized.need_usdt:.2f}" in sized.reason
        return
    value = sized.qty * wish.entry
    assert value <= sized.cap_usdt
    assert value + wish.held_usdt <= limits.position_fraction * capital
    assert value + wish.exposure_usdt <= limits.exposure_fraction * capital
    assert value <= wish.free_usdt
    assert value <= (wish.absolute_cap_usdt or value)
    least = smallest_qty(wish, BOUND, venue) * wish.entry
    assert wish.probe_usdt is None or value <= max(wish.probe_usdt, least)
    assert wish.var_room_usdt is None or value <= wish.var_room_usdt
    assert value <= (wish.requested_usdt or value)
    step = max(venue.qty_lot, venue.market_lot) if wish.is_market else venue.qty_lot
    assert sized.qty % step == 0
    assert venue.min_qty <= sized.qty <= venue.max_qty
    assert value >= venue.min_notional_usdt
    assert wish.multiplier > 0


@settings(max_examples=300)
@given(ANY, LIMITS, venues())
def test_i22_open_risk_stays_within_three_risks_at_the_stop(wish, limits, venue) -> None:
    assume(wish.stop is not None)
    sized = position_size(wish, limits, BOUND, venue)
    if isinstance(sized, Sized):
        capital = min(wish.equity_usdt, limits.ceiling_usdt or wish.equity_usdt)
        lost = sized.qty * risk_per_unit(wish.entry, wish.stop, BOUND)
        assert lost <= limits.risk_fraction * capital
        assert lost + wish.open_risk_usdt <= FACTOR * limits.risk_fraction * capital


@given(ANY, LIMITS, venues())
def test_decision_17_what_is_bought_can_be_sold_again_at_its_stop(wish, limits, venue) -> None:
    sized = position_size(wish, limits, BOUND, venue)
    if isinstance(sized, Infeasible):
        return
    fee = BOUND.taker_fee_fraction if wish.fee_in_base else D(0)
    left = venue.fit_qty(sized.qty * (1 - fee), market=True)
    worst = wish.entry if wish.stop is None else min(wish.entry, wish.stop)
    assert left >= venue.min_qty
    assert left * worst >= venue.min_notional_usdt * (1 + BOUND.min_notional_margin_fraction)


@settings(max_examples=300)
@given(ANY, LIMITS, venues())
def test_i18_less_of_anything_is_never_more(wish, limits, venue) -> None:
    whole = qty_of(wish, limits, venue)
    for name in ("multiplier", "equity_usdt", "free_usdt"):
        less = wish._replace(**{name: getattr(wish, name) * D("0.6")})
        assert qty_of(less, limits, venue) <= whole, name


@given(ANY, LIMITS, venues(), st.sampled_from([D(0), D(5), D(40)]))
def test_i18_less_room_for_a_bad_day_is_never_more(wish, limits, venue, room) -> None:
    known = wish.var_room_usdt
    less = wish._replace(var_room_usdt=room if known is None else min(room, known))
    assert qty_of(less, limits, venue) <= qty_of(wish, limits, venue)


@given(
    wishes(), LIMITS, venues(), st.sampled_from(["exposure_usdt", "held_usdt", "open_risk_usdt"])
)
def test_more_at_work_already_is_never_more_to_come(wish, limits, venue, name) -> None:
    more = wish._replace(**{name: getattr(wish, name) + 2})
    assert qty_of(more, limits, venue) <= qty_of(wish, limits, venue)


@given(ANY, LIMITS, venues())
def test_i19_a_tighter_stop_never_buys_less(wish, limits, venue) -> None:
    wide = wish._replace(stop=wish.entry * D("0.8"))
    tight = wish._replace(stop=wish.entry * D("0.97"))
    lifted = smallest_qty(wide, BOUND, venue)  # the least that can be left at the far stop
    assert qty_of(wide, limits, venue) <= max(qty_of(tight, limits, venue), lifted)
    wide, tight = (one._replace(multiplier=D(1), probe_usdt=None) for one in (wide, tight))
    assert qty_of(wide, limits, venue) <= qty_of(tight, limits, venue)


@settings(max_examples=300)
@given(ANY, LIMITS, venues(), st.integers(1, 5))
def test_i21_growth_is_at_most_in_proportion_and_ends_at_the_ceiling(
    wish, limits, venue, factor
) -> None:
    asks_all = wish._replace(requested_usdt=None, requested_qty=None, absolute_cap_usdt=None)
    free = asks_all._replace(multiplier=D(1), exposure_usdt=D(0), held_usdt=D(0))
    one = free._replace(open_risk_usdt=D(0))
    more = one._replace(equity_usdt=one.equity_usdt * factor, free_usdt=one.free_usdt * factor)
    small, large = qty_of(one, limits, venue), qty_of(more, limits, venue)
    if small:
        step = max(venue.qty_lot, venue.market_lot)
        assert large <= factor * small + factor * step
    if limits.ceiling_usdt is not None:
        assert large * one.entry <= limits.position_fraction * limits.ceiling_usdt


@given(ANY, LIMITS, venues())
def test_a_cap_is_lifted_to_the_smallest_order_only_where_the_tier_allows_it(
    wish, limits, venue
) -> None:
    """Decision 17: by no multiplier, never above the unmultiplied cap, never from zero."""
    whole = qty_of(wish._replace(multiplier=D(1)), limits, venue)
    small = qty_of(wish, limits, venue)
    if wish.multiplier == 0:
        assert small == 0
        return
    assert small <= whole
    least = smallest_qty(wish, BOUND, venue)
    if whole >= least and wish.held_usdt == 0:
        assert small >= least, "a multiplier alone never puts the smallest order out of reach"


@given(ANY, LIMITS, venues())
def test_i27_money_is_decimal(wish, limits, venue) -> None:
    sized = position_size(wish, limits, BOUND, venue)
    named = (
        ("qty", "cap_usdt", "risk_usdt") if isinstance(sized, Sized) else ("need_usdt", "cap_usdt")
    )
    assert all(type(getattr(sized, name)) is Decimal for name in named)
