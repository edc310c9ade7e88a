"""How verdicts become HTTP answers, and what readings keep of the past."""

import asyncio
from decimal import Decimal

from genesis.domain.account import TiltLevel
from genesis.domain.approval import Failure
from genesis.domain.events import JournalAssessed, OperatorActed
from genesis.domain.ids import OrderKey
from genesis.domain.orders import OrderRequest, OrderType, Purpose, Side
from genesis.domain.outcomes import (
    CommandAnswered,
    DayStarted,
    InterventionOpened,
    LimitedHourStarted,
    OrderApproved,
    OrderRefused,
    Outcome,
    PositionClosed,
)
from genesis.domain.slicing import ParentStarted
from genesis.domain.time import DAY, SECOND
from genesis.engine.step import Step
from genesis.service.api.answers import Answer, answer_of
from genesis.service.api.performance import performance
from genesis.service.api.stream import Broadcast
from genesis.service.readings import Readings
from genesis.service.runner import Happened
from tests.support.patience import PATIENCE_S

D = Decimal
ACT = OperatorActed(0, "COMMAND", client_ref="r", verb="trade", parse_ok=True)


def test_an_answer_that_ends_without_a_refusal_of_the_gate_tells_its_end_too() -> None:
    locked = Answer(423, {"accepted": False, "reason": "used up"}, 90 * SECOND)
    assert locked.told(30 * SECOND)["when"] == "in 60 seconds (00:01:30 UTC, venue time)"
    assert Answer(200, {"accepted": True}).told(0) == {"accepted": True}


def step(*outcomes: Outcome) -> Step:
    return Step(ACT, outcomes)


def approved(ref: str | None = "r") -> OrderApproved:
    request = OrderRequest(
        "BTC/USDT", Side.BUY, OrderType.MARKET, D("0.5"), Purpose.ENTRY, client_ref=ref
    )
    return OrderApproved(0, OrderKey(2, 7, 0), request, (), ("clipped",))


def closed(pnl: str, ts_ns: int) -> PositionClosed:
    return PositionClosed(
        ts_ns, "BTC/USDT", 0, D(1), D(1), D(1), D(0), D(pnl), "manual", D(0), D(0), D(1), D(0)
    )


def test_approved_names_the_order_and_what_was_changed() -> None:
    told = answer_of(step(approved(None), approved()), "r")
    assert told.status == 200
    assert told.body["order_key"] == "2-7-0"
    assert told.body["qty"] == "0.5"
    assert told.body["notes"] == ["clipped"]


def test_a_refusal_lists_every_failure_and_when_to_come_back() -> None:
    failures = (Failure("tilt", "TILT_LOCKED", "rest"), Failure("risk", "X", "y", 90 * SECOND))
    refused = OrderRefused(0, "BTC/USDT", Side.BUY, "operator", "r", failures, 90 * SECOND)
    told = answer_of(step(refused), "r")
    assert told.status == 409
    assert told.body["verdict"] == "refused"
    assert [f["code"] for f in told.body["all"]] == ["TILT_LOCKED", "X"]
    assert told.body["all"][1]["until"] == told.body["until"] == "1970-01-01T00:01:30Z"
    body = told.told(30 * SECOND, 20.0)
    assert body["when"] == "in 60 seconds (00:01:30 UTC, venue time)"
    assert [f["when"] for f in body["all"]] == [None, body["when"]]
    assert told.headers(30 * SECOND, 20.0) == {"Retry-After": "3"}
    assert told.headers(95 * SECOND) == {"Retry-After": "1"}


def test_what_cannot_be_done_is_a_refusal_too() -> None:
    told = answer_of(step(CommandAnswered(0, "r", "close", False, "nothing is open")), "r")
    assert (told.status, told.body["reason"]) == (409, "nothing is open")
    assert told.headers(0) == {}


def test_answers_of_others_are_not_mine() -> None:
    other = OrderRefused(0, "BTC/USDT", Side.BUY, "operator", "other", (Failure("a", "b", "c"),))
    told = answer_of(step(other, CommandAnswered(0, "r", "halt", True, "halted")), "r")
    assert (told.status, told.body["notes"]) == (200, ["halted"])


def test_readings_count_and_keep() -> None:
    readings = Readings()
    readings.take(step(approved(), DayStarted(0, 0, D(500)), closed("0.051", 5)))
    readings.take(step(closed("-1", DAY + 5), DayStarted(DAY, 1, D(500))))
    assert (readings.events, readings.orders, readings.refs) == (2, 1, {"r"})
    assert readings.days[0].is_profitable  # above one basis point of 500
    assert not readings.days[1].is_profitable


def test_an_intervention_is_open_until_its_page_is_accepted() -> None:
    readings = Readings()
    readings.take(step(InterventionOpened(1, TiltLevel.WARNING, "paused", 500)))
    assert readings.intervention is not None
    readings.take(
        Step(JournalAssessed(2, "ab", 500, True, "accepted"), (LimitedHourStarted(2, D("0.5"), 9),))
    )
    assert readings.intervention is None
    assert readings.limited_until_ns == 9
    assert readings.accepted_pages == {"ab"}


def test_performance_counts_the_period_only() -> None:
    trades = [
        closed("-3", 1),
        closed("2", 5 * DAY),
        closed("-1", 5 * DAY + 1),
        closed("4", 6 * DAY),
    ]
    told = performance(trades, "all", 6 * DAY)
    assert (told["total_trades"], told["winning_trades"], told["losing_trades"]) == (4, 2, 2)
    assert told["profit_factor"] == 1.5
    assert (told["max_drawdown"], told["total_pnl"]) == ("3", "2")
    today = performance(trades, "day", 6 * DAY)
    assert (today["total_trades"], today["total_pnl"], today["win_rate"]) == (2, "3", 0.5)
    assert "profit_factor" not in performance([], "all", 0)


def test_a_slow_reader_starts_over_with_a_snapshot() -> None:
    async def body() -> list[bytes]:
        cast = Broadcast(lambda: {"whole": True}, lambda: {"t": "now"}, lambda: {"t": "now"})
        stream = cast.messages()
        got = [await anext(stream)]
        for n in range(300):
            cast.observe(Happened(n, step(approved()), 0))
        running = asyncio.create_task(cast.run())
        got.append(await asyncio.wait_for(anext(stream), PATIENCE_S))
        running.cancel()
        cast.close()
        got.extend([message async for message in stream])
        return got

    first, *rest = asyncio.run(body())
    assert b'"type": "snapshot"' in first
    assert b'"type": "snapshot"' in rest[0]


def test_a_sliced_order_is_answered_as_a_whole() -> None:
    started = ParentStarted(
        *(7, OrderKey(1, 4, 0), "BTC/USDT", Side.BUY, "twap", D("0.005")),
        (D("0.002"), D("0.003")),
        *(D(60000), D(60001), 90 * SECOND + 5, "operator", "ref"),
        notes=("clipped from 400.00 to 300.00 USDT",),
    )
    request = OrderRequest(
        "BTC/USDT", Side.BUY, OrderType.LIMIT, D("0.002"), Purpose.ENTRY, client_ref="ref"
    )
    step = Step(OperatorActed(7, "ORDER_SUBMIT"), (started, OrderApproved(7, started.key, request)))
    answer = answer_of(step, "ref")
    assert (answer.status, answer.body["order_key"], answer.body["qty"]) == (200, "1-4-0", "0.005")
    last = "twap in 2 slices, the last one at about 1970-01-01T00:01:30Z"
    assert answer.body["notes"] == ["clipped from 400.00 to 300.00 USDT", last]
