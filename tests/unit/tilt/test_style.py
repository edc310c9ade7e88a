"""A change of style that is announced, another tier, an emergency: versions of a baseline."""

import math

import pytest

from genesis.domain.account import Tier, TierMode
from genesis.domain.outcomes import TierChanged
from genesis.domain.time import DAY, HOUR
from genesis.rules import load, parse
from genesis.tilt import StyleChangeRefused, TiltDetector, UserAction
from genesis.tilt.rules import TiltRules
from tests.support.acts import CHASE, NOON_US, act, close, entry, feed
from tests.support.old_rules import text_before_behaviour, text_before_own_doing

RULES = load("sniper").tilt
OLD = parse(text_before_own_doing(load("sniper").text)).tilt
NOON = NOON_US * 1_000
DAY_S = 86_400.0


def calm_trader(days: int = 60) -> TiltDetector:
    """Ten entries a day, five minutes apart, every one of them a small win."""
    detector = TiltDetector(RULES)
    for day in range(days):
        for i in range(10):
            at = day * DAY_S + 300 * i
            name = f"d{day}"
            feed(detector, [entry(at, 0.5, session=name, latency_ms=2000)])
            feed(detector, [close(at + 100, 1.0, "take_profit", session=name)])
    return detector


def changed(detector: TiltDetector, tier: Tier, mode: TierMode) -> TierChanged:
    return TierChanged(detector.now_ns, Tier.SNIPER, TierMode.ACTIVE, tier, mode, "the reason")


def test_it_takes_effect_a_day_later_for_five_sessions_and_archives_what_was() -> None:
    detector = calm_trader()
    before = detector.calculate_baseline()
    due_ns = detector.declare_style_change("I trade faster now")
    assert due_ns == detector.now_ns + DAY
    detector.pass_time(due_ns - 1)
    assert detector.baselines.widening == 1
    for n in range(5):
        later = (due_ns - NOON) / 1e9 + n * DAY_S
        detector.update_metrics(act(later, "COMMAND", session=f"new {n}"))
        assert detector.baselines.widening == 1.5
    detector.update_metrics(act(later + DAY_S, "COMMAND", session="sixth"))
    assert detector.baselines.widening == 1
    (version,) = detector.calculate_baseline().versions
    assert (version.until_ns, version.reason) == (due_ns, "I trade faster now")
    assert version.centres == before.centres and version.entries == before.entries


def test_while_it_lasts_more_is_taken_for_usual() -> None:
    plain, announced = calm_trader(), calm_trader()
    announced.baselines.widen(1.5, 5)
    for detector in (plain, announced):
        at = (detector.now_ns - NOON) / 1e9 + 10_000
        feed(detector, [entry(at, 0.5, latency_ms=2000), entry(at + 100, 0.7, latency_ms=900)])
    assert announced.score().raw < plain.score().raw


@pytest.mark.parametrize("case", ["level", "loss", "again", "old rules"])
def test_it_is_refused_with_the_reason(case: str) -> None:
    detector = calm_trader(5)
    last = detector.context.last_seen_us
    if case == "level":
        feed(detector, [one for one in CHASE if one.ts_us])  # stamps from before: taken as now
        said = "while tilt is NORMAL"
    elif case == "loss":
        feed(detector, [UserAction(last, "POSITION_CLOSED", "s", symbol="X", pnl_r=-20)])
        said = "last losing day"
    elif case == "again":
        detector.declare_style_change("once")
        said = "not long ago"
    else:
        detector = TiltDetector(parse(text_before_behaviour(load("sniper").text)).tilt)
        said = "know no change of style"
    before = detector.snapshot()
    with pytest.raises(StyleChangeRefused, match=said):
        detector.declare_style_change("again")
    assert detector.snapshot() == before


def test_a_losing_day_is_over_a_day_after_its_end() -> None:
    detector = calm_trader(5)
    last = detector.context.last_seen_us
    feed(detector, [UserAction(last, "POSITION_CLOSED", "s", symbol="X", pnl_r=-20)])
    day_end = (detector.now_ns // DAY + 1) * DAY
    with pytest.raises(StyleChangeRefused, match="wait 1 h"):
        detector.declare_style_change("early", day_end + DAY - HOUR)
    assert detector.declare_style_change("now", day_end + DAY) == day_end + 2 * DAY


def test_a_day_that_was_won_back_is_no_losing_day() -> None:
    detector = TiltDetector(RULES)
    feed(detector, [close(0, -1), close(600, 2.0, "manual")])
    assert detector.context.loss_day is None
    assert detector.declare_style_change("calm")


def test_thirty_days_lie_between_two() -> None:
    detector = calm_trader(5)
    detector.declare_style_change("once")
    assert detector.declare_style_change("twice", detector.now_ns + 30 * DAY)


def test_another_tier_is_another_style_at_once() -> None:
    detector = calm_trader(5)
    earned = changed(detector, Tier.HUNTER, TierMode.ADJUST48)
    detector.tier_changed(earned, has_fallen=False)
    assert detector.baselines.widening == 1.5
    mode_only = changed(detector, Tier.SNIPER, TierMode.CEREMONY)
    detector.tier_changed(mode_only, has_fallen=False)
    assert len(detector.calculate_baseline().versions) == 1


@pytest.mark.parametrize(("rules", "widening"), [(RULES, 1.0), (OLD, 1.5)], ids=["now", "old"])
def test_a_step_down_is_no_way_around_the_announcement(rules: TiltRules, widening: float) -> None:
    """He has traded there before; a style is announced while he is calm."""
    detector = TiltDetector(rules)
    down = TierChanged(1, Tier.HUNTER, TierMode.ACTIVE, Tier.SNIPER, TierMode.ADJUST48, "chosen")
    detector.tier_changed(down, has_fallen=False)
    assert detector.baselines.widening == widening


HALTED_ON = (Tier.HUNTER, TierMode.HALTED, Tier.SNIPER, TierMode.HALTED, "the reason")
AFTER_HALT = (Tier.SNIPER, TierMode.HALTED, Tier.SNIPER, TierMode.EMERGENCY, "the reason")
AGAIN = (Tier.HUNTER, TierMode.EMERGENCY, Tier.SNIPER, TierMode.EMERGENCY, "the reason")


@pytest.mark.parametrize(
    ("moved", "has_fallen", "entries"),
    [(HALTED_ON, True, 0), (HALTED_ON, False, 50), (AFTER_HALT, False, 50), (AGAIN, True, 50)],
    ids=["in a halt", "halted", "the halt is over", "fallen already"],
)
def test_it_is_the_loss_that_ends_what_was_certain_in_whatever_mode(
    moved: tuple[Tier, TierMode, Tier, TierMode, str], has_fallen: bool, entries: int
) -> None:
    detector = calm_trader(5)
    detector.tier_changed(TierChanged(detector.now_ns, *moved), has_fallen=has_fallen)
    assert detector.calculate_baseline().entries == entries
    assert detector.baselines.widening == 1


def test_under_old_rules_the_mode_decides() -> None:
    detector = TiltDetector(OLD, calm_trader(5).profile())
    detector.tier_changed(TierChanged(1, *HALTED_ON), has_fallen=True)
    assert detector.calculate_baseline().entries == 50
    detector.tier_changed(TierChanged(1, *AFTER_HALT), has_fallen=False)
    assert detector.calculate_baseline().entries == 0


def test_after_an_emergency_nothing_is_certain_but_nothing_is_forgotten() -> None:
    detector = calm_trader()
    known = detector.calculate_baseline()
    assert known.status == "LEARNED"
    fallen = changed(detector, Tier.SNIPER, TierMode.EMERGENCY)
    detector.tier_changed(fallen, has_fallen=True)
    again = detector.calculate_baseline()
    assert (again.status, again.entries) == ("LEARNING", 0)
    assert again.centres == known.centres and again.spreads == known.spreads
    assert set(again.samples.values()) == {0}
    assert again.rates == pytest.approx(dict(known.rates))
    assert detector.baselines.rates["cancel"].acts == RULES.rates["cancel"].acts
    (version,) = again.versions
    assert (version.reason, version.entries) == ("the reason", known.entries)
    ring = detector.baselines.rings["lat"]
    for _ in range(20):
        detector.baselines.offer((("lat", math.log(8), False),) * 10, calm=True)
    assert known.centres["lat"] < ring.centre < math.log(8)  # shrunk to what was usual
    restored = TiltDetector.restore(RULES, detector.snapshot())
    assert restored.snapshot() == detector.snapshot()
    for one in (ring, restored.baselines.rings["lat"]):
        one.refresh()
    assert restored.baselines.rings["lat"].centre == ring.centre
