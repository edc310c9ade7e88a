"""`genesis recover`, `upgrade` and `locks`: what they say, change and leave alone."""

import json
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from genesis.cli.main import main
from genesis.domain.account import TierMode, TiltLevel
from genesis.domain.keeping import Carried, CodeConfirmed, LogForked
from genesis.domain.time import HOUR
from genesis.errors import GenesisError, UsageError
from genesis.service.recovering import _swap
from genesis.service.restart import Remembered, remember
from genesis.store.database import DATABASE_NAME
from genesis.store.event_log import EventLog
from tests.support.engines import Bench
from tests.unit.cli.test_rules_cli import recorded

READS = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1])
connection.execute("SELECT count(*) FROM events").fetchone()
print("reading", flush=True)
sys.stdin.read()
"""


def no_link(*_: object) -> None:
    raise PermissionError(1, "links are not for this file system")


def meddle(home: Path, statement: str) -> None:
    with closing(sqlite3.connect(home / DATABASE_NAME)) as connection:
        triggers = connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        for (name,) in triggers.fetchall():
            connection.execute(f"DROP TRIGGER {name}")
        connection.execute(statement)
        connection.commit()


def ran(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = main(list(arguments))
    out, err = capsys.readouterr()
    return code, out, err


def past(home: Path) -> Remembered:
    with EventLog.open(home / DATABASE_NAME) as log:
        return remember(log, lambda done, total: None)


def nothing(bench: Bench) -> None:
    """What happens behind the break."""


def broken_home(
    folder: Path, *, halted: bool = False, rest: Callable[[Bench], None] = nothing
) -> Path:
    """A calm account at first; what happened in the end stands behind a row that was changed."""
    bench = Bench(cash="2000")
    for number in range(5):
        bench.act("status", reduces_risk=True, symbol=None)
        bench.later(60 + number)
    if halted:
        bench.act("halt", reason="the roof is on fire", symbol=None, reduces_risk=True)
    rest(bench)
    home = recorded(folder, bench)
    meddle(
        home,
        "UPDATE events SET body = replace(body, 'status', 'statue') WHERE seq = "
        "(SELECT max(seq) FROM events WHERE body LIKE '%\"status\"%' AND role = 'event')",
    )
    return home


def test_a_whole_log_is_left_alone(tmp_path: Path, capsys) -> None:
    home = recorded(tmp_path / "home", Bench())
    before = (home / DATABASE_NAME).read_bytes()
    code, out, _ = ran(capsys, "recover", "--home", str(home))
    assert (code, "the log is whole" in out, f"home: {home}" in out) == (0, True, True)
    assert (home / DATABASE_NAME).read_bytes() == before
    assert not list(home.glob("*set-aside*"))


def test_it_asks_first_and_no_is_no(tmp_path: Path, capsys, monkeypatch) -> None:
    home = broken_home(tmp_path / "home")
    monkeypatch.setattr("sys.stdin.readline", lambda *_: "n\n", raising=False)
    monkeypatch.setattr("builtins.input", lambda *_: "n")
    code, out, _ = ran(capsys, "recover", "--home", str(home))
    assert code == 1
    assert "nothing is deleted" in out and "its content was changed" in out
    assert past(home).broken is not None
    assert not list(home.glob("*set-aside*")) and not list(home.glob("*.new*"))


def test_the_new_log_goes_on_from_the_sound_part_and_the_old_file_stays(
    tmp_path: Path, capsys
) -> None:
    home = broken_home(tmp_path / "home")
    old = (home / DATABASE_NAME).read_bytes()
    code, out, err = ran(capsys, "recover", "--yes", "--json", "--home", str(home))
    assert code == 0
    told = json.loads(out)
    assert told["recovered"] and "no venue is named" in err
    assert Path(told["set_aside"][0]).read_bytes() == old
    assert sorted(each.name for each in home.iterdir()) == [
        DATABASE_NAME,
        f"{DATABASE_NAME}.lock",
        f"{DATABASE_NAME}.set-aside-1",
    ]
    found = past(home)
    assert found.broken is None and found.engine is not None
    with EventLog.open(home / DATABASE_NAME) as log:
        *_, last = log.read()
        assert isinstance(last.event, LogForked)
        assert last.event.set_aside == f"{DATABASE_NAME}.set-aside-1"
        assert last.step == told["steps"] + 1
    assert ran(capsys, "verify", "--home", str(home))[0] == 0
    assert "the log is whole" in ran(capsys, "recover", "--home", str(home))[1]


def test_a_halt_behind_the_break_stays(tmp_path: Path, capsys) -> None:
    home = broken_home(tmp_path / "home", halted=True)
    code, out, _ = ran(capsys, "recover", "--yes", "--home", str(home))
    assert code == 0
    assert "halted in the rest (the roof is on fire): it stays halted" in out
    engine = past(home).engine
    assert engine is not None
    assert engine.state.tiers.state.mode is TierMode.HALTED
    assert engine.state.risk.drawdown.halted is not None
    assert engine.state.risk.drawdown.halted.source == "operator"
    assert engine.state.tilt.state.level is TiltLevel.CAUTION  # his own halt locks nobody


def test_it_begins_in_caution_and_says_so(tmp_path: Path, capsys) -> None:
    home = broken_home(tmp_path / "home")
    code, out, _ = ran(capsys, "recover", "--yes", "--home", str(home))
    assert code == 0
    assert "it begins in CAUTION at least" in out and "000Z" not in out
    engine = past(home).engine
    assert engine is not None
    assert engine.state.tilt.state.level is TiltLevel.CAUTION
    assert ran(capsys, "verify", "--home", str(home))[0] == 0


def paused(bench: Bench) -> None:
    bench.tell(LogForked(bench.now_ns, "x", "why", bench.now_ns, was_paused=True))


def overridden(bench: Bench) -> None:
    """As after an override that was accepted."""
    until = bench.now_ns + HOUR
    carried = Carried(
        limited=Decimal("0.25"),
        limited_until_ns=until,
        attempts_ns=(bench.now_ns,),
        overrides_until_ns=until,
        pages_owed=1,
    )
    bench.tell(LogForked(bench.now_ns, "x", "why", bench.now_ns, carried=carried))


def test_an_open_intervention_behind_the_break_stays_open(tmp_path: Path, capsys) -> None:
    home = broken_home(tmp_path / "home", rest=paused)
    _, out, _ = ran(capsys, "recover", "--yes", "--home", str(home))
    assert "a page is asked for again" in out
    engine = past(home).engine
    assert engine is not None
    assert engine.state.tilt.state.level is TiltLevel.LOCKED


def test_an_override_behind_the_break_is_not_had_again(tmp_path: Path, capsys) -> None:
    home = broken_home(tmp_path / "home", rest=overridden)
    _, out, _ = ran(capsys, "recover", "--yes", "--home", str(home))
    for words in ("sizes stay at 25 %", "overrides were used up", "1 page is still owed"):
        assert words in out
    engine = past(home).engine
    assert engine is not None
    tilt, now_ns = engine.state.tilt, engine.state.now_ns
    assert (tilt.multiplier(now_ns), tilt.override.pages_owed) == (Decimal("0.25"), 1)
    assert tilt.override_attempts_left(now_ns) == 0


def test_a_log_without_a_sound_account_says_what_can_be_done(tmp_path: Path, capsys) -> None:
    home = recorded(tmp_path / "home", Bench())
    meddle(home, "UPDATE events SET run = 9 WHERE seq = 1")
    code, _, err = ran(capsys, "recover", "--yes", "--home", str(home))
    assert code == 2
    assert "genesis close-all --direct" in err and "another home" in err
    assert not list(home.glob("*set-aside*"))


def test_somebody_who_reads_the_log_is_waited_for(tmp_path: Path, capsys) -> None:
    home = broken_home(tmp_path / "home")
    with subprocess.Popen(
        [sys.executable, "-c", READS, str(home / DATABASE_NAME)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as reader:
        assert reader.stdout is not None and reader.stdout.readline()
        code, _, err = ran(capsys, "recover", "--yes", "--home", str(home))
        assert reader.stdin is not None
        reader.stdin.close()
    assert code == 2
    assert "something still reads" in err
    assert not list(home.glob("*.new*")) and not list(home.glob("*set-aside*"))
    assert ran(capsys, "recover", "--yes", "--home", str(home))[0] == 0


@pytest.mark.parametrize("has_links", [True, False])
def test_a_log_that_was_set_aside_before_is_never_written_over(
    tmp_path: Path, capsys, monkeypatch, has_links: bool
) -> None:
    """The first of them was moved to an archive; some file systems have no links."""
    home = broken_home(tmp_path / "home")
    old = (home / DATABASE_NAME).read_bytes()
    kept = home / f"{DATABASE_NAME}.set-aside-2"
    kept.write_text("the log of last year")
    if not has_links:
        monkeypatch.setattr("os.link", no_link)
    code, out, _ = ran(capsys, "recover", "--yes", "--json", "--home", str(home))
    assert code == 0
    assert Path(json.loads(out)["set_aside"][0]).name == f"{DATABASE_NAME}.set-aside-1"
    assert (home / f"{DATABASE_NAME}.set-aside-1").read_bytes() == old
    assert kept.read_text() == "the log of last year"


def test_a_name_that_was_taken_meanwhile_is_left_alone(tmp_path: Path) -> None:
    log, draft, aside = (tmp_path / name for name in ("log", "log.new", "log.set-aside-1"))
    for file in (log, draft, aside):
        file.write_text(file.name)
    with pytest.raises(UsageError, match="run this again"):
        _swap(log, draft, aside)
    assert [file.read_text() for file in (log, draft, aside)] == [
        file.name for file in (log, draft, aside)
    ]


def test_upgrade_records_the_code_and_says_what_it_means(tmp_path: Path, capsys) -> None:
    home = recorded(tmp_path / "home", Bench())
    code, out, err = ran(capsys, "upgrade", "--yes", "--json", "--home", str(home))
    assert code == 0
    told = json.loads(out)
    assert (told["old"], told["confirmed"], len(told["new"])) == ("code", True, 64)
    assert "a paper account runs any code: this is only logged" in err and str(home) in err
    with EventLog.open(home / DATABASE_NAME) as log:
        *_, last = log.read()
        assert isinstance(last.event, CodeConfirmed)
        assert last.event.code_sha256 == told["new"]
    assert ran(capsys, "verify", "--home", str(home))[0] == 0


def test_upgrade_of_a_home_that_was_never_run(tmp_path: Path, capsys) -> None:
    code, _, err = ran(capsys, "upgrade", "--home", str(tmp_path / "none"))
    assert code == 2
    assert "there is no event log here" in err
    assert not (tmp_path / "none").exists()


class Told:
    """A running service that tells of these locks."""

    def __init__(self, answer: list[dict[str, Any]]) -> None:
        self.answer = answer

    @classmethod
    def of(cls, settings: object) -> "Told":
        raise GenesisError("replaced in the test")

    def __enter__(self) -> "Told":
        return self

    def __exit__(self, *_: object) -> None:
        return

    def get(self, path: str) -> Any:
        return {"/locks": self.answer, "/tilt/status": {"pages": {"told": ""}}}[path]


LOCKS = [
    {
        "stage": "tilt",
        "code": "TILT_LOCKED",
        "scope": "account",
        "reason": "new trades pause until the page is written",
        "until": None,
        "when": None,
    },
    {
        "stage": "risk",
        "code": "COOLDOWN",
        "scope": "symbol",
        "reason": "a pause after losses",
        "until": "2024-08-08T12:00:00.123456789Z",
        "when": "in 27 minutes (12:00:01 UTC, venue time)",
    },
]


@pytest.mark.parametrize(("told", "code"), [(LOCKS, 1), ([], 0)])
def test_locks_tells_every_lock(told, code, tmp_path: Path, capsys, monkeypatch) -> None:
    monkeypatch.setattr("genesis.service.client.Client.of", lambda settings: Told(told))
    found, out, _ = ran(capsys, "locks", "--home", str(tmp_path))
    assert found == code
    for lock in told:
        (line,) = [line for line in out.splitlines() if line.startswith(lock["code"])]
        assert lock["scope"] in line and lock["reason"] in line
        assert (f"over {lock['when']}" if lock["when"] else "no end by itself") in line
        assert "T12:00" not in line
    assert told or "nothing is locked" in out
    found, out, _ = ran(capsys, "locks", "--json", "--home", str(tmp_path))
    assert (found, json.loads(out)) == (code, told)


def test_locks_without_a_service(tmp_path: Path, capsys) -> None:
    code, _, err = ran(capsys, "locks", "--home", str(tmp_path))
    assert code == 3
    assert "no service runs" in err
