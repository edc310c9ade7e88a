"""Ceremony and override: the trader's own steps through discipline, each one event, answered once.

The engine decides; here a page is judged and kept.
"""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from genesis.domain.events import Event, OperatorActed
from genesis.service.api.answers import Answer
from genesis.service.api.desk import Desk
from genesis.service.api.discipline_answers import held, least, overridden, too_short
from genesis.service.api.discipline_bodies import OverrideBody
from genesis.service.api.page_reader import REUSED, reader_of
from genesis.service.api.pages import DRAFT, note_of, vouched_for
from genesis.service.moments import moment_ns
from genesis.tilt.journal import Assessment, Delta, assess_override
from genesis.tilt.override import MALFORMED, Phase, phase_at
from genesis.tilt.reading import Reader
from genesis.tilt.rules import JournalRules, OverrideRules

NOT_EXACT: Final = ""
"""Stands in an event for a wrong phrase: words typed in the wrong field are nobody's business."""


class DisciplineDesk(Desk):
    """Takes phrases and overrides in, one at a time."""

    # -- the ceremony ------------------------------------------------------------------------
    async def ceremony(self, phrase: str, client_ref: str | None) -> Answer:
        """Hold the ceremony; the same `client_ref` gives the same answer."""

        async def act() -> Answer:
            step = await self._earlier(client_ref, _is("ceremony"))
            if step is None:
                now_ns = self._clock.now_ns()
                told = _if_exact(phrase, self._engine.state.tiers.asks_for())
                step = await self._ask(
                    OperatorActed(now_ns, "CEREMONY_STEP", client_ref, "ceremony", phrase=told)
                )
            return held(step)

        return await self._once(client_ref, "ceremony", act)

    # -- overrides ---------------------------------------------------------------------------
    async def override(self, body: OverrideBody | None, problem: str) -> Answer:
        """Judge an override. body None: it is malformed, for this reason; that is an attempt too.

        The order of answers is the engine's: locked, malformed, phrase, page, then the rest.
        """
        client_ref = None if body is None else body.client_ref

        async def act() -> Answer:
            step = await self._earlier(client_ref, _is("override"))
            why = problem if body is None else too_short(self.rules)
            if step is None:
                step = await self._ask(await self._attempt(body))
            return overridden(step, why)

        return await self._once(client_ref, "override", act)

    @property
    def rules(self) -> OverrideRules | None:
        """Of overrides; None where there are none."""
        return self._engine.state.rules.tilt.override

    async def _attempt(self, body: OverrideBody | None) -> OperatorActed:
        judged = None if body is None or self._is_short(body) else await self._judged(body)
        wanted = None if self.rules is None else self.rules.phrase
        return OperatorActed(
            self._clock.now_ns(),
            "OVERRIDE_ATTEMPT",
            None if body is None else body.client_ref,
            "override",
            reason=MALFORMED if judged is None else judged.reason,
            phrase=None if body is None else _if_exact(body.confirmation, wanted),
            page=None if judged is None else judged.sha256,
        )

    def _is_short(self, body: OverrideBody) -> bool:
        return len(body.journal_entry.strip()) < least(self.rules)

    async def _judged(self, body: OverrideBody) -> Assessment:
        """The verdict on the page; it is kept, unless overrides are locked anyway."""
        state, now_ns = self._engine.state, self._clock.now_ns()
        reader = await asyncio.to_thread(
            reader_of, self._engine, self._readings, self._pages, now_ns
        )
        found = await asyncio.to_thread(
            self._assessed, body, self._opened(body), now_ns, state.rules.tilt.journal, reader
        )
        if found.sha256 in self._readings.accepted_pages:
            found = replace(found, accepted=False, reason=REUSED)
        if phase_at(state.tilt.override, now_ns) is Phase.OPEN:
            note = note_of(body.journal_entry, found, found.reason, reader)
            await asyncio.to_thread(self._pages.write, body.journal_entry, now_ns, note)
        return found

    def _assessed(
        self,
        body: OverrideBody,
        opened_ns: int,
        now_ns: int,
        rules: JournalRules,
        reader: Reader | None,
    ) -> Assessment:
        """It takes its time, so it is found beside the engine's loop."""
        changes = self._changes(body, opened_ns, rules)
        return assess_override(
            body.journal_entry, changes, opened_ns, now_ns, rules, least(self.rules), reader
        )

    def _changes(
        self, body: OverrideBody, opened_ns: int, rules: JournalRules
    ) -> list[Delta] | None:
        """How the page came to be; a draft counts as far as the one that is kept shows."""
        if body.deltas is None:
            return None
        return vouched_for(self._pages.draft(DRAFT), body.deltas, opened_ns, rules)

    def _opened(self, body: OverrideBody) -> int:
        """When the page was begun, never before the intervention that it answers."""
        stamps = (delta.change().ts_ns for delta in body.deltas or ())
        first_ns = min(stamps, default=self._asked_ns)
        told = body.opened_at
        told_ns = first_ns if told is None else moment_ns(told, "opened_at")
        return max(told_ns, self._asked_ns)


def _is(verb: str) -> Callable[[Event], bool]:
    return lambda event: isinstance(event, OperatorActed) and event.verb == verb


def _if_exact(given: str, wanted: str | None) -> str:
    return given if given == wanted else NOT_EXACT
