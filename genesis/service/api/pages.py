"""The journal: the page a trader writes during an intervention. Its text stays in its own table."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final, Protocol

from pydantic import BaseModel, ConfigDict, Field

from genesis.domain.events import Event, JournalAssessed
from genesis.domain.time import MILLISECOND, format_utc, parse_utc
from genesis.engine.engine import Engine
from genesis.engine.step import Step
from genesis.service.api.answers import Answer, journal_answer, not_understood
from genesis.service.clock import Clock
from genesis.service.readings import AnyStep, Readings
from genesis.tilt.journal import Delta as Change
from genesis.tilt.journal import assess

DRAFT: Final = "page"
REUSED: Final = "reused"


class Delta(BaseModel):
    """One change of the page: venue time in ms, characters that came in, and how."""

    model_config = ConfigDict(extra="forbid")

    ts_ms: int = Field(ge=0)
    inserted: int = Field(ge=0)
    how: str = "typed"

    def change(self) -> Change:
        return Change(self.ts_ms * MILLISECOND, self.inserted, self.how)


class Pages(Protocol):
    """The private table of pages and drafts."""

    def write(self, text: str, ts_ns: int) -> str: ...
    def save_draft(self, name: str, text: str, ts_ns: int) -> None: ...
    def draft(self, name: str) -> str | None: ...
    def drop_draft(self, name: str) -> None: ...


class Answered(Protocol):
    """The log, asked what was answered to a client reference before."""

    def answer(self, client_ref: str) -> AnyStep | None: ...


class JournalDesk:
    """Takes pages and drafts in; the engine hears a verdict, a hash and a count, never the text."""

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

    async def submit(
        self,
        text: str,
        deltas: Sequence[Delta],
        opened_at: str | int | None,
        client_ref: str | None,
    ) -> Answer:
        """Judge a page and keep it. `opened_at`: ISO text or ns, never before it was asked for."""
        async with self._one_at_a_time:
            if client_ref is not None and client_ref in self._readings.refs:
                earlier = await asyncio.to_thread(self._log.answer, client_ref)
                if earlier is not None and isinstance(earlier.event, JournalAssessed):
                    return journal_answer(earlier.event)
            try:
                opened_ns = self._opened(opened_at)
            except ValueError:
                return not_understood(f"opened_at {opened_at!r} is no time such as {format_utc(0)}")
            event = self._judged(text, deltas, opened_ns, client_ref)
            await asyncio.to_thread(self._keep, text, event)
            await self._ask(event)
            return journal_answer(event)

    def _judged(
        self, text: str, deltas: Sequence[Delta], opened_ns: int, client_ref: str | None
    ) -> JournalAssessed:
        now_ns = self._clock.now_ns()
        rules = self._engine.state.rules.tilt.journal
        found = assess(text, [delta.change() for delta in deltas], opened_ns, now_ns, rules)
        accepted, reason = found.accepted, found.reason
        if accepted and found.sha256 in self._readings.accepted_pages:
            accepted, reason = False, REUSED
        return JournalAssessed(now_ns, found.sha256, found.word_count, accepted, reason, client_ref)

    def _keep(self, text: str, event: JournalAssessed) -> None:
        self._pages.write(text, event.ts_ns)
        if event.accepted:
            self._pages.drop_draft(DRAFT)

    def _opened(self, opened_at: str | int | None) -> int:
        asked = self._readings.intervention
        asked_ns = 0 if asked is None else asked.ts_ns
        if opened_at is None:
            return asked_ns or self._clock.now_ns()
        told = opened_at if isinstance(opened_at, int) else _ns(opened_at)
        return max(told, asked_ns)

    async def save_draft(self, text: str) -> dict[str, Any]:
        now_ns = self._clock.now_ns()
        await asyncio.to_thread(self._pages.save_draft, DRAFT, text, now_ns)
        return {"saved_at": format_utc(now_ns), "characters": len(text)}

    async def read_draft(self) -> dict[str, Any]:
        return {"text": await asyncio.to_thread(self._pages.draft, DRAFT) or ""}


def _ns(text: str) -> int:
    return int(text) if text.isdigit() else parse_utc(text)
