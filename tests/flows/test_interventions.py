"""Interventions lived through: CAUTION asks twice, a lock takes its time, one text serves once."""

from decimal import Decimal

import pytest

from genesis.domain.account import TiltLevel
from genesis.domain.events import JournalAssessed
from genesis.domain.orders import OrderType
from genesis.domain.outcomes import (
    CommandAnswered,
    ConfirmationAsked,
    ConfirmationGiven,
    Halted,
    InterventionOpened,
    LimitedHourStarted,
    LockedByHalt,
    OrderRefused,
    OverrideJudged,
    SizesEased,
)
from genesis.domain.paper import PaperLaneReported, RecoverySessionDone
from genesis.domain.time import DAY, HOUR, MINUTE, SECOND, utc_day
from genesis.engine.sizes import Sizes
from genesis.tilt.inputs import Scored
from genesis.tilt.machine import decide, evolve
from tests.support.engines import Bench, cancels, only, submits

D = Decimal
PAGE, OTHER = "a" * 64, "b" * 64


def at_score(bench: Bench, score: int) -> None:
    """As if his acts had brought the trader to this score, from two sources."""
    detector = bench.engine.state.tilt.detector
    event = Scored(bench.now_ns, score, (("gap", score),), 2, True)
    for outcome in decide(detector.state, event, detector.rules):
        detector.state = evolve(detector.state, outcome)
    detector.calm_since_ns = None


def page(bench: Bench, digest: str = PAGE) -> list[object]:
    step = bench.tell(JournalAssessed(bench.now_ns, digest, 540, True, "accepted"))
    return list(step.outcomes)


def codes(bench: Bench) -> list[str]:
    return [failure.code for one in only(bench.buy(), OrderRefused) for failure in one.failures]


# -- CAUTION -----------------------------------------------------------------------------------
def test_in_caution_an_entry_is_asked_for_twice() -> None:
    bench = Bench()
    at_score(bench, 45)
    first = bench.buy()
    (refused,) = only(first, OrderRefused)
    assert [failure.code for failure in refused.failures] == ["TILT_CONFIRM"]
    assert refused.until_ns == bench.now_ns + 60 * SECOND
    (asked,) = only(first, ConfirmationAsked)
    assert (asked.amount_usdt, asked.order_type) == (D(100), OrderType.MARKET)
    bench.later(60)
    second = bench.buy()
    (entry,) = submits(second)
    assert entry.request.qty == D("0.00027")  # three quarters of 0.00037, rounded down
    assert only(second, ConfirmationGiven)


def test_to_wait_as_told_is_never_scored_and_to_hammer_is() -> None:
    def score_after(waits: tuple[float, ...]) -> float:
        bench = Bench()
        at_score(bench, 45)
        bench.buy()
        before = bench.engine.state.tilt.score(bench.now_ns).raw
        for seconds in waits:
            bench.later(seconds)
            bench.buy()
        return bench.engine.state.tilt.score(bench.now_ns).raw - before

    assert score_after((60,)) <= 0
    assert score_after((2, 2, 2)) > score_after((60,))


def test_caution_is_no_matter_of_exits() -> None:
    bench = Bench()
    stop = bench.open_position()
    at_score(bench, 45)
    step = bench.act("stop", "STOP_MODIFY", stop_new=D(67000), reduces_risk=True)
    assert cancels(step)
    (tighter,) = submits(bench.cancelled(stop.key))
    bench.accept(tighter.key)
    (told,) = only(bench.act("close", reduces_risk=True), CommandAnswered)
    assert told.accepted


def test_a_replay_of_a_put_off_wish_is_the_same() -> None:
    first, again = Bench(), Bench()
    for bench in (first, again):
        at_score(bench, 45)
        bench.buy()
        bench.later(59)
        bench.buy()
        bench.later(1)
        bench.buy()
    told = [[step.outcomes for step in bench.steps] for bench in (first, again)]
    assert told[0] == told[1]
    assert first.engine.state.tilt.caution == again.engine.state.tilt.caution


# -- locks -------------------------------------------------------------------------------------
def test_two_warnings_in_a_day_lock_until_midnight() -> None:
    bench = Bench()
    at_score(bench, 65)
    assert codes(bench) == ["TILT_WARNING"]
    page(bench)
    bench.later(2 * HOUR // SECOND)
    at_score(bench, 30)
    at_score(bench, 65)
    state = bench.engine.state.tilt.state
    assert state.level is TiltLevel.LOCKED
    assert state.lock_until_ns == (bench.now_ns // DAY + 1) * DAY
    (refused,) = only(bench.buy(), OrderRefused)
    assert refused.failures[0].code == "TILT_LOCKED"
    assert refused.until_ns == state.lock_until_ns


def test_a_lock_ends_by_page_and_time_and_leaves_small_sizes_for_its_day() -> None:
    bench = Bench()
    at_score(bench, 85)
    page(bench)
    bench.later(DAY // SECOND - 1)
    assert codes(bench) == ["TILT_LOCKED"]
    bench.later(1)
    multiplier = bench.engine.state.tilt.multiplier
    eased = [one for step in bench.steps for one in only(step, SizesEased)]
    at = eased[0].ts_ns
    midnight = (utc_day(at) + 1) * DAY
    assert [one.until_ns for one in eased] == [midnight]
    assert multiplier(at) == multiplier(at + HOUR - 1) == D("0.5")
    assert multiplier(at + HOUR) == D("0.75")
    assert multiplier(midnight - 1) == D("0.75")


def test_the_cause_that_is_told_is_the_one_that_makes_sizes_so_small() -> None:
    bench = Bench()

    def told() -> str:
        return Sizes(bench.engine.state).holds().told()

    at_score(bench, 45)
    assert told() == "while tilt is CAUTION sizes are 75 %"
    at_score(bench, 65)
    assert told() == "while tilt is WARNING sizes are 0 %"
    page(bench)
    assert told() == "in the limited time sizes are 50 %"
    at_score(bench, 45)
    assert bench.engine.state.tilt.state.level is TiltLevel.CAUTION
    assert told() == "in the limited time sizes are 50 %"


def test_with_a_paper_lane_a_quiet_session_ends_the_lock() -> None:
    bench = Bench()
    bench.tell(PaperLaneReported(bench.now_ns, True))
    at_score(bench, 85)
    page(bench)
    bench.later(DAY // SECOND + 60)
    (refused,) = only(bench.buy(), OrderRefused)
    assert "quiet session" in refused.failures[0].reason
    began = bench.now_ns
    bench.later(30 * MINUTE // SECOND)
    bench.tell(RecoverySessionDone(bench.now_ns, began, 1))
    assert bench.engine.state.tilt.state.paused
    step = bench.tell(RecoverySessionDone(bench.now_ns, began, 0))
    assert only(step, LimitedHourStarted) and only(step, SizesEased)
    assert not bench.engine.state.tilt.state.paused


def test_a_lane_that_goes_away_frees_who_waits_for_it() -> None:
    bench = Bench()
    bench.tell(PaperLaneReported(bench.now_ns, True))
    at_score(bench, 85)
    page(bench)
    bench.later(DAY // SECOND + 60)
    assert bench.engine.state.tilt.state.paused
    step = bench.tell(PaperLaneReported(bench.now_ns, False))
    assert only(step, LimitedHourStarted)


def test_a_halt_of_a_breaker_locks_and_no_override_lifts_it() -> None:
    bench = Bench()
    bench.open_position()
    bench.engine.state.risk.drawdown.peak_usdt = D(80)  # as after a good week
    for _ in range(3):
        bench.later(1)
        bench.tick("60000")
    told = [one for step in bench.steps for one in step.outcomes]
    assert [type(one) for one in told if isinstance(one, Halted | LockedByHalt)] == [
        Halted,
        LockedByHalt,
    ]
    assert [one.level for one in told if isinstance(one, InterventionOpened)] == [TiltLevel.LOCKED]
    bench.engine.state.risk.drawdown.halted = None  # as after a manual reset
    desk = bench.engine.state.tilt
    phrase = "I ACCEPT THE RISKS"
    assert desk.judge_override(bench.now_ns, phrase, "accepted", is_halted=False) == "halted"


def test_the_halt_a_trader_gives_himself_locks_nobody() -> None:
    bench = Bench()
    bench.act("halt", reason="enough for today")
    assert not bench.engine.state.tilt.state.paused


# -- one text ----------------------------------------------------------------------------------
def override(bench: Bench, digest: str) -> OverrideJudged:
    step = bench.act(
        "override", "OVERRIDE_ATTEMPT", phrase="I ACCEPT THE RISKS", reason="accepted", page=digest
    )
    (judged,) = only(step, OverrideJudged)
    return judged


@pytest.mark.parametrize("again", ["page", "override"])
@pytest.mark.parametrize("first", ["page", "override"])
def test_one_text_never_satisfies_two_requirements(first: str, again: str) -> None:
    bench = Bench()
    for turn, way in enumerate((first, again)):
        at_score(bench, 0)
        at_score(bench, 65)
        assert bench.engine.state.tilt.state.paused
        if way == "page":
            page(bench)
        else:
            assert override(bench, PAGE).accepted is (turn == 0)
        assert bench.engine.state.tilt.state.paused is (turn == 1)
        bench.later(3 * DAY // SECOND)
    page(bench, OTHER)
    assert not bench.engine.state.tilt.state.paused


def test_a_page_pays_for_one_override_only_once() -> None:
    bench = Bench()
    at_score(bench, 65)
    assert override(bench, PAGE).accepted
    assert bench.engine.state.tilt.pages_due == 1
    page(bench)
    assert bench.engine.state.tilt.pages_due == 1
    page(bench, OTHER)
    assert bench.engine.state.tilt.pages_due == 0
