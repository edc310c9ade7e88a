"""`[tilt]` of the rules files."""

from itertools import pairwise
from math import log
from typing import Annotated

from pydantic import Field, model_validator

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
    nanoseconds,
)
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
    weight: NotNegative
    half_life_s: Positive
    slack_sd: NotNegative

    def freeze(self) -> IndicatorRules:
        return IndicatorRules(float(self.weight), float(self.half_life_s), float(self.slack_sd))


class Indicators(Table):
    """The first four are in every rulebook; runs recorded before there were more have no others."""

    gap: Indicator
    lat: Indicator | None = None
    size: Indicator | None = None
    size_l: Indicator
    size_w: Indicator | None = None
    reent: Indicator
    slen: Indicator | None = None
    hours: Indicator | None = None
    cancel: Indicator
    typo: Indicator | None = None
    skip: Indicator | None = None
    rej: Indicator | None = None
    widen: Indicator | None = None
    joint: Indicator | None = None
    vel: Indicator | None = None
    clicks: Indicator | None = None

    def freeze(self) -> dict[str, IndicatorRules]:
        return {name: one.freeze() for name, one in given(self)}


class Prior(Table):
    median: Positive
    spread_ln: Positive
    volatile_offset_ln: NumberOrNone

    def freeze(self) -> PriorRules:
        offset = self.volatile_offset_ln
        return PriorRules(
            centre=log(self.median),
            spread=float(self.spread_ln),
            volatile_offset=None if offset is None else float(offset),
        )


class Priors(Table):
    gap: Prior
    lat: Prior | None = None
    size: Prior
    reent: Prior
    slen: Prior | None = None

    def freeze(self) -> dict[str, PriorRules]:
        return {name: one.freeze() for name, one in given(self)}


class Rate(Table):
    rate: Fraction
    acts: Positive

    def freeze(self) -> RateRules:
        return RateRules(float(self.rate), float(self.acts))


class Rates(Table):
    cancel: Rate
    typo: Rate | None = None
    skip: Rate | None = None
    rej: Rate | None = None
    widen: Rate | None = None

    def freeze(self) -> dict[str, RateRules]:
        return {name: one.freeze() for name, one in given(self)}


class Evidence(Table):
    cap: Positive
    z_min: Number
    z_max: Positive
    memory_s: Positive
    min_gap_s: Positive
    rate_scale: Positive
    rate_step_max: Positive
    rate_min: Fraction
    rate_max: Fraction
    tilted_rate_add: Fraction
    tilted_rate_max: Fraction
    streak_step: NotNegative
    streak_steps_max: CountOrZero

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
    ring_count: Count
    prior_samples: Positive
    spread_floor_fraction: Fraction
    spread_min_samples: Count
    refresh_until_count: Count
    refresh_every_count: Count
    rate_memory: Fraction
    pending_count: CountOrZero
    admit_every_count: Count
    winsor_sd: Positive
    volatile_min_ln: Number
    volatile_max_ln: Number
    volatile_step_max_ln: Positive
    volatile_acts_max: Positive
    entries_count: CountOrZero
    score_max: Score

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
    base: Number
    anchors: Annotated[list[Anchor], Field(min_length=1)]

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
    caution_enter: Score
    caution_leave: Score
    caution_leave_after_s: NotNegative
    caution_multiplier: Share
    warning_enter: Score
    warning_sources_count: Count
    warning_share: Share
    locked_enter: Score
    locked_min_s: NotNegative

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


class Recovery(Table):
    evidence_kept: Share
    limited_multiplier: Share
    limited_s: NotNegative
    restart_loss_r: Positive

    def freeze(self) -> RecoveryRules:
        return RecoveryRules(
            evidence_kept=float(self.evidence_kept),
            limited_multiplier=self.limited_multiplier,
            limited_ns=nanoseconds(self.limited_s),
            restart_loss_r=float(self.restart_loss_r),
        )


class Journal(Table):
    words_min: Count
    ratio_words: Count
    ratio_min: Share
    repeated_trigrams_max: NotNegative
    top_word_share_max: Share
    typing_min_s: NotNegative
    words_per_s_max: Positive
    active_share_min: Share
    pause_s: Positive
    paste_chars_max: Count
    burst_chars: Count
    burst_share_max: Share
    unseen_share_max: Share

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
    points: NotNegative
    half_life_s: Positive

    def freeze(self) -> FixedRules:
        return FixedRules(float(self.points), float(self.half_life_s))


class Fixed(Table):
    override: FixedPoints
    phrase: FixedPoints
    left: FixedPoints | None = None
    paste: FixedPoints | None = None
    deposit: FixedPoints | None = None
    edit: FixedPoints | None = None

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
    fixed: Fixed | None = None  # runs recorded before there were any have neither
    override: Override | None = None
    interventions: Interventions | None = None
    reading: Reading | None = None
    behaviour: Behaviour | None = None  # as the indicators that came with it
    odds: Odds | None = None

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
