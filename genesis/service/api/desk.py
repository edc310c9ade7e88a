"""What a desk of discipline works with: the engine, its log, the private pages, and one lock."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Protocol

from genesis.domain.events import Event
from genesis.engine.engine import Engine
from genesis.engine.step import Step
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


class Answered(Protocol):
    """The log, asked what was answered to a client reference before."""

    def answer(self, client_ref: str) -> AnyStep | None: ...


class Desk:
    """Takes in what the trader does for his discipline, one act at a time."""

    def __init__(
        self,
        engine: Engine,
        readings: Readings,
        clock: Clock,
        pages: Pages,
        log: Answered,
        ask: Callable[[Event], Awaitable[Step]],
    ) -> None:
        self._engine = engine
        self._readings = readings
        self._clock = clock
        self._pages = pages
        self._log = log
        self._ask = ask
        self._one_at_a_time = asyncio.Lock()

    async def _earlier(self, ref: str | None, is_same: Callable[[Event], bool]) -> AnyStep | None:
        """What this client reference led to before, when it was used for the same."""
        if ref is None or ref not in self._readings.refs:
            return None
        found = await asyncio.to_thread(self._log.answer, ref)
        return found if found is not None and is_same(found.event) else None

    @property
    def _asked_ns(self) -> int:
        """When the open intervention asked for a page; 0 without one."""
        asked = self._readings.intervention
        return 0 if asked is None else asked.ts_ns
