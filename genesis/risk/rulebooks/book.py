"""A rulebook as data. The files are in `genesis/rules/books`; nothing here has a default number.

Amounts are in quote currency. "Value" below is equity or balance less the money that came in or
went out since the book began: a deposit moves every baseline with it and hides no loss.
"""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from genesis.risk.rulebooks.days import Days


class Of(StrEnum):
    """What an amount is a part of: nothing (plain USDT), the start, or the day's baseline."""

    USDT = "usdt"
    INITIAL = "initial"
    BASELINE = "baseline"


class Baseline(StrEnum):
    """From what a day's loss is counted: closed trades only, open results too, or the higher."""

    BALANCE = "balance"
    EQUITY = "equity"
    MAX = "max"


class Until(StrEnum):
    """How long a breach of the daily loss refuses new risk."""

    DAY = "day"
    ACCOUNT = "account"


class Counts(StrEnum):
    """How a position is measured: units of base, or its cost as a share of the start."""

    LOTS = "lots"
    INITIAL = "initial"


@dataclass(frozen=True, slots=True)
class Amount:
    """So much of something: 5000 USDT, or 0.05 of the start."""

    value: Decimal
    of: Of

    def usdt(self, initial: Decimal, baseline: Decimal) -> Decimal:
        match self.of:
            case Of.USDT:
                return self.value
            case Of.INITIAL:
                return self.value * initial
            case Of.BASELINE:
                return self.value * baseline


@dataclass(frozen=True, slots=True)
class MaxLossStatic:
    """Equity may not fall below the start less `amount`."""

    amount: Amount


@dataclass(frozen=True, slots=True)
class MaxLossTrailingEod:
    """As the static one, from the highest balance at the end of a day; the floor never falls.

    lock_at_initial: the floor rises to the start and stays there.
    """

    amount: Amount
    lock_at_initial: bool


@dataclass(frozen=True, slots=True)
class MaxLossTrailingIntraday:
    """As above, from the highest equity at any moment."""

    amount: Amount
    lock_at_initial: bool


@dataclass(frozen=True, slots=True)
class MaxDailyLoss:
    """Equity may not fall below the baseline of the day's start less `amount`."""

    amount: Amount
    baseline: Baseline
    until: Until


@dataclass(frozen=True, slots=True)
class MinTradingDays:
    """On so many days a position must have been entered; closing alone does not count."""

    days: int


@dataclass(frozen=True, slots=True)
class ProfitTarget:
    """The balance must reach the start and so much more."""

    amount: Amount


@dataclass(frozen=True, slots=True)
class Consistency:
    """The best day may make at most this share of the whole profit (closed trades)."""

    best_day_share: Decimal


@dataclass(frozen=True, slots=True)
class MaxPosition:
    """A position may be at most so large."""

    most: Decimal
    counts: Counts


@dataclass(frozen=True, slots=True)
class NoTradeWindow:
    """Nothing may be traded within these spans: (first, last) instants in UTC ns, sorted."""

    spans: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Inactivity:
    """An account without a trade for longer than this is closed."""

    span_ns: int


@dataclass(frozen=True, slots=True)
class TradeLimit:
    """So many trades a day; every entry and every exit is one."""

    most: int


@dataclass(frozen=True, slots=True)
class Book:
    """One rulebook: None where a rule is switched off.

    initial_usdt: the start; None: the equity the book began with. warn_at_fraction: the used
    share of a limit from which it warns. headroom_share: of what is left, the most one stop may
    lose. days: when a day of the book begins. phase: which of the profit targets holds, from 1, of
    so many phases.
    """

    name: str
    title: str
    initial_usdt: Decimal | None
    warn_at_fraction: Decimal
    headroom_share: Decimal
    days: Days
    phase: int
    max_loss_static: MaxLossStatic | None
    max_loss_trailing_eod: MaxLossTrailingEod | None
    max_loss_trailing_intraday: MaxLossTrailingIntraday | None
    max_daily_loss: MaxDailyLoss | None
    min_trading_days: MinTradingDays | None
    profit_target: ProfitTarget | None
    consistency: Consistency | None
    max_position: MaxPosition | None
    no_trade_window: NoTradeWindow | None
    inactivity: Inactivity | None
    trade_limit: TradeLimit | None
    phases: int = 1
