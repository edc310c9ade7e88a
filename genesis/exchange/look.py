"""One round of questions to the venue about everything in our books, and what they found."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from functools import partial
from typing import Final

from genesis.domain.account import Balance
from genesis.domain.events import (
    BalanceReported,
    FlowReported,
    HealthReported,
    OrderAccepted,
    OrderEvent,
    OrderFilled,
)
from genesis.domain.fills import Fill
from genesis.domain.ids import OrderKey
from genesis.domain.money import text
from genesis.domain.orders import OrderStatus
from genesis.errors import ExchangeError, OutOfSync, Rejected
from genesis.exchange.adopt import adopt
from genesis.exchange.compare import Difference, differences, moved
from genesis.exchange.facts import Facts, Told, place
from genesis.exchange.flows import LOOK_BACK_NS, flowed, news, readings
from genesis.exchange.gateway import Gateway, VenueFlow, VenueOrder, VenueTrade
from genesis.exchange.lifecycle import Ending, ending_of, order_events
from genesis.exchange.our_books import Books, WorkingOrder
from genesis.exchange.reconciled import COMPONENT, Reconciled
from genesis.exchange.wire_id import PREFIX, key_of

_FLOWS_S: Final = 10.0
"""How long the histories of flows may take. What was not told by then is asked for another time."""


class Look:
    """Asks, and says what came of it.

    facts: what this comparison found before; what is found now is told to them as it is certain.
    missing: accepted orders that the venue does not know.
    """

    def __init__(self, gateway: Gateway, books: Books, facts: Facts, now_ns: int) -> None:
        self.complaints: list[str] = []
        self.missing: list[WorkingOrder] = []
        self._gateway = gateway
        self._books = books
        self._facts = facts
        self._now_ns = now_ns
        self._events: list[OrderEvent] = list(facts.ended.values())
        self._fills: dict[tuple[str, int], OrderFilled] = {}
        self._not_ours: dict[tuple[str, int], VenueTrade] = {}
        self._keys: dict[tuple[str, str], OrderKey | None] = {
            (ours.order.request.symbol, ours.order.exchange_order_id): ours.order.key
            for ours in books.working
            if ours.order.exchange_order_id is not None
        }
        self._foreign: list[VenueOrder] = []
        self._strays: list[VenueOrder] = []
        self._unclaimed: dict[tuple[str, int], VenueTrade] = {}
        self._problem: ExchangeError | None = None
        self._rows: tuple[VenueFlow, ...] = ()
        self._has_asked_flows = False
        self._untold: list[str] = []
        self._adopted = adopt(books.ledger, ())
        self._flows: tuple[FlowReported, ...] = ()
        self._differences: tuple[Difference, ...] = ()
        self._balances: tuple[Balance, ...] = ()

    async def take(self, *, flows_due: bool, may_ask_all: bool) -> "Look":
        """Ask about orders, trades and balances; about flows where that is due. Where something
        differs and all may be asked for, about every trade and flow since the account was opened.

        What happened to our orders is told as it is found: where all goes well, how they ended is
        left for the verdict, which has it in its place behind flows of money.

        Raises:
            ExchangeError: a question failed; all that is certain of our orders was told.
        """
        try:
            await self._take(flows_due, may_ask_all)
        except BaseException:
            await self._facts.tell([*self._events, *self._fills.values()])
            raise
        self._complain()
        return self

    async def _take(self, flows_due: bool, may_ask_all: bool) -> None:
        books = self._books
        working = [ours for ours in books.working if ours.order.key not in self._facts.ended]
        await self._ask_each(
            *(partial(self._ask_working, ours) for ours in working),
            *(partial(self._ask_given_up, ours) for ours in books.watched),
        )
        for symbol in books.symbols:
            await self._ask_each(
                partial(self._ask_open_orders, symbol), partial(self._ask_new_trades, symbol)
            )
        self._check()
        await self._compare()
        if self._differences and may_ask_all and books.opened_ns is not None:
            since_opened = partial(self._ask_trades_since, books.opened_ns)
            await self._ask_each(*(partial(since_opened, symbol) for symbol in books.symbols))
            self._check()
            await self._compare()
        if flows_due or (self._differences and may_ask_all):
            await self._ask_flows()

    async def _ask_each(self, *questions: Callable[[], Awaitable[object]]) -> None:
        """One after the other. A refusal or an answer that cannot be read spoils the verdict, and
        no other answer.

        Raises:
            Unreachable: no answer came; who is silent is not asked on.
        """
        for ask in questions:
            try:
                await ask()
            except (OutOfSync, Rejected) as problem:
                self._problem = self._problem or problem
        accepted = [event for event in self._events if isinstance(event, OrderAccepted)]
        await self._facts.tell([*accepted, *self._fills.values()])

    def _check(self) -> None:
        if self._problem is not None:
            raise self._problem

    def _complain(self) -> None:
        self.complaints += [
            f"trade {trade.fill.trade_id} of {trade.fill.symbol}: the venue does not tell of its "
            "order yet"
            for trade in self._unclaimed.values()
        ]
        self.complaints += [
            f"order {wire_id} was given up as never placed, and appeared after all"
            for wire_id in self._facts.late
        ]
        self.complaints += [*self._adopted.complaints, *map(str, self._differences)]
        self.complaints += self._untold

    # -- orders and trades -------------------------------------------------------------------
    async def _ask_working(self, ours: WorkingOrder) -> None:
        """One of before this start that nobody tells of blocks new risk, and hides nothing else."""
        if ours not in self._books.unsettled:
            await self._ask_order(ours)
            return
        try:
            is_told, why = await self._ask_order(ours), "not yet"
        except ExchangeError as problem:
            is_told, why = False, problem.message
        if not is_told:
            self.complaints.append(
                f"order {ours.wire_id} was sent before this start, and the venue does not tell "
                f"what became of it ({why}): it is asked again; closing works meanwhile"
            )

    async def _ask_order(self, ours: WorkingOrder) -> bool:
        """What became of an order that we think is working; False: it may be on its way."""
        order, symbol = ours.order, ours.order.request.symbol
        found = await self._gateway.order(ours.wire_id, symbol)
        if found is None and ours.is_unanswered:
            return False
        found = found or await self._gateway.find_in_lists(ours.wire_id, symbol)
        if found is None:
            self.missing.append(ours)
            self.complaints.append(
                f"order {ours.wire_id} was accepted, and the venue does not know it: it is asked "
                "again; closing works meanwhile"
            )
            return True
        self._keys[symbol, found.order_id] = order.key
        for event in await self._life(ours, found):
            if isinstance(event, OrderFilled):
                self._add_fill(event)
            elif not (isinstance(event, OrderAccepted) and order.exchange_order_id):
                self._events.append(event)
        return True

    async def _life(self, ours: WorkingOrder, found: VenueOrder) -> tuple[OrderEvent, ...]:
        trades: tuple[VenueTrade, ...] = ()
        if found.executed_qty > ours.filled_qty:
            trades = await self._gateway.order_trades(found)
        return order_events(ours.order.key, found, trades, recovered=True)

    async def _ask_given_up(self, ours: WorkingOrder) -> None:
        """An order that was proven never to have been placed is there: it is ours all the same."""
        symbol = ours.order.request.symbol
        found = await self._gateway.order(ours.wire_id, symbol)
        if found is None or ending_of(found.status) is Ending.REJECTED:
            return
        self._facts.late[ours.wire_id] = None
        self._keys[symbol, found.order_id] = ours.order.key
        for event in await self._life(ours, found):
            if isinstance(event, OrderFilled):
                self._add_fill(event)
            else:
                self._events.append(event)

    async def _ask_open_orders(self, symbol: str) -> None:
        """Orders resting at the venue which should not rest there, or are not ours."""
        expected = {ours.wire_id for ours in self._books.working} | self._facts.late.keys()
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
                self._strays.append(found)
                self._events.append(OrderAccepted(found.updated_ns, key, found.order_id))
                self.complaints.append(
                    f"order {found.wire_id} rests at the venue, and we hold it for {status.value}"
                )

    async def _ask_new_trades(self, symbol: str) -> None:
        last_id = self._books.last_trade_ids.get(symbol)
        if last_id is not None:
            await self._take_trades(symbol, await self._gateway.my_trades(symbol, last_id))

    async def _ask_trades_since(self, since_ns: int, symbol: str) -> None:
        await self._take_trades(symbol, await self._gateway.trades_since(symbol, since_ns))

    async def _take_trades(self, symbol: str, trades: Iterable[VenueTrade]) -> None:
        """Trades of the account that our ledger has not taken, of whatever order."""
        opened_ns = self._books.opened_ns or 0
        for trade in trades:
            name = (symbol, trade.fill.trade_id)
            if name in self._books.known_trades or trade.ts_ns < opened_ns:
                continue
            self._unclaimed.pop(name, None)
            if not await self._is_told(symbol, trade.order_id):
                self._unclaimed[name] = trade
                continue
            key = self._keys[symbol, trade.order_id]
            if key is None:
                self._not_ours[name] = trade
            else:
                self._add_fill(OrderFilled(trade.ts_ns, key, trade.fill, recovered=True))

    async def _is_told(self, symbol: str, order_id: str) -> bool:
        """Is it known whose order it is? The venue may list a trade before it tells of its order,
        and that may be ours, on its way.
        """
        if (symbol, order_id) in self._keys:
            return True
        found = await self._gateway.order_by_id(order_id, symbol)
        if found is None:
            return False
        status = self._books.status_of(found.wire_id)
        if status is OrderStatus.NEVER_PLACED:
            self._facts.late[found.wire_id] = None
        self._keys[symbol, order_id] = None if status is None else key_of(found.wire_id)
        return True

    def _add_fill(self, event: OrderFilled) -> None:
        name = (event.fill.symbol, event.fill.trade_id)
        if name not in self._books.known_trades:
            self._fills[name] = event

    # -- money -------------------------------------------------------------------------------
    async def _ask_flows(self) -> None:
        """The venue's histories of the last days, then, where that explains too little, all of
        them. One that is not told explains nothing, and hides nothing that was found; nor does
        anything wait long for it.
        """
        opened_ns = self._books.opened_ns
        if opened_ns is None:
            return
        lately_ns, why = max(opened_ns, self._now_ns - LOOK_BACK_NS), ""
        try:
            async with asyncio.timeout(_FLOWS_S):
                for since_ns in dict.fromkeys((lately_ns, opened_ns)):
                    rows = await self._gateway.flows(max(0, since_ns - LOOK_BACK_NS))
                    self._rows = tuple(row for row in rows if row.ts_ns >= opened_ns)
                    await self._compare()
                    if not self._differences:
                        break
            self._has_asked_flows = True
        except ExchangeError as problem:
            why = problem.message
        except TimeoutError:
            why = "the venue does not tell its histories in time"
        if self._differences and not self._has_asked_flows:
            self._untold.append(f"no history tells why: {why}")

    async def _compare(self) -> None:
        """The venue's totals beside ours, moved by every trade and flow found so far."""
        books = self._books
        self._balances = await self._gateway.balances()
        ours = moved(books.ledger, (event.fill for event in self._fills.values()))
        found = adopt(ours, self._not_ours.values(), books.ring_fenced, books.told_flows)
        self._adopted = found
        self._flows, self._differences = min(
            (self._after_flows(rows) for rows in readings((*found.flows, *self._rows))),
            key=lambda each: len(each[1]),
        )

    def _after_flows(
        self, rows: Iterable[VenueFlow]
    ) -> tuple[tuple[FlowReported, ...], tuple[Difference, ...]]:
        """What of these rows is news, and what it leaves unexplained."""
        books = self._books
        in_time = sorted(rows, key=lambda row: row.ts_ns)
        flows = news(in_time, books.told_flows, books.ring_fenced, books.quote)
        totals, fenced = flowed(self._adopted.totals, books.ring_fenced, flows)
        return flows, differences(totals, fenced, self._balances)

    # -- the verdict -------------------------------------------------------------------------
    def verdict(self, ts_ns: int) -> Reconciled:
        moves: list[Told] = [*self._fills.values(), *self._adopted.fills, *self._flows]
        told = self._facts.told
        news = [each for each in sorted([*self._events, *moves], key=place) if each not in told]
        foreign = tuple(sorted(self._foreign, key=lambda order: (order.symbol, order.wire_id)))
        complaint = "; ".join(self.complaints)
        report = BalanceReported(ts_ns, self._balances, not self.complaints, complaint)
        notes = [HealthReported(ts_ns, COMPONENT, "degraded", each) for each in self._words()]
        return Reconciled(
            (*news, *notes, report),
            tuple(self.complaints),
            foreign,
            self._differences,
            (*self._adopted.left, *self._ownerless()),
            self._has_asked_flows,
            tuple(told),
            tuple(self._strays),
        )

    def _ownerless(self) -> Iterable[VenueTrade]:
        """Trades of orders that are not told, where none of ours is on its way."""
        working = self._books.working
        under_way = {ours.order.request.symbol for ours in working if ours.is_unanswered}
        found = self._unclaimed.values()
        return (trade for trade in found if trade.fill.symbol not in under_way)

    def _words(self) -> Iterable[str]:
        """What a person should hear of it."""
        yield from (_told(event.fill) for event in self._adopted.fills)
        for order in sorted(self._foreign, key=lambda order: (order.symbol, order.wire_id)):
            yield f"order {order.wire_id} of {order.symbol} rests at the venue and is not ours"


def _told(fill: Fill) -> str:
    return (
        f"{fill.side.value} {text(fill.qty)} of {fill.symbol} at {text(fill.price)} (trade "
        f"{fill.trade_id}) was made past us, by no order of ours: it counts from now on"
    )
