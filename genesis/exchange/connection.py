"""One websocket, from its greeting to its end. Silence is measured in wall time.

After half of the allowed silence the venue is pinged, so that a quiet market is not taken for a
dead line. A venue that answers pings and tells nothing is found out by a second line that it tells.
"""

import asyncio
from dataclasses import dataclass
from typing import Final, Protocol, Self

import aiohttp

from genesis.errors import Unreachable
from genesis.exchange.pace import Pace, speech

_BREATH: Final = 200
"""Messages handled in a row before other tasks get a turn, however full the socket is."""
_FAREWELL_S: Final = 0.5
"""How long to wait for the venue's half of a closing handshake."""


@dataclass(frozen=True, slots=True)
class Patience:
    """Wall times of a line, in seconds.

    silence_s: after so long without a word a line is lost; below the 5 s in which it must be told.
    lifetime_s: a connection is moved after this; the venue cuts it after 24 hours.
    overlap_s: how long the old connection is heard beside the new one.
    """

    silence_s: float = 4.0
    connect_s: float = 5.0
    first_pause_s: float = 0.25
    longest_pause_s: float = 30.0
    lifetime_s: float = 23.5 * 3600
    overlap_s: float = 1.0


class Talk(Protocol):
    """What goes over a line."""

    async def greet(self, ws: aiohttp.ClientWebSocketResponse) -> None:
        """What must happen before the connection counts as open. Raises Unreachable."""

    def hear(self, text: str) -> object:
        """One message; a true answer: the venue is about to leave, move to another connection.

        Raises Unreachable when the message ends the connection.
        """

    async def keep_pace(self) -> None:
        """Returns when more may be read; who cannot follow makes the venue wait here."""

    def told_at(self) -> float:
        """When any line told something last (time of the event loop); 0 where there is but one."""


class Connection:
    """An open websocket that is listened to. `ended` resolves with the reason why it ended."""

    def __init__(self, ws: aiohttp.ClientWebSocketResponse, talk: Talk, patience: Patience) -> None:
        self._ws = ws
        self._talk = talk
        self._patience = patience
        self._clock = asyncio.get_running_loop().time
        self._heard_at = self._told_at = self._opened_at = self._clock()
        self._is_waiting = False
        self._speech = speech()
        self._speech.took(self._opened_at)  # the greeting
        self._move = asyncio.Event()
        self.ended: asyncio.Task[str] = asyncio.create_task(self._talk_or_silence())

    @classmethod
    async def open(
        cls,
        url: str,
        session: aiohttp.ClientSession,
        talk: Talk,
        patience: Patience,
        pace: Pace | None = None,
    ) -> Self:
        """Connect and greet, when it is our turn to try (`pace`).

        Raises:
            Unreachable, aiohttp.ClientError, OSError, TimeoutError: it did not come to that.
        """
        if pace is not None:
            await pace.turn()
        async with asyncio.timeout(patience.connect_s):
            ws = await session.ws_connect(
                url,
                autoping=False,
                max_msg_size=0,
                timeout=aiohttp.ClientWSTimeout(ws_close=_FAREWELL_S),
            )
        try:
            async with asyncio.timeout(patience.connect_s):
                await talk.greet(ws)
        except BaseException:
            await ws.close()
            raise
        return cls(ws, talk, patience)

    async def until_due(self) -> str | None:
        """Wait until it ended (why), or until it is time to move to another connection (None)."""
        left_s = self._opened_at + self._patience.lifetime_s - self._clock()
        moving = asyncio.create_task(self._move.wait())
        try:
            await asyncio.wait(
                (self.ended, moving), timeout=left_s, return_when=asyncio.FIRST_COMPLETED
            )
        finally:
            moving.cancel()
        if self.ended.done():
            return self.ended.result()
        self._move.clear()
        return None

    async def close(self) -> None:
        self.ended.cancel()
        await asyncio.gather(self.ended, return_exceptions=True)
        await self._ws.close()

    # -- while it is open --------------------------------------------------------------------
    async def _talk_or_silence(self) -> str:
        """Listen and watch side by side; the first to end says why."""
        tasks = (asyncio.create_task(self._listen()), asyncio.create_task(self._watch()))
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            return done.pop().result()
        except Unreachable as broken:
            return broken.message
        except (aiohttp.ClientError, OSError) as error:
            return f"{type(error).__name__}: {error}".rstrip(": ")
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _listen(self) -> str:
        ws, hear, clock = self._ws, self._talk.hear, self._clock
        heard = 0
        while True:
            message = await ws.receive()
            self._heard_at = clock()
            if message.type is aiohttp.WSMsgType.TEXT:
                self._told_at = self._heard_at
                if hear(message.data):
                    self._move.set()
            elif message.type is aiohttp.WSMsgType.PING:
                await self._answer(message.data)
            elif message.type is not aiohttp.WSMsgType.PONG:
                return f"the venue closed the line ({ws.close_code})"
            heard += 1
            if heard % _BREATH == 0:
                await self._breathe()

    async def _answer(self, payload: bytes) -> None:
        """Of more pings than may be answered, a later one is: it says the same."""
        if self._speech.is_free(self._clock()):
            self._speech.took(self._clock())
            await self._ws.pong(payload)

    async def _breathe(self) -> None:
        """Others get their turn. While nothing is read, nothing can be heard."""
        self._is_waiting = True
        await asyncio.sleep(0)
        await self._talk.keep_pace()
        self._is_waiting = False
        self._heard_at = self._told_at = self._clock()

    async def _watch(self) -> str:
        """Ping after half the allowed silence, give up after all of it."""
        silence_s = self._patience.silence_s
        half_s = silence_s / 2
        doubted_at = None
        while True:
            heard_at = self._heard_at
            await self._sleep_until(heard_at + half_s)
            is_behind = self._talk.told_at() > self._told_at + silence_s and not self._is_waiting
            if is_behind and doubted_at == self._told_at:
                return "this line is silent while the other one speaks"
            doubted_at = self._told_at if is_behind else None
            if self._is_alive_since(heard_at):
                continue
            await self._speech.turn()
            await self._ws.ping()
            # counted from the ping too: a loop that was held up itself has heard nobody
            await self._sleep_until(max(heard_at + silence_s, self._clock() + half_s / 2))
            if not self._is_alive_since(heard_at):
                return f"nothing heard for {silence_s:g} s"

    def _is_alive_since(self, heard_at: float) -> bool:
        if self._is_waiting:
            self._heard_at = self._clock()
        return self._heard_at != heard_at

    async def _sleep_until(self, at: float) -> None:
        await asyncio.sleep(at - self._clock())
