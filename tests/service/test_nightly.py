"""The night's work on a real home: exactly what is missing, once; what fails is named."""

import datetime
import errno
import json
import os
import re
import shutil
import sqlite3
import threading
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from genesis.cli.main import main
from genesis.domain.time import HOUR, parse_utc
from genesis.errors import EventLogError, UsageError
from genesis.reports import days, nightly, summary, verify
from genesis.reports import templates as templates_of
from genesis.reports.nightly import REPORTS, Night, Nightly
from genesis.reports.run import run
from genesis.service.home import Home
from genesis.store.database import DATABASE_NAME
from genesis.store.event_log import LEASE_SUFFIX
from genesis.store.lease import Lease
from genesis.store.ticks import TickStore
from genesis.store.ticks import manifest as manifests
from tests.service.test_verify_cli import change
from tests.support import tick_files
from tests.support.mailbox import a_hook, a_mailbox
from tests.support.nights import DAYS, Listener, bytes_below, record_three_days
from tests.support.patience import PATIENCE_S
from tests.support.report_templates import template

CELL = "print(date)"


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("recorded") / "home"
    record_three_days(home)
    return home


@pytest.fixture
def home(recorded: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(recorded, tmp_path / "home"))


@pytest.fixture
def templates(tmp_path: Path) -> Path:
    return template(tmp_path / "templates", CELL)


@pytest.fixture(scope="module")
def after_a_night(recorded: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("after")
    home = Path(shutil.copytree(recorded, folder / "home"))
    assert night_of(home, template(folder / "templates", CELL))[0].failed == []
    return home


@pytest.fixture
def nighted(after_a_night: Path, tmp_path: Path) -> Path:
    """A home whose first night is over."""
    return Path(shutil.copytree(after_a_night, tmp_path / "home"))


def night_of(home: Path, templates: Path, **given: Any) -> tuple[Night, list[str]]:
    listener = Listener()
    night = Nightly(home, listener, reports=("small",), templates=templates, **given).run()
    return night, listener.lines


def test_three_missed_days_give_exactly_the_missing_reports_and_then_nothing_changes(
    home: Path, templates: Path
) -> None:
    night, lines = night_of(home, templates)
    assert night.days == DAYS
    assert night.made == [f"{day}/small" for day in DAYS]
    assert night.failed == []
    assert night.verified is not None
    assert night.verified.is_sound
    assert any("no difference (run again)" in line for line in lines)

    made = bytes_below(home)
    stamps = {path: path.stat().st_mtime_ns for path in (home / "reports").rglob("*.*")}
    reports = home / "reports"
    assert {path.name for path in reports.iterdir()} == {
        *DAYS, "index.html", "nightly.md", "nightly.lock", "verified.json",
    }  # fmt: skip
    for link in re.findall(r'href="([^"d][^"]*)"', (reports / "index.html").read_text()):
        assert (reports / link).is_file(), link

    night, lines = night_of(home, templates)
    assert (night.made, night.failed) == ([], [])
    assert any("on an earlier night" in line for line in lines)
    assert bytes_below(home) == made
    assert all(path.stat().st_mtime_ns == stamps[path] for path in stamps if path.suffix != ".lock")


def test_a_report_that_vanished_is_made_again_to_the_same_bytes(
    home: Path, templates: Path
) -> None:
    night_of(home, templates)
    made = bytes_below(home)
    (home / "reports" / DAYS[1] / "small.html").unlink()
    assert night_of(home, templates)[0].made == [f"{DAYS[1]}/small"]
    assert bytes_below(home) == made


def test_the_day_a_service_is_in_is_not_over(home: Path, templates: Path) -> None:
    lease = Lease.take(home / (DATABASE_NAME + LEASE_SUFFIX))
    try:
        night, _ = night_of(home, templates)
        assert night.days == DAYS[:2]
        assert night.verified is not None
        assert night.verified.through == DAYS[1]
        first = bytes_below(home / "reports")
        night_of(home, templates)
        assert bytes_below(home / "reports") == first
    finally:
        lease.release()
    night, lines = night_of(home, templates)
    assert night.made == [f"{DAYS[2]}/small"]
    assert any("no difference (run again)" in line for line in lines)


def test_today_is_not_over(home: Path, templates: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(days, "today", lambda: datetime.date(2024, 8, 6))
    assert night_of(home, templates)[0].days == DAYS[:1]


def test_what_was_made_before_its_day_was_over_is_made_again(
    recorded: Path, home: Path, templates: Path
) -> None:
    noon = keep_until(home, parse_utc(DAYS[2]) + 12 * HOUR)
    night_of(home, templates)
    half = bytes_below(home / "reports")
    go_on(home, recorded)
    night, lines = night_of(home, templates)
    assert (night.made, night.failed) == ([f"{DAYS[2]}/small"], [])
    assert any("no difference (run again)" in line for line in lines)
    told = json.loads((home / "reports" / DAYS[2] / "day.json").read_bytes())
    assert told["seq"] > noon == json.loads(half[f"{DAYS[2]}/day.json"])["seq"]
    whole = bytes_below(home / "reports")
    changed = {name for name, body in whole.items() if half[name] != body}
    assert {f"{DAYS[2]}/small.html", f"{DAYS[2]}/day.json"} <= changed
    assert not any(name.startswith(DAYS[:2]) for name in changed)

    assert night_of(home, templates)[0].made == []
    assert bytes_below(home / "reports") == whole


def test_a_report_asked_for_by_hand_at_noon_is_made_again_at_night(
    recorded: Path, home: Path, templates: Path
) -> None:
    keep_until(home, parse_utc(DAYS[2]) + 12 * HOUR)
    run("small", date=DAYS[2], home=home, template_folder=templates)
    run("small", date=DAYS[0], home=home, template_folder=templates)
    go_on(home, recorded)
    night, _ = night_of(home, templates)
    assert night.made == [f"{DAYS[1]}/small", f"{DAYS[2]}/small"]


def test_a_stale_report_that_fails_stays_and_is_tried_every_night(
    recorded: Path, home: Path, templates: Path, tmp_path: Path
) -> None:
    keep_until(home, parse_utc(DAYS[2]) + 12 * HOUR)
    night_of(home, templates)
    half = (home / "reports" / DAYS[2] / "small.html").read_bytes()
    go_on(home, recorded)
    for _ in range(2):
        assert len(night_of(home, template(tmp_path / "broken", "1 / 0"))[0].failed) == 1
        assert (home / "reports" / DAYS[2] / "small.html").read_bytes() == half
    assert night_of(home, templates)[0].made == [f"{DAYS[2]}/small"]


def keep_until(home: Path, until_ns: int) -> int:
    """Cut the log of a home, as a service stopped then would have left it; its last row."""
    with closing(sqlite3.connect(home / DATABASE_NAME)) as database:
        (seq,) = database.execute(
            "SELECT min(seq) - 1 FROM events WHERE ts_ns >= ?", (until_ns,)
        ).fetchone()
        (pos,) = database.execute("SELECT tape_pos FROM events WHERE seq = ?", (seq,)).fetchone()
    change(
        home,
        f"DELETE FROM events WHERE seq > {seq}",
        f"DELETE FROM tape WHERE first_pos > {pos}",
    )
    return int(seq)


def go_on(home: Path, recorded: Path) -> None:
    """The service was started again, and ran to the end."""
    for part in recorded.glob(f"{DATABASE_NAME}*"):
        shutil.copy(part, home)


KILLED = """
import os, pathlib, signal
if date == "2024-08-06" and pathlib.Path(home, "bad").exists():
    os.kill(os.getpid(), signal.SIGKILL)
print(date)
"""


def test_a_kernel_killed_in_the_middle_fails_that_report_alone_and_the_next_night_makes_it(
    home: Path, tmp_path: Path
) -> None:
    templates = template(tmp_path / "killing", KILLED)
    (home / "bad").touch()
    night, lines = night_of(home, templates, limit_s=PATIENCE_S)  # it is not what ends it
    assert night.made == [f"{DAYS[0]}/small", f"{DAYS[2]}/small"]
    (failed,) = night.failed
    assert failed.startswith(f"{DAYS[1]}/small: report small of {DAYS[1]}: the kernel was killed")
    assert any(line.startswith(f"{DAYS[1]}/small: FAILED") for line in lines)
    left = bytes_below(home / "reports" / DAYS[1])
    assert left.keys() == {"day.json"}
    assert "What failed last night" in (home / "reports/index.html").read_text()
    assert failed in (home / "reports/nightly.md").read_text()

    (home / "bad").unlink()
    night, _ = night_of(home, templates)
    assert (night.made, night.failed) == ([f"{DAYS[1]}/small"], [])
    assert "failed" not in (home / "reports/nightly.md").read_text()


def test_two_nights_at_once_are_refused(nighted: Path, tmp_path: Path) -> None:
    home = nighted
    (home / "reports" / DAYS[1] / "small.html").unlink()
    slow = template(tmp_path / "slow", "import pathlib, time\npathlib.Path(home, 'on').touch()\n"
                    "time.sleep(3)")  # fmt: skip
    first = threading.Thread(target=night_of, args=(home, slow))
    first.start()
    try:
        while not (home / "on").exists():
            time.sleep(0.02)
        with pytest.raises(UsageError, match="another nightly runs"):
            night_of(home, slow)
    finally:
        first.join()


def test_a_damaged_log_is_named_and_the_rest_is_done(nighted: Path, templates: Path) -> None:
    home = nighted
    (home / "reports" / DAYS[0] / "small.html").unlink()
    change(home, "UPDATE events SET body = body || ' ' WHERE seq = 20")
    night, _ = night_of(home, templates)
    assert night.made == [f"{DAYS[0]}/small"]
    assert any("row 20 of events" in line for line in night.failed)
    assert night.verified is None
    assert "does not hold" in (home / "reports/index.html").read_text()
    assert "does not hold" in (home / "reports/nightly.md").read_text()


def test_an_unreadable_log_is_not_said_to_hold_and_the_reports_stay_reachable(
    nighted: Path, templates: Path
) -> None:
    home = nighted
    before = index_of(home)
    held = re.search(r"[\d,]+ events through [\d-]+ were run again", before)
    assert held is not None and "The record holds" in before
    (home / "reports" / "2024-08-01").mkdir()
    for part in home.glob(f"{DATABASE_NAME}*"):
        part.write_bytes(b"not a log")
    for _ in range(2):
        night, _lines = night_of(home, templates)
        assert [line.partition(":")[0] for line in night.failed] == ["days"]
        mail = (home / "reports/nightly.md").read_text()
        for page in (index_of(home), mail):
            assert "The record could not be verified last night." in page
            assert f"When it last was, it held: {held[0]}" in page
            assert "The record holds" not in page
            assert all(day in page for day in (*DAYS, "2024-08-01"))
        assert links_of(index_of(home)) == links_of(before)


def test_a_log_that_breaks_while_it_is_verified_is_not_said_to_hold(
    nighted: Path, templates: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = nighted

    def broken(*_: object) -> None:
        raise EventLogError("the disk does not answer")

    monkeypatch.setattr(verify.LogReader, "first_break_of", broken)
    night, _ = night_of(home, templates)
    assert night.failed == ["verify: the disk does not answer"]
    assert "The record holds" not in index_of(home)
    assert "When it last was, it held:" in (home / "reports/nightly.md").read_text()


def index_of(home: Path) -> str:
    return (home / "reports/index.html").read_text()


def links_of(page: str) -> list[str]:
    return re.findall(r'href="(2[^"]*)"', page)


def test_a_decision_that_differs_is_named_every_night(home: Path, templates: Path) -> None:
    from tests.service.test_verify_cli import forge

    assert forge(home, '"limits_used":[', '"limits_used":[["x","1"],', "OrderApproved")
    for _ in range(2):
        night, _lines = night_of(home, templates)
        assert any("recorded" in line and "recomputed" in line for line in night.failed)


def test_a_home_without_a_log_or_without_itself(tmp_path: Path, templates: Path) -> None:
    home = Home.open(tmp_path / "empty").path
    night, _ = night_of(home, templates)
    assert [line.partition(":")[0] for line in night.failed] == ["days"]
    assert "No day is over yet" in (home / "reports/index.html").read_text()
    with pytest.raises(UsageError, match="there is no home"):
        night_of(tmp_path / "nowhere", templates)
    assert not (tmp_path / "nowhere").exists()


def test_the_notice_carries_the_summary_once_a_run_and_a_failure_undoes_nothing(
    home: Path, templates: Path
) -> None:
    with a_mailbox() as box, a_hook() as hook:
        hook.status = 503
        night, _ = night_of(home, templates, urls=(box.url, hook.url))
        assert night.noticed == 1
        assert night.failed == ["notice 2 of 2 (json) could not be sent"]
        assert len(box.mails) == 1
        assert all(day in box.mails[0] for day in DAYS)
        assert night.made == [f"{day}/small" for day in DAYS]
        hook.status = 200
        night, _ = night_of(home, templates, urls=(box.url, hook.url))
        assert (night.failed, night.noticed, len(box.mails)) == ([], 2, 2)


def test_tick_store_leftovers_go_and_imports_stay(
    nighted: Path, templates: Path, tmp_path: Path
) -> None:
    home, store = nighted, TickStore(nighted)
    store.import_file(tick_files.write(tmp_path / "t.csv", tick_files.steady(1, 20)), "BTC/USDT")
    held = store.list()
    left = store.root / "trades" / "symbol=BTC%2FUSDT" / "date=2024-01-01" / "left.parquet"
    left.parent.mkdir(parents=True, exist_ok=True)
    left.write_bytes(b"half")
    os.utime(left, (1, 1))
    (store.root / ".staging" / "killed").mkdir(parents=True)
    _, lines = night_of(home, templates)
    assert "ticks: 1 left-over files, 1 killed imports, 0 old recordings removed" in lines
    assert not left.exists()
    assert store.list() == held


def test_recordings_expire_but_never_while_the_days_of_runs_cannot_be_read(
    nighted: Path, templates: Path, tmp_path: Path
) -> None:
    home, store = nighted, TickStore(nighted)
    store.import_file(tick_files.write(tmp_path / "t.csv", tick_files.steady(1, 20)), "BTC/USDT")
    recorded = {DAYS[0], "2024-01-01"}  # an engine ran on the first one
    for date in recorded:
        as_recorded_books(store, date)
    (store.root / ".staging" / "killed").mkdir(parents=True)
    log = {part: part.read_bytes() for part in home.glob(f"{DATABASE_NAME}*")}
    for part in log:
        part.write_bytes(b"not a log")
    _, lines = night_of(home, templates)
    assert "ticks: 0 left-over files, 1 killed imports, 0 old recordings removed" in lines
    assert dates_of_books(store) == recorded
    for part, body in log.items():
        part.write_bytes(body)
    _, lines = night_of(home, templates)
    assert "ticks: 0 left-over files, 0 killed imports, 1 old recordings removed" in lines
    assert dates_of_books(store) == {DAYS[0]}


def as_recorded_books(store: TickStore, date: str) -> None:
    """Name a file of the store as books of a day that our recorder wrote."""
    with manifests.writing(store.root):
        held = manifests.load(store.root)
        part = replace(next(iter(held.partitions.values())), origin=manifests.RECORDED)
        place = manifests.Place("books", "BTC/USDT", date)
        manifests.save(store.root, held.with_partitions({place: part}))


def dates_of_books(store: TickStore) -> set[str]:
    return {place.date for place in store.manifest().partitions if place.kind == "books"}


def test_a_file_that_cannot_be_read_fails_its_report_alone(nighted: Path, templates: Path) -> None:
    home = nighted
    page = home / "reports" / DAYS[1] / "small.html"
    page.unlink()
    page.mkdir()
    (home / "reports" / DAYS[2] / "small.html").unlink()
    night, _ = night_of(home, templates)
    assert night.made == [f"{DAYS[2]}/small"]
    (failed,) = night.failed
    assert failed.startswith(f"{DAYS[1]}/small: {page}")
    assert failed in (home / "reports/nightly.md").read_text()


def test_a_step_that_breaks_is_named_with_its_type_and_its_traceback_is_kept(
    home: Path, templates: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("the address json://me:hunter2@127.0.0.1:1")

    monkeypatch.setattr(TickStore, "look_after", broken)
    monkeypatch.setattr(summary, "of", broken)
    night, lines = night_of(home, templates, urls=("json://me:hunter2@127.0.0.1:1",))
    assert night.made == [f"{day}/small" for day in DAYS]
    steps = ["ticks", *(f"{day}/figures" for day in DAYS)]
    log = home / "logs" / "nightly.jsonl"
    assert night.failed[:4] == [f"{step}: ZeroDivisionError, see {log}" for step in steps]
    assert f"ticks: FAILED ZeroDivisionError, see {log}" in lines
    kept = [json.loads(line) for line in log.read_text().splitlines()]
    assert [line["context"]["step"] for line in kept] == steps
    assert "ZeroDivisionError" in kept[0]["context"]["exception"]
    assert "hunter2" not in log.read_text()


def test_what_earlier_nights_left_cannot_be_listed_and_the_night_goes_on(
    home: Path, templates: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(nightly, "reported_days", broken)
    (home / DATABASE_NAME).write_bytes(b"not a log")
    night, _ = night_of(home, templates)
    assert [line.partition(":")[0] for line in night.failed] == ["days", "figures"]
    assert "OSError (Input/output error)" in night.failed[1]
    assert (home / "reports/index.html").is_file()


def test_the_command_tells_each_step_and_ends_with_what_became_of_the_night(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    small = tmp_path / "two"
    for name in ("daily", "tier_evaluation"):
        template(small, CELL, name=name)
    monkeypatch.setattr(templates_of, "folder", lambda: small)
    with a_hook() as hook:
        monkeypatch.setenv("GENESIS_NOTIFY", hook.url)
        assert main(["nightly", "--home", str(home), "--json"]) == 0
        (post,) = hook.posts
    out, err = capsys.readouterr()
    told = json.loads(out)
    assert told["made"] == [f"{day}/{name}" for day in DAYS for name in REPORTS]
    assert (told["failed"], told["verified"], told["noticed"]) == ([], True, 1)
    assert len(told["head"]) == 64
    assert f"{DAYS[0]}/daily: made" in err
    assert post["title"].startswith(f"Genesis {DAYS[2]}: ")

    monkeypatch.setenv("GENESIS_NOTIFY", "mailto://me:hunter2@")
    template(small, "1 / 0", name="daily")
    (home / "reports" / DAYS[0] / "daily.html").unlink()
    assert main(["nightly", "--home", str(home)]) == 1
    out, err = capsys.readouterr()
    assert f"failed: {DAYS[0]}/daily: report daily of {DAYS[0]}: cell 4 broke" in err
    assert "failed: notice: GENESIS_NOTIFY: address 1 (mailto) cannot be understood" in err
    assert "hunter2" not in out + err
    assert "0 reports made, 2 things failed" in out
