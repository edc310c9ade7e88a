"""An exchange of our own for paper trading without a venue: the synthetic sample on loopback.

It lives as long as the service. At a restart it is opened again with the balances and the resting
orders of our books, and its market goes on where the record ends.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from itertools import dropwhile
from typing import Final

from genesis.domain.events import BookTop, Event, TradeTick
from genesis.domain.instrument import quote_of
from genesis.domain.orders import Order, OrderStatus
from genesis.domain.time import DAY, SECOND
from genesis.exchange.loopback import DEFAULT_API_KEY, DEFAULT_API_SECRET, LoopbackExchange
from genesis.service.logs import log
from genesis.service.restart import Remembered
from genesis.service.settings import Settings
from genesis.sim.fees import FeeSchedule
from genesis.sim.orders import NewOrder, VenueRejected
from genesis.sim.sample import PRICE_SCALE, QTY_SCALE, START_NS, sample_market
from genesis.sim.venue import Venue
from genesis.wire.instruments import on_grid

_log = log("own venue")
_FEE_BPS: Final = Decimal(10)
_SAMPLE_S: Final = 7 * DAY // SECOND
_TICK: Final = Decimal(1).scaleb(-PRICE_SCALE)
_LOT: Final = Decimal(1).scaleb(-QTY_SCALE)
_RESTS: Final = frozenset({OrderStatus.OPEN, OrderStatus.PARTIAL})


@dataclass(frozen=True, slots=True)
class OwnVenue:
    """A running exchange of our own."""

    url: str
    api_key: str
    api_secret: str
    exchange: LoopbackExchange

    async def close(self) -> None:
        await self.exchange.stop()


async def start_own_venue(settings: Settings, past: Remembered) -> OwnVenue:
    """Open the exchange; `past` says what the account holds and what rests there."""
    instruments = {symbol: on_grid(symbol, _TICK, _LOT) for symbol in settings.symbols}
    fees = FeeSchedule(_FEE_BPS, _FEE_BPS, truncated=True)
    venue = Venue(instruments, _balances(settings, past), fees, first_id=_next_id(past))
    _place_again(venue, past)
    exchange = LoopbackExchange(
        venue, [_Feed(n, symbol, past.last_ns) for n, symbol in enumerate(settings.symbols)]
    )
    return OwnVenue(await exchange.start(), DEFAULT_API_KEY, DEFAULT_API_SECRET, exchange)


@dataclass(frozen=True, slots=True)
class _Feed:
    """One symbol's sample from where the record ends; opened again for every round."""

    number: int
    symbol: str
    from_ns: int

    def __call__(self) -> Iterator[Event]:
        days = max(0, self.from_ns - START_NS) // DAY
        market = sample_market(self.number, START_NS + days * DAY, _SAMPLE_S, self.symbol)
        return dropwhile(self._is_over, market)

    def _is_over(self, event: TradeTick | BookTop) -> bool:
        return event.ts_ns <= self.from_ns


def _balances(settings: Settings, past: Remembered) -> dict[str, Decimal]:
    if past.engine is None or past.is_new:
        return {quote_of(settings.symbols[0]): settings.capital}
    held = dict(past.engine.state.ledger.balances)
    for asset, qty in past.readings.ring_fenced.items():
        held[asset] = held.get(asset, Decimal(0)) + qty
    return held


def _next_id(past: Remembered) -> int:
    """Order and trade ids go on where the exchange of the last run ended."""
    if past.engine is None:
        return 1
    state = past.engine.state
    trades = max(state.ledger.last_trade_ids.values(), default=0)
    return max(trades, len(state.execution.orders.orders)) + 1


def _place_again(venue: Venue, past: Remembered) -> None:
    """Orders that rested when the service ended rest again, under the same ids."""
    if past.engine is None:
        return
    for order in past.engine.state.execution.orders.all_working():
        wire_id = past.wire_ids.get(order.key)
        if wire_id is None or order.status not in _RESTS:
            continue
        try:
            venue.place(_new_order(order, wire_id), past.last_ns)
        except VenueRejected as refused:
            _log.warning("order not placed again", order=wire_id, problem=str(refused))


def _new_order(order: Order, wire_id: str) -> NewOrder:
    request = order.request
    return NewOrder(
        wire_id,
        request.symbol,
        request.side,
        request.type,
        order.remaining_qty,
        limit_price=request.limit_price,
        stop_price=request.stop_price,
        post_only=request.post_only,
    )
