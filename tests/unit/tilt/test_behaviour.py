"""The indicators after the first four, each by its formula."""

import math
from typing import Any

import pytest

from genesis.rules import load
from genesis.tilt import TiltDetector, UserAction
from tests.support.acts import BTC, act, close, entry, feed, hasty
from tests.support.old_rules import text_before_behaviour

RULES = load("sniper").tilt
K = {name: rules.slack for name, rules in RULES.indicators.items()}


def evidence(*acts: UserAction) -> dict[str, float]:
    detector = TiltDetector(RULES)
    feed(detector, list(acts))
    return {**dict.fromkeys(RULES.indicators, 0.0), **detector.evidence.at(detector.now_ns // 1000)}


def stop(seconds: float, old: float, new: float, **fields: Any) -> UserAction:
    given = {"symbol": BTC, "stop_old": old, "stop_new": new, "entry": 100.0, **fields}
    return act(seconds, "STOP_MODIFY", **given)


def up(name: str) -> float:
    p0 = RULES.rates[name].rate
    return min(3, 0.9 * math.log(min(0.85, p0 + 0.25) / p0))


def down(name: str) -> float:
    p0 = RULES.rates[name].rate
    return 0.9 * math.log((1 - min(0.85, p0 + 0.25)) / (1 - p0))


# -- measures --------------------------------------------------------------------------------
def test_latency_against_the_own_one() -> None:
    z = -(math.log(1.2) - math.log(4)) / 0.55
    assert evidence(entry(0, latency_ms=1200))["lat"] == pytest.approx(z - K["lat"])
    assert evidence(entry(0, latency_ms=0))["lat"] == pytest.approx(3 - K["lat"])
    wild = evidence(entry(0, latency_ms=1200, market_state="PANIC"))["lat"]
    assert wild == pytest.approx(z - 0.15 / 0.55 - K["lat"])
    assert evidence(entry(0, latency_ms=100, reduces_risk=True))["lat"] == 0


def test_every_size_counts_and_after_two_wins_more_so() -> None:
    def after(wins: int) -> dict[str, float]:
        detector = TiltDetector(RULES)
        detector.baselines.rings["size"].centre = math.log(0.4)
        for i in range(wins):
            detector.update_metrics(close(4000.0 * i, 1.0, "take_profit"))
        detector.update_metrics(entry(4000.0 * wins, 0.6))
        return {**dict.fromkeys(RULES.indicators, 0.0), **detector.evidence.amounts}

    z = math.log(0.6 / 0.4) / 0.35
    assert after(0)["size"] == pytest.approx(z - K["size"])
    assert after(1)["size_w"] == 0
    assert after(2)["size_w"] == pytest.approx(z - K["size_w"])


def test_a_long_session() -> None:
    acts = [entry(600.0 * i, 1) for i in range(40)]
    z = min(3, (math.log(600 * 39) - math.log(9000)) / 0.4)
    before, now = evidence(*acts[:-1])["slen"], evidence(*acts)["slen"]
    assert now == pytest.approx(before * 2 ** (-600 / 1800) + z - K["slen"])


def test_a_session_without_an_end_ends_by_silence() -> None:
    detector = TiltDetector(RULES)
    feed(detector, [entry(0, session=""), entry(7200, session=""), entry(50_000, session="")])
    told = [one for one in detector.baselines.pending if one[0] == "slen"]
    assert told == [("slen", math.log(7200), False)]


def test_an_hour_at_which_he_never_trades() -> None:
    detector = TiltDetector(RULES)
    for day in range(60):
        detector.update_metrics(entry(day * 86_400.0, 1))
        detector.update_metrics(entry(day * 86_400.0 + 1800, 1))
    assert "hours" not in detector.evidence.amounts
    detector.update_metrics(entry(60 * 86_400.0 + 9 * 3600, 1))
    assert detector.evidence.amounts["hours"] == pytest.approx(2.5 - K["hours"])


# -- yes or no -------------------------------------------------------------------------------
def test_a_line_that_was_not_understood_is_a_slip() -> None:
    assert evidence(act(0, "COMMAND", parse_ok=False))["typo"] == pytest.approx(up("typo"))
    two = evidence(act(0, "COMMAND", parse_ok=False), act(0, "COMMAND", parse_ok=True))
    assert two["typo"] == pytest.approx(up("typo") + down("typo"))
    assert evidence(act(0, "COMMAND", parse_ok=False, reduces_risk=True))["typo"] == 0


def test_backspaces_are_a_slip_above_the_own_share() -> None:
    def typed(backspaces: int, used: int) -> float:
        detector = TiltDetector(RULES)
        for _ in range(200):
            detector.baselines.rings["slips"].add(used / 20)
        detector.update_metrics(act(0, "COMMAND", keys=20, backspaces=backspaces))
        return detector.evidence.amounts.get("typo", 0.0)

    assert typed(3, used=0) > 0 == typed(0, used=0)
    assert typed(3, used=8) == 0


@pytest.mark.parametrize(
    ("fields", "skips"),
    [
        ({"checklist_done": False}, True),
        ({"checklist_done": True}, False),
        ({"checklist_done": True, "dwell_ms": 999}, True),
        ({"checklist_done": True, "dwell_ms": 1000}, False),
        ({"dwell_ms": 20}, True),
        ({}, False),
    ],
)
def test_a_checklist_skipped_or_rushed_through(fields: dict[str, Any], skips: bool) -> None:
    for kind in ("ORDER_SUBMIT", "CEREMONY_STEP"):
        found = evidence(act(0, kind, symbol=BTC, **fields))["skip"]
        assert found == pytest.approx(up("skip") if skips else 0)


def test_a_refusal_counts_once_and_only_when_it_was_his_doing() -> None:
    def refused(reason: str, **fields: Any) -> float:
        no = act(1, "ORDER_REJECTED", symbol=BTC, reason=reason, **fields)
        return evidence(entry(0, 1), no)["rej"]

    assert refused("EXPOSURE_REACHED") == pytest.approx(up("rej"))
    assert refused("FEED_LOST") == refused("TILT_CONFIRM") == refused("BREAKER_OPEN") == 0
    assert refused("EXPOSURE_REACHED", reduces_risk=True) == 0


def test_a_request_that_is_clipped_is_no_refusal_but_insisting_on_it_at_once_is() -> None:
    assert evidence(entry(0))["rej"] == 0
    assert evidence(entry(0), entry(600))["rej"] == 0
    assert evidence(entry(0), entry(30))["rej"] == pytest.approx(up("rej"))
    assert evidence(entry(0, 2), entry(30, 2))["rej"] == 0
    again = evidence(entry(0), entry(30), act(30, "ORDER_REJECTED", reason="EXPOSURE_REACHED"))
    assert again["rej"] == pytest.approx(up("rej"))


@pytest.mark.parametrize(
    ("moved", "widens"),
    [
        (stop(0, 98, 97), True),
        (stop(0, 98, 97.97), False),  # within 2 % of the distance
        (stop(0, 98, 99), False),
        (stop(0, 102, 103), True),  # a short
        (stop(0, 102, 103, side="BUY"), False),  # a long that is in profit, tightened
        (stop(0, 102, 101, side="BUY"), True),
        (stop(0, 98, 97, entry=None), True),
        (stop(0, 98, 97, reduces_risk=True), False),
        (act(0, "STOP_MODIFY", symbol=BTC, stop_new=97), False),
    ],
)
def test_a_stop_moved_away(moved: UserAction, widens: bool) -> None:
    assert evidence(moved)["widen"] == pytest.approx(up("widen") if widens else 0)


def test_a_stop_removed_counts_twice_and_leaving_without_either_counts_against() -> None:
    gone = act(0, "STOP_REMOVE", symbol=BTC)
    assert evidence(gone)["widen"] == pytest.approx(2 * up("widen"))
    detector = TiltDetector(RULES)
    feed(detector, [gone, close(0)])
    assert detector.baselines.pending[-1][0] != "widen"
    feed(detector, [close(0)])
    assert detector.evidence.amounts["widen"] == pytest.approx(2 * up("widen") + down("widen"))


# -- together --------------------------------------------------------------------------------
def test_joint_is_the_weighted_sum_and_a_streak_is_nothing_by_itself() -> None:
    z = -(math.log(2) - math.log(4)) / 0.55
    alone = evidence(entry(0, 1, latency_ms=2000, checklist_done=False))["joint"]
    assert alone == pytest.approx(0.6 * z + 1.2 * 0.9 - K["joint"])
    lost = evidence(close(0), entry(14_000, 1, latency_ms=2000, checklist_done=False))["joint"]
    rested = (math.log(14_000) - math.log(600)) / 0.9
    assert lost == pytest.approx(alone - 0.6 * min(1, rested) + 0.25)
    calm = [one for i in range(9) for one in (close(4000 * i), entry(4000 * i + 3000, 1))]
    assert evidence(*calm)["joint"] == 0


def test_joint_hears_of_the_refusal_a_moment_later() -> None:
    no = act(0, "ORDER_REJECTED", symbol=BTC, reason="EXPOSURE_REACHED")
    assert evidence(entry(0, 1), no)["joint"] == pytest.approx(1.2 - K["joint"])
    rushed = entry(0, 1, latency_ms=1)
    assert evidence(rushed, no)["joint"] == pytest.approx(0.6 * 2.5 - K["joint"] + 1.2)


def test_more_entries_an_hour_than_his_pace_gives() -> None:
    acts = [entry(60.0 * i, 1) for i in range(30)]
    usual = 3600 / (600 * math.exp(0.9**2 / 2) + 480)
    detector = TiltDetector(RULES)
    feed(detector, acts[:-1])
    del detector.evidence.amounts["vel"]
    feed(detector, acts[-1:])
    z = min(3, (29 - usual) / math.sqrt(usual + 0.75))
    assert detector.evidence.amounts["vel"] == pytest.approx(z - K["vel"])


def test_clicks_in_a_minute_but_none_on_the_way_to_less_risk() -> None:
    burst = [act(0.2 * i, "CLICK") for i in range(30)]
    assert evidence(*burst)["clicks"] > 5
    assert evidence(*(act(30.0 * i, "CLICK") for i in range(30)))["clicks"] == 0
    leaving = [act(0.2 * i, "CLICK", reduces_risk=True) for i in range(30)]
    assert evidence(*leaving, act(7, "CLICK"))["clicks"] == 0


# -- rare acts -------------------------------------------------------------------------------
def points(*acts: UserAction) -> dict[str, float]:
    detector = TiltDetector(RULES)
    feed(detector, list(acts))
    return dict(detector.points.amounts)


def test_leaving_the_page_at_once_but_not_by_losing_the_connection() -> None:
    opened = act(0, "JOURNAL_OPEN")
    assert points(opened, act(59, "JOURNAL_LEAVE")) == {"left": 1.5}
    assert points(opened, act(61, "JOURNAL_LEAVE")) == {}
    assert points(opened, act(5, "JOURNAL_LEAVE", reason="connection")) == {}
    assert points(act(5, "JOURNAL_LEAVE")) == {}


def test_a_pasted_page() -> None:
    assert points(act(0, "JOURNAL_SUBMIT", reason="paste")) == {"paste": 1.5}
    assert points(act(0, "JOURNAL_SUBMIT", reason="too_short")) == {}


def test_money_added_right_after_a_large_loss_or_a_breaker() -> None:
    lost = [close(0, -1.5), close(60, -1.5)]
    assert points(*lost, act(7200, "DEPOSIT")) == {"deposit": 2.0}
    assert points(*lost, act(7300, "DEPOSIT")) == {}  # the first is out of sight
    assert points(close(0, -2.9), act(60, "DEPOSIT")) == {}
    tripped = TiltDetector(RULES)
    tripped.update_metrics(act(0, "COMMAND"))
    tripped.tripped(tripped.now_ns)
    tripped.update_metrics(act(60, "DEPOSIT"))
    assert dict(tripped.points.amounts) == {"deposit": 2.0}


def test_money_counts_when_it_was_sent_not_when_that_is_told() -> None:
    """A venue reports late: what came after the deposit was no reason for it."""

    def told(seconds: float, done: float) -> UserAction:
        return act(seconds, "DEPOSIT", done_us=act(done, "COMMAND").ts_us)

    lost = [close(0, -1.5), close(60, -1.5)]
    assert points(*lost, told(120, done=-5)) == points(*lost, told(120, done=59)) == {}
    assert points(*lost, told(120, done=60)) == points(*lost, told(90, 500)) == {"deposit": 2.0}
    assert points(*lost, told(9000, done=7200)) == {"deposit": 2.0}
    for done, found in ((59, {}), (61, {"deposit": 2.0})):
        tripped = TiltDetector(RULES)
        tripped.update_metrics(act(60, "COMMAND"))
        tripped.tripped(tripped.now_ns)
        tripped.update_metrics(told(120, done))
        assert dict(tripped.points.amounts) == found


def test_rules_loosened_or_code_changed_after_a_losing_session() -> None:
    lost = close(0, -1)
    for reason in ("loosen", "code"):
        assert points(lost, act(60, "RULE_EDIT", reason=reason)) == {"edit": 2.0}
    ended = act(100, "SESSION_END")
    later = act(86_000, "RULE_EDIT", reason="loosen", session="t")
    assert points(lost, ended, later) == {"edit": 2.0}
    assert points(lost, ended, act(90_000, "RULE_EDIT", reason="loosen", session="t")) == {}
    assert points(lost, act(60, "RULE_EDIT", reason="tighten")) == {}
    assert points(close(0, 1.0, "signal"), act(60, "RULE_EDIT", reason="loosen")) == {}


def test_loss_and_streak_alone_never_score() -> None:
    acts = [close(10.0 * i, -1.0, "manual") for i in range(50)]
    assert feed(TiltDetector(RULES), acts).score == 0


# -- earlier rules ---------------------------------------------------------------------------
def test_rules_from_before_know_four_indicators_and_later_ones_go_on() -> None:
    from genesis.rules import parse

    old = parse(text_before_behaviour(load("sniper").text)).tilt
    assert list(old.indicators) == ["gap", "size_l", "reent", "cancel"]
    detector = TiltDetector(old)
    feed(detector, [entry(0), close(30), hasty(33)])
    gap = detector.evidence.amounts["gap"]
    assert gap > 2 and "skip" not in detector.evidence.amounts
    detector.set_rules(RULES)
    assert detector.evidence.amounts["gap"] == gap
    feed(detector, [hasty(36)])
    assert detector.evidence.amounts["skip"] > 0
    detector.set_rules(old)
    assert set(detector.score().contributions) == set(old.indicators)
