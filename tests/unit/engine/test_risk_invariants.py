"""I22 to I24, I26, I45, I47, I48: whatever happens to an account, in any order.

A venue that answers as it likes, a market that jumps, faults, flows, halts and hasty wishes; after
every step the books must balance and no limit may have been passed.
"""

from decimal import Decimal

from hypothesis import example, given, settings
from hypothesis import strategies as st

from genesis.domain.account import TierMode
from genesis.domain.approval import Approved
from genesis.domain.commands import SubmitOrder
from genesis.domain.events import (
    FeedLost,
    FeedRestored,
    FlowReported,
    HealthReported,
    OperatorActed,
    OrderRejected,
    OrderUnresolved,
)
from genesis.domain.orders import OrderType, Purpose, Side
from genesis.domain.outcomes import AlertRaised, PositionClosed
from genesis.execution.draft import Draft
from genesis.risk.breakers import Level, State
from genesis.risk.sizing import position_cap_usdt, sizing_capital
from tests.support.engines import SYMBOL, Bench, submits

D = Decimal
TINY = D("1e-8")

ACTS = st.one_of(
    st.tuples(st.just("tick"), st.integers(55_000, 80_000)),
    st.tuples(st.just("wish"), st.sampled_from([5, 20, 100, 4000])),
    st.tuples(st.just("buy"), st.sampled_from([5, 20, 100])),
    st.tuples(st.just("fill"), st.sampled_from([D("0.4"), D(1)])),
    st.tuples(st.sampled_from(["reject", "unresolved", "accept", "cancel"]), st.none()),
    st.tuples(st.just("close"), st.none()),
    st.tuples(st.just("flow"), st.sampled_from([300, -100])),
    st.tuples(st.just("health"), st.sampled_from(["failed", "ok"])),
    st.tuples(st.just("feed"), st.booleans()),
    st.tuples(st.just("reconcile"), st.booleans()),
    st.tuples(st.just("later"), st.sampled_from([1, 15, 70, 2000, 90_000])),
    st.tuples(st.just("halt"), st.none()),
    st.tuples(st.just("demote"), st.none()),
    st.tuples(st.just("pause"), st.none()),
)


class Life:
    """One account under any acts; checks what must hold at the moment it could break."""

    def __init__(self) -> None:
        self.bench = Bench()
        self.state, self.view = self.bench.engine.state, self.bench.engine.view
        self.price = D(67453)
        self.flows = D(0)
        self.bought = D(0)
        self.sold = D(0)
        self.base_fees = D(0)
        self.was_halted = False

    # -- acts --------------------------------------------------------------------------------
    def act(self, what: str, given_: object) -> None:
        getattr(self, f"_{what}")(given_)
        self._balances()
        self._can_leave()
        halted = self.state.risk.drawdown.halted is not None
        assert halted or not self.was_halted, "I24: time and trading lift no halt"
        self.was_halted = halted

    def _tick(self, price) -> None:
        self.price = D(price)
        self._told(self.bench.tick(self.price))

    def _wish(self, usdt) -> None:
        kind = (SYMBOL, Side.BUY, OrderType.MARKET, Purpose.ENTRY)
        draft = Draft(*kind, amount_usdt=D(usdt), source="strategy:x", strategy="simple_arb")
        gate, refusing = self.bench.engine.gate, self._refuses()
        gate.open_step()
        self._judged(gate.judge(draft), refusing)
        self._told(self.bench.engine._decide(self.bench.steps[-1].event, (), [draft]))

    def _judged(self, verdict, refusing: bool) -> None:
        """What the gate lets pass now, checked before it is sent."""
        if not isinstance(verdict, Approved):
            return
        assert not refusing, "I45: an entry while something holds new risk back"
        state, limits, request = self.state, self.state.limits, verdict.request
        equity = self.view.equity_usdt
        worst = request.qty * self.bench.engine.gate._conservative_price(_market())
        capital = sizing_capital(equity, limits)
        at_stop = request.qty * self.view._risk_of(worst / request.qty, request.stop_plan)
        assert worst + self.view.held_usdt(SYMBOL) <= position_cap_usdt(equity, limits) + TINY
        assert worst + self.view.exposure_usdt <= limits.exposure_fraction * capital + TINY
        most = state.risk.open_risk_limit_usdt(capital, limits)
        assert self.view.open_risk_usdt + at_stop <= most + TINY, "I22"
        if state.tiers.state.mode is TierMode.EMERGENCY:
            assert worst + self.view.held_usdt(SYMBOL) <= 10, "I26"
        assert type(request.qty) is Decimal, "I27"
        assert all(type(amount) is Decimal for _, amount in verdict.limits_used)

    def _refuses(self) -> bool:
        """Does something hold back new risk at this moment?"""
        state = self.state
        opened = [
            breaker
            for level in (Level.ACCOUNT, Level.SYSTEM)
            for breaker in state.risk.breakers.of(level).values()
            if breaker.state is State.OPEN
        ]
        paused = state.tilt.state.level.rank >= 2
        halted = state.tiers.state.mode is TierMode.HALTED
        return bool(opened or paused or halted or state.risk.blocks)

    def _buy(self, usdt) -> None:
        refusing = self._refuses()
        step = self.bench.buy(str(usdt))
        asked = [c for c in submits(step) if c.request.purpose is Purpose.ENTRY]
        assert not (asked and refusing), "I45"
        self._told(step)

    def _working(self) -> list[SubmitOrder]:
        known = self.state.execution.orders.orders
        sent = {c.key: c for step in self.bench.steps for c in submits(step)}
        sent |= {c.key: c for c in self._extra}
        return [sent[key] for key in known if key in sent and known[key].is_working]

    _extra: tuple[SubmitOrder, ...] = ()

    def _told(self, step) -> None:
        self._extra += tuple(submits(step))

    def _fill(self, share) -> None:
        for order in self._working()[:1]:
            left = self.state.execution.orders.orders[order.key].remaining_qty
            lot = self.state.market.instruments[SYMBOL].qty_lot
            qty = max(lot, (left * share) // lot * lot)
            price = order.request.stop_price or self.price
            self._told(self.bench.fill(order, str(price), str(min(qty, left))))
            if order.request.side is Side.BUY:
                self.bought += min(qty, left)
                self.base_fees += min(qty, left) * D("0.001")
            else:
                self.sold += min(qty, left)

    def _reject(self, _) -> None:
        for order in self._working()[:1]:
            event = OrderRejected(self.bench.now_ns, order.key, "-1013", "no")
            self._told(self.bench.tell(event))

    def _unresolved(self, _) -> None:
        for order in self._working()[:1]:
            self._told(self.bench.tell(OrderUnresolved(self.bench.now_ns, order.key, "?")))

    def _accept(self, _) -> None:
        for order in self._working()[:1]:
            self._told(self.bench.accept(order.key))

    def _cancel(self, _) -> None:
        for order in self._working()[:1]:
            self._told(self.bench.cancelled(order.key))

    def _close(self, _) -> None:
        self._told(self.bench.act("close", reduces_risk=True))

    def _can_leave(self) -> None:
        """I23: what reduces risk is never refused, whatever stands against new risk."""
        held = self.state.ledger.positions.get(SYMBOL)
        if held is not None:
            kind = (SYMBOL, Side.SELL, OrderType.MARKET, Purpose.EXIT)
            gate = self.bench.engine.gate
            gate.open_step()
            verdict = gate.judge(Draft(*kind, qty=held.qty, source="operator"))
            assert isinstance(verdict, Approved), "I23"

    def _flow(self, amount) -> None:
        if self.state.ledger.cash_usdt + amount <= 0:
            return
        self.flows += amount
        n = len(self.bench.steps)
        self.bench.tell(FlowReported(self.bench.now_ns, "USDT", D(amount), "deposit", f"f{n}"))

    def _health(self, status) -> None:
        self._told(self.bench.tell(HealthReported(self.bench.now_ns, "store", status, "x")))

    def _feed(self, lost) -> None:
        event = FeedLost if lost else FeedRestored
        self._told(self.bench.tell(event(self.bench.now_ns, "market")))

    def _reconcile(self, clean) -> None:
        self._told(self.bench.reconciled(clean=clean))

    def _later(self, seconds) -> None:
        before = len(self.bench.steps)
        self.bench.later(seconds)
        for step in self.bench.steps[before:]:
            self._told(step)
        self._tick(self.price)

    def _halt(self, _) -> None:
        self._told(self.bench.act("halt", reason="enough"))

    def _pause(self, _) -> None:
        """Wrong phrases: tilt reaches WARNING."""
        for _ in range(4):
            act = OperatorActed(self.bench.now_ns, "CEREMONY_STEP", reason="phrase")
            self._told(self.bench.tell(act))

    def _demote(self, _) -> None:
        """A confirmed loss of the day, as the table raises it."""
        fact = AlertRaised(self.bench.now_ns, "DAILY_LOSS", "day", D(99), D(75))
        self.bench.engine.discipline._spread((fact,))

    # -- what must hold ----------------------------------------------------------------------
    def _balances(self) -> None:
        ledger = self.state.ledger
        held = ledger.positions.get(SYMBOL)
        dust = ledger.dust.get(SYMBOL)
        total = (held.qty if held else D(0)) + (dust.qty if dust else D(0))
        assert total == self.bought - self.sold - self.base_fees, "I48"
        assert total == ledger.balances.get("BTC", D(0))
        steps = (outcome for step in self.bench.steps for outcome in step.outcomes)
        earned = sum((o.pnl_usdt for o in steps if isinstance(o, PositionClosed)), D(0))
        mark = self.view.mark(SYMBOL)
        assert mark is not None
        if held is not None:
            earned += held.realized_usdt + held.unrealized_usdt(mark)
        if dust is not None:
            earned += dust.qty * mark - dust.cost_usdt
        assert abs(self.view.equity_usdt - (500 + self.flows + earned)) <= TINY, "I47"


def _market() -> Draft:
    return Draft(SYMBOL, Side.BUY, OrderType.MARKET, Purpose.ENTRY)


HELD = [("buy", 100), ("fill", D(1)), ("accept", None)]


@settings(max_examples=60, deadline=None)
@given(st.lists(ACTS, max_size=40))
@example([*HELD, ("halt", None), ("health", "failed"), ("demote", None), ("reconcile", False)])
@example([("pause", None), ("wish", 20), ("buy", 20)])
@example([*HELD, ("pause", None), ("feed", True), ("tick", 55_000), ("later", 90_000)])
@example([*HELD, ("close", None), ("cancel", None), ("fill", D(1)), ("tick", 60_000)])
def test_nothing_passes_a_limit_and_the_books_balance(acts) -> None:
    """I22, I23, I24, I26, I27, I45, I47, I48."""
    life = Life()
    for what, given_ in acts:
        life.act(what, given_)


@settings(max_examples=25, deadline=None)
@given(st.lists(ACTS, max_size=25))
def test_every_entry_of_an_emergency_costs_at_most_ten(acts) -> None:
    """I26."""
    life = Life()
    life.act("demote", None)
    for what, given_ in acts:
        life.act(what, given_)
        life.act("wish", 100)
