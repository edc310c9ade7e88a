"""`[tilt.interventions]`, `[tilt.reading]` and `[tilt.override]`: the ways back out of a pause."""

from typing import Annotated

from pydantic import Field, model_validator

from genesis.rules.fields import (
    Count,
    NotNegative,
    Positive,
    PositiveOrNone,
    Share,
    Table,
    nanoseconds,
)
from genesis.rules.tighter import Either, Higher, Locked, Lower
from genesis.tilt.rules import OverrideRules
from genesis.tilt.ways import InterventionRules, ReadingRules


class Limits(Table):
    """Limits of the account, as tilt sees them."""

    heeded: Higher[bool]


class Interventions(Table):
    repeat_s: Higher[NotNegative]
    confirm_s: Higher[PositiveOrNone]
    confirm_valid_s: Lower[Positive]
    known_symbol_s: Lower[Positive]
    session_s: Higher[Positive]
    easing_multiplier: Lower[Share]
    limits: Higher[Limits | None] = None  # runs recorded before there were any heed none

    def freeze(self) -> InterventionRules:
        return InterventionRules(
            repeat_ns=nanoseconds(self.repeat_s),
            confirm_ns=None if self.confirm_s is None else nanoseconds(self.confirm_s),
            confirm_valid_ns=nanoseconds(self.confirm_valid_s),
            known_symbol_ns=nanoseconds(self.known_symbol_s),
            session_ns=nanoseconds(self.session_s),
            easing_multiplier=self.easing_multiplier,
            heeds_limits=self.limits is not None and self.limits.heeded,
        )


class Reading(Table):
    words_min: Either[Count]
    compression_words: Either[Count]
    compression_min: Higher[Share]
    compression_max: Lower[Share]
    function_share_min: Higher[Share]
    vocabulary_share_min: Higher[Share]
    language_function_share: Either[Share]
    language_vocabulary_share: Either[Share]
    emotions_min: Higher[Count]
    shingle_words: Either[Count]
    similarity_max: Lower[Share]
    similarity_pages: Higher[Count]
    amount_tolerance: Lower[Share]
    retry_s: Higher[NotNegative]

    @model_validator(mode="after")
    def _ordered(self) -> "Reading":
        if not self.compression_min < self.compression_max:
            raise ValueError("compression_min must be below compression_max")
        if not self.language_function_share < self.function_share_min:
            raise ValueError("language_function_share must be below function_share_min")
        return self

    def freeze(self) -> ReadingRules:
        return ReadingRules(
            words_min=self.words_min,
            compression_words=self.compression_words,
            compression_min=float(self.compression_min),
            compression_max=float(self.compression_max),
            function_share_min=float(self.function_share_min),
            vocabulary_share_min=float(self.vocabulary_share_min),
            language_function_share=float(self.language_function_share),
            language_vocabulary_share=float(self.language_vocabulary_share),
            emotions_min=self.emotions_min,
            shingle_words=self.shingle_words,
            similarity_max=float(self.similarity_max),
            similarity_pages=self.similarity_pages,
            amount_tolerance=float(self.amount_tolerance),
            retry_ns=nanoseconds(self.retry_s),
        )


class Override(Table):
    phrase: Locked[Annotated[str, Field(min_length=1, max_length=200)]]
    characters_min: Higher[Count]
    attempts_max: Lower[Count]
    window_s: Higher[Positive]
    lock_s: Higher[Positive]
    lock_max_s: Higher[Positive]
    escalation_s: Higher[Positive]
    limited_multiplier: Lower[Share]
    limited_s: Higher[NotNegative]

    @model_validator(mode="after")
    def _ordered(self) -> "Override":
        if not self.window_s <= self.lock_s <= self.lock_max_s:
            raise ValueError("window_s <= lock_s <= lock_max_s must hold")
        return self

    def freeze(self) -> OverrideRules:
        return OverrideRules(
            phrase=self.phrase,
            characters_min=self.characters_min,
            attempts_max=self.attempts_max,
            window_ns=nanoseconds(self.window_s),
            lock_ns=nanoseconds(self.lock_s),
            lock_max_ns=nanoseconds(self.lock_max_s),
            escalation_ns=nanoseconds(self.escalation_s),
            limited_multiplier=self.limited_multiplier,
            limited_ns=nanoseconds(self.limited_s),
        )
