"""The configured linter catches what the core must not do, and lets the edges do their work."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CORE = "genesis/tilt/deliberate.py"

FAULTS = [
    ("import datetime\nX = datetime.datetime.now()\n", {"TID251", "DTZ005"}),
    ("from datetime import UTC, datetime\nX = datetime.now(UTC)\n", {"TID251"}),
    ("import time\nX = time.time()\n", {"TID251"}),
    ("import time\nX = time.monotonic_ns()\n", {"TID251"}),
    ("import random\nX = random.random()\n", {"TID251"}),
    ("import numpy as np\nX = np.random.default_rng()\n", {"TID251"}),
    ("import uuid\nX = uuid.uuid4()\n", {"TID251"}),
    ("import asyncio\nX = asyncio.wait_for\n", {"TID251"}),
    ("print(1)\n", {"T201"}),
    ("try:\n    X = 1\nexcept Exception:\n    X = 2\n", {"BLE001"}),
    ("try:\n    X = 1\nexcept Exception:\n    pass\n", {"S110"}),
    ("from . import score\n", {"TID252"}),
    ("def f(x=[]):\n    return x\n", {"B006"}),
]


def findings(code: str, file: str) -> set[str]:
    ended = subprocess.run(
        [
            *(sys.executable, "-m", "ruff", "check", "--no-cache"),
            *("--output-format", "json", "--stdin-filename", file, "-"),
        ],
        cwd=ROOT,
        input='"""A module."""\n\n' + code,
        capture_output=True,
        text=True,
    )
    return {finding["code"] for finding in json.loads(ended.stdout)}


@pytest.mark.parametrize(("code", "expected"), FAULTS)
def test_a_deliberate_fault_in_the_core_is_caught(code: str, expected: set[str]) -> None:
    assert expected <= findings(code, CORE)


def test_clean_code_is_not_blamed() -> None:
    assert findings("from decimal import Decimal\n\nX = Decimal(1)\n", CORE) == set()


def test_only_the_clock_reads_clocks_and_only_the_command_line_prints() -> None:
    clock = "import time\n\nX = time.time()\n"
    assert "TID251" not in findings(clock, "genesis/service/clock.py")
    assert "TID251" in findings(clock, "genesis/service/runner.py")
    assert "T201" not in findings("print(1)\n", "genesis/cli/main.py")
    assert "T201" in findings("print(1)\n", "genesis/service/runner.py")


def test_measuring_is_allowed() -> None:
    assert (
        findings("import time\n\nX = time.perf_counter()\n", "genesis/service/runner.py") == set()
    )
