"""Rules about how one trades on the way: sizes, times, counts."""

from bisect import bisect_left
from decimal import Decimal
from operator import itemgetter
from typing import Final

from genesis.domain.money import ONE, text
from genesis.domain.time import DAY, moment_words
from genesis.risk.rulebooks.book import Counts, Inactivity, MaxPosition, NoTradeWindow, TradeLimit
from genesis.risk.rulebooks.habit import Habit
from genesis.risk.rulebooks.standing import Begun, Done, Refusal, Standing, Status, Values

TRADES_OF_AN_ENTRY: Final = 2
"""An entry is a trade, and it will have to be left again: another."""


class PositionSize(Habit):
    """No position larger than this; measured at cost or in units, so prices do not break it."""

    name = "max_position"

    def __init__(self, rule: MaxPosition, begun: Begun) -> None:
        super().__init__(begun)
        self._counts = rule.counts
        is_lots = rule.counts is Counts.LOTS
        self.most = rule.most if is_lots else rule.most * begun.initial

    def cap_usdt(self, price: Decimal | None) -> Decimal | None:
        """The most a position may cost at this price; None: units without a price."""
        if self._counts is Counts.INITIAL:
            return self.most
        return None if price is None else self.most * price

    def mark(self, values: Values) -> None:
        if self._held(values) > self.most:
            self._broken(values.ts_ns)

    def standing(self, values: Values) -> Standing:
        held = self._held(values)
        return self._limit(held / self.most, self._told(held), is_over=held > self.most)

    def refusal(self, values: Values) -> Refusal | None:
        held = self._held(values)
        return Refusal(self._told(held), None) if held > self.most else None

    def _held(self, values: Values) -> Decimal:
        is_lots = self._counts is Counts.LOTS
        return values.largest_lots if is_lots else values.largest_cost

    def _told(self, held: Decimal) -> str:
        if self._counts is Counts.LOTS:
            return f"the largest position is {text(held)} of at most {text(self.most)} units"
        return f"the largest position cost {held:,.2f} of at most {self.most:,.2f} USDT"


class Windows(Habit):
    """Spans in which nothing is traded, closing included. Only new risk is refused in them."""

    name = "no_trade_window"

    def __init__(self, rule: NoTradeWindow, begun: Begun) -> None:
        super().__init__(begun)
        self._spans = rule.spans

    def done(self, trade: Done) -> None:
        if self._span(trade.ts_ns) is not None:
            self._broken(trade.ts_ns)

    def standing(self, values: Values) -> Standing:
        if self.breach_ts_ns is not None:
            told = f"traded in a closed window, first at {moment_words(self.breach_ts_ns)}"
            return Standing(self.name, Status.BREACH, ONE, None, self.breach_ts_ns, told)
        told = "nothing was traded in a closed window"
        return Standing(self.name, Status.PASS, None, None, None, told)

    def refusal(self, values: Values) -> Refusal | None:
        span = self._span(values.ts_ns)
        if span is None:
            return None
        return Refusal("nothing is traded in this window", span[1] + 1)

    def _span(self, ts_ns: int) -> tuple[int, int] | None:
        at = bisect_left(self._spans, ts_ns, key=itemgetter(1))
        if at == len(self._spans) or ts_ns < self._spans[at][0]:
            return None
        return self._spans[at]


class Idle(Habit):
    """Time since the last trade. Trading is what mends it, so it refuses nothing."""

    name = "inactivity"

    def __init__(self, rule: Inactivity, begun: Begun) -> None:
        super().__init__(begun)
        self._most_ns = rule.span_ns
        self._last_ns = begun.ts_ns

    def mark(self, values: Values) -> None:
        self._look(values.ts_ns)

    def done(self, trade: Done) -> None:
        self._look(trade.ts_ns)
        self._last_ns = trade.ts_ns

    def standing(self, values: Values) -> Standing:
        idle_ns = max(0, values.ts_ns - self._last_ns)
        days, most = Decimal(idle_ns) / DAY, Decimal(self._most_ns) / DAY
        told = f"{days:.1f} days without a trade, {most:.0f} at most"
        return self._limit(days / most, told, is_over=self.breach_ts_ns is not None)

    def _look(self, ts_ns: int) -> None:
        if ts_ns - self._last_ns > self._most_ns:
            self._broken(self._last_ns + self._most_ns)


class DayTrades(Habit):
    """Trades of the day. It never stands in the way of an exit."""

    name = "trade_limit"

    def __init__(self, rule: TradeLimit, begun: Begun, ends_ns: int) -> None:
        super().__init__(begun)
        self._most = rule.most
        self._ends_ns = ends_ns
        self.trades = 0

    def begin_day(self, day: int, closing: Values, ends_ns: int) -> None:
        self.trades, self._ends_ns = 0, ends_ns

    def done(self, trade: Done) -> None:
        self.trades += 1
        if self.trades > self._most:
            self._broken(trade.ts_ns)

    def standing(self, values: Values) -> Standing:
        used = Decimal(self.trades) / self._most
        return self._limit(used, self._told(), is_over=self.trades > self._most)

    def refusal(self, values: Values) -> Refusal | None:
        if self.trades + TRADES_OF_AN_ENTRY <= self._most:
            return None
        told = f"{self._told()}; an entry needs its exit, too"
        return Refusal(told, self._ends_ns)

    def _told(self) -> str:
        return f"{self.trades} of {self._most} trades of the day, entries and exits"
