"""How connections live and end. All in wall time, as the venue counts them.

Source: binance-spot-api-docs, web-socket-streams.md, "General WSS information".
"""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from aiohttp import WSMessage, WSMsgType, web

GOING_AWAY: Final = 1001
TOO_MANY: Final = 1008


@dataclass(frozen=True, slots=True)
class Lines:
    """ping_s: between pings. pong_s: a ping must be answered within. life_s: longest connection.

    messages_per_s: what a market stream takes from a listener, pings and pongs included.
    streams: of one connection.
    """

    ping_s: float = 20.0
    pong_s: float = 60.0
    life_s: float = 86_400.0
    messages_per_s: int = 5
    streams: int = 1024


class Pulse:
    """Pings a connection, ends it when its pong is late, when its life is over, or it floods.

    seconds: monotonic. is_quiet: nothing is sent just now (a stall).
    """

    def __init__(
        self,
        socket: web.WebSocketResponse,
        lines: Lines,
        seconds: Callable[[], float],
        is_quiet: Callable[[], bool],
    ) -> None:
        self._socket, self._lines = socket, lines
        self._seconds, self._is_quiet = seconds, is_quiet
        self._begun = seconds()
        self._waiting: dict[bytes, float] = {}
        self._heard: deque[float] = deque(maxlen=lines.messages_per_s + 1)
        self._task = asyncio.create_task(self._beat())

    async def heard(self, message: WSMessage) -> bool:
        """Answer a ping (who hangs does not), take a pong; True for a message with content."""
        if message.type is WSMsgType.PING and not self._is_quiet():
            await self._socket.pong(message.data)
        elif message.type is WSMsgType.PONG:
            self._waiting.pop(bytes(message.data), None)
        return message.type is WSMsgType.TEXT

    def floods(self) -> bool:
        """Were there more messages within the last second than are taken?"""
        self._heard.append(self._seconds())
        is_full = len(self._heard) == self._heard.maxlen
        return is_full and self._heard[-1] - self._heard[0] < 1.0

    async def end(self) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _beat(self) -> None:
        next_ping = self._begun + self._lines.ping_s
        dies_at = self._begun + self._lines.life_s
        while True:
            oldest = min(self._waiting.values(), default=float("inf")) + self._lines.pong_s
            await asyncio.sleep(max(0.0, min(next_ping, dies_at, oldest) - self._seconds()))
            now = self._seconds()
            if now >= dies_at or now >= oldest:
                await self._socket.close(code=GOING_AWAY)
                return
            if now >= next_ping:
                next_ping = now + self._lines.ping_s
                await self._ping(now)

    async def _ping(self, now: float) -> None:
        if self._is_quiet():
            return
        payload = str(round(now * 1000)).encode()
        self._waiting[payload] = now
        try:
            await self._socket.ping(payload)
        except ConnectionError:
            self._waiting.clear()
