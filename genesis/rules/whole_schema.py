"""`[market.whole]` and `[market.portfolio]` of the rules files: all symbols together."""

from decimal import Decimal
from itertools import pairwise
from typing import Annotated

from pydantic import BeforeValidator, Field, model_validator

from genesis.domain.account import GlobalMarketState
from genesis.domain.time import DAY
from genesis.market.rules import PortfolioRules, WholeRules
from genesis.rules.fields import Count, Fraction, Number, Positive, Share, Table, nanoseconds
from genesis.rules.tighter import Either, Higher, Lower

Tail = Annotated[Number, Field(gt=0, lt=0.5)]


class Crash(Table):
    span_s: Either[Positive]
    fall: Lower[Positive]
    sigmas: Lower[Positive]
    rest_s: Higher[Positive]
    recovery_s: Higher[Positive]


class Bull(Table):
    trend: Either[Positive]
    breadth: Either[Share]


class Bear(Table):
    trend: Lower[Positive]
    breadth: Higher[Share]


class CourseEnd(Table):
    exit_margin: Either[Share]


class WholeMultipliers(Table):
    """A worse market is never the milder one, and the best makes nothing smaller."""

    BULL: Lower[Share]
    CRAB: Lower[Share]
    BEAR: Lower[Share]
    RECOVERY: Lower[Share]
    CRASH: Lower[Share]

    @model_validator(mode="after")
    def _falling(self) -> "WholeMultipliers":
        if self.BULL != 1 or self.CRAB != 1:
            raise ValueError("BULL and CRAB must be 1")
        worse = (self.CRAB, self.BEAR, self.RECOVERY, self.CRASH)
        if any(low > high for high, low in pairwise(worse)):
            raise ValueError("CRAB, BEAR, RECOVERY and CRASH must not rise in this order")
        return self

    def freeze(self) -> dict[GlobalMarketState, Decimal]:
        return {state: getattr(self, state.value) for state in GlobalMarketState}


def _state(value: object) -> object:
    """The text names a state; anything else is left for the complaint."""
    known = GlobalMarketState.__members__
    return known[value] if isinstance(value, str) and value in known else value


class Whole(Table):
    slot_s: Either[Positive]
    window_s: Either[Positive]
    slots_min: Either[Count]
    days: Either[Count]
    no_adding: Higher[list[Annotated[GlobalMarketState, BeforeValidator(_state)]]]
    crash: Crash
    bull: Bull
    bear: Bear
    course: CourseEnd
    multipliers: WholeMultipliers

    @model_validator(mode="after")
    def _orderly(self) -> "Whole":
        slot_ns = nanoseconds(self.slot_s)
        if DAY % slot_ns:
            raise ValueError("a day must be a multiple of slot_s")
        if nanoseconds(self.window_s) % slot_ns or nanoseconds(self.crash.span_s) % slot_ns:
            raise ValueError("window_s and crash.span_s must be multiples of slot_s")
        if self.slots_min > self.window_s / self.slot_s:
            raise ValueError("slots_min must fit into window_s")
        if self.crash.span_s / self.slot_s >= self.slots_min:
            raise ValueError("crash.span_s must be shorter than slots_min slots")
        if self.course.exit_margin > min(self.bull.trend, self.bear.trend):
            raise ValueError("course.exit_margin must not be above the trends")
        return self

    def freeze(self) -> WholeRules:
        return WholeRules(
            slot_ns=nanoseconds(self.slot_s),
            window_slots=int(self.window_s / self.slot_s),
            slots_min=self.slots_min,
            days=self.days,
            span_slots=int(self.crash.span_s / self.slot_s),
            bull_trend=float(self.bull.trend),
            bear_trend=float(self.bear.trend),
            exit_margin=float(self.course.exit_margin),
            bull_breadth=float(self.bull.breadth),
            bear_breadth=float(self.bear.breadth),
            crash_fall=float(self.crash.fall),
            crash_sigmas=float(self.crash.sigmas),
            crash_rest_ns=nanoseconds(self.crash.rest_s),
            recovery_ns=nanoseconds(self.crash.recovery_s),
            shares=self.multipliers.freeze(),
            no_adding=frozenset(self.no_adding),
        )


class Portfolio(Table):
    loss_fraction: Lower[Fraction]
    tail_share: Lower[Tail]
    days_min: Either[Annotated[Count, Field(ge=2)]]
    unknown_volatility: Higher[Positive]

    def freeze(self) -> PortfolioRules:
        return PortfolioRules(
            loss_fraction=self.loss_fraction,
            tail=float(self.tail_share),
            days_min=self.days_min,
            unknown_volatility=float(self.unknown_volatility),
        )
