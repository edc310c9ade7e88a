"""`[tilt.behaviour]` and `[tilt.odds]`: what came with the indicators after the first four."""

from collections.abc import Iterator
from itertools import pairwise
from typing import Annotated, Any, Final

from pydantic import Field, model_validator

from genesis.rules.fields import (
    Count,
    Fraction,
    NotNegative,
    Number,
    Positive,
    Table,
    nanoseconds,
)
from genesis.rules.tighter import Either, Higher, Locked, Lower, Subset
from genesis.tilt.rules import (
    ActRules,
    BehaviourRules,
    HourRules,
    JointRules,
    PaceRules,
    StyleRules,
    TellingRules,
)

_WINS_BEFORE: Final = 2
"""Wins in a row that made a trader proud before the rules told how many."""


def given(table: Table) -> Iterator[tuple[str, Any]]:
    """The parts of a table that a rulebook has, by name, in the order of the schema."""
    for name in type(table).model_fields:
        part = getattr(table, name)
        if part is not None:
            yield name, part


class Joint(Table):
    z_min: Either[Number]
    z_max: Either[Positive]
    measure_weight: Either[NotNegative]
    skip_weight: Either[NotNegative]
    skip_usual: Either[Fraction]
    typo_weight: Either[NotNegative]
    typo_usual: Either[Fraction]
    rejected_weight: Either[NotNegative]
    streak_weight: Either[NotNegative]

    def freeze(self) -> JointRules:
        return JointRules(
            z_min=float(self.z_min),
            z_max=float(self.z_max),
            measure=float(self.measure_weight),
            skip=float(self.skip_weight),
            skip_usual=float(self.skip_usual),
            typo=float(self.typo_weight),
            typo_usual=float(self.typo_usual),
            rejected=float(self.rejected_weight),
            streak=float(self.streak_weight),
        )


class Hours(Table):
    prior_acts: Either[Positive]
    memory: Either[Fraction]
    x_min: Either[Number]
    x_max: Either[Positive]
    share_min: Either[Fraction]

    def freeze(self) -> HourRules:
        return HourRules(
            prior_acts=float(self.prior_acts),
            memory=float(self.memory),
            x_min=float(self.x_min),
            x_max=float(self.x_max),
            share_min=float(self.share_min),
        )


class Pace(Table):
    entries_window_s: Either[Positive]
    clicks_window_s: Either[Positive]
    z_min: Either[Number]
    z_max: Either[Positive]
    offset: Either[Positive]
    spread_max_ln: Either[Positive]
    hold_s: Either[Positive]
    hold_share: Either[Fraction]
    hold_max_s: Either[Positive]
    clicks_usual: Either[Positive]
    clicks_share: Either[Fraction]
    kept_count: Either[Count]

    @model_validator(mode="after")
    def _ordered(self) -> "Pace":
        if not self.z_min < self.z_max:
            raise ValueError("z_min must be below z_max")
        return self

    def freeze(self) -> PaceRules:
        return PaceRules(
            entries_window_s=float(self.entries_window_s),
            clicks_window_s=float(self.clicks_window_s),
            z_min=float(self.z_min),
            z_max=float(self.z_max),
            offset=float(self.offset),
            spread_max=float(self.spread_max_ln),
            hold_s=float(self.hold_s),
            hold_share=float(self.hold_share),
            hold_max_s=float(self.hold_max_s),
            clicks_usual=float(self.clicks_usual),
            clicks_share=float(self.clicks_share),
            kept=self.kept_count,
        )


class Acts(Table):
    latency_min_s: Either[Positive]
    session_min_s: Either[Positive]
    session_learn_min_s: Either[Positive]
    session_break_s: Either[Positive]
    dwell_min_s: Either[NotNegative]
    insist_multiple: Either[Positive]
    insist_s: Either[NotNegative]
    widen_ratio: Either[Annotated[Number, Field(ge=1)]]
    removal_steps_count: Either[Count]
    slips_usual: Either[Fraction]
    slips_spread: Either[Fraction]
    slips_quantile: Either[Fraction]

    def freeze(self) -> ActRules:
        return ActRules(
            latency_min_s=float(self.latency_min_s),
            session_min_s=float(self.session_min_s),
            session_learn_min_s=float(self.session_learn_min_s),
            session_break_s=float(self.session_break_s),
            dwell_min_s=float(self.dwell_min_s),
            insist_multiple=float(self.insist_multiple),
            insist_s=float(self.insist_s),
            widen_ratio=float(self.widen_ratio),
            removal_steps=self.removal_steps_count,
            slips_usual=float(self.slips_usual),
            slips_spread=float(self.slips_spread),
            slips_above=float(self.slips_quantile),
        )


class Telling(Table):
    left_page_s: Higher[NotNegative]
    deposit_s: Higher[NotNegative]
    deposit_loss_r: Lower[Positive]
    edit_s: Higher[NotNegative]

    def freeze(self) -> TellingRules:
        return TellingRules(
            left_page_s=float(self.left_page_s),
            deposit_s=float(self.deposit_s),
            deposit_loss_r=float(self.deposit_loss_r),
            edit_s=float(self.edit_s),
        )


class Style(Table):
    after_loss_s: Higher[NotNegative]
    wait_s: Higher[NotNegative]
    every_s: Higher[NotNegative]
    spread_factor: Lower[Annotated[Number, Field(ge=1)]]
    sessions_count: Lower[Count]

    def freeze(self) -> StyleRules:
        return StyleRules(
            after_loss_ns=nanoseconds(self.after_loss_s),
            wait_ns=nanoseconds(self.wait_s),
            every_ns=nanoseconds(self.every_s),
            spread_factor=float(self.spread_factor),
            sessions=self.sessions_count,
        )


class Trust(Table):
    size: Either[Positive]

    def freeze(self) -> dict[str, float]:
        return {"size": float(self.size)}


class Pride(Table):
    wins_min_count: Lower[Count]


class Doing(Table):
    own_only: Locked[bool]


class Stops(Table):
    moved_only: Locked[bool]


class Behaviour(Table):
    joint: Joint
    hours: Hours
    pace: Pace
    acts: Acts
    telling: Telling
    style: Style
    trust_samples: Trust
    ignored_refusals: Subset[list[str]]
    # runs recorded before there were any have none of these
    pride: Higher[Pride | None] = None
    doing: Locked[Doing | None] = None
    stops: Locked[Stops | None] = None

    def freeze(self) -> BehaviourRules:
        return BehaviourRules(
            joint=self.joint.freeze(),
            hours=self.hours.freeze(),
            pace=self.pace.freeze(),
            acts=self.acts.freeze(),
            telling=self.telling.freeze(),
            style=self.style.freeze(),
            trust=self.trust_samples.freeze(),
            ignored=frozenset(self.ignored_refusals),
            wins_min=_WINS_BEFORE if self.pride is None else self.pride.wins_min_count,
            own_doing=self.doing is not None and self.doing.own_only,
            moved_only=self.stops is not None and self.stops.moved_only,
        )


Chance = Annotated[list[Number], Field(min_length=2, max_length=2)]


class Odds(Table):
    one_in: Either[Annotated[list[Chance], Field(min_length=1)]]

    @model_validator(mode="after")
    def _falling(self) -> "Odds":
        for (score, acts), (next_score, next_acts) in pairwise(self.one_in):
            if not (score > next_score and acts < next_acts):
                raise ValueError("one_in must fall in scores and rise in acts")
        if self.one_in[-1][0] != 0:
            raise ValueError("the last of one_in must begin at the score 0")
        return self

    def freeze(self) -> tuple[tuple[int, float], ...]:
        return tuple((int(score), float(acts)) for score, acts in self.one_in)
