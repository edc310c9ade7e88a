"""What strategies, checks and faces may see of the engine: read only."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

from genesis.domain.account import MarketState, Tier
from genesis.domain.events import BarClosed, BookTop
from genesis.domain.instrument import Instrument
from genesis.domain.money import ONE, ZERO
from genesis.domain.orders import Order, Side
from genesis.errors import UsageError
from genesis.market.walk import walk_price
from genesis.positions.ledger import Position
from genesis.risk.sizing import risk_per_unit
from genesis.tiers.held import Held, priority_scores, reduce_only

if TYPE_CHECKING:
    from genesis.engine.state import EngineState


class EngineView:
    """Read-only answers from the engine's state."""

    __slots__ = ("_state",)

    def __init__(self, state: "EngineState") -> None:
        self._state = state

    @property
    def now_ns(self) -> int:
        return self._state.now_ns

    @property
    def tier(self) -> Tier:
        return self._state.tiers.state.tier

    # -- market ------------------------------------------------------------------------------
    def price(self, symbol: str) -> Decimal | None:
        known = self._state.market.symbols.get(symbol)
        return None if known is None else known.last

    def top(self, symbol: str) -> BookTop | None:
        known = self._state.market.symbols.get(symbol)
        return None if known is None else known.top

    def mark(self, symbol: str) -> Decimal | None:
        known = self._state.market.symbols.get(symbol)
        if known is None:
            return None
        return known.mark(self._state.now_ns, self._state.rules.risk.mark_stale_ns)

    def fresh_price(self, symbol: str) -> Decimal | None:
        """The last price; None where it is too old to say how the market stands."""
        known = self._state.market.symbols.get(symbol)
        oldest_ns = self._state.now_ns - self._state.rules.risk.mark_stale_ns
        return None if known is None or known.last_ns < oldest_ns else known.last

    def walk(self, symbol: str, side: Side, qty: Decimal) -> Decimal | None:
        """What an order of `side` would pay on average now, as far as the book is known."""
        known = self._state.market.symbols.get(symbol)
        if known is None:
            return None
        rules = self._state.rules.risk
        rows = known.rows(side.opposite, self._state.now_ns, rules.mark_stale_ns)
        return walk_price(rows, side, qty, known.last, rules.slippage_fraction)

    @property
    def taker_fee_fraction(self) -> Decimal:
        return self._state.rules.risk.taker_fee_fraction

    def bars(self, symbol: str, n: int) -> Sequence[BarClosed]:
        if n < 1:
            raise UsageError(
                f"view.bars counts closed bars back from now: n is {n} and must be at least 1; "
                "there are no later ones"
            )
        known = self._state.market.symbols.get(symbol)
        return () if known is None else tuple(known.bars)[-n:]

    def state(self, symbol: str) -> MarketState:
        return self._state.market.state_of(symbol)

    def instrument(self, symbol: str) -> Instrument | None:
        return self._state.market.instruments.get(symbol)

    # -- account -----------------------------------------------------------------------------
    def position(self, symbol: str) -> Position | None:
        return self._state.ledger.positions.get(symbol)

    @property
    def positions(self) -> tuple[Position, ...]:
        return tuple(self._state.ledger.positions.values())

    def orders(self, symbol: str) -> Sequence[Order]:
        """Copies: what a strategy does to them changes nothing."""
        working = self._state.execution.orders.working(symbol)
        return tuple(replace(order, trade_ids=set(order.trade_ids)) for order in working)

    @property
    def equity_usdt(self) -> Decimal:
        """Cash and everything held, valued at the mark (at cost where there is no price)."""
        return self._valued(_first)

    def valued(self, *, kindest: bool) -> Decimal:
        """Equity at the mark, or at the better of mark and last trade."""
        return self._valued(max if kindest else _first)

    @property
    def sternest_usdt(self) -> Decimal:
        """Equity at the worse of mark and last trade: what both agree there is."""
        return self._valued(min)

    @property
    def valuations(self) -> tuple[Decimal, Decimal, Decimal]:
        """Equity at the mark, at the better of mark and last trade, and at the worse of them."""
        equity, markets = self.equity_usdt, self._state.market.symbols
        ledger = self._state.ledger
        known = [markets.get(symbol) for symbol in (*ledger.positions, *ledger.dust)]
        if all(one is None or one.top is None for one in known):
            return equity, equity, equity  # no book's top: the last trade is the mark
        return equity, self.valued(kindest=True), self.sternest_usdt

    def _valued(self, of_both: Callable[[Decimal, Decimal], Decimal]) -> Decimal:
        ledger = self._state.ledger
        total = ledger.cash_usdt
        for symbol, position in ledger.positions.items():
            price = self._price_of(symbol, of_both)
            total += position.cost_usdt if price is None else position.qty * price
        for symbol, dust in ledger.dust.items():
            price = self._price_of(symbol, of_both)
            total += dust.cost_usdt if price is None else dust.qty * price
        return total

    def _price_of(
        self, symbol: str, of_both: Callable[[Decimal, Decimal], Decimal]
    ) -> Decimal | None:
        state, known = self._state, self._state.market.symbols.get(symbol)
        if known is None:
            return None
        mark, last = known.mark(state.now_ns, state.rules.risk.mark_stale_ns), known.last
        return mark if mark is None or last is None else of_both(mark, last)

    @property
    def trades_today(self) -> int:
        """Trades of this UTC day, and entries that may still become one."""
        working = self._state.execution.orders.all_working()
        entries = [one for one in working if not (one.request.reduces or one.filled_qty)]
        return self._state.risk.trades_today(self._state.now_ns, len(entries))

    @property
    def reduce_only(self) -> tuple[str, ...]:
        """Symbols whose positions the tier does not allow any more."""
        held = [Held(one.symbol, one.opened_ns) for one in self._state.ledger.positions.values()]
        if not held:
            return ()
        return reduce_only(held, self._state.tiers.state, self._state.rules.tiers)

    @property
    def priority_scores(self) -> dict[str, int]:
        """In which order positions are left in an emergency: the highest score first."""
        held = [
            Held(
                one.symbol,
                one.opened_ns,
                self._worth_usdt(one),
                self.risk_usdt(one),
            )
            for one in self.positions
        ]
        return priority_scores(held, self.reduce_only)

    @property
    def exposure_usdt(self) -> Decimal:
        """Positions at the mark and what working entries may still add."""
        total = ZERO
        for held in self._state.ledger.positions.values():
            total += self._worth_usdt(held)
        return total + self.reserved_usdt

    def held_usdt(self, symbol: str) -> Decimal:
        """The same of one symbol."""
        position = self._state.ledger.positions.get(symbol)
        worth = ZERO if position is None else self._worth_usdt(position)
        return worth + self._reserved(self._state.execution.orders.working(symbol))

    @property
    def open_risk_usdt(self) -> Decimal:
        """What positions lose at their stops, from their entries, and working entries might.

        Fees and slippage included; a stop above the entry risks nothing but these. Without a stop
        all of it is at risk.
        """
        total = ZERO
        for held in self._state.ledger.positions.values():
            total += self.risk_usdt(held)
        for order in self._state.execution.orders.all_working():
            request = order.request
            price = request.limit_price or self.price(request.symbol)
            if not request.reduces and price is not None:
                total += order.remaining_qty * self._risk_of(price, request.stop_plan)
        return total

    def risk_usdt(self, held: Position) -> Decimal:
        """What of it one position loses."""
        stop = self._state.execution.protector.stops.get(held.symbol)
        return held.qty * self._risk_of(held.entry_price, stop)

    def _risk_of(self, entry: Decimal, stop: Decimal | None) -> Decimal:
        """What one unit risks between its entry and its stop."""
        rules, default = self._state.rules.risk, self._state.rules.execution.default_stop_fraction
        if stop is None:
            stop = ZERO if default is None else entry * (ONE - default)
        return risk_per_unit(entry, min(entry, stop), rules)

    @property
    def reserved_usdt(self) -> Decimal:
        """Money that working entries may still take."""
        return self._reserved(self._state.execution.orders.all_working())

    def _worth_usdt(self, position: Position) -> Decimal:
        mark = self.mark(position.symbol)
        return position.cost_usdt if mark is None else position.qty * mark

    def _reserved(self, orders: Iterable[Order]) -> Decimal:
        total = ZERO
        for order in orders:
            if order.request.side is Side.BUY:
                price = order.request.limit_price or self.price(order.request.symbol) or ZERO
                total += order.remaining_qty * price
        return total

    @property
    def free_usdt(self) -> Decimal:
        return max(ZERO, self._state.ledger.cash_usdt - self.reserved_usdt)


def _first(mark: Decimal, last: Decimal) -> Decimal:
    return mark
