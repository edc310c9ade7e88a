import time
from dataclasses import replace
from itertools import pairwise

import numpy as np

from genesis.domain.account import TiltLevel
from genesis.domain.events import JournalAssessed
from genesis.domain.outcomes import TiltLevelChanged, TiltScored
from genesis.domain.time import HOUR, MINUTE, SECOND
from genesis.rules import load
from genesis.tilt import Intervention, TiltDetector
from genesis.tilt.desk import TiltDesk
from tests.support.acts import BTC, CHASE, NOON_US, act, cancel, close, entry, feed, hasty
from tests.support.traders import Life, population, trader

RULES = load("sniper").tilt
NOON = NOON_US * 1_000


def accepted(ts_ns: int) -> JournalAssessed:
    return JournalAssessed(ts_ns, "ab" * 32, 512, True, "accepted")


def test_twenty_calm_orders_every_second_a_loss_stay_normal() -> None:
    detector = TiltDetector(RULES)
    for i in range(20):
        bought = detector.update_metrics(entry(600 * i))
        lost = i % 2 == 1
        result = (-1.0, "stop_loss") if lost else (1.2, "take_profit")
        closed = detector.update_metrics(close(600 * i + 240, *result))
        assert bought.level is closed.level is TiltLevel.NORMAL
        assert max(bought.score, closed.score) < 40


def test_an_unlucky_calm_trader_is_not_punished_for_his_streak() -> None:
    detector = TiltDetector(RULES)
    for i in range(12):
        detector.update_metrics(entry(1800 * i))
        detector.update_metrics(close(1800 * i + 240))
    assert detector.score().score < 10


def test_a_chaser_reaches_caution_and_then_a_latching_warning() -> None:
    detector = TiltDetector(RULES)
    levels = [detector.update_metrics(one).level for one in CHASE]
    assert levels[:3] == [TiltLevel.NORMAL] * 3
    assert TiltLevel.CAUTION in levels
    assert levels[-1] is TiltLevel.WARNING
    assert all(a.rank <= b.rank for a, b in pairwise(levels))
    day_later = detector.update_metrics(act(86_400, "COMMAND"))
    assert (day_later.score, day_later.level) == (0, TiltLevel.WARNING)
    assert detector.check_intervention_required() == Intervention(TiltLevel.WARNING, 500, None)


def test_haste_and_carelessness_lead_to_a_warning_without_any_loss() -> None:
    detector = TiltDetector(RULES)
    hurry = [entry(5 + 4 * i, 1) for i in range(5)]
    assert feed(detector, hurry).level is TiltLevel.NORMAL
    assert feed(detector, [hasty(30 + 4 * i, size=1) for i in range(4)]).level is TiltLevel.WARNING


def test_one_behaviour_alone_never_leads_to_a_warning() -> None:
    for acts in ([entry(i, 1) for i in range(300)], [cancel(i) for i in range(300)]):
        detector = TiltDetector(RULES)
        assert max(detector.update_metrics(one).score for one in acts) < 40


def test_a_stranger_is_never_locked_by_inference() -> None:
    detector = TiltDetector(RULES)
    detector.baselines.rings["size"].centre = -2.0
    for i in range(12):
        detector.update_metrics(close(10 * i))
        detector.update_metrics(cancel(10 * i + 1))
        detector.update_metrics(cancel(10 * i + 2))
        worst = detector.update_metrics(entry(10 * i + 3))
    assert worst.raw > 2.37
    assert (worst.score, sum(worst.contributions.values())) == (79, 79)
    assert worst.level is TiltLevel.WARNING


def test_someone_known_is_locked_and_needs_time_and_page() -> None:
    detector = TiltDetector(RULES)
    detector.baselines.entries = RULES.learning.entries
    detector.baselines.rings["size"].centre = -2.0
    for i in range(12):
        feed(detector, [close(10 * i), cancel(10 * i + 1), cancel(10 * i + 2), entry(10 * i + 3)])
    assert detector.state.level is TiltLevel.LOCKED
    needed = detector.check_intervention_required()
    assert needed is not None and needed.until_ns == NOON + 12 * HOUR
    detector.assessed(accepted(NOON + HOUR))
    assert detector.state.level is TiltLevel.LOCKED
    outcomes = detector.pass_time(NOON + 12 * HOUR)
    steps = [(o.old, o.new) for o in outcomes if isinstance(o, TiltLevelChanged)]
    assert steps == [
        (TiltLevel.LOCKED, TiltLevel.WARNING),
        (TiltLevel.WARNING, TiltLevel.CAUTION),
    ]


def test_an_accepted_page_halves_the_evidence_and_leaves_the_baseline() -> None:
    detector = TiltDetector(RULES)
    feed(detector, CHASE)
    at_ns = detector.now_ns
    before = dict(detector.evidence.at(at_ns // 1000))
    baseline = detector.calculate_baseline()
    outcomes = detector.assessed(accepted(at_ns))
    after = detector.evidence.at(at_ns // 1000)
    assert all(after[name] == before[name] / 2 for name in before)
    assert detector.calculate_baseline() == baseline
    assert isinstance(outcomes[-1], TiltScored)
    assert (outcomes[-1].level, outcomes[-1].score) == (TiltLevel.CAUTION, detector.score().score)


def test_caution_ends_by_decay_ten_minutes_after_the_score_is_calm() -> None:
    desk = TiltDesk(RULES)
    for one in CHASE[:5]:
        desk.observe(one)
    assert desk.state.level is TiltLevel.CAUTION
    wake = desk.next_wake_ns()
    assert wake is not None
    calm_at = wake - 10 * MINUTE
    assert desk.score(calm_at).score < 30 <= desk.score(calm_at - SECOND).score
    assert desk.tick(wake - 1) == ()
    changed, told = desk.tick(wake)
    assert isinstance(changed, TiltLevelChanged) and changed.new is TiltLevel.NORMAL
    assert isinstance(told, TiltScored) and told.level is TiltLevel.NORMAL
    assert desk.next_wake_ns() is None
    assert desk.multiplier(wake) == 1


def test_without_timers_the_next_act_finds_the_same_level() -> None:
    waked, asleep = TiltDesk(RULES), TiltDesk(RULES)
    for desk in (waked, asleep):
        for one in CHASE[:5]:
            desk.observe(one)
    wake = waked.next_wake_ns()
    assert wake is not None
    waked.tick(wake)
    late = (wake - NOON) / SECOND + 5
    waked.observe(act(late, "COMMAND"))
    asleep.observe(act(late, "COMMAND"))
    assert waked.state.level is asleep.state.level is TiltLevel.NORMAL
    assert waked.detector.evidence.amounts == asleep.detector.evidence.amounts


def test_ticks_between_wakes_tell_nothing_however_many_there_are() -> None:
    desk = TiltDesk(RULES)
    for one in CHASE:
        desk.observe(one)
    last = desk.detector.now_ns
    assert all(desk.tick(last + i * SECOND) == () for i in range(100))


def test_a_loss_in_the_limited_hour_moves_the_wake() -> None:
    desk = TiltDesk(RULES)
    for one in CHASE:
        desk.observe(one)
    start = desk.detector.now_ns
    desk.journal(accepted(start))
    assert desk.state.limited_until_ns == start + HOUR
    desk.observe(close((start - NOON) / SECOND + 100))
    assert desk.state.limited_until_ns == start + 100 * SECOND + HOUR


def test_new_rules_keep_what_was_observed() -> None:
    desk = TiltDesk(RULES)
    for one in CHASE:
        desk.observe(one)
    before = desk.detector.snapshot()
    desk.set_rules(load("sniper").tilt)
    assert desk.detector.snapshot() == before
    assert desk.state.level is TiltLevel.WARNING


def test_new_rules_are_those_that_judge_whatever_they_change() -> None:
    """Before the first act there is nothing to keep: it is as if it had begun under them."""
    behaviour = RULES.behaviour
    assert behaviour is not None
    indicators = {
        name: replace(
            one, weight=one.weight * 1.1, slack=one.slack - 0.2, half_life_s=one.half_life_s * 2
        )
        for name, one in RULES.indicators.items()
    }
    evidence = replace(RULES.evidence, z_max=2.0, cap=5.0, rate_scale=1.5, rate_step_max=1.0)
    other = replace(
        RULES,
        indicators=indicators,
        evidence=evidence,
        behaviour=replace(
            behaviour,
            joint=replace(behaviour.joint, measure=0.9, rejected=2.0),
            pace=replace(behaviour.pace, entries_window_s=1800.0, hold_share=0.5, clicks_share=0.5),
            hours=replace(behaviour.hours, memory=0.5, x_max=1.0),
            acts=replace(behaviour.acts, latency_min_s=2.0, dwell_min_s=9.0, removal_steps=1.0),
        ),
    )
    changed, made, kept = TiltDetector(RULES), TiltDetector(other), TiltDetector(RULES)
    changed.set_rules(other)
    rng, pool = np.random.default_rng(3), population(3)
    scores = [
        (
            changed.update_metrics(one.act),
            made.update_metrics(one.act),
            kept.update_metrics(one.act),
        )
        for one in Life(rng, trader(rng, pool), pool).acts(20)
    ]
    assert all(after == anew for after, anew, _ in scores)
    assert any(after != before for after, _, before in scores)
    assert changed.snapshot() == made.snapshot()


def test_an_act_takes_far_less_than_a_millisecond() -> None:
    detector = TiltDetector(RULES)
    acts = [
        one
        for i in range(700)
        for one in (entry(40 * i), close(40 * i + 9, (-1.0, 1.0)[i % 2], "manual"), cancel(40 * i))
    ]
    took = []
    for one in acts:
        began = time.thread_time()
        detector.update_metrics(one)
        took.append(time.thread_time() - began)
    took.sort()
    assert took[int(len(took) * 0.99)] < 1e-3
    assert len(detector.snapshot()) < 128 * 1024
    assert BTC not in detector.context.stopped_out_us
