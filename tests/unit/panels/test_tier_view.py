"""The path of the tiers in words: gates, waits, the ceremony and the notice of a step down."""

from typing import Any

import pytest

from genesis.domain.account import Tier, TierMode
from genesis.domain.time import SECOND
from genesis.panels.tier_path import TierPath
from genesis.panels.tier_view import (
    FEATURES,
    ceremony_answer,
    notice,
    path_view,
    tier_view,
)
from genesis.panels.views import MODES, TIERS
from genesis.rules import load
from genesis.service.api.tier_plan import plan
from genesis.tiers.state import TierState


def gate(name: str, has: str, needed: str, *, passed: bool) -> dict[str, Any]:
    return {"gate": name, "current_value": has, "required_value": needed, "passed": passed}


GATES = [
    gate("capital", "500 USDT at 3 closes", "2000 USDT at 3 closes", passed=False),
    gate("days_at_tier", "12", "30", passed=False),
    gate("violations", "0", "at most 0 in 30 days", passed=True),
    gate("execution_speed", "not asked of a paper account", "90 %", passed=True),
]
OPENED = {
    "at": "2024-01-01T00:00:00Z",
    "from": "SNIPER",
    "to": "SNIPER",
    "from_mode": "ACTIVE",
    "mode": "ACTIVE",
    "reason": "account opened",
}


def told(**more: Any) -> dict[str, Any]:
    """GET /tier/path of a calm account."""
    return {
        "tier": "SNIPER",
        "mode": "ACTIVE",
        "since": "2024-01-01T00:00:00Z",
        "next_tier": "HUNTER",
        "gates": GATES,
        "evaluation": None,
        "paper": None,
        "ceremony": None,
        "adjust": None,
        "no_promotion_before": None,
        "plan": ["Trade as you planned to."],
        "reduce_only": [],
        "history": [OPENED],
        **more,
    }


def change(**more: str) -> dict[str, str]:
    return OPENED | {"at": "2024-01-09T10:30:00Z"} | more


# -- words for everything that exists --------------------------------------------------------
def test_every_tier_mode_and_feature_has_words() -> None:
    assert list(TIERS) == [tier.value for tier in Tier]
    assert set(MODES) == {mode.value for mode in TierMode}
    features = load("sniper").tiers.features
    assert set().union(*(one.names for one in features.values())) <= set(FEATURES)


@pytest.mark.parametrize("mode", list(TierMode))
def test_the_path_of_every_mode_can_be_shown(mode: TierMode) -> None:
    table = load("sniper").tiers
    lines = plan(TierState(Tier.SNIPER, mode, 5 * SECOND), table, None)
    view = path_view(told(mode=mode.value, plan=lines))
    shown = view["mode"]["plan"] or view["notice"]["asks"]
    assert shown == lines


# -- the way ---------------------------------------------------------------------------------
def test_the_stones_of_the_way() -> None:
    view = path_view(told(tier="HUNTER"))
    assert [one["state"] for one in view["stones"]] == ["passed", "here", "ahead", "ahead"]
    assert {one["state"] for one in path_view(told(tier="?"))["stones"]} == {"ahead"}


def test_the_stone_moves_with_the_gates_and_waits_before_the_ceremony() -> None:
    shares = [
        path_view(told(gates=[one | {"passed": n < count} for n, one in enumerate(GATES)]))["share"]
        for count in range(5)
    ]
    assert shares == sorted(set(shares))
    assert shares[0] == 0
    assert shares[-1] < path_view(told(mode="CEREMONY"))["share"] < 1
    assert path_view(told(gates=[]))["share"] == 0


def test_gates_keep_the_words_of_the_engine() -> None:
    view = path_view(told())
    first, second, *_ = view["gates"]["rows"]
    assert (first["has"], first["needed"]) == ("500 USDT at 3 closes", "2000 USDT at 3 closes")
    assert (second["name"], second["has"], second["needed"]) == ("days in this tier", "12", "30")
    assert second["share"] == 0.4
    assert view["gates"]["summary"] == "2 of 4 gates to hunter are passed at this moment."
    assert path_view(told(gates=[]))["gates"]["none"]
    everything = [one | {"passed": True} for one in GATES]
    assert path_view(told(gates=everything))["gates"]["summary"].startswith("Every gate")


def test_the_last_evaluation_is_the_one_the_engine_recorded() -> None:
    assert path_view(told())["evaluation"]["title"].startswith("None yet")
    found = {
        "day": "2024-01-08",
        "evaluated_at": "2024-01-09T00:05:00Z",
        "tier": "SNIPER",
        "passed": False,
        "gates": GATES[:2],
    }
    view = path_view(told(evaluation=found))["evaluation"]
    assert view["title"] == "2024-01-08, at 00:05 UTC: not every gate passed."
    assert [row["name"] for row in view["rows"]] == ["capital", "days in this tier"]


def test_paper_time_and_adjustment_are_counted() -> None:
    paper = {"since": "A", "until": "B", "profitable_days": 1, "needed_days": 3}
    adjust = {"until": "C", "trades": 4, "needed_trades": 10}
    waits = path_view(told(paper=paper, adjust=adjust, no_promotion_before="D"))["waits"]
    assert [(one["words"], one["until"]) for one in waits] == [
        ("Paper time: 1 of 3 profitable days", "B"),
        ("Half sizes: 4 of 10 trades", "C"),
        ("No promotion for", "D"),
    ]


def test_the_history_is_told_newest_first() -> None:
    up = change(to="HUNTER", from_mode="CEREMONY", mode="ADJUST48", reason="the ceremony was held")
    newest, oldest = path_view(told(history=[OPENED, up]))["history"]
    assert newest == {
        "at": "2024-01-09 10:30",
        "way": "sniper to hunter",
        "mode": "new in this tier",
        "reason": "The ceremony was held",
        "up": True,
    }
    assert (oldest["way"], oldest["up"]) == ("sniper", False)


def test_what_is_counted_down_is_not_said_twice() -> None:
    lines = ["Small sizes.", "No promotion before 2024-03-01T00:00:00Z."]
    assert path_view(told(plan=lines, no_promotion_before="D"))["mode"]["plan"] == lines[:1]


# -- the ceremony ----------------------------------------------------------------------------
def test_a_ceremony_names_what_opens() -> None:
    assert path_view(told())["ceremony"] is None
    given = {"phrase": "I understand", "until": "U", "unlocks": ["iceberg_hunter", "new_thing"]}
    part = path_view(told(mode="CEREMONY", ceremony=given))["ceremony"]
    assert (part["tier"], part["phrase"], part["until"]) == ("HUNTER", "I understand", "U")
    assert part["unlocks"] == [FEATURES["iceberg_hunter"], "new thing"]
    assert any("ADJUST48" in line for line in part["adjust"])


@pytest.mark.parametrize(
    ("status", "body", "held", "words"),
    [
        (200, {"accepted": True, "tier": "HUNTER", "mode": "ADJUST48"}, True, ""),
        (400, {"detail": "wrong"}, False, "letter by letter. Nothing has changed."),
        (409, {"reason": "a gate fails"}, False, "A gate fails. Nothing has changed."),
        (503, None, False, "The engine answered 503. Nothing has changed."),
    ],
)
def test_answers_to_a_phrase_are_calm(status: int, body: Any, held: bool, words: str) -> None:
    view = ceremony_answer(status, body)
    assert view["held"] is held
    assert view["words"].endswith(words)


# -- the notice ------------------------------------------------------------------------------
def test_a_calm_account_gets_no_notice() -> None:
    assert notice(told()) is None
    up = change(to="HUNTER", mode="ADJUST48", from_mode="CEREMONY")
    assert notice(told(tier="HUNTER", mode="ADJUST48", history=[OPENED, up])) is None


def test_an_emergency_tells_what_happened_and_what_is_safe() -> None:
    down = change(**{"from": "HUNTER", "to": "SNIPER", "mode": "EMERGENCY", "reason": "a loss"})
    held = [{"symbol": "ETH/USDT", "quantity": "0.0120"}]
    part = notice(
        told(mode="EMERGENCY", history=[OPENED, down], reduce_only=held, no_promotion_before="N")
    )
    assert part is not None
    assert part["happened"] == "A loss. The way led from hunter to sniper."
    assert part["at"] == "2024-01-09 10:30"
    assert "protective stop" in part["safe"]
    assert part["reduce"] == ["0.012 ETH/USDT"]
    assert (part["asks"], part["until"]) == (["Trade as you planned to."], "N")
    assert not path_view(told(mode="EMERGENCY", no_promotion_before="N"))["waits"]


def test_the_notice_of_a_recovery_remembers_the_step_down() -> None:
    down = change(**{"from": "HUNTER", "to": "SNIPER", "mode": "EMERGENCY", "reason": "a loss"})
    back = change(from_mode="EMERGENCY", mode="RECOVERY", reason="time")
    part = notice(told(mode="RECOVERY", history=[down, back]))
    assert part is not None
    assert part["title"] == "The quiet way back"
    assert "from hunter to sniper" in part["happened"]


def test_a_halt_and_a_step_down_for_capital_have_notices_of_their_own() -> None:
    halted = change(mode="HALTED", reason="halted by hand")
    part = notice(told(mode="HALTED", history=[OPENED, halted]))
    assert part is not None
    assert (part["title"], part["happened"]) == ("Trading is halted", "Halted by hand.")
    lower = change(**{"from": "HUNTER", "to": "SNIPER", "reason": "CAPITAL"})
    part = notice(told(history=[OPENED, lower]))
    assert part is not None
    assert part["title"] == "Back to sniper"
    assert "Nothing is sold" in part["safe"]


# -- the widget ------------------------------------------------------------------------------
def test_the_stream_says_when_the_path_is_to_be_asked_for_again() -> None:
    before = tier_view({"tier": "SNIPER", "mode": "ACTIVE", "gates": GATES, "equity": "1"})
    same = tier_view({"tier": "SNIPER", "mode": "ACTIVE", "gates": GATES, "equity": "2"})
    other = tier_view({"tier": "SNIPER", "mode": "CEREMONY", "gates": GATES})
    assert before["key"] == same["key"] != other["key"]


def test_the_widget_words_the_answers_it_asked_for() -> None:
    face = TierPath()
    assert face.answered("/tier/path", 200, told())["view"]["mode"]["name"] == "ACTIVE"
    assert face.answered("/tier/path", 503, {"detail": "x"}) == {}
    assert face.answered("/tier/ceremony", 400, {})["view"]["held"] is False
    assert face.answered("/commands", 200, {}) == {}
