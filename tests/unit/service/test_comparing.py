"""When a feed counts as restored: after a comparison begun behind the gap, if the line still
stands then.
"""

import asyncio
from collections.abc import Awaitable, Callable
from types import SimpleNamespace
from typing import Any, cast

import pytest

from genesis.domain.events import Event, FeedLost, FeedRestored
from genesis.errors import Unreachable
from genesis.service import reconciling
from genesis.service.reconciling import Reconciling
from tests.support.clocks import VirtualClock
from tests.support.engines import T0, Bench

BLOCK = "feed user"
FOUND = SimpleNamespace(events=(), complaints=(), is_clean=True, has_asked_flows=True, strays=())


class Comparisons:
    """Every comparison begins when it is asked for and ends when it is told how."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.bench = Bench()
        self._begun: asyncio.Queue[asyncio.Future[Any]] = asyncio.Queue()
        patch.setattr(reconciling, "reconcile", self._reconcile)
        patch.setattr(reconciling, "_AGAIN_S", 0.0)
        unused, clock = cast("Any", None), VirtualClock(T0)
        self.part = Reconciling(
            unused, self.bench.engine, clock, (), {}, unused, self._tell, lambda *_: None
        )

    async def begun(self) -> "asyncio.Future[Any]":
        return await asyncio.wait_for(self._begun.get(), 5)

    async def lose(self, ts_ns: int) -> None:
        """As the user stream does."""
        lost = FeedLost(ts_ns, "user", "gone")
        self.part.lost(lost)
        await self._tell(lost)

    def restore(self, ts_ns: int) -> None:
        self.part.request("interrupted", after=FeedRestored(ts_ns, "user"))

    async def interrupted(self) -> "asyncio.Future[Any]":
        """The line was lost and is back: the comparison that begins now."""
        await self.lose(1)
        self.restore(2)
        return await self.begun()

    @property
    def is_blocked(self) -> bool:
        return BLOCK in self.bench.engine.state.risk.blocks

    async def _reconcile(self, *_: object, **__: object) -> Any:
        how: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._begun.put_nowait(how)
        return await how

    async def _tell(self, event: Event) -> None:
        self.bench.tell(event)


def played(course: Callable[[Comparisons], Awaitable[None]]) -> Callable[..., None]:
    """A test of this course."""

    async def body(patch: pytest.MonkeyPatch) -> None:
        room = Comparisons(patch)
        running = asyncio.create_task(room.part.run())
        try:
            await course(room)
        finally:
            running.cancel()

    def test(monkeypatch: pytest.MonkeyPatch) -> None:
        asyncio.run(body(monkeypatch))

    return test


async def settled(how: "asyncio.Future[Any]", problem: Exception | None = None) -> None:
    """End a comparison and let what follows it happen."""
    if problem is None:
        how.set_result(FOUND)
    else:
        how.set_exception(problem)
    for _ in range(5):
        await asyncio.sleep(0)


@played
async def test_a_line_that_is_lost_again_during_the_comparison_goes_on_blocking(
    room: Comparisons,
) -> None:
    first = await room.interrupted()
    await room.lose(3)
    await settled(first)
    assert room.is_blocked
    room.restore(4)
    await settled(await room.begun())
    assert not room.is_blocked


@played
async def test_a_comparison_that_began_before_the_restoration_does_not_count_for_it(
    room: Comparisons,
) -> None:
    room.part.request("something else")
    before = await room.begun()
    await room.lose(1)
    room.restore(2)
    await settled(before)
    assert room.is_blocked
    await settled(await room.begun())
    assert not room.is_blocked


@played
async def test_a_comparison_that_failed_is_made_again_for_the_same_restoration(
    room: Comparisons,
) -> None:
    await settled(await room.interrupted(), Unreachable("the venue is away"))
    assert room.is_blocked
    await settled(await room.begun())
    assert not room.is_blocked


@played
async def test_a_line_that_is_lost_after_a_failed_comparison_waits_for_its_own_restoration(
    room: Comparisons,
) -> None:
    await settled(await room.interrupted(), Unreachable("the venue is away"))
    await room.lose(3)
    await settled(await room.begun())
    assert room.is_blocked
