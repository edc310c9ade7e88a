"""How fast parameters are tried: screening, and the whole sweep with its ledger and its finalists.

    python -m tests.benchmarks.bench_sweep [--runs 5]

The work: 1,000 pairs of sma_cross on 50,000 one-minute bars, fill `next_open`, fee 0.1 % a side,
quantity 1, research rulebook. "screening" is the sweep without finalists: every trial with its
trades, fees, drawdown and moments of returns, and a row of each in the trial ledger; "checked" also
runs seven of them through the engine and compares every trade. Memory is what the screening of
1,000 pairs takes at its peak above that of 10. Beside vectorbt: `bench_peers screen sweep`.
"""

import argparse
import sys
import tracemalloc
from tempfile import TemporaryDirectory

import numpy as np

from genesis.domain.time import MINUTE
from genesis.research import Bars, sweep
from genesis.research.sweep_conditions import conditions_of, terms_of
from genesis.research.sweep_space import space_of
from genesis.research.sweep_task import Bench, Task, screened_chunk
from genesis.sim.screen import Scratch, screen_of, screened
from genesis.strategy.sma_cross import SmaCross
from tests.benchmarks.bench_backtest import timed
from tests.benchmarks.figures import Figure

BARS, LONG_BARS = 50_000, 500_000
SMALL_BARS = 2_000
GRID = {"fast": range(5, 45), "slow": range(50, 300, 10)}
SMALL_GRID = {"fast": range(5, 9), "slow": range(50, 60, 5)}
GOAL = 10_000
MOST_MIB = 1.0
ASKED = {"rules": "research", "fill": "next_open", "cash": 10_000_000, "qty": 1}


def make(rows: int, seed: int = 11) -> Bars:
    """Bars of a price that wanders about 60,000, each opening where the last one closed."""
    rng = np.random.Generator(np.random.PCG64(seed))
    moves, steps = rng.standard_normal(rows) * 5e-4, np.empty(rows)
    at = 0.0
    for i, move in enumerate(moves.tolist()):
        at = at * 0.99999 + move
        steps[i] = at
    close = np.round(60_000 * np.exp(steps), 2)
    opens = np.concatenate(([60_000.0], close[:-1]))
    times = np.int64(1_704_067_200_000_000_000) + np.arange(rows, dtype=np.int64) * MINUTE
    high, low = np.maximum(opens, close), np.minimum(opens, close)
    return Bars.from_arrays("BTC/USDT", times, opens, high, low, close, np.ones(rows))


def screening(bars: Bars, grid: dict[str, range]) -> tuple[Bench, Task, list]:
    asked = conditions_of(ASKED)
    task = Task(SmaCross, asked.given, terms_of(asked))
    return Bench(bars), task, space_of(SmaCross, grid).all()[0]


def extra_mib(bars: Bars, grid: dict[str, range]) -> float:
    """What all pairs take at their peak above what ten of them take."""
    bench, task, pairs = screening(bars, grid)

    def peak(count: int) -> int:
        tracemalloc.start()
        screened_chunk(bench, task, pairs[:count])
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found

    peak(10)  # the market is made ready
    return (peak(len(pairs)) - peak(10)) / 2**20


def one_pair_s(bars: Bars, runs: int) -> float:
    """Seconds of one pair, with all that is worked out from the bars alone."""
    terms = terms_of(conditions_of(ASKED))

    def work() -> object:
        screen = screen_of(bars.columns, MINUTE, "next_open")
        return screened(screen, SmaCross.signal, (10, 30), terms, Scratch(len(bars)))

    work()
    return timed(work, runs)


def figures(*, rounds: int, small: bool) -> list[Figure]:
    grid = SMALL_GRID if small else GRID
    bars, long_bars = make(SMALL_BARS if small else BARS), make(SMALL_BARS if small else LONG_BARS)
    with TemporaryDirectory() as home:

        def run(finalists: int) -> object:
            return sweep("sma_cross", bars, grid, finalists=finalists, home=home, **ASKED)

        count = len(run(0))  # type: ignore[arg-type]  # compiled now
        screen_s = timed(lambda: run(0), rounds)
        checked_s = timed(lambda: run(5), rounds)
    ours = one_pair_s(long_bars, rounds)
    return [
        Figure(f"sweep of {count:,} pairs, screening", count / screen_s, "backtests/s", least=GOAL),
        Figure("... with finalists in the engine", count / checked_s, "backtests/s"),
        Figure("... memory of all pairs above ten", extra_mib(bars, grid), "MiB", most=MOST_MIB),
        Figure(
            f"screening one pair, {len(long_bars):,} bars",
            len(long_bars) / ours / 1e6,
            "M bars/s",
        ),
    ]


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--runs", type=int, default=5)
    found = figures(rounds=options.parse_args().runs, small=False)
    for each in found:
        held = {True: "held", False: "MISSED", None: ""}[each.holds]
        beside = "" if each.ratio is None else f"  {each.ratio:.2f} x as long as {each.to}"
        print(f"{each.name:<40} {each.value:12,.2f} {each.unit:<12} {each.bound} {held}{beside}")
    return 1 if any(each.holds is False for each in found) else 0


if __name__ == "__main__":
    sys.exit(main())
