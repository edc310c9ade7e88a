"""`[tilt]` of the rules files."""

from itertools import pairwise
from math import log
from typing import Annotated

from pydantic import Field, ValidationInfo, model_validator

from genesis.domain.money import ZERO
from genesis.rules.fields import (
    Count,
    CountOrZero,
    Fraction,
    NotNegative,
    Number,
    NumberOrNone,
    Positive,
    Score,
    Share,
    Table,
    is_recorded,
    nanoseconds,
)
from genesis.rules.tighter import Either, Higher, Lower, OnceHigher, OnceLower
from genesis.rules.tilt_behaviour import Behaviour, Odds, given
from genesis.rules.tilt_ways import Interventions, Override, Reading
from genesis.tilt.rules import (
    EvidenceRules,
    FixedRules,
    IndicatorRules,
    JournalRules,
    LearningRules,
    LevelRules,
    PriorRules,
    RateRules,
    RecoveryRules,
    ScoreRules,
    TiltRules,
)


class Indicator(Table):
    """More evidence of one indicator makes the shares of the others smaller: either may loosen."""

    weight: OnceHigher[NotNegative]
    half_life_s: OnceHigher[Positive]
    slack_sd: OnceLower[NotNegative]

    def freeze(self) -> IndicatorRules:
        return IndicatorRules(float(self.weight), float(self.half_life_s), float(self.slack_sd))


class Indicators(Table):
    """The first four are in every rulebook; runs recorded before there were more have no others."""

    gap: Indicator
    lat: Higher[Indicator | None] = None
    size: Higher[Indicator | None] = None
    size_l: Indicator
    size_w: Higher[Indicator | None] = None
    reent: Indicator
    slen: Higher[Indicator | None] = None
    hours: Higher[Indicator | None] = None
    cancel: Indicator
    typo: Higher[Indicator | None] = None
    skip: Higher[Indicator | None] = None
    rej: Higher[Indicator | None] = None
    widen: Higher[Indicator | None] = None
    joint: Higher[Indicator | None] = None
    vel: Higher[Indicator | None] = None
    clicks: Higher[Indicator | None] = None

    def freeze(self) -> dict[str, IndicatorRules]:
        return {name: one.freeze() for name, one in given(self)}


class Prior(Table):
    median: Either[Positive]
    spread_ln: Either[Positive]
    volatile_offset_ln: Either[NumberOrNone]

    def freeze(self) -> PriorRules:
        offset = self.volatile_offset_ln
        return PriorRules(
            centre=log(self.median),
            spread=float(self.spread_ln),
            volatile_offset=None if offset is None else float(offset),
        )


class Priors(Table):
    gap: Prior
    lat: Higher[Prior | None] = None
    size: Prior
    reent: Prior
    slen: Higher[Prior | None] = None

    def freeze(self) -> dict[str, PriorRules]:
        return {name: one.freeze() for name, one in given(self)}


class Rate(Table):
    rate: Either[Fraction]
    acts: Either[Positive]

    def freeze(self) -> RateRules:
        return RateRules(float(self.rate), float(self.acts))


class Rates(Table):
    cancel: Rate
    typo: Higher[Rate | None] = None
    skip: Higher[Rate | None] = None
    rej: Higher[Rate | None] = None
    widen: Higher[Rate | None] = None

    def freeze(self) -> dict[str, RateRules]:
        return {name: one.freeze() for name, one in given(self)}


class Evidence(Table):
    cap: Either[Positive]
    z_min: Either[Number]
    z_max: Either[Positive]
    memory_s: Either[Positive]
    min_gap_s: Either[Positive]
    rate_scale: Either[Positive]
    rate_step_max: Either[Positive]
    rate_min: Either[Fraction]
    rate_max: Either[Fraction]
    tilted_rate_add: Either[Fraction]
    tilted_rate_max: Either[Fraction]
    streak_step: Either[NotNegative]
    streak_steps_max: Either[CountOrZero]

    @model_validator(mode="after")
    def _ordered(self) -> "Evidence":
        if not self.z_min < self.z_max:
            raise ValueError("z_min must be below z_max")
        if not self.rate_min < self.rate_max < self.tilted_rate_max < 1:
            raise ValueError("rate_min < rate_max < tilted_rate_max < 1 must hold")
        return self

    def freeze(self) -> EvidenceRules:
        return EvidenceRules(
            cap=float(self.cap),
            z_min=float(self.z_min),
            z_max=float(self.z_max),
            memory_s=float(self.memory_s),
            min_gap_s=float(self.min_gap_s),
            rate_scale=float(self.rate_scale),
            rate_step_max=float(self.rate_step_max),
            rate_min=float(self.rate_min),
            rate_max=float(self.rate_max),
            tilted_rate_add=float(self.tilted_rate_add),
            tilted_rate_max=float(self.tilted_rate_max),
            streak_step=float(self.streak_step),
            streak_steps_max=self.streak_steps_max,
        )


class Learning(Table):
    ring_count: Either[Count]
    prior_samples: Either[Positive]
    spread_floor_fraction: Either[Fraction]
    spread_min_samples: Either[Count]
    refresh_until_count: Either[Count]
    refresh_every_count: Either[Count]
    rate_memory: Either[Fraction]
    pending_count: Either[CountOrZero]
    admit_every_count: Either[Count]
    winsor_sd: Either[Positive]
    volatile_min_ln: Either[Number]
    volatile_max_ln: Either[Number]
    volatile_step_max_ln: Either[Positive]
    volatile_acts_max: Either[Positive]
    entries_count: Either[CountOrZero]
    score_max: Either[Score]

    def freeze(self) -> LearningRules:
        return LearningRules(
            ring=self.ring_count,
            prior_samples=float(self.prior_samples),
            spread_floor=float(self.spread_floor_fraction),
            spread_min_samples=self.spread_min_samples,
            refresh_until=self.refresh_until_count,
            refresh_every=self.refresh_every_count,
            rate_memory=float(self.rate_memory),
            pending=self.pending_count,
            admit_every=self.admit_every_count,
            winsor=float(self.winsor_sd),
            volatile_min=float(self.volatile_min_ln),
            volatile_max=float(self.volatile_max_ln),
            volatile_step_max=float(self.volatile_step_max_ln),
            volatile_acts_max=float(self.volatile_acts_max),
            entries=self.entries_count,
            score_max=self.score_max,
        )


Anchor = Annotated[list[Number], Field(min_length=2, max_length=2)]


class ScoreTable(Table):
    base: Either[Number]
    anchors: Either[Annotated[list[Anchor], Field(min_length=1)]]

    @model_validator(mode="after")
    def _rising(self) -> "ScoreTable":
        points = [(self.base, ZERO), *((raw, score) for raw, score in self.anchors)]
        for (raw, score), (next_raw, next_score) in pairwise(points):
            if not (raw < next_raw and score < next_score):
                raise ValueError("anchors must rise in both columns, starting above [base, 0]")
        if points[-1][1] != 100:
            raise ValueError("the last of anchors must reach the score 100")
        return self

    def freeze(self) -> ScoreRules:
        return ScoreRules(
            base=float(self.base),
            anchors=tuple((float(raw), float(score)) for raw, score in self.anchors),
        )


class Levels(Table):
    caution_enter: Lower[Score]
    caution_leave: Lower[Score]
    caution_leave_after_s: Higher[NotNegative]
    caution_multiplier: Lower[Share]
    warning_enter: Lower[Score]
    warning_sources_count: Lower[Count]
    warning_share: Lower[Share]
    locked_enter: Lower[Score]
    locked_min_s: Higher[NotNegative]

    @model_validator(mode="after")
    def _rising(self) -> "Levels":
        ladder = (self.caution_leave, self.caution_enter, self.warning_enter, self.locked_enter)
        if not 0 < ladder[0] <= ladder[1] < ladder[2] < ladder[3]:
            raise ValueError(
                "0 < caution_leave <= caution_enter < warning_enter < locked_enter must hold"
            )
        return self

    def freeze(self) -> LevelRules:
        return LevelRules(
            caution_enter=self.caution_enter,
            caution_leave=self.caution_leave,
            caution_leave_after_ns=nanoseconds(self.caution_leave_after_s),
            caution_multiplier=self.caution_multiplier,
            warning_enter=self.warning_enter,
            warning_sources=self.warning_sources_count,
            warning_share=float(self.warning_share),
            locked_enter=self.locked_enter,
            locked_min_ns=nanoseconds(self.locked_min_s),
        )


class PointsKept(Table):
    kept: Higher[Share]


class Recovery(Table):
    evidence_kept: Higher[Share]
    limited_multiplier: Lower[Share]
    limited_s: Higher[NotNegative]
    restart_loss_r: Lower[Positive]
    points: Higher[PointsKept | None] = None  # runs recorded before there was it keep them all

    def freeze(self) -> RecoveryRules:
        return RecoveryRules(
            evidence_kept=float(self.evidence_kept),
            points_kept=None if self.points is None else float(self.points.kept),
            limited_multiplier=self.limited_multiplier,
            limited_ns=nanoseconds(self.limited_s),
            restart_loss_r=float(self.restart_loss_r),
        )


class Journal(Table):
    words_min: Higher[Count]
    ratio_words: Either[Count]
    ratio_min: Higher[Share]
    repeated_trigrams_max: Lower[NotNegative]
    top_word_share_max: Lower[Share]
    typing_min_s: Higher[NotNegative]
    words_per_s_max: Lower[Positive]
    active_share_min: Higher[Share]
    pause_s: Either[Positive]
    paste_chars_max: Lower[Count]
    burst_chars: Either[Count]
    burst_share_max: Lower[Share]
    unseen_share_max: Lower[Share]

    def freeze(self) -> JournalRules:
        return JournalRules(
            words_min=self.words_min,
            ratio_words=self.ratio_words,
            ratio_min=float(self.ratio_min),
            repeated_trigrams_max=float(self.repeated_trigrams_max),
            top_word_share_max=float(self.top_word_share_max),
            typing_min_ns=nanoseconds(self.typing_min_s),
            words_per_s_max=float(self.words_per_s_max),
            active_share_min=float(self.active_share_min),
            pause_ns=nanoseconds(self.pause_s),
            paste_chars_max=self.paste_chars_max,
            burst_chars=self.burst_chars,
            burst_share_max=float(self.burst_share_max),
            unseen_share_max=float(self.unseen_share_max),
        )


class FixedPoints(Table):
    points: Higher[NotNegative]
    half_life_s: Higher[Positive]

    def freeze(self) -> FixedRules:
        return FixedRules(float(self.points), float(self.half_life_s))


class Fixed(Table):
    override: FixedPoints
    phrase: FixedPoints
    left: Higher[FixedPoints | None] = None
    paste: Higher[FixedPoints | None] = None
    deposit: Higher[FixedPoints | None] = None
    edit: Higher[FixedPoints | None] = None

    def freeze(self) -> dict[str, FixedRules]:
        return {name: one.freeze() for name, one in given(self)}


class Tilt(Table):
    indicators: Indicators
    priors: Priors
    rates: Rates
    evidence: Evidence
    learning: Learning
    score: ScoreTable
    levels: Levels
    recovery: Recovery
    journal: Journal
    fixed: Higher[Fixed | None] = None  # runs recorded before there were any have neither
    override: Higher[Override | None] = None
    interventions: Higher[Interventions | None] = None
    reading: Higher[Reading | None] = None
    behaviour: Higher[Behaviour | None] = None  # as the indicators that came with it
    odds: Higher[Odds | None] = None

    @model_validator(mode="after")
    def _no_stranger_is_locked(self, info: ValidationInfo) -> "Tilt":
        if self.learning.score_max >= self.levels.locked_enter and not is_recorded(info):
            raise ValueError("learning.score_max must be below levels.locked_enter")
        return self

    @model_validator(mode="after")
    def _whole(self) -> "Tilt":
        whole = self.behaviour is not None
        for table in (self.indicators, self.priors, self.rates):
            for name in type(table).model_fields:
                if whole and getattr(table, name) is None:
                    kind = type(table).__name__.lower()
                    raise ValueError(f"{kind}.{name} is missing beside behaviour")
                is_later = type(table).model_fields[name].default is None
                if not whole and is_later and getattr(table, name) is not None:
                    raise ValueError(f"behaviour is missing; {name} needs it")
        return self

    def freeze(self) -> TiltRules:
        return TiltRules(
            indicators=self.indicators.freeze(),
            priors=self.priors.freeze(),
            rates=self.rates.freeze(),
            evidence=self.evidence.freeze(),
            learning=self.learning.freeze(),
            score=self.score.freeze(),
            levels=self.levels.freeze(),
            recovery=self.recovery.freeze(),
            journal=self.journal.freeze(),
            fixed={} if self.fixed is None else self.fixed.freeze(),
            override=None if self.override is None else self.override.freeze(),
            interventions=None if self.interventions is None else self.interventions.freeze(),
            reading=None if self.reading is None else self.reading.freeze(),
            behaviour=None if self.behaviour is None else self.behaviour.freeze(),
            odds=() if self.odds is None else self.odds.freeze(),
        )
