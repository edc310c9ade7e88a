"""How much the venue hears of us over websockets, whatever it does: below its documented limits."""

import asyncio
from typing import Any

import aiohttp
from hypothesis import given
from hypothesis import strategies as st

from genesis.exchange.connection import Connection, Patience
from genesis.exchange.feed import Feed
from genesis.exchange.line import Line
from genesis.exchange.pace import Pace
from tests.support.warp import warped

THEIR_ATTEMPTS, THEIR_SPAN_S = 300, 300.0
THEIR_MESSAGES = 5


def most_within(at: list[float], span_s: float) -> int:
    """The most moments in any span, its end included."""
    return max((sum(0 <= other - first <= span_s for other in at) for first in at), default=0)


@given(st.integers(1, 6), st.lists(st.floats(0, 30), max_size=40))
def test_in_no_span_are_there_more_than_allowed(most: int, wanted: list[float]) -> None:
    taken: list[float] = []

    async def one(pace: Pace, at: float) -> None:
        await asyncio.sleep(at)
        await pace.turn()
        taken.append(asyncio.get_running_loop().time())

    async def story() -> None:
        pace = Pace(most, 10.0)
        await asyncio.gather(*(one(pace, at) for at in wanted))

    warped(story())
    assert len(taken) == len(wanted)
    assert most_within(taken, 9.999) <= most


class Silent:
    """A session of a venue that takes nobody in."""

    def __init__(self) -> None:
        self.tried: list[float] = []

    async def ws_connect(self, *_: Any, **__: Any) -> Any:
        self.tried.append(asyncio.get_running_loop().time())
        raise aiohttp.ClientConnectionError("not now")


def test_lines_that_never_come_up_try_less_often_than_the_venue_allows() -> None:
    """Three lines of one gateway, at their most impatient."""

    async def story() -> list[float]:
        session, pace = Silent(), Pace()
        eager = Patience(first_pause_s=0.01, longest_pause_s=0.01)
        feed = Feed("market", lambda _: None, lambda: 0)
        lines = [Line("ws://venue", session, feed, eager, pace) for _ in range(3)]  # type: ignore[arg-type]
        tasks = [asyncio.create_task(line.run(None)) for line in lines]  # type: ignore[arg-type]
        await asyncio.sleep(1_000)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        return session.tried

    tried = warped(story())
    assert len(tried) > 3 * 200
    assert most_within(tried, THEIR_SPAN_S - 0.001) <= THEIR_ATTEMPTS * 0.8


class Pinging:
    """A socket whose venue pings without end."""

    close_code = None

    def __init__(self, every_s: float) -> None:
        self.every_s, self.said = every_s, [0.0]  # the greeting
        self.answered: list[bytes] = []

    async def receive(self) -> aiohttp.WSMessage:
        await asyncio.sleep(self.every_s)
        now = asyncio.get_running_loop().time()
        return aiohttp.WSMessage(aiohttp.WSMsgType.PING, str(now).encode(), None)

    async def pong(self, payload: bytes) -> None:
        self.said.append(asyncio.get_running_loop().time())
        self.answered.append(payload)

    async def ping(self) -> None:
        self.said.append(asyncio.get_running_loop().time())

    async def close(self) -> None:
        """Nothing to close."""


class Talk:
    async def keep_pace(self) -> None:
        """It follows."""

    def told_at(self) -> float:
        return 0.0

    def hear(self, text: str) -> bool:
        return False


@given(st.floats(0.001, 25.0))
def test_one_connection_says_less_in_a_second_than_the_venue_takes(every_s: float) -> None:
    async def story() -> Pinging:
        socket = Pinging(every_s)
        connection = Connection(socket, Talk(), Patience(silence_s=0.02))  # type: ignore[arg-type]
        await asyncio.sleep(30)
        await connection.close()
        return socket

    socket = warped(story())
    assert most_within(socket.said, 0.999) < THEIR_MESSAGES


def test_a_ping_at_the_venues_pace_is_answered_at_once() -> None:
    async def story() -> Pinging:
        socket = Pinging(20.0)
        calm = Patience(silence_s=60)
        connection = Connection(socket, Talk(), calm)  # type: ignore[arg-type]
        await asyncio.sleep(81)
        await connection.close()
        return socket

    assert [float(payload) for payload in warped(story()).answered] == [20, 40, 60, 80]
