"""Pages and drafts through the API: two tabs, a restart, and nothing that is ever lost."""

import asyncio
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from jsonschema import Draft202012Validator

from genesis.domain.events import JournalAssessed
from genesis.domain.time import MILLISECOND, SECOND
from genesis.service.api import pages
from genesis.service.api.bodies import MOST_DELTAS
from genesis.store.journal import Draft, Journal
from tests.support.acts import Page
from tests.support.api import KEYS, Room
from tests.support.pages import page_of

DELTAS = [{"ts_ms": 1_700_000_000_000 + n, "inserted": 1, "how": "typed"} for n in range(3)]


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    it = Room(tmp_path)
    yield it
    it.close()


def put(room: Room, text: str, **more: Any) -> Any:
    return room.ask(("PUT", "/journal/draft", {"text": text, **more}))


def draft(room: Room) -> dict[str, Any]:
    return dict(room.ask(("GET", "/journal/draft")).json())


def test_before_anything_is_written_the_draft_is_empty(room: Room) -> None:
    nothing = {"text": "", "deltas": [], "opened_at": None, "saved_at": None, "version": 0}
    assert draft(room) == nothing


def test_a_draft_keeps_text_and_how_it_was_typed_over_a_restart(tmp_path: Path) -> None:
    room = Room(tmp_path)
    answer = put(room, "half a page", deltas=DELTAS, opened_at="2023-11-14T22:00:00Z")
    saved_at = "2023-11-14T22:13:20Z"
    assert answer.json() == {"saved_at": saved_at, "characters": 11, "version": 1}
    told = draft(room)
    room.close()
    again = Room(tmp_path)
    assert told == draft(again)
    assert told == {
        "text": "half a page",
        "deltas": DELTAS,
        "opened_at": "2023-11-14T22:00:00Z",
        "saved_at": saved_at,
        "version": 1,
    }
    again.close()


def test_a_stale_tab_is_told_the_newer_text_and_overwrites_nothing(room: Room) -> None:
    assert put(room, "we both saw this", version=0).json()["version"] == 1
    assert put(room, "mine", version=1).json()["version"] == 2
    stale = put(room, "yours", version=1)
    assert stale.status_code == 409
    told = stale.json()
    assert (told["reason"], told["text"], told["version"]) == ("newer_draft", "mine", 2)
    assert draft(room)["text"] == "mine"
    assert put(room, "mine and yours", version=2).status_code == 200  # it chose
    assert put(room, "whoever comes last").json()["version"] == 4  # without a version: it counts


@pytest.mark.parametrize(
    "body",
    [
        {"text": 5},
        {"text": "x", "deltas": [{"ts_ms": -1, "inserted": 1}]},
        {"text": "x", "deltas": [{"ts_ms": 1, "inserted": 1, "how": "telepathy"}]},
        {"text": "x", "opened_at": "yesterday"},
        {"text": "x", "opened_at": 2**63},
        {"text": "x", "opened_at": "1" * 65},
        {"text": "x", "version": -1},
        {"text": "x", "version": "1"},
        {"text": "x" * 100_001},
        {"words": "x"},
    ],
)
def test_malformed_drafts_are_told_so_and_change_nothing(room: Room, body: dict[str, Any]) -> None:
    put(room, "kept")
    assert room.ask(("PUT", "/journal/draft", body)).status_code == 422
    assert draft(room)["text"] == "kept"


def test_more_changes_than_a_page_takes_are_told_in_words(room: Room) -> None:
    one = {"ts_ms": 1_700_000_000_000, "inserted": 1}
    assert put(room, "x", deltas=[one] * MOST_DELTAS).status_code == 200
    for method, path in (("PUT", "/journal/draft"), ("POST", "/journal")):
        answer = room.ask((method, path, {"text": "x", "deltas": [one] * (MOST_DELTAS + 1)}))
        assert answer.status_code == 422
        assert answer.json()["detail"] == "deltas: takes at most 10000 items"
    assert draft(room)["version"] == 1


def test_a_draft_that_an_earlier_version_kept_is_still_a_draft(room: Room) -> None:
    told = json.dumps([{"ts_ms": 1_700_000_000_000, "inserted": 4, "how": "draft"}])
    Journal(room.log.database).save_draft(pages.DRAFT, Draft("kept", deltas=told))
    assert draft(room)["deltas"] == json.loads(told)
    more = {"ts_ms": 1_700_000_000_001, "inserted": 9, "how": "draft"}
    put(room, "kept", deltas=[more])
    assert draft(room)["deltas"] == [{**more, "inserted": 4}]


def test_how_a_page_came_to_be_is_looked_at_beside_the_engine(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The engine's own loop never waits for it."""
    real, threads = pages.vouched, []

    def vouched(*given: Any) -> Any:
        threads.append(threading.current_thread())
        return real(*given)

    monkeypatch.setattr(pages, "vouched", vouched)
    room.pause()
    put(room, "x", deltas=DELTAS)
    room.ask(("POST", "/journal", {"text": "x", "deltas": DELTAS}))
    override(room, deltas=DELTAS)
    assert len(threads) == 3
    assert threading.main_thread() not in threads


def test_the_read_key_sees_no_page(room: Room) -> None:
    assert room.ask(("GET", "/journal/draft"), key=KEYS.read).status_code == 403


# -- pages -----------------------------------------------------------------------------------
def test_without_an_intervention_a_page_is_kept_and_asked_of_nobody(room: Room) -> None:
    text = "I write because I want to. "
    answer = room.ask(("POST", "/journal", {"text": text}))
    told = answer.json()
    assert (answer.status_code, told["accepted"], told["reason"]) == (409, False, "not_required")
    assert told["word_count"] == 6
    assert page_of(room.log.database, told["sha256"]).text == text
    kinds = {row.kind for row in room.log.reader.recent(1000)}
    assert "JournalAssessed" not in kinds  # nothing that discipline would judge


def test_two_tabs_one_intervention_the_second_is_answered_calmly(room: Room) -> None:
    room.pause()
    assert room.parts.shapes.intervention() is not None
    short = room.ask(("POST", "/journal", {"text": "too little", "client_ref": "tab-1"}))
    assert (short.status_code, short.json()["reason"]) == (409, "too_short")
    again = room.ask(("POST", "/journal", {"text": "other text", "client_ref": "tab-1"}))
    assert again.json() == short.json()  # the same reference: the same answer
    assert room.ask(("GET", "/commands/tab-1")).json() == {**short.json(), "status": 409}
    put(room, "the page of the first tab")
    room.happen(JournalAssessed(room.clock.now_ns(), "ab" * 32, 500, True, "accepted", "tab-2"))
    late = room.ask(("POST", "/journal", {"text": "the page of the second tab"}))
    assert (late.status_code, late.json()["reason"]) == (409, "not_required")
    kept = page_of(room.log.database, late.json()["sha256"])
    assert kept.text == "the page of the second tab"


# -- what stands for a draft -----------------------------------------------------------------
TEXT = Page().text


def written(room: Room, text: str, over_s: int = 540) -> list[dict[str, Any]]:
    """The text comes in by sixes, from now on."""
    start_ms, pieces = room.clock.now_ns() // MILLISECOND, range(0, len(text), 6)
    step_ms = over_s * 1000 // len(pieces)
    deltas = [
        {"ts_ms": start_ms + (n + 1) * step_ms, "inserted": len(text[i : i + 6]), "how": "typed"}
        for n, i in enumerate(pieces)
    ]
    room.clock.seen("test", room.clock.now_ns() + (over_s + 1) * SECOND)
    return deltas


def as_draft(room: Room, size: int) -> list[dict[str, Any]]:
    return [{"ts_ms": room.clock.now_ns() // MILLISECOND, "inserted": size, "how": "draft"}]


def verdict(room: Room, text: str, deltas: list[dict[str, Any]]) -> str:
    page = {"text": text, "deltas": deltas}
    return str(room.ask(("POST", "/journal", page)).json()["reason"])


def test_a_pasted_page_does_not_pass_as_a_draft(room: Room) -> None:
    room.pause()
    own = written(room, TEXT[:700])
    rest = len(TEXT) - 700
    assert verdict(room, TEXT, [*own, *as_draft(room, rest)]) == "paste"
    put(room, TEXT)  # nobody saw it come to be
    assert verdict(room, TEXT, [*own, *as_draft(room, rest)]) == "too_soon"
    room.at("60000", 120)
    assert verdict(room, TEXT, [*own, *as_draft(room, rest)]) == "paste"
    told = [*own, *as_draft(room, rest)]
    put(room, TEXT, deltas=told)
    assert draft(room)["deltas"][-1]["inserted"] == 0  # no more than it is worth
    put(room, TEXT, deltas=told)
    room.at("60000", 120)
    assert verdict(room, TEXT, told) == "paste"
    assert draft(room)["text"] == TEXT


def test_a_page_begun_before_the_pause_goes_on_as_a_draft(room: Room) -> None:
    own = written(room, TEXT[:1500])
    put(room, TEXT[:1500], deltas=own)
    room.pause()
    kept = as_draft(room, 1500)
    put(room, TEXT[:1500], deltas=kept)
    assert draft(room)["deltas"] == kept
    told = [*kept, *written(room, TEXT[1500:])]
    put(room, TEXT, deltas=told)
    assert verdict(room, TEXT, told) == "accepted"
    assert draft(room)["text"] == ""


def test_the_draft_stays_until_its_acceptance_is_written_down(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    room.pause()
    own = written(room, TEXT)
    put(room, TEXT, deltas=own)

    async def killed(_event: object) -> None:
        raise RuntimeError("the engine was killed")

    monkeypatch.setattr(room.parts.journal, "_ask", killed)
    answer = room.ask(("POST", "/journal", {"text": TEXT, "deltas": own}))
    assert answer.status_code == 500
    monkeypatch.undo()
    assert draft(room)["text"] == TEXT
    assert verdict(room, TEXT, own) == "accepted"
    assert draft(room)["text"] == ""


def both_at_once(room: Room, page: dict[str, Any]) -> list[httpx.Response]:
    """The same page as the page of the intervention, and as that of an override."""
    given = {"deltas": page["deltas"], "confirmation": ACCEPT, "journal_entry": page["text"]}

    async def scene(client: httpx.AsyncClient) -> list[httpx.Response]:
        sent = client.post("/journal", json=page), client.post("/tilt/override", json=given)
        return list(await asyncio.gather(*sent))

    return list(room.run(scene))


def test_one_page_is_one_page_also_when_it_is_sent_twice_at_once(room: Room) -> None:
    room.pause()
    own = written(room, TEXT)
    handed_in, overridden = both_at_once(room, {"text": TEXT, "deltas": own})
    told = [handed_in.json(), overridden.json()]
    assert sum(one["accepted"] for one in told) == 1, told
    assert "reused" in (told[0]["reason"], told[1].get("page"))


# -- overrides -------------------------------------------------------------------------------
ACCEPT = "I ACCEPT THE RISKS"


def override(room: Room, **body: Any) -> Any:
    given = {"journal_entry": Page(150).text, "confirmation": ACCEPT, **body}
    return room.ask(("POST", "/tilt/override", given))


def test_the_time_of_an_override_counts_with_and_without_deltas(room: Room) -> None:
    room.pause()
    hasty = override(room)
    assert (hasty.status_code, hasty.json()["page"]) == (400, "too_fast")
    room.at("60000", 150)
    assert override(room).status_code == 200


def test_an_override_of_a_pasted_draft_is_none(room: Room) -> None:
    room.pause()
    room.at("60000", 300)
    text = Page(150).text
    answer = override(room, deltas=as_draft(room, len(text)))
    assert (answer.status_code, answer.json()["page"]) == (400, "paste")


def test_words_typed_in_the_wrong_field_are_in_no_event(room: Room) -> None:
    secret = "what I would tell nobody"
    assert room.ask(("POST", "/tier/ceremony", {"phrase": secret})).status_code == 409
    room.pause()
    room.at("60000", 300)
    wrong = override(room, confirmation=secret)
    assert (wrong.status_code, wrong.json()["attempts_left"]) == (400, 2)
    rows = room.log.reader.recent(1000)
    assert {"OperatorActed"} <= {row.kind for row in rows}
    assert secret not in "".join(map(str, rows))
    assert override(room).status_code == 200


def test_the_page_that_an_override_owes_is_begun_after_it(room: Room) -> None:
    room.pause()
    early = written(room, TEXT)
    assert override(room).status_code == 200
    told = room.ask(("GET", "/tilt/status")).json()
    assert (told["override"]["pages_owed"], told["intervention_active"]) == (1, False)
    page = {"text": TEXT, "deltas": early, "opened_at": early[0]["ts_ms"] * MILLISECOND - 1}
    assert room.ask(("POST", "/journal", page)).json()["reason"] == "paste"  # nobody saw it
    backdated = [{**delta, "ts_ms": delta["ts_ms"] + 541_000} for delta in early]
    page |= {"deltas": backdated}
    assert room.ask(("POST", "/journal", page)).json()["accepted"] is False
    own = written(room, TEXT)
    assert room.ask(("POST", "/journal", {**page, "deltas": own})).json()["accepted"] is True
    assert room.ask(("GET", "/tilt/status")).json()["override"]["pages_owed"] == 0


def test_a_page_that_was_accepted_answers_nothing_else_however_it_is_written(room: Room) -> None:
    """The page of an override, typed once more by hand, is not the page the override owes."""
    room.pause()
    given = {"journal_entry": TEXT, "deltas": written(room, TEXT)}
    assert override(room, **given).status_code == 200
    assert verdict(room, TEXT, written(room, TEXT)) == "reused"
    assert room.ask(("GET", "/tilt/status")).json()["override"]["pages_owed"] == 1
    other = " ".join(reversed(TEXT.split()))
    assert verdict(room, other, written(room, other)) == "accepted"


def test_the_same_reference_of_an_override_gives_the_same_answer(room: Room) -> None:
    room.pause()
    for ref, body in (
        ("bad page", {"journal_entry": "the same words again " * 40}),
        ("too short", {"journal_entry": "short"}),
        ("done", {}),
        ("locked", {"journal_entry": "short"}),
    ):
        room.at("60000", 300)
        first = override(room, client_ref=ref, **body)
        again = override(room, client_ref=ref, **body)
        assert (again.status_code, again.json()) == (first.status_code, first.json()), ref
        other = override(room, client_ref=ref, journal_entry="something else")
        assert other.json() == first.json(), ref


@pytest.mark.parametrize(
    ("code", "seconds", "body"),
    [
        (200, 300, {}),
        (400, 300, {"confirmation": "I accept the risks"}),
        (400, 0, {}),
        (409, 300, {"is_paused": False}),
        (422, 300, {"journal_entry": "short"}),
        (422, 300, {"more": 1}),
        (423, 300, {}),
    ],
)
def test_every_answer_to_an_override_is_as_the_document_says(
    room: Room, code: int, seconds: int, body: dict[str, Any]
) -> None:
    """Three calls lock overrides, so that many calls see little else than the lock."""
    if body.get("is_paused", True):
        room.pause()
    room.at("60000", seconds)
    if code == 423:
        assert override(room).status_code == 200
    answer = override(room, **{name: told for name, told in body.items() if name != "is_paused"})
    assert answer.status_code == code, answer.text
    document = room.document
    told = document["paths"]["/tilt/override"]["post"]["responses"][str(code)]
    schema = told["content"]["application/json"]["schema"]
    whole = {**schema, "components": document["components"]}
    Draft202012Validator(whole).validate(answer.json())
    assert {"accepted", "reason"} <= set(answer.json())
