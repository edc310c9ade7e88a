"""What counts against the trader counts on after a fork, and what was used up stays so."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from genesis.domain.account import Tier, TierMode, TiltLevel
from genesis.domain.events import JournalAssessed
from genesis.domain.keeping import Carried, ClocksSetBack, Counted, LogForked
from genesis.domain.outcomes import Halted, OverrideLocked
from genesis.domain.time import DAY, HOUR, utc_day
from genesis.tiers.gate_facts import TierFacts
from genesis.tiers.halts import HaltCause
from genesis.tilt.override import Attempt, OverrideState, decide
from tests.support.engines import Bench, only

PAGE = "a" * 64


def fork(bench: Bench, carried: Carried, **more: object) -> None:
    bench.tell(LogForked(bench.now_ns, "x", "why", bench.now_ns, carried=carried, **more))  # type: ignore[arg-type]


def level(bench: Bench) -> TiltLevel:
    return bench.engine.state.tilt.state.level


def facts(bench: Bench) -> TierFacts:
    tiers = bench.engine.state.tiers
    rules = bench.rules.tiers.gates[Tier.HUNTER]
    return tiers.history.facts(tiers.state.tier_since_ns, bench.now_ns, rules)


def test_what_counts_against_gates_counts_on() -> None:
    bench = Bench()
    before, at_ns = facts(bench), bench.now_ns
    counted = Counted(
        violations_ns=(at_ns - 2, at_ns - 1, at_ns + 9 * DAY),
        overridden_ns=(at_ns - 1,),
        warning_days=(utc_day(at_ns),),
    )
    fork(bench, Carried(counted=counted))
    now = facts(bench)
    assert (now.violations - before.violations, now.overrides - before.overrides) == (3, 1)
    assert (before.warning_days, now.warning_days, now.locked_days) == (0, 1, 0)
    other = Bench()
    fork(other, Carried(counted=Counted(locked_days=(utc_day(at_ns),))))
    assert (facts(other).warning_days, facts(other).locked_days) == (1, 1)


FAR = 1000 * DAY


def test_a_stamp_that_is_still_to_come_counts_as_one_of_now() -> None:
    """It would count for years, or make a wait one of years."""
    bench = Bench()
    tiers, tilt, now_ns = bench.engine.state.tiers, bench.engine.state.tilt, bench.now_ns
    counted = Counted(
        violations_ns=(now_ns + FAR,),
        overridden_ns=(now_ns + FAR,),
        override_locks_ns=(now_ns + FAR,),
        warning_days=(utc_day(now_ns + FAR),),
        reset_ns=now_ns + FAR,
        styled_ns=now_ns + FAR,
    )
    fork(bench, Carried(counted=counted))
    assert (facts(bench).overrides, facts(bench).warning_days) == (1, 1)
    assert tiers.state.reset_ns == now_ns
    assert tilt.override.locks_ns == (now_ns,)
    assert tilt.detector.style.declared_ns == now_ns
    bench.now_ns += FAR // 2
    later = facts(bench)
    assert (later.violations, later.overrides, later.warning_days) == (0, 0, 0)


def test_a_stamp_of_the_rest_is_believed_as_far_as_the_rest_reaches() -> None:
    """Without a venue the fork has the time of the sound part: days of the rest are not one day."""
    bench = Bench()
    now_ns, today = bench.now_ns, utc_day(bench.now_ns)
    counted = Counted(warning_days=(today + 1, today + 2), reset_ns=now_ns + DAY)
    fork(bench, Carried(counted=counted, has_venue=False, last_ns=now_ns + 2 * DAY, form=1))
    bench.now_ns += 3 * DAY
    assert facts(bench).warning_days == 2
    assert bench.engine.state.tiers.state.reset_ns == now_ns + DAY


def test_a_page_that_was_accepted_serves_nothing_again() -> None:
    bench = Bench()
    fork(bench, Carried(counted=Counted(pages=(PAGE,))), was_paused=True)
    assert bench.engine.state.tilt.pages_due == 1
    bench.tell(JournalAssessed(bench.now_ns, PAGE, 600, True, "accepted"))
    assert bench.engine.state.tilt.pages_due == 1
    bench.tell(JournalAssessed(bench.now_ns, "b" * 64, 600, True, "accepted"))
    assert bench.engine.state.tilt.pages_due == 0


def test_a_page_of_the_lost_part_leads_out_of_no_emergency() -> None:
    bench = Bench()
    fork(bench, Carried(counted=Counted(pages=(PAGE,))), fell=True)
    assert bench.engine.state.tiers.pages_due == 1
    bench.tell(JournalAssessed(bench.now_ns, PAGE, 600, True, "accepted"))
    assert not bench.engine.state.tiers.page_done
    bench.tell(JournalAssessed(bench.now_ns, "b" * 64, 600, True, "accepted"))
    assert bench.engine.state.tiers.page_done


@pytest.mark.parametrize("runs", [False, True])
def test_the_next_lock_of_overrides_is_twice_as_long_whether_one_runs_or_not(runs: bool) -> None:
    bench = Bench()
    rules = bench.rules.tilt.override
    assert rules is not None
    began = bench.now_ns - 2 * HOUR
    until = bench.now_ns + HOUR if runs else None
    fork(
        bench,
        Carried(overrides_until_ns=until, counted=Counted(override_locks_ns=(began,))),
    )
    state = bench.engine.state.tilt.override
    assert (state.locks_ns, state.locked_until_ns) == ((began,), until)
    later = bench.now_ns + 2 * DAY
    for known, factor in ((state, 2), (OverrideState(), 1)):
        (lock,) = [
            fact
            for fact in decide(known, Attempt(later, None, "accepted"), rules)
            if isinstance(fact, OverrideLocked)
        ]
        assert lock.until_ns - later == factor * rules.lock_ns


def test_a_style_that_was_announced_is_not_announced_again_soon() -> None:
    bench, other = Bench(), Bench()
    fork(bench, Carried(counted=Counted(styled_ns=bench.now_ns - HOUR)))
    for one in (bench, other):
        one.later(HOUR / 10**9)
    with pytest.raises(Exception, match="one was announced not long ago"):
        bench.engine.state.tilt.detector.declare_style_change("slower", bench.now_ns)
    assert other.engine.state.tilt.detector.declare_style_change("slower", other.now_ns)


def halted(bench: Bench) -> None:
    fork(bench, Carried(lost=True), halted="enough", halted_by="drawdown")


def halted_and_reset_before(bench: Bench) -> None:
    counted = Counted(reset_ns=bench.now_ns)
    fork(bench, Carried(lost=True, counted=counted), halted="enough", halted_by="drawdown")


@pytest.mark.parametrize(("tell", "later"), [(halted, False), (halted_and_reset_before, True)])
def test_a_halt_soon_after_a_reset_waits_for_longer(
    tell: Callable[[Bench], None], later: bool
) -> None:
    bench = Bench()
    rules = bench.rules.tiers.reset
    assert rules is not None
    tell(bench)
    from_ns = bench.engine.state.tiers.reset_from_ns
    waited = bench.now_ns + rules.wait_ns[Tier.SNIPER]
    assert from_ns == (max(waited, bench.now_ns + rules.again_ns) if later else waited)
    assert waited < bench.now_ns + rules.again_ns


def test_a_loss_takes_the_place_of_his_own_halt_of_the_sound_part() -> None:
    bench = Bench()
    bench.act("halt", reason="me", symbol=None, reduces_risk=True)
    fork(bench, Carried(), halted="drawdown reached 75 USDT", halted_by="drawdown")
    assert bench.engine.state.tiers.halts.is_own  # as a fork from before was decided
    fork(bench, Carried(lost=True), halted="drawdown reached 75 USDT", halted_by="drawdown")
    assert only(bench.steps[-1], Halted)
    assert HaltCause.LOSS in bench.engine.state.tiers.halts
    assert bench.engine.state.tiers.state.mode is TierMode.HALTED
    fork(bench, Carried(lost=True), halted="drawdown reached 75 USDT", halted_by="drawdown")
    assert not only(bench.steps[-1], Halted)


# -- the time of a fork that had no venue to ask ---------------------------------------------
def test_caution_and_clocks_begin_with_the_start_that_tells_the_time() -> None:
    bench = Bench()
    fork(bench, replace(Carried(), has_venue=False))
    began = bench.engine.state.tiers.state.tier_since_ns
    bench.later(3 * HOUR / 10**9)
    assert level(bench) is TiltLevel.NORMAL
    bench.start(2)
    assert only(bench.steps[-1], ClocksSetBack) == [ClocksSetBack(bench.now_ns, 3 * HOUR)]
    assert bench.engine.state.tiers.state.tier_since_ns == began + 3 * HOUR
    assert level(bench) is TiltLevel.CAUTION
    bench.later(HOUR / 10**9)
    bench.start(3)
    assert level(bench) is TiltLevel.NORMAL


def test_a_fork_that_knew_the_time_asks_for_nothing_at_the_start() -> None:
    bench = Bench()
    fork(bench, Carried())
    bench.later(HOUR / 10**9)
    bench.start(2)
    assert not only(bench.steps[-1], ClocksSetBack)
    assert level(bench) is TiltLevel.NORMAL
