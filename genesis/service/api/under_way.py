"""Acts that are being carried out, each under the client reference it came with."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple, TypeVar, cast

T = TypeVar("T")


class _Running(NamedTuple):
    kind: str
    task: "asyncio.Future[Any]"


class UnderWay:
    """One act at a time for each reference, over all parts that take acts in."""

    def __init__(self) -> None:
        self._acts: dict[str, _Running] = {}

    async def once(self, ref: str | None, kind: str, act: Callable[[], Awaitable[T]]) -> T:
        """Do it once, however many ask for this kind of act with this reference meanwhile.

        An act of another kind waits until this one is over. Who asked may leave: it goes on.
        """
        if ref is None:
            return await act()
        while (running := self._acts.get(ref)) is not None and running.kind != kind:
            await asyncio.wait({running.task})
        if running is None:
            running = _Running(kind, asyncio.ensure_future(self._carried_out(ref, act)))
            self._acts[ref] = running
        return cast("T", await asyncio.shield(running.task))

    async def over(self, ref: str) -> None:
        """Wait until nothing is under way with this reference."""
        while (running := self._acts.get(ref)) is not None:
            await asyncio.wait({running.task})

    async def _carried_out(self, ref: str, act: Callable[[], Awaitable[T]]) -> T:
        try:
            return await act()
        finally:
            del self._acts[ref]
