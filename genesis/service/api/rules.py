"""The rules in force, what waits, and how looser or stricter ones are proposed."""

from collections.abc import Awaitable, Callable, Iterable
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import Field

from genesis.domain.edits import RuleEdit, RulesEdited
from genesis.domain.events import Event, RulesChanged
from genesis.domain.time import format_utc
from genesis.engine.engine import Engine
from genesis.engine.rule_edits import CANCELLED, HELD, PROPOSED, REFUSED, Pending
from genesis.engine.step import Step
from genesis.errors import ConfigError, UsageError
from genesis.rules import Rules, parse
from genesis.service.api.bodies import MOST_CHARACTERS, Body
from genesis.service.api.keys import Keys
from genesis.service.api.models import Moment, Shape
from genesis.service.api.told import BODY
from genesis.service.clock import Clock
from genesis.service.rule_wishes import sign, told


class ProposalBody(Body):
    """A whole rulebook, as canonical TOML: the base files with what is wanted on them."""

    text: Annotated[str, Field(max_length=MOST_CHARACTERS)]


class EditTold(Shape):
    """One field. `again`: what stands against it now goes by; then it may be proposed anew."""

    field: str
    old: str
    new: str
    why: str = ""
    again: bool = False


class CancelledTold(Shape):
    at: Moment
    reason: str
    edits: list[EditTold]


class RulesTold(Shape):
    """The rules in force; what waits until when, and what was cancelled last."""

    name: str
    sha256: str
    pending: list[EditTold]
    pending_until: Moment | None
    cancelled: CancelledTold | None


class DiffTold(Shape):
    """What becomes of every field that differs: now, later, never.

    `sign`: what it says of the trader to ask for them now.
    """

    now: list[EditTold]
    later: list[EditTold]
    later_from: Moment | None
    never: list[EditTold]
    sign: str | None


class ProposalTold(DiffTold):
    """The same of a proposal that was made."""

    what: list[str]


class RulesDesk:
    """Looks at the rules of an engine, and hands wishes to it.

    tell: hands an event to the engine; the step comes back once it is durable.
    """

    def __init__(
        self, engine: Engine, clock: Clock, tell: Callable[[Event], Awaitable[Step]]
    ) -> None:
        self._engine = engine
        self._clock = clock
        self._tell = tell

    def look(self) -> dict[str, Any]:
        """Rules in force and what waits."""
        rules, edits = self._engine.state.rules, self._engine.discipline.edits
        pending, cancelled = edits.pending, edits.cancelled
        return {
            "name": rules.name,
            "sha256": rules.sha256,
            "pending": [] if pending is None else _edits(pending.edits),
            "pending_until": None if pending is None else format_utc(pending.until_ns),
            "cancelled": None if cancelled is None else _cancelled(cancelled),
        }

    def diff(self, text: str) -> dict[str, Any]:
        """What a proposal of these rules would lead to at this moment. Changes nothing.

        Raises:
            UsageError: the text is no valid rulebook.
        """
        now_ns = self._clock.now_ns()
        found = self._engine.discipline.edits.foreseen(now_ns, _parsed(text).text)
        said = sign(self._engine, found.facts, now_ns)
        return _told(found.facts, found.pending, said)

    async def propose(self, text: str) -> dict[str, Any]:
        """Ask for these rules; the same ones again change nothing.

        Raises:
            UsageError: the text is no valid rulebook.
        """
        wanted, now_ns = _parsed(text), self._clock.now_ns()
        step = await self._tell(RulesChanged(now_ns, wanted.text, wanted.sha256, PROPOSED))
        facts = tuple(fact for fact in step.outcomes if isinstance(fact, RulesEdited))
        pending = self._engine.discipline.edits.pending
        said = sign(self._engine, facts, now_ns)
        return {"what": list(told(facts)), **_told(facts, pending, said)}


def rules_routes(desk: RulesDesk, keys: Keys) -> APIRouter:
    """Either key may look, the control key may propose, or ask what a proposal would lead to."""
    routes = APIRouter()

    @routes.get(
        "/rules",
        summary="The rules in force, and what waits",
        response_model=RulesTold,
        dependencies=[Depends(keys.may_read)],
    )
    async def rules() -> dict[str, Any]:
        return desk.look()

    @routes.post(
        "/rules/diff",
        summary="What a proposal of these rules would lead to now; changes nothing",
        response_model=DiffTold,
        responses=BODY,
        dependencies=[Depends(keys.may_trade)],
    )
    async def diff(body: ProposalBody) -> dict[str, Any]:
        return desk.diff(body.text)

    @routes.post(
        "/rules",
        summary="Propose rules: what is stricter holds at once, what is looser waits",
        response_model=ProposalTold,
        responses=BODY,
        dependencies=[Depends(keys.may_trade)],
    )
    async def propose(body: ProposalBody) -> dict[str, Any]:
        return await desk.propose(body.text)

    return routes


def _parsed(text: str) -> Rules:
    try:
        return parse(text)
    except ConfigError as problem:
        raise UsageError(problem.message) from problem


def _told(
    facts: Iterable[RulesEdited], pending: Pending | None, said: str | None
) -> dict[str, Any]:
    """Fields by when they hold, out of what a wish led to."""
    return {
        "now": [edit for fact in facts if fact.what == HELD for edit in _edits(fact.edits)],
        "later": [] if pending is None else _edits(pending.edits),
        "later_from": None if pending is None else format_utc(pending.until_ns),
        "never": [
            {**edit, "why": edit["why"] or fact.reason, "again": fact.what == CANCELLED}
            for fact in facts
            if fact.what in (REFUSED, CANCELLED)
            for edit in _edits(fact.edits)
        ],
        "sign": said,
    }


def _cancelled(fact: RulesEdited) -> dict[str, Any]:
    return {"at": format_utc(fact.ts_ns), "reason": fact.reason, "edits": _edits(fact.edits)}


def _edits(edits: tuple[RuleEdit, ...]) -> list[dict[str, str]]:
    return [{"field": e.path, "old": e.old, "new": e.new, "why": e.why} for e in edits]
