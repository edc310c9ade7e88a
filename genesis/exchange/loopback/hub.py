"""Who listens to what: connections, their streams, and one text per message for all of them."""

import asyncio
import json
from collections import defaultdict
from collections.abc import Callable
from typing import Any, Final

from aiohttp import web

from genesis.exchange.loopback.user_faults import UserFaults

QUEUE_LIMIT: Final = 50_000
_TOO_SLOW: Final = 1008


def compact(message: Any) -> str:
    return json.dumps(message, separators=(",", ":"))


class Listener:
    """One WebSocket connection with its own writer; one that reads too slowly is closed."""

    def __init__(
        self,
        socket: web.WebSocketResponse,
        transport: asyncio.Transport | None,
        *,
        combined: bool = False,
        is_api: bool = False,
    ) -> None:
        self.combined, self.is_api = combined, is_api
        self.streams: set[str] = set()
        self._socket, self._transport = socket, transport
        self._queue: asyncio.Queue[str] = asyncio.Queue(QUEUE_LIMIT)
        self._flowing = asyncio.Event()
        self._flowing.set()
        self._writer = asyncio.create_task(self._write())
        self._closing: asyncio.Task[bool] | None = None

    def put(self, text: str) -> None:
        try:
            self._queue.put_nowait(text)
        except asyncio.QueueFull:
            if self._closing is None:
                self._closing = asyncio.create_task(self._socket.close(code=_TOO_SLOW))

    @property
    def is_stalled(self) -> bool:
        return not self._flowing.is_set()

    def stall(self, seconds: float) -> None:
        """Send nothing for so long, as a server that hangs; what is to be told waits."""
        self._flowing.clear()
        asyncio.get_running_loop().call_later(seconds, self._flowing.set)

    def abort(self) -> None:
        """Cut the connection without a word, as a broken network does."""
        if self._transport is not None:
            self._transport.abort()

    async def end(self) -> None:
        self._writer.cancel()
        await asyncio.gather(self._writer, return_exceptions=True)

    async def _write(self) -> None:
        while True:
            text = await self._queue.get()
            await self._flowing.wait()
            try:
                await self._socket.send_str(text)
            except (ConnectionError, RuntimeError):  # the other side has gone
                return


class Hub:
    """Market streams by name, and the listeners of the user data stream with their ids."""

    def __init__(self) -> None:
        self.listeners: set[Listener] = set()
        self.users: dict[Listener, int] = {}
        self._streams: defaultdict[str, set[Listener]] = defaultdict(set)
        self._user_ids = 0
        self.user_faults = UserFaults(self.send_users, self.cut_users)

    def cut_users(self) -> None:
        for listener in tuple(self.users):
            listener.abort()

    def subscribe(self, listener: Listener, stream: str) -> None:
        self._streams[stream].add(listener)
        listener.streams.add(stream)

    def unsubscribe(self, listener: Listener, stream: str) -> None:
        self._streams[stream].discard(listener)
        listener.streams.discard(stream)
        if not self._streams[stream]:
            del self._streams[stream]

    def join_users(self, listener: Listener) -> int:
        """Subscribe to the user data stream; the subscription's id."""
        self._user_ids += 1
        self.users[listener] = self._user_ids - 1
        return self.users[listener]

    def forget(self, listener: Listener) -> None:
        for stream in tuple(listener.streams):
            self.unsubscribe(listener, stream)
        self.users.pop(listener, None)
        self.listeners.discard(listener)

    def has(self, stream: str) -> bool:
        """Does anybody listen?"""
        return stream in self._streams

    def publish(self, stream: str, make: Callable[[], Any]) -> None:
        """Send a market message; it is only made when somebody listens."""
        listeners = self._streams.get(stream)
        if not listeners:
            return
        text = compact(make())
        wrapped = f'{{"stream":{json.dumps(stream)},"data":{text}}}'
        for listener in tuple(listeners):
            listener.put(wrapped if listener.combined else text)

    def named(self, what: str) -> set[Listener]:
        """Connections by kind: `user`, `streams` (all others) or `all`."""
        users = set(self.users)
        return {"user": users, "streams": self.listeners - users}.get(what, set(self.listeners))

    def terminate_users(self, now_ms: int) -> int:
        """End every subscription to the user data stream, telling so; the lines stay open."""
        self.send_users({"e": "eventStreamTerminated", "E": now_ms})
        ended = len(self.users)
        self.users.clear()
        return ended

    def announce_shutdown(self, now_ms: int) -> None:
        """Tell every connection that the server is about to go down."""
        event = {"e": "serverShutdown", "E": now_ms}
        for listener in tuple(self.listeners):
            if listener.is_api:
                told: dict[str, Any] = {"event": event}
            elif listener.combined:
                told = {"stream": "!serverShutdown", "data": event}
            else:
                told = event
            listener.put(compact(told))

    def tell_users(self, event: dict[str, Any]) -> None:
        """Tell an event, through the faults it may meet."""
        self.user_faults.pass_on(event)

    def send_users(self, event: dict[str, Any]) -> None:
        for listener, subscription in tuple(self.users.items()):
            listener.put(compact({"subscriptionId": subscription, "event": event}))


async def open_socket(request: web.Request) -> web.WebSocketResponse:
    """Pings and pongs come to the reader: `Pulse` answers and counts them."""
    socket = web.WebSocketResponse(autoping=False, compress=False)
    await socket.prepare(request)
    return socket
