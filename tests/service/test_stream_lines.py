"""Lines that move, stall and break: nothing is lost, nothing told twice, and silence is told."""

import asyncio
import json
import os
import signal
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from genesis.domain.events import (
    BarClosed,
    BookTop,
    FeedLost,
    FeedRestored,
    HealthReported,
    OrderAccepted,
    TicksMissed,
)
from genesis.domain.time import MINUTE
from genesis.exchange.binance import BinanceGateway
from genesis.exchange.line import Patience
from genesis.exchange.once import Once
from genesis.exchange.user_stream import UserStream
from genesis.exchange.venue import venue_at
from genesis.wire.streams import combined, write_kline, write_top
from tests.support.process import Process
from tests.support.simex import command, wire
from tests.support.stream_server import (
    START_NS,
    SYMBOL,
    Heard,
    StreamServer,
    a_server,
    a_stream,
    running,
    until,
)

SHUTDOWN = combined("!serverShutdown", {"e": "serverShutdown", "E": 1_770_123_456_789})
USER_SHUTDOWN = '{"event":{"e":"serverShutdown","E":1770123456789}}'
TERMINATED = '{"subscriptionId":0,"event":{"e":"eventStreamTerminated","E":1728973001334}}'
BRISK = Patience(first_pause_s=0.02, longest_pause_s=0.2, overlap_s=0.2)


# -- moving ----------------------------------------------------------------------------------
async def _trades_for_ever(server: StreamServer, told_to: list[int]) -> None:
    """One print after the other, to whoever is connected."""
    while True:
        told_to.append(len(told_to))
        await server.trades([told_to[-1]])
        await asyncio.sleep(0.001)


@pytest.mark.parametrize("lines", [1, 2])
def test_before_the_venue_cuts_a_connection_another_has_taken_over(lines: int) -> None:
    async def story() -> None:
        heard, sent = Heard(), list[int]()
        patience = Patience(lifetime_s=0.3, overlap_s=0.1, first_pause_s=0.02)
        async with (
            a_server() as server,
            a_stream(server, heard.append, lines=lines, patience=patience),
        ):
            telling = asyncio.create_task(_trades_for_ever(server, sent))
            await until(lambda: len(server.sockets) >= 5 * lines)
            telling.cancel()
            await asyncio.gather(telling, return_exceptions=True)
            await until(lambda: bool(heard.ids) and heard.ids[-1] >= sent[-2])
            assert len(server.open) < len(server.sockets)
        assert heard == heard.of(type(heard[0]))  # prints, and no word of a loss
        assert heard.ids == list(range(heard.ids[0], heard.ids[-1] + 1))

    asyncio.run(story())


def test_an_announced_shutdown_is_left_at_once_with_an_overlap() -> None:
    async def story() -> None:
        heard = Heard()
        async with a_server() as server, a_stream(server, heard.append, lines=1):
            await server.trades([1, 2])
            await server.say([SHUTDOWN])
            await until(lambda: len(server.open) == 2)
            await server.trades([3, 4])  # both tell them
            await until(lambda: len(server.open) == 1)
            await server.trades([5])
            await until(lambda: 5 in heard.ids)
            assert server.sockets[0].closed and not server.sockets[1].closed
            assert heard.ids == [1, 2, 3, 4, 5]
            assert heard == heard.of(type(heard[0]))

    asyncio.run(story())


def test_a_shutdown_told_without_an_envelope_is_understood() -> None:
    async def story() -> None:
        heard = Heard()
        async with a_server() as server, a_stream(server, heard.append, lines=1):
            await server.say(['{"e":"serverShutdown","E":1770123456789}'])
            await until(lambda: len(server.sockets) == 2)
            assert heard == []

    asyncio.run(story())


def test_a_connection_that_ends_while_the_next_is_tried_is_told_as_lost() -> None:
    async def story() -> None:
        heard = Heard()
        async with a_server() as server, a_stream(server, heard.append, lines=1):
            await server.say([SHUTDOWN])
            server.cut(0)
            await until(lambda: bool(heard.of(FeedRestored)))
            assert [type(event) for event in heard] == [FeedLost, FeedRestored]

    asyncio.run(story())


# -- two lines -------------------------------------------------------------------------------
def test_what_both_lines_tell_is_told_once_and_one_of_them_is_enough() -> None:
    async def story() -> None:
        heard = Heard()
        async with a_server() as server, a_stream(server, heard.append, klines=("1m",)):
            bar = BarClosed(START_NS + MINUTE, SYMBOL, MINUTE, *map(Decimal, (2, 3, 1, 2, 9)))
            tops = [BookTop(0, SYMBOL, n, Decimal(n), *map(Decimal, (1, 9, 1))) for n in (1, 2, 3)]
            for n, top in enumerate(tops, start=1):
                await server.trades([n], to=0)
                await server.say([combined("btcusdt@bookTicker", write_top(top))], to=0)
            await until(lambda: len(heard.of(BookTop)) == 3)
            for n, top in enumerate(tops, start=1):  # the other one is behind
                await server.trades([n], to=1)
                await server.say([combined("btcusdt@bookTicker", write_top(top))], to=1)
            await server.say([combined("btcusdt@kline_1m", write_kline(bar))])
            await server.trades([4], to=1)
            await until(lambda: 4 in heard.ids)
            assert heard.ids == [1, 2, 3, 4]
            assert [top.update_id for top in heard.of(BookTop)] == [1, 2, 3]
            assert heard.of(BarClosed) == [bar]

    asyncio.run(story())


@pytest.mark.parametrize("how", ["cut", "stalled", "answering pings alone"])
def test_the_second_line_carries_the_feed_when_the_first_fails(how: str) -> None:
    async def story() -> None:
        heard = Heard()
        patience = Patience(silence_s=0.4, first_pause_s=0.02, connect_s=1.0)
        async with a_server() as server, a_stream(server, heard.append, patience=patience):
            await server.trades([1])
            if how == "cut":
                server.cut(0)
            server.is_mute = how == "stalled"
            beating = asyncio.create_task(_trades_on(server, 1))
            await until(lambda: len(heard.of(HealthReported)) == 2)
            beating.cancel()
            await asyncio.gather(beating, return_exceptions=True)
            lost, restored = heard.of(HealthReported)
            assert (lost.component, lost.status) == ("market line", "degraded")
            assert "another carries the feed" in lost.detail
            assert (restored.component, restored.status) == ("market line", "ok")
            assert heard.of(FeedLost) == []
            assert heard.ids == list(range(1, heard.ids[-1] + 1))

    asyncio.run(story())


async def _trades_on(server: StreamServer, to: int) -> None:
    """Prints on one connection alone."""
    number = 1
    while True:
        number += 1
        await server.trades([number], to=to)
        await asyncio.sleep(0.02)


def test_the_feed_is_lost_with_its_last_line_and_back_with_the_first() -> None:
    async def story() -> None:
        heard = Heard()
        async with a_server() as server, a_stream(server, heard.append) as stream:
            server.cut()
            await until(lambda: bool(heard.of(FeedRestored)))
            assert stream.ready.is_set()
            await until(lambda: len(server.open) == 2)
            (lost,), (restored,) = heard.of(FeedLost), heard.of(FeedRestored)
            assert lost.stream == restored.stream == "market"
            assert heard.index(lost) < heard.index(restored)

    asyncio.run(story())


# -- a server that stands still ---------------------------------------------------------------
def test_a_server_that_is_stopped_is_noticed_and_what_it_told_meanwhile_is_had(
    tmp_path: Path,
) -> None:
    feed = tmp_path / "BTCUSDT-trades-2023-11-14.csv"
    feed.write_text(
        "".join(
            f"{n},60000.00,0.5,30000.0,{1_700_000_000_000 + 10 * n},True,True\n"
            for n in range(1, 3_000)
        )
    )

    async def story(url: str, server: int) -> None:
        heard = Heard()
        patience = Patience(silence_s=0.8, connect_s=1.0, first_pause_s=0.05)
        gateway = BinanceGateway(
            venue_at(url),
            "k",
            "s",
            (SYMBOL,),
            now_ns=time.time_ns,
            elapsed_ns=time.monotonic_ns,
            patience=patience,
        )
        await gateway.open()
        try:
            async with running(gateway.market_stream((SYMBOL,), heard.append)):
                await until(lambda: len(heard.ids) > 10)
                os.kill(server, signal.SIGSTOP)
                await until(lambda: bool(heard.of(FeedLost)))
                os.kill(server, signal.SIGCONT)
                await until(lambda: bool(heard.of(FeedRestored)))
                before = len(heard.ids)
                await until(lambda: len(heard.ids) > before + 10)
        finally:
            os.kill(server, signal.SIGCONT)
            await gateway.close()
        assert heard.of(FeedLost)[0].reason == "nothing heard for 0.8 s"
        assert heard.ids == list(range(heard.ids[0], heard.ids[-1] + 1))
        assert heard.of(TicksMissed) == []

    with Process(tmp_path, "exchange", "--feed", str(feed), "--hold") as exchange:
        asyncio.run(story(exchange.ready["url"], exchange.process.pid))


# -- our orders ------------------------------------------------------------------------------
def report(n: int, kind: str, **more: Any) -> str:
    """An executionReport of order n, or of somebody else's where `c` is given."""
    event = {
        **{"e": "executionReport", "E": 1_723_161_600_000, "s": "BTCUSDT", "c": wire(n)},
        **{"S": "BUY", "o": "LIMIT", "f": "GTC", "q": "1", "p": "5", "C": "", "x": kind},
        **{"X": kind, "r": "NONE", "i": n, "l": "0", "z": "0", "L": "0", "n": "0", "N": None},
        **{"T": 1_723_161_600_000, "t": -1, "I": 9_000 + n, "w": True, "m": False},
    }
    return json.dumps({"subscriptionId": 0, "event": event | more})


@asynccontextmanager
async def a_user_stream(server: StreamServer, heard: Heard) -> AsyncIterator[UserStream]:
    async with aiohttp.ClientSession() as session:
        stream = UserStream(
            server.url,
            "k",
            "s",
            heard.append,
            doubt=heard.doubts.append,
            order_trades=_no_trades,
            once=Once(),
            session=session,
            now_ns=time.time_ns,
            signed_ns=time.time_ns,
            recv_window_ms=5_000,
            patience=BRISK,
        )
        async with running(stream):
            yield stream


async def _no_trades(order: Any) -> Any:
    raise AssertionError(f"nobody asked for the trades of {order}")


def test_the_user_stream_moves_with_an_overlap_and_tells_nothing_twice() -> None:
    async def story() -> None:
        heard = Heard()
        async with a_server() as server, a_user_stream(server, heard):
            await server.say([report(1, "NEW"), USER_SHUTDOWN])
            await until(lambda: len(server.open) == 2)
            by_hand = report(3, "TRADE", c="web_by_hand", t=5, X="FILLED")
            await server.say([report(2, "NEW"), by_hand])
            await until(lambda: len(server.open) == 1)
            await server.say([report(4, "NEW")])
            await until(lambda: len(heard.of(OrderAccepted)) == 3)
            assert [told.key for told in heard.of(OrderAccepted)] == [
                command(n).key for n in (1, 2, 4)
            ]
            assert len(heard.of(HealthReported)) == len(heard.doubts) == 1
            assert heard.of(FeedLost) == []

    asyncio.run(story())


def test_an_ended_event_stream_is_told_and_subscribed_to_again() -> None:
    """The socket stays open, but nothing comes over it any more."""

    async def story() -> None:
        heard = Heard()
        async with a_server() as server, a_user_stream(server, heard):
            await server.say([TERMINATED])
            await until(lambda: bool(heard.of(FeedRestored)))
            await server.say([report(1, "NEW")])
            await until(lambda: bool(heard.of(OrderAccepted)))
            lost = heard.of(FeedLost)[0]
            assert lost.reason == "the venue ended the user stream"
            assert [type(event) for event in heard] == [FeedLost, FeedRestored, OrderAccepted]

    asyncio.run(story())
