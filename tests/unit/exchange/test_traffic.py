"""Who may send now, who waits, who is refused; time stands still unless the test moves it."""

import asyncio
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genesis.domain.time import MILLISECOND, MINUTE, SECOND
from genesis.exchange.breaker import State
from genesis.exchange.bybit_words import BYBIT_DIALECT, CODES
from genesis.exchange.classify import Answer, Standing, classify
from genesis.exchange.conduct import Conduct
from genesis.exchange.traffic import Passage, Request, Traffic
from genesis.exchange.weights import Lane

ORDER, CANCEL, KLINES = "privatePostOrder", "privateDeleteOrder", "publicGetKlines"
LIMITS = [
    {"rateLimitType": "REQUEST_WEIGHT", "interval": "MINUTE", "intervalNum": 1, "limit": 100},
    {"rateLimitType": "ORDERS", "interval": "SECOND", "intervalNum": 10, "limit": 10},
]
OK = Answer(200, {})


@dataclass
class Clock:
    now: int = 10**15

    def __call__(self) -> int:
        return self.now

    def later(self, seconds: float) -> None:
        self.now += int(seconds * SECOND)


def traffic() -> tuple[Traffic, Clock]:
    clock = Clock()
    made = Traffic(Conduct(), clock)
    made.learn(LIMITS)
    return made, clock


def enter(line: Traffic, endpoint: str, lane: Lane | None = None) -> Passage | Answer | None:
    """Ask to send. Only a sleep needs a loop, and whoever gets there waits."""

    return asyncio.run(_at_once(line, Request.of(endpoint, {}, lane)))


def passes(line: Traffic, endpoint: str, lane: Lane | None = None, answer: Answer = OK) -> bool:
    found = enter(line, endpoint, lane)
    if isinstance(found, Passage):
        line.left(found, answer)
    return isinstance(found, Passage)


def refusal(line: Traffic, endpoint: str, lane: Lane | None = None) -> str:
    found = enter(line, endpoint, lane)
    assert isinstance(found, Answer)
    assert not found.was_sent
    assert classify(found) is Standing.NOT_PLACED
    return found.message


def weight(count: int) -> Answer:
    return Answer(200, {}, headers={"x-mbx-used-weight-1m": str(count)})


def fail(line: Traffic, times: int, endpoint: str = KLINES, answer: Answer | None = None) -> None:
    for _ in range(times):
        passes(line, endpoint, answer=answer or Answer(None))


# -- weight ----------------------------------------------------------------------------------
def test_reads_stop_at_the_share_and_the_rest_is_kept() -> None:
    line, _ = traffic()
    assert passes(line, KLINES, answer=weight(79))
    assert "79 of the 100 requests' weight" in refusal(line, KLINES)  # 79 + 2 > 80
    assert passes(line, "privateGetOrder", answer=weight(83))
    assert passes(line, "privateGetAccount") is False  # 83 + 20 > 100
    assert passes(line, CANCEL)
    assert passes(line, ORDER)


@given(used=st.integers(0, 10_000))
def test_no_weight_ever_holds_back_a_cancel_or_a_stop(used: int) -> None:
    line, _ = traffic()
    passes(line, KLINES, answer=weight(used))
    assert passes(line, CANCEL)
    assert passes(line, ORDER, Lane.URGENT)


def test_a_read_that_waits_leaves_when_the_minute_is_over() -> None:
    line, clock = traffic()

    async def story() -> None:
        first = await line.enter(Request.of(KLINES, {}, None))
        assert isinstance(first, Passage)
        line.left(first, weight(80))
        clock.later(31)
        waiting = asyncio.create_task(line.enter(Request.of(KLINES, {}, None)))
        await asyncio.sleep(0)
        assert not waiting.done()
        clock.now += MINUTE - 31 * SECOND
        assert isinstance(await waiting, Passage)

    asyncio.run(story())


# -- requests of any weight ------------------------------------------------------------------
RAW = {"rateLimitType": "RAW_REQUESTS", "interval": "MINUTE", "intervalNum": 5, "limit": 10}


def test_requests_are_counted_beside_their_weight_where_the_venue_limits_them() -> None:
    line, clock = traffic()
    line.learn([*LIMITS, RAW])
    for _ in range(8):
        assert passes(line, "publicGetTime")
    assert "8 of the 10 requests in 300 s" in refusal(line, "publicGetTime")
    assert "8 of the 10 requests in 300 s" in refusal(line, ORDER)
    assert passes(line, "privateGetOrder")
    assert passes(line, ORDER, Lane.URGENT)
    assert passes(line, "privateGetOrder") is False  # all ten are used
    assert passes(line, CANCEL)
    clock.later(301)
    assert passes(line, "publicGetTime")


def test_the_wallets_requests_are_not_counted_with_them() -> None:
    line, _ = traffic()
    line.learn([*LIMITS, RAW])
    for _ in range(20):
        assert passes(line, "sapiGetCapitalDepositHisrec")
    assert passes(line, "publicGetTime")


def test_another_venue_counts_by_its_own_tariff_and_is_heeded_in_its_own_numbers() -> None:
    clock = Clock()
    line = Traffic(Conduct(), clock, CODES, BYBIT_DIALECT.tariff)

    def asks(endpoint: str, answer: Answer) -> bool:
        request = Request.of(endpoint, {}, Lane.READ, BYBIT_DIALECT.tariff)
        found = asyncio.run(_at_once(line, request))
        if isinstance(found, Passage):
            line.left(found, answer)
        return isinstance(found, Passage)

    assert [asks("publicGetV5MarketTime", OK) for _ in range(481)] == [True] * 480 + [False]
    clock.later(5.1)
    assert asks("publicGetV5MarketTime", Answer(200, code=10_002))
    assert line.clock_problem is not None
    assert asks("publicGetV5MarketTime", Answer(200, code=10_006, retry_after_s=7))
    assert asks("publicGetV5MarketTime", OK) is False
    clock.later(7.1)
    assert asks("publicGetV5MarketTime", OK)
    assert asks("publicGetV5MarketTime", Answer(403))
    assert line.silence is not None


async def _at_once(line: Traffic, request: Request) -> Passage | Answer | None:
    task = asyncio.ensure_future(line.enter(request))
    await asyncio.sleep(0)
    if task.done():
        return task.result()
    task.cancel()
    return None


# -- orders ----------------------------------------------------------------------------------
def test_entries_stop_at_the_share_of_orders_and_stops_go_on() -> None:
    line, _ = traffic()
    told = Answer(200, {}, headers={"x-mbx-order-count-10s": "8"})
    assert passes(line, ORDER, answer=told)
    assert "8 of 10 orders in 10s" in refusal(line, ORDER)
    assert passes(line, ORDER, Lane.URGENT)
    assert passes(line, CANCEL)


def test_too_many_orders_stops_orders_only() -> None:
    line, clock = traffic()
    passes(line, ORDER, answer=Answer(429, code=-1015, retry_after_s=7))
    for lane in (Lane.ENTRY, Lane.URGENT):
        assert "takes no more orders of ours for 7 s (HTTP 429 -1015)" in refusal(line, ORDER, lane)
    assert passes(line, CANCEL)
    assert passes(line, KLINES)
    clock.later(7)
    clock.later(10)  # and the order that failed is forgotten
    assert passes(line, ORDER)


# -- silence ---------------------------------------------------------------------------------
@pytest.mark.parametrize(("status", "asked_s"), [(429, 17), (418, 300)])
def test_when_the_venue_asks_for_it_nothing_leaves(status: int, asked_s: float) -> None:
    line, clock = traffic()
    passes(line, KLINES, answer=Answer(status, code=-1003, retry_after_s=asked_s))
    for endpoint in (KLINES, CANCEL, ORDER, "privateGetOrder"):
        told = refusal(line, endpoint)
        assert f"nothing can be sent, no cancel either, for {asked_s} s" in told
        assert f"HTTP {status} -1003" in told
    assert not passes(line, "sapiGetAssetDribblet") or status == 429
    clock.later(asked_s - 0.001)
    assert "for 1 s" in refusal(line, CANCEL)
    clock.later(0.002)
    assert all(passes(line, endpoint) for endpoint in (KLINES, CANCEL, ORDER))
    assert line.silence is None


def test_without_a_time_it_is_silent_for_a_minute_and_never_for_less_than_before() -> None:
    line, clock = traffic()
    first, second = (enter(line, KLINES) for _ in range(2))
    assert isinstance(first, Passage) and isinstance(second, Passage)
    line.left(first, Answer(418))
    line.left(second, Answer(429, retry_after_s=1))
    clock.later(59)
    assert "418" in refusal(line, CANCEL)
    clock.later(1)
    assert passes(line, CANCEL)


def test_silence_about_the_wallet_stops_no_trading() -> None:
    line, clock = traffic()
    wallet = "sapiGetCapitalWithdrawHistory"
    assert all(passes(line, wallet) for _ in range(9))
    passes(line, wallet, answer=Answer(429, code=-1003, retry_after_s=20))
    assert "tells nothing of deposits, withdrawals and keys for 20 s" in refusal(line, wallet)
    assert all(passes(line, endpoint) for endpoint in (KLINES, CANCEL, ORDER))
    assert (line.silence, line.told().silent_s) == (None, 0)
    clock.later(20)
    assert "180000 of the 180000 requests' weight" in refusal(line, wallet)  # ten in a minute


# -- the breaker -----------------------------------------------------------------------------
def test_it_holds_reads_and_entries_and_nothing_else() -> None:
    line, _ = traffic()
    line.learn([{**LIMITS[0], "limit": 6000}])
    fail(line, 5)
    assert line.circuit.state is State.OPEN
    assert "failed too often; it is tried again in 60 s" in refusal(line, KLINES)
    assert "failed too often" in refusal(line, ORDER)
    for endpoint in (CANCEL, "privateGetOrder", "privateGetOpenOrders", "privateGetMyTrades"):
        assert passes(line, endpoint)
    assert passes(line, ORDER, Lane.URGENT)


def test_failures_of_cancels_count_and_refusals_do_not() -> None:
    line, _ = traffic()
    for answer in (Answer(400, code=-1013), Answer(401, code=-2015), Answer(404)):
        fail(line, 5, answer=answer)
    fail(line, 4, CANCEL, Answer(503))
    assert line.circuit.state is State.CLOSED
    fail(line, 1, CANCEL, Answer(504, code=-1007))
    assert line.circuit.state is State.OPEN


def test_a_read_that_is_cancelled_is_no_failure_and_frees_the_try() -> None:
    line, clock = traffic()
    for _ in range(9):
        found = enter(line, KLINES)
        assert isinstance(found, Passage)
        line.gave_up(found)
    assert line.circuit.state is State.CLOSED
    clock.later(60)  # what was given up may have been counted: for a minute it is
    fail(line, 5)
    clock.later(60)
    found = enter(line, KLINES)
    assert isinstance(found, Passage)
    assert "it is being tried" in refusal(line, KLINES)
    line.gave_up(found)
    assert passes(line, KLINES)
    assert line.circuit.state is State.CLOSED


# -- the clock -------------------------------------------------------------------------------
def test_no_entry_leaves_while_the_clocks_differ() -> None:
    line, _ = traffic()
    line.clock_off(801 * MILLISECOND)
    assert "our clock is +801 ms from the venue's" in refusal(line, ORDER)
    assert passes(line, ORDER, Lane.URGENT)
    assert passes(line, KLINES)
    line.clock_off(-800 * MILLISECOND)
    assert passes(line, ORDER)


def test_a_stamp_that_is_not_believed_stops_entries_until_the_clock_is_set() -> None:
    line, _ = traffic()
    passes(line, KLINES, answer=Answer(400, code=-1021))
    assert line.clock_doubted.is_set()
    assert "does not believe our clock" in refusal(line, ORDER)
    line.clock_off(0)
    assert passes(line, ORDER)


# -- what is told ----------------------------------------------------------------------------
def test_it_tells_how_it_is() -> None:
    line, clock = traffic()
    found = enter(line, ORDER)
    assert isinstance(found, Passage)
    clock.later(0.25)
    line.left(found, Answer(200, {}, headers={"x-mbx-used-weight-1m": "7"}))
    line.clock_off(3 * MILLISECOND)
    told = line.told()
    assert (told.weight_used, told.weight_limit, told.circuit) == (7, 100, State.CLOSED)
    assert (told.skew_ms, told.latency_ms, told.order_latency_ms) == (3, 250, 250)
    assert told.orders == (("10s", 1, 10),)


# -- the wallet ------------------------------------------------------------------------------
DEPOSITS = "sapiGetCapitalDepositHisrec"
BROKEN = Answer(503, message="wallet maintenance")


def test_a_wallet_that_fails_stops_no_trading() -> None:
    line, clock = traffic()
    for _ in range(20):
        assert passes(line, DEPOSITS, answer=BROKEN)
        clock.later(1)
    assert line.circuit.state is State.CLOSED
    assert passes(line, ORDER)


def test_a_wallet_that_answers_opens_no_trading_again() -> None:
    line, clock = traffic()
    for _ in range(5):
        assert passes(line, KLINES, answer=BROKEN)
    assert line.circuit.state is State.OPEN
    assert passes(line, DEPOSITS)
    clock.later(61)
    assert passes(line, "sapiGetSystemStatus")
    assert line.circuit.state is State.OPEN
    assert passes(line, KLINES)
    assert line.circuit.state is State.CLOSED
