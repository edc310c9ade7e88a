"""The served document against the contract, and answers against the document."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest
import yaml
from jsonschema import Draft202012Validator

from genesis.domain.account import TierMode
from genesis.domain.events import Event
from genesis.engine.step import Step
from genesis.rules import load
from genesis.service.readings import KEPT
from tests.support.api import Room
from tests.support.patience import PATIENCE_S

METHODS = ("get", "put", "post")


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    """A room where something happened: a closed trade, an open position, a refusal."""
    it = Room(tmp_path_factory.mktemp("room"))
    for text in ("buy 100 usdt btc", "close btc", "buy 100 usdt btc"):
        assert it.ask(("POST", "/commands", {"text": text})).status_code == 200
        it.at("60100", 700)
    assert it.ask(("POST", "/commands", {"text": "buy 100 usdt btc"})).status_code == 409
    yield it
    it.close()


@pytest.fixture(scope="module")
def served(room: Room) -> dict[str, Any]:
    return room.document


@pytest.fixture(scope="module")
def contract(shared: Path) -> dict[str, Any]:
    found = yaml.safe_load((shared / "contract" / "openapi.yaml").read_text())
    assert isinstance(found, dict)
    return found


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, told in document["paths"].items():
        for method in METHODS:
            if method in told:
                yield path, method, told[method]


def resolved(schema: dict[str, Any], document: dict[str, Any]) -> dict[str, Any]:
    """The schema behind a reference, or the one kind behind 'that or null'."""
    while True:
        if "$ref" in schema:
            schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
            continue
        kinds = [one for one in schema.get("anyOf", ()) if one.get("type") != "null"]
        if len(kinds) != 1:
            return schema
        schema = {**{k: v for k, v in schema.items() if k != "anyOf"}, **kinds[0]}


WORDS = ("type", "format", "enum", "minimum", "maximum", "default", "minLength", "pattern")


def covers(
    ours: dict[str, Any],
    wanted: dict[str, Any],
    documents: tuple[dict[str, Any], dict[str, Any]],
    where: str,
) -> None:
    """Everything the contract says of a schema, ours says too."""
    ours, wanted = resolved(ours, documents[0]), resolved(wanted, documents[1])
    for word in WORDS:
        if word in wanted:
            assert ours.get(word) == wanted[word], f"{where}: {word}"
    assert set(wanted.get("required", ())) <= set(ours.get("required", ())), where
    for name, part in wanted.get("properties", {}).items():
        covers(ours["properties"][name], part, documents, f"{where}.{name}")
    if "items" in wanted:
        covers(ours["items"], wanted["items"], documents, f"{where}[]")


def test_every_endpoint_of_the_contract_is_served(
    served: dict[str, Any], contract: dict[str, Any]
) -> None:
    for path, method, wanted in operations(contract):
        ours, where = served["paths"][path][method], f"{method} {path}"
        assert set(wanted["responses"]) <= set(ours["responses"]), where
        known = {(each["name"], each["in"]): each["schema"] for each in ours.get("parameters", ())}
        for each in wanted.get("parameters", ()):
            covers(known[each["name"], each["in"]], each["schema"], (served, contract), where)
        if "requestBody" in wanted:
            assert ours["requestBody"]["required"] is True
            covers(body_of(ours), body_of(wanted), (served, contract), where)
        for code, answer in wanted["responses"].items():
            if "content" in answer:
                mine = ours["responses"][code]
                covers(schema_of(mine), schema_of(answer), (served, contract), f"{where} {code}")
    assert served["info"]["version"] == contract["info"]["version"]


def test_the_schemas_of_the_contract_are_served_under_their_names(
    served: dict[str, Any], contract: dict[str, Any]
) -> None:
    for name, wanted in contract["components"]["schemas"].items():
        covers(served["components"]["schemas"][name], wanted, (served, contract), name)
    wanted = contract["components"]["securitySchemes"]["ApiKeyAuth"]
    ours = served["components"]["securitySchemes"]["ApiKeyAuth"]
    assert {key: ours[key] for key in wanted} == wanted


def test_every_endpoint_declares_what_the_guard_can_say(served: dict[str, Any]) -> None:
    for path, method, told in operations(served):
        assert {"401", "403", "429", "503"} <= set(told["responses"]), f"{method} {path}"
        assert ("security" in told) == (path != "/ping"), path
        if "requestBody" in told:
            assert {"413", "422"} <= set(told["responses"]), f"{method} {path}"


def body_of(operation: dict[str, Any]) -> dict[str, Any]:
    return schema_of(operation["requestBody"])


def schema_of(told: dict[str, Any]) -> dict[str, Any]:
    schema = told["content"]["application/json"]["schema"]
    assert isinstance(schema, dict)
    return schema


# -- answers ---------------------------------------------------------------------------------
def test_answers_fit_what_is_promised(room: Room, served: dict[str, Any]) -> None:
    """Of the contract (where it is at hand, through the document) and of everything beyond it."""
    checked = 0
    for path, method, told in operations(served):
        content = told["responses"]["200"].get("content", {})
        if method != "get" or "application/json" not in content or "{" in path:
            continue
        query = {"/positions": "?status=all", "/system/events": "?limit=1000"}.get(path, "")
        answer = room.ask(("GET", path + query))
        assert answer.status_code == 200, path
        schema = {**schema_of(told["responses"]["200"]), "components": served["components"]}
        Draft202012Validator(schema).validate(answer.json())
        checked += 1
    assert checked >= 17


def test_lists_are_not_empty_where_something_happened(room: Room) -> None:
    paths = ("/positions?status=all", "/positions?status=closed", "/fills", "/orders")
    for path in (*paths, "/system/events"):
        assert room.ask(("GET", path)).json(), path
    [closed] = room.ask(("GET", "/positions?status=closed")).json()
    [opened] = room.ask(("GET", "/positions")).json()
    assert closed["closed_at"] and "closed_at" not in opened


def test_flows_are_what_the_log_says(tmp_path: Path) -> None:
    from decimal import Decimal

    from genesis.domain.events import FlowReported

    room = Room(tmp_path)
    assert room.ask(("GET", "/flows")).json() == []
    at = room.clock.now_ns()
    for n, amount in enumerate(("100", "-20.50")):
        room.happen(FlowReported(at, "USDT", Decimal(amount), "deposit", f"ref-{n}"))
    newest, oldest = room.ask(("GET", "/flows")).json()
    assert newest["amount"] == "-20.5"
    assert oldest == {
        "at": "2023-11-14T22:13:20Z",
        "asset": "USDT",
        "amount": "100",
        "kind": "deposit",
        "ref": "ref-0",
        "fenced": False,
        "note": "",
    }
    assert room.ask(("GET", "/flows?limit=1")).json() == [newest]
    room.close()


def test_the_manual_tells_every_endpoint_and_how_to_sign(
    room: Room, served: dict[str, Any]
) -> None:
    answer = room.ask(("GET", "/docs"))
    assert answer.headers["content-type"].startswith("text/plain")
    for path, _, told in operations(served):
        assert path in answer.text
        assert told["summary"] in answer.text
    assert "X-Genesis-Signature" in answer.text
    assert "://" not in answer.text  # nothing in it is loaded from elsewhere


# -- references ------------------------------------------------------------------------------
def test_what_became_of_a_command_can_be_asked(room: Room) -> None:
    said = room.ask(("POST", "/commands", {"text": "buy 100 usdt btc", "client_ref": "late"}))
    told = room.ask(("GET", "/commands/late")).json()
    assert told == {**said.json(), "status": said.status_code}
    unread = room.ask(("POST", "/commands", {"text": "by btc", "client_ref": "typo"}))
    assert unread.status_code == 422
    assert room.ask(("GET", "/commands/typo")).json()["verdict"] == "not_understood"
    assert room.ask(("GET", "/commands/never")).status_code == 404


def test_emergencies_with_one_reference_are_one_event(tmp_path: Path) -> None:
    room = Room(tmp_path)
    room.ask(("POST", "/commands", {"text": "buy 100 usdt btc"}))
    close = {"confirmation": "CLOSE ALL POSITIONS", "client_ref": "out"}
    first, again = room.ask(*[("POST", "/emergency/close-all", close)] * 2)
    assert first.json() == again.json()
    assert first.json()["positions_closed"] == 1
    assert room.ask(("GET", "/commands/out")).json()["verdict"] == "approved"
    halt = {"confirmation": "HALT TRADING NOW", "reason": "the news is out", "client_ref": "stop"}
    first, again = room.ask(*[("POST", "/emergency/halt", halt)] * 2)
    assert first.json() == again.json()
    events = room.ask(("GET", "/system/events?limit=1000")).json()
    acts = [e["event_data"]["verb"] for e in events if e["event_type"] == "OperatorActed"]
    assert (acts.count("close_all"), acts.count("halt")) == (1, 1)
    room.close()


def test_a_close_all_under_way_is_waited_for_by_who_asks_what_became_of_it(tmp_path: Path) -> None:
    room = Room(tmp_path)
    room.ask(("POST", "/commands", {"text": "buy 100 usdt btc"}))
    take, may_go_on = room._take, asyncio.Event()

    async def slow(event: Event) -> Step:
        await may_go_on.wait()
        return await take(event)

    async def scene(client: httpx.AsyncClient) -> httpx.Response:
        close = {"confirmation": "CLOSE ALL POSITIONS", "client_ref": "slow"}
        closing = asyncio.create_task(client.post("/emergency/close-all", json=close))
        await asyncio.sleep(0.1)
        asking = asyncio.create_task(client.get("/commands/slow"))
        await asyncio.sleep(0.1)
        may_go_on.set()
        assert (await closing).json()["positions_closed"] == 1
        return await asking

    room._take = slow  # type: ignore[method-assign]
    told = room.run(scene)
    assert (told.status_code, told.json().get("verdict")) == (200, "approved")
    room.close()


ACTS = {
    "/commands": {"text": "status"},
    "/emergency/halt": {"confirmation": "HALT TRADING NOW", "reason": "the news is out"},
    "/emergency/close-all": {"confirmation": "CLOSE ALL POSITIONS"},
    "/tier/ceremony": {"phrase": "let me in"},
    "/tilt/override": {"journal_entry": "x" * 500, "confirmation": "I ACCEPT THE RISKS"},
    "/journal": {"text": "too little"},
}


@pytest.mark.parametrize("path", ACTS)
def test_what_is_under_way_is_never_said_to_be_unknown(tmp_path: Path, path: str) -> None:
    """Nor what was done and is not written down yet."""
    room = Room(tmp_path)
    room.pause()
    flush, may_go_on = room.log.flush, asyncio.Event()
    held: list[Event] = []

    async def tell(event: Event) -> Step:
        held.append(event)
        step = await room._take(event)
        await may_go_on.wait()
        await asyncio.wrap_future(flush())
        return step

    async def scene(client: httpx.AsyncClient) -> tuple[httpx.Response, httpx.Response]:
        acting = asyncio.create_task(client.post(path, json={**ACTS[path], "client_ref": "held"}))
        while not held:  # the engine has it, the disk has not
            await asyncio.sleep(0.01)
        asking = asyncio.create_task(client.get("/commands/held"))
        done, _ = await asyncio.wait({asking}, timeout=0.2)
        assert not done
        may_go_on.set()
        await acting
        return acting.result(), await asking

    for part in (room.parts.operations, room.parts.journal, room.parts.discipline):
        part._ask = tell
    acted, told = room.run(scene)
    assert acted.status_code < 500
    assert told.status_code == 200, told.text
    room.close()


def test_a_closing_that_waits_for_its_fills_is_no_longer_under_way(tmp_path: Path) -> None:
    """Its answer is known with its event; who closes waits until he is flat."""
    room = Room(tmp_path)
    room.ask(("POST", "/commands", {"text": "buy 100 usdt btc"}))
    closing = room.engine.state.execution.protector.closing
    room._venue = lambda command: []  # type: ignore[method-assign]

    async def scene(client: httpx.AsyncClient) -> list[httpx.Response]:
        body = {"confirmation": "CLOSE ALL POSITIONS", "client_ref": "out"}
        first = asyncio.create_task(client.post("/emergency/close-all", json=body))
        while not closing:
            await asyncio.sleep(0.01)
        told = await asyncio.wait_for(client.get("/commands/out"), PATIENCE_S)
        assert not first.done()
        room.clock.wall_elapsed_ns += 16 * 10**9
        return [await first, told]

    first, told = room.run(scene)
    told_open = "BTC/USDT is still open; its stop stays, and it is sold once the venue takes it"
    assert first.json()["errors"] == [told_open]
    assert (told.status_code, told.json()["verdict"]) == (200, "approved")
    room.close()


def test_a_reference_may_be_any_text(room: Room) -> None:
    """Also one with a slash: it was taken, so it can be asked for."""
    for ref in ("tab/1", "a b", "é/%", "/x/"):
        said = room.ask(("POST", "/commands", {"text": "status", "client_ref": ref}))
        told = room.ask(("GET", f"/commands/{quote(ref, safe='')}"))
        assert told.json() == {**said.json(), "status": said.status_code}, ref


def test_an_answer_that_cannot_be_read_is_not_one_that_was_never_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = Room(tmp_path)
    room.ask(("POST", "/commands", {"text": "status", "client_ref": "lost"}))
    monkeypatch.setattr(type(room.parts.past), "answer", lambda *_: None)
    told = room.ask(("GET", "/commands/lost"))
    assert told.status_code == 503
    assert "carried out" in told.json()["detail"]
    room.close()


def test_locks_are_what_refuses_new_risk_each_told_once(tmp_path: Path) -> None:
    room = Room(tmp_path)
    tiers = room.engine.state.tiers
    stands, tiers._state = tiers.state, replace(tiers.state, mode=TierMode.EMERGENCY)
    assert room.ask(("GET", "/locks")).json() == []  # smaller sizes, and nothing is refused
    tiers._state = stands
    halt = {"confirmation": "HALT TRADING NOW", "reason": "the news is out"}
    room.ask(("POST", "/emergency/halt", halt))
    assert tiers.state.mode is TierMode.HALTED
    told = [lock for lock in room.ask(("GET", "/locks")).json() if lock["scope"] == "account"]
    assert [lock["code"] for lock in told] == ["TRADING_HALTED"]
    room.close()


def test_the_document_tells_the_override_of_these_rules(tmp_path: Path) -> None:
    path = tmp_path / "rules.toml"
    path.write_text('[tilt.override]\nphrase = "I MEAN IT"\ncharacters_min = 700\n')
    room = Room(tmp_path, rules=load(path))
    told = room.document["paths"]["/tilt/override"]["post"]
    properties = body_of(told)["properties"]
    assert properties["confirmation"]["pattern"] == "^I MEAN IT$"
    assert properties["journal_entry"]["minLength"] == 700
    room.close()


@pytest.mark.parametrize("after", ["9" * 5_000, "0" * 5_000])
def test_a_moment_of_any_length_is_one(room: Room, after: str) -> None:
    told = room.ask(("GET", f"/system/events?after={after}"))
    assert told.status_code == 200
    assert (told.json() == []) == after.startswith("9")


@pytest.mark.parametrize("path", ["/analytics/performance", "/positions"])
def test_how_far_back_closed_trades_go_is_told(served: dict[str, Any], path: str) -> None:
    assert f"newest {KEPT:,}" in served["paths"][path]["get"]["description"]
