"""The gateway to Binance and to everything that speaks its protocol.

One POST per order and no retry around it, ever: client ids are unique among open orders only,
so a repeated market order would execute twice.
"""

import asyncio
from collections.abc import Callable
from typing import Any, Final

import aiohttp

from genesis.domain.commands import SubmitOrder
from genesis.domain.events import CancelRejected, Event, OrderEvent, OrderRejected, OrderUnresolved
from genesis.domain.ids import OrderKey
from genesis.domain.time import MILLISECOND
from genesis.errors import OutOfSync, Rejected, Unreachable
from genesis.exchange.classify import UNKNOWN_ORDER, Answer, Standing, classify
from genesis.exchange.gateway import VenueOrder, VenueTime
from genesis.exchange.lifecycle import (
    Ending,
    ending_of,
    order_events,
    read_order,
    read_placed_fills,
    total_qty,
)
from genesis.exchange.line import Patience
from genesis.exchange.once import Once
from genesis.exchange.reads import Reads
from genesis.exchange.requests import order_params
from genesis.exchange.resolve import Bound, Resolver
from genesis.exchange.rest import Clock, Rest
from genesis.exchange.streams import MarketStream
from genesis.exchange.user_stream import UserStream
from genesis.exchange.venue import Venue
from genesis.wire.symbols import to_venue

SPEED_HEADER: Final = "X-Genesis-Clock-Speed"
HELD_HEADER: Final = "X-Genesis-Clock-Held"
_CANCEL_PAUSES_S: Final = (0.25, 0.5, 1.0, 2.0)
_Unreadable: Final = (KeyError, IndexError, TypeError, ValueError, OutOfSync)


class BinanceGateway(Reads):
    """One account at one Binance-compatible venue.

    venue: its addresses (`venue_at`).
    symbols: what is traded; `open` learns their filters.
    now_ns: venue time, for signatures and stamps. Must be right before `submit` is called.
    elapsed_ns: monotonic wall time.
    bound: after how long "no such order" is believed; its recvWindow is sent with every request.
    timeout_ms: wall time after which a request counts as unanswered.
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
        bound: Bound | None = None,
        timeout_ms: int = 10_000,
        patience: Patience | None = None,
    ) -> None:
        self.venue = venue
        self.symbols = symbols
        self.bound = bound or Bound()
        rest = Rest(
            venue,
            api_key,
            api_secret,
            now_ns,
            recv_window_ms=self.bound.recv_window_ms,
            timeout_ms=timeout_ms,
        )
        super().__init__(rest, now_ns)
        self._keys = (api_key, api_secret)
        self._elapsed_ns = elapsed_ns
        self._timeout = aiohttp.ClientTimeout(total=timeout_ms / 1000)
        self._patience = patience or Patience()
        self._once = Once()
        self._session: aiohttp.ClientSession | None = None

    # -- the connection ----------------------------------------------------------------------
    async def open(self) -> None:
        """Connect and check the symbols. Raises ConfigError on an unknown one."""
        self._session = aiohttp.ClientSession()
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

    @property
    def session(self) -> aiohttp.ClientSession:
        if self._session is None:
            raise Unreachable("the gateway is not open")
        return self._session

    async def venue_time(self) -> VenueTime:
        """The venue's clock, read now.

        Raises:
            Unreachable: no usable answer came.
        """
        asked = self._elapsed_ns()
        url = f"{self.venue.rest}/api/v3/time"
        try:
            async with self.session.get(url, timeout=self._timeout) as answer:
                body = await answer.json(content_type=None)
                told_ns = int(body["serverTime"]) * MILLISECOND
                speed = float(answer.headers.get(SPEED_HEADER, "1"))
                is_held = answer.headers.get(HELD_HEADER) == "1"
        except (aiohttp.ClientError, TimeoutError, OSError, *_Unreadable) as error:
            raise Unreachable(f"the venue at {url} did not tell its time: {error!r}") from error
        return VenueTime(told_ns, speed, (asked + self._elapsed_ns()) // 2, is_held)

    # -- orders ------------------------------------------------------------------------------
    async def submit(self, command: SubmitOrder, wire_id: str) -> tuple[OrderEvent, ...]:
        """Send the order in exactly one request: accepted and fills, rejected, or unresolved."""
        key, symbol = command.key, command.request.symbol
        answer = await self._rest.call("privatePostOrder", order_params(command.request, wire_id))
        standing = classify(answer)
        if standing is Standing.PLACED:
            return await self._placed(key, symbol, wire_id, answer.body)
        if standing is Standing.UNRESOLVED:
            return (OrderUnresolved(self._now_ns(), key, answer.told()),)
        code = "NOT_SENT" if answer.status is None else str(answer.code or answer.status)
        words = "not placed: " if standing is Standing.NOT_PLACED else ""
        return (OrderRejected(self._now_ns(), key, code, words + answer.told()),)

    async def _placed(
        self, key: OrderKey, symbol: str, wire_id: str, body: dict[str, Any]
    ) -> tuple[OrderEvent, ...]:
        """An order that is certain to exist; what cannot be read of it is asked for."""
        try:
            order = read_order(body, symbol, wire_id)
            trades = read_placed_fills(body, symbol)
            is_recovered = total_qty(trades) < order.executed_qty
            if is_recovered:
                trades = await self.order_trades(order)
            events = order_events(key, order, trades, recovered=is_recovered)
        except (Unreachable, Rejected, *_Unreadable) as error:
            reason = f"placed, but the answer is incomplete: {error}"
            return (OrderUnresolved(self._now_ns(), key, reason),)
        return self._once.fresh(events)

    async def cancel(self, key: OrderKey, wire_id: str, symbol: str) -> tuple[OrderEvent, ...]:
        """Cancel; where there is nothing to cancel, what became of the order instead.

        A cancel may be sent again (it cannot do harm twice), so silence is answered by asking
        for the order and trying once more.
        """
        params = {"symbol": to_venue(symbol), "origClientOrderId": wire_id}
        reason = ""
        for pause_s in (*_CANCEL_PAUSES_S, None):
            answer = await self._rest.call("privateDeleteOrder", params)
            reason = answer.told()
            try:
                events = await self._cancel_told(key, wire_id, symbol, answer)
            except (Unreachable, Rejected, *_Unreadable) as error:
                events, reason = None, f"{reason}; {error}"
            if events is not None:
                return self._once.fresh(events)
            if pause_s is not None:
                await asyncio.sleep(pause_s)
        return (CancelRejected(self._now_ns(), key, f"the order still works: {reason}"),)

    async def _cancel_told(
        self, key: OrderKey, wire_id: str, symbol: str, answer: Answer
    ) -> tuple[OrderEvent, ...] | None:
        """What a cancel's answer proves, asking for the order where needed; None: try again."""
        if classify(answer) is Standing.PLACED:
            order: VenueOrder | None = read_order(answer.body, symbol, wire_id)
        elif classify(answer) is Standing.REJECTED:
            return (CancelRejected(self._now_ns(), key, answer.told()),)
        else:
            order = await self.order(wire_id, symbol)
        if order is None:
            is_told = answer.code == UNKNOWN_ORDER
            refusal = CancelRejected(self._now_ns(), key, "the venue knows no such order")
            return (refusal,) if is_told else None
        ending = ending_of(order.status)
        if ending is Ending.WORKING:
            return None
        events = order_events(key, order, await self.order_trades(order), recovered=True)
        if ending is Ending.CANCELLED:
            return events
        found = f"nothing to cancel: the order is {ending.value.lower()}"
        return (CancelRejected(self._now_ns(), key, found), *events)

    async def resolve(
        self, key: OrderKey, wire_id: str, symbol: str, sent_ns: int
    ) -> tuple[OrderEvent, ...]:
        """Ask until it is certain what became of the order; waits through outages."""
        resolver = Resolver(self, self._now_ns, self._elapsed_ns, self.bound)
        return self._once.fresh(await resolver.resolve(key, wire_id, symbol, sent_ns))

    # -- live events -------------------------------------------------------------------------
    def market_stream(
        self, symbols: tuple[str, ...], emit: Callable[[Event], None]
    ) -> MarketStream:
        """Trades, book tops and books of the symbols, once its `run` is started."""
        return MarketStream(
            self.venue.streams,
            symbols,
            emit,
            snapshot=self.depth,
            session=self.session,
            now_ns=self._now_ns,
            patience=self._patience,
        )

    def user_stream(
        self, emit: Callable[[Event], None], doubt: Callable[[str], None]
    ) -> UserStream:
        """Reports of our orders, once its `run` is started; `doubt` is told why to reconcile."""
        return UserStream(
            self.venue.ws_api,
            *self._keys,
            emit,
            doubt=doubt,
            order_trades=self.order_trades,
            once=self._once,
            session=self.session,
            now_ns=self._now_ns,
            recv_window_ms=self.bound.recv_window_ms,
            patience=self._patience,
        )
