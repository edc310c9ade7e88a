"""What is sent to, and told by, the endpoints of discipline."""

import re
from typing import Annotated, Any

from pydantic import Field, ValidationError, field_validator

from genesis.errors import UsageError
from genesis.service.api.bodies import Body, Deltas, Ref, Stamp, Text
from genesis.service.api.faults import in_words
from genesis.service.api.models import Amount, Moment, PagesOwed, Shape, TierGate, TierName
from genesis.service.moments import moment_ns
from genesis.tilt.rules import OverrideRules


class CeremonyBody(Body):
    """The phrase of the ceremony, typed exactly."""

    phrase: Annotated[str, Field(max_length=200)]
    client_ref: Ref | None = None


class OverrideBody(Body):
    """The page of an override and the exact phrase. `deltas`: how the page came to be, if known;
    the time since the intervention opened is judged in any case.
    """

    journal_entry: Text
    confirmation: Annotated[str, Field(max_length=200)]
    deltas: Deltas | None = None
    opened_at: Stamp | None = None
    client_ref: Ref | None = None

    @field_validator("opened_at")
    @classmethod
    def _is_a_time(cls, told: str | int | None) -> str | int | None:
        if isinstance(told, str):
            try:
                return moment_ns(told, "opened_at")
            except UsageError as problem:
                raise ValueError(problem.message) from problem
        return told


def override_schema(rules: OverrideRules | None) -> dict[str, Any]:
    """The body for the document, with what these rules ask of it. `rules` None: no overrides."""
    schema = OverrideBody.model_json_schema(ref_template="#/components/schemas/{model}")
    schema.pop("$defs", None)  # the page of the journal brings them along
    if rules is not None:
        schema["properties"]["journal_entry"]["minLength"] = rules.characters_min
        exactly = re.escape(rules.phrase).replace(r"\ ", " ")
        schema["properties"]["confirmation"]["pattern"] = f"^{exactly}$"
    return schema


def read_override(raw: bytes) -> tuple[OverrideBody | None, str]:
    """The body, or None and what is wrong with it."""
    try:
        return OverrideBody.model_validate_json(raw), ""
    except ValidationError as problem:
        return None, in_words(problem.errors())


class CeremonyHeld(Shape):
    accepted: bool
    tier: TierName
    mode: str


class NotNow(Shape):
    accepted: bool
    reason: str


class OverrideTold(Shape):
    """`attempts_left` before overrides are locked; `locked_until` where they are now."""

    accepted: bool
    reason: str
    attempts_left: int
    locked_until: Moment | None


class OverrideRefused(OverrideTold):
    detail: str


class InterventionTold(Shape):
    opened_at: Moment
    level: str
    message: str
    ended_at: Moment | None
    how: str | None


class BaselineTold(Shape):
    """What is usual for the trader beside his acts of today, in words."""

    indicator: str
    usual: str
    today: str
    samples: int


class TiltHistory(Shape):
    """`scores`: [venue time in ms, score, level, {indicator: points}], oldest first. `page`: the
    numbers by which a page is judged, times in ms. `override` (null: there is none), `recovery`
    and `levels`: those of the other way out, of an accepted page, and of the four levels.
    `interventions_ask`: ms between the two askings for an entry in CAUTION, and of the quiet
    session that ends a lock (null: none is asked for).
    """

    scores: list[list[Any]]
    interventions: list[InterventionTold]
    baseline: list[BaselineTold]
    status: str
    page: dict[str, float]
    override: dict[str, float | str] | None
    recovery: dict[str, float | str]
    levels: dict[str, float | str]
    interventions_ask: dict[str, float | None]


class EvaluationTold(Shape):
    day: str
    evaluated_at: Moment
    tier: TierName
    passed: bool
    gates: list[TierGate]


class PaperTold(Shape):
    since: Moment
    until: Moment
    profitable_days: int
    needed_days: int


class CeremonyTold(Shape):
    phrase: str
    until: Moment | None
    unlocks: list[str]


class AdjustTold(Shape):
    until: Moment | None
    trades: int
    needed_trades: int


class ReduceOnly(Shape):
    symbol: str
    quantity: Amount


TierStep = dict[str, str]
"""at, from, to, from_mode, mode, reason."""


class TierPath(Shape):
    """`go_live`: the phrase that opens live trading, once it can be typed. `pages_due`: that the
    mode waits for. `message`: what was last told about a move of the tier.
    """

    tier: TierName
    mode: str
    since: Moment
    tier_since: Moment
    next_tier: TierName | None
    gates: list[TierGate]
    evaluation: EvaluationTold | None
    paper: PaperTold | None
    ceremony: CeremonyTold | None
    adjust: AdjustTold | None
    no_promotion_before: Moment | None
    plan: list[str]
    reduce_only: list[ReduceOnly]
    history: list[TierStep]
    go_live: str | None
    pages_due: int
    pages: PagesOwed
    message: str | None
