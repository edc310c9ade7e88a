"""How long the daily report of a full day takes, from the command to the page.

    python -m tests.benchmarks.bench_report [--ticks 10] [--runs 5]

The day is recorded by the real engine in virtual time: trades and book tops at the given pace for
24 hours, in blocks as a live service leaves them. The report runs as a process of its own, kernel
start and page included; the reading alone is measured in a fresh process, too.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from tests.benchmarks.figures import DISK, Figure
from tests.support.day_home import record_full_day

ROOT = Path(__file__).resolve().parents[2]
DATE = "2024-08-05"
REPORT_S, READING_S = 20.0, 8.0
TICKS_PER_S = 10
_READ = """
import sys, time
start = time.perf_counter()
from genesis.research import TradingDay
day = TradingDay.of(sys.argv[1], sys.argv[2])
day.equity, day.overview, day.refusals, day.receipts, day.headroom.smallest, day.sessions, day.month
print(time.perf_counter() - start)
"""


def report_s(home: Path) -> float:
    """Seconds of `genesis report daily`, in a folder of its own."""
    with tempfile.TemporaryDirectory(dir=DISK) as out:
        command = [sys.executable, "-m", "genesis", "report", "daily", "--date", DATE]
        start = time.perf_counter()
        done = subprocess.run(
            [*command, "--home", str(home), "--out", out],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        taken = time.perf_counter() - start
        if done.returncode or not (Path(out) / "daily.html").is_file():
            raise SystemExit(f"no report was made: {done.stdout}{done.stderr}")
        return taken


def reading_s(home: Path) -> float:
    """Seconds of reading the day and working everything out, imports included."""
    command = [sys.executable, "-c", _READ, DATE, str(home)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return float(done.stdout)


def measure(ticks_per_s: int, runs: int, *, hours: int = 24) -> dict[str, float]:
    with tempfile.TemporaryDirectory(dir=DISK) as folder:
        home = Path(folder)
        steps = record_full_day(home, ticks_per_s, hours=hours)
        return {
            "steps": float(steps),
            "report_s": median(report_s(home) for _ in range(runs)),
            "reading_s": median(reading_s(home) for _ in range(runs)),
        }


def figures(*, rounds: int, small: bool) -> list[Figure]:
    found = measure(1 if small else TICKS_PER_S, rounds, hours=1 if small else 24)
    name = f"daily report of a day of {found['steps']:,.0f} events"
    ratio = found["report_s"] / found["reading_s"]
    return [
        Figure(name, found["report_s"], "s", most=REPORT_S, ratio=ratio, to="its reading"),
        Figure("... the reading alone", found["reading_s"], "s", most=READING_S),
    ]


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--ticks", type=int, default=TICKS_PER_S)
    options.add_argument("--runs", type=int, default=5)
    chosen = options.parse_args()
    found = measure(chosen.ticks, chosen.runs)
    print(f"a day of {found['steps']:,.0f} events (medians of {chosen.runs}):")
    print(f"genesis report daily: {found['report_s']:.1f} s; reading: {found['reading_s']:.1f} s")
    if found["report_s"] > REPORT_S:
        raise SystemExit(f"above {REPORT_S:.0f} s")


if __name__ == "__main__":
    main()
