"""Books laid over the tier's own limits: a broken floor refuses entries, and sizes shrink to what
a stop may still cost. Nothing here makes anything larger, and no exit is ever asked.
"""

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from typing import Final, NamedTuple

from genesis.domain.approval import Failure
from genesis.domain.keeping import Broke
from genesis.domain.money import ZERO
from genesis.domain.outcomes import AlertRaised
from genesis.risk.confirmations import Confirmations
from genesis.risk.limits import RiskRules
from genesis.risk.rulebooks.book import Book
from genesis.risk.rulebooks.losses import Floor, IntradayFloor
from genesis.risk.rulebooks.standing import Done, Point, Refusal
from genesis.risk.rulebooks.tracker import Tracker

RULEBOOK_BREACH: Final = "RULEBOOK_BREACH"
RULEBOOK_HEADROOM: Final = "RULEBOOK_HEADROOM"
"""Nothing is broken, and what is left is too little for the smallest order."""
RULEBOOK_NEAR: Final = "RULEBOOK_NEAR"


class Room(NamedTuple):
    """How large a position may be under a book, and why in words."""

    cap_usdt: Decimal
    told: str


class RulebookDesk:
    """The books in force on one account; each begins with the first mark under it."""

    def __init__(self, books: Sequence[Book] = ()) -> None:
        self.books = tuple(books)
        self.trackers: tuple[Tracker, ...] = ()
        self._waiting = self.books
        self._confirming = Confirmations()
        self._carried: dict[str, int] = {}
        """Breaks of which the record lost all but this: the floor, and when."""

    def set_books(self, books: Sequence[Book]) -> None:
        """A new run has these. A book that stayed the same goes on.

        One that was changed begins anew; while a floor of its old form is broken that one stays,
        too, so that an edit is no way around it.
        """
        self.books = tuple(books)
        names = {book.name for book in books}
        self.trackers = tuple(
            one
            for one in self.trackers
            if one.book in self.books or (one.is_broken and one.book.name in names)
        )
        self._confirming.forget_all()
        begun = [one.book for one in self.trackers]
        self._waiting = tuple(book for book in self.books if book not in begun)

    # -- facts -------------------------------------------------------------------------------
    def mark(
        self,
        point: Point,
        rules: RiskRules,
        *,
        is_certain: bool = False,
        is_complete: bool = True,
    ) -> tuple[AlertRaised, ...]:
        """One valuation; what came near a floor or went under it.

        A floor that is broken refuses at once and is told when it is certain: when nothing is
        valued at a price, or by as many marks as a halt needs. A price that does not hold breaks
        nothing. While the balance is not `is_complete` nothing is proven.
        """
        self._begin(point)
        self._confirming.look(is_certain=is_certain, is_complete=is_complete)
        facts: list[AlertRaised] = []
        for number, tracker in enumerate(self.trackers):
            nears = [floor.nears for floor in tracker.floors]
            tracker.roll(point)
            self._take_carried(tracker)
            tracker.mark(point)
            for floor, told in zip(tracker.floors, nears, strict=True):
                proven = self._proven(f"{number}.{floor.name}", tracker, floor, point, rules)
                if proven:
                    facts.append(_alert(RULEBOOK_BREACH, tracker, floor, point))
                elif floor.nears > told and not floor.is_over:
                    facts.append(_alert(RULEBOOK_NEAR, tracker, floor, point))
        return tuple(facts)

    def _proven(
        self, key: str, tracker: Tracker, floor: Floor, point: Point, rules: RiskRules
    ) -> bool:
        """Did a break of the floor become certain? One that does not hold is taken back."""
        if not floor.is_doubtful:
            self._confirming.forget(key)
            return False
        is_under = tracker.is_under(floor, point)
        if self._confirming.confirmed(key, point.ts_ns, is_under, rules):
            floor.prove()
            return True
        if not is_under:
            floor.take_back()
        return False

    def carry(self, broke: Iterable[Broke]) -> None:
        """Floors that were broken in a lost part of the record stay so as long as they would."""
        self._carried |= {one.measure: one.broken_ns for one in broke}
        for tracker in self.trackers:
            self._take_carried(tracker)

    def _take_carried(self, tracker: Tracker) -> None:
        if not self._carried:
            return
        for floor in tracker.floors:
            broken_ns = self._carried.get(_measure(tracker, floor))
            if broken_ns is None:
                continue
            day = tracker.book.days.number(broken_ns) if floor.is_of_the_day else tracker.day
            if day > tracker.day:
                continue  # that day of the book has not begun here
            if day == tracker.day:
                floor.was_broken(broken_ns)
            del self._carried[_measure(tracker, floor)]

    def done(self, trade: Done) -> None:
        """An order got its first fill."""
        for tracker in self.trackers:
            tracker.trade(trade)

    def lift(self, equity_usdt: Decimal, flows_usdt: Decimal) -> None:
        """Equity was this high in a span of marks that was skipped."""
        for tracker in self.trackers:
            tracker.lift(equity_usdt, flows_usdt)

    # -- questions ---------------------------------------------------------------------------
    @property
    def is_empty(self) -> bool:
        return not self.books

    @property
    def is_confirming(self) -> bool:
        """Was a floor broken by marks that do not prove it yet?"""
        return self._confirming.is_pending

    def next_reset_ns(self) -> int | None:
        """When the next day of a book begins."""
        return min((tracker.ends_ns for tracker in self.trackers), default=None)

    def failures(self, point: Point) -> list[Failure]:
        """Every reason of a book not to take new risk, with the account as `point` has it."""
        return [
            Failure("risk", RULEBOOK_BREACH, _sentence(tracker, rule, why), why.until_ns)
            for tracker in self.trackers
            for rule, why in tracker.refusals(point)
        ]

    def room(
        self,
        point: Point,
        stop_fraction: Decimal,
        price: Decimal | None,
        open_risk_usdt: Decimal = ZERO,
        held_usdt: Decimal = ZERO,
    ) -> Room | None:
        """The most a position may cost under every book; None: no book says anything.

        headroom · share / stop distance [discipline.md 4], less what open positions may lose at
        their stops. stop_fraction: distance of the stop as a part of the price, in (0, 1].
        held_usdt: what the cap counts as taken already. price: None where it is not known.
        """
        rooms = list(self._rooms(point, stop_fraction, price, open_risk_usdt, held_usdt))
        return min(rooms, key=lambda room: room.cap_usdt, default=None)

    def loss_usdt(self, point: Point) -> Decimal | None:
        """What all positions may lose at their stops under every book; None: none has a floor."""
        lefts = ((one.headroom_usdt(point), one.book.headroom_share) for one in self.trackers)
        return min((left * share for left, share in lefts if left is not None), default=None)

    def _rooms(
        self,
        point: Point,
        stop_fraction: Decimal,
        price: Decimal | None,
        risk: Decimal,
        held: Decimal,
    ) -> Iterator[Room]:
        for tracker in self.trackers:
            name, left = tracker.book.name, tracker.headroom_usdt(point)
            if left is not None:
                more = max(ZERO, left * tracker.book.headroom_share - risk) / stop_fraction
                told = f"the rulebook {name} leaves {left:,.2f} USDT to lose"
                yield Room(held + more, told)
            most = tracker.position_cap_usdt(price)
            if most is not None:
                yield Room(most, f"the rulebook {name} allows {most:,.2f} USDT in one position")

    # -- for drivers that skip ---------------------------------------------------------------
    def levels(self, flows_usdt: Decimal) -> list[Decimal]:
        """Equity, fixed until the next event, whose touching from above raises something."""
        return [
            level + flows_usdt - tracker.flows_before_usdt
            for tracker in self.trackers
            for floor in tracker.floors
            if not floor.trails
            for level in _levels(floor)
        ]

    def trails(self, flows_usdt: Decimal) -> list[tuple[Decimal, Decimal]]:
        """(peak of equity, smallest fall from it that raises something), where peaks move it."""
        found: list[tuple[Decimal, Decimal]] = []
        for tracker in self.trackers:
            for floor in tracker.floors:
                if isinstance(floor, IntradayFloor) and floor.trails:
                    levels = list(_levels(floor, floor.peak - floor.allowed))
                    peak = floor.peak + flows_usdt - tracker.flows_before_usdt
                    found += [(peak, floor.peak - max(levels))] if levels else []
        return found

    def _begin(self, point: Point) -> None:
        if self._waiting:
            self.trackers += tuple(Tracker(book, point, doubts=True) for book in self._waiting)
            self._waiting = ()


def _levels(floor: Floor, at: Decimal | None = None) -> Iterator[Decimal]:
    """Values at which the floor still has something to say; `at`: where it follows the peak."""
    place = floor.floor if at is None else at
    if not floor.is_over:
        yield place
    if not floor.is_near:
        yield place + floor.near_level - floor.floor


def _alert(alert: str, tracker: Tracker, floor: Floor, point: Point) -> AlertRaised:
    used = floor.allowed - tracker.headroom_of(floor, point)
    return AlertRaised(point.ts_ns, alert, _measure(tracker, floor), used, floor.allowed)


def _measure(tracker: Tracker, floor: Floor) -> str:
    return f"{tracker.book.name}.{floor.name}"


def _sentence(tracker: Tracker, rule: str, why: Refusal) -> str:
    return f"the rulebook {tracker.book.name} ({rule.replace('_', ' ')}): {why.told}"
