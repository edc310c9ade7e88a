"""What the trader is told of a ceremony and of an override, from the step it led to.

200 done · 400 wrong phrase or page · 409 not now · 422 malformed · 423 overrides are locked.
"""

from typing import Any, Final

from genesis.domain.events import Event, OperatorActed
from genesis.domain.outcomes import CommandAnswered, OverrideJudged, TierChanged
from genesis.domain.time import format_utc
from genesis.engine.course import OVERRIDE_WORDS
from genesis.service.api.answers import LOCKED, NOT_UNDERSTOOD, OK, REFUSED, Answer
from genesis.service.readings import AnyStep
from genesis.tiers.desk import WRONG_PHRASE
from genesis.tilt.override import ACCEPTED, BAD_PAGE, LOCKED_OUT, MALFORMED
from genesis.tilt.override import WRONG_PHRASE as BAD_PHRASE
from genesis.tilt.rules import OverrideRules

WRONG: Final = 400
_CODES: Final = {
    ACCEPTED: OK,
    LOCKED_OUT: LOCKED,
    MALFORMED: NOT_UNDERSTOOD,
    BAD_PHRASE: WRONG,
    BAD_PAGE: WRONG,
}


def held(step: AnyStep) -> Answer:
    """The answer to a phrase."""
    answered = _answered(step)
    changed = [o for o in step.outcomes if isinstance(o, TierChanged)]
    if answered.accepted:
        tier, mode = changed[0].tier.value, changed[0].mode.value
        return Answer(OK, {"accepted": True, "tier": tier, "mode": mode})
    if answered.text == WRONG_PHRASE:
        return Answer(WRONG, {"detail": answered.text})
    return Answer(REFUSED, {"accepted": False, "reason": answered.text})


def overridden(step: AnyStep, why: str) -> Answer:
    """The answer to an override. `why`: more about a malformed body."""
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


def least(rules: OverrideRules | None) -> int:
    """Characters of an override's page."""
    return 0 if rules is None else rules.characters_min


def too_short(rules: OverrideRules | None) -> str:
    """The one way in which a body that has a reference can be malformed."""
    return f"journal_entry: needs at least {least(rules)} characters"


def _verdict(event: Event) -> str | None:
    """What was found about the page of an override."""
    return event.reason if isinstance(event, OperatorActed) else None


def _answered(step: AnyStep) -> CommandAnswered:
    return next(o for o in step.outcomes if isinstance(o, CommandAnswered))
