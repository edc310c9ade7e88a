"""The fold of steps that faces ask."""

from decimal import Decimal

from genesis.domain.account import Tier, TierMode, TiltLevel
from genesis.domain.approval import Failure
from genesis.domain.events import JournalAssessed, OperatorActed, OrderFilled, TimerFired
from genesis.domain.ids import OrderKey
from genesis.domain.keeping import RefusalsCounted
from genesis.domain.orders import Side
from genesis.domain.outcomes import (
    InterventionOpened,
    LimitedHourStarted,
    OrderRefused,
    OverrideJudged,
    TierChanged,
)
from genesis.engine.step import Step
from genesis.service.readings import Readings
from tests.support.build import fill


def test_a_fill_told_twice_counts_once() -> None:
    readings = Readings()
    told = OrderFilled(1, OrderKey(1, 1), fill(Side.BUY, "0.001", "60000", "0.01", "USDT", 7))
    for _ in range(2):
        readings.take(Step(told))
    assert readings.fills == len(readings.made) == 1
    assert readings.adopted == set()


def test_a_trade_past_us_is_remembered_as_adopted() -> None:
    readings = Readings()
    sale = fill(Side.SELL, "0.001", "60000", "0.01", "USDT", 8)
    readings.take(Step(OrderFilled(1, OrderKey(0, 8), sale, recovered=True)))
    assert readings.adopted == {("BTC/USDT", 8)}
    assert readings.fills == 1


def test_refusals_that_were_only_counted_count_as_those_that_were_told() -> None:
    readings = Readings()
    why = (Failure("risk", "COOLDOWN", "a pause"),)
    told = OrderRefused(1, "BTC/USDT", Side.BUY, "strategy:x", None, why)
    counted = RefusalsCounted(9, "BTC/USDT", "strategy:x", ("COOLDOWN", "MAX_TRADES"), 41, 2)
    readings.take(Step(TimerFired(1, "tilt"), (told,)))
    readings.take(Step(TimerFired(9, "refusals"), (counted,)))
    assert readings.refusals == {"COOLDOWN": 42}


# -- interventions ---------------------------------------------------------------------------
def _opened(ts: int, level: TiltLevel, words: int = 500) -> InterventionOpened:
    return InterventionOpened(ts, level, "paused", words)


def _resumed(ts: int) -> LimitedHourStarted:
    return LimitedHourStarted(ts, Decimal("0.5"), ts + 9)


def test_an_intervention_that_gets_stricter_is_one_and_ends_by_time() -> None:
    readings = Readings()
    timer = TimerFired(1, "tilt")
    readings.take(Step(timer, (_opened(1, TiltLevel.WARNING),)))
    readings.take(Step(timer, (_opened(3, TiltLevel.LOCKED),)))
    page = JournalAssessed(5, "ab", 500, True, "accepted")
    readings.take(Step(page, (_opened(5, TiltLevel.LOCKED, 0),)))  # written, the time remains
    assert readings.intervention is not None and readings.intervention.journal_words == 0
    readings.take(Step(timer, (_resumed(7),)))
    [one] = readings.interventions
    assert (one.opened.ts_ns, one.opened.level) == (1, TiltLevel.LOCKED)
    assert (one.ended_ns, one.how) == (7, "time")
    readings.take(Step(timer, (_resumed(8),)))  # the hour begins again: nothing ends
    assert len(readings.interventions) == 1


def test_how_an_intervention_ended() -> None:
    page = JournalAssessed(5, "ab", 500, True, "accepted")
    over = OperatorActed(5, "OVERRIDE_ATTEMPT", "r", "override", page="cd")
    readings = Readings()
    for event in (page, over):
        readings.take(Step(TimerFired(1, "tilt"), (_opened(1, TiltLevel.WARNING),)))
        judged = OverrideJudged(5, "r", event is over, "accepted", 0)
        readings.take(Step(event, (judged, _resumed(5))))
    assert [one.how for one in readings.interventions] == ["page", "override"]
    assert readings.accepted_pages == {"ab", "cd"}  # no page satisfies twice


def test_changes_of_the_tier_are_kept() -> None:
    change = TierChanged(1, Tier.SNIPER, TierMode.ACTIVE, Tier.SNIPER, TierMode.PAPER48, "passed")
    readings = Readings()
    readings.take(Step(TimerFired(1, "evaluation"), (change,)))
    assert list(readings.tier_changes) == [change]
