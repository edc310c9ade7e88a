"""The whole way up through the engine, in virtual time: evaluation, paper, ceremony, adjustment."""

import re
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from genesis.domain.account import Tier, TierMode, TiltLevel
from genesis.domain.commands import SetTimer
from genesis.domain.events import (
    BalanceReported,
    Event,
    FeedLost,
    FeedRestored,
    HealthReported,
    OperatorActed,
    TimerFired,
)
from genesis.domain.outcomes import (
    CommandAnswered,
    DayStarted,
    OrderRefused,
    Outcome,
    OverrideJudged,
    RiskBlocked,
    TierChanged,
    TierEvaluated,
    ViolationNoted,
)
from genesis.domain.time import DAY, HOUR, MINUTE, SECOND, utc_day
from genesis.engine.wakes import EVALUATION_TIMER
from genesis.rules import load, parse
from genesis.service.strategies import engine_for
from genesis.tilt.checks import LOCKED_CODE
from tests.support.ceremony_home import LOWERED, PHRASE
from tests.support.engines import T0, Bench, only, submits
from tests.support.old_rules import text_before_the_course

D = Decimal
DAY_S = DAY // SECOND
COUNTS = "an entry you ask for meanwhile counts as a violation"


@pytest.fixture
def lowered(tmp_path: Path) -> str:
    path = tmp_path / "lowered.toml"
    path.write_text(LOWERED)
    return str(path)


@pytest.fixture
def bench(lowered: str) -> Bench:
    return Bench(rules=lowered, cash="5000", price="60000")


def all_of(bench: Bench, kind: type) -> list:
    return [o for step in bench.steps for o in only(step, kind)]


def modes(bench: Bench) -> list[TierMode]:
    return [change.mode for change in all_of(bench, TierChanged)]


def mode(bench: Bench) -> TierMode:
    return bench.engine.state.tiers.state.mode


def trade(bench: Bench, out: str = "61200") -> None:
    """In at 60000, out at `out`."""
    bench.tick("60000")
    (entry,) = submits(bench.buy("50"))
    bench.accept(entry.key)
    (stop,) = submits(bench.fill(entry, "60000"))
    bench.accept(stop.key)
    bench.later(1800)
    bench.tick(out)
    bench.act("close", reduces_risk=True)
    (leave,) = submits(bench.cancelled(stop.key))
    bench.accept(leave.key)
    bench.fill(leave, out)


def day(bench: Bench, trades: int = 2, out: str = "61200") -> None:
    """A day of calm trades, to ten past midnight."""
    midnight = (utc_day(bench.now_ns) + 1) * DAY
    for _ in range(trades):
        bench.later(3600)
        trade(bench, out)
    bench.later((midnight + 10 * MINUTE - bench.now_ns) / SECOND)


def until(bench: Bench, wanted: TierMode, act: Callable[[Bench], None] = day) -> None:
    for _ in range(10):
        if mode(bench) is wanted:
            return
        act(bench)
    raise AssertionError(f"{mode(bench)} instead of {wanted}")


def ceremony(bench: Bench, phrase: str = PHRASE) -> tuple[Outcome, ...]:
    return bench.act("ceremony", "CEREMONY_STEP", phrase=phrase, symbol=None).outcomes


def answer(outcomes: tuple[Outcome, ...]) -> CommandAnswered:
    (told,) = [o for o in outcomes if isinstance(o, CommandAnswered)]
    return told


# -- the walk --------------------------------------------------------------------------------
def test_the_whole_walk_to_the_next_tier(bench: Bench) -> None:
    until(bench, TierMode.CEREMONY)
    assert modes(bench) == [TierMode.ACTIVE, TierMode.PAPER48, TierMode.CEREMONY]
    state = bench.engine.state
    state.risk.drawdown.peak_usdt += D(7)  # as after a better hour
    raised = ceremony(bench)
    assert answer(raised).accepted
    assert (state.tiers.state.tier, mode(bench)) == (Tier.HUNTER, TierMode.ADJUST48)
    result = bench.engine.view.equity_usdt - state.risk.drawdown.base_usdt
    assert state.risk.drawdown.peak_usdt == result  # falls count from here
    (entry,) = submits(bench.buy("1000"))
    assert entry.request.qty * 60_000 < D("0.5") * 250 < 250  # half of the new tier's cap
    bench.accept(entry.key)
    (stop,) = submits(bench.fill(entry, "60000"))
    bench.accept(stop.key)
    bench.act("close", reduces_risk=True)
    (leave,) = submits(bench.cancelled(stop.key))
    bench.fill(leave, "60000")
    bench.later(24 * 3600)  # one trade of two: extended
    assert mode(bench) is TierMode.ADJUST48
    assert "1 trades" in all_of(bench, TierChanged)[-1].reason
    trade(bench)
    bench.later(24 * 3600)
    assert (state.tiers.state.tier, mode(bench)) == (Tier.HUNTER, TierMode.ACTIVE)
    for _ in range(3):
        day(bench)
    assert mode(bench) is TierMode.ACTIVE  # no way out of HUNTER yet


def test_every_night_is_evaluated_once_at_five_past(bench: Bench) -> None:
    for _ in range(4):
        day(bench, trades=1)
    told = all_of(bench, TierEvaluated)
    assert [e.ts_ns for e in told] == [T0 + n * DAY + 5 * MINUTE for n in range(1, 5)]
    assert [e.day for e in told] == [utc_day(T0) + n for n in range(4)]
    first = {gate.name: gate.passed for gate in told[0].gates}
    assert first["execution_speed"] is True  # not asked of a paper account
    assert first["days_at_tier"] is False
    assert not told[0].passed and told[1].passed


def test_a_wrong_phrase_changes_nothing_and_counts_as_evidence(bench: Bench) -> None:
    until(bench, TierMode.CEREMONY)
    before = bench.engine.state.tiers.state
    for wrong in (PHRASE[:-1], PHRASE + " ", PHRASE.upper(), PHRASE.replace("I", "l", 1)):
        told = answer(ceremony(bench, wrong))
        assert not told.accepted
        assert bench.engine.state.tiers.state == before
        bench.later(3 * 3600)
    scored = bench.engine.state.tilt.score(bench.now_ns)
    assert scored.contributions["phrase"] > 0


def test_the_ceremony_looks_at_gates_tilt_and_blocks_at_that_instant(bench: Bench) -> None:
    until(bench, TierMode.CEREMONY)
    state = bench.engine.state
    bench.tell(FeedLost(bench.now_ns, "market", "gone"))
    assert "market is silent" in answer(ceremony(bench)).text
    assert mode(bench) is TierMode.CEREMONY  # a lost feed defers, it ends nothing
    bench.tell(FeedRestored(bench.now_ns, "market"))
    state.tiers.history.violated(bench.now_ns)
    assert "violations" in answer(ceremony(bench)).text
    state.tiers.history.violations.clear()
    assert answer(ceremony(bench)).accepted


# -- what ends it ----------------------------------------------------------------------------
@pytest.mark.parametrize(
    "event",
    [
        lambda at: HealthReported(at, "gateway", "failed", "no answer"),
        lambda at: BalanceReported(at, (), False, "0.1 BTC"),
    ],
    ids=["part", "books"],
)
@pytest.mark.parametrize("wanted", [TierMode.PAPER48, TierMode.CEREMONY])
def test_what_the_machine_lacks_makes_a_promotion_wait_and_costs_nothing(
    bench: Bench, wanted: TierMode, event: Callable[[int], Event]
) -> None:
    until(bench, wanted)
    step = bench.tell(event(bench.now_ns))
    assert only(step, RiskBlocked)
    assert (only(step, TierChanged), mode(bench)) == ([], wanted)
    if wanted is TierMode.CEREMONY:
        assert not answer(ceremony(bench)).accepted
    bench.later(120)  # a breaker rests first, and is tried
    bench.reconciled()
    bench.tell(HealthReported(bench.now_ns, "gateway", "ok"))
    trade(bench)
    if wanted is TierMode.CEREMONY:
        assert answer(ceremony(bench)).accepted


def test_in_runs_from_before_faults_waited_they_end_a_promotion(lowered: str) -> None:
    rules = load(lowered)
    old = parse(re.sub(r"(?s)\[tiers.interruptions\].*?\n(?=\[)", "", rules.text))
    assert (rules.tiers.interruptions.faults, old.tiers.interruptions.faults) == (True, False)
    bench = Bench(rules=lowered, cash="5000", price="60000")
    until(bench, TierMode.PAPER48)
    bench.engine.set_rules(old)
    bench.tell(HealthReported(bench.now_ns, "gateway", "failed", "no answer"))
    assert mode(bench) is TierMode.ACTIVE


@pytest.mark.parametrize("wanted", [TierMode.PAPER48, TierMode.CEREMONY])
def test_a_critical_fall_ends_a_promotion(bench: Bench, wanted: TierMode) -> None:
    until(bench, wanted)
    bench.engine.state.risk.drawdown.peak_usdt += D(60)
    step = bench.tell(TimerFired(bench.now_ns, "look"))
    (change,) = only(step, TierChanged)
    assert (change.old_mode, change.mode) == (wanted, TierMode.ACTIVE)


def test_a_tilt_warning_ends_a_promotion(bench: Bench) -> None:
    until(bench, TierMode.PAPER48)
    for _ in range(12):
        if bench.engine.state.tilt.state.level.rank >= TiltLevel.WARNING.rank:
            break
        ceremony(bench, "no ceremony is open: no evidence")
        bench.tell(OperatorActed(bench.now_ns, "CEREMONY_STEP", reason="phrase"))
    assert mode(bench) is TierMode.ACTIVE
    assert all_of(bench, TierChanged)[-1].reason == "tilt is WARNING"


def test_a_gate_that_fails_ends_it_at_the_next_evaluation(bench: Bench) -> None:
    until(bench, TierMode.CEREMONY)
    bench.engine.state.tiers.history.violated(bench.now_ns)
    day(bench)
    change = all_of(bench, TierChanged)[-1]
    assert (change.mode, change.reason) == (TierMode.ACTIVE, "a gate no longer passes")


def test_nobody_has_to_hold_a_ceremony(bench: Bench) -> None:
    until(bench, TierMode.CEREMONY)
    began = bench.engine.state.tiers.state.since_ns
    until(bench, TierMode.ACTIVE)
    change = all_of(bench, TierChanged)[-1]
    assert (change.ts_ns, change.reason) == (began + 7 * DAY, "the time for it ran out")


def test_i6_a_daily_loss_at_the_evaluation_wins(bench: Bench) -> None:
    """The loss is confirmed by the very marks that the evaluation's timer takes."""
    until(bench, TierMode.PAPER48)
    trade(bench)
    trade(bench)  # a good day: without the loss the ceremony would open
    state = bench.engine.state
    midnight = (utc_day(bench.now_ns) + 1) * DAY
    bench.later((midnight - bench.now_ns) / SECOND)
    state.risk.drawdown.start_day(bench.now_ns, D(9000), D(0), state.limits, state.rules.risk)
    bench.later(300)
    last = bench.steps[-1].outcomes
    assert [o.mode for o in last if isinstance(o, TierChanged)] == [TierMode.EMERGENCY]
    assert state.tiers.state.tier is Tier.SNIPER


# -- downtime and old records ----------------------------------------------------------------
def test_after_downtime_the_last_closed_day_is_made_up_once(bench: Bench) -> None:
    day(bench)
    slept_from = len(bench.steps)
    bench.now_ns += 3 * DAY + 7 * HOUR
    started = bench.start(2)
    assert not {DayStarted, TierEvaluated} & {type(o) for o in started.outcomes}
    assert not only(bench.reconciled(clean=False), TierEvaluated)
    step = bench.reconciled()
    kinds = [type(o) for o in step.outcomes]
    assert kinds.index(DayStarted) < kinds.index(TierEvaluated)
    (told,) = only(step, TierEvaluated)
    assert told.day == utc_day(bench.now_ns) - 1
    asked = {c.key: c.at_ns for c in started.commands if isinstance(c, SetTimer)}
    assert asked[EVALUATION_TIMER] == (utc_day(bench.now_ns) + 1) * DAY + 5 * MINUTE
    assert only(bench.start(3), TierEvaluated) == only(bench.reconciled(), TierEvaluated) == []
    assert len([o for s in bench.steps[slept_from:] for o in only(s, TierEvaluated)]) == 1


def test_a_start_before_five_past_leaves_it_to_the_timer(bench: Bench) -> None:
    bench.now_ns = T0 + DAY + MINUTE
    bench.start(2)
    step = bench.reconciled()
    assert only(step, DayStarted) and not only(step, TierEvaluated)
    bench.later(300)
    (told,) = all_of(bench, TierEvaluated)
    assert (told.day, told.ts_ns) == (utc_day(T0), T0 + DAY + 5 * MINUTE)


def test_a_fill_that_nobody_saw_belongs_to_the_day_it_was_open_in(bench: Bench) -> None:
    """The stop fills while nothing runs, and is learned of before the account is reconciled."""
    day(bench)
    bench.tick("60000")
    (entry,) = submits(bench.buy("50"))
    bench.accept(entry.key)
    (stop,) = submits(bench.fill(entry, "60000"))
    bench.accept(stop.key)
    open_day = utc_day(bench.now_ns)
    bench.now_ns = (open_day + 1) * DAY + 8 * HOUR
    bench.start(2)
    bench.fill(stop, "57000")
    (told,) = only(bench.reconciled(), TierEvaluated)
    lost = bench.engine.state.tiers.history.days[-1]
    assert told.day == lost.day == open_day
    assert (lost.traded, lost.is_profitable, told.passed) == (True, False, False)


def test_a_run_under_old_rules_decides_as_it_did(lowered: str) -> None:
    """Their text knows no course and no overrides: nothing of it happens when it is run again."""
    rules = load(lowered)
    old = parse(text_before_the_course(rules.text))
    bench = Bench(rules=lowered, cash="5000", price="60000")
    bench.engine.set_rules(old)
    bench.steps.clear()
    bench.start(2)
    bench.reconciled()
    for _ in range(3):
        day(bench, trades=1)
    assert all_of(bench, TierEvaluated) == all_of(bench, TierChanged) == []
    keys = {c.key for s in bench.steps for c in s.commands if isinstance(c, SetTimer)}
    assert EVALUATION_TIMER not in keys
    assert not answer(
        bench.act("override", "OVERRIDE_ATTEMPT", reason="accepted").outcomes
    ).accepted
    bench.engine.set_rules(rules)  # the home goes on under the rules of today
    bench.now_ns += HOUR
    bench.start(3)
    (told,) = only(bench.reconciled(), TierEvaluated)
    gates = {gate.name: gate.has for gate in told.gates}
    assert gates["trading_days"] == "3"  # what happened before counts


def test_the_walk_is_replayed_to_the_same_decisions(bench: Bench) -> None:
    until(bench, TierMode.CEREMONY)
    ceremony(bench)
    engine = None
    for step in bench.steps:
        if engine is None:
            engine = engine_for(step.event, None)  # its RunStarted
        again = engine.handle(step.event)
        assert (again.outcomes, again.commands) == (step.outcomes, step.commands)


# -- overrides through the engine ------------------------------------------------------------
def override(bench: Bench, **given: object) -> tuple[Outcome, ...]:
    body = {"phrase": "I ACCEPT THE RISKS", "reason": "accepted", "page": "a" * 64, **given}
    return bench.act("override", "OVERRIDE_ATTEMPT", symbol=None, **body).outcomes


def pause(bench: Bench) -> None:
    while bench.engine.state.tilt.state.level.rank < TiltLevel.WARNING.rank:
        bench.tell(OperatorActed(bench.now_ns, "CEREMONY_STEP", reason="phrase"))


def test_an_accepted_override_is_a_violation_that_closes_the_way_up(bench: Bench) -> None:
    day(bench)
    pause(bench)
    facts = override(bench)
    assert [o.reason for o in facts if isinstance(o, OverrideJudged)] == ["accepted"]
    assert [o.kind for o in facts if isinstance(o, ViolationNoted)] == ["override"]
    assert bench.engine.state.tilt.multiplier(bench.now_ns) == D("0.25")
    bench.later(2 * DAY_S)
    assert all_of(bench, TierEvaluated)[-1].gates[4].passed is False
    assert mode(bench) is TierMode.ACTIVE


def test_i37_no_override_lifts_a_halt(bench: Bench) -> None:
    pause(bench)
    bench.act("halt", reason="enough")
    facts = override(bench)
    assert [o.reason for o in facts if isinstance(o, OverrideJudged)] == ["halted"]
    assert bench.engine.state.tilt.state.paused
    assert mode(bench) is TierMode.HALTED


def test_it_lifts_the_pause_and_nothing_else(bench: Bench) -> None:
    pause(bench)
    bench.tell(HealthReported(bench.now_ns, "store", "failed", "disk full"))
    override(bench)
    codes = {failure.code for failure in bench.engine.gate.forbids("BTC/USDT")}
    assert codes == {"STORE_FAILED"}
    assert bench.engine.state.tiers.state.tier is Tier.SNIPER


def test_an_entry_tried_while_locked_is_a_violation(bench: Bench) -> None:
    tilt = bench.engine.state.tilt
    pause(bench)
    bench.buy()
    assert all_of(bench, ViolationNoted) == []  # a warning refuses, that is all
    while tilt.state.level is not TiltLevel.LOCKED:
        bench.tell(OperatorActed(bench.now_ns, "CEREMONY_STEP", reason="phrase"))
    (warned,) = [f for f in bench.engine.gate.forbids("BTC/USDT") if f.code == LOCKED_CODE]
    assert f"trading is locked, and {COUNTS}: write 500 words" in warned.reason  # said beforehand
    assert COUNTS in only(bench.buy(), OrderRefused)[0].failures[0].reason
    assert [o.kind for o in all_of(bench, ViolationNoted)] == ["locked_entry"]


def test_rules_that_know_no_violations_speak_of_none(bench: Bench) -> None:
    pause(bench)
    for _ in range(20):
        bench.tell(OperatorActed(bench.now_ns, "CEREMONY_STEP", reason="phrase"))
    assert bench.engine.state.tilt.state.level is TiltLevel.LOCKED
    bench.engine.set_rules(parse(text_before_the_course(load("sniper").text)))
    told = only(bench.buy(), OrderRefused)[0].failures
    assert any(each.code == LOCKED_CODE for each in told)
    assert not any(COUNTS in each.reason for each in told)
    assert all_of(bench, ViolationNoted) == []


def test_the_entry_whose_haste_led_to_the_lock_is_none(bench: Bench) -> None:
    pause(bench)
    bench.buy()
    override(bench)
    assert bench.engine.state.tilt.state.level is TiltLevel.CAUTION
    bench.later(3)
    refused = only(bench.buy(), OrderRefused)
    assert bench.engine.state.tilt.state.level is TiltLevel.LOCKED and refused
    assert [o.kind for o in all_of(bench, ViolationNoted)] == ["override"]
    bench.buy()
    assert [o.kind for o in all_of(bench, ViolationNoted)] == ["override", "locked_entry"]


def test_a_position_added_to_under_old_rules_is_added_to_again(lowered: str) -> None:
    """Each order had the cap for itself then: a replay must approve what the record approved."""
    rules = load(lowered)
    bench = Bench(rules=lowered, cash="500", price="60000")
    bench.engine.set_rules(parse(text_before_the_course(rules.text)))
    (first,) = submits(bench.buy("12"))
    bench.accept(first.key)
    bench.fill(first, "60000")
    (second,) = submits(bench.buy("25"))
    assert second.request.qty * 60_000 > 12
    bench.engine.set_rules(rules)
    assert second.request.qty > first.request.qty
