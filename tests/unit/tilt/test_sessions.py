"""A session is what the trader does himself: no id begins one, and nothing told of him does."""

import math
from typing import Any

import pytest

from genesis.rules import load, parse
from genesis.tilt import TiltDetector, TiltScore, UserAction
from tests.support.acts import NOON_US, act, close, entry
from tests.support.old_rules import text_before_own_doing

RULES = load("sniper").tilt
OLD = parse(text_before_own_doing(load("sniper").text)).tilt
HOUR_S = 3600


def last(detector: TiltDetector, *acts: UserAction) -> TiltScore:
    for one in acts:
        said = detector.update_metrics(one)
    return said


def start_s(detector: TiltDetector) -> float | None:
    """When the session began, in seconds after noon; None: none is on."""
    start_us = detector.context.session_start_us
    return None if start_us is None else (start_us - NOON_US) / 1e6


def lengths_s(detector: TiltDetector) -> list[float]:
    """What was learned of how long sessions last."""
    return [math.exp(x) for name, x, _ in detector.baselines.pending if name == "slen"]


def revenge(**ids: Any) -> list[UserAction]:
    """Calm for a while, then faster and larger after every loss."""
    acts, at = [], 0.0
    for n in range(60):
        won = {"pnl_r": 1, "reason": "take_profit"} if n % 2 else {"pnl_r": -1}
        acts += [entry(at, 0.5, latency_ms=4000, checklist_done=True), close(at + 400, **won)]
        at += 900
    for n in range(12):
        hasty = {"latency_ms": 3500, "checklist_done": True, "session": ids.get("name", "s{}")}
        hasty["session"] = str(hasty["session"]).format(n)
        acts += [entry(at, min(1, 0.6 + 0.1 * n), **hasty), close(at + 60)]
        at += 68
    return acts


def test_an_id_for_every_order_hides_nothing() -> None:
    one, many = TiltDetector(RULES), TiltDetector(RULES)
    assert last(one, *revenge(name="s")) == last(many, *revenge(name="s{}"))
    assert one.score().score >= RULES.levels.warning_enter
    old = TiltDetector(OLD)
    assert last(old, *revenge(name="s{}")).score < one.score().score  # as it was recorded


@pytest.mark.parametrize("kind", ["SESSION_START", "SESSION_END"])
def test_a_session_that_is_told_of_forgets_the_last_one(kind: str) -> None:
    same, other = TiltDetector(RULES), TiltDetector(RULES)
    last(same, entry(0), close(30))
    last(other, entry(0), close(30), act(31, kind))
    assert same.update_metrics(entry(33)).score > other.update_metrics(entry(33)).score
    assert other.context.losses == 0


def test_closes_while_he_is_away_neither_begin_nor_prolong_a_session() -> None:
    detector = TiltDetector(RULES)
    night = [close(h * HOUR_S, 1.0, "take_profit") for h in (5, 8.5, 12, 15.5)]
    last(detector, entry(0, 1), entry(600, 1), *night)
    assert start_s(detector) is None
    assert lengths_s(detector) == pytest.approx([600])
    assert last(detector, entry(17 * HOUR_S, 1)).contributions["slen"] == 0
    assert start_s(detector) == 17 * HOUR_S
    assert detector.context.wins == 4  # context all the same


def test_money_that_comes_in_is_not_his_being_there() -> None:
    detector = TiltDetector(RULES)
    last(detector, entry(0, 1), act(5 * HOUR_S, "DEPOSIT"))
    assert start_s(detector) is None


@pytest.mark.parametrize("held_h", [3.9, 5])
def test_a_stop_out_after_a_long_hold_is_fresh_when_he_comes_back_to_it(held_h: float) -> None:
    stopped_s = held_h * HOUR_S
    detector = TiltDetector(RULES)
    back = last(detector, entry(0, 0.5), close(stopped_s), entry(stopped_s + 900, 0.5))
    assert detector.context.losses == 1
    hasty = TiltDetector(RULES)
    said = last(hasty, entry(0, 0.5), close(stopped_s), entry(stopped_s + 5, 1))
    assert said.score > back.score
    assert said.contributions["reent"] and said.contributions["gap"]


def test_a_session_whose_end_is_told_lasted_until_then() -> None:
    detector = TiltDetector(RULES)
    last(detector, act(0, "SESSION_START"), entry(60, 1), close(3 * HOUR_S))
    last(detector, act(5 * HOUR_S, "SESSION_END"))
    assert lengths_s(detector) == pytest.approx([5 * HOUR_S])


def test_under_old_rules_a_close_begins_a_session() -> None:
    detector = TiltDetector(OLD)
    last(detector, entry(0, 1), close(5 * HOUR_S))
    assert start_s(detector) == 5 * HOUR_S
