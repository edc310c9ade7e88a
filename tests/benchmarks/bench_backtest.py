"""How fast a backtest runs through the whole engine: ticks per second, and the peak of memory.

    python -m tests.benchmarks.bench_backtest [--ticks 5000000] [--runs 5]

The work: sma_cross 10/30 on one-minute bars, quantity 1, fee 0.1 % a side, 2 % stop checked on
every tick, research rulebook, fill `next_tick`, generated ticks (about two a second). "first" makes
the bars, "warm" finds them made by an earlier run on the same ticks, "digest" also computes the
decision digest, "sniper" is warm under the rules of a SNIPER with 500 USDT: every bar classifies
the market, every order is sized and judged. Floors in the same process: one pass over the prices
(the memory's speed) and a bare Python loop over as many steps as there are bars. Peak memory is of
a process that does nothing else than load and run once.
"""

import argparse
import statistics
import subprocess
import sys
import time
from collections.abc import Callable

import numpy as np

from genesis.research import Ticks, backtest
from tests.benchmarks.figures import Figure

ROWS = 5_000_000
SMALL_ROWS = 100_000
GOAL, SNIPER_GOAL = 30.0, 15.0
MOST_MIB = 1024
ASKED = {
    "rules": "research",
    "fill": "next_tick",
    "cash": 1_000_000,
    "qty": 1,
    "stop_fraction": 0.02,
}

SNIPER = {"rules": "sniper", "fill": "next_tick", "cash": 500, "stop_fraction": 0.02}


def make(rows: int, seed: int = 7) -> tuple[np.ndarray, ...]:
    """Ticks of a wandering price with changing volatility; no two stamps equal."""
    rng = np.random.Generator(np.random.PCG64(seed))
    ts = np.int64(1_704_067_200_000_000_000) + np.cumsum(
        (rng.exponential(0.5, rows) * 1e9).astype(np.int64) + 1
    )
    knots = rows // 20_000 + 2
    pace = np.interp(np.arange(rows), np.arange(knots) * 20_000, rng.uniform(0.5, 2.5, knots))
    price = np.round(60_000 * np.exp(np.cumsum(rng.standard_normal(rows) * 4e-5 * pace)), 2)
    qty = np.round(np.maximum(rng.lognormal(-4.5, 1.4, rows), 1e-5), 5)
    return ts, price, qty, rng.random(rows) < 0.5


def timed(work: Callable[[], object], runs: int) -> float:
    """Median seconds."""
    taken = []
    for _ in range(runs):
        begun = time.perf_counter()
        work()
        taken.append(time.perf_counter() - begun)
    return statistics.median(taken)


def measure(rows: int, runs: int) -> dict[str, float]:
    columns = make(rows)
    ticks = Ticks.from_arrays("BTC/USDT", *columns)
    result = backtest("sma_cross", ticks, **ASKED)
    bars = len(ticks.columns.bars(60_000_000_000).close)

    def first() -> object:
        return backtest("sma_cross", ticks.between(0, None), **ASKED)

    return {
        "trades": len(result.trades),
        "bars": bars,
        "load_s": timed(lambda: Ticks.from_arrays("BTC/USDT", *columns), runs),
        "first_s": timed(first, runs),
        "warm_s": timed(lambda: backtest("sma_cross", ticks, **ASKED), runs),
        "sniper_s": timed(lambda: backtest("sma_cross", ticks, **SNIPER), runs),
        "digest_s": timed(lambda: backtest("sma_cross", ticks, **ASKED).decision_digest, runs),
        "memory_floor_s": timed(lambda: ticks.columns.prices.min(), runs),
        "loop_floor_s": timed(lambda: [None for _ in range(bars)], runs),
    }


def peak_mib(rows: int) -> int:
    """Peak of a fresh process that makes the ticks, runs once and ends."""
    code = (
        "import sys; from tests.benchmarks.bench_backtest import ASKED, make;"
        "from genesis.research import Ticks, backtest;"
        "backtest('sma_cross', Ticks.from_arrays('BTC/USDT', *make(int(sys.argv[1]))), **ASKED);"
        "status = open('/proc/self/status').read();"
        "print(int(status.partition('VmHWM:')[2].split()[0]) // 1024)"
    )
    told = subprocess.run(
        [sys.executable, "-c", code, str(rows)], capture_output=True, text=True, check=True
    )
    return int(told.stdout)


def figures(*, rounds: int, small: bool) -> list[Figure]:
    rows = SMALL_ROWS if small else ROWS
    found = measure(rows, rounds)
    named = {"warm": GOAL, "sniper": SNIPER_GOAL, "first": None, "digest": None}
    return [
        Figure(
            f"backtest of {rows:,} ticks, {name}",
            rows / found[f"{name}_s"] / 1e6,
            "M ticks/s",
            least=least,
            ratio=found[f"{name}_s"] / found["loop_floor_s"],
            to="a bare loop over the bars",
        )
        for name, least in named.items()
    ] + [Figure("... its peak of memory", peak_mib(rows), "MiB", most=MOST_MIB)]


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--ticks", type=int, default=ROWS)
    options.add_argument("--runs", type=int, default=5)
    asked = options.parse_args()
    found, rows = measure(asked.ticks, asked.runs), asked.ticks
    peak = peak_mib(rows)
    print(f"{rows:,} ticks, {found['bars']:,} bars, {found['trades']} trades, {asked.runs} runs")
    for name in ("first", "warm", "sniper", "digest", "load"):
        taken = found[f"{name}_s"]
        print(
            f"{name:<7} {taken:7.3f} s  {rows / taken / 1e6:7.1f} M ticks/s  "
            f"{taken / found['memory_floor_s']:7.1f} x one pass over the prices  "
            f"{taken / found['loop_floor_s']:7.1f} x a bare loop over the bars"
        )
    speed, sniper = (rows / found[f"{name}_s"] / 1e6 for name in ("warm", "sniper"))
    print(f"peak    {peak} MiB")
    held = speed >= GOAL and sniper >= SNIPER_GOAL and peak < MOST_MIB
    goal = f"{GOAL} M ticks/s warm, {SNIPER_GOAL} as a SNIPER, under {MOST_MIB} MiB"
    print(f"goal    {goal}: {'held' if held else 'MISSED'}")
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
