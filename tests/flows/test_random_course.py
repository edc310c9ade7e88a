"""Whatever operator, market and venue do: money agrees, nothing doubles, positions are covered."""

from decimal import Decimal

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from genesis.domain.commands import CancelOrder, SubmitOrder
from genesis.domain.events import (
    CancelRejected,
    OrderAccepted,
    OrderCancelled,
    OrderFilled,
    OrderRejected,
    OrderUnresolved,
)
from genesis.domain.ids import OrderKey
from genesis.domain.orders import OrderStatus, OrderType, Purpose, Side
from genesis.domain.time import SECOND
from genesis.engine.digest import DecisionDigest
from genesis.engine.engine import Engine
from genesis.sim.fees import FeeSchedule
from genesis.sim.orders import NewOrder, ReportKind, TakerFill, VenueRejected
from genesis.sim.venue import Venue
from genesis.store.codec import decode, encode
from tests.support.build import BTC, tick
from tests.support.engines import SYMBOL, Bench

D = Decimal
CALM, LOST_ANSWER, LOST_ORDER, REJECT = "calm", "lost answer", "lost order", "reject"


class Course(Bench):
    """A bench whose venue is the simulated one, behind an unreliable line."""

    def __init__(self, faults: list[str]) -> None:
        self.venue = Venue(
            {SYMBOL: BTC}, {"USDT": D(500)}, FeeSchedule(D(10), D(10)), TakerFill.LAST
        )
        self.faults = faults
        self.unresolved: list[tuple[SubmitOrder, bool]] = []
        self.sent: list[str] = []
        super().__init__(price="67453")
        self.venue.on_market(tick(self.now_ns, "67453"))

    def tell(self, event):  # type: ignore[no-untyped-def]
        step = super().tell(event)
        for command in step.commands:
            if isinstance(command, SubmitOrder):
                self._submit(command)
            elif isinstance(command, CancelOrder):
                self._cancel(command)
        return step

    def move(self, price: str) -> None:
        self.now_ns += SECOND
        print_ = tick(self.now_ns, price)
        reports = self.venue.on_market(print_)
        self._report(reports)
        self.tell(print_)

    def _submit(self, command: SubmitOrder) -> None:
        request, name = command.request, str(command.key)
        assert name not in self.sent, "an order was sent twice"
        self.sent.append(name)
        fault = self.faults.pop() if self.faults else CALM
        if fault == REJECT:
            self.tell(OrderRejected(self.now_ns, command.key, "-1013", "Filter failure"))
            return
        if fault == LOST_ORDER:
            self.unresolved.append((command, False))
            self.tell(OrderUnresolved(self.now_ns, command.key, "timeout"))
            return
        order = NewOrder(
            name,
            SYMBOL,
            request.side,
            request.type,
            request.qty,
            limit_price=request.limit_price,
            stop_price=request.stop_price,
        )
        try:
            reports = self.venue.place(order, self.now_ns)
        except VenueRejected as error:
            self.tell(OrderRejected(self.now_ns, command.key, str(error.venue_code), error.message))
            return
        if fault == LOST_ANSWER:
            self.unresolved.append((command, True))
            self.tell(OrderUnresolved(self.now_ns, command.key, "timeout"))
            return
        self._report(reports)

    def _cancel(self, command: CancelOrder) -> None:
        order = self.venue.find(str(command.key))
        if order is None:
            self.tell(CancelRejected(self.now_ns, command.key, "Unknown order sent."))
            return
        try:
            self._report(self.venue.cancel(order.order_id, self.now_ns))
        except VenueRejected as error:
            self.tell(CancelRejected(self.now_ns, command.key, error.message))

    def _report(self, reports) -> None:  # type: ignore[no-untyped-def]
        for report in reports:
            key = OrderKey.parse(report.order.client_order_id)
            if report.kind is ReportKind.ACCEPTED:
                self.tell(OrderAccepted(report.ts_ns, key, str(report.order.order_id)))
            elif report.kind is ReportKind.FILLED:
                self.tell(OrderFilled(report.ts_ns, key, report.fill))
                self.tell(OrderFilled(report.ts_ns, key, report.fill))  # streams repeat themselves
            elif report.kind is ReportKind.CANCELLED:
                self.tell(OrderCancelled(report.ts_ns, key))

    def resolve(self) -> None:
        """Ask the venue about everything without an answer."""
        while self.unresolved:
            command, placed = self.unresolved.pop(0)
            if not placed:
                self.tell(OrderRejected(self.now_ns, command.key, "NEVER_PLACED", "not there"))
                continue
            order = self.venue.find(str(command.key))
            assert order is not None
            self.tell(OrderAccepted(self.now_ns, command.key, str(order.order_id)))
            for trade in self.venue.trades:
                if trade.order_id == order.order_id:
                    self.tell(OrderFilled(trade.ts_ns, command.key, trade.fill, recovered=True))
            if order.status is OrderStatus.CANCELLED:
                self.tell(OrderCancelled(self.now_ns, command.key))


acts = st.one_of(
    st.tuples(st.just("buy"), st.sampled_from(["6", "20", "100"])),
    st.tuples(st.just("limit"), st.sampled_from(["66000", "67300", "67453"])),
    st.tuples(st.just("close"), st.just("")),
    st.tuples(st.just("sell"), st.sampled_from(["6", "11"])),
    st.tuples(st.just("stop"), st.sampled_from(["66500", "67200.10", "67452"])),
    st.tuples(st.just("cancel"), st.just("")),
    st.tuples(
        st.just("move"), st.sampled_from(["66000", "66400", "67100", "67400", "67453", "67600"])
    ),
    st.tuples(st.just("wait"), st.sampled_from(["1", "6", "700"])),
    st.tuples(st.just("resolve"), st.just("")),
    st.tuples(st.just("restart"), st.just("")),
)
faults = st.lists(st.sampled_from([CALM, CALM, CALM, LOST_ANSWER, LOST_ORDER, REJECT]), max_size=8)


def play(course: Course, moves: list[tuple[str, str]]) -> None:
    run = 1
    for verb, value in moves:
        match verb:
            case "buy":
                course.buy(value)
            case "limit":
                course.act(
                    "trade",
                    "ORDER_SUBMIT",
                    side=Side.BUY,
                    order_type=OrderType.LIMIT,
                    amount_usdt=D(20),
                    price=D(value),
                )
            case "close":
                course.act("close", reduces_risk=True)
            case "sell":
                course.act(
                    "trade",
                    "ORDER_SUBMIT",
                    side=Side.SELL,
                    amount_usdt=D(value),
                    reduces_risk=True,
                )
            case "stop":
                course.act("stop", "STOP_MODIFY", stop_new=D(value), reduces_risk=True)
            case "cancel":
                course.act("cancel_all", "ORDER_CANCEL")
            case "move":
                course.move(value)
            case "wait":
                course.later(int(value))
            case "resolve":
                course.resolve()
            case "restart":
                run += 1
                course.start(run)
                course.resolve()
                course.reconciled()


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(acts, max_size=14), faults)
def test_any_course_ends_covered_and_in_agreement(moves, lines) -> None:  # type: ignore[no-untyped-def]
    """D19, I48, and a replay decides the same."""
    course = Course(list(lines))
    play(course, moves)
    course.faults.clear()
    for _ in range(4):
        course.resolve()
        course.later(10)
    state, venue = course.engine.state, course.venue

    ours = {asset: total for asset, total in state.ledger.balances.items() if total}
    theirs = {b.asset: b.total for b in venue.balances if b.total}
    assert ours == theirs
    assert len({t.fill.trade_id for t in venue.trades}) == len(venue.trades)
    working = {str(o.key) for o in state.execution.orders.all_working()}
    assert working == {o.client_order_id for o in venue.open_orders}

    for symbol, position in state.ledger.positions.items():
        sellable = BTC.fit_qty(position.qty, market=True)
        stop = state.execution.protector.stops[symbol]
        if sellable * stop < BTC.min_notional_usdt:
            continue  # too little to be sold: nothing could protect it
        resting = state.execution.orders.sells(symbol)
        assert [o.request.purpose for o in resting] == [Purpose.PROTECT]
        assert resting[0].remaining_qty == sellable

    again = Engine(course.rules)
    first, second = DecisionDigest(), DecisionDigest()
    for step in course.steps:
        first.add(step)
        second.add(again.handle(decode(*encode(step.event))))  # as it comes back from the disk
    assert first.hexdigest() == second.hexdigest()
