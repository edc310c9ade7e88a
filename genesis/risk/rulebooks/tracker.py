"""One book followed through the life of an account: a state per rule, O(1) per mark.

`Tracker` is the streaming form, for an engine; `evaluate` the pure one over a whole path, made of
it. Days roll at the first mark at or after their first instant, with the account as it was then.
"""

from collections.abc import Iterator, Sequence
from decimal import Decimal

from genesis.risk.rulebooks.book import Book
from genesis.risk.rulebooks.goals import BestDay, Target, TradingDays
from genesis.risk.rulebooks.habit import Rule
from genesis.risk.rulebooks.habits import DayTrades, Idle, PositionSize, Windows
from genesis.risk.rulebooks.losses import DailyFloor, EodFloor, Floor, IntradayFloor, StaticFloor
from genesis.risk.rulebooks.standing import Begun, Done, Point, Refusal, Standing, Values


class Tracker:
    """A book's rules on one account. `ends_ns`: when the day ends, the first instant of the next.

    The account begins with `opening`; money that had come in by then belongs to the start.
    doubts: a broken floor is to be proven or taken back by who asks (see `RulebookDesk`).
    """

    def __init__(self, book: Book, opening: Point, *, doubts: bool = False) -> None:
        self.book = book
        self.day = book.days.number(opening.ts_ns)
        self.ends_ns = book.days.start_ns(self.day + 1)
        self._flows = opening.flows_usdt
        started = book.initial_usdt
        initial = opening.equity_usdt if started is None else started
        self._begun = Begun(opening.ts_ns, initial, book.warn_at_fraction, self.day, doubts)
        self._last = self._values(opening)
        self.floors = tuple(_floors(book, self._begun, self._last, self.ends_ns))
        self._habits = tuple(_habits(book, self._begun, self._last, self.ends_ns))
        self.mark(opening)

    # -- facts -------------------------------------------------------------------------------
    def mark(self, point: Point) -> None:
        """One valuation. A day that began since the last one began with what the last one said."""
        if point.ts_ns >= self.ends_ns:
            self._roll(point.ts_ns, self._last)
        self._last = values = self._values(point)
        for rule in self._rules:
            rule.mark(values)

    def roll(self, point: Point) -> None:
        """Begin the day of `point`, if it has not begun, with the account as `point` has it."""
        if point.ts_ns >= self.ends_ns:
            self._roll(point.ts_ns, self._values(point))

    def trade(self, done: Done) -> None:
        """One trade as books count them. Tell it after the marks before it."""
        if done.ts_ns >= self.ends_ns:
            self._roll(done.ts_ns, self._last)
        for rule in self._rules:
            rule.done(done)

    def lift(self, equity_usdt: Decimal, flows_usdt: Decimal) -> None:
        """Equity was this high in a span of marks that was skipped."""
        value = equity_usdt - (flows_usdt - self._flows)
        for floor in self.floors:
            if isinstance(floor, IntradayFloor):
                floor.lift(value)

    # -- questions ---------------------------------------------------------------------------
    @property
    def is_broken(self) -> bool:
        """Is a floor broken now?"""
        return any(floor.is_over for floor in self.floors)

    @property
    def flows_before_usdt(self) -> Decimal:
        """Money in less money out when the book began: value = equity - flows + this."""
        return self._flows

    def breaks_between(self, lowest_usdt: Decimal, highest_usdt: Decimal) -> bool:
        """Could a span of marks with equity between these break a floor? Never wrongly no."""
        low, high = (equity - self._last.flows for equity in (lowest_usdt, highest_usdt))
        return any(floor.breaks_between(low, high) for floor in self.floors)

    def headroom_usdt(self, point: Point | None = None) -> Decimal | None:
        """What may be lost before the nearest floor is broken; None: the book has no floor."""
        values = self._at(point)
        return min((floor.headroom(values) for floor in self.floors), default=None)

    def headroom_of(self, floor: Floor, point: Point) -> Decimal:
        """What may be lost before this floor is broken."""
        return floor.headroom(self._values(point))

    def is_under(self, floor: Floor, point: Point) -> bool:
        """Is the account below this floor, by the best price there is?"""
        return floor.is_under(self._values(point))

    def standings(self, point: Point | None = None) -> tuple[Standing, ...]:
        """How every rule stands, as of the last mark or with the account as `point` has it."""
        values = self._at(point)
        return tuple(rule.standing(values) for rule in self._rules)

    def refusals(self, point: Point | None = None) -> Iterator[tuple[str, Refusal]]:
        """(rule, why) for every rule that refuses new risk."""
        values = self._at(point)
        for rule in self._rules:
            refusal = rule.refusal(values)
            if refusal is not None:
                yield rule.name, refusal

    def position_cap_usdt(self, price: Decimal | None) -> Decimal | None:
        """The most a position may cost at this price; None: the book does not say."""
        sizes = (one for one in self._habits if isinstance(one, PositionSize))
        return next((one.cap_usdt(price) for one in sizes), None)

    # -- inside ------------------------------------------------------------------------------
    @property
    def _rules(self) -> tuple[Rule, ...]:
        return (*self.floors, *self._habits)

    def _at(self, point: Point | None) -> Values:
        return self._last if point is None else self._values(point)

    def _roll(self, ts_ns: int, closing: Values) -> None:
        """The first of the days that passed began with it, and the day of `ts_ns` alike."""
        newest = self.book.days.number(ts_ns)
        for day in sorted({self.day + 1, newest}):
            self.day, self.ends_ns = day, self.book.days.start_ns(day + 1)
            told = closing._replace(ts_ns=self.book.days.start_ns(day))
            for rule in self._rules:
                rule.begin_day(day, told, self.ends_ns)
                rule.mark(told)

    def _values(self, point: Point) -> Values:
        flows = point.flows_usdt - self._flows
        highest = point.equity_usdt if point.highest_usdt is None else point.highest_usdt
        lowest = point.equity_usdt if point.lowest_usdt is None else point.lowest_usdt
        return Values(
            point.ts_ns,
            point.equity_usdt - flows,
            point.balance_usdt - flows,
            max(highest, point.equity_usdt) - flows,
            min(lowest, point.equity_usdt) - flows,
            flows,
            point.largest_lots,
            point.largest_cost_usdt,
        )


def evaluate(
    book: Book, path: Sequence[Point], trades: Sequence[Done] = ()
) -> tuple[Standing, ...]:
    """Judge a whole path of marks (the first is the beginning; times do not fall) and its trades.

    A trade stamped like a mark comes before it.
    """
    tracker, waiting = Tracker(book, path[0]), list(trades)
    waiting.reverse()
    for point in path[1:]:
        while waiting and waiting[-1].ts_ns <= point.ts_ns:
            tracker.trade(waiting.pop())
        tracker.mark(point)
    while waiting:
        tracker.trade(waiting.pop())
    return tracker.standings()


def _floors(book: Book, begun: Begun, opening: Values, ends_ns: int) -> Iterator[Floor]:
    if book.max_loss_static is not None:
        yield StaticFloor(book.max_loss_static, begun)
    if book.max_loss_trailing_eod is not None:
        yield EodFloor(book.max_loss_trailing_eod, begun)
    if book.max_loss_trailing_intraday is not None:
        yield IntradayFloor(book.max_loss_trailing_intraday, begun)
    if book.max_daily_loss is not None:
        yield DailyFloor(book.max_daily_loss, begun, opening, ends_ns)


def _habits(book: Book, begun: Begun, opening: Values, ends_ns: int) -> Iterator[Rule]:
    if book.min_trading_days is not None:
        yield TradingDays(book.min_trading_days, begun)
    if book.profit_target is not None:
        yield Target(book.profit_target, begun)
    if book.consistency is not None:
        yield BestDay(book.consistency, begun, opening)
    if book.max_position is not None:
        yield PositionSize(book.max_position, begun)
    if book.no_trade_window is not None:
        yield Windows(book.no_trade_window, begun)
    if book.inactivity is not None:
        yield Idle(book.inactivity, begun)
    if book.trade_limit is not None:
        yield DayTrades(book.trade_limit, begun, ends_ns)
