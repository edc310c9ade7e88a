"""How long a silence lasts until it is told; in time that jumps, so to the millisecond."""

import asyncio
from collections.abc import Sequence
from typing import Any

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from genesis.exchange.connection import Connection, Patience
from tests.support.warp import warped

TOLD_WITHIN_S = 5.0


class Socket:
    """Says things at given times, and answers pings while it is well."""

    close_code = None

    def __init__(self, at: Sequence[float], well_until: float) -> None:
        self._said: asyncio.Queue[aiohttp.WSMessage] = asyncio.Queue()
        self._well_until = well_until
        self._clock = asyncio.get_running_loop().time
        self.pings: list[float] = []
        for moment in at:
            asyncio.get_running_loop().call_later(moment, self._say, aiohttp.WSMsgType.TEXT)

    def _say(self, kind: aiohttp.WSMsgType) -> None:
        self._said.put_nowait(aiohttp.WSMessage(kind, "{}", None))

    async def receive(self) -> aiohttp.WSMessage:
        return await self._said.get()

    async def ping(self) -> None:
        self.pings.append(self._clock())
        if self._clock() < self._well_until:
            self._say(aiohttp.WSMsgType.PONG)

    async def close(self) -> None:
        """Nothing to close."""


class Talk:
    """Hears, and may be slow."""

    elsewhere_at = 0.0

    def __init__(self, slow_s: float = 0.0) -> None:
        self.heard: list[float] = []
        self._slow_s = slow_s

    async def greet(self, ws: Any) -> None:
        """Nothing to say."""

    def hear(self, text: str) -> bool:
        self.heard.append(asyncio.get_running_loop().time())
        return text == "leave"

    async def keep_pace(self) -> None:
        await asyncio.sleep(self._slow_s)

    def told_at(self) -> float:
        return self.elsewhere_at


def test_patience_is_shorter_than_what_is_promised() -> None:
    assert Patience().silence_s < TOLD_WITHIN_S
    assert Patience().lifetime_s < 24 * 3600


@given(st.lists(st.floats(0, 60), max_size=12), st.floats(0, 60))
def test_a_stall_is_told_after_the_silence_and_not_before(
    at: list[float], well_until: float
) -> None:
    """Whenever the last word fell, also just after a look."""

    async def story() -> None:
        clock, patience = asyncio.get_running_loop().time, Patience()
        socket, talk = Socket(at, well_until), Talk()
        connection = Connection(socket, talk, patience)  # type: ignore[arg-type]
        why = await connection.ended
        answered = [ping for ping in socket.pings if ping < well_until]
        last_word = max([0.0, *talk.heard, *answered])
        assert why == f"nothing heard for {patience.silence_s:g} s"
        assert clock() == pytest.approx(last_word + patience.silence_s)
        assert clock() <= last_word + TOLD_WITHIN_S
        assert len(talk.heard) >= sum(moment < last_word for moment in at)

    warped(story())


def test_a_quiet_market_that_answers_is_not_a_dead_line() -> None:
    async def story() -> None:
        socket = Socket([], well_until=3600)
        connection = Connection(socket, Talk(), Patience())  # type: ignore[arg-type]
        await asyncio.sleep(3600)
        assert not connection.ended.done()
        assert 1_000 < len(socket.pings) <= 1_801
        await connection.close()

    warped(story())


@pytest.mark.parametrize("late_s", [0.5, 3600.0])
def test_what_another_line_tells_must_be_told_here_too(late_s: float) -> None:
    """A while later is soon enough, however quiet it was before."""

    async def story() -> None:
        socket, talk = Socket([100.0 + late_s], well_until=1e9), Talk()
        connection = Connection(socket, talk, Patience())  # type: ignore[arg-type]
        asyncio.get_running_loop().call_later(100, setattr, talk, "elsewhere_at", 100.0)
        await asyncio.sleep(99)
        assert not connection.ended.done()
        await asyncio.sleep(10)
        assert connection.ended.done() == (late_s > 1)
        if connection.ended.done():
            assert connection.ended.result() == "this line is silent while the other one speaks"
        await connection.close()

    warped(story())


def test_while_nothing_is_read_nobody_is_called_silent() -> None:
    """The one who cannot follow waits; the venue is not to blame."""

    async def story() -> None:
        socket, talk = Socket([0.001 * n for n in range(200)], 0.0), Talk(slow_s=60)
        connection = Connection(socket, talk, Patience())  # type: ignore[arg-type]
        await asyncio.sleep(59)
        assert len(talk.heard) == 200 and not connection.ended.done()
        await connection.ended
        assert asyncio.get_running_loop().time() == pytest.approx(0.199 + 60 + 4, abs=2)

    warped(story())


def test_a_connection_is_due_before_the_venue_cuts_it() -> None:
    async def story() -> None:
        patience = Patience(lifetime_s=600)
        connection = Connection(Socket([], 1e9), Talk(), patience)  # type: ignore[arg-type]
        assert await connection.until_due() is None
        assert asyncio.get_running_loop().time() == pytest.approx(600)
        await connection.close()

    warped(story())
