"""A client reference: one act, carried out once, and what is told of it later."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from genesis.errors import EventLogError
from tests.support.api import Room

HALT = {"confirmation": "HALT TRADING NOW", "reason": "the news is out"}
CLOSE = {"confirmation": "CLOSE ALL POSITIONS"}


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    it = Room(tmp_path)
    yield it
    it.close()


def said(room: Room, text: str, ref: str | None = None) -> Any:
    return room.ask(("POST", "/commands", {"text": text, "client_ref": ref}))


def held(room: Room) -> list[str]:
    return [position["quantity"] for position in room.ask(("GET", "/positions")).json()]


# -- a log that cannot tell ------------------------------------------------------------------
def test_without_an_event_log_nothing_is_carried_out_twice(room: Room) -> None:
    said(room, "buy 24 usdt btc")
    room.recorder.take_over(EventLogError("the disk is full"))
    first, after = said(room, "sell 6 usdt btc", "once"), held(room)
    again = said(room, "sell 6 usdt btc", "once")
    assert (first.status_code, again.status_code) == (200, 503)
    assert "carried out" in again.json()["detail"]
    assert held(room) == after
    assert room.ask(("GET", "/commands/once")).json() == again.json()


def test_without_an_event_log_no_phrase_is_judged_twice(room: Room) -> None:
    room.recorder.take_over(EventLogError("the disk is full"))
    step = ("POST", "/tier/ceremony", {"phrase": "let me in", "client_ref": "step up"})
    first, again = room.ask(step, step)
    assert (first.status_code, again.status_code) == (409, 503)


def test_without_an_event_log_an_emergency_is_never_held_back(room: Room) -> None:
    said(room, "buy 24 usdt btc")
    room.recorder.take_over(EventLogError("the disk is full"))
    said(room, "status", "used")
    halted = room.ask(("POST", "/emergency/halt", {**HALT, "client_ref": "used"}))
    closed = room.ask(("POST", "/emergency/close-all", {**CLOSE, "client_ref": "used"}))
    assert (halted.status_code, closed.json()["positions_closed"]) == (200, 1)
    assert room.engine.state.risk.drawdown.halted is not None
    assert held(room) == []


# -- the same reference for something else ---------------------------------------------------
def test_an_emergency_is_done_whatever_its_reference_was_used_for(room: Room) -> None:
    said(room, "buy 24 usdt btc")
    said(room, "status", "used")
    said(room, "by btc", "typo")
    for ref in ("used", "typo"):
        closed = room.ask(("POST", "/emergency/close-all", {**CLOSE, "client_ref": ref}))
        assert closed.json()["errors"] == []
        assert held(room) == []
        said(room, "buy 24 usdt btc")
    halted = room.ask(("POST", "/emergency/halt", {**HALT, "client_ref": "used"}))
    assert halted.status_code == 200
    assert room.engine.state.risk.drawdown.halted is not None


def test_an_emergency_in_words_is_done_as_well(room: Room) -> None:
    said(room, "buy 24 usdt btc")
    said(room, "status", "used")
    assert said(room, "close all", "used").status_code == 200
    assert held(room) == []
    assert said(room, "halt the news is out", "used").status_code == 200
    assert room.engine.state.risk.drawdown.halted is not None
    first, again = (said(room, "halt the news is out", "once") for _ in range(2))
    assert first.json() == again.json()


@pytest.mark.parametrize("used", ["status", "close btc", "buy 20 usdt btc limit 55000"])
def test_another_command_under_a_used_reference_is_refused(room: Room, used: str) -> None:
    said(room, used, "used")
    steps = room.log.last_step
    answer = said(room, "sell 6 usdt btc", "used")
    assert answer.status_code == 422
    assert answer.json()["verdict"] == "not_understood"
    assert "client_ref used was used" in answer.json()["reason"]
    assert room.log.last_step == steps


def test_a_command_under_the_reference_of_a_ceremony_is_refused(room: Room) -> None:
    room.ask(("POST", "/tier/ceremony", {"phrase": "let me in", "client_ref": "step up"}))
    assert said(room, "status", "step up").status_code == 422


def test_the_same_in_other_words_has_the_same_answer(room: Room) -> None:
    first = said(room, "buy 24 usdt btc", "once")
    intent = {"side": "buy", "symbol": "BTC/USDT", "amount_usdt": "24"}
    again = room.ask(("POST", "/commands", {"intent": intent, "client_ref": "once"}))
    assert again.json() == first.json()


def test_a_cancel_that_was_done_is_told_again_though_nothing_is_left_to_cancel(room: Room) -> None:
    key = said(room, "buy 20 usdt btc limit 55000").json()["order_key"]
    intent = {"symbol": "BTC/USDT", "cancel": key}
    cancel = ("POST", "/commands", {"intent": intent, "client_ref": "off"})
    first, again = room.ask(cancel, cancel)
    assert (first.status_code, again.json()) == (200, first.json())


# -- what was answered -----------------------------------------------------------------------
def test_what_became_of_an_act_of_discipline_is_told_as_it_was_answered(room: Room) -> None:
    step = room.ask(("POST", "/tier/ceremony", {"phrase": "let me in", "client_ref": "step up"}))
    assert room.ask(("GET", "/commands/step%20up")).json() == {
        **step.json(),
        "status": step.status_code,
    }
    room.pause()
    body = {"journal_entry": "too little", "confirmation": "I ACCEPT THE RISKS"}
    over = room.ask(("POST", "/tilt/override", {**body, "client_ref": "over"}))
    assert over.status_code == 422
    told = room.ask(("GET", "/commands/over")).json()
    assert told == {**over.json(), "status": over.status_code}
