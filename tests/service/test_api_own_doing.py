"""What a client may send about itself changes nothing of what is known of the trader."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from genesis.domain.account import Tier
from tests.service.test_api_drafts import written
from tests.support.acts import Page
from tests.support.api import Room


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    it = Room(tmp_path)
    yield it
    it.close()


def test_a_session_id_of_the_clients_choice_forgets_nothing(room: Room) -> None:
    context = room.engine.state.tilt.detector.context
    for n in range(2):
        bought = {"text": "buy 100 usdt btc", "session_id": f"mine {n}"}
        assert room.ask(("POST", "/commands", bought)).status_code == 200
        room.at("60000", 600)
        room.stop_out()
        room.at("60000", 600)
    assert context.losses == 2
    began_us = context.session_start_us
    assert began_us is not None and context.entries_us[0] == began_us


def test_a_page_of_the_day_may_be_short_but_not_pasted(room: Room) -> None:
    tiers = room.engine.state.tiers
    tiers._state = replace(tiers.state, tier=Tier.HUNTER)  # its gates count days with a page

    def counts() -> bool:
        return tiers.history.has_page(room.clock.now_ns())

    pasted: dict[str, Any] = {"text": "a " * 100}
    told = room.ask(("POST", "/journal", pasted)).json()
    assert told["reasons"][0] == told["reason"] == "too_short"
    assert {"paste", "repetitive"} <= set(told["reasons"])
    assert not counts()
    room.at("60000", 120)
    text, opened_at = Page(110).text, room.clock.now_ns()
    page = {"text": text, "opened_at": opened_at, "deltas": written(room, text, over_s=180)}
    told = room.ask(("POST", "/journal", page)).json()
    assert told["reasons"] == ["too_short"]  # for an intervention
    assert counts()
