"""Answers come late, twice and in any order; legs fail: what is held stays protected."""

from collections import deque
from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from genesis.domain.commands import CancelOrder, RequestReconcile, SubmitOrder
from genesis.domain.events import (
    CancelRejected,
    InstrumentReported,
    OrderAccepted,
    OrderCancelled,
    OrderEvent,
    OrderFilled,
    OrderRejected,
    OrderUnresolved,
)
from genesis.domain.ids import OrderKey
from genesis.domain.instrument import Instrument
from genesis.domain.orders import OrderType, Purpose, Side
from genesis.domain.time import SECOND
from genesis.engine.digest import DecisionDigest
from genesis.engine.engine import Engine
from genesis.engine.step import Step
from genesis.sim.exchange import SimExchange
from genesis.sim.fees import FeeSchedule
from genesis.sim.orders import Phase, Queue, TakerFill
from genesis.sim.venue import Venue
from genesis.store.codec import decode, encode
from tests.support.build import BTC, tick
from tests.support.engines import SYMBOL, Bench

D = Decimal
REPLACES = replace(BTC, can_replace=True)
ATTACHES = replace(REPLACES, can_attach=True)
CALM, LOST_ANSWER, LOST_REQUEST, REFUSED = "calm", "lost answer", "lost request", "refused"
Sent = SubmitOrder | CancelOrder


class SlowLine(Bench):
    """Commands wait to be carried to the simulated venue, and its answers to be carried back."""

    def __init__(self, faults: list[str], instrument: Instrument = REPLACES) -> None:
        self.venue = Venue(
            {SYMBOL: instrument},
            {"USDT": D(500)},
            FeeSchedule(D(10), D(10)),
            TakerFill.LAST,
            Queue.OPTIMISTIC,
        )
        self.exchange = SimExchange(self.venue)
        self.faults = faults
        self.out: deque[Sent] = deque()
        self.back: list[tuple[OrderEvent, ...]] = []
        self.lost: list[SubmitOrder] = []
        self.was_refused = False
        super().__init__(price="67453")
        self.tell(InstrumentReported(self.now_ns, instrument))
        self.exchange.on_market(tick(self.now_ns, D("67453")))

    def tell(self, event) -> Step:  # type: ignore[no-untyped-def]
        step = super().tell(event)
        self.out.extend(c for c in step.commands if isinstance(c, SubmitOrder | CancelOrder))
        if any(isinstance(command, RequestReconcile) for command in step.commands):
            self.back.append(self._truth())
        self.check_books()
        return step

    # -- the line ----------------------------------------------------------------------------
    def carry(self) -> None:
        """The next command reaches the venue; what it answers waits its turn."""
        if not self.out:
            return
        command, before = self.out.popleft(), self.naked()
        fault = self.faults.pop() if self.faults and isinstance(command, SubmitOrder) else CALM
        if isinstance(command, CancelOrder) or fault == CALM:
            self.back.append(self._obeyed(command))
        elif fault == REFUSED:
            self.back.append(self._refused(command))
        else:
            stop = self._with_it(command)
            if fault == LOST_ANSWER:
                for one in (command, *stop):
                    self.exchange.obey(one, self.now_ns)
            self.lost += [command, *stop]
            self.back.append((OrderUnresolved(self.now_ns, command.key, "no answer"),))
        self.was_refused |= any(isinstance(event, OrderRejected) for event in self.back[-1])
        if isinstance(command, CancelOrder) or command.request.side is Side.SELL:
            assert self.was_refused or self.naked() <= max(before, self.to_sell()), "a gap"

    def _with_it(self, command: Sent) -> list[SubmitOrder]:
        """The stop that leaves in the same request."""
        if isinstance(command, CancelOrder) or command.joins is None:
            return []
        stop = self.out.popleft()
        assert isinstance(stop, SubmitOrder) and stop.joins == command.key
        return [stop]

    def _obeyed(self, command: Sent) -> tuple[OrderEvent, ...]:
        told = [*self.exchange.obey(command, self.now_ns)]
        for stop in self._with_it(command):
            told += self.exchange.obey(stop, self.now_ns)
        return tuple(told)

    def _refused(self, command: SubmitOrder) -> tuple[OrderEvent, ...]:
        """The venue takes the old one away, and not the new one; neither of two that are new."""
        both = [command, *self._with_it(command)]
        if len(both) > 1:
            return tuple(OrderRejected(self.now_ns, one.key, "-2010", "no") for one in both)
        ended: Iterable[OrderEvent] = ()
        if command.replaces is not None:
            cancel = CancelOrder(self.now_ns, command.replaces, SYMBOL)
            ended = self.exchange.obey(cancel, self.now_ns)
        return (*ended, OrderRejected(self.now_ns, command.key, "-2010", "no"))

    def hear(self, place: int) -> None:
        """One of the waiting answers, not always the oldest, arrives; some come twice."""
        if self.back:
            for event in self.back.pop(place % len(self.back)):
                self.tell(event)
                if isinstance(event, OrderFilled):
                    self.tell(event)

    def settle(self) -> None:
        """Everything arrives, and whatever got no answer is asked for."""
        while self.out or self.back or self.lost:
            self.carry()
            self.hear(0)
            if not (self.out or self.back):
                self.ask()

    def ask(self) -> None:
        if not self.lost:
            return
        command = self.lost.pop(0)
        if not self._told_of(command.key):
            self.tell(OrderRejected(self.now_ns, command.key, "NEVER_PLACED", "not there"))
        if command.replaces is not None and not self._told_of(command.replaces):
            self.tell(CancelRejected(self.now_ns, command.replaces, "it still works"))

    def _truth(self) -> tuple[OrderEvent, ...]:
        """All that the venue's lists tell of our orders: what was bought and sold in its order."""
        found = [o for o in self.venue.orders.values() if o.phase is not Phase.PENDING]
        keys = {o.order_id: OrderKey.parse(o.client_order_id) for o in found}
        return (
            *(OrderAccepted(self.now_ns, keys[o.order_id], str(o.order_id), o.qty) for o in found),
            *(OrderFilled(t.ts_ns, keys[t.order_id], t.fill, True) for t in self.venue.trades),
            *(
                OrderCancelled(self.now_ns, keys[o.order_id])
                for o in found
                if o.phase is Phase.ENDED and o.remaining
            ),
        )

    def _told_of(self, key: OrderKey) -> bool:
        """What the venue knows of an order is told; False: there is none, or it works as before."""
        order = self.venue.find(str(key))
        if order is None:
            return False
        if order.phase is Phase.PENDING:
            return True
        self.tell(OrderAccepted(self.now_ns, key, str(order.order_id), order.qty))
        for trade in self.venue.trades:
            if trade.order_id == order.order_id:
                self.tell(OrderFilled(trade.ts_ns, key, trade.fill, recovered=True))
        if order.phase is Phase.ENDED and order.remaining:
            self.tell(OrderCancelled(self.now_ns, key))
        return order.phase is Phase.ENDED or key in [one.key for one in self.lost]

    def move(self, price: str, qty: str = "1") -> None:
        self.now_ns += SECOND
        print_ = replace(tick(self.now_ns, price, qty=qty), buyer_is_maker=True)
        events = tuple(self.exchange.on_market(print_))
        if events:
            self.back.append(events)
        self.tell(print_)

    # -- what must hold ----------------------------------------------------------------------
    def naked(self) -> Decimal:
        """What is held at the venue, and no stop that rests there would sell."""
        held = BTC.fit_qty(self.venue.balance("BTC").total, market=True)
        resting = [o.remaining for o in self.venue.open_orders if o.new.stop_price is not None]
        return max(D(0), held - sum(resting, D(0)))

    def to_sell(self) -> Decimal:
        """The part that is being sold: only it has no stop for a moment."""
        execution = self.engine.state.execution
        closing = execution.protector.closing.get(SYMBOL)
        wished = closing.left_qty if closing is not None else None
        sells = execution.orders.sells(SYMBOL)
        sent = (o.remaining_qty for o in sells if o.request.purpose is Purpose.EXIT)
        return max(wished or D(0), sum(sent, D(0)))

    def check_books(self) -> None:
        """I43 in our books: covered, about to be, or waiting for a venue that refused."""
        state = self.engine.state
        held = state.ledger.positions.get(SYMBOL)
        instrument = state.market.instruments.get(SYMBOL)
        stop = state.execution.protector.stops.get(SYMBOL)
        if held is None or instrument is None or stop is None:
            return
        if instrument.fit_qty(held.qty, market=True) * stop < instrument.min_notional_usdt:
            return
        orders, protector = state.execution.orders, state.execution.protector
        fills = any(o.request.type is OrderType.MARKET for o in orders.entries(SYMBOL))
        waits = protector.again_ns(SYMBOL) > state.now_ns
        assert orders.sells(SYMBOL) or fills or waits, "nothing protects what is held"


acts = st.one_of(
    st.tuples(st.just("carry"), st.just(0)),
    st.tuples(st.just("hear"), st.integers(0, 3)),
    st.tuples(st.just("settle"), st.just(0)),
    st.tuples(st.just("buy"), st.sampled_from(["11", "25"])),
    st.tuples(st.just("limit"), st.sampled_from(["67000", "67300"])),
    st.tuples(st.just("close"), st.just(0)),
    st.tuples(st.just("sell"), st.sampled_from(["6", "11"])),
    st.tuples(st.just("stop"), st.sampled_from(["66500", "67200.10", "67452"])),
    st.tuples(st.just("move"), st.sampled_from(["66400", "67100", "67453", "67600"])),
    st.tuples(st.just("wait"), st.sampled_from([1, 6, 700])),
)
lines = st.lists(st.sampled_from([CALM, CALM, LOST_ANSWER, LOST_REQUEST, REFUSED]), max_size=8)


def play(line: SlowLine, verb: str, value: object) -> None:
    match verb:
        case "carry":
            line.carry()
        case "hear":
            line.hear(int(str(value)))
        case "settle":
            line.settle()
        case "buy":
            line.buy(str(value))
        case "limit":
            asked = {"amount_usdt": D(20), "price": D(str(value))}
            line.act("trade", "ORDER_SUBMIT", side=Side.BUY, order_type=OrderType.LIMIT, **asked)
        case "close":
            line.act("close", reduces_risk=True)
        case "sell":
            asked = {"amount_usdt": D(str(value)), "reduces_risk": True}
            line.act("trade", "ORDER_SUBMIT", side=Side.SELL, **asked)
        case "stop":
            line.act("stop", "STOP_MODIFY", stop_new=D(str(value)), reduces_risk=True)
        case "move":
            line.move(str(value))
        case "print":
            assert isinstance(value, tuple)
            line.move(*value)
        case "cancel":
            line.act("cancel_all", "ORDER_CANCEL")
        case "wait":
            line.later(int(str(value)))


prices = st.sampled_from(["67300", "67299.99", "67000", "66400", "65900", "67453"])
slowly = st.one_of(
    st.tuples(st.just("carry"), st.just(0)),
    st.tuples(st.just("hear"), st.integers(0, 3)),
    st.tuples(st.just("settle"), st.just(0)),
    st.tuples(st.just("limit"), st.just("67300")),
    st.tuples(st.just("print"), st.tuples(prices, st.sampled_from(["0.0001", "0.0002", "1"]))),
    st.tuples(st.just("close"), st.just(0)),
    st.tuples(st.just("cancel"), st.just(0)),
    st.tuples(st.just("stop"), st.sampled_from(["66500", "66000"])),
    st.tuples(st.just("wait"), st.sampled_from([1, 6, 30])),
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(acts, max_size=25), lines)
def test_no_order_of_answers_leaves_a_position_without_its_stop(moves, faults) -> None:  # type: ignore[no-untyped-def]
    """I43 after every event; at the venue nothing but a purchase ever uncovers what is held."""
    line = SlowLine(list(faults))
    line.buy("25")
    line.settle()
    for verb, value in moves:
        play(line, verb, value)
    assert_ends_well(line)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(slowly, max_size=25), lines)
def test_an_entry_that_brings_its_stop_along_is_never_left_in_part(moves, faults) -> None:  # type: ignore[no-untyped-def]
    line = SlowLine(list(faults), ATTACHES)
    play(line, "limit", "67300")
    for verb, value in moves:
        play(line, verb, value)
    assert_ends_well(line)


def assert_ends_well(line: SlowLine) -> None:
    """Once the line is calm our books are the venue's, and what is held has its stop."""
    line.faults.clear()
    for _ in range(4):
        line.settle()
        line.later(10)
    line.settle()
    state, venue = line.engine.state, line.venue
    ours = {asset: total for asset, total in state.ledger.balances.items() if total}
    assert ours == {b.asset: b.total for b in venue.balances if b.total}
    working = {str(o.key) for o in state.execution.orders.all_working()}
    assert working == {o.client_order_id for o in venue.open_orders}
    held = state.ledger.positions.get(SYMBOL)
    sellable = D(0) if held is None else BTC.fit_qty(held.qty, market=True)
    stop = state.execution.protector.stops.get(SYMBOL, D(0))
    if sellable * stop >= BTC.min_notional_usdt:
        assert line.naked() == 0
        (resting,) = state.execution.orders.sells(SYMBOL)
        assert (resting.request.purpose, resting.remaining_qty) == (Purpose.PROTECT, sellable)
    assert_replays(line)


def assert_replays(line: SlowLine) -> None:
    again, first, second = Engine(line.rules), DecisionDigest(), DecisionDigest()
    for step in line.steps:
        first.add(step)
        second.add(again.handle(decode(*encode(step.event))))
    assert first.hexdigest() == second.hexdigest()
