"""EXECUTION of a SNIPER: one order per wish, a protective stop for every position.

State-driven: after every event that touched a symbol, `upkeep` compares what should rest at the
venue with what does, and says the next step. So a rejected stop, a lost answer or a restart heal
the same way as the ordinary course.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple, Protocol

from genesis.domain.instrument import Instrument
from genesis.domain.money import ONE, ZERO
from genesis.domain.orders import Order, OrderStatus, OrderType, Purpose, Side
from genesis.execution.draft import Draft
from genesis.execution.order_book import OrderBook
from genesis.execution.rules import ExecutionRules
from genesis.positions.ledger import Position


class SymbolFacts(Protocol):
    """What upkeep needs to know of the world."""

    @property
    def now_ns(self) -> int: ...
    def price(self, symbol: str) -> Decimal | None: ...
    def position(self, symbol: str) -> Position | None: ...
    def instrument(self, symbol: str) -> Instrument | None: ...


@dataclass(slots=True)
class Closing:
    """A position on its way out: how much is still to be sold (None: all of it), and why."""

    reason: str
    source: str
    client_ref: str | None
    left_qty: Decimal | None = None


class Upkeep(NamedTuple):
    """The next step for one symbol: orders to judge, orders to cancel, when to look again."""

    drafts: tuple[Draft, ...] = ()
    cancels: tuple[Order, ...] = ()
    again_ns: int | None = None


class Held(NamedTuple):
    """A position and everything of its symbol that rests or is known, at one look.

    sellable: quantity on the grid. last: last trade price. least: the venue's minimum notional.
    """

    symbol: str
    position: Position
    instrument: Instrument
    sellable: Decimal
    last: Decimal | None
    least: Decimal
    entries: tuple[Order, ...]
    sells: tuple[Order, ...]

    @property
    def is_leaving(self) -> bool:
        """Is an exit at work already?"""
        return any(o.request.purpose is Purpose.EXIT for o in self.sells)


NOTHING = Upkeep()
STOP_REASON = "stop"


class Protector:
    """Keeps every position protected until it is flat."""

    def __init__(self, orders: OrderBook, rules: ExecutionRules) -> None:
        self._orders = orders
        self.rules = rules
        self.closing: dict[str, Closing] = {}
        self.stops: dict[str, Decimal] = {}
        self.retry_ns: dict[str, int] = {}

    # -- what is wished ----------------------------------------------------------------------
    @property
    def symbols(self) -> set[str]:
        """Symbols with a stop to keep or a position on its way out."""
        return {*self.stops, *self.closing}

    def close(self, symbol: str, closing: Closing) -> None:
        """Leave a position, or more of one that is on its way out already."""
        known = self.closing.get(symbol)
        if known is None or closing.left_qty is None:
            self.closing[symbol] = closing
        elif known.left_qty is not None:
            known.left_qty += closing.left_qty

    def move_stop(self, symbol: str, price: Decimal) -> None:
        self.stops[symbol] = price
        self.retry_ns.pop(symbol, None)

    def sold(self, symbol: str, qty: Decimal) -> None:
        """An exit filled: count it against a partial close."""
        closing = self.closing.get(symbol)
        if closing is not None and closing.left_qty is not None:
            closing.left_qty -= qty
            if closing.left_qty <= ZERO:
                del self.closing[symbol]

    def refused(self, order: Order, code: str, now_ns: int) -> None:
        """The venue refused a protective stop or an exit: wait, or leave at once."""
        symbol = order.request.symbol
        if order.request.purpose is Purpose.PROTECT and "trigger" in code:
            self.close(symbol, Closing(STOP_REASON, order.request.source, None))
            return
        closing = self.closing.get(symbol)
        if order.request.purpose is Purpose.EXIT and closing and closing.left_qty is not None:
            del self.closing[symbol]  # part of it cannot be sold: what is held is protected again
        self.retry_ns[symbol] = now_ns + self.rules.stop_retry_ns

    # -- the next step -----------------------------------------------------------------------
    def upkeep(self, symbol: str, facts: SymbolFacts) -> Upkeep:
        entries, sells = self._orders.split(symbol)
        position, instrument = facts.position(symbol), facts.instrument(symbol)
        if position is None or instrument is None:
            step = self._flat(symbol, entries, sells)
        else:
            sellable = instrument.fit_qty(position.qty, market=True)
            last, least = facts.price(symbol), instrument.min_notional_usdt
            held = Held(symbol, position, instrument, sellable, last, least, entries, sells)
            waits_ns = self._waits(symbol, facts.now_ns)
            step = (
                self._exit(held, waits_ns) if self._leaves(held) else self._protect(held, waits_ns)
            )
        again = [o for o in entries if o.unwanted and not o.cancel_asked and o not in step.cancels]
        return step._replace(cancels=(*step.cancels, *again)) if again else step

    def _leaves(self, held: Held) -> bool:
        """Is the position on its way out?

        The venue takes no order below its minimum: such a close is forgotten, it would only cost
        the stop.
        """
        closing = self.closing.get(held.symbol)
        if closing is None:
            return False
        if held.last is None or held.is_leaving:
            return True
        if _part(held, closing) * held.last >= held.least:
            return True
        del self.closing[held.symbol]
        return False

    def _flat(self, symbol: str, entries: tuple[Order, ...], sells: tuple[Order, ...]) -> Upkeep:
        if not entries:
            self.stops.pop(symbol, None)
        self.closing.pop(symbol, None)
        self.retry_ns.pop(symbol, None)
        return Upkeep(cancels=_unasked(sells)) if sells else NOTHING

    def _exit(self, held: Held, waits_ns: int | None) -> Upkeep:
        entries = _unasked(held.entries)
        if held.is_leaving:
            return Upkeep(cancels=entries)
        if held.sells:  # the stop holds the coins: free them first
            return Upkeep(cancels=entries + _unasked(held.sells))
        if waits_ns is not None:
            return Upkeep(cancels=entries, again_ns=waits_ns)
        closing = self.closing[held.symbol]
        draft = Draft(
            held.symbol,
            Side.SELL,
            OrderType.MARKET,
            Purpose.EXIT,
            qty=_part(held, closing),
            source=closing.source,
            client_ref=closing.client_ref,
            why=closing.reason,
        )
        return Upkeep((draft,), entries)

    def _protect(self, held: Held, waits_ns: int | None) -> Upkeep:
        price = self._stop_price(held)
        if price is None or any(_is_filling(o) for o in held.entries):
            return NOTHING
        if held.sellable * price < held.least:
            return self._unprotectable(held, waits_ns)
        if held.sells:
            wrong = [
                o
                for o in _unasked(held.sells)
                if o.request.stop_price != price or o.remaining_qty != held.sellable
            ]
            return Upkeep(cancels=tuple(wrong)) if wrong else NOTHING
        if waits_ns is not None:
            return Upkeep(again_ns=waits_ns)
        if held.last is not None and held.last <= price:
            return self._leave_now(held)
        draft = Draft(
            held.symbol,
            Side.SELL,
            OrderType.STOP_LOSS,
            Purpose.PROTECT,
            qty=held.sellable,
            stop_price=price,
            source="protection",
            why=STOP_REASON,
        )
        return Upkeep((draft,))

    def _unprotectable(self, held: Held, waits_ns: int | None) -> Upkeep:
        """Too little for a stop: leave while it can still be sold, unless more is to come."""
        if held.sells or held.entries or held.last is None or waits_ns is not None:
            return NOTHING
        return self._leave_now(held) if held.sellable * held.last >= held.least else NOTHING

    def _leave_now(self, held: Held) -> Upkeep:
        self.close(held.symbol, Closing(STOP_REASON, "protection", None))
        return self._exit(held, None)

    def _stop_price(self, held: Held) -> Decimal | None:
        price = self.stops.get(held.symbol)
        if price is None and self.rules.default_stop_fraction is not None:
            price = held.instrument.fit_price(
                held.position.entry_price * (ONE - self.rules.default_stop_fraction)
            )
            self.stops[held.symbol] = price
        return price

    def _waits(self, symbol: str, now_ns: int) -> int | None:
        """Until when nothing is tried, after the venue refused."""
        until_ns = self.retry_ns.get(symbol)
        return until_ns if until_ns is not None and now_ns < until_ns else None


def _part(held: Held, closing: Closing) -> Decimal:
    """How much is to be sold now: all, if the rest alone could neither be protected nor sold."""
    if closing.left_qty is None or closing.left_qty >= held.sellable:
        return held.sellable
    rest = held.sellable - closing.left_qty
    too_little = held.last is not None and rest * held.last < held.least
    return held.sellable if too_little else closing.left_qty


def _is_filling(entry: Order) -> bool:
    """Will more of it be held in a moment? What nobody knows of is not waited for."""
    is_known = entry.status is not OrderStatus.UNRESOLVED
    return is_known and entry.request.type is OrderType.MARKET


def _unasked(orders: tuple[Order, ...]) -> tuple[Order, ...]:
    """Those of which no cancel is under way."""
    return tuple([o for o in orders if not o.cancel_asked])
