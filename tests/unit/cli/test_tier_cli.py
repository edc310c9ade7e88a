"""`genesis tier`: what is asked of the service, what a person reads, and the exit codes."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from genesis.cli import tier
from tests.support.engines import Bench
from tests.support.service_told import Ran, Service, runner
from tests.unit.service.test_discipline_shapes import Told

PHRASE = "I have read the go-live protocol and trade only what I can lose"


def service_of(**path: Any) -> Service:
    """It tells the way of a new account, but for what is given, and does what it is asked."""
    looked = {**Told(Bench()).shapes.tier_path(), **path}
    return Service("/tier/path", looked, {"verdict": "approved", "notes": ["done"]})


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Ran]:
    return runner(tier, "tier", monkeypatch, capsys)


def test_status_shows_the_mode_the_gates_the_plan_and_a_page_that_is_due(run) -> None:
    told = "1 page is owed, for the reset of the halt"
    pages = {"owed": 1, "later": 1, "told": told}
    code, out, _ = run(service_of(pages=pages, since="2024-01-01T00:00:00.180581920Z"), "status")
    assert code == 0
    assert out.splitlines()[0] == "SNIPER/ACTIVE since 2024-01-01 00:00:00 UTC"
    assert "NO  capital" in out and f"{told} (written on the tilt page: `genesis" in out
    code, out, _ = run(service_of(), "status", "--json")
    assert json.loads(out)["go_live"] is None and "page is owed" not in out


def test_evaluate_says_no_with_exit_code_one(run) -> None:
    code, out, _ = run(service_of(), "evaluate")
    assert (code, out.splitlines()[-1]) == (1, "now: not passed")


def test_step_down_asks_first_and_then_the_door(run) -> None:
    service = service_of(tier="HUNTER")
    code, out, _ = run(service, "step-down", "--yes")
    assert (code, out, service.asked) == (0, "done\n", [("/commands", {"text": "step down"})])
    refused = service_of()
    refused.answer = {"verdict": "refused", "reason": "there is no tier below SNIPER"}
    code, _, err = run(refused, "step-down", "--yes")
    assert code == 1 and "there is no tier below SNIPER" in err


def test_step_down_in_the_first_tier_is_answered_at_once(run) -> None:
    service = service_of(tier="SNIPER")
    code, out, err = run(service, "step-down")
    assert (code, out, service.asked) == (1, "", [])
    assert "there is no tier below SNIPER" in err


def test_reset_takes_the_reason_to_the_door(run) -> None:
    service = service_of(mode="HALTED")
    code, out, _ = run(service, "reset", "--reason", "I chased", "--json")
    assert (code, json.loads(out)["verdict"]) == (0, "approved")
    assert service.asked == [("/commands", {"text": "reset I chased"})]


def test_the_ceremony_of_a_live_account_is_the_go_live_protocol(run) -> None:
    service = service_of(mode="OPENING48", go_live=PHRASE)
    assert run(service, "ceremony", "--phrase", PHRASE)[0] == 0
    assert service.asked == [("/commands", {"text": f"go live {PHRASE}"})]
    wrong = service_of(mode="OPENING48", go_live=PHRASE)
    assert run(wrong, "ceremony", "--phrase", PHRASE.lower())[0] == 2
    early = service_of(mode="OPENING48", go_live=None, plan=["From noon on."])
    code, _, err = run(early, "ceremony", "--phrase", PHRASE)
    assert (code, early.asked, wrong.asked) == (1, [], [])
    assert "From noon on." in err


@pytest.mark.parametrize(
    ("verb", "words"),
    [
        ("status", "what nothing can measure yet says so"),
        ("evaluate", "Changes nothing"),
        ("ceremony", "go-live protocol"),
        ("step-down", "keep their stops"),
        ("reset", "100 characters"),
    ],
)
def test_help_teaches(run, verb: str, words: str) -> None:
    code, out, _ = run(service_of(), verb, "--help")
    assert code == 0
    assert words in " ".join(out.split())
