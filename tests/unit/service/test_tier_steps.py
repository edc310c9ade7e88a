"""Steps of the tier at the operator's door, as the control API answers them."""

import asyncio
from typing import Any

import pytest

from genesis.domain.events import Event, OperatorActed
from genesis.engine.step import Step
from genesis.rules import load
from genesis.service.api.answers import Answer
from genesis.service.api.discipline_bodies import TierPath
from genesis.service.api.operations import Operations
from genesis.service.api.under_way import UnderWay
from genesis.service.operator import Manner
from genesis.service.readings import Readings
from tests.flows.test_ways_back import Live
from tests.support.engines import Bench
from tests.unit.service.test_discipline_shapes import Told

OPENING = load("sniper").tiers.opening
assert OPENING is not None


def say(bench: Bench, line: str) -> Answer:
    """One line at the door of a service around the bench's engine."""

    async def ask(event: Event) -> Step:
        return bench.tell(event)

    clock: Any = Told(bench)
    log: Any = None
    operations = Operations(
        bench.engine, Readings(), clock, ("BTC/USDT",), 1, ask, log, lambda: "", UnderWay()
    )
    return asyncio.run(operations.command(line, Manner(), None))


def test_stepping_down_is_refused_in_words_in_the_first_tier() -> None:
    told = say(Bench(), "step down")
    assert (told.status, told.body["verdict"]) == (409, "refused")
    assert told.body["reason"] == "there is no tier below SNIPER"


def test_a_reset_names_everything_that_stands_against_it() -> None:
    bench = Bench()
    say(bench, "halt enough")
    told = say(bench, "reset please")
    assert told.status == 409
    assert "it can be done in 24 hours (" in told.body["reason"]
    assert "a page" in told.body["reason"]


def test_the_go_live_phrase_opens_and_other_words_stay_nobodys_business() -> None:
    bench = Live()
    bench.later(48 * 3600)
    wrong = say(bench, "go live my secret thoughts")
    assert wrong.status == 409
    events = [s.event for s in bench.steps if isinstance(s.event, OperatorActed)]
    assert events[-1].phrase == ""
    assert say(bench, f"go live {OPENING.phrase} ").status == 409
    opened = say(bench, f"go live {OPENING.phrase}")
    assert (opened.status, opened.body["verdict"]) == (200, "approved")
    assert bench.engine.state.tiers.state.mode == "GO_LIVE"


@pytest.mark.parametrize("make", [Bench, Live])
def test_the_path_tells_what_opening_halts_and_pages_ask_for(make: type[Bench]) -> None:
    bench = make()
    path = Told(bench).shapes.tier_path()
    TierPath.model_validate(path)
    assert (path["go_live"], path["pages_due"], path["message"]) == (None, 0, None)
    bench.later(48 * 3600)
    later = Told(bench).shapes.tier_path()
    assert later["go_live"] == (OPENING.phrase if make is Live else None)
    say(bench, "halt enough")
    halted = Told(bench).shapes.tier_path()
    assert halted["pages_due"] == 1
    assert any("`genesis tier reset` can be done from" in line for line in halted["plan"])
    assert halted["pages"]["told"] == "1 page is owed, for the reset of the halt"
    assert Told(bench).shapes.tilt()["journal_entries_required"] == 1
