"""`genesis command`: what is said at the door, what a person reads, and the exit codes."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from genesis.cli import door
from genesis.cli.main import main
from tests.support.service_told import Ran, Service, runner

DONE = {
    "verdict": "approved",
    "order_key": "1-2-0",
    "qty": "0.0003",
    "symbol": "BTC/USDT",
    "notes": ["clipped"],
}


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Ran]:
    return runner(door, "command", monkeypatch, capsys)


def service(told: dict[str, Any]) -> Service:
    return Service("", told)


@pytest.mark.parametrize("words", [["close btc 50%"], ["close", "btc", "50%"]])
def test_a_line_goes_to_the_running_service_as_it_was_typed(run, words: list[str]) -> None:
    asked = service(DONE)
    assert run(asked, *words)[:2] == (0, "approved: 0.0003 BTC/USDT\nclipped\n")
    assert asked.asked == [("/commands", {"text": "close btc 50%"})]
    assert json.loads(run(asked, *words, "--json")[1]) == DONE


def test_what_needs_no_order_is_answered_in_words(run) -> None:
    told = {**DONE, "qty": None, "notes": ["there is no entry order to cancel; stops stay"]}
    assert run(service(told), "cancel all")[:2] == (0, f"{told['notes'][0]}\n")


def test_a_refusal_is_one_line_and_exit_1(run) -> None:
    told = {"verdict": "refused", "reason": "trading is paused", "when": "in 4 minutes"}
    code, out, error = run(service(told), "buy 20 usdt btc")
    assert (code, out, error.count("\n")) == (1, "", 1)
    assert "trading is paused; again in 4 minutes" in error


@pytest.mark.parametrize("verb", ["buy", "sell", "close", "cancel"])
def test_an_order_typed_as_a_verb_is_told_where_it_is_said(
    verb: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([verb, "btc"]) == 2
    told = capsys.readouterr().err
    assert told.count("\n") == 1
    assert f'genesis command "{verb} ' in told
