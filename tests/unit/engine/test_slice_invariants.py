"""I41 to I46: sliced orders under any acts, in any order.

A venue that answers as it likes, or not at all; a market that jumps; halts, tilt, faults; and
restarts at any moment, after which the log is run through a new engine.
"""

from decimal import Decimal

from hypothesis import example, given, settings
from hypothesis import strategies as st

from genesis.domain.account import TierMode, TiltLevel
from genesis.domain.commands import SubmitOrder
from genesis.domain.events import (
    FeedLost,
    FeedRestored,
    HealthReported,
    OperatorActed,
    OrderRejected,
    OrderUnresolved,
    TimerFired,
)
from genesis.domain.ids import OrderKey
from genesis.domain.money import ZERO
from genesis.domain.orders import Purpose
from genesis.engine.engine import Engine
from genesis.engine.step import Step
from genesis.execution.order_book import NEVER_PLACED
from genesis.execution.parents import SLICE_TIMER
from genesis.risk.breakers import Level, State
from genesis.rules.edits import split
from tests.support.engines import SYMBOL, cancels, submits
from tests.support.sliced import MID, SliceBench, entries

D = Decimal
SHARES = st.sampled_from([D("0.3"), D("0.7"), D(1)])
ACTS = st.one_of(
    st.tuples(st.just("slice"), st.sampled_from(["iceberg", "twap"])),
    st.tuples(st.just("answer"), SHARES),
    st.tuples(st.just("answer"), SHARES),
    st.tuples(st.just("due"), st.sampled_from([0, 20, 200, 400])),
    st.tuples(st.just("due"), st.just(0)),
    st.tuples(st.just("late"), st.sampled_from([2, 11, 70])),
    st.tuples(
        st.sampled_from(["reject", "accept", "unresolve", "restart", "close", "cancel"]), st.none()
    ),
    st.tuples(st.sampled_from(["halt", "warn", "feed", "fail", "heal", "unclean"]), st.none()),
)


class Life:
    """One account; the venue's own ledger stands beside the engine's."""

    def __init__(self) -> None:
        self.bench = SliceBench()
        self.checked = len(self.bench.steps)
        self.placed: dict[OrderKey, SubmitOrder] = {}
        self.run = 1
        self.starting = False

    # -- acts --------------------------------------------------------------------------------
    def act(self, what: str, given_: object) -> None:
        getattr(self, f"_{what}")(given_)
        self._check()

    def _slice(self, algorithm) -> None:
        self.bench.sliced(
            algorithm, "300", **({} if algorithm == "iceberg" else {"over_ns": 10**11})
        )

    def _due(self, moved) -> None:
        bench, key = self.bench, SLICE_TIMER + SYMBOL
        at_ns = bench._timers().get(key)
        bench.now_ns = max(bench.now_ns, at_ns or 0)
        bench.book(MID + moved)
        if at_ns is not None:
            bench.tell(TimerFired(bench.now_ns, key))

    def _late(self, seconds) -> None:
        self.bench.later(seconds)

    def _open(self) -> list[SubmitOrder]:
        known = self.bench.engine.state.execution.orders.orders
        return [sent for key, sent in self.placed.items() if known[key].is_working]

    def _answer(self, share) -> None:
        for sent in self._open()[:2]:
            order = self.bench.engine.state.execution.orders.orders[sent.key]
            if order.cancel_asked:
                self.bench.cancelled(sent.key)
            elif sent.request.purpose is Purpose.PROTECT:
                self.bench.accept(sent.key)
            else:
                self._fill(sent, order.remaining_qty, share)

    def _fill(self, sent, left, share) -> None:
        lot = D("0.00001")
        qty = min(left, max(lot, left * share // lot * lot))
        price = sent.request.limit_price or MID
        self.bench.fill(sent, str(price), str(qty))

    def _reject(self, _) -> None:
        for sent in self._open()[-1:]:
            self.bench.tell(OrderRejected(self.bench.now_ns, sent.key, "-1013", "no"))

    def _accept(self, _) -> None:
        for sent in self._open()[-1:]:
            self.bench.accept(sent.key)

    def _unresolve(self, _) -> None:
        for sent in self._open()[-1:]:
            self.bench.tell(OrderUnresolved(self.bench.now_ns, sent.key, "timeout"))

    def _restart(self, _) -> None:
        """SIGKILL: a new process runs the log, asks the venue, and goes on."""
        bench, steps = self.bench, self.bench.steps
        bench.engine = Engine(bench.rules, editor=split)
        bench.steps = [bench.engine.handle(step.event) for step in steps]
        assert bench.steps == steps
        self.run += 1
        bench.start(self.run)
        for sent in self._open():
            if bench.engine.state.execution.orders.orders[sent.key].status == "PENDING":
                bench.tell(
                    OrderRejected(bench.now_ns, sent.key, NEVER_PLACED, "the venue has none")
                )
        bench.book()
        bench.reconciled()

    def _close(self, _) -> None:
        self.bench.act("close", reduces_risk=True)

    def _cancel(self, _) -> None:
        self._cancels_all(self.bench.act("cancel_all", "ORDER_CANCEL"))

    def _cancels_all(self, step: Step) -> None:
        """I43: every entry that was open is being cancelled, and no stop with it."""
        orders = self.bench.engine.state.execution.orders
        assert all(o.cancel_asked for o in orders.entries(SYMBOL)), "I43"
        kept = {c.key for c in cancels(step)}
        assert not [o for o in orders.sells(SYMBOL) if o.key in kept], "I43"
        assert not [
            one
            for one in self.bench.engine.state.execution.parents.running.values()
            if one.child is None
        ], "I43"

    def _halt(self, _) -> None:
        self.bench.act("halt", reason="enough")

    def _warn(self, _) -> None:
        for _ in range(4):
            self.bench.tell(OperatorActed(self.bench.now_ns, "CEREMONY_STEP", reason="phrase"))

    def _feed(self, _) -> None:
        self.bench.tell(FeedLost(self.bench.now_ns, "market"))
        self._check()
        self.bench.tell(FeedRestored(self.bench.now_ns, "market"))

    def _fail(self, _) -> None:
        self.bench.tell(HealthReported(self.bench.now_ns, "store", "failed", "disk full"))

    def _heal(self, _) -> None:
        self.bench.tell(HealthReported(self.bench.now_ns, "store", "ok"))

    def _unclean(self, _) -> None:
        self.bench.reconciled(clean=False)

    # -- what must hold ----------------------------------------------------------------------
    def _check(self) -> None:
        steps = self.bench.steps
        self.checked = min(self.checked, len(steps))
        sent = [c for step in steps for c in submits(step)]
        assert len({c.key for c in sent}) == len(sent), "I41: a key left twice"
        self.placed = {c.key: c for c in sent}
        self._one_record_each()
        self._parents()
        self._protected()
        for step in steps[self.checked :]:
            self._may_send(step)
        self.checked = len(steps)

    def _one_record_each(self) -> None:
        """I44: what the venue was sent and what the engine knows are the same orders."""
        known = self.bench.engine.state.execution.orders.orders
        assert set(known) == set(self.placed), (
            "I44, I46: each order has one record, and had it first"
        )
        for order in known.values():
            assert ZERO <= order.filled_qty <= order.request.qty, "I42"

    def _parents(self) -> None:
        """I42: slices together are never more than was approved, none leaves its band."""
        receipts = {one.key: one for one in self.bench.receipts}
        assert len(receipts) == len(self.bench.receipts), "a receipt each"
        for started in self.bench.started:
            assert sum(started.slices) == started.qty, "I42"
            share = started.qty / len(started.slices)
            assert all(abs(qty - share) <= share / 5 for qty in started.slices), "I42"
            mine = [c for c in self.bench.slices if c.key[:2] == started.key[:2]]
            assert [c.key.slice for c in mine] == list(range(len(mine))), (
                "none again, none left out"
            )
            for slice_, planned in zip(mine, started.slices, strict=False):
                assert slice_.request.qty <= planned, "I42"
                assert slice_.request.limit_price is not None
                if started.algorithm == "iceberg":
                    assert slice_.request.limit_price <= started.arrival_mid * D("1.005"), "I42"

    def _protected(self) -> None:
        """I43: what is held and could be sold has a stop, is getting one, or is being left."""
        state = self.bench.engine.state
        held = state.ledger.positions.get(SYMBOL)
        orders = state.execution.orders
        if held is None or self.starting:
            return
        protector = state.execution.protector
        waits = protector.again_ns(SYMBOL) or SYMBOL in protector.closing
        price = state.execution.protector.stops.get(SYMBOL)
        fitting = state.market.instruments[SYMBOL].fit_qty(held.qty, market=True)
        small = (
            price is None or fitting * price < state.market.instruments[SYMBOL].min_notional_usdt
        )
        assert orders.sells(SYMBOL) or waits or small, "I43: naked"

    def _may_send(self, step: Step) -> None:
        """I45: at the moment of a slice nothing forbids new risk."""
        if not entries(step):
            return
        state = self.bench.engine.state
        is_last = step is self.bench.steps[-1]
        if not is_last:
            return  # what holds now was not what held then: `_tell` looks at each step
        opened = [
            breaker
            for level in (Level.ACCOUNT, Level.SYSTEM)
            for breaker in state.risk.breakers.of(level).values()
            if breaker.state is State.OPEN
        ]
        assert state.tilt.state.level.rank < TiltLevel.WARNING.rank, "I45"
        assert not opened and not state.risk.blocks, "I45"
        assert state.tiers.state.mode is not TierMode.HALTED, "I45"


class Watched(SliceBench):
    """Looks after each single event, not only after each act."""

    life: Life | None = None

    def tell(self, event):
        step = super().tell(event)
        if self.life is not None:
            self.life._may_send(step)
        return step


def live(acts) -> Life:
    life = Life()
    life.bench.__class__ = Watched
    life.bench.life = life  # type: ignore[attr-defined]
    for what, given_ in acts:
        life.act(what, given_)
    return life


ONE = [("slice", "iceberg"), ("answer", D(1)), ("answer", D(1))]
NEXT = [("due", 0), ("answer", D(1)), ("answer", D(1)), ("answer", D(1))]


BEGUN = [[], ONE, [*ONE, ("due", 0)], [*ONE, ("due", 0), ("accept", None)], [*ONE, *NEXT]]


@settings(max_examples=120, deadline=None)
@given(st.sampled_from(BEGUN), st.lists(ACTS, max_size=20))
@example(ONE, [*NEXT, *NEXT])
@example(ONE, [("restart", None), *NEXT, ("restart", None), *NEXT])
@example(ONE, [("due", 0), ("restart", None), ("answer", D(1)), *NEXT])
@example(ONE, [("due", 0), ("accept", None), ("restart", None), *NEXT])
@example(ONE, [("due", 0), ("unresolve", None), ("late", 11), ("restart", None), *NEXT])
@example(ONE, [("cancel", None), *NEXT])
@example(ONE, [("halt", None), *NEXT])
@example(ONE, [("warn", None), *NEXT])
@example(ONE, [("fail", None), *NEXT, ("heal", None), *NEXT])
@example(ONE, [("due", 400), ("slice", "twap"), *NEXT])
@example(ONE, [("due", 0), ("answer", D("0.3")), ("cancel", None), ("answer", D(1)), *NEXT])
@example(ONE, [("close", None), ("answer", D(1)), ("answer", D(1)), *NEXT])
def test_slices_under_any_acts(begun, acts) -> None:
    """I41, I42, I43, I44, I45, I46."""
    live([*begun, *acts])


def test_the_acts_reach_the_last_slice() -> None:
    life = live([*ONE, *NEXT, *NEXT])
    (receipt,) = life.bench.receipts
    assert (receipt.ended, receipt.slices_sent) == ("complete", 3)
