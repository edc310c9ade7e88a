"""What a trade is judged by: the state at its entry, and what was done to its plan."""

from decimal import Decimal as D

from genesis.analytics import judged_trades
from genesis.domain.account import MarketState, TiltLevel
from genesis.domain.events import OperatorActed, TimerFired
from genesis.domain.ids import OrderKey
from genesis.domain.orders import OrderRequest, OrderType, Purpose, Side
from genesis.domain.outcomes import (
    OrderApproved,
    OverrideJudged,
    PositionClosed,
    PositionOpened,
    TiltScored,
    ViolationNoted,
)
from genesis.domain.time import HOUR, SECOND
from genesis.engine.step import Step

BTC = "BTC/USDT"


def at(second, *outcomes):
    return Step(TimerFired(second * SECOND, "x"), outcomes)


def acted(second, kind="COMMAND", **fields):
    return Step(OperatorActed(second * SECOND, kind, symbol=BTC, **fields))


def scored(score, level):
    return TiltScored(0, score, TiltLevel[level], ())


def approved(second, purpose="ENTRY", stop=None, source="operator"):
    request = OrderRequest(
        BTC, Side.BUY, OrderType.MARKET, D(1), Purpose[purpose],
        stop_price=None if stop is None else D(stop), source=source,
    )  # fmt: skip
    return OrderApproved(second * SECOND, OrderKey(1, second), request)


def opened():
    return PositionOpened(0, BTC, D(1), D(100))


def closed(second, pnl="1"):
    return PositionClosed(
        second * SECOND, BTC, 0, D(100), D(101), D(2), D("0.1"), D(pnl), "stop", D(0), D(0), D(5),
        D(0),
    )  # fmt: skip


def test_score_and_level_are_those_of_the_entry_not_of_the_close():
    steps = [
        at(1, scored(45, "CAUTION")),
        at(2, approved(2)),
        at(3, scored(70, "WARNING"), opened()),
        at(4, closed(4)),
    ]
    (trade,) = judged_trades(steps)
    assert (trade.score, trade.level) == (45, TiltLevel.CAUTION)
    assert trade.is_tilted
    assert (trade.size_usdt, trade.risk_usdt, trade.fees_usdt) == (200, 5, D("0.1"))
    assert trade.session == "1970-01-01"


def test_a_stop_that_was_moved_away_is_off_the_plan_and_a_tighter_one_is_not():
    def course(second_stop):
        return [
            at(1, approved(1)),
            at(2, opened(), approved(2, "PROTECT", "98")),
            at(3, approved(3, "PROTECT", second_stop)),
            at(4, closed(4)),
        ]

    assert judged_trades(course("97"))[0].tags == {"off-plan"}
    assert judged_trades(course("99"))[0].tags == frozenset()


def test_a_removed_stop_is_off_the_plan():
    steps = [at(1, approved(1)), at(2, opened()), acted(3, "STOP_REMOVE"), at(4, closed(4))]
    assert judged_trades(steps)[0].tags == {"off-plan"}


def test_trades_under_an_override_carry_its_tag_until_it_ends():
    override = OverrideJudged(0, "r", True, "accepted", 0, 2 * HOUR)
    one = [at(10, approved(10)), at(11, opened()), at(12, closed(12))]
    late = [at(9000, approved(9000)), at(9001, opened()), at(9002, closed(9002))]
    found = judged_trades([at(1, override), *one, *late])
    assert [trade.tags for trade in found] == [{"override"}, frozenset()]


def test_a_violation_while_it_was_open_counts():
    noted = ViolationNoted(0, "locked_entry", "entry while locked")
    steps = [at(1, approved(1)), at(2, opened()), at(3, noted), at(4, closed(4))]
    assert judged_trades(steps)[0].tags == {"violation"}


def test_only_the_traders_own_unless_all_are_asked_for():
    steps = [at(1, approved(1, source="strategy:x")), at(2, opened()), at(3, closed(3))]
    assert judged_trades(steps) == ()
    assert judged_trades(steps, whose=None)[0].strategy == "strategy:x"


def test_the_market_state_is_the_last_one_told():
    steps = [
        acted(1, market_state=MarketState.VOLATILE),
        at(2, approved(2)),
        at(3, opened()),
        at(4, closed(4)),
    ]
    assert judged_trades(steps, lambda ts_ns: "s")[0].market_state == "VOLATILE"
