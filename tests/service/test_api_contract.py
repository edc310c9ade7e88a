"""The served document against the contract, and answers against the document."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from genesis.service.readings import KEPT
from tests.support.api import Room

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


@pytest.mark.parametrize("path", ["/analytics/performance", "/positions"])
def test_how_far_back_closed_trades_go_is_told(served: dict[str, Any], path: str) -> None:
    assert f"newest {KEPT:,}" in served["paths"][path]["get"]["description"]
