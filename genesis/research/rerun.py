"""A day of a home once more: what the outside told goes through an engine again, and its orders go
to a simulated venue instead of the one there was.

What is kept of the log is what nobody decides again: the market, what the operator asked for, runs,
flows of money, feeds lost. What follows from our own orders (answers, fills, timers, balances) is
made anew.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from heapq import heapify
from typing import Final

from genesis.domain.commands import CancelOrder, Command, DropTimer, SetTimer, SubmitOrder
from genesis.domain.events import (
    AccountOpened,
    BalanceReported,
    BookDelta,
    BookTop,
    Event,
    FlowReported,
    InstrumentReported,
    OrderAccepted,
    OrderCancelled,
    OrderEvent,
    OrderFilled,
    OrderRejected,
    RulesChanged,
    RunEnded,
    RunStarted,
    TimerFired,
    TradeTick,
    is_market,
)
from genesis.domain.fills import Fill
from genesis.domain.ids import EXTERNAL_RUN, OrderKey
from genesis.domain.instrument import Instrument
from genesis.domain.money import text
from genesis.domain.orders import Order, OrderStatus, Side
from genesis.domain.recorded import Recorded
from genesis.domain.time import SECOND
from genesis.engine.engine import Engine
from genesis.engine.step import Step
from genesis.rules import Rules
from genesis.service.strategies import engine_for
from genesis.sim.exchange import SimExchange
from genesis.sim.fees import FeeSchedule
from genesis.sim.latency import Latency
from genesis.sim.orders import Queue, TakerFill, VenueRejected
from genesis.sim.schedule import Rank
from genesis.sim.traffic import Arrive, Traffic
from genesis.sim.venue import Venue

Seen = Callable[[Step], None]
_PRINTS: Final = TradeTick | BookTop | BookDelta
ANSWERS: Final[Mapping[type, type]] = {
    OrderAccepted: SubmitOrder,
    OrderFilled: SubmitOrder,
    OrderRejected: SubmitOrder,
    OrderCancelled: CancelOrder,
}
"""What answers what."""
_GRACE_NS: Final = SECOND
_RESTS: Final = frozenset({OrderStatus.PENDING, OrderStatus.OPEN, OrderStatus.PARTIAL})


Travels = Mapping[tuple[type, OrderKey], int]
"""By kind of command and order: ns from the command to the venue, as it was on the day.

Such a command reaches the venue where the record has the answer to it, among the prints that were
heard before and after; a little later than that by the clock, where it does not come to that place.
"""


@dataclass(frozen=True, slots=True)
class Terms:
    """Under which the simulated venue trades; taker orders walk the book that was heard.

    latency: of commands that `travels` does not name. rules: those the day is run under instead
    of its own; None: its own.
    """

    fees: FeeSchedule
    latency: Latency
    travels: Travels = field(default_factory=dict)
    rules: Rules | None = None


class _Traffic(Traffic):
    """Commands that take as long to the venue as they did."""

    def __init__(
        self, engine: Engine, exchange: SimExchange, arrive: Arrive, travels: Travels
    ) -> None:
        super().__init__(engine, exchange, arrive)
        self._travels = travels
        self._under_way: dict[tuple[type, OrderKey], int] = {}

    def _obey(self, command: Command, now_ns: int, acts_ns: int) -> None:
        if isinstance(command, SubmitOrder | CancelOrder):
            name = (type(command), command.key)
            took_ns = self._travels.get(name)
            if took_ns is not None:
                due_ns = now_ns + took_ns + _GRACE_NS
                self._under_way[name] = self.put(due_ns, Rank.ORDERS, command)
                return
        super()._obey(command, now_ns, acts_ns)

    def reached(self, name: tuple[type, OrderKey]) -> SubmitOrder | CancelOrder | None:
        """The command that the record has an answer to here, if it is under way."""
        number = self._under_way.pop(name, None)
        found = next((one for one in self.waiting if one[2] == number), None)
        if found is None:
            return None
        self.waiting.remove(found)
        heapify(self.waiting)
        assert isinstance(found[3], SubmitOrder | CancelOrder)
        return found[3]


class Rerun:
    """`fold` every step before the day, `begin`, `take` what the outside told, `end`.

    seen: told every step of the day. troubles: flows the account could not bear, in words.
    """

    def __init__(self, terms: Terms, seen: Seen) -> None:
        self._terms = terms
        self._seen = seen
        self._engine: Engine | None = None
        self._timers: dict[str, int] = {}
        self._is_up = False
        self._traffic: _Traffic | None = None
        self.troubles: list[str] = []

    @property
    def has_begun(self) -> bool:
        """Has the day begun?"""
        return self._traffic is not None

    @property
    def engine(self) -> Engine:
        assert self._engine is not None
        return self._engine

    @property
    def exchange(self) -> SimExchange:
        assert self._traffic is not None
        return self._traffic.exchange

    # -- before the day ----------------------------------------------------------------------
    def fold(self, step: Recorded) -> None:
        """A step before the day, as it was recorded."""
        self._begin_run(step.event)
        self.engine.handle(step.event)
        if isinstance(step.event, TimerFired) and not is_market(step.event):
            self._timers.pop(step.event.key, None)
        for command in step.commands:
            if isinstance(command, SetTimer):
                self._timers[command.key] = max(command.at_ns, step.event.ts_ns)
            elif isinstance(command, DropTimer):
                self._timers.pop(command.key, None)

    def _begin_run(self, event: Event) -> None:
        if isinstance(event, RunStarted):
            self._engine, self._is_up = _engine(engine_for(event, self._engine)), True
        elif isinstance(event, RunEnded):
            self._is_up = False

    # -- the day -----------------------------------------------------------------------------
    def begin(self, started: RunStarted, ts_ns: int) -> None:
        """The day begins: a simulated venue takes over the account and the orders that rest.

        started: the run the day begins under.
        """
        if self._engine is None:
            self._engine = _engine(engine_for(self._under_rules(started), None))
        elif self._terms.rules is not None:
            self._engine.set_rules(self._terms.rules)
        state = self._engine.state
        ids = (*state.ledger.last_trade_ids.values(), len(state.execution.orders.orders))
        venue = Venue(
            state.market.instruments,
            state.ledger.balances,
            self._terms.fees,
            TakerFill.BOOK,
            Queue.CONSERVATIVE,
            max(ids) + 1,
        )
        exchange = SimExchange(venue, self._terms.latency)
        self._traffic = _Traffic(self._engine, exchange, self._arrive, self._terms.travels)
        self._place_again(ts_ns)
        for key, at_ns in self._timers.items():
            self._traffic.set_timer(SetTimer(key, at_ns), ts_ns)

    def _place_again(self, ts_ns: int) -> None:
        """What was traded last, and what rested when the day began: the engine knows both."""
        state = self.engine.state
        for symbol in state.market.instruments:
            last = self.engine.view.price(symbol)
            if last is not None:
                self.exchange.skip(symbol, ts_ns, last)
        found = state.execution.orders.all_working()
        working = {order.key: order for order in found if order.status in _RESTS}
        for order in working.values():
            answers = self.exchange.obey(_command(order, order.joins in working, ts_ns), ts_ns)
            if order.status is OrderStatus.PENDING:
                self._answer(answers, ts_ns)

    def take(self, event: Event) -> None:
        """Something of the outside, as it was recorded; what follows from our orders is left out.

        Raises:
            EventLogError: the rules of a run cannot be read.
        """
        if is_made_anew(event):
            self._answered(event)
            return
        is_print = is_market(event)
        self._until(event.ts_ns, Rank.TOP if is_print else Rank.BAR)
        if isinstance(event, _PRINTS):
            self.show(event)
        elif isinstance(event, RunStarted):
            event = self._under_rules(event)
            self._begin_run(event)
        elif isinstance(event, RulesChanged) and self._terms.rules is not None:
            return  # these hold all day
        if self._is_up:
            self._into_the_account(event)
            self._handle(event)
        if isinstance(event, AccountOpened):
            for asset, qty in self.engine.state.ledger.balances.items():
                self._flow(asset, qty)
        if isinstance(event, RunEnded):
            self._is_up = False

    def show(self, event: TradeTick | BookTop | BookDelta) -> None:
        """Let the venue see a print, and not the engine."""
        venue = self.exchange.venue
        if any(one.symbol == event.symbol for one in venue.instruments):
            self._answer(self.exchange.on_market(event), event.ts_ns)  # type: ignore[arg-type]

    def end(self, ts_ns: int) -> None:
        """Whatever is due before `ts_ns` still comes."""
        self._until(ts_ns, Rank.ORDERS)

    # -- inside ------------------------------------------------------------------------------
    def _answered(self, event: Event) -> None:
        """The record has an answer of the venue here: by now, and not before, it had the order."""
        kind = ANSWERS.get(type(event))
        if kind is None or not self._is_up:
            return
        assert self._traffic is not None and isinstance(event, OrderEvent)
        self._until(event.ts_ns, Rank.ORDERS)
        command = self._traffic.reached((kind, event.key))
        if command is not None:
            self._arrive(command, event.ts_ns)
            self._until(event.ts_ns, Rank.BAR)

    def _under_rules(self, started: RunStarted) -> RunStarted:
        rules = self._terms.rules
        if rules is None:
            return started
        return replace(
            started, rules_name=rules.name, rules_text=rules.text, rules_sha256=rules.sha256
        )

    def _handle(self, event: Event) -> None:
        assert self._traffic is not None
        self._seen(self._traffic.handle(event, event.ts_ns))

    def _until(self, ts_ns: int, rank: int) -> None:
        """What is on its way and arrives before the moment; while nothing runs it waits."""
        traffic = self._traffic
        assert traffic is not None
        while self._is_up and traffic.waiting and traffic.waiting[0] < (ts_ns, rank):
            found = traffic.pop()
            if found is None or isinstance(found[3], BalanceReported):
                continue  # balances come when the record has them
            due_ns, _, _, what = found
            if isinstance(what, SubmitOrder | CancelOrder):
                self._arrive(what, due_ns)
            else:
                self._seen(traffic.handle(what, due_ns))

    def _arrive(self, order: SubmitOrder | CancelOrder, at_ns: int) -> None:
        self._answer(self.exchange.obey(order, at_ns), at_ns)

    def _answer(self, answers: object, at_ns: int) -> None:
        assert self._traffic is not None
        if answers:
            self._traffic.answer(answers, at_ns)  # type: ignore[arg-type]

    def _into_the_account(self, event: Event) -> None:
        """What the outside does to the venue's side of the account."""
        match event:
            case InstrumentReported():
                self.exchange.venue.list_instrument(event.instrument)
            case FlowReported() if not event.fenced:
                self._flow(event.asset, event.amount)
            case OrderFilled():  # a trade that no order of ours made
                instrument = self.engine.state.market.instruments[event.fill.symbol]
                for asset, amount in _moved(event.fill, instrument):
                    self._flow(asset, amount)
            case _:
                pass

    def _flow(self, asset: str, amount: Decimal) -> None:
        try:
            self.exchange.venue.flow(asset, amount)
        except VenueRejected:
            self.troubles.append(f"{text(-amount)} {asset} left the account and was not there here")


def is_made_anew(event: Event) -> bool:
    """Does the event follow from our own orders or wishes, so that a rerun makes its own?"""
    if isinstance(event, TimerFired):
        return not is_market(event)
    return isinstance(event, OrderEvent) and event.key.run != EXTERNAL_RUN


def _engine(engine: object) -> Engine:
    assert isinstance(engine, Engine)
    return engine


def _command(order: Order, has_other: bool, ts_ns: int) -> SubmitOrder:
    request = replace(order.request, qty=order.remaining_qty)
    return SubmitOrder(ts_ns, order.key, request, joins=order.joins if has_other else None)


def _moved(fill: Fill, of: Instrument) -> tuple[tuple[str, Decimal], ...]:
    """What a fill did to the account, by asset."""
    sign = 1 if fill.side is Side.BUY else -1
    notional = fill.price * fill.qty
    paid = (of.quote, -sign * notional)
    return ((of.base, sign * fill.qty), paid, (fill.fee_asset, -fill.fee))
