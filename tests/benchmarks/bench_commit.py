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
from time import perf_counter

from genesis.store.event_log import EventLog
from tests.benchmarks.bare_sync import synced
from tests.benchmarks.figures import DISK, Figure, medians, quantile, rounds_table, table
from tests.support.log_steps import order_step, tick_step

CASES = {"quiet": (600, 0, 0.0), "loaded": (300, 50, 0.05)}
"""Steps with an order, ticks before each, and the pause around both kinds of write."""
SMALL_STEPS = 10
CALL_MS = 10.0
ABOVE_BARE_MS = 3.0
Figures = dict[str, float]


async def measured(folder: Path, steps: int, ticks: int, pause_s: float) -> Figures:
    """p50 and p99 in ms of both kinds of write, and the difference of the p99."""
    bare, logged = [], []
    descriptor = os.open(folder / "bare", os.O_CREAT | os.O_WRONLY | os.O_APPEND)
    with EventLog.open(folder / "genesis.db") as log:
        step = log.last_step
        for _ in range(steps):
            await asyncio.sleep(pause_s / 2)
            bare.append(synced(descriptor))
            for _ in range(ticks):
                step += 1
                log.append(tick_step(step))
            await asyncio.sleep(pause_s / 2)
            step += 1
            entry = order_step(step)
            logged.append(await timed(lambda: asyncio.wrap_future(log.append(entry))))  # noqa: B023
    os.close(descriptor)
    found = {
        "bare p50": quantile(bare, 0.5),
        "bare p99": quantile(bare, 0.99),
        "log p50": quantile(logged, 0.5),
        "log p99": quantile(logged, 0.99),
    }
    return found | {"p99 above": found["log p99"] - found["bare p99"]}


async def timed(work: Callable[[], Awaitable[object]]) -> float:
    start = perf_counter()
    await work()
    return (perf_counter() - start) * 1e3


def measure(case: str, rounds: int, folder: Path | None, steps: int | None = None) -> list[Figures]:
    """Every round in a log of its own. `steps`: other than the case's."""
    usual, ticks, pause_s = CASES[case]
    found = []
    for _ in range(rounds):
        with tempfile.TemporaryDirectory(dir=folder) as place:
            found.append(asyncio.run(measured(Path(place), steps or usual, ticks, pause_s)))
    return found


def told(case: str, rounds: list[Figures]) -> list[Figure]:
    middle, bare = medians(rounds), "bare write+fdatasync"
    name = f"event log, {case}: a durable step"
    return [
        Figure(
            f"{name}, p{part}",
            middle[f"log p{part}"],
            "ms",
            most=CALL_MS if part == 50 else None,
            ratio=middle[f"log p{part}"] / middle[f"bare p{part}"],
            to=bare,
        )
        for part in (50, 99)
    ] + [Figure("... that p99 above the bare one", middle["p99 above"], "ms", most=ABOVE_BARE_MS)]


def figures(*, rounds: int, small: bool) -> list[Figure]:
    steps = SMALL_STEPS if small else None
    return [each for case in CASES for each in told(case, measure(case, rounds, DISK, steps))]


def main(place: Path | None) -> int:
    found: list[Figure] = []
    for case in CASES:
        rounds = measure(case, 5, place)
        print(f"{case} (ms)\n{rounds_table(rounds)}\n")
        found += told(case, rounds)
    print(table(found))
    return 1 if any(each.holds is False for each in found) else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]) if len(sys.argv) > 1 else DISK))
