"""What the desks of discipline work with: the engine, its log, the private pages, and one lock."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Protocol

from genesis.domain.events import Event
from genesis.engine.engine import Engine
from genesis.engine.step import Step
from genesis.service.api.answers import Answer
from genesis.service.api.earlier import Answered, Earlier
from genesis.service.api.under_way import UnderWay
from genesis.service.clock import Clock
from genesis.service.readings import AnyStep, Readings
from genesis.store.journal import Draft, Note


class Pages(Protocol):
    """The private table of pages and drafts."""

    def write(self, text: str, ts_ns: int, note: Note | None = None) -> str: ...
    def traces(self, digests: set[str], most: int) -> list[frozenset[int]]: ...
    def save_draft(
        self, name: str, given: Draft, seen: int | None = None
    ) -> tuple[bool, Draft]: ...
    def draft(self, name: str) -> Draft: ...
    def drop_draft(self, name: str, ts_ns: int) -> None: ...


class Desk:
    """Takes in what the trader does for his discipline, one act at a time.

    one_at_a_time: the same for all desks, so that one page never answers two requirements.
    """

    def __init__(
        self,
        engine: Engine,
        readings: Readings,
        clock: Clock,
        pages: Pages,
        log: Answered,
        ask: Callable[[Event], Awaitable[Step]],
        under_way: UnderWay,
        one_at_a_time: asyncio.Lock,
    ) -> None:
        self._engine = engine
        self._readings = readings
        self._clock = clock
        self._pages = pages
        self._before = Earlier(readings, log)
        self._ask = ask
        self._under_way = under_way
        self._one_at_a_time = one_at_a_time

    async def _once(
        self, ref: str | None, kind: str, act: Callable[[], Awaitable[Answer]]
    ) -> Answer:
        """Carry an act out when it is its turn."""

        async def in_turn() -> Answer:
            async with self._one_at_a_time:
                return await act()

        return await self._under_way.once(ref, kind, in_turn)

    async def _earlier(self, ref: str | None, is_same: Callable[[Event], bool]) -> AnyStep | None:
        """What this client reference led to before, when it was used for the same.

        Raises:
            EventLogError: it was used, and the log cannot tell for what.
        """
        found = await self._before.step(ref)
        return found if found is not None and is_same(found.event) else None

    @property
    def _asked_ns(self) -> int:
        """When the open intervention asked for a page; 0 without one."""
        return self._readings.page_asked_ns
