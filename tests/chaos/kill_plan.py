"""Every point at which a trading process can die, one after the other: all must come right again.

    python -m tests.chaos.kill_plan [POINTS] [PART/PARTS] [FIRST_SCRIPT]

Runs at least so many kill points (default 1,000), of one script after the other, and says what it
found. PART/PARTS (such as 1/2): only those of one of several processes side by side.
"""

import asyncio
import logging
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tests.chaos.script import EPISODES
from tests.chaos.stage import Lived, a_stage

AT_ONCE: Final = 6
_AGAIN_SHARE: Final = 0.3
_BEFORE_SHARE: Final = 0.25
_AGAIN_WITHIN: Final = 45
"""A second life that dies, too, does so at one of its first points: it is just coming back."""


@dataclass(frozen=True)
class Death:
    """Where the first life of a script ends; again: where the second one does, or None. before: not
    behind such a step of the log, but before it is written.
    """

    seed: int
    point: int
    again: int | None
    before: bool

    @property
    def points(self) -> tuple[int, ...]:
        return (self.point,) if self.again is None else (self.point, self.again)

    def __str__(self) -> str:
        points = " then ".join(map(str, self.points))
        return f"script {self.seed}, {'before ' * self.before}point {points}"


@dataclass
class Found:
    """How the deaths of a plan went. kinds: where lives really ended, of first ones and later."""

    kinds: Counter[str] = field(default_factory=Counter)
    unreached: int = 0
    failures: list[str] = field(default_factory=list)

    @property
    def killed(self) -> int:
        return sum(self.kinds.values())


async def rehearse(folder: Path, seed: int) -> int:
    """How many points a life has that nobody ends."""
    async with a_stage(folder, seed) as stage:
        lived = (await stage.converges())[-1]
        assert lived.ended is not None
        return int(lived.ended["ended"])


def deaths(seed: int, count: int) -> list[Death]:
    """One at each point of a script's first life."""
    draw = random.Random(seed)
    found = []
    for point in range(1, count + 1):
        again = draw.randint(1, _AGAIN_WITHIN) if draw.random() < _AGAIN_SHARE else None
        found.append(Death(seed, point, again, draw.random() < _BEFORE_SHARE))
    return found


def spread(planned: Sequence[Death], count: int, seed: int) -> list[Death]:
    """So many of them: one from each stretch of the plan."""
    draw, size = random.Random(seed), len(planned) / count
    return [planned[int((n + draw.random()) * size)] for n in range(count)]


async def run(folder: Path, planned: Sequence[Death], found: Found) -> None:
    """Die all these deaths, a few at once."""
    waiting = iter(planned)

    async def work() -> None:
        for death in waiting:
            await _one(folder / f"{death.seed}-{death.point}", death, found)

    await asyncio.gather(*(work() for _ in range(AT_ONCE)))


async def _one(folder: Path, death: Death, found: Found) -> None:
    async with a_stage(folder, death.seed) as stage:
        try:
            await stage.converges(*death.points, before=death.before)
        except Exception as problem:
            errors = stage.lives[-1].errors[-4_000:]
            told = f"{type(problem).__name__}: {problem}\n{errors}"
            found.failures.append(f"{death}, kept in {folder}: {told}")
        else:
            shutil.rmtree(folder)
        for lived in stage.lives[: len(death.points)]:
            _count(lived, found)


def _count(lived: Lived, found: Found) -> None:
    if lived.died is None:
        found.unreached += 1
    else:
        found.kinds[f"{lived.died['died']} {lived.died['what']}"] += 1


def _seeds(first: int) -> Iterator[int]:
    while True:
        yield first
        first += 1


async def _long(folder: Path, points: int, part: int, parts: int, first: int) -> Found:
    found, began, done = Found(), time.monotonic(), 0
    for seed in _seeds(first):
        count = await rehearse(folder / f"rehearsal-{seed}", seed)
        planned = deaths(seed, count)[part - 1 :: parts]
        await run(folder, planned, found)
        done += len(planned)
        said = f"script {seed}: {count} points; {found.killed} kills, {found.unreached} unreached"
        print(
            f"{time.monotonic() - began:6.0f} s  {said}, {len(found.failures)} failed", flush=True
        )
        if done * parts >= points:
            return found
    raise AssertionError("there is always another script")


def main() -> int:
    given = dict(enumerate(sys.argv[1:]))
    part, parts = map(int, given.get(1, "1/1").split("/"))
    wanted, first = int(given.get(0, 1_000)), int(given.get(2, len(EPISODES)))
    folder = tempfile.mkdtemp()
    logging.getLogger("aiohttp.server").setLevel(logging.CRITICAL)  # it meets many a broken line
    found = asyncio.run(_long(Path(folder), wanted, part, parts, first))
    if not found.failures:
        shutil.rmtree(folder)
    for kind, count in found.kinds.most_common():
        print(f"{count:6} {kind}")
    print("\n\n".join(found.failures))
    return 1 if found.failures else 0


if __name__ == "__main__":
    sys.exit(main())
