"""EXECUTION of a SNIPER: one order per wish, a protective stop for every position.

State-driven: after every event that touched a symbol, `upkeep` compares what should rest at the
venue with what does, and says the next step. So a rejected stop, a lost answer or a restart heal
the same way as the ordinary course.
"""

from collections.abc import Iterable
from dataclasses import dataclass
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
    def close(self, symbol: str, closing: Closing) -> None:
        if symbol not in self.closing or closing.left_qty is None:
            self.closing[symbol] = closing

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
        self.retry_ns[symbol] = now_ns + self.rules.stop_retry_ns

    # -- the next step -----------------------------------------------------------------------
    def upkeep(self, symbol: str, facts: SymbolFacts) -> Upkeep:
        position, instrument = facts.position(symbol), facts.instrument(symbol)
        sells = self._orders.sells(symbol)
        if position is None or instrument is None:
            return self._flat(symbol, sells)
        sellable = instrument.fit_qty(position.qty, market=True)
        if symbol in self.closing:
            return self._exit(symbol, sellable, sells, facts)
        return self._protect(symbol, position, instrument, sellable, sells, facts)

    def _flat(self, symbol: str, sells: Iterable[Order]) -> Upkeep:
        if not self._orders.entries(symbol):
            self.stops.pop(symbol, None)
        self.closing.pop(symbol, None)
        self.retry_ns.pop(symbol, None)
        return Upkeep(cancels=tuple(o for o in sells if not o.cancel_asked))

    def _exit(
        self, symbol: str, sellable: Decimal, sells: tuple[Order, ...], facts: SymbolFacts
    ) -> Upkeep:
        entries = tuple(o for o in self._orders.entries(symbol) if not o.cancel_asked)
        if any(o.request.purpose is Purpose.EXIT for o in sells):
            return Upkeep(cancels=entries)
        if sells:  # the stop holds the coins: free them first
            return Upkeep(cancels=entries + tuple(o for o in sells if not o.cancel_asked))
        closing = self.closing[symbol]
        qty = sellable if closing.left_qty is None else min(sellable, closing.left_qty)
        if not qty:
            return Upkeep(cancels=entries)
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
        if price is None or filling or sellable * price < instrument.min_notional_usdt:
            return NOTHING
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
        last = facts.price(symbol)
        if last is not None and last <= price:
            self.close(symbol, Closing(STOP_REASON, "protection", None))
            return self._exit(symbol, sellable, sells, facts)
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
