"""A wheel carries everything: code, rulebooks, the faces' files, dashboards and notebooks."""

import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.support.process import environment

ROOT = Path(__file__).resolve().parents[2]
LOOK = """
import json, sys
from pathlib import Path
import genesis
from genesis.cli.lab import workspace
from genesis.service.home import Home
from genesis.service.share import share_folder

home = Home.open(Path(sys.argv[1]))
mine = home.path / "lab" / "notebooks" / "00_tour.ipynb"
first = workspace(home)
mine.write_text("changed by its reader")
workspace(home)
print(json.dumps({
    "package": genesis.__file__,
    "dashboards": str(share_folder("dashboards")),
    "notebooks": str(share_folder("notebooks")),
    "root": str(first),
    "kept": mine.read_text(),
}))
"""


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What an installation of the wheel looks like."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder / "out")]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = (folder / "out").glob("*.whl")
    with zipfile.ZipFile(wheel) as held:
        held.extractall(folder / "site")
    return folder / "site"


def names(folder: Path) -> set[str]:
    return {
        file.relative_to(folder).as_posix()
        for file in folder.rglob("*")
        if file.is_file() and not {"__pycache__", ".ipynb_checkpoints"} & set(file.parts)
    }


def test_every_file_of_the_package_and_its_notebooks_is_in_it(unpacked: Path) -> None:
    inside = names(unpacked / "genesis")
    assert names(ROOT / "genesis") <= inside
    for folder in ("dashboards", "notebooks"):
        assert names(unpacked / "genesis" / "_share" / folder) == names(ROOT / folder)
    beside = {folder.name for folder in unpacked.iterdir() if not folder.name.endswith("-info")}
    assert beside == {"genesis"}


def test_an_installation_finds_them_and_the_lab_works_on_copies(
    unpacked: Path, tmp_path: Path
) -> None:
    told = subprocess.run(
        [sys.executable, "-c", LOOK, str(tmp_path / "home")],
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
        env={**environment(), "PYTHONPATH": str(unpacked)},
    )
    found = json.loads(told.stdout)
    share = unpacked / "genesis" / "_share"
    assert Path(found["package"]).is_relative_to(unpacked)
    assert found["dashboards"] == str(share / "dashboards")
    assert found["notebooks"] == str(share / "notebooks")
    assert found["root"] == str(tmp_path / "home" / "lab")
    assert found["kept"] == "changed by its reader"
