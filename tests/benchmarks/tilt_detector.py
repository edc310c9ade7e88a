"""How well the tilt detector tells tilted acts from calm ones, on traders it was not fitted on.

    python -m tests.benchmarks.tilt_detector --seed N [--traders 50] [--days 60] [--jobs 2]

Prints every figure beside its bound; ends with 1 where one is missed. Seed 0 is the population the
numbers of the rules file come from; any other seed draws new ranges, noise and styles of tilt. The
bounds are meant for medians over several new seeds. Figures use the score, since levels latch; an
alarm is a rise to 60 (80, 40) after the score was below 40, false outside tilt and the hour after
it. An episode counts from three entries on: shorter ones leave nothing to see (told apart below).
"""

import argparse
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise
from types import FunctionType, ModuleType

import numpy as np

from genesis.research.alarms import auc, delays, episodes, recall
from genesis.research.alarms import false_alarms as rises
from genesis.research.synthetic_traders import SENTENCE as SAYS
from genesis.rules import load
from genesis.tilt import ActionKind, TiltDetector
from genesis.tilt.rules import TiltRules
from tests.benchmarks.acts import act_costs_us
from tests.benchmarks.figures import Figure, table
from tests.support.traders import Life, population, trader

WEEK_DAYS = 7
CAUTION, WARNING, LOCKED = 40, 60, 80
EPISODE_ENTRIES = 3
TIMED = 8
"""Traders whose acts are timed, one after the other."""
BANDS = (0, 1, 10, 20, 30, 40, 60, 80, 101)
_ACTS = frozenset(
    {
        ActionKind.ORDER_SUBMIT,
        ActionKind.ORDER_CANCEL,
        ActionKind.POSITION_CLOSED,
        ActionKind.STOP_MODIFY,
    }
)
Floats = np.ndarray
__all__ = [
    "SAYS",
    "Watched",
    "auc",
    "calibration",
    "delays",
    "episodes",
    "false_alarms",
    "is_monotone",
    "recall",
]


@dataclass(frozen=True)
class Watched:
    """What one trader did and what the detector said: one value per act that counts.

    population: the score by the priors alone. kib: of the profile.
    """

    at_s: Floats
    entry: Floats
    tilted: Floats
    streak: Floats
    day: Floats
    score: Floats
    population: Floats
    kib: float


def rules_without_learning(rules: TiltRules) -> TiltRules:
    """Every sample waits for ever: only the priors are known."""
    return replace(rules, learning=replace(rules.learning, pending=sys.maxsize))


def watch(number: int, seed: int, days: int) -> Watched:
    """One trader's life under a detector of his own, and under one that learns nothing."""
    rng = np.random.default_rng((seed, 2, number))
    pool = population(seed)
    rules = load("sniper").tilt
    own, stranger = TiltDetector(rules), TiltDetector(rules_without_learning(rules))
    rows = []
    for shown in Life(rng, trader(rng, pool), pool).acts(days):
        said = own.update_metrics(shown.act)
        other = stranger.update_metrics(shown.act)
        if shown.act.kind in _ACTS:
            is_entry = shown.act.kind == ActionKind.ORDER_SUBMIT
            at_s = shown.act.ts_us / 1e6
            rows.append(
                (at_s, is_entry, shown.tilted, shown.streak, shown.day, said.score, other.score)
            )
    columns = np.array(rows, float).reshape(-1, 7).T
    flags = (columns[0], columns[1] > 0, columns[2] > 0, *columns[3:])
    return Watched(*flags, deep_bytes(own) / 1024)


def deep_bytes(thing: object) -> int:
    """Bytes of a detector and of all it holds alone: rules, code and types are shared."""
    shared = (type, ModuleType, FunctionType, TiltRules)
    seen: set[int] = set()
    waiting, total = [thing], 0
    while waiting:
        one = waiting.pop()
        module = type(one).__module__
        if id(one) in seen or isinstance(one, shared) or module == "genesis.tilt.rules":
            continue
        seen.add(id(one))
        total += sys.getsizeof(one)
        waiting += _held(one)
    return total


def _held(one: object) -> list[object]:
    if isinstance(one, dict):
        return [*one, *one.values()]
    if isinstance(one, str | bytes) or not hasattr(one, "__class__"):
        return []
    if hasattr(one, "__iter__") and type(one).__name__ in {"list", "tuple", "deque", "Sample"}:
        return list(one)  # type: ignore[call-overload]
    slots = [
        getattr(one, name) for name in getattr(type(one), "__slots__", ()) if hasattr(one, name)
    ]
    return [*slots, *([vars(one)] if hasattr(one, "__dict__") else [])]


# -- figures -----------------------------------------------------------------------------------
def false_alarms(one: Watched, line: int) -> int:
    """Rises to the line outside tilt and the hour after it."""
    return rises(one, line, CAUTION)


def among(found: Sequence[int | None], share: float) -> float:
    reached = [delay for delay in found if delay is not None]
    return float(np.quantile(reached, share)) if reached else float("nan")


def calibration(score: Floats, truth: Floats) -> list[tuple[int, int, float]]:
    """By band of the score: its least score, entries, share that was tilted."""
    found = []
    for low, high in pairwise(BANDS):
        inside = (score >= low) & (score < high)
        if inside.sum():
            found.append((low, int(inside.sum()), float(truth[inside].mean())))
    return found


def is_monotone(bands: Sequence[tuple[int, int, float]]) -> bool:
    """Does the share rise from band to band, but for one standard error?"""
    for (_, n, share), (_, more, higher) in pairwise(bands):
        error = (share * (1 - share) / n + higher * (1 - higher) / more) ** 0.5
        if higher < share - error:
            return False
    return True


def joined(watched: Sequence[Watched], name: str) -> Floats:
    """A column of all entries."""
    return np.concatenate([getattr(one, name)[one.entry] for one in watched])


def figures(watched: Sequence[Watched], days: int, costs_us: Floats) -> list[Figure]:
    """Everything, with bounds. costs_us: of acts."""
    score, tilted, streak = (joined(watched, name) for name in ("score", "tilted", "streak"))
    losing, whole = streak > 0, auc(score, tilted)
    alone = auc(streak, tilted)
    within = [
        auc(one.score[one.entry], one.tilted[one.entry])
        for one in watched
        if one.tilted[one.entry].sum() >= 10
    ]
    weeks = days / WEEK_DAYS
    alarms = {line: [false_alarms(one, line) / weeks for one in watched] for line in (60, 80)}
    never = [rate for one, rate in zip(watched, alarms[60], strict=True) if not one.tilted.any()]
    warned, cautioned = (delays(watched, line, EPISODE_ENTRIES) for line in (WARNING, CAUTION))
    bands = calibration(score, tilted)
    return [
        Figure("AUC per entry", whole, "", least=0.80),
        Figure("AUC inside losing streaks", auc(score[losing], tilted[losing]), "", least=0.75),
        Figure("AUC of the streak alone", alone, ""),
        Figure("margin over the streak alone", whole - alone, "", least=0.18),
        Figure("AUC within a trader, median", _median(within), "", least=0.78),
        Figure("WARNING recall", recall(warned), "", least=0.55),
        Figure("WARNING recall, all episodes", recall(delays(watched, WARNING, 1)), ""),
        Figure("WARNING delay, median", among(warned, 0.5), "acts", most=8),
        Figure("WARNING delay, p90", among(warned, 0.9), "acts", most=15),
        Figure("WARNING false alarms", float(np.mean(alarms[60])), "a week", most=0.65),
        Figure("  of those never on tilt, p90", _p90(never), "a week", most=1.5),
        Figure("LOCKED false alarms", float(np.mean(alarms[80])), "a week", most=0.25),
        Figure("CAUTION recall", recall(cautioned), "", least=0.80),
        Figure("CAUTION delay, median", among(cautioned, 0.5), "acts"),
        Figure("calibration is monotone", float(is_monotone(bands)), "", least=1),
        Figure(
            "personal above population baseline",
            whole - auc(joined(watched, "population"), tilted), "", least=0.03,
        ),
        Figure("update_metrics, p50", float(np.quantile(costs_us, 0.5)), "us"),
        Figure("update_metrics, p99", float(np.quantile(costs_us, 0.99)), "us", most=100),
        Figure("profile, largest", max(one.kib for one in watched), "KiB", most=128),
    ]  # fmt: skip


def _median(values: Sequence[float]) -> float:
    return float(np.median(values)) if values else float("nan")


def _p90(values: Sequence[float]) -> float:
    return float(np.quantile(values, 0.9)) if values else float("nan")


def population_watched(seed: int, traders: int, days: int, jobs: int) -> list[Watched]:
    one: Callable[[int], Watched] = partial(watch, seed=seed, days=days)
    if jobs == 1:
        return [one(number) for number in range(traders)]
    with ProcessPoolExecutor(jobs) as pool:
        return list(pool.map(one, range(traders)))


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--seed", type=int, required=True, help="0: the fitted population")
    options.add_argument("--traders", type=int, default=50)
    options.add_argument("--days", type=int, default=60)
    options.add_argument("--jobs", type=int, default=2)
    given = options.parse_args()
    watched = population_watched(given.seed, given.traders, given.days, given.jobs)
    costs_us = act_costs_us(given.seed, traders=min(TIMED, given.traders), days=given.days)
    found = figures(watched, given.days, costs_us)
    print(f"seed {given.seed}: {given.traders} traders, {given.days} days; {SAYS}")
    print(table(found))
    print("score from, entries, share on tilt, about 1 in")
    for low, n, share in calibration(joined(watched, "score"), joined(watched, "tilted")):
        print(f"{low:5}  {n:7}  {share:.3f}  {1 / share if share else float('inf'):.0f}")
    return 1 if any(each.holds is False for each in found) else 0


if __name__ == "__main__":
    sys.exit(main())
