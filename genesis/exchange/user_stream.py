"""What the venue tells about our orders, over its WebSocket API.

Reports can be lost with a line. Each one carries the sum executed so far: where that is more
than was told, the venue's list of trades is asked for the rest before an ending is told.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, Final

import aiohttp

from genesis.domain.events import Event, HealthReported, OrderCancelled, OrderEvent, OrderExpired
from genesis.domain.ids import EXTERNAL_RUN, OrderKey
from genesis.domain.time import MILLISECOND
from genesis.errors import ExchangeError, OutOfSync, Unreachable, UsageError
from genesis.exchange.gateway import VenueOrder, VenueTrade
from genesis.exchange.lifecycle import order_events, report_events, report_order, report_wire_id
from genesis.exchange.line import Line, Patience
from genesis.exchange.once import Once
from genesis.exchange.rest import Clock
from genesis.exchange.signing import signed
from genesis.exchange.wire_id import key_of
from genesis.wire.symbols import from_venue

USER: Final = "user"
_SUBSCRIBE: Final = "userDataStream.subscribe.signature"
_SUBSCRIBE_ID: Final = "genesis-user"


class UserStream:
    """Emits order events, and FeedLost / FeedRestored of stream `user`: reconcile after each.

    `ready` is set while reports are subscribed to. `doubt` is told why the venue is to be asked
    what happened: trades past us, or fills that are missing.
    """

    def __init__(
        self,
        url: str,
        api_key: str,
        api_secret: str,
        emit: Callable[[Event], None],
        *,
        doubt: Callable[[str], None],
        order_trades: Callable[[VenueOrder], Awaitable[tuple[VenueTrade, ...]]],
        once: Once,
        session: aiohttp.ClientSession,
        now_ns: Clock,
        recv_window_ms: int,
        patience: Patience,
    ) -> None:
        self._line = Line(USER, url, session, emit, now_ns, patience)
        self._api_key = api_key
        self._api_secret = api_secret
        self._emit = emit
        self._doubt = doubt
        self._order_trades = order_trades
        self._once = once
        self._now_ns = now_ns
        self._recv_window_ms = recv_window_ms
        self._asking: set[asyncio.Task[None]] = set()

    @property
    def ready(self) -> asyncio.Event:
        return self._line.ready

    async def run(self) -> None:
        """Listen until cancelled."""
        try:
            await self._line.run(self)
        finally:
            for task in self._asking:
                task.cancel()

    # -- the line's talk ---------------------------------------------------------------------
    async def greet(self, ws: aiohttp.ClientWebSocketResponse) -> None:
        """Subscribe with a signature and wait for the venue's consent."""
        params: dict[str, str | int] = {
            "apiKey": self._api_key,
            "recvWindow": self._recv_window_ms,
            "timestamp": self._now_ns() // MILLISECOND,
        }
        request = {"id": _SUBSCRIBE_ID, "method": _SUBSCRIBE}
        await ws.send_json(request | {"params": signed(params, self._api_secret)})
        while True:
            message = await ws.receive()
            if message.type is aiohttp.WSMsgType.PING:
                await ws.pong(message.data)
            elif message.type is not aiohttp.WSMsgType.TEXT:
                raise Unreachable(f"the venue closed the line while greeting ({ws.close_code})")
            elif self._consents(message.data):
                return

    def _consents(self, text: str) -> bool:
        answer = _parsed(text)
        if answer.get("id") != _SUBSCRIBE_ID:
            self.hear(text)
            return False
        if answer.get("status") != 200:
            raise Unreachable(f"the venue refused the user stream: {answer.get('error')}")
        return True

    def hear(self, text: str) -> None:
        event = _parsed(text).get("event")
        if not isinstance(event, dict):
            return
        kind = event.get("e")
        if kind == "eventStreamTerminated":
            raise Unreachable("the venue ended the user stream")
        if kind == "executionReport":
            try:
                self._report(event)
            except (KeyError, TypeError, ValueError, OutOfSync, UsageError) as error:
                self._complain(f"an order report cannot be read: {error!r}: {text[:300]}")

    # -- reports -----------------------------------------------------------------------------
    def _report(self, report: dict[str, Any]) -> None:
        symbol = from_venue(str(report["s"]))
        key = key_of(report_wire_id(report))
        if key is None or key.run == EXTERNAL_RUN:
            self._complain(f"order {report['i']} of {symbol} is not ours: {report['x']}")
            if report["x"] == "TRADE":
                self._doubt(f"order {report['i']} of {symbol} traded and is not ours")
            return
        order = report_order(report, symbol)
        events = report_events(key, report, symbol)
        endings = tuple(e for e in events if isinstance(e, OrderCancelled | OrderExpired))
        self._tell(event for event in events if event not in endings)
        if self._once.filled_qty(key) >= order.executed_qty:
            self._tell(endings)
            return
        task = asyncio.create_task(self._recover(key, order))
        self._asking.add(task)
        task.add_done_callback(self._asking.discard)

    async def _recover(self, key: OrderKey, order: VenueOrder) -> None:
        """Fills whose reports were lost, then how the order ended.

        Where they cannot be had, the ending is kept back: what is held would be protected wrongly.
        """
        try:
            trades = await self._order_trades(order)
            self._tell(order_events(key, order, trades, recovered=True))
        except ExchangeError as error:
            self._complain(error.message)
            self._doubt(f"fills of {order.wire_id} are missing")

    def _tell(self, events: Iterable[OrderEvent]) -> None:
        for event in self._once.fresh(events):
            self._emit(event)

    def _complain(self, words: str) -> None:
        self._emit(HealthReported(self._now_ns(), USER, "degraded", words))


def _parsed(text: str) -> dict[str, Any]:
    """A message as an object; anything else ends the line."""
    try:
        found = json.loads(text)
    except ValueError:
        raise Unreachable(f"the venue sends no JSON on the user stream: {text[:80]!r}") from None
    if not isinstance(found, dict):
        raise Unreachable(f"the venue sends no object on the user stream: {text[:80]!r}")
    return found
