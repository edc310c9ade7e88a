"""One websocket that stays open: it notices silence, reconnects, and says so.

Silence is measured in wall time. After half of it the venue is pinged, so that a quiet market
is not taken for a dead line.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

import aiohttp

from genesis.domain.events import Event, FeedLost, FeedRestored
from genesis.errors import Unreachable
from genesis.exchange.rest import Clock

_BREATH: Final = 200
"""Messages handled in a row before other tasks get a turn, however full the socket is."""
_FAREWELL_S: Final = 0.5
"""How long to wait for the venue's half of a closing handshake."""


@dataclass(frozen=True, slots=True)
class Patience:
    """Wall times of a line, in seconds."""

    silence_s: float = 5.0
    connect_s: float = 5.0
    first_pause_s: float = 0.25
    longest_pause_s: float = 30.0


class Talk(Protocol):
    """What goes over a line."""

    async def greet(self, ws: aiohttp.ClientWebSocketResponse) -> None:
        """What must happen before the line counts as restored. Raises Unreachable."""

    def hear(self, text: str) -> None:
        """One message. Raises Unreachable when it ends the line."""


class Line:
    """Keeps one websocket open and tells FeedLost and FeedRestored under `name`."""

    def __init__(
        self,
        name: str,
        url: str,
        session: aiohttp.ClientSession,
        emit: Callable[[Event], None],
        now_ns: Clock,
        patience: Patience,
    ) -> None:
        self.name = name
        self.ready = asyncio.Event()
        """Set while the line is open and greeted."""
        self._url = url
        self._session = session
        self._emit = emit
        self._now_ns = now_ns
        self._patience = patience
        self._heard = 0
        self._is_lost = False
        self._was_greeted = False

    async def run(self, talk: Talk) -> None:
        """Talk until cancelled, through every disconnection."""
        pause_s = self._patience.first_pause_s
        while True:
            self._was_greeted = False
            self._lost(await self._connection(talk))
            if self._was_greeted:
                pause_s = self._patience.first_pause_s
            await asyncio.sleep(pause_s)
            pause_s = min(pause_s * 2, self._patience.longest_pause_s)

    async def _connection(self, talk: Talk) -> str:
        """One connection, from opening to its end; returns why it ended."""
        try:
            async with asyncio.timeout(self._patience.connect_s):
                ws = await self._connect()
            async with ws:
                async with asyncio.timeout(self._patience.connect_s):
                    await talk.greet(ws)
                self._restored()
                why = await self._talk_or_silence(ws, talk)
                self._lost(why)
                return why
        except Unreachable as broken:
            return broken.message
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            return f"{type(error).__name__}: {error}".rstrip(": ")

    async def _connect(self) -> aiohttp.ClientWebSocketResponse:
        return await self._session.ws_connect(
            self._url,
            autoping=False,
            max_msg_size=0,
            timeout=aiohttp.ClientWSTimeout(ws_close=_FAREWELL_S),
        )

    async def _talk_or_silence(self, ws: aiohttp.ClientWebSocketResponse, talk: Talk) -> str:
        """Listen and watch side by side; the first to end says why."""
        listening = asyncio.create_task(self._listen(ws, talk))
        watching = asyncio.create_task(self._watch(ws))
        try:
            done, _ = await asyncio.wait((listening, watching), return_when=asyncio.FIRST_COMPLETED)
            return (listening if listening in done else watching).result()
        finally:
            listening.cancel()
            watching.cancel()
            await asyncio.gather(listening, watching, return_exceptions=True)

    async def _listen(self, ws: aiohttp.ClientWebSocketResponse, talk: Talk) -> str:
        while True:
            message = await ws.receive()
            self._heard += 1
            if message.type is aiohttp.WSMsgType.TEXT:
                talk.hear(message.data)
            elif message.type is aiohttp.WSMsgType.PING:
                await ws.pong(message.data)
            elif message.type is not aiohttp.WSMsgType.PONG:
                return f"the venue closed the line ({ws.close_code})"
            if self._heard % _BREATH == 0:
                await asyncio.sleep(0)

    async def _watch(self, ws: aiohttp.ClientWebSocketResponse) -> str:
        """Ping after half the allowed silence, give up after all of it."""
        half_s = self._patience.silence_s / 2
        while True:
            heard = self._heard
            await asyncio.sleep(half_s)
            if heard != self._heard:
                continue
            await ws.ping()
            await asyncio.sleep(half_s)
            if heard == self._heard:
                return f"nothing heard for {self._patience.silence_s:g} s"

    def _lost(self, why: str) -> None:
        self.ready.clear()
        if not self._is_lost:
            self._is_lost = True
            self._emit(FeedLost(self._now_ns(), self.name, why))

    def _restored(self) -> None:
        self._was_greeted = True
        self.ready.set()
        if self._is_lost:
            self._is_lost = False
            self._emit(FeedRestored(self._now_ns(), self.name))
