"""What strategies, checks and faces may see of the engine: read only."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

from genesis.domain.account import MarketState, Tier
from genesis.domain.events import BarClosed, BookTop
from genesis.domain.instrument import Instrument
from genesis.domain.money import ZERO
from genesis.domain.orders import Order, Side
from genesis.positions.ledger import Position

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

    def bars(self, symbol: str, n: int) -> Sequence[BarClosed]:
        known = self._state.market.symbols.get(symbol)
        return () if known is None else tuple(known.bars)[-n:]

    def state(self, symbol: str) -> MarketState:
        return self._state.market.status

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
        return self.valued(kindest=False)

    def valued(self, *, kindest: bool) -> Decimal:
        """Equity at the mark, or at the better of mark and last trade."""
        ledger = self._state.ledger
        total = ledger.cash_usdt
        for symbol, position in ledger.positions.items():
            price = self._price_of(symbol, kindest)
            total += position.cost_usdt if price is None else position.qty * price
        for symbol, dust in ledger.dust.items():
            price = self._price_of(symbol, kindest)
            total += dust.cost_usdt if price is None else dust.qty * price
        return total

    def _price_of(self, symbol: str, kindest: bool) -> Decimal | None:
        mark, last = self.mark(symbol), self.price(symbol)
        if kindest and mark is not None and last is not None:
            return max(mark, last)
        return mark

    @property
    def exposure_usdt(self) -> Decimal:
        """Positions at the mark and what working entries may still add."""
        total = sum((self._worth_usdt(held) for held in self.positions), ZERO)
        return total + self.reserved_usdt

    def held_usdt(self, symbol: str) -> Decimal:
        """The same of one symbol."""
        position = self._state.ledger.positions.get(symbol)
        worth = ZERO if position is None else self._worth_usdt(position)
        return worth + self._reserved(self._state.execution.orders.working(symbol))

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
