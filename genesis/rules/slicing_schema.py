"""`[execution.slicing]` of the rules files: orders that are sent in slices."""

from typing import Annotated

from pydantic import Field, model_validator

from genesis.execution.rules import SlicingRules
from genesis.rules.fields import (
    Count,
    Fraction,
    NotNegative,
    Positive,
    PositiveOrNone,
    Table,
    nanoseconds,
)
from genesis.rules.tighter import Either, Lower


class Lasting(Table):
    """TWAP and VWAP."""

    interval_s: Either[Positive]
    usual_s: Either[Positive]
    shortest_s: Either[Positive]
    longest_s: Either[Positive]
    profile_days: Either[Count]

    @model_validator(mode="after")
    def _orderly(self) -> "Lasting":
        if not self.shortest_s <= self.usual_s <= self.longest_s:
            raise ValueError("shortest_s, usual_s and longest_s must not fall in this order")
        return self


class Slicing(Table):
    slices_min: Either[Annotated[Count, Field(ge=2)]]
    slices_max: Either[Count]
    spread_fraction: Either[Annotated[Fraction, Field(lt=1)]]
    delays_s: Either[Annotated[list[NotNegative], Field(min_length=2, max_length=2)]]
    impact_fraction: Lower[Annotated[Fraction, Field(lt=1)]]
    patience_s: Lower[Positive]
    slice_usdt: Lower[Positive]
    resume_within_s: Lower[PositiveOrNone]
    lasting: Lasting

    @model_validator(mode="after")
    def _orderly(self) -> "Slicing":
        if self.slices_max < self.slices_min:
            raise ValueError("slices_max must not be below slices_min")
        if self.delays_s[0] > self.delays_s[1]:
            raise ValueError("delays_s must be the least and the most")
        gap_s = self.lasting.shortest_s / self.slices_min
        if self.delays_s[1] >= gap_s:
            raise ValueError("delays_s must fit between the slices that shortest_s leaves")
        return self

    def freeze(self) -> SlicingRules:
        least, most = map(nanoseconds, self.delays_s)
        lasting, within_s = self.lasting, self.resume_within_s
        return SlicingRules(
            slices_min=self.slices_min,
            slices_max=self.slices_max,
            spread_fraction=self.spread_fraction,
            delays_ns=(least, most),
            impact_fraction=self.impact_fraction,
            patience_ns=nanoseconds(self.patience_s),
            slice_usdt=self.slice_usdt,
            resume_within_ns=None if within_s is None else nanoseconds(within_s),
            interval_ns=nanoseconds(lasting.interval_s),
            usual_ns=nanoseconds(lasting.usual_s),
            shortest_ns=nanoseconds(lasting.shortest_s),
            longest_ns=nanoseconds(lasting.longest_s),
            profile_days=lasting.profile_days,
        )
