"""Bybit's spot account over REST: look at it, place, cancel and follow orders, and leave.

Chosen before Kraken because our order protocol fits it as it is: client ids are up to 36 of
[A-Za-z0-9-_] and never taken twice (Kraken: 18 characters, or a UUID), errors are numbers (Kraken:
words), a market stop rests with its coins locked. What is different from Binance: every answer is
HTTP 200 with a `retCode`, and a good one says only that the order was taken in, so each order is
asked for after it was sent. Its streams, flows and order lists are not spoken here.

Source: Bybit V5 API documents, "Place Order", "Get Open & Closed Orders", "Get Trade History",
"Error Codes". Never tried against the real venue.
"""

import asyncio
from typing import Final

import aiohttp

from genesis.domain.commands import SubmitOrder
from genesis.domain.events import (
    CancelRejected,
    OrderEvent,
    OrderRejected,
    OrderUnresolved,
)
from genesis.domain.ids import OrderKey
from genesis.domain.orders import NOT_SENT, OrderRequest, OrderType
from genesis.errors import OutOfSync, Rejected, Unreachable
from genesis.exchange.bybit_reads import SHOWN_PAUSES_S, BybitReads
from genesis.exchange.bybit_words import (
    CODES,
    SPOT,
    STOP,
    order_params,
)
from genesis.exchange.classify import Answer, Standing, classify
from genesis.exchange.conduct import Conduct
from genesis.exchange.gateway import VenueOrder
from genesis.exchange.lifecycle import Ending, ending_of, order_events
from genesis.exchange.once import Once
from genesis.exchange.reach import Reach
from genesis.exchange.resolve import Bound, Resolver
from genesis.exchange.rest import Clock, Rest
from genesis.exchange.venue import Venue
from genesis.exchange.weights import Lane
from genesis.wire.symbols import to_venue

_UNREADABLE: Final = (KeyError, IndexError, TypeError, ValueError, OutOfSync)


class BybitGateway(BybitReads):
    """One spot account at Bybit (unified account). As `gateway.Gateway` says; what it lacks raises
    `NotBuilt`. Arguments as those of `BinanceGateway`.
    """

    def __init__(
        self,
        venue: Venue,
        api_key: str,
        api_secret: str,
        symbols: tuple[str, ...],
        *,
        now_ns: Clock,
        elapsed_ns: Clock,
        signed_ns: Clock | None = None,
        bound: Bound | None = None,
        timeout_ms: int = 10_000,
        conduct: Conduct | None = None,
        reach: Reach | None = None,
    ) -> None:
        self.venue, self.symbols = venue, symbols
        self.bound = bound or Bound(visibility_ms=5_000)
        self._signed_ns = signed_ns or now_ns
        rest = Rest(
            venue,
            api_key,
            api_secret,
            self._signed_ns,
            recv_window_ms=self.bound.recv_window_ms,
            timeout_ms=timeout_ms,
            elapsed_ns=elapsed_ns,
            conduct=conduct,
            dialect=self.dialect,
        )
        super().__init__(rest, now_ns, elapsed_ns)
        self._reach = reach or Reach.of(venue)
        self._once = Once()
        self._session: aiohttp.ClientSession | None = None

    # -- the connection ----------------------------------------------------------------------
    async def open(self) -> None:
        self._session = aiohttp.ClientSession(connector=self._reach.connector())
        self._rest.use(self._session)
        try:
            await self.instruments(self.symbols)
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        await self._rest.close()
        if self._session is not None:
            await self._session.close()
            self._session = None

    # -- orders ------------------------------------------------------------------------------
    async def submit(self, command: SubmitOrder, wire_id: str) -> tuple[OrderEvent, ...]:
        """Send the order in exactly one request; accepted and fills as far as the venue shows them
        soon, rejected, or unresolved.
        """
        key, request = command.key, command.request
        lane = Lane.URGENT if request.reduces else Lane.ENTRY
        params = order_params(request, self.dialect.require_fit(wire_id))
        answer = await self._rest.call("privatePostV5OrderCreate", params, lane)
        standing = classify(answer, CODES)
        if standing is Standing.PLACED:
            return await self._taken_in(key, request, wire_id)
        if standing is Standing.UNRESOLVED:
            return (OrderUnresolved(self._now_ns(), key, answer.told()),)
        code = NOT_SENT if answer.status is None else str(answer.code or answer.status)
        words = "not placed: " if standing is Standing.NOT_PLACED else ""
        return (OrderRejected(self._now_ns(), key, code, words + answer.told()),)

    async def _taken_in(
        self, key: OrderKey, request: OrderRequest, wire_id: str
    ) -> tuple[OrderEvent, ...]:
        """It is certain to have arrived, and only asking tells what became of it."""
        reason = "taken in, and not shown yet"
        for pause_s in (*SHOWN_PAUSES_S, None):
            try:
                order = await self.order(wire_id, request.symbol)
                if order is not None and (pause_s is None or not _goes_on(order, request)):
                    return self._once.fresh(await self._life(key, order))
            except (Unreachable, Rejected, *_UNREADABLE) as error:
                reason = f"taken in, and then: {error}"
            if pause_s is not None:
                await asyncio.sleep(pause_s)
        return (OrderUnresolved(self._now_ns(), key, reason),)

    async def _life(self, key: OrderKey, order: VenueOrder) -> tuple[OrderEvent, ...]:
        return order_events(key, order, await self.order_trades(order), recovered=True)

    async def cancel(self, key: OrderKey, wire_id: str, symbol: str) -> tuple[OrderEvent, ...]:
        """Cancel; where there is nothing to cancel, what became of the order instead."""
        reason, was_asked = "", False
        for pause_s in (*SHOWN_PAUSES_S, None):
            try:
                order = await self.order(wire_id, symbol)
                if order is None:
                    return (CancelRejected(self._now_ns(), key, "the venue knows no such order"),)
                if ending_of(order.status) is not Ending.WORKING:
                    return self._once.fresh(await self._ended(key, order, was_asked))
                answer = await self._cancel(order)
                was_asked, reason = True, answer.told()
            except (Unreachable, Rejected, *_UNREADABLE) as error:
                reason = str(error)
            if pause_s is not None:
                await asyncio.sleep(pause_s)
        return (CancelRejected(self._now_ns(), key, f"the order still works: {reason}"),)

    async def _cancel(self, order: VenueOrder) -> Answer:
        asked = {**SPOT, "symbol": to_venue(order.symbol), "orderId": order.order_id}
        if order.stop_price is not None:
            asked["orderFilter"] = STOP
        return await self._rest.call("privatePostV5OrderCancel", asked, Lane.URGENT)

    async def _ended(
        self, key: OrderKey, order: VenueOrder, was_asked: bool
    ) -> tuple[OrderEvent, ...]:
        events = await self._life(key, order)
        ending = ending_of(order.status)
        if was_asked and ending is Ending.CANCELLED:
            return events
        found = f"nothing to cancel: the order is {ending.value.lower()}"
        return (CancelRejected(self._now_ns(), key, found), *events)

    async def resolve(
        self, key: OrderKey, wire_id: str, symbol: str, sent_ns: int
    ) -> tuple[OrderEvent, ...]:
        """Ask until it is certain what became of the order; waits through outages."""
        resolver = Resolver(self, self._signed_ns, self._elapsed_ns, self.bound)
        return self._once.fresh(await resolver.resolve(key, wire_id, symbol, sent_ns))

    # -- what is not offered -----------------------------------------------------------------
    async def replace(
        self, command: SubmitOrder, wire_id: str, replaced: str
    ) -> tuple[OrderEvent, ...]:
        raise self.dialect.lacks("replacing an order in one request")

    async def submit_with_stop(
        self, entry: SubmitOrder, wire_id: str, stop: SubmitOrder, stop_wire_id: str
    ) -> tuple[OrderEvent, ...]:
        raise self.dialect.lacks("an entry that brings its stop along")


def _goes_on(order: VenueOrder, request: OrderRequest) -> bool:
    """A market order ends at once: until it has, more is to come."""
    is_working = ending_of(order.status) is Ending.WORKING
    return is_working and request.type is OrderType.MARKET
