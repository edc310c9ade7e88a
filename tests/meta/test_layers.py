"""The import contracts hold on the real tree, and each breaks where it should."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FLOW = "The flow: imports point down"
SANS_IO = "The core is sans-IO: no clock, no randomness, no loop, no disk, no log"
SEAL = "Only the gate may seal an order"
CYCLES = "No cycles anywhere"

VIOLATIONS = [
    ("risk/deliberate.py", "import genesis.tilt", FLOW, ["genesis.risk", "genesis.tilt"]),
    ("market/deliberate.py", "import genesis.store", FLOW, ["genesis.market", "genesis.store"]),
    ("tilt/deliberate.py", "import time, random", SANS_IO, ["time", "random"]),
    ("strategy/deliberate.py", "import importlib", SANS_IO, ["importlib"]),
    ("strategy/deliberate.py", "import genesis.domain._seal", SEAL, ["genesis.domain._seal"]),
    ("newpkg/__init__.py", "", FLOW, ["newpkg"]),
]


def lint(root: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [
            sys.executable,
            "-c",
            "from importlinter.cli import lint_imports_command as run; run()",
            "--no-cache",
            "--no-logo",
        ],
        cwd=root,
        env={"PYTHONPATH": str(root), "COLUMNS": "200"},
        capture_output=True,
        text=True,
    )


@pytest.fixture(scope="module")
def copied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("tree")
    ignore = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "genesis", root / "genesis", ignore=ignore)
    shutil.copy(ROOT / "pyproject.toml", root)
    return root


def test_the_real_tree_keeps_every_contract() -> None:
    ended = lint(ROOT)
    assert ended.returncode == 0, ended.stdout
    assert f"Contracts: {len([FLOW, SANS_IO, SEAL, CYCLES])} kept, 0 broken." in ended.stdout
    for contract in (FLOW, SANS_IO, SEAL, CYCLES):
        assert f"{contract} KEPT" in ended.stdout


@pytest.mark.parametrize(("file", "line", "contract", "named"), VIOLATIONS)
def test_a_deliberate_violation_breaks_its_contract(
    copied: Path, file: str, line: str, contract: str, named: list[str]
) -> None:
    intruder = copied / "genesis" / file
    assert not intruder.exists()
    intruder.parent.mkdir(exist_ok=True)
    intruder.write_text(f"{line}\n")
    try:
        ended = lint(copied)
    finally:
        intruder.unlink()
        if not any(intruder.parent.iterdir()):
            intruder.parent.rmdir()
    assert ended.returncode == 1, ended.stdout + ended.stderr
    assert f"{contract} BROKEN" in ended.stdout
    report = ended.stdout.partition("Broken contracts")[2]
    if line:
        assert f"genesis.{file.removesuffix('.py').replace('/', '.')} ->" in report
        assert "(l.1)" in report
    for name in named:
        assert name in report


def test_a_cycle_breaks_its_contract(copied: Path) -> None:
    pair = [copied / "genesis/domain" / name for name in ("deliberate_a.py", "deliberate_b.py")]
    pair[0].write_text("import genesis.domain.deliberate_b\n")
    pair[1].write_text("import genesis.domain.deliberate_a\n")
    try:
        ended = lint(copied)
    finally:
        for file in pair:
            file.unlink()
    assert ended.returncode == 1
    assert f"{CYCLES} BROKEN" in ended.stdout


def test_the_undisturbed_copy_keeps_every_contract(copied: Path) -> None:
    """So that what the other tests see is their own violation and nothing else."""
    assert lint(copied).returncode == 0
