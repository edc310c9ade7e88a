"""EXECUTION: from wishes to what is sent now; and from verdicts to commands.

`plan` says which child orders would go out at this moment, `send` turns the approved ones into
commands. Nothing leaves that the gate does not vouch for.
"""

from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from typing import Final

from genesis.domain.account import GlobalMarketState, MarketState, TierMode, TiltLevel
from genesis.domain.approval import Approved, Verdict
from genesis.domain.commands import CancelOrder, Command, SetTimer, SubmitOrder
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
from genesis.execution.market_sniper import Closing, Protector, SymbolFacts
from genesis.execution.order_book import OrderBook
from genesis.execution.rules import ExecutionRules
from genesis.risk.blocks import STARTING
from genesis.risk.breakers import Level, State
from genesis.risk.drawdown import CRITICAL

UPKEEP_TIMER: Final = "upkeep:"
_ORDER_EVENTS: Final = OrderEvent.__args__


class Execution:
    """Our orders, and what should rest at the venue."""

    def __init__(self, rules: ExecutionRules) -> None:
        self.orders = OrderBook()
        self.protector = Protector(self.orders, rules)
        self._touched: dict[str, None] = {}
        self._cancels: list[Order] = []
        self._timers: list[Command] = []

    def set_rules(self, rules: ExecutionRules) -> None:
        self.protector.rules = rules

    # -- the order machine -------------------------------------------------------------------
    def apply(self, event: Event) -> bool:
        """Advance our order; False for an order event that changes nothing."""
        if type(event) not in _ORDER_EVENTS:
            return True
        assert isinstance(event, OrderEvent)
        if not self.orders.apply(event):
            return False
        order = self.orders.orders[event.key]
        symbol = order.request.symbol
        if isinstance(event, CancelRejected):  # it may have filled: look again a little later
            again_ns = event.ts_ns + self.protector.rules.stop_retry_ns
            self._timers.append(SetTimer(UPKEEP_TIMER + symbol, again_ns))
            return True
        if isinstance(event, OrderAccepted) and not order.unwanted:
            return True  # it rests as was meant: nothing to keep up
        self._touched[symbol] = None
        if isinstance(event, OrderRejected) and order.request.reduces:
            self.protector.refused(order, event.reason, event.ts_ns)
        elif isinstance(event, OrderFilled) and order.request.purpose is Purpose.EXIT:
            self.protector.sold(symbol, event.fill.qty)
        elif (
            isinstance(event, OrderExpired | OrderCancelled)
            and order.request.purpose is Purpose.EXIT
            and not order.filled_qty
        ):
            self.protector.refused(order, event.reason, event.ts_ns)
        return True

    # -- plan --------------------------------------------------------------------------------
    def plan(
        self,
        event: Event,
        facts: Sequence[Outcome],
        wishes: Sequence[Draft],
        view: SymbolFacts,
    ) -> Sequence[Draft]:
        """Child orders that would be sent now: entries wished for, exits and stops that are due."""
        if not (wishes or facts or self._touched) and type(event) is not TimerFired:
            return ()
        if type(event) is TimerFired and event.key.startswith(UPKEEP_TIMER):
            self._touched[event.key[len(UPKEEP_TIMER) :]] = None
        for fact in facts:
            if _stops_new_risk(fact):
                self.cancel_entries()
            elif isinstance(fact, BreakerMoved) and _opens(fact, Level.STRATEGY):
                self.cancel_entries(f"strategy:{fact.name}")
            elif isinstance(fact, MarketStateChanged) and fact.new is MarketState.PANIC:
                self.cancel_entries(symbol=fact.symbol)
        drafts = [wish for wish in wishes if self._is_entry(wish)]
        if self._touched:
            for symbol in self._touched:
                drafts += self._upkeep(symbol, view)
            self._touched.clear()
        return drafts

    def _is_entry(self, wish: Draft) -> bool:
        """An entry goes to the gate; what reduces or cancels becomes something to keep up."""
        if wish.cancel is not None:
            order = self.orders.orders.get(wish.cancel)
            if order is not None and order.request.purpose is Purpose.ENTRY:
                self._drop(order)
            return False
        if wish.purpose is Purpose.EXIT and wish.type is OrderType.MARKET:
            self.close(wish.symbol, Closing(wish.why, wish.source, wish.client_ref, wish.qty))
            return False
        return True

    def close(self, symbol: str, closing: Closing) -> None:
        """Start to leave a position (or part of it)."""
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

    def begin_run(self) -> None:
        """A new process: what the last one asked for may never have left."""
        for order in self.orders.all_working():
            order.cancel_asked = False

    def reconciled(self) -> None:
        """Our orders are as the venue knows them: see to every symbol in this step."""
        working = {order.request.symbol for order in self.orders.all_working()}
        for symbol in sorted(working | self.protector.symbols):
            self._touched[symbol] = None

    def cancel_entries(self, source: str | None = None, symbol: str | None = None) -> int:
        """Cancel working entries; protective stops and exits stay. How many there were.

        source: only those it asked for; symbol: only those of it; None: all.
        """
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
        return len(entries)

    def _drop(self, order: Order) -> None:
        """Cancel an entry, and again until it is gone."""
        if order.is_working:
            order.unwanted = True
            self._cancel(order)

    def _cancel(self, order: Order) -> None:
        if order.is_working and not order.cancel_asked:
            order.cancel_asked = True
            self._cancels.append(order)

    def _upkeep(self, symbol: str, view: SymbolFacts) -> tuple[Draft, ...]:
        step = self.protector.upkeep(symbol, view)
        for order in step.cancels:
            self._cancel(order)
        if step.again_ns is not None:
            self._timers.append(SetTimer(UPKEEP_TIMER + symbol, step.again_ns))
        return step.drafts

    @property
    def has_commands(self) -> bool:
        """Is there anything to send beside what the gate has yet to judge?"""
        return bool(self._cancels or self._timers)

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
        for verdict in verdicts:
            if not isinstance(verdict, Approved):
                continue
            if not vouches(verdict):
                raise InvariantBroken("an approval reached execution that the gate did not issue")
            self.orders.add(verdict.key, verdict.request, now_ns)
            self._remember_stop(verdict)
            commands.append(SubmitOrder(now_ns, verdict.key, verdict.request))
        commands += self._timers
        self._cancels.clear()
        self._timers.clear()
        return commands

    def _remember_stop(self, verdict: Approved) -> None:
        request = verdict.request
        if request.purpose is Purpose.ENTRY and request.stop_plan is not None:
            self.protector.stops.setdefault(request.symbol, request.stop_plan)


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
