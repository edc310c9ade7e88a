"""Rules about losses: a floor under equity, and how it moves. A floor broken stays broken.

Strictly below the floor is a breach (as "balance_now < baseline - drawdown" is read); at the
floor nothing is left, and that is all.
"""

from decimal import Decimal
from typing import Final

from genesis.domain.money import ONE, ZERO
from genesis.domain.time import moment_words
from genesis.risk.rulebooks.book import (
    Baseline,
    MaxDailyLoss,
    MaxLossStatic,
    MaxLossTrailingEod,
    MaxLossTrailingIntraday,
    Until,
)
from genesis.risk.rulebooks.standing import Begun, Done, Refusal, Standing, Status, Values

STATIC: Final = "max_loss_static"
TRAILING_EOD: Final = "max_loss_trailing_eod"
TRAILING_INTRADAY: Final = "max_loss_trailing_intraday"
DAILY: Final = "max_daily_loss"


class Floor:
    """A floor under the account's value. Subclasses say where it is and when it moves."""

    name: str

    def __init__(self, begun: Begun, floor: Decimal, allowed: Decimal) -> None:
        self.floor = floor
        self.allowed = allowed
        self.breach_ts_ns: int | None = None
        self.is_over = self.is_near = False
        self.breaks = self.proven = self.nears = 0
        self._warn_at, self._doubts = begun.warn_at, begun.doubts

    # -- facts -------------------------------------------------------------------------------
    def mark(self, values: Values) -> None:
        """Judge one valuation; O(1).

        `is_over`: it is broken; `is_near`: it was nearly so on this day. Both are counted.
        """
        if self.is_under(values) and not self.is_over:
            self.is_over = True
            self.breaks += 1
            if not self._doubts:
                self.prove()
            if self.breach_ts_ns is None:
                self.breach_ts_ns = values.ts_ns
        if not self.is_near and values.equity <= self.near_level:
            self.is_near = True
            self.nears += 1

    def prove(self) -> None:
        """The break is certain."""
        self.proven = self.breaks

    def was_broken(self, ts_ns: int) -> None:
        """A break that is certain though no mark here showed it."""
        if not self.is_over:
            self.is_over = True
            self.breaks += 1
        if self.breach_ts_ns is None:
            self.breach_ts_ns = ts_ns
        self.prove()

    def take_back(self) -> None:
        """It was broken by a price that did not hold."""
        self.is_over = False
        self.breaks -= 1
        if not self.breaks:
            self.breach_ts_ns = None

    def begin_day(self, day: int, closing: Values, ends_ns: int) -> None:
        """A day begins with what the account was at its first instant."""
        self.is_near = False

    def done(self, trade: Done) -> None:
        """Trades by themselves move no floor."""

    # -- questions ---------------------------------------------------------------------------
    @property
    def is_of_the_day(self) -> bool:
        """Does a break end with the day of the book?"""
        return False

    @property
    def is_doubtful(self) -> bool:
        """Is it broken, and that not proven?"""
        return self.is_over and self.breaks > self.proven

    def is_under(self, values: Values) -> bool:
        """Is the account below it, by the best price there is?"""
        return values.highest < self.floor

    def breaks_between(self, lowest: Decimal, highest: Decimal) -> bool:
        """Could a span of marks between these values break it? Never wrongly no."""
        return not self.is_over and lowest < self.floor

    @property
    def near_level(self) -> Decimal:
        """The value at which so much is used that it warns."""
        return self.floor + (ONE - self._warn_at) * self.allowed

    @property
    def trails(self) -> bool:
        """Does every new high of equity move it?"""
        return False

    def headroom(self, values: Values) -> Decimal:
        """What may still be lost; below 0 once it is broken."""
        return values.equity - self.floor

    def standing(self, values: Values) -> Standing:
        left = self.headroom(values)
        used = max(ZERO, ONE - left / self.allowed)
        if self.is_over:
            status = Status.BREACH
        else:
            status = Status.WARN if used >= self._warn_at else Status.PASS
        told = self._told(values)
        return Standing(self.name, status, used, left, self.breach_ts_ns, told)

    def refusal(self, values: Values) -> Refusal | None:
        return Refusal(self._told(values), self._until_ns()) if self.is_over else None

    def _until_ns(self) -> int | None:
        return None

    def _told(self, values: Values) -> str:
        floor, left = self.floor + values.flows, self.headroom(values)
        where = "above" if left >= ZERO else "below"
        told = f"equity is {abs(left):,.2f} USDT {where} the floor of {floor:,.2f}"
        if self.breach_ts_ns is None:
            return told
        return f"{told}; first broken at {moment_words(self.breach_ts_ns)}"


class StaticFloor(Floor):
    """It never moves."""

    name = STATIC

    def __init__(self, rule: MaxLossStatic, begun: Begun) -> None:
        allowed = rule.amount.usdt(begun.initial, begun.initial)
        super().__init__(begun, begun.initial - allowed, allowed)


class _Trailing(Floor):
    """It rises with a peak and never falls."""

    def __init__(self, rule: MaxLossTrailingEod | MaxLossTrailingIntraday, begun: Begun) -> None:
        allowed = rule.amount.usdt(begun.initial, begun.initial)
        super().__init__(begun, begun.initial - allowed, allowed)
        self.peak = begun.initial
        self._most = begun.initial if rule.lock_at_initial else None

    @property
    def is_locked(self) -> bool:
        """Has it risen as far as it may?"""
        return self._most is not None and self.floor >= self._most

    def lift(self, value: Decimal) -> None:
        """The account was worth so much."""
        if value <= self.peak:
            return
        self.peak = value
        self.floor = self._under(value)

    def _under(self, peak: Decimal) -> Decimal:
        """The floor that belongs to a peak."""
        floor = peak - self.allowed
        return floor if self._most is None else min(floor, self._most)


class EodFloor(_Trailing):
    """Its peak is the highest balance at the end of a day."""

    name = TRAILING_EOD

    def begin_day(self, day: int, closing: Values, ends_ns: int) -> None:
        super().begin_day(day, closing, ends_ns)
        self.lift(closing.balance)


class IntradayFloor(_Trailing):
    """Its peak is the highest equity at any moment."""

    name = TRAILING_INTRADAY

    @property
    def trails(self) -> bool:
        return not self.is_locked

    def breaks_between(self, lowest: Decimal, highest: Decimal) -> bool:
        return not self.is_over and lowest < max(self.floor, self._under(highest))

    def mark(self, values: Values) -> None:
        self.lift(values.lowest)
        super().mark(values)


class DailyFloor(Floor):
    """Below what the account was when the day began."""

    name = DAILY

    def __init__(self, rule: MaxDailyLoss, begun: Begun, opening: Values, ends_ns: int) -> None:
        self._rule = rule
        self._initial = begun.initial
        self._ends_ns = ends_ns
        super().__init__(begun, *self._of(opening))

    def begin_day(self, day: int, closing: Values, ends_ns: int) -> None:
        super().begin_day(day, closing, ends_ns)
        self._ends_ns = ends_ns
        if self.is_doubtful:
            self.take_back()
        if self.is_over and self._rule.until is Until.ACCOUNT:
            return
        self.floor, self.allowed = self._of(closing)
        self.is_over = False

    @property
    def is_of_the_day(self) -> bool:
        return self._rule.until is Until.DAY

    def _of(self, closing: Values) -> tuple[Decimal, Decimal]:
        """(floor, loss allowed) of a day that begins so."""
        match self._rule.baseline:
            case Baseline.BALANCE:
                baseline = closing.balance
            case Baseline.EQUITY:
                baseline = closing.equity
            case Baseline.MAX:
                baseline = max(closing.balance, closing.equity)
        # a part of the baseline is a part of the money that was there, flows included
        allowed = self._rule.amount.usdt(self._initial, max(ZERO, baseline + closing.flows))
        return baseline - allowed, allowed

    def standing(self, values: Values) -> Standing:
        if self.allowed > ZERO:
            return super().standing(values)
        left = self.headroom(values)
        status = Status.BREACH if self.is_over else Status.WARN
        return Standing(self.name, status, ONE, left, self.breach_ts_ns, self._told(values))

    def _until_ns(self) -> int | None:
        return self._ends_ns if self._rule.until is Until.DAY else None
