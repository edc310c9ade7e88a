"""EXECUTION: from wishes to what is sent now; and from verdicts to commands.

`plan` says which child orders would go out at this moment, `send` turns the approved ones into
commands. Nothing leaves that the gate does not vouch for.
"""

from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from typing import Final, Protocol

from genesis.domain.account import GlobalMarketState, MarketState, TierMode, TiltLevel
from genesis.domain.approval import Approved, Verdict
from genesis.domain.commands import (
    CancelOrder,
    Command,
    RequestReconcile,
    SetTimer,
    SubmitOrder,
)
from genesis.domain.events import (
    CancelRejected,
    Event,
    OrderAccepted,
    OrderCancelled,
    OrderEvent,
    OrderExpired,
    OrderFilled,
    OrderRejected,
    TimerFired,
)
from genesis.domain.orders import Order, OrderType, Purpose
from genesis.domain.outcomes import (
    AlertRaised,
    BreakerMoved,
    GlobalMarketChanged,
    Halted,
    MarketStateChanged,
    Outcome,
    RiskBlocked,
    TierChanged,
    TiltLevelChanged,
)
from genesis.errors import InvariantBroken
from genesis.execution.draft import Draft
from genesis.execution.held import Closing, SymbolFacts
from genesis.execution.market_sniper import Protector
from genesis.execution.order_book import OrderBook
from genesis.execution.parents import NO_ANSWER, SLICE_TIMER, Answered, Parents, SliceFacts
from genesis.execution.rules import ExecutionRules
from genesis.execution.whole import WholeOrders
from genesis.risk.blocks import STARTING
from genesis.risk.breakers import Level, State
from genesis.risk.drawdown import CRITICAL

UPKEEP_TIMER: Final = "upkeep:"
CANCELLED: Final = "entries were cancelled"
LEFT: Final = "the position is being left"


class PlanFacts(SymbolFacts, SliceFacts, Protocol):
    """What a plan needs to know of the world."""


class Execution:
    """Our orders, and what should rest at the venue."""

    def __init__(self, rules: ExecutionRules, now: Callable[[], int]) -> None:
        """now: venue time of the event that is handled, UTC ns."""
        self.orders = OrderBook()
        self.protector = Protector(self.orders, rules)
        self.parents = Parents(self.orders, rules.slicing, now)
        self.whole = WholeOrders(self.parents.tell, now, is_on=rules.receipts_of_all)
        self._touched: dict[str, None] = {}
        self._cancels: list[Order] = []
        self._timers: list[Command] = []

    def set_rules(self, rules: ExecutionRules) -> None:
        self.protector.rules = rules
        self.parents.rules = rules.slicing
        self.whole.is_on = rules.receipts_of_all

    # -- the order machine -------------------------------------------------------------------
    def apply(self, event: OrderEvent, *, awaits_books: bool = False) -> Order | None:
        """Advance the order an event is about; None where it changes nothing.

        awaits_books: what became of it is not all that is to be told of its position.
        """
        if isinstance(event, OrderFilled) and self.orders.is_too_early(event):
            told = "a stop sold what is not known to be bought"
            self._timers.append(RequestReconcile(event.ts_ns, told))
            return None
        order = self.orders.apply(event)
        if order is None:
            return None
        symbol, purpose = order.request.symbol, order.request.purpose
        self.parents.heard(event, order)
        self.whole.heard(event, order)
        match event:
            case OrderAccepted():
                self.protector.rests(order)
                if not order.unwanted and order.joins is None:
                    return order  # it rests as was meant: nothing to keep up
            case CancelRejected():  # it may have filled: look again a little later
                again_ns = event.ts_ns + self.protector.rules.stop_retry_ns
                self._timers.append(SetTimer(UPKEEP_TIMER + symbol, again_ns))
                return order
        if not (awaits_books and self._is_of_the_past(event)):
            self._touched[symbol] = None
        match event:
            case _ if purpose is Purpose.ENTRY:
                pass
            case OrderFilled(fill=fill):
                self.protector.left_by[symbol] = order.request.why
                if purpose is Purpose.EXIT:
                    self.protector.sold(symbol, fill.qty)
            case OrderRejected():
                self.protector.refused(order, event)
            case OrderCancelled() | OrderExpired():
                if purpose is Purpose.EXIT and not order.filled_qty:
                    self.protector.refused(order, event)
        return order

    def _is_of_the_past(self, event: OrderEvent) -> bool:
        """Is it part of what a start tells one by one, until the books are compared?"""
        if isinstance(event, OrderFilled):
            return event.recovered
        return isinstance(event, OrderRejected) and self.protector.rules.without_gap

    # -- plan --------------------------------------------------------------------------------
    def plan(
        self,
        event: Event,
        facts: Sequence[Outcome],
        wishes: Sequence[Draft],
        view: PlanFacts,
    ) -> Sequence[Draft]:
        """Child orders that would be sent now: wished entries, due slices, exits and stops."""
        asked = wishes or facts or self._touched or self.parents.unwanted
        if not asked and type(event) is not TimerFired:
            return ()
        if type(event) is TimerFired and event.key.startswith(UPKEEP_TIMER):
            self._touched[event.key[len(UPKEEP_TIMER) :]] = None
        for fact in facts:
            if _stops_new_risk(fact):
                # a process that starts hears nothing yet: that ends no parent that waits for it
                self.cancel_entries(starting_too=not isinstance(fact, RiskBlocked))
            elif isinstance(fact, BreakerMoved) and _opens(fact, Level.STRATEGY):
                self.cancel_entries(f"strategy:{fact.name}")
            elif isinstance(fact, MarketStateChanged) and fact.new is MarketState.PANIC:
                self.cancel_entries(symbol=fact.symbol)
        drafts = [
            self.parents.priced(wish, view) if wish.is_parent else wish
            for wish in wishes
            if self._is_entry(wish)
        ]
        if type(event) is TimerFired and event.key.startswith(SLICE_TIMER):
            drafts += self.parents.due(event.key[len(SLICE_TIMER) :], view)
        if self.parents.unwanted:
            self._drop_slices()
        if self._touched:
            for symbol in self._touched:
                drafts += self._upkeep(symbol, view)
            self._touched.clear()
        return drafts

    def _is_entry(self, wish: Draft) -> bool:
        """An entry goes to the gate; what reduces or cancels becomes something to keep up."""
        if wish.cancel is not None:
            order, parent = self.orders.orders.get(wish.cancel), self.parents.owner(wish.cancel)
            if parent is not None:
                self.parents.stop(CANCELLED, symbol=parent.wish.symbol)
            elif order is not None and order.request.purpose is Purpose.ENTRY:
                self._drop(order)
            return False
        if wish.purpose is Purpose.EXIT and wish.type is OrderType.MARKET:
            self.close(wish.symbol, Closing(wish.why, wish.source, wish.client_ref, wish.qty))
            return False
        return True

    def close(self, symbol: str, closing: Closing) -> None:
        """Start to leave a position (or part of it)."""
        self.parents.stop(LEFT, symbol=symbol)
        self.protector.close(symbol, closing)
        self._touched[symbol] = None

    def move_stop(self, symbol: str, price: Decimal) -> None:
        self.protector.move_stop(symbol, price)
        self._touched[symbol] = None

    def adopt_stop(self, symbol: str, price: Decimal) -> None:
        """A stop that rested at the venue, unknown to us: the higher one is the one that holds.

        It is placed once the account is known to be as the venue has it.
        """
        known = self.protector.stops.get(symbol)
        if known is None or price > known:
            self.protector.move_stop(symbol, price)

    def touch(self, symbol: str) -> None:
        """Look at the symbol again in this step."""
        self._touched[symbol] = None

    def begin_run(self, seed: str) -> None:
        """A new process: what the last one asked for may never have left."""
        self.parents.begin_run(seed)
        for order in self.orders.all_working():
            order.cancel_asked = False

    def reconciled(self) -> None:
        """Our orders are as the venue knows them: see to every symbol in this step."""
        self.parents.reconciled()
        working = {order.request.symbol for order in self.orders.all_working()}
        for symbol in sorted(working | self.protector.symbols):
            self._touched[symbol] = None

    def cancel_entries(
        self, source: str | None = None, symbol: str | None = None, *, starting_too: bool = True
    ) -> int:
        """Cancel working entries; protective stops and exits stay. How many there were.

        source: only those it asked for; symbol: only those of it; None: all. A parent order whose
        next slice is still to come counts as one. starting_too: those, too, of a process that is
        still finding its feet; they are judged anew before their next slice.
        """
        waiting = self.parents.stop(CANCELLED, source, symbol, starting_too=starting_too)
        entries = [
            order
            for order in self.orders.all_working()
            if order.request.purpose is Purpose.ENTRY
            and not order.unwanted
            and source in (None, order.request.source)
            and symbol in (None, order.request.symbol)
        ]
        for order in entries:
            self._drop(order)
        return len(entries) + waiting

    def _drop_slices(self) -> None:
        """Take back the slices of parents that end."""
        for key in self.parents.unwanted:
            self._drop(self.orders.orders[key])
        self.parents.unwanted.clear()

    def _drop(self, order: Order) -> None:
        """Cancel an entry, and again until it is gone."""
        if order.is_working:
            order.unwanted = True
            self._cancel(order)

    def _cancel(self, order: Order) -> None:
        if order.is_working and not order.cancel_asked:
            order.ask_cancel()
            self._cancels.append(order)
            if order.joins is not None and not order.request.reduces:  # its stop goes with it
                self.orders.orders[order.joins].cancel_was_asked = True

    def _upkeep(self, symbol: str, view: SymbolFacts) -> tuple[Draft, ...]:
        step = self.protector.upkeep(symbol, view)
        for order in step.cancels:
            self._cancel(order)
        if step.again_ns is not None:
            self._timers.append(SetTimer(UPKEEP_TIMER + symbol, step.again_ns))
        if step.doubt:
            self._timers.append(RequestReconcile(view.now_ns, step.doubt))
        return step.drafts

    @property
    def has_commands(self) -> bool:
        """Is there anything to send beside what the gate has yet to judge?"""
        return bool(self._cancels or self._timers) or self.parents.is_telling

    # -- send --------------------------------------------------------------------------------
    def send(
        self, verdicts: Iterable[Verdict], vouches: Callable[[Approved], bool], now_ns: int
    ) -> list[Command]:
        """Commands of this step: cancels, then what was approved, then timers.

        Raises:
            InvariantBroken: an approval the gate does not vouch for.
        """
        commands: list[Command] = [
            CancelOrder(now_ns, o.key, o.request.symbol) for o in self._cancels
        ]
        approved = [verdict for verdict in verdicts if isinstance(verdict, Approved)]
        if not all(map(vouches, approved)):
            raise InvariantBroken("an approval reached execution that the gate did not issue")
        brought = {one.joins: one.key for one in approved if one.joins is not None}
        for verdict in approved:
            if verdict.slices:
                continue  # a parent: its slices are sent, each when it was judged
            linked = (verdict.replaces, verdict.joins or brought.get(verdict.key))
            self.orders.add(verdict.key, verdict.request, now_ns, *linked)
            self._remember_stop(verdict)
            commands.append(SubmitOrder(now_ns, verdict.key, verdict.request, *linked))
        commands += self._timers
        commands += self.parents.take_timers()
        self._cancels.clear()
        self._timers.clear()
        return commands

    def brought_along(self, entry: Draft, verdict: Verdict, view: PlanFacts) -> Draft | None:
        """The stop that an approved entry takes with it, where the venue places it by itself.

        Only what is bought anew, by one limit order: a stop that rests already is made larger.
        """
        is_limit = entry.type is OrderType.LIMIT and entry.purpose is Purpose.ENTRY
        if not is_limit or entry.algorithm is not None or not isinstance(verdict, Approved):
            return None
        symbol = entry.symbol
        if view.position(symbol) is not None or self.orders.is_busy(symbol):
            return None
        return self.protector.attached_to(verdict, view)

    def judged(self, draft: Draft, verdict: Verdict, view: SliceFacts) -> Answered:
        """What the gate's word on a parent or on a slice leads to."""
        if draft.algorithm is None:
            self.whole.begin(draft, verdict, view)
            return NO_ANSWER
        if draft.is_parent:
            if not isinstance(verdict, Approved):
                return NO_ANSWER
            return self.parents.begin(draft, verdict, view)
        return Answered(self.parents.judged(draft, verdict))

    def _remember_stop(self, verdict: Approved) -> None:
        request = verdict.request
        if request.purpose is Purpose.ENTRY and request.stop_plan is not None:
            self.protector.stops.setdefault(request.symbol, request.stop_plan)
        elif verdict.joins is not None and request.stop_price is not None:
            self.protector.stops.setdefault(request.symbol, request.stop_price)


def _stops_new_risk(fact: Outcome) -> bool:
    if isinstance(fact, Halted):
        return True
    if isinstance(fact, RiskBlocked):
        return fact.blocked and fact.source != STARTING
    if isinstance(fact, AlertRaised):
        return fact.alert == CRITICAL
    if isinstance(fact, BreakerMoved):
        return _opens(fact, Level.ACCOUNT, Level.SYSTEM)
    if isinstance(fact, GlobalMarketChanged):
        return fact.new is GlobalMarketState.CRASH  # what rests was sized for another market
    if isinstance(fact, TiltLevelChanged):
        return fact.new.rank >= TiltLevel.WARNING.rank > fact.old.rank
    if not isinstance(fact, TierChanged):
        return False
    is_lower = fact.tier.rank < fact.old_tier.rank
    return is_lower or fact.mode in (TierMode.EMERGENCY, TierMode.HALTED)


def _opens(fact: BreakerMoved, *levels: Level) -> bool:
    return fact.state == State.OPEN and fact.level in levels
