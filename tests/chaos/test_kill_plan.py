"""A trading process killed at chosen points: nothing lost, nothing doubled, all protected."""

import asyncio
from pathlib import Path

import pytest

from tests.chaos.kill_plan import Death, Found, deaths, rehearse, run, spread
from tests.chaos.script import EPISODES

POINTS = 30


async def planned(folder: Path, *scripts: int) -> list[Death]:
    counts = [await rehearse(folder / f"rehearsal-{script}", script) for script in scripts]
    return [each for pair in zip(scripts, counts, strict=True) for each in deaths(*pair)]


def test_thirty_points_spread_over_every_episode(tmp_path: Path) -> None:
    """`python -m tests.chaos.kill_plan` does it at every point of many runs."""

    async def story() -> Found:
        found = Found()
        plan = await planned(tmp_path, *range(len(EPISODES)))
        await run(tmp_path, spread(plan, POINTS, seed=1), found)
        return found

    found = asyncio.run(story())
    assert not found.failures, "\n\n".join(found.failures)
    assert found.killed >= POINTS
    kinds = {kind.split()[0] for kind in found.kinds}
    assert kinds == {"logged", "left", "answered", "writing"}


@pytest.mark.long
@pytest.mark.timeout(7_200)
def test_every_point_of_a_run(tmp_path: Path) -> None:
    async def story() -> Found:
        found = Found()
        await run(tmp_path, await planned(tmp_path, len(EPISODES)), found)
        return found

    found = asyncio.run(story())
    assert not found.failures, "\n\n".join(found.failures)
