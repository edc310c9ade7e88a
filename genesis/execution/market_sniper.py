"""EXECUTION of a SNIPER: one order per wish, a protective stop for every position.

State-driven: after every event that touched a symbol, `upkeep` compares what should rest at the
venue with what does, and says the next step. So a rejected stop, a lost answer or a restart heal
the same way as the ordinary course.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Protocol

from genesis.domain.instrument import Instrument
from genesis.domain.money import ONE, ZERO
from genesis.domain.orders import Order, OrderType, Purpose, Side
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


@dataclass(frozen=True, slots=True)
class Upkeep:
    """The next step for one symbol: orders to judge, orders to cancel, when to look again."""

    drafts: tuple[Draft, ...] = ()
    cancels: tuple[Order, ...] = ()
    again_ns: int | None = None


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
        position, instrument = facts.position(symbol), facts.instrument(symbol)
        sells = self._orders.sells(symbol)
        if position is None or instrument is None:
            step = self._flat(symbol, sells)
        else:
            sellable = instrument.fit_qty(position.qty, market=True)
            self._forget_what_is_too_small(symbol, instrument, sellable, facts)
            if symbol in self.closing:
                step = self._exit(symbol, instrument, sellable, sells, facts)
            else:
                step = self._protect(symbol, position, instrument, sellable, sells, facts)
        unwanted = tuple(
            o
            for o in self._orders.entries(symbol)
            if o.unwanted and not o.cancel_asked and o not in step.cancels
        )
        return replace(step, cancels=step.cancels + unwanted) if unwanted else step

    def _forget_what_is_too_small(
        self, symbol: str, instrument: Instrument, sellable: Decimal, facts: SymbolFacts
    ) -> None:
        """The venue takes no order below its minimum: such a close would only cost the stop."""
        closing, last = self.closing.get(symbol), facts.price(symbol)
        if closing is None or last is None or self._exits(symbol):
            return
        qty = sellable if closing.left_qty is None else min(sellable, closing.left_qty)
        if qty * last < instrument.min_notional_usdt:
            del self.closing[symbol]

    def _exits(self, symbol: str) -> bool:
        return any(o.request.purpose is Purpose.EXIT for o in self._orders.sells(symbol))

    def _flat(self, symbol: str, sells: Iterable[Order]) -> Upkeep:
        if not self._orders.entries(symbol):
            self.stops.pop(symbol, None)
        self.closing.pop(symbol, None)
        self.retry_ns.pop(symbol, None)
        return Upkeep(cancels=tuple(o for o in sells if not o.cancel_asked))

    def _exit(
        self,
        symbol: str,
        instrument: Instrument,
        sellable: Decimal,
        sells: tuple[Order, ...],
        facts: SymbolFacts,
    ) -> Upkeep:
        entries = tuple(o for o in self._orders.entries(symbol) if not o.cancel_asked)
        if self._exits(symbol):
            return Upkeep(cancels=entries)
        if sells:  # the stop holds the coins: free them first
            return Upkeep(cancels=entries + tuple(o for o in sells if not o.cancel_asked))
        closing = self.closing[symbol]
        qty = sellable if closing.left_qty is None else min(sellable, closing.left_qty)
        last = facts.price(symbol)
        if last is not None and (sellable - qty) * last < instrument.min_notional_usdt:
            qty = sellable  # the rest alone could neither be protected nor sold
        if self._waits(symbol, facts):
            return Upkeep(cancels=entries, again_ns=self.retry_ns[symbol])
        draft = Draft(
            symbol,
            Side.SELL,
            OrderType.MARKET,
            Purpose.EXIT,
            qty=qty,
            source=closing.source,
            client_ref=closing.client_ref,
            why=closing.reason,
        )
        return Upkeep((draft,), entries)

    def _protect(
        self,
        symbol: str,
        position: Position,
        instrument: Instrument,
        sellable: Decimal,
        sells: tuple[Order, ...],
        facts: SymbolFacts,
    ) -> Upkeep:
        price = self._stop_price(symbol, position, instrument)
        filling = any(o.request.type is OrderType.MARKET for o in self._orders.entries(symbol))
        if price is None or filling:
            return NOTHING
        last = facts.price(symbol)
        if sellable * price < instrument.min_notional_usdt:
            return self._unprotectable(symbol, instrument, sellable, sells, facts)
        if sells:
            wrong = tuple(
                o
                for o in sells
                if not o.cancel_asked
                and (o.request.stop_price != price or o.remaining_qty != sellable)
            )
            return Upkeep(cancels=wrong)
        if self._waits(symbol, facts):
            return Upkeep(again_ns=self.retry_ns[symbol])
        if last is not None and last <= price:
            self.close(symbol, Closing(STOP_REASON, "protection", None))
            return self._exit(symbol, instrument, sellable, sells, facts)
        draft = Draft(
            symbol,
            Side.SELL,
            OrderType.STOP_LOSS,
            Purpose.PROTECT,
            qty=sellable,
            stop_price=price,
            source="protection",
            why=STOP_REASON,
        )
        return Upkeep((draft,))

    def _unprotectable(
        self,
        symbol: str,
        instrument: Instrument,
        sellable: Decimal,
        sells: tuple[Order, ...],
        facts: SymbolFacts,
    ) -> Upkeep:
        """Too little for a stop: leave while it can still be sold, unless more is to come."""
        last = facts.price(symbol)
        if sells or last is None or self._orders.entries(symbol) or self._waits(symbol, facts):
            return NOTHING
        if sellable * last < instrument.min_notional_usdt:
            return NOTHING
        self.close(symbol, Closing(STOP_REASON, "protection", None))
        return self._exit(symbol, instrument, sellable, sells, facts)

    def _stop_price(
        self, symbol: str, position: Position, instrument: Instrument
    ) -> Decimal | None:
        price = self.stops.get(symbol)
        if price is None and self.rules.default_stop_fraction is not None:
            price = instrument.fit_price(
                position.entry_price * (ONE - self.rules.default_stop_fraction)
            )
            self.stops[symbol] = price
        return price

    def _waits(self, symbol: str, facts: SymbolFacts) -> bool:
        return facts.now_ns < self.retry_ns.get(symbol, 0)
