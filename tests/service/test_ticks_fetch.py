"""`genesis ticks fetch` against an archive on loopback: whole, checked, and patient."""

import json
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genesis.cli.main import main
from genesis.errors import DataError, Unreachable
from genesis.service.vision.download import PAUSES_S, Progress, Source
from genesis.service.vision.fetch import Fetch, Fetched
from genesis.service.vision.plan import planned
from genesis.store.ticks import ImportReport, TickStore
from genesis.store.ticks.manifest import IMPORTED
from tests.support import tick_files
from tests.support.tick_files import DAY_MS, MIDNIGHT_MS
from tests.support.vision_archive import Archive, an_archive

BTC = "BTC/USDT"
FIRST = date(2024, 8, 9)
"""The day of MIDNIGHT_MS."""
ONE_DAY = (FIRST, FIRST + timedelta(days=1))
ROWS = 400


def of_day(n: int) -> list[tick_files.Trade]:
    start_ms = MIDNIGHT_MS + n * DAY_MS - n * ROWS * 10
    return tick_files.steady(n * ROWS, ROWS, start_ms=start_ms)


@pytest.fixture
def archive() -> Iterator[Archive]:
    with an_archive() as made:
        yield made


class Quiet:
    """Remembers how far each file was."""

    def __init__(self) -> None:
        self.seen: list[tuple[int, int | None]] = []

    def downloading(self, name: str) -> Progress:
        return lambda held, total: self.seen.append((held, total))

    def imported(self, report: ImportReport) -> None: ...
    def held(self, name: str) -> None: ...
    def missing(self, name: str) -> None: ...


class Fetching:
    """Fetches into one home; `waited` are the pauses that would have been made."""

    def __init__(self, home: Path, archive: Archive) -> None:
        self.home, self.archive = home, archive
        self.waited: list[float] = []
        self.watcher = Quiet()

    def days(self, first: date, end: date, **options: object) -> Fetched:
        with Source(self.archive.url, sleep=self.waited.append) as source:
            fetch = Fetch(self.home, BTC, source, self.watcher, **options)  # type: ignore[arg-type]
            return fetch.days(first, end)

    def ids(self) -> list[int]:
        return list(TickStore(self.home).arrays(BTC).trade_id.tolist())


@pytest.fixture
def fetching(tmp_path: Path, archive: Archive) -> Fetching:
    return Fetching(tmp_path / "home", archive)


def test_days_come_in_once_and_nothing_is_left_behind(archive: Archive, fetching: Fetching) -> None:
    paths = [archive.add(str(FIRST + timedelta(days=n)), of_day(n)) for n in range(3)]
    done = fetching.days(FIRST, FIRST + timedelta(days=3))
    assert [report.added for report in done.imported] == [ROWS] * 3
    assert fetching.ids() == list(range(3 * ROWS))
    assert {held.origin for held in TickStore(fetching.home).list()} == {IMPORTED}
    assert list((fetching.home / "downloads").iterdir()) == []
    again = fetching.days(FIRST, FIRST + timedelta(days=3))
    assert (len(again.held), again.imported) == (3, [])
    assert [len(archive.ranges(path)) for path in paths] == [1, 1, 1]


def test_a_corrected_file_is_fetched_again(archive: Archive, fetching: Fetching) -> None:
    archive.add(str(FIRST), of_day(0)[:-5])
    fetching.days(*ONE_DAY)
    archive.add(str(FIRST), of_day(0))
    (report,) = fetching.days(*ONE_DAY).imported
    assert (report.added, report.repeated) == (5, ROWS - 5)


def test_a_download_that_breaks_goes_on_where_it_stopped(
    archive: Archive, fetching: Fetching
) -> None:
    path = archive.add(str(FIRST), of_day(0))
    size = len(archive.files[path])
    archive.faults[path] = ["cut", "cut", 503]
    fetching.days(*ONE_DAY)
    half, quarter = size // 2, size // 2 + (size - size // 2) // 2
    assert archive.ranges(path) == [
        None,
        f"bytes={half}-",
        f"bytes={quarter}-",
        f"bytes={quarter}-",
    ]
    assert fetching.waited == [1.0, 1.0, 2.0]  # progress makes the count begin anew
    assert fetching.watcher.seen[-1] == (size, size)
    assert fetching.ids() == list(range(ROWS))


def test_a_later_run_goes_on_with_a_half_file(archive: Archive, fetching: Fetching) -> None:
    path = archive.add(str(FIRST), of_day(0))
    archive.faults[path] = ["cut", *[500] * len(PAUSES_S)]
    with pytest.raises(Unreachable, match="run the command again to go on"):
        fetching.days(*ONE_DAY)
    assert fetching.waited == list(PAUSES_S)
    assert not (fetching.home / "ticks").exists()
    held = next((fetching.home / "downloads").iterdir()).stat().st_size
    archive.asked.clear()
    fetching.days(*ONE_DAY)
    assert archive.ranges(path) == [f"bytes={held}-"]
    assert fetching.ids() == list(range(ROWS))


@pytest.mark.parametrize("stale", [b"", b"x" * 10, None, b"x" * 10**6])
def test_whatever_half_file_lies_there_the_right_one_comes_in(
    archive: Archive, fetching: Fetching, stale: bytes | None
) -> None:
    """Empty, of other content, already whole (None), longer than the file."""
    path = archive.add(str(FIRST), of_day(0))
    folder = fetching.home / "downloads"
    folder.mkdir(parents=True)
    name = path.rsplit("/", 1)[1]
    (folder / f"{name}.part").write_bytes(archive.files[path] if stale is None else stale)
    fetching.days(*ONE_DAY)
    assert fetching.ids() == list(range(ROWS))


def test_a_server_without_ranges_sends_all_of_it(archive: Archive, fetching: Fetching) -> None:
    path = archive.add(str(FIRST), of_day(0))
    archive.faults[path] = ["cut", "all"]
    fetching.days(*ONE_DAY)
    assert fetching.ids() == list(range(ROWS))


def test_a_wrong_checksum_is_tried_once_more_and_then_told(
    archive: Archive, fetching: Fetching
) -> None:
    path = archive.add(str(FIRST), of_day(0))
    archive.faults[path] = ["other"]
    fetching.days(*ONE_DAY)
    assert fetching.ids() == list(range(ROWS))
    path = archive.add(str(ONE_DAY[1]), of_day(1))
    archive.faults[path] = ["other", "other"]
    with pytest.raises(DataError, match="does not match its checksum"):
        fetching.days(ONE_DAY[1], ONE_DAY[1] + timedelta(days=1))
    assert fetching.ids() == list(range(ROWS))
    assert list((fetching.home / "downloads").iterdir()) == []


def test_a_missing_day_is_told_and_the_others_come_in(archive: Archive, fetching: Fetching) -> None:
    archive.add(str(FIRST), of_day(0))
    archive.add(str(FIRST + timedelta(days=2)), of_day(2))
    done = fetching.days(FIRST, FIRST + timedelta(days=3))
    assert done.missing == ["BTCUSDT-trades-2024-08-10.zip"]
    assert len(fetching.ids()) == 2 * ROWS


def test_nothing_at_all_is_one_clear_error(fetching: Fetching) -> None:
    with pytest.raises(DataError, match=r"has no trades of BTC/USDT .*: check the symbol"):
        fetching.days(*ONE_DAY)


def test_a_whole_month_is_one_file_or_its_days(archive: Archive, fetching: Fetching) -> None:
    month = archive.add("2024-08", of_day(0))
    done = fetching.days(date(2024, 8, 1), date(2024, 9, 1))
    assert [report.source for report in done.imported] == ["BTCUSDT-trades-2024-08.zip"]
    del archive.files[month], archive.files[f"{month}.CHECKSUM"]
    archive.add(str(FIRST), of_day(0))
    done = fetching.days(date(2024, 8, 1), date(2024, 9, 1))
    assert len(done.missing) == 30
    assert [report.repeated for report in done.imported] == [ROWS]


def test_aggregated_trades_come_as_what_they_are(archive: Archive, fetching: Fetching) -> None:
    path = archive.add(str(FIRST), [], kind="aggTrades")
    archive.faults.clear()
    done = None
    with pytest.raises(DataError, match="is empty"):
        done = fetching.days(*ONE_DAY, kind="aggTrades")
    assert done is None
    assert path.endswith("BTCUSDT-aggTrades-2024-08-09.zip")


@given(st.dates(date(2019, 1, 1), date(2026, 1, 1)), st.integers(1, 500))
def test_a_plan_covers_every_day_once_with_as_few_files_as_can_be(start: date, days: int) -> None:
    end = start + timedelta(days=days)
    files = planned("trades", "BTCUSDT", start, end)
    covered = [day.first for file in files for day in (file.days() if file.is_monthly else (file,))]
    assert covered == [start + timedelta(days=n) for n in range(days)]
    daily = [file.first for file in files if not file.is_monthly]
    whole = {(day.year, day.month) for day in covered} - {(day.year, day.month) for day in daily}
    assert len(whole) == sum(file.is_monthly for file in files)
    for first in daily:  # no month is asked for day by day that is asked whole
        month = [day for day in covered if (day.year, day.month) == (first.year, first.month)]
        assert len(month) < 28 or month[0].day != 1 or month[-1] != _end_of_month(first)


def _end_of_month(day: date) -> date:
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1) - timedelta(days=1)


# -- the command line --------------------------------------------------------------------------
def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = main(["ticks", "fetch", *arguments])
    out, err = capsys.readouterr()
    return code, out, err


def test_the_command_fetches_and_says_what_it_lacks(
    archive: Archive, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    archive.add(str(FIRST), of_day(0))
    where = ("--base-url", archive.url, "--home", str(tmp_path))
    span = ("--start", "2024-08-09", "--end", "2024-08-10")
    code, out, _ = run(capsys, "btcusdt", *span, *where)
    assert (code, "400 new of 400 trades" in out) == (0, True)
    code, out, _ = run(capsys, "BTC/USDT", "--start", "2024-08-09", "--end", "2024-08-10T12:00",
                       *where, "--json")  # fmt: skip
    told = json.loads(out)
    assert code == 1
    assert told["held"] == ["BTCUSDT-trades-2024-08-09.zip"]
    assert told["missing"] == ["BTCUSDT-trades-2024-08-10.zip"]


def test_without_a_network_it_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    code, _, err = run(
        capsys, "BTCUSDT", "--base-url", "http://127.0.0.1:1", "--home", str(tmp_path)
    )
    assert code == 3
    assert "cannot be reached" in err
    assert "is this machine online?" in err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("NOSUCH",), "'NOSUCH' is unknown"),
        (("BTCUSDT", "--start", "2199-01-01"), "publishes a day on the next one"),
        (("BTCUSDT", "--start", "2024-08-10", "--end", "2024-08-09"), "is not before"),
        (("BTCUSDT", "--start", "noon"), "--start 'noon'"),
        (("BTCUSDT", "--start", "2001-01-01", "--end", "2001-02-01"), "first day"),
        (("BTCUSDT", "--base-url", "ftp://x"), "is no URL"),
        (("BTCUSDT", "--kind", "klines"), "aggTrades"),
    ],
)
def test_bad_input_is_one_clear_line(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, arguments: tuple[str, ...], words: str
) -> None:
    code, _, err = run(capsys, *arguments, "--home", str(tmp_path))
    assert (code, len(err.splitlines())) == (2, 1)
    assert words in err
    assert not list(tmp_path.iterdir())
