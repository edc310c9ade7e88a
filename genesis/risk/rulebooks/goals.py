"""Rules about what is to be reached. None of them refuses anything."""

from decimal import Decimal

from genesis.domain.money import ZERO
from genesis.risk.rulebooks.book import Consistency, MinTradingDays, ProfitTarget
from genesis.risk.rulebooks.habit import Habit
from genesis.risk.rulebooks.standing import Begun, Done, Standing, Values


class TradingDays(Habit):
    """Counts the days on which a position was entered."""

    name = "min_trading_days"

    def __init__(self, rule: MinTradingDays, begun: Begun) -> None:
        super().__init__(begun)
        self._needed = rule.days
        self._day = begun.day
        self._counted_day: int | None = None
        self.days = 0

    def begin_day(self, day: int, closing: Values, ends_ns: int) -> None:
        self._day = day

    def done(self, trade: Done) -> None:
        if trade.is_entry and self._counted_day != self._day:
            self._counted_day = self._day
            self.days += 1

    def standing(self, values: Values) -> Standing:
        told = f"{self.days} of {self._needed} days with an entry"
        return self._goal(told, is_met=self.days >= self._needed)


class Target(Habit):
    """Looks at the balance: open results do not reach a target."""

    name = "profit_target"

    def __init__(self, rule: ProfitTarget, begun: Begun) -> None:
        super().__init__(begun)
        self._initial = begun.initial
        self._needed = rule.amount.usdt(begun.initial, begun.initial)

    def standing(self, values: Values) -> Standing:
        profit = values.balance - self._initial
        told = f"closed profit is {profit:,.2f} of {self._needed:,.2f} USDT"
        return self._goal(told, is_met=profit >= self._needed)


class BestDay(Habit):
    """The best day's share of the profit. More profit on other days mends it: nothing latches."""

    name = "consistency"

    def __init__(self, rule: Consistency, begun: Begun, opening: Values) -> None:
        super().__init__(begun)
        self._most = rule.best_day_share
        self._initial = begun.initial
        self._day_start = opening.balance
        self._best = ZERO

    def begin_day(self, day: int, closing: Values, ends_ns: int) -> None:
        self._best = max(self._best, closing.balance - self._day_start)
        self._day_start = closing.balance

    def mark(self, values: Values) -> None:
        share = self._share(values)
        if share is None or share <= self._most:
            self.breach_ts_ns = None
        else:
            self._broken(values.ts_ns)

    def standing(self, values: Values) -> Standing:
        share = self._share(values)
        if share is None:
            return self._goal("no closed profit yet", is_met=False)
        told = f"the best day made {share:.1%} of the profit; {self._most:.1%} at most"
        return self._limit(share / self._most, told, is_over=share > self._most)

    def _share(self, values: Values) -> Decimal | None:
        profit = values.balance - self._initial
        if profit <= ZERO:
            return None
        return max(self._best, values.balance - self._day_start) / profit
