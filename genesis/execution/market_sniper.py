"""EXECUTION of a SNIPER: one order per wish, a protective stop for every position.

State-driven: after every event that touched a symbol, `upkeep` compares what should rest at the
venue with what does, and says the next step. So a rejected stop, a lost answer or a restart heal
the same way as the ordinary course.

A resting stop locks the coins that an exit sells. Where the venue replaces orders, the exit (or
another stop) takes its place in one request; elsewhere it is cancelled first, which leaves a gap.
"""

from decimal import Decimal
from typing import Final

from genesis.domain.approval import Approved
from genesis.domain.events import OrderCancelled, OrderExpired, OrderRejected
from genesis.domain.money import ONE, ZERO
from genesis.domain.orders import NOT_SENT, Order, OrderType, Purpose, Side
from genesis.execution.draft import Draft
from genesis.execution.held import (
    NOTHING,
    Closing,
    Held,
    SymbolFacts,
    Upkeep,
    covers,
    is_filling,
    is_unheard,
    to_sell,
    unasked,
)
from genesis.execution.order_book import NEVER_PLACED, OrderBook
from genesis.execution.rules import ExecutionRules

STOP_REASON = "stop"
_UNJUDGED: Final = frozenset(
    {NOT_SENT, NEVER_PLACED, "-1003", "-1015", "-1021", "403", "418", "429"}
)
"""Codes of orders that the venue never came to judge: they may be sent again as they were."""


class Protector:
    """Keeps every position protected until it is flat."""

    def __init__(self, orders: OrderBook, rules: ExecutionRules) -> None:
        self._orders = orders
        self.rules = rules
        self.closing: dict[str, Closing] = {}
        self.stops: dict[str, Decimal] = {}
        self.left_by: dict[str, str] = {}
        """Why the latest order that sold of a symbol did."""
        self._retry_ns: dict[tuple[str, Purpose], int] = {}
        self._rested: dict[str, Decimal] = {}
        """The price of the latest stop that the venue took."""
        self._attached_ns: dict[str, int] = {}
        """Since when something was bought whose stop, which came along, is not known to rest."""
        self._refused: dict[str, str] = {}
        """Symbols whose stop the venue refused, and why, until it takes one."""
        self._irreplaceable: set[str] = set()
        """Symbols whose stop is cancelled first: the venue would not do both at once."""

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
        self._retry_ns.pop((symbol, Purpose.PROTECT), None)

    def rests(self, order: Order) -> None:
        """The venue took an order."""
        if order.request.purpose is Purpose.PROTECT and order.request.stop_price is not None:
            self._rested[order.request.symbol] = order.request.stop_price
            self._refused.pop(order.request.symbol, None)

    def sold(self, symbol: str, qty: Decimal) -> None:
        """An exit filled: count it against a partial close."""
        closing = self.closing.get(symbol)
        if closing is not None and closing.left_qty is not None:
            closing.left_qty -= qty
            if closing.left_qty <= ZERO:
                del self.closing[symbol]

    def refused(self, order: Order, told: OrderRejected | OrderCancelled | OrderExpired) -> None:
        """The venue refused a protective stop or an exit: wait, or leave at once."""
        symbol, purpose = order.request.symbol, order.request.purpose
        if purpose is Purpose.PROTECT and "trigger" in told.reason:
            self.close(symbol, Closing(STOP_REASON, order.request.source, None))
            return
        closing = self.closing.get(symbol)
        if purpose is Purpose.EXIT and closing and closing.left_qty is not None:
            del self.closing[symbol]  # part of it cannot be sold: what is held is protected again
        code = told.code if isinstance(told, OrderRejected) else ""
        if self.rules.without_gap and self._goes_on(order, code):
            return
        self._retry_ns[self._patience(symbol, purpose)] = told.ts_ns + self.rules.stop_retry_ns
        if purpose is Purpose.PROTECT:
            self._refused[symbol] = told.reason or code

    @property
    def bare(self) -> dict[str, str]:
        """Symbols that have no stop at the venue because it refused one, and why it did."""
        return {s: why for s, why in self._refused.items() if not self._orders.sells(s)}

    def _goes_on(self, order: Order, code: str) -> bool:
        """Is there something to do at once? What rested before is safer than what was refused."""
        symbol, rested = order.request.symbol, self._rested.get(order.request.symbol)
        old = None if order.replaces is None else self._orders.orders[order.replaces]
        is_gone = old is not None and not old.is_working
        if code in _UNJUDGED:
            return is_gone or code == NEVER_PLACED
        if order.request.purpose is Purpose.PROTECT:
            is_other = rested is not None and rested != order.request.stop_price
            if is_other and rested is not None:
                self.stops[symbol] = rested
            return is_other or is_gone or order.joins is not None
        if old is not None and not is_gone:
            self._irreplaceable.add(symbol)
        return False

    def attached_to(self, entry: Approved, facts: SymbolFacts) -> Draft | None:
        """The stop of what an entry will have bought, net of the fee; None: there is none."""
        request, rules = entry.request, self.rules
        instrument, limit = facts.instrument(request.symbol), request.limit_price
        if rules.partly_ns is None or instrument is None or not instrument.can_attach:
            return None
        price = request.stop_plan
        if price is None and rules.default_stop_fraction is not None and limit is not None:
            price = instrument.fit_price(limit * (ONE - rules.default_stop_fraction))
        fee = facts.taker_fee_fraction if rules.fee_asset == "received" else ZERO
        qty = instrument.fit_qty(request.qty * (ONE - fee), market=True)
        if price is None or qty * price < instrument.min_notional_usdt:
            return None
        return Draft(
            request.symbol,
            Side.SELL,
            OrderType.STOP_LOSS,
            Purpose.PROTECT,
            qty=qty,
            stop_price=price,
            source="protection",
            why=STOP_REASON,
            joins=entry.key,
        )

    # -- the next step -----------------------------------------------------------------------
    def upkeep(self, symbol: str, facts: SymbolFacts) -> Upkeep:
        entries, sells = self._orders.split(symbol)
        sells = tuple([o for o in sells if o.joins is None or not self._orders.is_to_come(o)])
        position, instrument = facts.position(symbol), facts.instrument(symbol)
        if position is None or instrument is None:
            step = self._flat(symbol, entries, sells)
        else:
            sellable = instrument.fit_qty(position.qty, market=True)
            last, least = facts.price(symbol), instrument.min_notional_usdt
            fresh = facts.fresh_price(symbol) if self.rules.without_gap else last
            orders = (entries, sells)
            held = Held(
                symbol, position, instrument, sellable, last, least, *orders, facts.now_ns, fresh
            )
            step = self._exit(held) if self._leaves(held) else self._protect(held)
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
        if to_sell(held, closing) * held.last >= held.least:
            return True
        del self.closing[held.symbol]
        return False

    def _flat(self, symbol: str, entries: tuple[Order, ...], sells: tuple[Order, ...]) -> Upkeep:
        if not entries:
            self.stops.pop(symbol, None)
        for known in (self.closing, self.left_by, self._rested, self._attached_ns, self._refused):
            known.pop(symbol, None)
        if self._retry_ns:
            for purpose in Purpose:
                self._retry_ns.pop((symbol, purpose), None)
        self._irreplaceable.discard(symbol)
        return Upkeep(cancels=unasked(sells)) if sells else NOTHING

    def _exit(self, held: Held) -> Upkeep:
        entries, stop = unasked(held.entries), self._to_replace(held)
        if held.is_leaving or held.bringing:
            return Upkeep(cancels=entries)
        waits_ns = self._waits(held, Purpose.EXIT)
        if waits_ns is not None and self.rules.without_gap:
            step = self._protect(held)  # until it is tried again
            again_ns = min(waits_ns, step.again_ns or waits_ns)
            return Upkeep(step.drafts, step.cancels + entries, again_ns)
        if held.sells and stop is None:  # the stop holds the coins: free them first
            return Upkeep(cancels=entries + unasked(held.sells))
        if waits_ns is not None:
            return Upkeep(cancels=entries, again_ns=waits_ns)
        closing = self.closing[held.symbol]
        part = to_sell(held, closing)
        if stop is not None and self._may_stay(held, held.sellable - part):
            if stop.remaining_qty > held.sellable - part:
                return Upkeep((self._stop(held, held.sellable - part, stop),), entries)
            if held.sells != (stop,):  # the larger one may still hold the coins
                return Upkeep(cancels=entries)
            stop = None
        draft = Draft(
            held.symbol,
            Side.SELL,
            OrderType.MARKET,
            Purpose.EXIT,
            qty=part,
            source=closing.source,
            client_ref=closing.client_ref,
            why=closing.reason,
            replaces=None if stop is None else stop.key,
        )
        return Upkeep((draft,), entries)

    def _may_stay(self, held: Held, rest: Decimal) -> bool:
        """Where a part is sold: can the rest keep a stop of its own, which only becomes smaller?"""
        price, waits_ns = self._stop_price(held), self._waits(held, Purpose.PROTECT)
        return price is not None and waits_ns is None and rest > ZERO and held.least <= rest * price

    def _protect(self, held: Held) -> Upkeep:
        price, waits_ns = self._stop_price(held), self._waits(held, Purpose.PROTECT)
        if price is None or any(is_filling(o) for o in held.entries):
            return NOTHING
        if held.bringing or any(is_unheard(o) for o in held.sells):
            return self._attached(held)
        self._attached_ns.pop(held.symbol, None)
        if held.sellable * price < held.least:
            return self._unprotectable(held, waits_ns)
        wrong = tuple(o for o in unasked(held.sells) if not covers(o, price, held.sellable))
        stop = self._to_replace(held) if wrong else None
        if wrong and stop is None:
            return Upkeep(cancels=wrong)
        if held.sells and stop is None:
            return NOTHING
        if waits_ns is not None:
            return Upkeep(again_ns=waits_ns)
        if held.fresh is not None and held.fresh <= price:
            return self._leave_now(held)
        return Upkeep((self._stop(held, held.sellable, stop),))

    def _attached(self, held: Held) -> Upkeep:
        """A stop came along: it rests once all is bought, which is waited for, but not for long."""
        since_ns = self._attached_ns.setdefault(held.symbol, held.now_ns)
        patience_ns = self.rules.partly_ns if held.bringing else None
        until_ns = since_ns + (patience_ns or self.rules.stop_retry_ns)
        if held.now_ns < until_ns:
            return Upkeep(again_ns=until_ns)
        if held.bringing:
            return Upkeep(cancels=unasked(held.bringing))
        told = f"{held.symbol}: nothing was heard of the stop that came with an entry"
        return Upkeep(again_ns=held.now_ns + self.rules.stop_retry_ns, doubt=told)

    def _stop(self, held: Held, qty: Decimal, replaced: Order | None) -> Draft:
        return Draft(
            held.symbol,
            Side.SELL,
            OrderType.STOP_LOSS,
            Purpose.PROTECT,
            qty=qty,
            stop_price=self._stop_price(held),
            source="protection",
            why=STOP_REASON,
            replaces=None if replaced is None else replaced.key,
        )

    def _to_replace(self, held: Held) -> Order | None:
        """The one order whose place another may take; None: what is in the way is cancelled."""
        allowed = self.rules.without_gap and held.instrument.can_replace
        resting = unasked(held.sells)
        if not allowed or held.symbol in self._irreplaceable or len(resting) != 1:
            return None
        return resting[0] if resting[0].request.purpose is Purpose.PROTECT else None

    def _unprotectable(self, held: Held, waits_ns: int | None) -> Upkeep:
        """Too little for a stop: leave while it can still be sold, unless more is to come.

        A stop that rests for more than is held (somebody sold past us) would sell other coins.
        """
        too_much = tuple(o for o in unasked(held.sells) if o.remaining_qty > held.sellable)
        if too_much:
            return Upkeep(cancels=too_much)
        if held.sells or held.entries or held.last is None or waits_ns is not None:
            return NOTHING
        return self._leave_now(held) if held.sellable * held.last >= held.least else NOTHING

    def _leave_now(self, held: Held) -> Upkeep:
        waits_ns = self._waits(held, Purpose.EXIT)
        if waits_ns is not None:
            return Upkeep(again_ns=waits_ns)
        self.close(held.symbol, Closing(STOP_REASON, "protection", None))
        return self._exit(held)

    def _stop_price(self, held: Held) -> Decimal | None:
        price = self.stops.get(held.symbol)
        if price is None and self.rules.default_stop_fraction is not None:
            price = held.instrument.fit_price(
                held.position.entry_price * (ONE - self.rules.default_stop_fraction)
            )
            self.stops[held.symbol] = price
        return price

    def _waits(self, held: Held, purpose: Purpose) -> int | None:
        """Until when no such order is tried, after the venue refused one."""
        until_ns = self._retry_ns.get(self._patience(held.symbol, purpose))
        return until_ns if until_ns is not None and held.now_ns < until_ns else None

    def again_ns(self, symbol: str) -> int:
        """When a stop or an exit that was refused is tried again; 0: none was."""
        return max(self._retry_ns.get((symbol, purpose), 0) for purpose in Purpose)

    def _patience(self, symbol: str, purpose: Purpose) -> tuple[str, Purpose]:
        """Which refusals are waited out together: under older rules those of stops and exits."""
        return symbol, purpose if self.rules.without_gap else Purpose.PROTECT
