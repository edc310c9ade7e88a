"""`genesis flows` beside a running service: what no list explains, until a person does."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from genesis.cli.main import main
from tests.support.process import Control, Process

Ran = tuple[int, Any]


@pytest.fixture
def exchange(tmp_path: Path) -> Iterator[Process]:
    arguments = ("exchange", "--sample", "--port", "0", "--speed", "8")
    with Process(tmp_path, *arguments, "--balance", "USDT=500") as it:
        yield it


def run(exchange: Process, home: Path) -> Process:
    arguments = ("run", "--mode", "paper", "--json", "--port", "0", "--home", str(home))
    return Process(home.parent, *arguments, "--venue-url", exchange.ready["url"])


def happens(exchange: Process, **wanted: str) -> None:
    url = f"{exchange.ready['url']}/__genesis__/flow"
    answer = httpx.post(url, json=wanted, trust_env=False)
    assert answer.status_code == 200, answer.text


def flows(home: Path, capsys: pytest.CaptureFixture[str], *arguments: str) -> Ran:
    capsys.readouterr()
    code = main(["flows", *arguments, "--json", "--home", str(home)])
    said = capsys.readouterr()
    return code, json.loads(said.out) if said.out else said.err


def told(control: Control, kinds: list[str]) -> list[dict[str, Any]]:
    """The venue's hint on the user stream is enough: no comparison is asked for."""

    def has(found: Any) -> bool:
        return [flow["kind"] for flow in found] == kinds

    found = control.until("flows", "/flows", has)
    assert isinstance(found, list)
    return found


def test_a_flow_is_told_and_an_unexplained_one_blocks_until_it_is_explained(
    exchange: Process, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home = tmp_path / "home"
    with run(exchange, home) as service:
        control = Control(service.ready["url"], home)
        happens(exchange, kind="deposit", asset="USDT", amount="100")
        (deposit,) = told(control, ["deposit"])
        assert (deposit["amount"], deposit["asset"]) == ("100", "USDT")
        assert flows(home, capsys, "list") == (0, [deposit])

        happens(exchange, kind="unexplained", asset="USDT", amount="-7.5")
        control.until(
            "what is open", "/flows/unexplained", lambda it: [d["asset"] for d in it["differences"]]
        )
        refused = control.say("buy 20 usdt btc")
        assert (refused.status_code, refused.json()["code"]) == (409, "RECONCILE_BLOCKED")
        code, found = flows(home, capsys, "explain")
        assert (code, found["differences"][0]["amount"]) == (1, "-7.5")

        code, words = flows(home, capsys, "explain", "USDT", "--amount", "-8", "--kind", "fee")
        assert code == 2 and "the difference is another one" in words
        code, words = flows(home, capsys, "explain", "USDT", "--amount", "-7.5", "--kind", "tip")
        assert code == 2 and "none of deposit" in words
        given = ("USDT", "--amount", "-7.5", "--kind", "fee", "--note", "a subscription")
        code, found = flows(home, capsys, "explain", *given)
        assert (code, found["clean"]) == (0, True)
        assert found["flows"][0]["note"] == "a subscription"
        code, words = flows(home, capsys, "explain", *given)
        assert code == 2 and "there is no difference in USDT" in words
        assert control.say("buy 20 usdt btc").status_code == 200
    with run(exchange, home) as service:
        control = Control(service.ready["url"], home)
        assert [flow["kind"] for flow in control.get("/flows")] == ["fee", "deposit"]
        assert control.get("/flows/unexplained")["clean"]
        assert not [lock for lock in control.get("/locks") if "RECONCILE" in lock["code"]]
