"""A recorded market, played and interrupted: what was lost is fetched, or it is on record."""

import asyncio
import gzip
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path

from genesis.domain.events import (
    BookDelta,
    Event,
    FeedLost,
    FeedRestored,
    TicksMissed,
    TradeTick,
)
from genesis.exchange.binance import BinanceGateway
from genesis.exchange.loopback import DEFAULT_API_KEY, DEFAULT_API_SECRET, LoopbackExchange
from genesis.exchange.venue import venue_at
from genesis.sim.fees import FeeSchedule
from genesis.sim.venue import Venue
from genesis.wire.capture import Capture, Captured
from tests.support.build import BTC
from tests.support.loopback import ccxt_at
from tests.support.simex import EAGER, FEARLESS, SYMBOL
from tests.support.stream_server import Heard, running, until

D = Decimal
LINES = 8_000
PAST = "/api/v3/historicalTrades"


def captured(shared: Path) -> list[Event]:
    """The beginning of a day as it was recorded."""
    capture, found = Capture(), []
    with gzip.open(shared / "data" / "capture" / "btcusdt_20240808.gz", "rb") as lines:
        for _, line in zip(range(LINES), lines, strict=False):
            found += [out.event for out in capture.take(line) if isinstance(out, Captured)]
    return found


@asynccontextmanager
async def playing(
    shared: Path, speed: float = 40
) -> AsyncIterator[tuple[LoopbackExchange, BinanceGateway, list[TradeTick]]]:
    events = captured(shared)

    def feed() -> Iterator[Event]:
        return iter(events)

    venue = Venue({SYMBOL: BTC}, {"USDT": D(100)}, FeeSchedule(D(10), D(10)))
    exchange = LoopbackExchange(venue, [feed], speed=speed, hold=True)
    gateway = BinanceGateway(
        venue_at(await exchange.start()),
        DEFAULT_API_KEY,
        DEFAULT_API_SECRET,
        (SYMBOL,),
        now_ns=exchange.clock.now_ns,
        elapsed_ns=time.monotonic_ns,
        patience=EAGER,
        conduct=FEARLESS,
    )
    await gateway.open()
    try:
        yield exchange, gateway, [event for event in events if isinstance(event, TradeTick)]
    finally:
        await gateway.close()
        await exchange.stop()


async def cut_while_it_plays(
    exchange: LoopbackExchange, gateway: BinanceGateway, heard: Heard, times: int
) -> None:
    """Break every line again and again, each time when prints have come since."""
    for count in range(1, times + 1):
        reached = len(heard)
        await until(lambda: len(heard) > reached + 200)  # noqa: B023 - awaited at once
        await gateway.session.post(f"{exchange.url}/__genesis__/disconnect", json={})
        await until(lambda: len(heard.of(FeedRestored)) == count)  # noqa: B023


def test_of_a_capture_with_gaps_every_print_is_had_in_order(shared: Path) -> None:
    async def story() -> None:
        heard = Heard()
        async with (
            playing(shared) as (exchange, gateway, prints),
            running(gateway.market_stream((SYMBOL,), heard.append)),
        ):
            await cut_while_it_plays(exchange, gateway, heard, times=4)
            await exchange.played()
            await until(lambda: heard.of(TradeTick)[-1] == prints[-1])
        told = heard.of(TradeTick)
        assert told == prints[-len(told) :]
        assert len(told) > 0.9 * len(prints)  # it begins a little after the feed does
        assert len(heard.of(FeedLost)) == 4 and heard.of(TicksMissed) == []
        assert len([delta for delta in heard.of(BookDelta) if delta.is_snapshot]) >= 4

    asyncio.run(story())


def test_gaps_that_the_venue_does_not_fill_are_on_record(shared: Path) -> None:
    async def story() -> None:
        heard = Heard()
        async with playing(shared) as (exchange, gateway, prints):
            refusal = '{"code":-1100,"msg":"Illegal characters found."}'
            fault = {"mode": "http", "status": 400, "body": refusal, "count": 10**6}
            exchange.faults.arm({"path": PAST, "method": "GET", **fault})
            async with running(gateway.market_stream((SYMBOL,), heard.append)):
                await cut_while_it_plays(exchange, gateway, heard, times=4)
                await exchange.played()
                await until(lambda: heard.of(TradeTick)[-1] == prints[-1])
        gaps = heard.of(TicksMissed)
        assert 0 < len(gaps) <= 4
        assert all("Illegal characters" in gap.reason for gap in gaps)
        gone = {n for gap in gaps for n in range(gap.first_id, gap.last_id + 1)}
        told = heard.of(TradeTick)
        first = told[0].trade_id
        by_id = {tick.trade_id: tick for tick in prints if tick.trade_id >= first}
        assert gone.isdisjoint(heard.ids) and gone | set(heard.ids) == by_id.keys()
        assert all(by_id[tick.trade_id] == tick for tick in told)
        for gap in gaps:
            assert gap.first_ns == by_id[gap.first_id - 1].ts_ns
            assert gap.last_ns == by_id[gap.last_id + 1].ts_ns

    asyncio.run(story())


def test_single_prints_are_had_by_id_and_sums_of_prints_are_not_what_is_asked(
    shared: Path,
) -> None:
    """ccxt's own `fetch_trades` asks for sums (aggTrades); both ways meet in ids and amounts."""

    async def story() -> None:
        async with playing(shared, speed=1_000) as (exchange, gateway, prints):
            async with running(gateway.market_stream((SYMBOL,), Heard().append)):
                await exchange.played()
            first = prints[100].trade_id
            assert await gateway.past_trades(SYMBOL, first) == tuple(prints[100:1100])
            assert await gateway.past_trades(SYMBOL, prints[-1].trade_id + 1) == ()
            async with ccxt_at(exchange.url) as client:
                await client.load_markets()
                params = {"symbol": "BTCUSDT", "fromId": first, "limit": 1000}
                rows = await client.publicGetHistoricalTrades(params)
                assert [int(row["id"]) for row in rows] == [
                    tick.trade_id for tick in prints[100:1100]
                ]
                sums = await client.fetch_trades(SYMBOL, limit=5, params={"fromId": first})
                assert set(sums[0]["info"]) >= {"a", "f", "l"}

    asyncio.run(story())
