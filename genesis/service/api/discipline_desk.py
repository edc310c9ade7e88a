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
        async with self._one_at_a_time:
            step = await self._earlier(client_ref, _is("ceremony"))
            if step is None:
                now_ns = self._clock.now_ns()
                told = _if_exact(phrase, self._engine.state.tiers.asks_for())
                step = await self._ask(
                    OperatorActed(now_ns, "CEREMONY_STEP", client_ref, "ceremony", phrase=told)
                )
        return _held(step)

    # -- overrides ---------------------------------------------------------------------------
    async def override(self, body: OverrideBody | None, problem: str) -> Answer:
        """Judge an override. body None: it is malformed, for this reason; that is an attempt too.

        The order of answers is the engine's: locked, malformed, phrase, page, then the rest.
        """
        client_ref = None if body is None else body.client_ref
        async with self._one_at_a_time:
            step = await self._earlier(client_ref, _is("override"))
            if step is not None:
                return _overridden(step, problem)
            if body is not None and not problem:
                problem = self._too_short(body)
            judged = None if body is None or problem else await self._judged(body)
            verdict = MALFORMED if judged is None else judged.reason
            rules = self._engine.state.rules.tilt.override
            wanted = None if rules is None else rules.phrase
            event = OperatorActed(
                self._clock.now_ns(),
                "OVERRIDE_ATTEMPT",
                client_ref,
                "override",
                reason=verdict,
                phrase=None if body is None else _if_exact(body.confirmation, wanted),
                page=None if judged is None else judged.sha256,
            )
            return _overridden(await self._ask(event), problem or verdict)

    def _too_short(self, body: OverrideBody) -> str:
        rules = self._engine.state.rules.tilt.override
        least = 0 if rules is None else rules.characters_min
        count = len(body.journal_entry.strip())
        return f"journal_entry: {count} characters are fewer than {least}" if count < least else ""

    async def _judged(self, body: OverrideBody) -> Assessment:
        """The verdict on the page; it is kept, unless overrides are locked anyway."""
        state, now_ns = self._engine.state, self._clock.now_ns()
        rules = state.rules.tilt
        least = 0 if rules.override is None else rules.override.characters_min
        opened_ns = self._opened(body)
        changes = await self._changes(body, opened_ns)
        reader = await asyncio.to_thread(
            reader_of, self._engine, self._readings, self._pages, now_ns
        )
        found = assess_override(
            body.journal_entry, changes, opened_ns, now_ns, rules.journal, least, reader
        )
        if found.sha256 in self._readings.accepted_pages:
            found = replace(found, accepted=False, reason=REUSED)
        if phase_at(state.tilt.override, now_ns) is Phase.OPEN:
            note = note_of(body.journal_entry, found, found.reason, reader)
            await asyncio.to_thread(self._pages.write, body.journal_entry, now_ns, note)
        return found

    async def _changes(self, body: OverrideBody, opened_ns: int) -> list[Delta] | None:
        """How the page came to be; a draft counts as far as the one that is kept shows."""
        if body.deltas is None:
            return None
        held = await asyncio.to_thread(self._pages.draft, DRAFT)
        rules = self._engine.state.rules.tilt.journal
        return [delta.change() for delta in vouched_for(held, body.deltas, opened_ns, rules)]

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
    """The answer to an override, from the step it led to. `why`: more about a bad page or body."""
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
    if verdict in (MALFORMED, BAD_PAGE) and why:
        body["detail"] = f"{words}: {why}"
        body["page"] = why if verdict == BAD_PAGE else None
    return Answer(code, body, until_ns)


def _answered(step: AnyStep) -> CommandAnswered:
    return next(o for o in step.outcomes if isinstance(o, CommandAnswered))
