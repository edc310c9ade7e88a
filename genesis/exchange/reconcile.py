"""Our books against the venue's truth: at start, periodically, and after every stream gap.

What the venue did while we were not looking becomes events, in a fixed order: acceptances, fills
by time and trade id, endings by order, then what is foreign, and last the balances with the
verdict. A trade of the account that no order of ours made is adopted as a fill of run 0. A failed
question is never an empty answer: it raises, and nothing is concluded.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from genesis.domain.account import Balance
from genesis.domain.events import (
    BalanceReported,
    Event,
    HealthReported,
    OrderAccepted,
    OrderEvent,
    OrderExpired,
    OrderFilled,
    OrderRejected,
)
from genesis.domain.fills import Fill
from genesis.domain.ids import OrderKey
from genesis.domain.money import ZERO, text
from genesis.domain.orders import Order, OrderStatus
from genesis.exchange.adopt import adopt
from genesis.exchange.compare import differences, moved
from genesis.exchange.gateway import Gateway, VenueOrder, VenueTrade
from genesis.exchange.lifecycle import order_events
from genesis.exchange.resolve import NEVER_PLACED
from genesis.exchange.wire_id import PREFIX, key_of

COMPONENT: Final = "reconciliation"
LOST: Final = "the venue does not know it"
_ATTEMPTS: Final = 4
_PAUSE_S: Final = 0.25
_BEFORE_ALL: Final = -1
_UNANSWERED: Final = (OrderStatus.PENDING, OrderStatus.UNRESOLVED)


@dataclass(frozen=True, slots=True)
class WorkingOrder:
    """An order of ours that has not ended, as far as we know, with the id it was sent under.

    filled_qty: what of it had been filled when the books were taken.
    """

    order: Order
    wire_id: str
    filled_qty: Decimal = ZERO

    @property
    def is_unanswered(self) -> bool:
        return self.order.status in _UNANSWERED


@dataclass(frozen=True, slots=True)
class Books:
    """What we believe, taken at one moment: taken again for every look.

    symbols: everything traded on this account.
    ledger: total per asset (free and locked), without what is ring-fenced.
    last_trade_ids: largest venue trade id known per symbol; a symbol without fills is absent.
    known_trades: (symbol, trade id) of every fill the ledger has taken.
    opened_ns: when the account was opened; trades before it are no affair of ours. None: only
        trades after the last known one are asked for.
    status_of: how the order that left under this wire id stands now; None where none of this home
        did: another home of the same account counts its orders alike.
    ring_fenced: coins held before the account was opened, per asset.
    sent_by_ns: at start, the latest venue time at which an unanswered order can have been signed:
        what the venue does not know is waited for and becomes NEVER_PLACED. None while this
        process trades: unanswered orders are left to the calls that are still under way.
    """

    symbols: tuple[str, ...]
    working: tuple[WorkingOrder, ...]
    ledger: Mapping[str, Decimal]
    last_trade_ids: Mapping[str, int]
    status_of: Callable[[str], OrderStatus | None]
    known_trades: frozenset[tuple[str, int]] = frozenset()
    opened_ns: int | None = None
    ring_fenced: Mapping[str, Decimal] = field(default_factory=dict)
    sent_by_ns: int | None = None


@dataclass(frozen=True, slots=True)
class Reconciled:
    """The events to feed to the engine, in order; the last one is the BalanceReported."""

    events: tuple[Event, ...]
    complaints: tuple[str, ...]
    """What blocks new risk; empty when everything is explained."""
    foreign_orders: tuple[VenueOrder, ...]
    """Orders resting at the venue that this home did not send."""

    @property
    def is_clean(self) -> bool:
        return not self.complaints


async def reconcile(
    gateway: Gateway, take: Callable[[], Books], now_ns: Callable[[], int]
) -> Reconciled:
    """Ask the venue about everything in our books; `take` gives them as they are now.

    The balances are compared with the ledger moved by the fills found. Orders may fill between
    two questions, so a difference is believed only after it was found several times.

    Raises:
        Unreachable: a question got no answer; nothing is known.
        Rejected: the venue refuses to answer (key, permissions).
        OutOfSync: an answer cannot be understood.
    """
    ended = await _settle(gateway, take())
    look = await _looked(gateway, take, ended)
    if look.missing:
        ended |= await _prove_lost(gateway, look.missing)
        look = await _looked(gateway, take, ended)
    return look.verdict(now_ns())


async def _settle(gateway: Gateway, books: Books) -> dict[OrderKey, OrderEvent]:
    """Unanswered orders that were never placed; each waits out its bound, side by side."""
    if books.sent_by_ns is None:
        return {}
    unanswered = [ours for ours in books.working if ours.is_unanswered]
    return await _not_there(gateway, [(ours, books.sent_by_ns) for ours in unanswered])


async def _prove_lost(
    gateway: Gateway, missing: Iterable[WorkingOrder]
) -> dict[OrderKey, OrderEvent]:
    """Accepted orders that neither the query nor any list shows, and went on not to show."""
    refusals = await _not_there(gateway, [(ours, ours.order.placed_ns) for ours in missing])
    return {key: OrderExpired(event.ts_ns, key, LOST) for key, event in refusals.items()}


async def _not_there(
    gateway: Gateway, orders: Iterable[tuple[WorkingOrder, int]]
) -> dict[OrderKey, OrderEvent]:
    """Those of the orders (each with when it was sent at the latest) proven not to exist."""
    found = await asyncio.gather(
        *(
            gateway.resolve(ours.order.key, ours.wire_id, ours.order.request.symbol, sent_ns)
            for ours, sent_ns in orders
        )
    )
    refusals = [event for events in found for event in events if isinstance(event, OrderRejected)]
    return {event.key: event for event in refusals if event.code == NEVER_PLACED}


async def _looked(
    gateway: Gateway, take: Callable[[], Books], ended: Mapping[OrderKey, OrderEvent]
) -> "_Look":
    """The first look without a complaint, or the last of several."""
    look = await _Look(gateway, take(), ended).take()
    for _ in range(_ATTEMPTS - 1):
        if not look.complaints:
            break
        await asyncio.sleep(_PAUSE_S)
        look = await _Look(gateway, take(), ended).take()
    return look


class _Look:
    """One round of questions and what they found.

    ended: orders proven not to exist; nothing more is asked about them.
    """

    def __init__(
        self, gateway: Gateway, books: Books, ended: Mapping[OrderKey, OrderEvent]
    ) -> None:
        self.complaints: list[str] = []
        self.missing: list[WorkingOrder] = []
        self._gateway = gateway
        self._books = books
        self._ended = ended
        self._events: list[OrderEvent] = list(ended.values())
        self._fills: dict[tuple[str, int], OrderFilled] = {}
        self._not_ours: dict[tuple[str, int], VenueTrade] = {}
        self._keys: dict[tuple[str, str], OrderKey | None] = {
            (ours.order.request.symbol, ours.order.exchange_order_id): ours.order.key
            for ours in books.working
            if ours.order.exchange_order_id is not None
        }
        self._foreign: list[VenueOrder] = []
        self._adopted = adopt(books.ledger, ())
        self._differences: tuple[str, ...] = ()
        self._balances: tuple[Balance, ...] = ()

    async def take(self) -> "_Look":
        for ours in self._books.working:
            if ours.order.key not in self._ended:
                await self._ask_order(ours)
        for symbol in self._books.symbols:
            await self._ask_open_orders(symbol)
            if symbol in self._books.last_trade_ids:
                await self._ask_trades(symbol, self._books.last_trade_ids[symbol])
        await self._compare()
        if self._differences and self._books.opened_ns is not None:
            for symbol in self._books.symbols:
                await self._ask_trades(symbol, _BEFORE_ALL)
            await self._compare()
        self.complaints += [*self._adopted.complaints, *self._differences]
        return self

    async def _ask_order(self, ours: WorkingOrder) -> None:
        """What became of an order that we think is working."""
        order, symbol = ours.order, ours.order.request.symbol
        found = await self._gateway.order(ours.wire_id, symbol)
        if found is None and ours.is_unanswered:
            return
        found = found or await self._gateway.find_in_lists(ours.wire_id, symbol)
        if found is None:
            self.missing.append(ours)
            self.complaints.append(
                f"order {ours.wire_id} was accepted, and the venue does not know it"
            )
            return
        self._keys[symbol, found.order_id] = order.key
        trades: tuple[VenueTrade, ...] = ()
        if found.executed_qty > ours.filled_qty:
            trades = await self._gateway.order_trades(found)
        for event in order_events(order.key, found, trades, recovered=True):
            if isinstance(event, OrderFilled):
                self._add_fill(event)
            elif not (isinstance(event, OrderAccepted) and order.exchange_order_id):
                self._events.append(event)

    async def _ask_open_orders(self, symbol: str) -> None:
        """Orders resting at the venue which should not rest there, or are not ours."""
        expected = {ours.wire_id for ours in self._books.working}
        for found in await self._gateway.open_orders(symbol):
            if found.wire_id in expected:
                continue
            key, status = key_of(found.wire_id), self._books.status_of(found.wire_id)
            if key is None or status is None:
                self._foreign.append(found)
                if found.wire_id.startswith(PREFIX):
                    self.complaints.append(
                        f"order {found.wire_id} rests at the venue under our name, unknown here"
                    )
            elif status.is_final:
                self._events.append(OrderAccepted(found.updated_ns, key, found.order_id))
                self.complaints.append(
                    f"order {found.wire_id} rests at the venue, and we hold it for {status.value}"
                )

    async def _ask_trades(self, symbol: str, since_id: int) -> None:
        """Trades of the account that our ledger has not taken, of whatever order."""
        opened_ns = self._books.opened_ns or 0
        for trade in await self._gateway.my_trades(symbol, since_id):
            name = (symbol, trade.fill.trade_id)
            if name in self._books.known_trades or trade.ts_ns < opened_ns:
                continue
            key = await self._key_of_order(symbol, trade.order_id)
            if key is None:
                self._not_ours[name] = trade
            else:
                self._add_fill(OrderFilled(trade.ts_ns, key, trade.fill, recovered=True))

    async def _key_of_order(self, symbol: str, order_id: str) -> OrderKey | None:
        if (symbol, order_id) not in self._keys:
            found = await self._gateway.order_by_id(order_id, symbol)
            is_ours = found is not None and self._books.status_of(found.wire_id) is not None
            self._keys[symbol, order_id] = key_of(found.wire_id) if found and is_ours else None
        return self._keys[symbol, order_id]

    def _add_fill(self, event: OrderFilled) -> None:
        name = (event.fill.symbol, event.fill.trade_id)
        if name not in self._books.known_trades:
            self._fills[name] = event

    async def _compare(self) -> None:
        """The venue's totals beside ours, moved by every trade found so far."""
        self._balances = await self._gateway.balances()
        ours = moved(self._books.ledger, (event.fill for event in self._fills.values()))
        self._adopted = adopt(ours, self._not_ours.values())
        self._differences = differences(
            self._adopted.totals, self._books.ring_fenced, self._balances
        )

    # -- the verdict -------------------------------------------------------------------------
    def verdict(self, ts_ns: int) -> Reconciled:
        fills = [*self._fills.values(), *self._adopted.fills]
        orders = sorted([*self._events, *fills], key=_place)
        foreign = tuple(sorted(self._foreign, key=lambda order: (order.symbol, order.wire_id)))
        words = [
            *(_told(event.fill) for event in self._adopted.fills),
            *(
                f"order {order.wire_id} of {order.symbol} rests at the venue and is not ours"
                for order in foreign
            ),
        ]
        notes = [HealthReported(ts_ns, COMPONENT, "degraded", each) for each in words]
        complaint = "; ".join(self.complaints)
        report = BalanceReported(ts_ns, self._balances, not self.complaints, complaint)
        return Reconciled((*orders, *notes, report), tuple(self.complaints), foreign)


def _place(event: OrderEvent) -> tuple[int, int, str, int, OrderKey]:
    """Acceptances by order, then fills as they happened, then endings by order."""
    if isinstance(event, OrderFilled):
        return (1, event.ts_ns, event.fill.symbol, event.fill.trade_id, event.key)
    return (0 if isinstance(event, OrderAccepted) else 2, 0, "", 0, event.key)


def _told(fill: Fill) -> str:
    return (
        f"{fill.side.value} {text(fill.qty)} of {fill.symbol} at {text(fill.price)} (trade "
        f"{fill.trade_id}) was made past us, by no order of ours: it counts from now on"
    )
