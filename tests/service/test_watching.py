"""What is wrong with the line reaches the engine's own breaker, and when it is right again, too."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from decimal import Decimal

from genesis.domain.account import MarketState
from genesis.domain.events import (
    Event,
    HealthReported,
    InstrumentReported,
    OrderRejected,
    VenueStatus,
)
from genesis.domain.outcomes import BreakerMoved, OrderRefused
from genesis.domain.time import SECOND
from genesis.exchange.binance import BinanceGateway
from genesis.exchange.classify import Answer
from genesis.exchange.conduct import Conduct
from genesis.exchange.loopback import DEFAULT_API_KEY, DEFAULT_API_SECRET, LoopbackExchange
from genesis.exchange.retries import NO_RETRY
from genesis.exchange.traffic import Passage, Request
from genesis.exchange.venue import venue_at
from genesis.service.watching import Watching
from tests.support.build import BTC
from tests.support.clocks import VirtualClock
from tests.support.engines import SYMBOL, T0, Bench, only, submits
from tests.support.loopback import an_exchange, raw_at
from tests.support.simex import EAGER, QUICK, command


@dataclass
class Watched:
    """A line to an exchange, an engine, and what watches over both; time is the test's."""

    exchange: LoopbackExchange
    gateway: BinanceGateway
    bench: Bench
    clock: VirtualClock
    told: list[Event]
    watching: Watching

    def later(self, seconds: float) -> None:
        self.clock.seen("test", self.clock.now_ns() + int(seconds * SECOND))
        self.bench.later(seconds)

    async def met(
        self, answer: Answer, endpoint: str = "publicGetKlines", took_s: float = 0
    ) -> None:
        """A request that was answered so."""
        entered = await self.gateway.traffic.enter(Request.of(endpoint, {}, None))
        assert isinstance(entered, Passage)
        self.later(took_s)
        self.gateway.traffic.left(entered, answer)

    def is_open(self) -> bool:
        return bool(only(self.bench.buy("50"), OrderRefused))

    def status(self, status: int, words: str) -> None:
        body = json.dumps({"status": status, "msg": words})
        path = "/sapi/v1/system/status"
        self.exchange.faults.arm(
            {"path": path, "method": "GET", "mode": "http", "status": 200, "body": body}
        )


@asynccontextmanager
async def watched() -> AsyncIterator[Watched]:
    async with an_exchange() as exchange:
        bench, clock, told = Bench(), VirtualClock(T0), []
        gateway = BinanceGateway(
            venue_at(exchange.url), DEFAULT_API_KEY, DEFAULT_API_SECRET, (SYMBOL,),
            now_ns=exchange.clock.now_ns, elapsed_ns=clock.elapsed_ns, bound=QUICK,
            timeout_ms=2_000, patience=EAGER, conduct=Conduct(retries=NO_RETRY),
        )  # fmt: skip

        async def tell(event: Event) -> None:
            told.append(event)
            bench.tell(event)

        def report(component: str, status: str, detail: str) -> None:
            event = HealthReported(bench.now_ns, component, status, detail)
            told.append(event)
            bench.tell(event)

        watching = Watching(gateway, bench.engine, clock, (SYMBOL,), report, tell, None)
        await gateway.open()
        try:
            yield Watched(exchange, gateway, bench, clock, told, watching)
        finally:
            await gateway.close()


def _moves(bench: Bench) -> list[str]:
    return [
        fact.state for step in bench.steps for fact in step.outcomes
        if isinstance(fact, BreakerMoved)
    ]  # fmt: skip


def test_silence_of_the_venue_opens_the_system_breaker_until_it_answers_and_rested() -> None:
    async def story() -> None:
        async with watched() as w:
            w.watching.look()
            assert w.told == []
            w.later(31)
            w.watching.look()
            w.watching.look()
            (failed,) = w.told
            assert isinstance(failed, HealthReported)
            assert (failed.component, failed.status) == ("connectivity", "failed")
            assert w.is_open()
            await w.gateway.venue_time()
            w.watching.look()
            assert [event.status for event in w.told] == ["failed", "ok"]  # type: ignore[union-attr]
            assert w.is_open()  # it rests
            w.later(60)
            assert len(submits(w.bench.buy("10"))) == 1  # and one small order tries
            assert _moves(w.bench) == ["OPEN", "HALF_OPEN"]

    asyncio.run(story())


def test_a_ban_is_told_and_ends_by_itself() -> None:
    async def story() -> None:
        async with watched() as w:
            await w.met(Answer(418, code=-1003, message="banned", retry_after_s=20))
            w.watching.look()
            (failed,) = w.told
            assert isinstance(failed, HealthReported)
            assert failed.component == "limits"
            assert "HTTP 418 -1003 banned" in failed.detail
            assert "nothing can be sent, no cancel either, for 20 s" in failed.detail
            w.later(20)
            w.watching.look()
            assert w.told[-1] == HealthReported(w.bench.now_ns, "limits", "ok", "")

    asyncio.run(story())


def test_a_broken_line_and_a_clock_that_is_off_are_told() -> None:
    async def story() -> None:
        async with watched() as w:
            for _ in range(5):
                await w.met(Answer(503))
            w.gateway.traffic.clock_off(2 * SECOND)
            w.watching.look()
            parts = [event.component for event in w.told if isinstance(event, HealthReported)]
            assert parts == ["circuit", "clock"]

    asyncio.run(story())


def test_five_slow_orders_trip_it_and_leave_nothing_to_wait_for() -> None:
    async def story() -> None:
        async with watched() as w:
            for _ in range(5):
                await w.met(Answer(200, {}), "privatePostOrder", took_s=0.6)
            w.watching.look()
            w.watching.look()
            statuses = [event.status for event in w.told if isinstance(event, HealthReported)]
            assert statuses == ["failed", "ok"]
            assert w.is_open()
            w.later(60)
            assert len(submits(w.bench.buy("10"))) == 1

    asyncio.run(story())


def test_without_rules_for_it_nothing_is_watched_and_what_was_told_is_taken_back() -> None:
    async def story() -> None:
        async with watched() as w:
            w.later(31)
            w.watching.look()
            risk = w.bench.engine.state.rules.risk
            assert risk.breakers is not None
            system = replace(risk.breakers.system, conditions=None)
            rules = replace(risk, breakers=replace(risk.breakers, system=system))
            w.bench.engine.state.rules = replace(w.bench.engine.state.rules, risk=rules)
            w.watching.look()
            assert [event.status for event in w.told] == ["failed", "ok"]  # type: ignore[union-attr]

    asyncio.run(story())


def test_maintenance_begins_and_ends_by_the_venues_word() -> None:
    async def story() -> None:
        async with watched() as w:
            await w.watching.ask_status()
            assert w.told == []
            w.status(1, "system_maintenance")
            await w.watching.ask_status()
            words = "the venue is under maintenance (system_maintenance)"
            assert w.told == [VenueStatus(T0, "maintenance", words)]
            assert w.bench.engine.state.market.status is MarketState.MAINTENANCE
            assert w.is_open()
            await w.watching.ask_status()
            assert isinstance(w.told[-1], VenueStatus) and w.told[-1].status == "normal"
            assert len(submits(w.bench.buy("50"))) == 1

    asyncio.run(story())


def test_filters_that_changed_are_told_and_others_are_not() -> None:
    async def story() -> None:
        async with watched() as w:
            await w.watching.refresh_filters()
            before = len(w.told)  # the exchange's own grid may differ from the bench's
            await w.watching.refresh_filters()
            assert len(w.told) == before
            until_now = replace(BTC, min_notional_usdt=Decimal(17))
            w.bench.tell(InstrumentReported(w.bench.now_ns, until_now))
            await w.watching.refresh_filters()
            (news,) = w.told[before:]
            assert isinstance(news, InstrumentReported)
            assert news.instrument.min_notional_usdt == BTC.min_notional_usdt

    asyncio.run(story())


def test_a_suspended_symbol_is_entered_no_more_until_it_trades_again() -> None:
    async def story() -> None:
        async with watched() as w:
            await w.watching.refresh_filters()
            async with raw_at(w.exchange) as raw:
                for status in ("HALT", "TRADING"):
                    named = {"symbol": "BTCUSDT", "status": status}
                    await raw.post("/__genesis__/symbol", named)
                    (rejected,) = await w.gateway.submit(command(1, qty=Decimal("0.00001")), "g-1")
                    assert isinstance(rejected, OrderRejected)
                    assert w.gateway.traffic.filters_doubted.is_set()
                    await w.watching.refresh_filters()
                    refused = only(w.bench.buy("50"), OrderRefused)
                    codes = [failure.code for each in refused for failure in each.failures]
                    assert codes == (["SYMBOL_SUSPENDED"] if status == "HALT" else [])
                    w.gateway.traffic.filters_doubted.clear()

    asyncio.run(story())


def test_a_filter_refusal_has_them_learnt_anew_at_once() -> None:
    async def story() -> None:
        async with watched() as w:
            stale = replace(BTC, min_notional_usdt=Decimal(17))
            w.bench.tell(InstrumentReported(w.bench.now_ns, stale))
            running = asyncio.create_task(w.watching.run())
            await asyncio.sleep(0.05)
            assert not any(isinstance(event, InstrumentReported) for event in w.told)
            await w.met(Answer(400, code=-1013), "privatePostOrder")
            end = time.monotonic() + 20
            while not any(isinstance(event, InstrumentReported) for event in w.told):
                assert time.monotonic() < end
                await asyncio.sleep(0.01)
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)

    asyncio.run(story())
