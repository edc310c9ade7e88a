"""Properties of the detector over any stream of acts (numbers I29..I40 of the discipline spec)."""

import re
from dataclasses import replace
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from genesis.domain.account import TiltLevel
from genesis.domain.events import JournalAssessed
from genesis.domain.outcomes import TiltLevelChanged
from genesis.errors import DataError
from genesis.rules import load
from genesis.tilt import TiltDetector, UserAction
from tests.support.acts import BTC, CHASE, NOON_US, feed

RULES = load("sniper").tilt
DAY_US = 86_400_000_000

seconds = st.one_of(st.floats(0, 20), st.floats(0, 3000), st.just(20_000.0))
kinds = st.one_of(
    st.fixed_dictionaries(
        {
            "kind": st.just("ORDER_SUBMIT"),
            "symbol": st.sampled_from([BTC, "ETH/USDT"]),
            "size_fraction": st.floats(0.01, 5),
            "market_state": st.sampled_from([None, "NORMAL", "VOLATILE"]),
        }
    ),
    st.fixed_dictionaries(
        {
            "kind": st.just("POSITION_CLOSED"),
            "symbol": st.just(BTC),
            "pnl_r": st.sampled_from([-2.0, -1.0, -0.1, 0.0, 1.0]),
            "reason": st.sampled_from(["stop_loss", "manual", "take_profit"]),
        }
    ),
    st.fixed_dictionaries({"kind": st.just("ORDER_CANCEL")}),
    st.fixed_dictionaries({"kind": st.sampled_from(["COMMAND", "SESSION_START", "PANEL_VIEW"])}),
    st.sampled_from(
        [  # evidence by themselves
            {"kind": "CEREMONY_STEP", "reason": "phrase"},
            {"kind": "OVERRIDE_ATTEMPT", "reason": "accepted"},
            {"kind": "JOURNAL_SUBMIT", "reason": "paste"},
            {"kind": "RULE_EDIT", "reason": "loosen"},
            {"kind": "DEPOSIT"},
        ]
    ),
)


@st.composite
def streams(draw: st.DrawFn, least: int = 1, most: int = 30) -> list[UserAction]:
    at = NOON_US
    acts = []
    for gap, fields in draw(st.lists(st.tuples(seconds, kinds), min_size=least, max_size=most)):
        at += int(gap * 1_000_000)
        acts.append(UserAction(at, session_id="s", **fields))
    return acts


few = settings(max_examples=60, deadline=None)


@few
@given(streams())
def test_i29_scores_are_whole_bounded_and_explained(acts: list[UserAction]) -> None:
    detector = TiltDetector(RULES)
    for one in acts:
        score = detector.update_metrics(one)
        assert isinstance(score.score, int) and 0 <= score.score <= 100
        assert all(part >= 0 for part in score.contributions.values())
        assert sum(score.contributions.values()) == score.score


@few
@given(streams(), st.floats(1, 4000), st.floats(0.2, 1))
def test_i30_a_worse_last_act_never_scores_less(
    acts: list[UserAction], wait: float, smaller: float
) -> None:
    """Sooner after a stop-out, and larger: each raises a z at a fixed history."""
    past = [*acts, _after(acts, 0, kind="POSITION_CLOSED", pnl_r=-1.0, reason="stop_loss")]

    def last(seconds: float, size: float) -> float:
        detector = TiltDetector(RULES)
        feed(detector, past)
        for name in detector.evidence.amounts:  # decay out of the way: only the step is compared
            detector.evidence.amounts[name] = 0.0
        return detector.update_metrics(
            _after(past, seconds, kind="ORDER_SUBMIT", size_fraction=size)
        ).raw

    assert last(wait / 2, 1.0) >= last(wait, 1.0)
    assert last(wait, 1.0) >= last(wait, smaller)


@few
@given(streams())
def test_i30_a_cancel_never_scores_less_than_no_cancel(acts: list[UserAction]) -> None:
    detector = TiltDetector(RULES)
    before = feed(detector, acts)
    assert detector.update_metrics(_after(acts, 0, kind="ORDER_CANCEL")).raw >= before.raw


@few
@given(streams(), st.lists(st.integers(0, 10**10), min_size=2, max_size=6))
def test_i31_without_acts_the_score_never_rises(acts: list[UserAction], later: list[int]) -> None:
    detector = TiltDetector(RULES)
    feed(detector, acts)
    readings = [detector.score(detector.now_ns + us * 1000) for us in sorted(later)]
    for earlier, after in pairwise(readings):
        assert after.score <= earlier.score
        assert after.raw <= earlier.raw


@few
@given(streams(), st.integers(1, 400))
def test_i33_whole_days_later_nothing_differs(acts: list[UserAction], days: int) -> None:
    moved = [replace(one, ts_us=one.ts_us + days * DAY_US) for one in acts]
    here, there = TiltDetector(RULES), TiltDetector(RULES)
    for one, other in zip(acts, moved, strict=True):
        assert here.update_metrics(one) == there.update_metrics(other)


def test_i32_amounts_reach_the_detector_as_a_fraction_of_the_cap_only() -> None:
    """Sizes, caps and equity times k leave the fraction, and so every score, as it was."""

    def scores(k: Decimal) -> list[int]:
        detector, found = TiltDetector(RULES), []
        for one in CHASE:
            fraction = (Decimal(20) * k) / (Decimal(25) * k) if one.size_fraction else None
            found.append(detector.update_metrics(replace(one, size_fraction=fraction)).score)
        return found

    assert scores(Decimal(1)) == scores(Decimal(1000)) == scores(Decimal("0.001"))


safe = st.lists(
    st.tuples(
        seconds,
        st.sampled_from(
            [
                {"kind": "POSITION_CLOSED", "symbol": BTC, "pnl_r": -1.0, "reason": "manual"},
                {"kind": "ORDER_CANCEL", "reduces_risk": True},
                {"kind": "STOP_MODIFY", "reduces_risk": True, "symbol": BTC},
                {"kind": "ORDER_SUBMIT", "reduces_risk": True, "symbol": BTC, "size_fraction": 9},
                {"kind": "COMMAND", "reduces_risk": True},
                {"kind": "COMMAND", "reduces_risk": True, "parse_ok": False},
                {"kind": "COMMAND", "reduces_risk": True, "keys": 12, "backspaces": 9},
                {"kind": "CLICK", "reduces_risk": True},
                {"kind": "CEREMONY_STEP", "reduces_risk": True, "checklist_done": False},
            ]
        ),
    ),
    max_size=20,
)


@few
@given(streams(), safe)
def test_i35_making_things_safer_never_raises_score_or_level(
    acts: list[UserAction], safer: list[tuple[float, dict[str, Any]]]
) -> None:
    detector = TiltDetector(RULES)
    last = feed(detector, acts)
    at = acts[-1].ts_us
    for gap, fields in safer:
        at += int(gap * 1_000_000)
        score = detector.update_metrics(UserAction(at, session_id="s", **fields))
        assert score.raw <= last.raw
        assert score.level.rank <= last.level.rank
        last = score


@few
@given(streams(least=2), st.integers(1, 29))
def test_i38_a_restart_at_any_moment_goes_on_bit_for_bit(acts: list[UserAction], at: int) -> None:
    whole, first = TiltDetector(RULES), TiltDetector(RULES)
    feed(whole, acts)
    feed(first, acts[:at])
    if first.state.paused:
        page = JournalAssessed(first.now_ns, "ab" * 32, 500, True, "accepted")
        first.assessed(page)
        whole = TiltDetector(RULES)
        feed(whole, acts[:at])
        whole.assessed(page)
        feed(whole, acts[at:])
    second = TiltDetector.restore(load("sniper").tilt, first.snapshot())
    assert second.snapshot() == first.snapshot()
    feed(second, acts[at:])
    assert second.snapshot() == whole.snapshot()
    assert second.next_wake_ns() == whole.next_wake_ns()
    assert second.score() == whole.score()


def test_i38_a_restart_long_after_the_queue_is_full() -> None:
    """Rings, rates, the volatile offset and the count of samples while uncalm all come back."""
    acts = []
    at = NOON_US
    for i in range(220):
        calm = i < 120
        at += (900 + 37 * (i % 11)) * 1_000_000 if calm else 90_000_000
        state = ("NORMAL", "VOLATILE")[i % 7 == 0]
        given = {"session_id": "s", "symbol": BTC}
        haste = {} if calm else {"latency_ms": 600, "checklist_done": False}
        size = {"size_fraction": 0.1 + i % 9, "market_state": state}
        acts.append(UserAction(at, "ORDER_SUBMIT", **size, **haste, **given))
        if not calm:
            acts.append(UserAction(at + 30_000_000, "ORDER_CANCEL", **given))
        acts.append(
            UserAction(at + 80_000_000, "POSITION_CLOSED", pnl_r=-0.5, reason="stop_loss", **given)
        )
    whole = TiltDetector(RULES)
    feed(whole, acts)
    assert whole.state.paused and whole.baselines.rings["gap"].volatile_offset != -0.45
    restarted = TiltDetector(RULES)
    for i, one in enumerate(acts):
        restarted.update_metrics(one)
        if i % 23 == 0:
            restarted = TiltDetector.restore(RULES, restarted.snapshot())
    assert restarted.snapshot() == whole.snapshot()


@few
@given(streams(least=3), st.data())
def test_i39_a_clock_going_backwards_is_a_clock_standing_still(
    acts: list[UserAction], data: st.DataObject
) -> None:
    back = data.draw(st.integers(1, len(acts) - 1))
    stands = [*acts]
    stands[back] = replace(acts[back], ts_us=acts[back - 1].ts_us)
    runs_back = [*acts]
    runs_back[back] = replace(acts[back], ts_us=data.draw(st.integers(0, acts[back - 1].ts_us)))
    here, there = TiltDetector(RULES), TiltDetector(RULES)
    for one, other in zip(stands, runs_back, strict=True):
        assert here.update_metrics(one) == there.update_metrics(other)


@few
@given(streams(most=60), st.lists(st.integers(0, 59), max_size=4))
@example(acts=CHASE, pages=[len(CHASE) - 1])
def test_i34_i40_levels_latch_and_fall_by_single_steps(
    acts: list[UserAction], pages: list[int]
) -> None:
    detector = TiltDetector(RULES)
    for i, one in enumerate(acts):
        outcomes = detector.pass_time(max(detector.now_ns, one.ts_us * 1000))  # a lock's time ends
        before = detector.state.level
        outcomes += detector.observe(one)
        assert before.rank < TiltLevel.WARNING.rank or detector.state.level.rank >= before.rank
        if i in pages:
            page = JournalAssessed(detector.now_ns, "ab" * 32, 500, True, "accepted")
            outcomes += detector.assessed(page)
        for change in outcomes:
            if isinstance(change, TiltLevelChanged):
                assert change.old.rank - change.new.rank <= 1


@pytest.mark.parametrize("damage", ["cut", "flip", "empty", "field", "version"])
def test_a_damaged_snapshot_is_refused_by_name(damage: str) -> None:
    import hashlib

    detector = TiltDetector(RULES)
    feed(detector, CHASE)
    good = detector.snapshot()
    body = good[65:]
    swapped = {
        "field": body.replace(b'"evidence"', b'"evidense"'),
        "version": re.sub(rb'"version":\d+', b'"version":99', body),
    }.get(damage, body)
    bad = {"cut": good[:-9], "flip": good[:80] + b"x" + good[81:], "empty": b""}.get(
        damage, hashlib.sha256(swapped).hexdigest().encode() + b"\n" + swapped
    )
    with pytest.raises(DataError, match=r"tilt snapshot: .*(digest|version|evidence)"):
        TiltDetector.restore(RULES, bad)


def _after(acts: list[UserAction], seconds: float, kind: str, **fields: Any) -> UserAction:
    at = acts[-1].ts_us + int(seconds * 1_000_000)
    return UserAction(at, kind, "s", symbol=BTC, **fields)
