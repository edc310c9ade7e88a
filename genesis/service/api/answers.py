"""What the operator is told: verdicts of the gate as HTTP answers, with the fixed codes.

200 approved · 409 refused, every refusal listed, Retry-After where its end is known ·
422 not understood.
"""

from dataclasses import dataclass
from math import ceil
from typing import Any, Final

from genesis.domain.approval import Failure
from genesis.domain.events import JournalAssessed, OperatorActed
from genesis.domain.money import text
from genesis.domain.outcomes import CommandAnswered, OrderApproved, OrderRefused
from genesis.domain.slicing import ParentStarted
from genesis.domain.time import SECOND, format_utc
from genesis.service.api.page_reader import PAGE_WORDS
from genesis.service.moments import moment_ns, when
from genesis.service.readings import AnyStep

OK: Final = 200
REFUSED: Final = 409
NOT_UNDERSTOOD: Final = 422
LOCKED: Final = 423


@dataclass(frozen=True, slots=True)
class Answer:
    """Status, JSON body, and the venue time from which a new try makes sense."""

    status: int
    body: dict[str, Any]
    until_ns: int | None = None

    def headers(self, now_ns: int, speed: float = 1.0) -> dict[str, str]:
        """Retry-After in wall seconds, where the end of the refusal is known."""
        if self.status not in (REFUSED, LOCKED) or self.until_ns is None:
            return {}
        wall_s = (self.until_ns - now_ns) / (speed or 1.0) / SECOND
        return {"Retry-After": str(max(1, ceil(wall_s)))}

    def told(self, now_ns: int, speed: float = 1.0) -> dict[str, Any]:
        """The body; beside each time at which a refusal ends, the same in words (`when`)."""
        if "until" in self.body:
            every = [_with_when(each, now_ns, speed) for each in self.body["all"]]
            return {**_with_when(self.body, now_ns, speed), "all": every}
        if self.until_ns is not None:
            return {**self.body, "when": when(self.until_ns, now_ns, speed)}
        return self.body


def _with_when(refused: dict[str, Any], now_ns: int, speed: float) -> dict[str, Any]:
    until = refused["until"]
    until_ns = None if until is None else moment_ns(until, "until")
    return {**refused, "when": when(until_ns, now_ns, speed)}


def not_understood(reason: str) -> Answer:
    return Answer(NOT_UNDERSTOOD, {"verdict": "not_understood", "reason": reason})


def answer_of(step: AnyStep, ref: str) -> Answer:
    """The answer to the act that carried `ref`, from the step it led to."""
    refused = [o for o in step.outcomes if isinstance(o, OrderRefused) and o.client_ref == ref]
    if refused:
        return _refused(refused[0].failures, refused[0].until_ns)
    told = [o for o in step.outcomes if isinstance(o, CommandAnswered) and o.client_ref == ref]
    said_no = [answered for answered in told if not answered.accepted]
    if said_no:
        return _refused((Failure("operator", "NOT_POSSIBLE", said_no[0].text),), None)
    approved = [
        o for o in step.outcomes if isinstance(o, OrderApproved) and o.request.client_ref == ref
    ]
    parents = [o for o in step.outcomes if isinstance(o, ParentStarted) and o.client_ref == ref]
    if parents:
        return _begun(parents[0])
    return _approved(approved, [answered.text for answered in told])


def is_unread(step: AnyStep) -> bool:
    """Was the act a line that was not understood?"""
    event = step.event
    return isinstance(event, OperatorActed) and (event.kind, event.verb) == ("COMMAND", "none")


def journal_answer(event: JournalAssessed) -> Answer:
    body = {
        "accepted": event.accepted,
        "reason": event.reason,
        "word_count": event.word_count,
        "sha256": event.sha256,
        "detail": PAGE_WORDS.get(event.reason, event.reason),
        "reasons": list(event.reasons),
        "next_try": None if event.again_ns is None else format_utc(event.again_ns),
    }
    return Answer(OK if event.accepted else REFUSED, body, event.again_ns)


def _approved(approved: list[OrderApproved], told: list[str]) -> Answer:
    notes = told + [note for each in approved for note in each.notes]
    first = approved[0] if approved else None
    return Answer(
        OK,
        {
            "verdict": "approved",
            "order_key": None if first is None else str(first.key),
            "qty": None if first is None else text(first.request.qty),
            "symbol": None if first is None else first.request.symbol,
            "notes": notes,
        },
    )


def _begun(parent: ParentStarted) -> Answer:
    """A sliced order: the whole of it."""
    count, last = len(parent.slices), format_utc(parent.until_ns // SECOND * SECOND)
    told = f"{parent.algorithm} in {count} slices, the last one at about {last}"
    return Answer(
        OK,
        {
            "verdict": "approved",
            "order_key": str(parent.key),
            "qty": text(parent.qty),
            "symbol": parent.symbol,
            "notes": [*parent.notes, told],
        },
    )


def refusal(failure: Failure) -> Answer:
    """A refusal that no engine was asked for."""
    return _refused((failure,), failure.until_ns)


def _refused(failures: tuple[Failure, ...], until_ns: int | None) -> Answer:
    first = failures[0]
    body = {
        "verdict": "refused",
        "stage": first.stage,
        "code": first.code,
        "reason": first.reason,
        "until": None if until_ns is None else format_utc(until_ns),
        "all": [failure_shape(failure) for failure in failures],
    }
    return Answer(REFUSED, body, until_ns)


def failure_shape(failure: Failure) -> dict[str, Any]:
    return {
        "stage": failure.stage,
        "code": failure.code,
        "reason": failure.reason,
        "until": None if failure.until_ns is None else format_utc(failure.until_ns),
        "scope": failure.scope,
    }
