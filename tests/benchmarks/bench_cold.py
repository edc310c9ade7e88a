"""How long a notebook waits for its first backtest: a fresh process, imports and all.

    python -m tests.benchmarks.bench_cold [--rounds 5]

Each round starts an interpreter that imports `genesis.research`, takes 500,000 ticks in and runs
sma_cross on them; what earlier runs left on disk (compiled modules, kernels) is used. "sweep" does
the same with a sweep of 100 pairs on 50,000 bars, whose kernels are compiled and kept by the round
that does not count. The floor: an interpreter that imports numpy and pandas and reads the same
arrays. Seconds are those of the whole process.
"""

import argparse
import os
import subprocess
import sys
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter

import numpy as np

from tests.benchmarks.bench_backtest import make
from tests.benchmarks.figures import DISK, Figure, table

ROOT = Path(__file__).resolve().parents[2]
ROWS = 500_000
SMALL_ROWS = 60_000
MOST_S = 2.0
_READ = """
import sys
import numpy as np
with np.load(sys.argv[1]) as held:
    columns = [held[name] for name in ("ts", "price", "qty", "makers")]
"""
FLOOR = f"import pandas\n{_READ}"
FIRST_RUN = f"""
from genesis.research import Ticks, backtest
{_READ}
ticks = Ticks.from_arrays("BTC/USDT", *columns)
result = backtest("sma_cross", ticks, rules="research", qty=1, cash=1_000_000, stop_fraction=0.02)
assert len(result.trades)
"""
SWEEP = f"""
from genesis.research import Bars, sweep
{_READ}
from tests.benchmarks.bench_sweep import ASKED, make
grid = {{"fast": range(5, 15), "slow": range(50, 150, 10)}}
assert len(sweep("sma_cross", make(50_000), grid, finalists=0, **ASKED)) == 100
"""


def seconds(code: str, data: Path) -> float:
    command = [sys.executable, "-c", code, str(data)]
    environment = {**os.environ, "GENESIS_HOME": str(data.parent / "home")}
    begun = perf_counter()
    subprocess.run(command, check=True, cwd=ROOT, env=environment)
    return perf_counter() - begun


def figures(*, rounds: int, small: bool) -> list[Figure]:
    codes = {"first": FIRST_RUN} if small else {"floor": FLOOR, "first": FIRST_RUN, "sweep": SWEEP}
    with TemporaryDirectory(dir=DISK) as folder:
        data = Path(folder) / "ticks.npz"
        columns = make(SMALL_ROWS if small else ROWS)
        np.savez(data, **dict(zip(("ts", "price", "qty", "makers"), columns, strict=True)))
        turns = [
            {name: seconds(code, data) for name, code in codes.items()}
            for _ in range(rounds if small else rounds + 1)
        ]
    counted = turns if small else turns[1:]
    found = []
    for name, what, most in (
        ("first", "cold start: import and first backtest", MOST_S),
        ("sweep", "... and of a first sweep", None),
    ):
        if name in codes:
            taken = [turn[name] for turn in counted]
            ratio = None
            if "floor" in codes:
                ratio = median(turn[name] / turn["floor"] for turn in counted)
            to = "" if ratio is None else "numpy, pandas and the data"
            found.append(Figure(what, median(taken), "s", most=most, ratio=ratio, to=to))
    return found


def main() -> int:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--rounds", type=int, default=5)
    found = figures(rounds=options.parse_args().rounds, small=False)
    print(table(found))
    return 1 if any(each.holds is False for each in found) else 0


if __name__ == "__main__":
    sys.exit(main())
