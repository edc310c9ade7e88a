"""A fork of the log gains nothing: clocks go back, and what was lost, halted or paused stays so."""

from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genesis.domain.account import Tier, TierMode, TiltLevel
from genesis.domain.events import HealthReported
from genesis.domain.keeping import Carried, ClocksSetBack, LogForked, Rests, StopAdopted
from genesis.domain.outcomes import Halted, OrderApproved, OrderRefused
from genesis.domain.time import DAY, HOUR, MINUTE, utc_day
from genesis.engine.tier_acts import RECORD
from genesis.risk.breakers import Level
from genesis.tiers.machine import set_back
from genesis.tiers.state import TierState
from tests.support.engines import SYMBOL, Bench, cancels, only, submits


def fork(bench: Bench, unknown_ns: int = 0, **more: object) -> None:
    bench.tell(LogForked(bench.now_ns, "x", "why", bench.now_ns - unknown_ns, **more))  # type: ignore[arg-type]


def codes(bench: Bench) -> set[str]:
    return {f.code for one in only(bench.buy("20"), OrderRefused) for f in one.failures}  # type: ignore[attr-defined]


def reasons(bench: Bench) -> list[str]:
    return [f.reason for one in only(bench.buy("20"), OrderRefused) for f in one.failures]


def mode(bench: Bench) -> TierMode:
    return bench.engine.state.tiers.state.mode


def tier(bench: Bench) -> Tier:
    return bench.engine.state.tiers.state.tier


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


def test_after_a_fork_it_is_told_what_is_waited_for_now_and_not_what_was_wrong() -> None:
    bench = Bench(price="60000")
    bench.tell(HealthReported(bench.now_ns, RECORD, "failed", "row 7 was changed"))
    assert "row 7" in " ".join(reasons(bench))
    fork(bench)
    (told,) = reasons(bench)
    assert told.startswith("the log was recovered") and "then one small order tries" in told
    bench.later(61)
    notes = only(bench.buy("20"), OrderApproved)[0].notes
    assert "the log was recovered" in " ".join(notes) and "row 7" not in " ".join(notes)


def test_a_fault_that_comes_again_is_told_again() -> None:
    bench = Bench(price="60000")
    for status, detail in (("failed", "the disk is full"), ("ok", ""), ("failed", "it is gone")):
        bench.tell(HealthReported(bench.now_ns, "store", status, detail))
    assert not any("works again" in told for told in reasons(bench))
    bench.tell(HealthReported(bench.now_ns, "store", "ok", ""))
    (told,) = reasons(bench)
    assert told == "store works again; new risk rests, then one small order tries"


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


# -- what the rest told of and is stricter ---------------------------------------------------
def level(bench: Bench) -> TiltLevel:
    return bench.engine.state.tilt.state.level


def test_a_fork_begins_in_caution_at_least_and_one_from_before_as_it_did() -> None:
    bench = Bench()
    fork(bench)
    assert level(bench) is TiltLevel.NORMAL
    fork(bench, carried=Carried())
    assert level(bench) is TiltLevel.CAUTION
    assert "TILT_CONFIRM" in codes(bench)
    bench.later(601)
    assert level(bench) is TiltLevel.NORMAL


def test_caution_of_a_fork_lasts_its_calm_time_whatever_went_before() -> None:
    bench = Bench()
    bench.later(DAY / 10**9)
    fork(bench, 3 * HOUR, carried=Carried())
    bench.later(500)
    assert level(bench) is TiltLevel.CAUTION


def test_sizes_of_the_rest_hold_as_long_as_they_would_have() -> None:
    bench = Bench(price="60000")
    until = bench.now_ns + HOUR
    rest = Carried(
        limited=Decimal("0.25"),
        limited_until_ns=until,
        eased=Decimal("0.5"),
        eased_until_ns=until + HOUR,
    )
    fork(bench, carried=rest)
    tilt = bench.engine.state.tilt
    assert tilt.multiplier(bench.now_ns) == Decimal("0.25")
    bench.later(3601)
    assert tilt.multiplier(bench.now_ns) == Decimal("0.5")
    bench.later(3600)
    assert tilt.multiplier(bench.now_ns) == 1


def test_sizes_of_the_rest_end_no_pause_and_loosen_no_limit_that_runs() -> None:
    bench = Bench()
    until = bench.now_ns + HOUR
    fork(bench, carried=Carried(limited=Decimal("0.25"), limited_until_ns=until))
    fork(bench, carried=Carried(limited=Decimal("0.5"), limited_until_ns=until - MINUTE))
    state = bench.engine.state.tilt.state
    assert (state.limited_multiplier, state.limited_until_ns) == (Decimal("0.25"), until)
    fork(bench, was_paused=True, carried=Carried())
    fork(bench, carried=Carried(limited=Decimal("0.5"), limited_until_ns=until))
    assert bench.engine.state.tilt.pages_due == 1


def test_a_warning_soon_after_one_of_the_rest_is_the_second() -> None:
    bench = Bench()
    fork(bench, carried=Carried(warned_ns=bench.now_ns - HOUR))
    assert bench.engine.state.tilt.state.warned_ns == bench.now_ns - HOUR
    fork(bench, carried=Carried(warned_ns=bench.now_ns - 2 * HOUR))
    assert bench.engine.state.tilt.state.warned_ns == bench.now_ns - HOUR


def test_overrides_that_were_used_up_and_pages_that_are_owed_stay_so() -> None:
    bench = Bench()
    until = bench.now_ns + DAY
    rest = Carried(
        attempts_ns=(bench.now_ns - 2, bench.now_ns - 1), overrides_until_ns=until, pages_owed=2
    )
    fork(bench, carried=rest)
    fork(bench, carried=Carried(overrides_until_ns=until - HOUR, pages_owed=1))
    tilt = bench.engine.state.tilt
    assert (tilt.override.locked_until_ns, tilt.override.pages_owed) == (until, 2)
    assert tilt.override_attempts_left(bench.now_ns) == 0
    other = Bench()
    fork(other, carried=Carried(attempts_ns=(other.now_ns - 2, other.now_ns - 1)))
    assert other.engine.state.tilt.override_attempts_left(other.now_ns) == 1


def test_a_tier_that_was_left_downwards_stays_left(tmp_path: Path) -> None:
    rules = tmp_path / "high.toml"
    rules.write_text('name = "high"\n[tiers]\nopening_tier = "HUNTER"\n')
    bench = Bench(str(rules), cash="5000")
    assert tier(bench) is Tier.HUNTER
    fork(bench, carried=Carried(tier=Tier.STRATEGIST))
    assert tier(bench) is Tier.HUNTER
    fork(bench, carried=Carried(tier=Tier.SNIPER))
    assert tier(bench) is Tier.SNIPER


def test_a_limit_of_this_day_that_the_rest_had_reached_counts_on() -> None:
    bench = Bench()
    fork(bench, carried=Carried(alerts=("WARNING", "CRITICAL"), alerts_day=utc_day(bench.now_ns)))
    drawdown = bench.engine.state.risk.drawdown
    assert drawdown.warned_today
    assert "DRAWDOWN_CRITICAL" in codes(bench)
    bench.later(DAY / 10**9)
    assert not drawdown.warned_today
    assert "DRAWDOWN_CRITICAL" not in codes(bench)


def test_a_halt_of_the_rest_that_was_reset_keeps_no_other_from_coming() -> None:
    bench = Bench()
    alerts = ("HALT", "DAILY_LOSS", "GIVE_BACK")
    fork(bench, carried=Carried(alerts=alerts, alerts_day=utc_day(bench.now_ns)))
    drawdown = bench.engine.state.risk.drawdown
    assert not any(map(drawdown.is_raised, alerts))


def test_a_limit_counts_on_though_the_day_begins_only_with_the_next_start() -> None:
    bench = Bench()
    drawdown, day = bench.engine.state.risk.drawdown, utc_day(bench.now_ns)
    drawdown.carry(day + 1, ["CRITICAL"])
    assert drawdown.critical_until_ns is None
    bench.later(DAY / 10**9)
    assert drawdown.critical_until_ns == (day + 2) * DAY


def test_breakers_of_the_day_and_of_strategies_stay_open() -> None:
    bench = Bench()
    until = bench.now_ns + HOUR
    fork(
        bench,
        carried=Carried(
            breakers=(
                Rests("ACCOUNT", "GIVE_BACK", "OPEN", "given back", until),
                Rests("ACCOUNT", "tilt", "OPEN", "long over", bench.now_ns),
                Rests("STRATEGY", "sma_cross", "OPEN", "lost 5 times in a row", until),
                Rests("STRATEGY", "simple_arb", "HALF_OPEN", "rested", None),
                Rests("STRATEGY", "spread_capture", "OPEN", "rested by now", bench.now_ns),
                Rests("SYSTEM", "store", "OPEN", "the disk is full", until),
            )
        ),
    )
    breakers = bench.engine.state.risk.breakers
    states = {name: breakers.get((Level(at), name)) for at, name in KNOWN}
    assert {name: one and one.state.value for name, one in states.items()} == {
        "GIVE_BACK": "OPEN",
        "tilt": None,
        "sma_cross": "OPEN",
        "simple_arb": "HALF_OPEN",
        "spread_capture": "HALF_OPEN",
        "store": None,
    }
    assert "GIVE_BACK_REACHED" in codes(bench)


KNOWN = (
    ("ACCOUNT", "GIVE_BACK"),
    ("ACCOUNT", "tilt"),
    ("STRATEGY", "sma_cross"),
    ("STRATEGY", "simple_arb"),
    ("STRATEGY", "spread_capture"),
    ("SYSTEM", "store"),
)


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
