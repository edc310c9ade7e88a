"""A fork of the log gains nothing: clocks go back, and what was lost, halted or paused stays so."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genesis.domain.account import TierMode, TiltLevel
from genesis.domain.events import HealthReported
from genesis.domain.keeping import ClocksSetBack, LogForked, StopAdopted
from genesis.domain.outcomes import Halted, OrderRefused
from genesis.domain.time import DAY, HOUR
from genesis.engine.tier_acts import RECORD
from genesis.tiers.machine import set_back
from genesis.tiers.state import TierState
from tests.support.engines import SYMBOL, Bench, cancels, only, submits


def fork(bench: Bench, unknown_ns: int = 0, **more: object) -> None:
    bench.tell(LogForked(bench.now_ns, "x", "why", bench.now_ns - unknown_ns, **more))  # type: ignore[arg-type]


def codes(bench: Bench) -> set[str]:
    return {f.code for one in only(bench.buy("20"), OrderRefused) for f in one.failures}  # type: ignore[attr-defined]


def mode(bench: Bench) -> TierMode:
    return bench.engine.state.tiers.state.mode


def test_time_that_nobody_knows_of_counts_for_no_promotion() -> None:
    bench = Bench()
    bench.later(10 * DAY / 10**9)
    began = bench.engine.state.tiers.state.tier_since_ns
    fork(bench, 3 * DAY)
    assert only(bench.steps[-1], ClocksSetBack) == [ClocksSetBack(bench.now_ns, 3 * DAY)]
    assert bench.engine.state.tiers.state.tier_since_ns == began + 3 * DAY
    assert not codes(bench)


@given(
    since=st.integers(0, DAY),
    waits=st.none() | st.integers(0, DAY),
    first=st.integers(0, DAY),
    then=st.integers(0, DAY),
)
def test_clocks_only_go_back(since: int, waits: int | None, first: int, then: int) -> None:
    bench = Bench()
    held, table = bench.engine.state.tiers.state, bench.rules.tiers
    state = TierState(held.tier, held.mode, 0, waits, tier_since_ns=since)
    one = set_back(state, ClocksSetBack(0, first), table)
    once = set_back(one, ClocksSetBack(0, then), table)
    assert once == set_back(state, ClocksSetBack(0, first + then), table)
    assert once.tier_since_ns >= since
    assert (once.tier, once.mode) == (state.tier, state.mode)


def test_a_record_that_is_whole_again_frees_new_risk_and_forgets_no_loss() -> None:
    bench = Bench(price="60000")
    bench.open_position("60000")
    bench.tell(HealthReported(bench.now_ns, RECORD, "failed", "row 7 was changed"))
    peak = bench.engine.state.risk.drawdown.peak_usdt
    bench.tick("59500")
    assert mode(bench) is TierMode.HALTED
    assert "SYSTEM_FAILED" in codes(bench)
    fork(bench)
    bench.later(HOUR / 10**9)
    assert mode(bench) is TierMode.ACTIVE
    assert RECORD not in bench.engine.state.risk.blocks
    assert bench.engine.state.risk.drawdown.peak_usdt == peak
    assert "SYSTEM_FAILED" not in codes(bench)


def test_a_halt_that_the_rest_told_of_goes_on() -> None:
    bench = Bench(price="60000")
    stop = bench.open_position("60000")
    fork(bench, halted="drawdown reached 75 USDT", halted_by="drawdown")
    assert only(bench.steps[-1], Halted) == [
        Halted(bench.now_ns, "drawdown", "drawdown reached 75 USDT")
    ]
    assert mode(bench) is TierMode.HALTED
    assert "TRADING_HALTED" in codes(bench)
    assert bench.engine.state.tilt.state.level is TiltLevel.LOCKED
    bench.act("close", reduces_risk=True)
    assert submits(bench.cancelled(stop.key))


def test_an_intervention_that_the_rest_told_of_goes_on() -> None:
    bench = Bench()
    fork(bench, was_paused=True)
    assert bench.engine.state.tilt.state.level is TiltLevel.LOCKED
    assert "TILT_LOCKED" in codes(bench)
    assert mode(bench) is TierMode.ACTIVE


def test_a_demotion_that_the_rest_told_of_stays() -> None:
    bench = Bench()
    fork(bench, fell=True)
    assert mode(bench) is TierMode.EMERGENCY
    assert bench.engine.state.tiers.state.no_promotion_before_ns is not None


@pytest.mark.parametrize(("price", "holds"), [("59500", "59500"), ("58000", "58800.00")])
def test_a_stop_nobody_here_placed_holds_where_it_is_the_tighter_one(
    price: str, holds: str
) -> None:
    bench = Bench(price="60000")
    stop = bench.open_position("60000")
    assert stop.request.stop_price == Decimal("58800")
    bench.tell(StopAdopted(bench.now_ns, SYMBOL, Decimal(price)))
    moved = cancels(bench.reconciled())
    assert bool(moved) == (Decimal(price) > stop.request.stop_price)
    if moved:
        (again,) = submits(bench.cancelled(stop.key))
        assert again.request.stop_price == Decimal(holds)


def test_a_stop_is_adopted_before_its_position_is_known() -> None:
    bench = Bench(price="60000")
    bench.tell(StopAdopted(bench.now_ns, SYMBOL, Decimal("59900")))
    entry = submits(bench.buy())[0]
    bench.accept(entry.key)
    (stop,) = submits(bench.fill(entry, "60000"))
    assert stop.request.stop_price == Decimal("59900")
