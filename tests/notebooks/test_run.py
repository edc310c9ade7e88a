"""Every notebook passes nbval-lax from a clean kernel: each cell runs, and its asserts hold.

The numbered ones in a home that has never been used; dashboards there, too; the report templates on
a recorded home that has the day their parameters name.
"""

import os
import shutil
from pathlib import Path

import pytest

from tests.support.process import ran
from tests.support.recorded_home import record_home

ROOT = Path(__file__).resolve().parents[2]
NUMBERED = sorted((ROOT / "notebooks").glob("*.ipynb"))
DASHBOARDS = sorted((ROOT / "dashboards").glob("*.ipynb"))
REPORTS = sorted((ROOT / "notebooks" / "reports").glob("*.ipynb"))
ALONE = {"PYTEST_ADDOPTS": "", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
"""Neither this run's options nor other plugins have a part in it."""


def nbval(notebook: Path, home: Path, folder: Path) -> None:
    """Run a copy of the notebook in `folder`; it leaves nothing behind where it was started."""
    copied = Path(shutil.copy(notebook, folder))
    done = ran(
        folder,
        *("--nbval-lax", "--nbval-cell-timeout", "100", "-q", "-c", os.devnull),
        *("-p", "no:cacheprovider", "-p", "nbval.plugin", "--rootdir", str(folder), str(copied)),
        module="pytest",
        GENESIS_HOME=str(home),
        **ALONE,
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    assert "passed" in done.stdout
    assert list(folder.iterdir()) == [copied]


@pytest.fixture
def empty(tmp_path: Path) -> Path:
    folder = tmp_path / "started-here"
    folder.mkdir()
    return folder


def test_there_is_something_to_run() -> None:
    assert len(NUMBERED) >= 4
    assert len(REPORTS) >= 2


@pytest.mark.parametrize("path", [*NUMBERED, *DASHBOARDS], ids=lambda path: path.stem)
def test_a_notebook_runs_in_a_fresh_home(path: Path, tmp_path: Path, empty: Path) -> None:
    nbval(path, tmp_path / "never-used", empty)


@pytest.mark.parametrize("path", REPORTS, ids=lambda path: path.stem)
def test_a_template_runs_with_its_own_parameters(path: Path, tmp_path: Path, empty: Path) -> None:
    home = tmp_path / "recorded"
    home.mkdir()
    record_home(home)  # 2024-08-08
    nbval(path, home, empty)
