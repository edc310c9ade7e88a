"""The control API of one real paper service on an exchange of its own."""

import json
import time
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.support import unhurried
from tests.support.patience import PATIENCE_S
from tests.support.process import Control, Process, ran


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("control-home")


@pytest.fixture(scope="module")
def service(home: Path) -> Iterator[Process]:
    rules = home / "rules.toml"
    rules.write_text(unhurried.TIRELESS, encoding="utf-8")
    told = ("--home", str(home), "--rules", str(rules))
    with Process(home, "run", "--mode", "paper", "--json", "--port", "0", *told) as it:
        yield it


@pytest.fixture(scope="module")
def control(service: Process, home: Path) -> Control:
    return Control(service.ready["url"], home)


def flat(control: Control) -> None:
    control.say("close btc")
    control.until("flat", "/positions", lambda told: told == [])


def test_it_says_which_venue_it_made(service: Process, home: Path) -> None:
    assert "our own exchange" in service.told()
    assert service.ready["home"] == str(home)
    assert json.loads((home / "service.json").read_text()) == service.ready


def test_only_ping_works_without_a_key(control: Control, home: Path) -> None:
    from httpx import get

    base = str(control.http.base_url)
    assert get(f"{base}/ping", trust_env=False).status_code == 200
    for key in ({}, {"X-API-Key": "wrong"}, {"X-API-Key": ""}):
        assert get(f"{base}/health", headers=key, trust_env=False).status_code == 401
    reader = Control(base, home, "control-read")
    assert reader.get("/account/status")["tier"] == "SNIPER"
    for path in ("/commands", "/emergency/halt", "/journal"):
        assert reader.post(path, text="x").status_code == 403


def test_a_bought_position_is_clipped_protected_and_left_again(control: Control) -> None:
    answer = control.say("buy 100 usdt btc", client_ref="first", keys=16, latency_ms=900)
    told = answer.json()
    assert (answer.status_code, told["verdict"]) == (200, "approved")
    assert "clipped from 100.00" in told["notes"][0]
    [position] = control.until("a position", "/positions", bool)
    assert position["side"] == "LONG"
    [stop] = control.until("a stop", "/orders", lambda o: o and o[0]["status"] == "OPEN")
    assert (stop["type"], stop["purpose"]) == ("STOP_LOSS", "PROTECT")
    again = control.say("buy 100 usdt btc", client_ref="first")
    assert again.json() == told  # the same reference: the same answer, and no second order
    refused = control.say("buy 100 usdt btc")
    assert refused.status_code == 409
    assert {f["code"] for f in refused.json()["all"]} >= {refused.json()["code"]}
    flat(control)
    [newest] = control.get("/fills?limit=1")
    assert newest["side"] == "SELL"


def test_concurrent_requests_with_one_reference_are_one_order(control: Control) -> None:
    from concurrent.futures import ThreadPoolExecutor

    before = control.get("/system/events?limit=1000")
    with ThreadPoolExecutor(4) as pool:
        answers = list(
            pool.map(lambda _: control.say("buy 100 usdt btc", client_ref="many"), range(4))
        )
    assert len({answer.text for answer in answers}) == 1
    after = control.get("/system/events?limit=1000")
    acts = [e for e in after if e["event_data"].get("client_ref") == "many"]
    assert len([e for e in acts if e["event_type"] == "OperatorActed"]) == 1
    assert len(after) > len(before)
    flat(control)


def test_codes_of_malformed_and_misunderstood(control: Control) -> None:
    unread = control.say("by 100 usdt btc")
    assert (unread.status_code, unread.json()["verdict"]) == (422, "not_understood")
    for body in ({}, {"text": "a", "intent": {}}, {"text": "a", "client_ref": ""}, {"x": 1}):
        answer = control.post("/commands", **body)
        assert (answer.status_code, answer.json()["verdict"]) == (422, "not_understood")
    assert control.post("/emergency/halt", reason="long enough now").status_code == 422
    assert control.post("/emergency/halt", reason="short", confirmation="x").status_code == 422
    wrong = control.post("/emergency/halt", reason="long enough now", confirmation="halt")
    assert wrong.status_code == 400
    assert control.post("/emergency/close-all", confirmation="CLOSE").status_code == 400
    assert control.http.get("/positions?status=some").status_code == 422
    assert control.http.get("/system/events?limit=0").status_code == 422
    assert control.http.get("/system/events?after=never").status_code == 422


def test_an_intent_is_as_good_as_words(control: Control) -> None:
    intent = {
        "side": "buy",
        "symbol": "BTC/USDT",
        "qty": "0.0002",
        "type": "limit",
        "price": "30000",
    }
    answer = control.post("/commands", intent=intent)
    assert answer.status_code == 200, answer.text
    assert answer.json()["qty"] == "0.0002"
    told = control.until("it rests", "/orders", lambda o: o and o[0]["status"] == "OPEN")
    assert told[0]["order_key"] == answer.json()["order_key"]
    assert control.say("cancel all").status_code == 200
    control.until("it is gone", "/orders", lambda told: told == [])


def test_an_intent_without_a_size_is_sized_by_the_gate(control: Control) -> None:
    intent = {
        "side": "buy",
        "symbol": "BTC/USDT",
        "stop": 50000,
        "why": "a test",
        "confidence": 0.5,
    }
    answer = control.post("/commands", intent=intent)
    assert answer.status_code == 200, answer.text
    assert Decimal(answer.json()["qty"]) > 0
    flat(control)


def test_an_intent_cancels_the_one_entry_it_names(control: Control) -> None:
    limit = {"side": "buy", "symbol": "BTC/USDT", "qty": 0.0002, "type": "limit", "price": 30000}
    key = control.post("/commands", intent=limit).json()["order_key"]
    control.until("it rests", "/orders", lambda o: o and o[0]["status"] == "OPEN")
    cancel = {"side": "buy", "symbol": "BTC/USDT", "cancel": "9-9-9"}
    unknown = control.post("/commands", intent=cancel)
    assert (unknown.status_code, unknown.json()["verdict"]) == (422, "not_understood")
    assert control.post("/commands", intent=cancel | {"cancel": key}).status_code == 200
    control.until("it is gone", "/orders", lambda told: told == [])


def test_intents_that_contradict_themselves_are_not_understood(control: Control) -> None:
    buy = {"side": "buy", "symbol": "BTC/USDT", "qty": "0.0002"}
    for intent in (
        buy | {"reduces": True},
        buy | {"side": "sell", "type": "limit", "price": "80000"},
        buy | {"confidence": "much"},
    ):
        answer = control.post("/commands", intent=intent)
        assert (answer.status_code, answer.json()["verdict"]) == (422, "not_understood")
    assert control.say("sell 20 usdt btc limit 80000").status_code == 422


def test_status_answers_in_words(control: Control) -> None:
    told = control.say("status").json()
    assert told["verdict"] == "approved"
    assert "equity" in told["notes"][0]


def test_the_journal_judges_keeps_and_never_tells_the_text(control: Control, home: Path) -> None:
    page = "I was impatient today and I bought again because I was angry. " * 3
    answer = control.post("/journal", text=page, deltas=[], opened_at=None, client_ref="page-1")
    assert (answer.status_code, answer.json()["accepted"]) == (409, False)
    assert answer.json()["reason"] == "not_required"  # trading is not paused
    saved = control.http.put("/journal/draft", json={"text": "half a page"})
    assert saved.status_code == 200
    assert control.get("/journal/draft")["text"] == "half a page"
    log_text = (home / "logs" / "genesis.jsonl").read_text()
    events = json.dumps(control.get("/system/events?limit=1000"))
    assert "impatient" not in log_text + events
    assert "half a page" not in log_text + events


def test_the_stream_starts_with_a_snapshot_and_beats(control: Control) -> None:
    kinds: list[str] = []
    began = time.monotonic()
    with control.http.stream("GET", "/stream") as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        for line in stream.iter_lines():
            if line.startswith("data: "):
                message = json.loads(line[6:])
                kinds.append(message["type"])
                if message["type"] == "snapshot":
                    assert {"equity", "positions", "tilt", "tier", "headroom"} <= set(message)
            if {"tick", "heartbeat"} <= set(kinds) or time.monotonic() - began > PATIENCE_S:
                break
    assert kinds[0] == "snapshot"
    assert {"tick", "heartbeat"} <= set(kinds)


def test_metrics_are_prometheus_text(control: Control) -> None:
    told = control.http.get("/metrics")
    lines = dict(line.rsplit(" ", 1) for line in told.text.splitlines() if line and line[0] != "#")
    assert lines["genesis_up"] == "1"
    assert int(lines["genesis_events_total"]) > 0


def test_a_second_engine_is_refused_and_names_the_first(service: Process, home: Path) -> None:
    second = ran(home, "run", "--mode", "paper", "--port", "0", "--home", str(home))
    assert second.returncode == 2
    assert str(service.process.pid) in second.stderr
    assert "Traceback" not in second.stderr


def test_the_command_line_reaches_it(
    service: Process, home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: Any
) -> None:
    from genesis.cli.main import main

    assert main(["status", "--home", str(home), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["account"]["tier"] == "SNIPER"
    assert main(["status", "--home", str(home)]) == 0
    assert "SNIPER/ACTIVE" in capsys.readouterr().out
    monkeypatch.setenv("GENESIS_CONTROL_KEY", "wrong")
    assert main(["status", "--home", str(home)]) == 2
    told_error = capsys.readouterr().err
    assert "control key" in told_error
    assert told_error.count("\n") == 1


def test_at_the_end_everything_is_closed_halted_and_clean(
    service: Process, control: Control, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from genesis.cli.main import main

    control.say("buy 100 usdt btc")
    control.until("a position", "/positions", bool)
    assert main(["close-all", "--home", str(home), "--json"]) == 0
    closed = json.loads(capsys.readouterr().out)
    assert (closed["positions_closed"], closed["errors"]) == (1, [])
    Decimal(closed["total_pnl"])
    assert main(["halt", "--home", str(home)]) == 0  # who must stop now owes no reason
    refused = control.say("buy 100 usdt btc")
    assert refused.status_code == 409
    assert "TRADING_HALTED" in {failure["code"] for failure in refused.json()["all"]}
    assert "TRADING_HALTED" in {lock["code"] for lock in control.get("/locks")}
    assert service.end() == 0
    assert not (home / "service.json").exists()
    assert main(["status", "--home", str(home)]) == 3
    assert main(["verify", "--home", str(home)]) == 0
    assert "Traceback" not in (home / "logs" / "genesis.jsonl").read_text() + service.told()
