"""Every notebook runs from a clean kernel on the synthetic sample, through to its last cell."""

import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


@pytest.fixture(scope="module")
def sampled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home whose store holds the synthetic sample."""
    home = tmp_path_factory.mktemp("sampled")
    subprocess.run(
        [sys.executable, "-m", "genesis", "ticks", "sample"],
        env=os.environ | {"GENESIS_HOME": str(home), "PYTHONPATH": str(ROOT)},
        check=True,
        capture_output=True,
    )
    return home


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_a_notebook_runs(path: Path, sampled: Path, tmp_path: Path) -> None:
    client = NotebookClient(
        nbformat.read(path, as_version=4),
        timeout=60,
        kernel_name="python3",
        resources={"metadata": {"path": str(tmp_path)}},
    )
    environment = os.environ | {"GENESIS_HOME": str(sampled), "PYTHONPATH": str(ROOT)}
    client.execute(env=environment)
    assert not list(tmp_path.iterdir()), "a notebook leaves nothing behind where it was started"
