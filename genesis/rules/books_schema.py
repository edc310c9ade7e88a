"""`books/*.toml`: rulebooks in the manner of trading firms, to dataclasses of the core.

Every rule is a table of its own name; one that is switched off says "none". Days of a book are
resolved here to instants: the core knows no time zones.
"""

import tomllib
from datetime import date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from functools import cache
from typing import Annotated, Final, Literal, Protocol, Self, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BeforeValidator, Field, model_validator

from genesis.domain.money import text
from genesis.domain.time import DAY, SECOND, parse_utc
from genesis.risk.rulebooks import book as core
from genesis.risk.rulebooks.days import Days
from genesis.risk.rulebooks.habits import TRADES_OF_AN_ENTRY
from genesis.rules.fields import Count, Fraction, Positive, Table, nanoseconds, none

ACCOUNT: Final = "account"
_ONE_DAY: Final = timedelta(days=1)

T = TypeVar("T")
C = TypeVar("C", covariant=True)
Off = Annotated[T | None, BeforeValidator(none)]


class Freezes(Protocol[C]):
    def freeze(self) -> C: ...


class Day(Table):
    """When days begin: at `reset` by the clocks of `zone`, resolved for the years named."""

    zone: str
    reset: Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]
    from_year: Annotated[int, Field(ge=1971, le=2200)]
    until_year: Annotated[int, Field(ge=1971, le=2200)]

    @model_validator(mode="after")
    def _known(self) -> "Day":
        try:
            ZoneInfo(self.zone)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise ValueError(f"zone {self.zone!r} is not a known time zone") from error
        if not self.from_year < self.until_year:
            raise ValueError("from_year must be before until_year")
        return self

    def freeze(self) -> Days:
        zone, at = ZoneInfo(self.zone), time.fromisoformat(self.reset)
        day, end, starts = date(self.from_year, 1, 1), date(self.until_year, 1, 1), []
        while day <= end:
            # of a time that clocks show twice, the first; one they skip, as if they had not yet
            local = datetime.combine(day, at, zone)
            starts.append(int(local.timestamp()) * SECOND)
            day += _ONE_DAY
        return Days(tuple(starts))


class Part(Table):
    """An amount of something; a part of the start or of a baseline is a fraction."""

    amount: Positive
    of: str

    @model_validator(mode="after")
    def _fraction(self) -> Self:
        if self.of != core.Of.USDT and self.amount > 1:
            raise ValueError(f"amount is a part of {self.of}: at most 1")
        return self

    def value(self) -> core.Amount:
        return core.Amount(self.amount, core.Of(self.of))


class Loss(Part):
    of: Literal["usdt", "initial"]

    def freeze(self) -> core.MaxLossStatic:
        return core.MaxLossStatic(self.value())


class Trailing(Part):
    of: Literal["usdt", "initial"]
    lock_at_initial: bool

    def end_of_day(self) -> core.MaxLossTrailingEod:
        return core.MaxLossTrailingEod(self.value(), self.lock_at_initial)

    def intraday(self) -> core.MaxLossTrailingIntraday:
        return core.MaxLossTrailingIntraday(self.value(), self.lock_at_initial)


class DailyLoss(Part):
    of: Literal["usdt", "initial", "baseline"]
    baseline: Literal["balance", "equity", "max"]
    until: Literal["day", "account"]

    def freeze(self) -> core.MaxDailyLoss:
        baseline, until = core.Baseline(self.baseline), core.Until(self.until)
        return core.MaxDailyLoss(self.value(), baseline, until)


class TradingDays(Table):
    days: Count

    def freeze(self) -> core.MinTradingDays:
        return core.MinTradingDays(self.days)


class Target(Table):
    """One amount per phase."""

    amounts: Annotated[list[Positive], Field(min_length=1)]
    of: Literal["usdt", "initial"]

    def of_phase(self, phase: int) -> core.ProfitTarget:
        return core.ProfitTarget(core.Amount(self.amounts[phase - 1], core.Of(self.of)))


class BestDay(Table):
    best_day_share: Fraction

    def freeze(self) -> core.Consistency:
        return core.Consistency(self.best_day_share)


class Position(Table):
    most: Positive
    counts: Literal["lots", "initial"]

    def freeze(self) -> core.MaxPosition:
        return core.MaxPosition(self.most, core.Counts(self.counts))


class Windows(Table):
    """Instants (ISO 8601, UTC unless they name an offset) and the minutes around each."""

    around: Annotated[list[str], Field(min_length=1)]
    minutes: Positive

    @model_validator(mode="after")
    def _times(self) -> "Windows":
        self.freeze()
        return self

    def freeze(self) -> core.NoTradeWindow:
        half = nanoseconds(self.minutes * 60)
        spans: list[tuple[int, int]] = []
        for at in sorted(map(parse_utc, self.around)):
            start = at - half
            if spans and start <= spans[-1][1]:  # they touch: one longer window
                start = spans.pop()[0]
            spans.append((start, at + half))
        return core.NoTradeWindow(tuple(spans))


class Inactive(Table):
    days: Positive

    def freeze(self) -> core.Inactivity:
        return core.Inactivity(int(self.days * DAY))


class Trades(Table):
    per_day: Annotated[int, Field(ge=TRADES_OF_AN_ENTRY)]

    def freeze(self) -> core.TradeLimit:
        return core.TradeLimit(self.per_day)


class BookFile(Table):
    """One file of `books/`. phase: which of the targets holds, from 1; the first without it."""

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
    title: str
    initial_usdt: Positive | Literal["account"]
    warn_at_fraction: Fraction
    headroom_share: Fraction
    phase: int = 1
    day: Day
    max_loss_static: Off[Loss]
    max_loss_trailing_eod: Off[Trailing]
    max_loss_trailing_intraday: Off[Trailing]
    max_daily_loss: Off[DailyLoss]
    min_trading_days: Off[TradingDays]
    profit_target: Off[Target]
    consistency: Off[BestDay]
    max_position: Off[Position]
    no_trade_window: Off[Windows]
    inactivity: Off[Inactive]
    trade_limit: Off[Trades]

    @model_validator(mode="after")
    def _phase(self) -> "BookFile":
        if not 1 <= self.phase <= self._phases:
            raise ValueError(f"phase {self.phase} does not exist: {self._phases_told()}")
        return self

    @property
    def _phases(self) -> int:
        return 1 if self.profit_target is None else len(self.profit_target.amounts)

    def _phases_told(self) -> str:
        """Its phases with their targets."""
        target = self.profit_target
        if target is None or self._phases == 1:
            return "it has one phase"
        is_part = target.of == "initial"
        goals = (
            f"{text(a * 100)} % of the start" if is_part else f"{text(a)} USDT"
            for a in target.amounts
        )
        told = (f"{n} (target {goal})" for n, goal in enumerate(goals, start=1))
        return f"its phases are {', '.join(told)}"

    def freeze(self) -> core.Book:
        eod, intraday = self.max_loss_trailing_eod, self.max_loss_trailing_intraday
        target = self.profit_target
        return core.Book(
            name=self.name,
            title=self.title,
            initial_usdt=None if self.initial_usdt == ACCOUNT else Decimal(self.initial_usdt),
            warn_at_fraction=self.warn_at_fraction,
            headroom_share=self.headroom_share,
            days=self.day.freeze(),
            phase=self.phase,
            phases=self._phases,
            max_loss_static=_frozen(self.max_loss_static),
            max_loss_trailing_eod=None if eod is None else eod.end_of_day(),
            max_loss_trailing_intraday=None if intraday is None else intraday.intraday(),
            max_daily_loss=_frozen(self.max_daily_loss),
            min_trading_days=_frozen(self.min_trading_days),
            profit_target=None if target is None else target.of_phase(self.phase),
            consistency=_frozen(self.consistency),
            max_position=_frozen(self.max_position),
            no_trade_window=_frozen(self.no_trade_window),
            inactivity=_frozen(self.inactivity),
            trade_limit=_frozen(self.trade_limit),
        )


def _frozen(table: Freezes[C] | None) -> C | None:
    return None if table is None else table.freeze()


# -- books within the text of a run ----------------------------------------------------------
def checked(text: str) -> str:
    """The whole text of a book, if it can be used."""
    _read(text)
    return text


@cache
def frozen(text: str) -> core.Book:
    """The book of a text that was checked."""
    return _read(text).freeze()


def _read(text: str) -> BookFile:
    try:
        return BookFile.model_validate(tomllib.loads(text, parse_float=Decimal))
    except (tomllib.TOMLDecodeError, InvalidOperation) as error:
        raise ValueError(f"holds a book that is not valid TOML: {error}") from error
