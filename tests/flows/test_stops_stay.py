"""Protective stops stay: nothing that blocks new risk takes the protection of a position away."""

from decimal import Decimal

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from genesis.domain.account import TierMode, TiltLevel
from genesis.domain.commands import CancelOrder
from genesis.domain.events import FeedLost, FeedRestored, HealthReported, OperatorActed, VenueStatus
from genesis.domain.orders import Purpose
from genesis.engine.tier_acts import RECORD
from tests.flows.test_random_course import Course, acts, play
from tests.support.build import BTC
from tests.support.engines import SYMBOL

D = Decimal
BLOWS = st.sampled_from(
    ["halt", "demote", "warn", "store", "record", "feed", "maintenance", "unreconciled", "cancel"]
)
moves = st.lists(st.one_of(st.tuples(st.just("blow"), BLOWS), acts), max_size=14)


def struck(course: Course, blow: str) -> None:
    """Something that forbids new risk."""
    now_ns = course.now_ns
    match blow:
        case "halt":
            course.act("halt", reason="enough")
        case "demote":
            lose_the_day(course)
        case "warn":
            while course.engine.state.tilt.state.level.rank < TiltLevel.WARNING.rank:
                course.tell(OperatorActed(now_ns, "CEREMONY_STEP", reason="phrase"))
        case "store" | "record":
            name = RECORD if blow == "record" else "store"
            course.tell(HealthReported(now_ns, name, "failed", "the disk is full"))
        case "feed":
            course.tell(FeedLost(now_ns, "market"))
            course.later(30)
            course.tell(FeedRestored(course.now_ns, "market"))
        case "maintenance":
            course.tell(VenueStatus(now_ns, "maintenance"))
            course.tell(VenueStatus(now_ns, "ok"))
        case "unreconciled":
            course.reconciled(clean=False)
        case _:
            course.act("cancel_all", "ORDER_CANCEL")


def lose_the_day(course: Course) -> None:
    """As if it had begun with far more; three marks over two seconds confirm it."""
    state, view = course.engine.state, course.engine.view
    began = view.equity_usdt * D("1.3")
    state.risk.drawdown.start_day(course.now_ns, began, D(0), state.limits, state.rules.risk)
    for _ in range(4):
        course.move(str(view.price(SYMBOL)))


def assert_untouched(course: Course, since: int) -> None:
    """Of what was cancelled, nothing protected a position."""
    orders = course.engine.state.execution.orders.orders
    for step in course.steps[since:]:
        for command in step.commands:
            if isinstance(command, CancelOrder):
                assert orders[command.key].request.purpose is Purpose.ENTRY


def assert_covered(course: Course, what: str) -> None:
    state = course.engine.state
    for symbol, position in state.ledger.positions.items():
        sellable = BTC.fit_qty(position.qty, market=True)
        stop = state.execution.protector.stops[symbol]
        if sellable * stop < BTC.min_notional_usdt:
            continue  # dust
        resting = [
            order
            for order in course.venue.open_orders
            if order.new.stop_price is not None and order.qty == sellable
        ]
        assert len(resting) == 1, f"unprotected at the venue after {what}"
        assert [o.request.purpose for o in state.execution.orders.sells(symbol)] == [
            Purpose.PROTECT
        ]


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(moves)
@example([("blow", "halt"), ("blow", "demote"), ("blow", "warn"), ("blow", "record")])
def test_d19_whatever_happens_a_position_keeps_its_stop_at_the_venue(course_of: list) -> None:
    """After every single step, with a venue that answers."""
    course, run = Course([]), 1
    course.buy("20")
    for verb, value in course_of:
        if verb == "blow":
            since = len(course.steps)
            struck(course, value)
            assert_untouched(course, since)
        elif verb == "restart":
            run += 1
            course.start(run)
            course.reconciled()
        else:
            play(course, [(verb, value)])
        assert_covered(course, f"{verb} {value}")


def test_a_demotion_of_a_held_position_leaves_it_and_its_stop() -> None:
    course = Course([])
    course.buy("20")
    struck(course, "demote")
    assert course.engine.state.tiers.state.mode is TierMode.EMERGENCY
    assert course.engine.state.ledger.positions
    assert_covered(course, "a demotion")
