"""`genesis rules`: what a person reads, what a script reads, and the exit codes."""

import json
from pathlib import Path
from typing import Any

import pytest

from genesis.cli import rules
from genesis.cli.main import main
from genesis.domain.commands import SubmitOrder
from genesis.domain.events import RulesChanged
from genesis.domain.time import moment_words, parse_utc
from genesis.exchange.wire_id import compose
from genesis.rules import book_text, load
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
        wire_ids = tuple(
            compose(command.key, "ab" * 8) if isinstance(command, SubmitOrder) else None
            for command in step.commands
        )
        entry = LogEntry(1, number, step.event, 0, step.outcomes, step.commands, wire_ids)
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
    until = moment_words(parse_utc(told["pending"]["until"]))
    assert f"waits until {until}: {waits}" in out


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
    assert "no service runs here" in out.splitlines()[-1]
    assert "never: tilt.override.phrase I ACCEPT THE RISKS -> ok (it is locked" in out
    code, out = ran(capsys, "diff", *asked, "--json")
    told = json.loads(out)
    assert code == 1 and [len(told[part]) for part in ("now", "later", "never")] == [2, 1, 1]
    code, out = ran(capsys, "diff", "sniper", "--home", str(tmp_path / "home"))
    assert (code, out.splitlines()[1:]) == (0, ["these are the rules in force"])


def test_a_rulebook_that_cannot_be_used_is_bad_input(tmp_path: Path, capsys) -> None:
    for verb in ("diff", "propose"):
        assert main(["rules", verb, "snipper", "--home", str(tmp_path)]) == 2
        assert "no rulebook is named 'snipper'" in capsys.readouterr().err


class Service:
    """Answers a proposal as the service would."""

    def __init__(self, **told: Any) -> None:
        self.told = {
            "what": [],
            "now": [],
            "later": [],
            "later_from": None,
            "never": [],
            "sign": None,
            **told,
        }
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
        "later, from 2024-10-11 00:00:00 UTC on: risk.pace.orders_max 40 -> 50\n",
    )
    service.told["never"] = [{**edit, "why": "a losing day"}]
    code, out = ran(capsys, "propose", str(file))
    assert code == 1 and "never: risk.pace.orders_max 40 -> 50 (a losing day)" in out


def test_propose_without_a_service_says_how_to_start_one(tmp_path: Path, capsys) -> None:
    assert main(["rules", "propose", "sniper", "--home", str(tmp_path)]) == 3


def test_diff_asks_the_running_service_and_says_what_propose_says(
    tmp_path: Path, capsys, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(MINE)
    edit: dict[str, Any] = {"field": "risk.pace.orders_max", "old": "40", "new": "50"}
    edit |= {"why": "trading is halted", "again": True}
    service = Service(never=[edit], sign="to ask now is a sign of tilt")
    monkeypatch.setattr(rules, "_client", lambda home: service)
    code, out = ran(capsys, "diff", str(file), "--home", str(tmp_path / "home"))
    lines = [
        "not now, propose it anew later: risk.pace.orders_max 40 -> 50 (trading is halted)",
        "to ask now is a sign of tilt, and counts in the score",
    ]
    assert (code, out.splitlines()[1:]) == (1, lines)
    assert ran(capsys, "propose", str(file)) == (1, "\n".join([*lines, ""]))
    assert [path for path, _ in service.asked] == ["/rules/diff", "/rules"]


def test_propose_asks_first_where_to_ask_counts_as_a_sign_of_tilt(
    tmp_path: Path, capsys, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(MINE)
    calm, sign = Service(), Service(sign="to ask now is a sign of tilt")
    said: list[str] = []

    def asked(service: Service, answer: bool, *more: str) -> list[str]:
        monkeypatch.setattr(rules, "_client", lambda home: service)
        monkeypatch.setattr("typer.confirm", lambda words, **_: said.append(words) or answer)
        service.asked.clear()
        code, out = ran(capsys, "propose", str(file), *more)
        assert (code == 1) is (not answer)
        assert "sign of tilt" in out or service is calm
        return [path for path, _ in service.asked]

    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    assert asked(sign, False) == ["/rules/diff"]
    assert asked(sign, True) == ["/rules/diff", "/rules"]
    assert said == ["Ask for it all the same?"] * 2
    assert asked(calm, True) == ["/rules/diff", "/rules"]
    assert asked(sign, True, "--yes") == ["/rules"]
    monkeypatch.setattr("sys.stdin.isatty", lambda: False)
    assert asked(sign, True) == ["/rules"]
    assert len(said) == 2


def test_a_changed_book_is_told_field_by_field(tmp_path: Path, capsys) -> None:
    book = tmp_path / "mine.toml"
    text = book_text("two_step").replace("amount = 0.05", "amount = 0.04")
    book.write_text(text.replace('"Europe/Prague"', '"UTC"'))
    under = (
        'books = ["{}"]\n[tiers]\nopening_tier = "SNIPER"\n[execution]\nfee_asset = "received"\n'
    )
    for name, laid in (("old", "two_step"), ("new", book)):
        (tmp_path / f"{name}.toml").write_text('name = "under"\n' + under.format(laid))
    place = recorded(tmp_path / "home", Bench(str(tmp_path / "old.toml")))
    code, out = ran(capsys, "diff", str(tmp_path / "new.toml"), "--home", str(place))
    assert code == 1 and "\\u000A" not in out
    assert out.splitlines()[1:3] == [
        "later: books.two_step.day.zone Europe/Prague -> UTC",
        "later: books.two_step.max_daily_loss.amount 0.05 -> 0.04",
    ]


def test_show_a_section_tells_its_values_with_their_units(tmp_path: Path, capsys) -> None:
    asked = ("--home", str(tmp_path / "none"))
    code, out = ran(capsys, "show", "tilt.levels", *asked)
    assert code == 0 and "caution_leave_after_s  600 s (10 min)\n" in out
    told = json.loads(ran(capsys, "show", "risk.pace", "--json", *asked)[1])
    assert told["values"]["span_s"] == {"value": "10", "told": "10 s"}
    assert main(["rules", "show", "levels", *asked]) == 2
    assert "perhaps tilt.levels is meant" in capsys.readouterr().err
