"""The gateway to Binance and to everything that speaks its protocol.

One POST per order and no retry around it, ever: client ids are unique among open orders only,
so a repeated market order would execute twice.
"""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, Final

import aiohttp

from genesis.domain.commands import SubmitOrder
from genesis.domain.events import CancelRejected, Event, OrderEvent, OrderRejected, OrderUnresolved
from genesis.domain.ids import OrderKey
from genesis.domain.orders import NOT_SENT
from genesis.domain.time import MILLISECOND
from genesis.errors import NotBuilt, OutOfSync, Rejected, Unreachable
from genesis.exchange import filter_words
from genesis.exchange.classify import UNKNOWN_ORDER, Answer, Standing, classify
from genesis.exchange.conduct import Conduct
from genesis.exchange.dialect import BINANCE_DIALECT
from genesis.exchange.gateway import VenueFlow, VenueOrder, VenueTime
from genesis.exchange.key_scope import KeyScope, play_scope, read_scope
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
from genesis.exchange.pace import Pace
from genesis.exchange.reach import Reach
from genesis.exchange.reads import Reads
from genesis.exchange.replace import legs, of_list
from genesis.exchange.requests import order_params, replace_params, with_stop_params
from genesis.exchange.resolve import Bound, Resolver
from genesis.exchange.rest import Clock, Rest, tapped
from genesis.exchange.streams import MarketStream
from genesis.exchange.user_stream import UserStream
from genesis.exchange.venue import Speaks, Venue
from genesis.exchange.weights import Lane
from genesis.wire.symbols import to_venue

SPEED_HEADER: Final = "X-Genesis-Clock-Speed"
HELD_HEADER: Final = "X-Genesis-Clock-Held"
_CANCEL_PAUSES_S: Final = (0.25, 0.5, 1.0, 2.0)
_Unreadable: Final = (KeyError, IndexError, TypeError, ValueError, OutOfSync)
tapped(Speaks.BINANCE.value)  # with this module, so that what is forked from here has it


class BinanceGateway(Reads):
    """One account at one Binance-compatible venue.

    venue: its addresses (`venue_at`).
    symbols: what is traded; `open` learns their filters.
    now_ns: venue time, for stamps. Must be right before `submit` is called.
    signed_ns: venue time as the venue itself told it, for signatures and for what time proves;
        default: `now_ns`.
    elapsed_ns: monotonic wall time.
    bound: after how long "no such order" is believed; its recvWindow is sent with every request.
    timeout_ms: wall time of silence after which a request counts as unanswered; a connection may
        take half of it, and the whole answer thrice as long.
    conduct: how much is asked of the venue, and when it is left alone.
    reach: which hosts may be reached, and how they are found; default: the venue's own.

    Raises:
        NotBuilt: the venue speaks another protocol.
    """

    dialect = BINANCE_DIALECT

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
        patience: Patience | None = None,
        conduct: Conduct | None = None,
        reach: Reach | None = None,
    ) -> None:
        if venue.speaks is not self.dialect.speaks:
            raise NotBuilt(
                f"the venue {venue.url} speaks another protocol than Binance's, and this needs "
                "Binance's: name another venue"
            )
        self.venue = venue
        self.symbols = symbols
        self.bound = bound or Bound()
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
        )
        super().__init__(rest, now_ns)
        self._keys = (api_key, api_secret)
        self._elapsed_ns = elapsed_ns
        self._patience = patience or Patience()
        self._reach = reach or Reach.of(venue)
        self._pace = Pace()
        self._once = Once()
        self._session: aiohttp.ClientSession | None = None

    # -- the connection ----------------------------------------------------------------------
    async def open(self) -> None:
        """Connect and check the symbols, if any. Raises ConfigError on an unknown one."""
        self._session = aiohttp.ClientSession(connector=self._reach.connector())
        self._rest.use(self._session)
        try:
            if self.symbols:
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
        answer = await self._rest.call("publicGetTime", {})
        try:
            told_ns = int(answer.body["serverTime"]) * MILLISECOND
            speed = float(answer.headers.get(SPEED_HEADER.lower(), "1"))
        except _Unreadable as error:
            url, told = self.venue.rest, answer.told()
            raise Unreachable(f"the venue at {url} did not tell its time: {told}") from error
        is_held = answer.headers.get(HELD_HEADER.lower()) == "1"
        return VenueTime(told_ns, speed, (asked + self._elapsed_ns()) // 2, is_held)

    async def key_scope(self) -> KeyScope:
        """What our key may do. A test network's opens play money, and tells only if it trades."""
        what = "what the key may do"
        if not self.venue.has_wallet:
            account = await self._ask("privateGetAccount", {"omitZeroBalances": "true"}, what)
            return play_scope(account)
        body = await self._ask("sapiGetAccountApiRestrictions", {}, what)
        try:
            return read_scope(body)
        except (KeyError, TypeError) as error:
            raise OutOfSync(f"the venue's answer about {what} cannot be read: {error!r}") from error

    async def flows(self, since_ns: int) -> tuple[VenueFlow, ...]:
        """What came or went without a trade since then, oldest first. A test network has none."""
        return await super().flows(since_ns) if self.venue.has_wallet else ()

    async def maintenance(self) -> str | None:
        """Why the venue does not trade at all; None: it does, or it is a test network."""
        return await super().maintenance() if self.venue.has_wallet else None

    # -- orders ------------------------------------------------------------------------------
    async def submit(self, command: SubmitOrder, wire_id: str) -> tuple[OrderEvent, ...]:
        """Send the order in exactly one request: accepted and fills, rejected, or unresolved."""
        key, symbol = command.key, command.request.symbol
        lane = Lane.URGENT if command.request.reduces else Lane.ENTRY
        params = order_params(command.request, self.dialect.require_fit(wire_id))
        answer = await self._rest.call("privatePostOrder", params, lane)
        return await self._judged(key, symbol, wire_id, answer)

    async def replace(
        self, command: SubmitOrder, wire_id: str, replaced: str
    ) -> tuple[OrderEvent, ...]:
        """Cancel the order of wire id `replaced` and send the new one, in exactly one request."""
        old, symbol = command.replaces, command.request.symbol
        assert old is not None
        params = replace_params(command.request, self.dialect.require_fit(wire_id), replaced)
        answer = await self._rest.call("privatePostOrderCancelReplace", params, Lane.URGENT)
        cancel, new = legs(answer)
        placed = await self._judged(command.key, symbol, wire_id, new)
        if cancel is new and classify(answer) is Standing.UNRESOLVED:
            return placed  # nobody knows of either: both are asked for
        ended, why = None, cancel.told()
        try:
            ended = await self._cancel_told(old, replaced, symbol, cancel)
        except (Unreachable, Rejected, *_Unreadable) as error:
            why = f"{why}; {error}"
        if ended is None:
            ended = (CancelRejected(self._now_ns(), old, f"the order still works: {why}"),)
        return (*self._once.fresh(ended), *placed)

    async def submit_with_stop(
        self, entry: SubmitOrder, wire_id: str, stop: SubmitOrder, stop_wire_id: str
    ) -> tuple[OrderEvent, ...]:
        """Send an entry and the stop that sells what it buys, in exactly one request."""
        ids = (self.dialect.require_fit(wire_id), self.dialect.require_fit(stop_wire_id))
        params = with_stop_params(entry.request, ids[0], stop.request, ids[1])
        answer = await self._rest.call("privatePostOrderListOpo", params, Lane.ENTRY)
        symbol = entry.request.symbol
        events = await self._judged(entry.key, symbol, wire_id, of_list(answer, wire_id))
        if any(isinstance(event, OrderRejected) for event in events):
            events += await self._judged(stop.key, symbol, stop_wire_id, answer)
        return events

    async def _judged(
        self, key: OrderKey, symbol: str, wire_id: str, answer: Answer
    ) -> tuple[OrderEvent, ...]:
        """What the answer to a new order says of it."""
        standing = classify(answer)
        if standing is Standing.PLACED:
            return await self._placed(key, symbol, wire_id, answer.body)
        if standing is Standing.UNRESOLVED:
            return (OrderUnresolved(self._now_ns(), key, answer.told()),)
        code = NOT_SENT if answer.status is None else str(answer.code or answer.status)
        words = "not placed: " if standing is Standing.NOT_PLACED else ""
        return (OrderRejected(self._now_ns(), key, code, words + filter_words.told(answer)),)

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
            if pause_s is None or answer.is_kept_back_for(sum(_CANCEL_PAUSES_S)):
                break
            await asyncio.sleep(pause_s)
        why = f"it is not known whether it was cancelled: {reason}"
        return (CancelRejected(self._now_ns(), key, why),)

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
        resolver = Resolver(self, self._signed_ns, self._elapsed_ns, self.bound)
        return self._once.fresh(await resolver.resolve(key, wire_id, symbol, sent_ns))

    # -- live events -------------------------------------------------------------------------
    def market_stream(
        self,
        symbols: tuple[str, ...],
        emit: Callable[[Event], None],
        klines: tuple[str, ...] = (),
    ) -> MarketStream:
        """Trades, book tops and books of the symbols, once its `run` is started.

        klines: widths of bars wanted beside them, as the venue names them (`1m`).
        """
        return MarketStream(
            self.venue.streams,
            symbols,
            emit,
            snapshot=self.depth,
            past=self.past_trades,
            session=self.session,
            now_ns=self._now_ns,
            patience=self._patience,
            pace=self._pace,
            klines=klines,
        )

    def user_stream(
        self,
        emit: Callable[[Event], None],
        doubt: Callable[[str], None],
        wire_ids: Mapping[OrderKey, str] | None = None,
    ) -> UserStream:
        """Reports of our orders, once its `run` is started; `doubt` is told why to reconcile.

        wire_ids: those our orders left under; another home of the account counts its own alike.
        """
        return UserStream(
            self.venue.ws_api,
            *self._keys,
            emit,
            doubt=doubt,
            order_trades=self.order_trades,
            once=self._once,
            session=self.session,
            now_ns=self._now_ns,
            signed_ns=self._signed_ns,
            recv_window_ms=self.bound.recv_window_ms,
            patience=self._patience,
            pace=self._pace,
            wire_ids=wire_ids,
        )
