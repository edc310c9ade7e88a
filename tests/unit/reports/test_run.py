"""One report: checked before it runs, whole or absent, the same bytes again, never forever."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest

from genesis.errors import DataError, EventLogError, ReportFailed, UsageError
from genesis.reports import files
from genesis.reports.run import run
from tests.support.patience import PATIENCE_S
from tests.support.process import environment
from tests.support.report_templates import FIGURE, TABLE, template

DAY = "2024-08-08"
ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "home"
    folder.mkdir()
    return folder


def bytes_of(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_the_same_inputs_give_the_same_bytes_and_a_page_that_needs_nothing_else(
    home: Path, tmp_path: Path
) -> None:
    templates = template(tmp_path, "print(date)", FIGURE, TABLE)
    seen: list[tuple[int, int]] = []
    first = run(
        "small",
        date=DAY,
        home=home,
        template_folder=templates,
        progress=lambda done, cells: seen.append((done, cells)),
    )
    assert first == home / "reports" / DAY / "small.html"
    made = bytes_of(first.parent)
    assert made.keys() == {"small.html", "small.ipynb"}
    assert seen[0] == (0, 6)
    assert seen == sorted(seen)

    again = run("small", date=DAY, home=home, template_folder=templates, out=tmp_path / "other")
    assert bytes_of(again.parent) == made
    stamps = [path.stat().st_mtime_ns for path in sorted(first.parent.iterdir())]
    run("small", date=DAY, home=home, template_folder=templates)
    assert [path.stat().st_mtime_ns for path in sorted(first.parent.iterdir())] == stamps

    kept = nbformat.reads(made["small.ipynb"].decode(), as_version=4)
    nbformat.validate(kept)
    assert kept.metadata.keys() == {"kernelspec", "language_info"}
    assert all(cell.metadata.keys() <= {"tags"} for cell in kept.cells)
    page = made["small.html"].decode()
    assert f"<title>What was done? · {DAY}</title>" in page
    assert "go.Figure" not in page, "code is left out"
    assert len(made["small.html"]) < 8e6


@pytest.mark.parametrize(
    ("given", "named"),
    [({"dat": 1}, "perhaps 'date' was meant"), ({"colour": "red"}, "no parameter 'colour'")],
)
def test_a_parameter_the_template_does_not_know_is_refused_before_it_runs(
    home: Path, tmp_path: Path, given: dict[str, object], named: str
) -> None:
    templates = template(tmp_path, "open('ran', 'w')")
    with pytest.raises(UsageError, match=named):
        run("small", date=DAY, home=home, template_folder=templates, **given)
    assert not (home / "reports").exists()


def test_a_place_that_cannot_be_is_said_before_anything_is_run(home: Path, tmp_path: Path) -> None:
    ran = tmp_path / "ran"
    folder = template(tmp_path / "touching", f"import pathlib\npathlib.Path({str(ran)!r}).touch()")
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(DataError, match="taken"):
        run("small", date=DAY, home=home, template_folder=folder, out=tmp_path / "taken" / "x")
    assert not ran.exists()


def test_a_further_parameter_of_the_template_can_be_given(home: Path, tmp_path: Path) -> None:
    parameters = 'date = ""\nhome = None\nsymbol = "none"'
    templates = template(tmp_path, "print(symbol)", parameters=parameters)
    for given, told in (({}, "none"), ({"symbol": "BTC/USDT"}, "BTC/USDT")):
        made = run("small", date=DAY, home=home, template_folder=templates, **given)
        assert f"<pre>{told}\n</pre>" in made.read_text()


def test_a_template_that_knows_no_home_is_refused(home: Path, tmp_path: Path) -> None:
    templates = template(tmp_path, parameters='date = ""')
    with pytest.raises(UsageError, match="no parameter 'home'"):
        run("small", date=DAY, home=home, template_folder=templates)


def test_a_template_without_the_tag_is_refused(home: Path, tmp_path: Path) -> None:
    templates = template(tmp_path, "1", parameters=None)
    with pytest.raises(DataError, match="no cell is tagged `parameters`"):
        run("small", date=DAY, home=home, template_folder=templates)


@pytest.mark.parametrize("content", ["{", "[]", "hello", '{"cells": 3}'])
def test_what_is_no_notebook_is_named(home: Path, tmp_path: Path, content: str) -> None:
    (tmp_path / "small.ipynb").write_text(content)
    with pytest.raises(DataError, match=r"small\.ipynb is no notebook"):
        run("small", date=DAY, home=home, template_folder=tmp_path)


def test_an_unknown_report_names_the_known(home: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"'weekly'.* holds small"):
        run("weekly", date=DAY, home=home, template_folder=template(tmp_path))


@pytest.mark.parametrize(
    "date", ["2024-8-8", "20240808", "yesterday", "2024-02-30", "", "2024-W32-4", "9999-12-31"]
)
def test_what_is_no_day_or_has_not_begun_is_refused(home: Path, tmp_path: Path, date: str) -> None:
    with pytest.raises(UsageError, match=r"no day such as|has not begun"):
        run("small", date=date, home=home, template_folder=template(tmp_path))


def test_a_cell_that_breaks_is_told_in_one_line_and_the_older_report_stays(
    home: Path, tmp_path: Path
) -> None:
    good = run("small", date=DAY, home=home, template_folder=template(tmp_path, "1"))
    before = bytes_of(good.parent)
    with pytest.raises(ReportFailed, match=r"cell 4 broke: ZeroDivisionError: division by zero$"):
        run("small", date=DAY, home=home, template_folder=template(tmp_path, "1 / 0"))
    assert bytes_of(good.parent) == before


def test_an_error_of_ours_comes_through_as_it_was_raised(home: Path, tmp_path: Path) -> None:
    cell = "from genesis.errors import EventLogError\nraise EventLogError('row 7 was changed')"
    with pytest.raises(EventLogError, match=r"row 7 was changed$") as caught:
        run("small", date=DAY, home=home, template_folder=template(tmp_path, cell))
    assert str(caught.value).startswith(f"GENESIS-3000 report small of {DAY}: row 7")


def test_a_killed_kernel_is_noticed_and_nothing_half_is_left(home: Path, tmp_path: Path) -> None:
    cell = "import os, signal, time\nos.kill(os.getpid(), signal.SIGKILL)\ntime.sleep(60)"
    with pytest.raises(ReportFailed, match=r"was killed \(SIGKILL\) after 3 of 4 cells"):
        run("small", date=DAY, home=home, template_folder=template(tmp_path, cell), limit_s=60)
    assert not (home / "reports").exists()


CHILD = """
import os, pathlib, subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(300)"])
pathlib.Path(home, "pids").write_text(f"{os.getpid()} {child.pid}")
time.sleep(300)
"""


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().split(")")[-1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def wait_for(holds: Callable[[], object], seconds: float = PATIENCE_S) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_report_that_takes_too_long_is_ended_with_all_its_children(
    home: Path, tmp_path: Path
) -> None:
    with pytest.raises(ReportFailed, match=r"longer than 20 s \(after 3 of 4 cells\)"):
        run("small", date=DAY, home=home, template_folder=template(tmp_path, CHILD), limit_s=20)
    kernel, child = map(int, (home / "pids").read_text().split())
    wait_for(lambda: not is_alive(kernel) and not is_alive(child))
    assert not (home / "reports").exists()


def test_a_reporter_that_is_killed_leaves_no_kernel_and_no_half_report(
    home: Path, tmp_path: Path
) -> None:
    cell = "import os, pathlib, time\npathlib.Path(home, 'pids').write_text(str(os.getpid()))\n"
    templates = template(tmp_path, cell + "time.sleep(300)")
    code = (
        "from pathlib import Path; from genesis.reports.run import run; "
        f"run('small', date='{DAY}', home=Path({str(home)!r}), "
        f"template_folder=Path({str(templates)!r}))"
    )
    reporter = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, env=environment())
    wait_for(lambda: (home / "pids").exists() and (home / "pids").read_text())
    reporter.send_signal(signal.SIGKILL)
    reporter.wait(PATIENCE_S)
    kernel = int((home / "pids").read_text())
    wait_for(lambda: not is_alive(kernel))
    assert not (home / "reports").exists()


def test_the_kernel_holds_none_of_our_keys(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GENESIS_API_SECRET", "very-secret")
    monkeypatch.setenv("GENESIS_CONTROL_KEY", "very-secret")
    cell = "import os\nassert 'very-secret' not in os.environ.values()\nprint('none')"
    made = run("small", date=DAY, home=home, template_folder=template(tmp_path, cell))
    assert "<pre>none\n</pre>" in made.read_text()


def test_the_kernel_runs_no_startup_file_of_the_user(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    startup = tmp_path / "startup.py"
    startup.write_text("print('from the startup file')\nmine = 1\n")
    monkeypatch.setenv("PYTHONSTARTUP", str(startup))
    cell = "import os\nprint('mine' in globals(), 'PYTHONSTARTUP' in os.environ)"
    made = run("small", date=DAY, home=home, template_folder=template(tmp_path, cell))
    assert "<pre>False False\n</pre>" in made.read_text()


def test_what_a_killed_writer_left_is_cleaned_and_files_appear_together(tmp_path: Path) -> None:
    folder = tmp_path / "reports"
    assert files.place(folder, {"a": b"1", "b": b"2"})
    (folder / "b.part").write_bytes(b"half")
    assert not files.place(folder, {"a": b"1", "b": b"2"})
    assert bytes_of(folder) == {"a": b"1", "b": b"2"}


def test_a_download_of_somebody_in_the_same_folder_stays(tmp_path: Path) -> None:
    (tmp_path / "film.mkv.part").write_bytes(b"half")
    files.place(tmp_path, {"daily.html": b"1"})
    assert bytes_of(tmp_path) == {"daily.html": b"1", "film.mkv.part": b"half"}


def test_a_place_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(DataError, match="cannot be written"):
        files.place(tmp_path / "file" / "reports", {"a": b"1"})
