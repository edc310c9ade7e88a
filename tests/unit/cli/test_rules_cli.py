"""`genesis rules`: what a person reads, what a script reads, and the exit codes."""

import json
from pathlib import Path
from typing import Any

import pytest

from genesis.cli import rules
from genesis.cli.main import main
from genesis.domain.events import RulesChanged
from genesis.rules import load
from genesis.service.rules_held import rules_held
from genesis.service.settings import Settings
from genesis.store.database import DATABASE_NAME
from genesis.store.event_log import EventLog
from genesis.store.steps import LogEntry
from tests.support.engines import Bench
from tests.unit.engine.test_rule_edits import LOOSER, want
from tests.unit.rules.test_edits import MIXED, edited

MINE = f'name = "mine"\n{MIXED}'


def home(folder: Path, *wishes: str, days: int = 0) -> Path:
    """A home whose log tells of a run and of these edits of the shipped rules, days apart."""
    bench = Bench()
    for wish in wishes:
        wanted = edited(wish)
        bench.tell(RulesChanged(bench.now_ns, wanted.text, wanted.sha256, "file"))
        bench.later(days * 86_400)
    return recorded(folder, bench)


def recorded(folder: Path, bench: Bench) -> Path:
    """A home whose log holds what happened on the bench."""
    folder.mkdir()
    log = EventLog.open(folder / DATABASE_NAME)
    for number, step in enumerate(bench.steps, start=1):
        entry = LogEntry(1, number, step.event, 0, step.outcomes, step.commands)
        log.append(entry).result()
    log.close()
    return folder


def ran(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    code = main(["rules", *arguments])
    return code, capsys.readouterr().out


def test_show_in_a_new_home_is_what_the_settings_name(tmp_path: Path, capsys) -> None:
    code, out = ran(capsys, "show", "--home", str(tmp_path / "none"))
    assert code == 0
    assert out.startswith(load("sniper").text)
    assert "# sniper, as the settings name them (sniper)" in out
    assert not (tmp_path / "none").exists()  # to look changes nothing


def test_show_tells_the_rules_in_force_and_what_waits(tmp_path: Path, capsys) -> None:
    place = home(tmp_path / "home", MIXED)
    told = json.loads(ran(capsys, "show", "--json", "--home", str(place))[1])
    assert "position_fraction = 0.04" in told["text"]
    assert told["source"] == "as changed in the event log"
    assert [edit["field"] for edit in told["pending"]["edits"]] == [
        "risk.tiers.SNIPER.exposure_fraction"
    ]
    out = ran(capsys, "show", "--home", str(place))[1]
    waits = "risk.tiers.SNIPER.exposure_fraction 0.05 -> 0.1"
    assert f"waits until {told['pending']['until']}: {waits}" in out


def test_the_log_tells_the_same_rules_as_the_engine(tmp_path: Path) -> None:
    for number, (wishes, days) in enumerate(
        [((), 0), ((MIXED,), 3), ((MIXED,), 8), ((MIXED, "risk.pace.orders_max = 50"), 8)]
    ):
        bench = Bench()
        for wish in wishes:
            wanted = edited(wish)
            bench.tell(RulesChanged(bench.now_ns, wanted.text, wanted.sha256, "file"))
            bench.later(days * 86_400)
        held = rules_held(Settings.read(home=home(tmp_path / str(number), *wishes, days=days)))
        edits = bench.engine.discipline.edits
        assert held.rules == bench.engine.state.rules
        assert (held.pending is None) == (edits.pending is None)
        if edits.pending is not None and held.pending is not None:
            assert held.pending.edits == edits.pending.edits
            assert held.pending.until_ns == edits.pending.until_ns


def test_what_was_cancelled_is_shown_until_something_is_wanted_anew(tmp_path: Path) -> None:
    bench = Bench()
    want(bench, LOOSER)
    bench.act("halt", reason="I need a break")
    held = rules_held(Settings.read(home=recorded(tmp_path / "before", bench)))
    assert held.cancelled == bench.engine.discipline.edits.cancelled
    assert any("cancelled (trading was halted" in line for line in held.lines())
    want(bench, "")
    held = rules_held(Settings.read(home=recorded(tmp_path / "after", bench)))
    assert held.cancelled is bench.engine.discipline.edits.cancelled is None


def test_diff_says_what_holds_now_later_and_never_with_exit_code_one(
    tmp_path: Path, capsys
) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(MINE)
    asked = (str(file), "--home", str(tmp_path / "home"))
    code, out = ran(capsys, "diff", *asked)
    assert code == 1
    assert "now: risk.tiers.SNIPER.position_fraction 0.05 -> 0.04\n" in out
    assert "later: risk.tiers.SNIPER.exposure_fraction 0.05 -> 0.1" in out
    assert "never: tilt.override.phrase I ACCEPT THE RISKS -> ok (it is locked" in out
    code, out = ran(capsys, "diff", *asked, "--json")
    assert code == 1 and {name: len(part) for name, part in json.loads(out).items()} == {
        "now": 2,
        "later": 1,
        "never": 1,
    }
    code, out = ran(capsys, "diff", "sniper", "--home", str(tmp_path / "home"))
    assert (code, out.splitlines()[1:]) == (0, ["these are the rules in force"])


def test_a_rulebook_that_cannot_be_used_is_bad_input(tmp_path: Path, capsys) -> None:
    for verb in ("diff", "propose"):
        assert main(["rules", verb, "snipper", "--home", str(tmp_path)]) == 2
        assert "no rulebook is named 'snipper'" in capsys.readouterr().err


class Service:
    """Answers a proposal as the service would."""

    def __init__(self, **told: Any) -> None:
        self.told = {"what": [], "now": [], "later": [], "later_from": None, "never": [], **told}
        self.asked: list[tuple[str, Any]] = []

    def __enter__(self) -> "Service":
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def post(self, path: str, body: Any) -> dict[str, Any]:
        self.asked.append((path, body))
        return self.told


def test_propose_sends_the_whole_rulebook_and_tells_the_answer(
    tmp_path: Path, capsys, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(MINE)
    edit = {"field": "risk.pace.orders_max", "old": "40", "new": "50", "why": ""}
    service = Service(later=[edit], later_from="2024-10-11T00:00:00Z")
    monkeypatch.setattr(rules, "_client", lambda home: service)
    code, out = ran(capsys, "propose", str(file))
    assert service.asked == [("/rules", {"text": load(file).text})]
    assert (code, out) == (
        0,
        "later, from 2024-10-11T00:00:00Z on: risk.pace.orders_max 40 -> 50\n",
    )
    service.told["never"] = [{**edit, "why": "a losing day"}]
    code, out = ran(capsys, "propose", str(file))
    assert code == 1 and "never: risk.pace.orders_max 40 -> 50 (a losing day)" in out


def test_propose_without_a_service_says_how_to_start_one(tmp_path: Path, capsys) -> None:
    assert main(["rules", "propose", "sniper", "--home", str(tmp_path)]) == 3
