"""The benchmarks run and print their figures. What they find is judged by hand, never here."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_every_benchmark_prints_its_figures() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks", "--small"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    for name in (
        "backtest of",
        "import of",
        "event log, loaded",
        "tick to decision, p99",
        "call, p99",
        "gate, one decision, p99",
        "tilt, one act, p99",
        "daily report of",
    ):
        assert name in done.stdout, done.stdout
