"""Ceremony and override: the trader's own steps through discipline, each one event, answered once.

The engine decides; here a page is judged and kept, and a decision becomes a code:
200 done · 400 wrong phrase or page · 409 not now · 422 malformed · 423 overrides are locked.
"""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from genesis.domain.events import Event, OperatorActed
from genesis.domain.outcomes import CommandAnswered, OverrideJudged, TierChanged
from genesis.domain.time import format_utc
from genesis.engine.course import OVERRIDE_WORDS
from genesis.service.api.answers import LOCKED, NOT_UNDERSTOOD, OK, REFUSED, Answer
from genesis.service.api.desk import Desk
from genesis.service.api.discipline_bodies import OverrideBody
from genesis.service.api.page_reader import REUSED, reader_of
from genesis.service.api.pages import DRAFT, note_of, vouched_for
from genesis.service.moments import moment_ns
from genesis.service.readings import AnyStep
from genesis.tiers.desk import WRONG_PHRASE
from genesis.tilt.journal import Assessment, Delta, assess_override
from genesis.tilt.override import (
    ACCEPTED,
    BAD_PAGE,
    LOCKED_OUT,
    MALFORMED,
    Phase,
    phase_at,
)
from genesis.tilt.override import WRONG_PHRASE as BAD_PHRASE
from genesis.tilt.reading import Reader
from genesis.tilt.rules import JournalRules, OverrideRules

WRONG: Final = 400
NOT_EXACT: Final = ""
"""Stands in an event for a wrong phrase: words typed in the wrong field are nobody's business."""
_CODES: Final = {
    ACCEPTED: OK,
    LOCKED_OUT: LOCKED,
    MALFORMED: NOT_UNDERSTOOD,
    BAD_PHRASE: WRONG,
    BAD_PAGE: WRONG,
}


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
            return _held(step)

        return await self._once(client_ref, "ceremony", act)

    # -- overrides ---------------------------------------------------------------------------
    async def override(self, body: OverrideBody | None, problem: str) -> Answer:
        """Judge an override. body None: it is malformed, for this reason; that is an attempt too.

        The order of answers is the engine's: locked, malformed, phrase, page, then the rest.
        """
        client_ref = None if body is None else body.client_ref

        async def act() -> Answer:
            step = await self._earlier(client_ref, _is("override"))
            # a body that has a reference can be malformed in one way only
            why = problem if body is None else self._least_words()
            if step is None:
                step = await self._ask(await self._attempt(body))
            return _overridden(step, why)

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
        return len(body.journal_entry.strip()) < self._least

    def _least_words(self) -> str:
        return f"journal_entry: needs at least {self._least} characters"

    @property
    def _least(self) -> int:
        """Characters of a page."""
        return 0 if self.rules is None else self.rules.characters_min

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
            body.journal_entry, changes, opened_ns, now_ns, rules, self._least, reader
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


def _held(step: AnyStep) -> Answer:
    """The answer to a phrase, from the step it led to."""
    answered = _answered(step)
    changed = [o for o in step.outcomes if isinstance(o, TierChanged)]
    if answered.accepted:
        tier, mode = changed[0].tier.value, changed[0].mode.value
        return Answer(OK, {"accepted": True, "tier": tier, "mode": mode})
    if answered.text == WRONG_PHRASE:
        return Answer(WRONG, {"detail": answered.text})
    return Answer(REFUSED, {"accepted": False, "reason": answered.text})


def _overridden(step: AnyStep, why: str) -> Answer:
    """The answer to an override, from the step it led to. `why`: more about a malformed body."""
    judged = [o for o in step.outcomes if isinstance(o, OverrideJudged)]
    if not judged:
        return Answer(REFUSED, {"accepted": False, "reason": _answered(step).text})
    verdict, left = judged[0].reason, judged[0].attempts_left
    code, words = _CODES.get(verdict, REFUSED), OVERRIDE_WORDS[verdict]
    until_ns = judged[0].until_ns
    until = None if until_ns is None else format_utc(until_ns)
    body: dict[str, Any] = {
        "accepted": judged[0].accepted,
        "reason": words,
        "detail": words,
        "attempts_left": left,
        "locked_until": until,
    }
    if verdict in (MALFORMED, BAD_PAGE):
        page = _verdict(step.event) if verdict == BAD_PAGE else None
        body |= {"page": page, "detail": f"{words}: {page or why}"}
    return Answer(code, body, until_ns)


def _verdict(event: Event) -> str | None:
    """What was found about the page of an override."""
    return event.reason if isinstance(event, OperatorActed) else None


def _answered(step: AnyStep) -> CommandAnswered:
    return next(o for o in step.outcomes if isinstance(o, CommandAnswered))
