"""What the venue tells about our orders, over its WebSocket API.

Reports can be lost with a line. Each one carries the sum executed so far: where that is more
than was told, the venue's list of trades is asked for the rest before an ending is told.
"""

import asyncio
import json
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable, Mapping
from functools import partial
from typing import Any, Final

import aiohttp

from genesis.domain.events import (
    Event,
    OrderAccepted,
    OrderCancelled,
    OrderEvent,
    OrderExpired,
)
from genesis.domain.ids import EXTERNAL_RUN, OrderKey
from genesis.domain.time import MILLISECOND
from genesis.errors import ExchangeError, OutOfSync, Unreachable, UsageError
from genesis.exchange.feed import Feed
from genesis.exchange.gateway import VenueOrder, VenueTrade
from genesis.exchange.lifecycle import order_events, report_events, report_order, report_wire_id
from genesis.exchange.line import Line, Patience
from genesis.exchange.once import Once
from genesis.exchange.pace import Pace
from genesis.exchange.rest import Clock
from genesis.exchange.signing import signed
from genesis.exchange.wire_id import key_of, ours
from genesis.wire.streams import SHUTDOWN
from genesis.wire.symbols import from_venue

USER: Final = "user"
_SUBSCRIBE: Final = "userDataStream.subscribe.signature"
_SUBSCRIBE_ID: Final = "genesis-user"
_SAME: Final = ("s", "i", "x", "X", "t", "I", "T")
"""Fields that tell reports apart: symbol, order, execution, status, trade, number, time."""
_FIRST: Final = ("NEW", "REJECTED")
"""Kinds of reports before which an order need not have been accepted."""
_KEPT_REPORTS: Final = 5_000


class UserStream:
    """Emits order events, and FeedLost / FeedRestored of stream `user`: reconcile after each.

    `ready` is set while reports are subscribed to. `doubt` is told why the venue is to be asked
    what happened: trades past us, or fills that are missing. `wire_ids`: those that orders
    of ours left under (they grow); a like name of another home is not one of them. None: every
    order that is named like ours is.
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
        signed_ns: Clock,
        recv_window_ms: int,
        patience: Patience,
        pace: Pace | None = None,
        wire_ids: Mapping[OrderKey, str] | None = None,
    ) -> None:
        self._feed = Feed(USER, emit, now_ns)
        self._line = Line(url, session, self._feed, patience, pace)
        self._api_key = api_key
        self._api_secret = api_secret
        self._emit = emit
        self._doubt = doubt
        self._order_trades = order_trades
        self._once = once
        self._ours = key_of if wire_ids is None else partial(ours, wire_ids)
        self._signed_ns = signed_ns
        self._recv_window_ms = recv_window_ms
        self._asking: set[asyncio.Task[None]] = set()
        self._reports: OrderedDict[tuple[Any, ...], None] = OrderedDict()

    @property
    def ready(self) -> asyncio.Event:
        return self._feed.ready

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
            "timestamp": self._signed_ns() // MILLISECOND,
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

    def hear(self, text: str) -> bool:
        event = _parsed(text).get("event")
        if not isinstance(event, dict):
            return False
        kind = event.get("e")
        if kind == "eventStreamTerminated":
            raise Unreachable("the venue ended the user stream")
        if kind == "executionReport":
            try:
                self._report(event)
            except (KeyError, TypeError, ValueError, OutOfSync, UsageError) as error:
                words = "an order report cannot be read"
                self._feed.complain(f"{words}: {error!r}: {text[:300]}")
                self._doubt(words)
        elif kind == "balanceUpdate":
            self._doubt(f"{event.get('d')} {event.get('a')} came or went without a trade")
        return bool(kind == SHUTDOWN)

    async def keep_pace(self) -> None:
        """Reports of orders are few and never held up."""

    def told_at(self) -> float:
        """Nobody else tells of our orders."""
        return 0.0

    # -- reports -----------------------------------------------------------------------------
    def _report(self, report: dict[str, Any]) -> None:
        """While one connection takes over from another, both tell the same. What could not be read
        was not heard.
        """
        name = tuple([report.get(field) for field in _SAME])
        if name in self._reports:
            return
        self._tell_report(report)
        self._reports[name] = None
        if len(self._reports) > _KEPT_REPORTS:
            self._reports.popitem(last=False)

    def _tell_report(self, report: dict[str, Any]) -> None:
        symbol = from_venue(str(report["s"]))
        key = self._ours(report_wire_id(report))
        if key is None or key.run == EXTERNAL_RUN:
            self._feed.complain(f"order {report['i']} of {symbol} is not ours: {report['x']}")
            if report["x"] == "TRADE":
                self._doubt(f"order {report['i']} of {symbol} traded and is not ours")
            return
        order = report_order(report, symbol)
        events = report_events(key, report, symbol)
        if report["x"] not in _FIRST:  # its acceptance came late, or never: it is certain now
            events = (OrderAccepted(order.updated_ns, key, order.order_id, order.qty), *events)
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
            self._feed.complain(error.message)
            self._doubt(f"fills of {order.wire_id} are missing")

    def _tell(self, events: Iterable[OrderEvent]) -> None:
        for event in self._once.fresh(events):
            self._emit(event)


def _parsed(text: str) -> dict[str, Any]:
    """A message as an object; anything else ends the line."""
    try:
        found = json.loads(text)
    except ValueError:
        raise Unreachable(f"the venue sends no JSON on the user stream: {text[:80]!r}") from None
    if not isinstance(found, dict):
        raise Unreachable(f"the venue sends no object on the user stream: {text[:80]!r}")
    return found
