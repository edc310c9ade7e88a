"""Reports asked for wrongly, or on a bad day: one calm line, the right exit code, nothing lost."""

import re
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from genesis.errors import DataError
from genesis.reports.nightly import Nightly
from genesis.reports.run import run
from tests.conftest import require
from tests.service.test_verify_cli import change
from tests.support.nights import DAYS, Listener, bytes_below, record_three_days
from tests.support.process import ran
from tests.support.report_templates import FIGURE, template
from tests.support.small_disk import a_small_disk

DAY = DAYS[1]
PROGRESS = re.compile(r"(daily|tier) of [\d-]+: \d+ of \d+ cells")
Ended = subprocess.CompletedProcess[str]


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("days") / "home"
    record_three_days(home)
    return home


@pytest.fixture
def folder(recorded: Path, tmp_path: Path) -> Path:
    """A folder with the recorded home in it."""
    shutil.copytree(recorded, tmp_path / "home")
    return tmp_path


def genesis(folder: Path, words: str) -> Ended:
    """Run a command; its home is `folder/home` where the words name no other."""
    return ran(folder, *words.split(), GENESIS_HOME=str(folder / "home"))


def all_of(folder: Path, *commands: str) -> list[Ended]:
    """Run commands, two at a time."""
    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(lambda words: genesis(folder, words), commands))


def is_one_line(done: Ended, code: int, *words: str) -> None:
    """Beside how far a notebook is, which a slow machine tells now and then."""
    assert done.returncode == code, done.stdout + done.stderr
    told = [line for line in done.stderr.splitlines() if not PROGRESS.fullmatch(line)]
    assert len(told) == 1, done.stderr
    assert told[0].startswith("genesis: "), done.stderr
    for word in words:
        assert word in told[0], done.stderr


def test_what_is_asked_wrongly_is_one_line_and_leaves_nothing(folder: Path) -> None:
    cases = {
        "report weekly": ("'weekly'", "daily or tier"),
        "report daily --date 2024-8-6": ("'2024-8-6' is no day",),
        "report daily --date 2024-02-30": ("is no day",),
        "report daily --date 2999-01-01": ("2999-01-01 has not begun",),
        "report daily --date 2024-08-20": ("2024-08-20 has no data", DAYS[0], DAYS[2]),
        "report tier --date 2023-08-06": ("2023-08-06 has no data",),
        f"report daily --date {DAY} --dat x": ("--dat",),
        f"report daily --date {DAY} --limit 0": ("--limit",),
    }
    for done, words in zip(all_of(folder, *cases), cases.values(), strict=True):
        is_one_line(done, 2, *words)
        assert done.stdout == ""
    assert not (folder / "home" / "reports").exists()


def test_a_home_without_a_log_or_day_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    for done in all_of(tmp_path, "report daily", f"report tier --date {DAY}"):
        is_one_line(done, 2, "genesis.db", "there is no event log here")


def test_a_damaged_log_is_named_by_its_row_and_the_older_report_stays(folder: Path) -> None:
    older = folder / "home" / "reports" / DAY / "daily.html"
    older.parent.mkdir(parents=True)
    older.write_text("the older report")
    change(folder / "home", "UPDATE events SET body = body || ' ' WHERE seq = 40")
    hit, other = all_of(folder, f"report daily --date {DAY}", f"report tier --date {DAYS[2]}")
    is_one_line(hit, 2, "report daily", "row 40", "content was changed")
    assert other.returncode == 0, "another day of the log is whole"
    assert bytes_below(older.parent) == {"daily.html": b"the older report"}


def test_a_file_that_is_no_database_is_one_line(folder: Path) -> None:
    (folder / "home" / "genesis.db").write_bytes(b"hello" * 2_000)
    for done in all_of(folder, f"report daily --date {DAY}", f"report tier --date {DAY}"):
        is_one_line(done, 2, "genesis.db", "cannot be read")


def test_a_place_that_cannot_be_is_one_line(folder: Path) -> None:
    (folder / "taken").write_text("a file")
    (done,) = all_of(folder, f"report tier --date {DAY} --out taken/reports")
    is_one_line(done, 2, "taken")
    assert (folder / "taken").read_text() == "a file"


def test_a_limit_that_is_too_short_ends_the_report_with_1(folder: Path) -> None:
    (done,) = all_of(folder, f"report daily --date {DAY} --limit 1")
    is_one_line(done, 1, "longer than 1 s", "--limit")
    assert not (folder / "home" / "reports").exists()


def test_a_full_disk_is_one_line_and_the_older_report_stays(folder: Path) -> None:
    disk = folder / "disk"
    taken = sum(file.stat().st_size for file in (folder / "home").rglob("*") if file.is_file())
    with a_small_disk(disk, taken / 2**20 + 0.5) as mounted:
        require(mounted, "the right to mount a small disk")
        home = Path(shutil.copytree(folder / "home", disk / "home"))
        older = home / "reports" / DAY / "daily.html"
        older.parent.mkdir(parents=True)
        older.write_text("the older report")
        (done,) = all_of(folder, f"report daily --date {DAY} --home {home}")
        is_one_line(done, 2, "the disk is full", "nothing was changed")
        assert bytes_below(older.parent) == {"daily.html": b"the older report"}
        templates = template(folder / "templates", FIGURE)
        night = Nightly(home, Listener(), reports=("small",), templates=templates).run()
        assert night.made == []
        failed = [line for line in night.failed if "/small: " in line]
        assert [line.partition("/")[0] for line in failed] == list(DAYS)
        assert all("the disk is full" in line for line in failed)
        assert older.read_text() == "the older report"
        assert not list(home.rglob("*.part"))


def test_a_limit_on_file_sizes_is_met_as_calmly(folder: Path) -> None:
    """Where no disk may be mounted, this is the full disk."""
    import resource

    templates = template(folder / "templates", FIGURE)
    older = template(folder / "older", "1")
    home = folder / "home"
    kept = run("small", date=DAY, home=home, template_folder=older)
    before = bytes_below(kept.parent)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, hard))
    try:
        with pytest.raises(DataError, match="disk is full"):
            run("small", date=DAY, home=home, template_folder=templates)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert bytes_below(kept.parent) == before
