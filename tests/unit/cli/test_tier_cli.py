"""`genesis tier`: what is asked of the service, what a person reads, and the exit codes."""

import json
from typing import Any

import pytest

from genesis.cli import tier
from genesis.cli.main import main
from tests.support.engines import Bench
from tests.unit.service.test_discipline_shapes import Told

PHRASE = "I have read the go-live protocol and trade only what I can lose"


class Service:
    """Answers as the service would; what it was asked stays in `asked`."""

    def __init__(self, **path: Any) -> None:
        self.path = {**Told(Bench()).shapes.tier_path(), **path}
        self.asked: list[tuple[str, Any]] = []
        self.answer: dict[str, Any] = {"verdict": "approved", "notes": ["done"]}

    def __enter__(self) -> "Service":
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def get(self, path: str) -> dict[str, Any]:
        assert path == "/tier/path"
        return self.path

    def post(self, path: str, body: Any) -> dict[str, Any]:
        self.asked.append((path, body))
        return self.answer


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    def ran(service: Service, *arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(tier, "_client", lambda home: service)
        code = main(["tier", *arguments])
        said = capsys.readouterr()
        return code, said.out, said.err

    return ran


def test_status_shows_the_mode_the_gates_the_plan_and_a_page_that_is_due(run) -> None:
    code, out, _ = run(Service(pages_due=1), "status")
    assert code == 0
    assert out.startswith("SNIPER/ACTIVE since ")
    assert "NO  capital" in out and "a page about what happened is still to be written" in out
    code, out, _ = run(Service(), "status", "--json")
    assert json.loads(out)["go_live"] is None and "page about" not in out


def test_evaluate_says_no_with_exit_code_one(run) -> None:
    code, out, _ = run(Service(), "evaluate")
    assert (code, out.splitlines()[-1]) == (1, "now: not passed")


def test_step_down_asks_first_and_then_the_door(run) -> None:
    service = Service(tier="HUNTER")
    code, out, _ = run(service, "step-down", "--yes")
    assert (code, out, service.asked) == (0, "done\n", [("/commands", {"text": "step down"})])
    refused = Service()
    refused.answer = {"verdict": "refused", "reason": "there is no tier below SNIPER"}
    code, _, err = run(refused, "step-down", "--yes")
    assert code == 1 and "there is no tier below SNIPER" in err


def test_reset_takes_the_reason_to_the_door(run) -> None:
    service = Service(mode="HALTED")
    code, out, _ = run(service, "reset", "--reason", "I chased", "--json")
    assert (code, json.loads(out)["verdict"]) == (0, "approved")
    assert service.asked == [("/commands", {"text": "reset I chased"})]


def test_the_ceremony_of_a_live_account_is_the_go_live_protocol(run) -> None:
    service = Service(mode="OPENING48", go_live=PHRASE)
    assert run(service, "ceremony", "--phrase", PHRASE)[0] == 0
    assert service.asked == [("/commands", {"text": f"go live {PHRASE}"})]
    wrong = Service(mode="OPENING48", go_live=PHRASE)
    assert run(wrong, "ceremony", "--phrase", PHRASE.lower())[0] == 2
    early = Service(mode="OPENING48", go_live=None, plan=["From noon on."])
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
    code, out, _ = run(Service(), verb, "--help")
    assert code == 0
    assert words in " ".join(out.split())
