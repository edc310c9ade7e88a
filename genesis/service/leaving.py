"""One position left at the venue itself: all of it sold in the place of its stop, or that is back.

A sale whose answer was lost is asked about until it is certain; another one follows only where it
is proven what became of the first, and all of them together sell no more than was held.
"""

import asyncio
from dataclasses import dataclass, field
from decimal import Decimal
from hashlib import sha256
from itertools import count
from typing import Final

from genesis.domain.commands import SubmitOrder
from genesis.domain.events import (
    CancelRejected,
    OrderEvent,
    OrderFilled,
    OrderRejected,
    OrderUnresolved,
)
from genesis.domain.fills import Fill
from genesis.domain.ids import EXTERNAL_RUN, OrderKey
from genesis.domain.instrument import Instrument, base_of
from genesis.domain.money import ZERO, text
from genesis.domain.orders import OrderRequest, OrderType, Purpose, Side
from genesis.errors import ExchangeError, Rejected
from genesis.exchange.gateway import Gateway, VenueOrder
from genesis.exchange.wire_id import compose, key_of
from genesis.service.clock import VenueClock
from genesis.service.time_keeping import sync

_WHY: Final = "closed by hand"
_PAUSES_S: Final = (0.2, 0.4, 0.8, 1.6)
_RESOLVE_S: Final = 90.0
"""How long a sale without an answer is asked about: several times the proven bound."""
_SALES_MOST: Final = 50
_LOCKED: Final = "orders that are not ours hold it there: cancel those at the venue"
_MORE: Final = "it came in after all was sold, or is told late: ask again"


@dataclass(frozen=True, slots=True)
class Held:
    """A symbol's base on the account, without what is ring-fenced, and the stops of ours there.

    ours: free and locked. last: price of the latest trade, 0: none is known. stops: the tightest
    first.
    """

    instrument: Instrument
    ours: Decimal
    last: Decimal = ZERO
    stops: tuple[VenueOrder, ...] = ()

    @property
    def symbol(self) -> str:
        return self.instrument.symbol

    @property
    def qty(self) -> Decimal:
        """As much of it as the venue takes; 0: nothing, or dust."""
        return self.sellable(self.ours)

    def sellable(self, amount: Decimal) -> Decimal:
        """As much of this amount as the venue takes; 0: it is too little for an order."""
        qty = self.instrument.fit_qty(max(amount, ZERO), market=True)
        is_worth_little = ZERO < qty * self.last < self.instrument.min_notional_usdt
        return ZERO if qty < self.instrument.min_qty or is_worth_little else qty


@dataclass(slots=True)
class Left:
    """What came of leaving one position.

    fills: of our sales. stopped: of a stop that fired meanwhile. problem: why something of it is
    held yet, and what protects it; None: nothing, or dust.
    """

    fills: list[Fill] = field(default_factory=list)
    stopped: list[Fill] = field(default_factory=list)
    problem: str | None = None

    @property
    def sold(self) -> Decimal:
        return sum((fill.qty for fill in self.fills), ZERO)

    @property
    def proceeds(self) -> Decimal:
        return sum((fill.price * fill.qty for fill in (*self.fills, *self.stopped)), ZERO)


class _Uncertain(ExchangeError):
    """A sale was sent, and nobody knows what became of it: nothing more is sent."""


class Leaving:
    """Leaves positions one after the other.

    fenced: what of each asset was held before the account was opened: never sold.
    """

    def __init__(self, gateway: Gateway, clock: VenueClock, fenced: dict[str, Decimal]):
        self._gateway = gateway
        self._clock = clock
        self._fenced = fenced
        self._numbers = count(1)

    async def balance(self, instrument: Instrument) -> tuple[Decimal, Decimal]:
        """What is held of the base beside what is ring-fenced, and how much of it is free."""
        base = instrument.base
        found = [held for held in await self._gateway.balances() if held.asset == base]
        ours = sum((held.total for held in found), ZERO) - self._fenced.get(base, ZERO)
        return ours, min(ours, sum((held.free for held in found), ZERO))

    async def leave(self, held: Held) -> Left:
        """Sell all of it; where that fails, what is left has its stop again, or that is said."""
        left = Left()
        try:
            if not await self._swapped(held, left):
                await self._cancel_stops(held, left)
            left.problem = await self._sell_all(held, left)
        except _Uncertain as problem:
            left.problem = problem.message
            return left
        except ExchangeError as problem:
            left.problem = problem.message
        if left.problem is not None:
            left.problem += f"; {await self._protected(held)}"
        return left

    async def _swapped(self, held: Held, left: Left) -> bool:
        """Sell all of it in the place of its one stop, in one request, where the venue does that;
        False: the stop may still rest.
        """
        is_offered = held.instrument.can_replace and held.qty <= held.instrument.max_market_qty
        if not is_offered or len(held.stops) != 1:
            return False
        fills, _ = await self._sell(held.instrument, held.qty, held.stops[0])
        left.fills += fills
        return left.sold >= held.qty

    async def _cancel_stops(self, held: Held, left: Left) -> None:
        """Raises ExchangeError: one of them still rests."""
        for stop in held.stops:
            events = await self.cancel(stop)
            if not stop.executed_qty:
                left.stopped += _fills(events)
            refusals = [one.reason for one in events if isinstance(one, CancelRejected)]
            if refusals and await self._rests(stop):
                raise Rejected(f"its stop cannot be cancelled: {refusals[0]}")

    async def _rests(self, stop: VenueOrder) -> bool:
        resting = await self._gateway.open_orders(stop.symbol)
        return any(order.wire_id == stop.wire_id for order in resting)

    async def cancel(self, order: VenueOrder) -> tuple[OrderEvent, ...]:
        """Cancel an order of ours; what came of it."""
        key = key_of(order.wire_id)
        assert key is not None
        return await self._gateway.cancel(key, order.wire_id, order.symbol)

    # -- selling -----------------------------------------------------------------------------
    async def _sell_all(self, held: Held, left: Left) -> str | None:
        """Sell as long as that brings something; why something is held yet, None: it is not.

        What brings nothing is tried again a few times: balances may be told late, and a venue may
        be busy.
        """
        pauses = iter(_PAUSES_S)
        for _ in range(_SALES_MOST):
            told, free = await self.balance(held.instrument)
            if not held.sellable(told):
                return None
            unsold = min(held.ours - left.sold, free)
            qty = self._at_once(held, unsold)
            fills, problem = await self._sell(held.instrument, qty) if qty else ([], _LOCKED)
            if not held.sellable(held.ours - left.sold):
                problem = _MORE
            left.fills += fills
            pause_s = 0 if fills else next(pauses, None)
            if pause_s is None:
                return f"{text(told)} {held.instrument.base} are still held: {problem}"
            await asyncio.sleep(pause_s)
        return f"it is not all sold after {_SALES_MOST} sales: ask again"

    def _at_once(self, held: Held, amount: Decimal) -> Decimal:
        return held.sellable(min(amount, held.instrument.max_market_qty))

    async def _sell(
        self, instrument: Instrument, qty: Decimal, stop: VenueOrder | None = None
    ) -> tuple[list[Fill], str]:
        """One order at the market: its fills, or why there are none. stop: whose place it takes.

        Raises:
            _Uncertain: the venue does not tell what became of it.
        """
        if self._gateway.traffic.clock_doubted.is_set():
            await sync(self._clock, self._gateway)
        now_ns = self._clock.now_ns()
        key = OrderKey(EXTERNAL_RUN, next(self._numbers), 0)
        wire_id = compose(key, sha256(str(now_ns).encode()).hexdigest())
        request = OrderRequest(
            instrument.symbol, Side.SELL, OrderType.MARKET, qty, Purpose.EXIT, why=_WHY
        )
        if stop is None:
            events = await self._gateway.submit(SubmitOrder(now_ns, key, request), wire_id)
        else:
            command = SubmitOrder(now_ns, key, request, replaces=key_of(stop.wire_id))
            told = await self._gateway.replace(command, wire_id, stop.wire_id)
            events = tuple(event for event in told if event.key == key)
        if any(isinstance(event, OrderUnresolved) for event in events):
            events = await self._resolved(key, wire_id, request)
        reasons = [event.reason for event in events if isinstance(event, OrderRejected)]
        return _fills(events), "; ".join(reasons) or "nobody bought: the book is empty"

    async def _resolved(
        self, key: OrderKey, wire_id: str, request: OrderRequest
    ) -> tuple[OrderEvent, ...]:
        sent_ns = self._clock.now_ns()
        try:
            async with asyncio.timeout(_RESOLVE_S):
                return await self._gateway.resolve(key, wire_id, request.symbol, sent_ns)
        except TimeoutError:
            raise _Uncertain(
                f"the sale of {text(request.qty)} {base_of(request.symbol)} (order {wire_id}) was "
                "sent, and the venue does not tell what became of it, nor whether a stop rests "
                "there: look at the venue, and ask again: what is held then is sold"
            ) from None

    # -- where it was not sold ---------------------------------------------------------------
    async def _protected(self, held: Held) -> str:
        """Give what is left its stop again; how it stands now, in words."""
        if not held.stops:
            return "it had no stop, and has none"
        bare = f"it has NO stop now (it was at {_price(held.stops[0])}): close it at the venue"
        try:
            if await self._rests(held.stops[0]):
                return "its stop stays"
            _, free = await self.balance(held.instrument)
            for stop in held.stops:
                if await self._stop_again(stop, held.instrument.fit_qty(max(free, ZERO))):
                    return f"its stop at {_price(stop)} is placed again"
        except ExchangeError as problem:
            return f"{bare} ({problem.message})"
        return bare

    async def _stop_again(self, stop: VenueOrder, qty: Decimal) -> bool:
        """Under the name of the one that was cancelled: by it our log knows the stop."""
        key = key_of(stop.wire_id)
        assert key is not None
        if not qty:
            return False
        request = OrderRequest(
            stop.symbol, Side.SELL, OrderType.STOP_LOSS, qty, Purpose.PROTECT,
            stop_price=stop.stop_price, why=_WHY,
        )  # fmt: skip
        command = SubmitOrder(self._clock.now_ns(), key, request)
        events = await self._gateway.submit(command, stop.wire_id)
        if any(isinstance(event, OrderUnresolved) for event in events):
            return await self._rests(stop)
        return not any(isinstance(event, OrderRejected) for event in events)


def _fills(events: tuple[OrderEvent, ...]) -> list[Fill]:
    return [event.fill for event in events if isinstance(event, OrderFilled)]


def _price(stop: VenueOrder) -> str:
    assert stop.stop_price is not None
    return text(stop.stop_price)
