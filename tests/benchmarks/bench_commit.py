"""How long does a decision wait for its durable commit, beside a bare write+fdatasync?

    python -m tests.benchmarks.bench_commit [FOLDER]

One round: a bare 4 KiB append+fdatasync, then a step with one order through the event log (stored
form, thread hop, hash chain, commit, wake-up of the event loop); the two alternate so that they
meet the same disk. `loaded` appends 50 ticks before every step and paces the rounds at 20 per
second, that is 1,000 ticks per second; both kinds of write follow an equal rest then. Bounds: p50
under 10 ms; p99 at most 3 ms above the bare p99; judged from medians of five on an idle machine.
"""

import asyncio
import os
import sys
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from statistics import median
from time import perf_counter

from genesis.store.event_log import EventLog
from tests.support.log_steps import order_step, tick_step

ROUNDS = 5
BLOCK = bytes(range(256)) * 16
Figures = dict[str, float]


async def measured(folder: Path, steps: int, ticks: int, pause_s: float) -> Figures:
    """p50 and p99 in ms of both kinds of write, and the difference of the p99."""
    bare, logged = [], []
    descriptor = os.open(folder / "bare", os.O_CREAT | os.O_WRONLY | os.O_APPEND)
    with EventLog.open(folder / "genesis.db") as log:
        step = log.last_step
        for _ in range(steps):
            await asyncio.sleep(pause_s / 2)
            bare.append(await timed(lambda: written(descriptor)))
            for _ in range(ticks):
                step += 1
                log.append(tick_step(step))
            await asyncio.sleep(pause_s / 2)
            step += 1
            entry = order_step(step)
            logged.append(await timed(lambda: asyncio.wrap_future(log.append(entry))))  # noqa: B023
    os.close(descriptor)
    figures = {
        "bare p50": quantile(bare, 0.5),
        "bare p99": quantile(bare, 0.99),
        "log p50": quantile(logged, 0.5),
        "log p99": quantile(logged, 0.99),
    }
    return figures | {"p99 above bare": figures["log p99"] - figures["bare p99"]}


async def timed(work: Callable[[], Awaitable[object]]) -> float:
    start = perf_counter()
    await work()
    return (perf_counter() - start) * 1e3


async def written(descriptor: int) -> None:
    os.write(descriptor, BLOCK)
    os.fdatasync(descriptor)


def quantile(values: list[float], part: float) -> float:
    return sorted(values)[min(int(len(values) * part), len(values) - 1)]


def table(name: str, rounds: list[Figures]) -> bool:
    """Print every round and the medians; are the bounds kept?"""
    print(f"\n{name} (ms)  " + "  ".join(f"{key:>14}" for key in rounds[0]))
    for figures in rounds:
        print(" " * 12 + "  ".join(f"{value:14.3f}" for value in figures.values()))
    middle = {key: median(each[key] for each in rounds) for key in rounds[0]}
    print("median".ljust(12) + "  ".join(f"{value:14.3f}" for value in middle.values()))
    kept = middle["log p50"] < 10 and middle["p99 above bare"] <= 3
    print(f"ratio p50 {middle['log p50'] / middle['bare p50']:.2f}, bounds kept: {kept}")
    return kept


def main(place: str | None) -> int:
    kept = True
    for name, steps, ticks, pause_s in (("quiet", 600, 0, 0.0), ("loaded", 300, 50, 0.05)):
        rounds = []
        for _ in range(ROUNDS):
            with tempfile.TemporaryDirectory(dir=place) as folder:
                rounds.append(asyncio.run(measured(Path(folder), steps, ticks, pause_s)))
        kept = table(name, rounds) and kept
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else None))
