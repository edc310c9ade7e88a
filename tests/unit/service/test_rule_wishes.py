"""Rules at the control API, and what a start asks for and says."""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from genesis.domain.events import RunStarted
from genesis.engine.rule_edits import FILE, VERSION
from genesis.rules import load
from genesis.service import rule_wishes
from genesis.service.rule_wishes import became, sign, standing, told, wish
from tests.support.api import KEYS, Room
from tests.support.engines import T0, Bench
from tests.unit.engine.test_rule_edits import LOOSER, STRICTER, want
from tests.unit.rules.test_edits import MIXED, edited

SNIPER = load("sniper")
LAST = RunStarted(T0, 1, "sniper", SNIPER.text, SNIPER.sha256, "code", "0")


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    it = Room(tmp_path, rules=SNIPER)
    yield it
    it.close()


# -- what a start asks for -------------------------------------------------------------------
def test_settings_that_say_the_same_as_last_time_ask_for_nothing() -> None:
    bench = Bench()
    assert wish(SNIPER, bench.engine, LAST, "code", T0) is None
    want(bench, STRICTER, "proposed")
    assert wish(SNIPER, bench.engine, LAST, "code", T0) is None  # a proposal is not undone


def test_an_edited_file_is_a_wish_of_the_trader_and_a_new_version_is_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bench = Bench()
    mine = edited(LOOSER)
    assert wish(replace(mine, name="mine"), bench.engine, LAST, "other code", T0).reason == FILE
    # a file of his own that bears the name of a rulebook of ours
    assert wish(mine, bench.engine, LAST, "other code", T0).reason == FILE
    monkeypatch.setattr(rule_wishes, "load", lambda name: mine)  # the version ships these numbers
    assert wish(mine, bench.engine, LAST, "other code", T0).reason == VERSION
    assert wish(mine, bench.engine, LAST, "code", T0).reason == FILE
    assert wish(mine, bench.engine, None, "code", T0).reason == FILE


def test_every_field_of_an_edit_is_told_in_a_line_of_its_own() -> None:
    bench = Bench()
    lines = list(told(want(bench, MIXED)))
    assert lines == [
        "rule risk.tiers.SNIPER.position_fraction 0.05 -> 0.04 holds now",
        "rule tilt.override.phrase I ACCEPT THE RISKS -> ok never holds: "
        "it is locked: it changes with a new home only",
        "rule risk.tiers.SNIPER.exposure_fraction 0.05 -> 0.1 is looser and holds from "
        "2024-10-11 00:00:01 UTC on, if all stays calm",
    ]


def test_what_stands_is_told_at_a_start_that_asks_for_nothing() -> None:
    bench = Bench()
    assert list(standing(SNIPER, bench.engine)) == []
    want(bench, LOOSER)
    assert list(standing(edited(LOOSER), bench.engine)) == [
        "looser from 2024-10-11 00:00:01 UTC on, if all stays calm: "
        "risk.tiers.SNIPER.position_fraction"
    ]
    bench.act("halt", reason="I need a break")
    [line] = standing(edited(LOOSER), bench.engine)
    assert line.startswith("not looser (trading was halted") and "genesis rules propose" in line
    bench = Bench()
    want(bench, STRICTER, "proposed")
    [line] = standing(SNIPER, bench.engine)
    assert line.endswith("see `genesis rules diff`")


# -- the control API -------------------------------------------------------------------------
def test_rules_are_proposed_with_the_control_key_and_seen_with_either(room: Room) -> None:
    body = {"text": edited(MIXED).text}
    assert room.ask(("POST", "/rules", body), key=KEYS.read).status_code == 403
    answer = room.ask(("POST", "/rules", body)).json()
    assert [edit["field"] for edit in answer["now"]] == ["risk.tiers.SNIPER.position_fraction"]
    assert [edit["field"] for edit in answer["later"]] == ["risk.tiers.SNIPER.exposure_fraction"]
    assert [edit["field"] for edit in answer["never"]] == ["tilt.override.phrase"]
    seen = room.ask(("GET", "/rules"), key=KEYS.read).json()
    assert seen["pending"] == answer["later"]
    assert seen["pending_until"] == answer["later_from"]
    assert seen["sha256"] == room.engine.state.rules.sha256 != SNIPER.sha256
    again = room.ask(("POST", "/rules", body)).json()
    assert (again["now"], again["later"], again["what"][:-1]) == ([], answer["later"], [])


def test_what_is_no_rulebook_is_malformed_and_changes_nothing(room: Room) -> None:
    before = room.log.last_step
    for text in ("", "name = 'x'", "[", SNIPER.text + "\nlucky = 7"):
        answer = room.ask(("POST", "/rules", {"text": text}))
        assert answer.status_code == 422, answer.text
        assert answer.json()["detail"]
    assert room.log.last_step == before


def test_a_cancelled_edit_is_seen_until_something_else_is_wanted(room: Room) -> None:
    room.ask(("POST", "/rules", {"text": edited(LOOSER).text}))
    halt = {"reason": "a break for today", "confirmation": "HALT TRADING NOW"}
    room.ask(("POST", "/emergency/halt", halt))
    seen = room.ask(("GET", "/rules")).json()
    assert seen["pending"] == [] and seen["pending_until"] is None
    assert "halted" in seen["cancelled"]["reason"]
    refused = room.ask(("POST", "/rules", {"text": edited(LOOSER).text})).json()
    assert [edit["why"] for edit in refused["never"]] == ["trading is halted"]
    assert [edit["again"] for edit in refused["never"]] == [True]
    room.ask(("POST", "/rules", {"text": edited(STRICTER).text}))
    assert room.ask(("GET", "/rules")).json()["cancelled"] is None


@pytest.mark.parametrize("is_halted", [False, True])
def test_a_diff_tells_what_a_proposal_would_and_changes_nothing(
    room: Room, is_halted: bool
) -> None:
    if is_halted:
        halt = {"reason": "a break for today", "confirmation": "HALT TRADING NOW"}
        room.ask(("POST", "/emergency/halt", halt))
    body, before = {"text": edited(f'name = "mine"\n{MIXED}').text}, room.log.last_step
    seen = room.ask(("POST", "/rules/diff", body)).json()
    assert room.log.last_step == before and room.engine.state.rules == SNIPER
    asked = room.ask(("POST", "/rules", body)).json()
    del asked["what"]
    assert (seen.pop("later_from") is None) == (asked.pop("later_from") is None) == is_halted
    assert seen == asked
    assert [len(asked[part]) for part in ("now", "later", "never")] == (
        [2, 0, 2] if is_halted else [2, 1, 1]
    )


def test_asking_for_looser_rules_after_a_loss_is_told_to_be_a_sign_also_when_refused() -> None:
    bench = Bench()
    assert sign(bench.engine, want(bench, LOOSER), bench.now_ns) is None
    bench.act("sell", kind="POSITION_CLOSED", pnl_r=Decimal(-1), reason="stop_loss")
    bench.act("halt", reason="I need a break")
    found = want(bench, LOOSER)
    assert found[-1].what == "CANCELLED"
    said = sign(bench.engine, found, bench.now_ns)
    assert said == "to ask for looser rules within 24 hours of a losing session is a sign of tilt"
    assert list(became(bench.engine, found, bench.now_ns, FILE))[-1] == said
    assert said not in became(bench.engine, found, bench.now_ns, VERSION)  # it is not scored
    assert bench.engine.state.tilt.score(bench.now_ns).contributions["edit"] > 0
    assert sign(bench.engine, want(bench, STRICTER), bench.now_ns) is None
