"""Equity as limits see it: valued at this moment, and over spans of ticks that were skipped."""

from decimal import Decimal
from typing import TYPE_CHECKING

from genesis.domain.events import OrderFilled
from genesis.domain.money import ZERO
from genesis.domain.orders import Purpose
from genesis.domain.outcomes import Outcome
from genesis.engine.books import Books
from genesis.risk.blocks import INCOMPLETE
from genesis.risk.limits import limits_equity

if TYPE_CHECKING:
    from genesis.engine.state import EngineState
    from genesis.engine.view import EngineView


class Marks:
    """Values positions and asks the drawdown table."""

    def __init__(self, state: "EngineState", view: "EngineView") -> None:
        self._state = state
        self._view = view
        self._books = Books(state, view)

    @property
    def are_asked(self) -> bool:
        """Does any limit or book look at equity at all?"""
        state = self._state
        risk = state.rules.risk
        return bool(state.books.books) or limits_equity(risk.tiers[state.tiers.state.tier], risk)

    def judged(self) -> tuple[Outcome, ...]:
        """What the equity of this moment touches."""
        state = self._state
        touched = self._limits() if limits_equity(state.limits, state.rules.risk) else ()
        return touched if state.books.is_empty else (*touched, *self._books.judged())

    def begun(self) -> tuple[Outcome, ...]:
        """The account is open: books begin with it."""
        return self._books.judged()

    def filled(self, event: OrderFilled) -> None:
        """A fill that moved a position; of an entry of ours the first is a trade of the day."""
        self._books.filled(event)
        order = self._state.execution.orders.orders.get(event.key)
        if order is None or order.request.purpose is not Purpose.ENTRY:
            return
        if len(order.trade_ids) == 1 and not self._state.execution.parents.has_begun(event.key):
            self._state.risk.trade_opened(self._state.now_ns)

    def _limits(self) -> tuple[Outcome, ...]:
        state = self._state
        equity, kindest, sternest = self._view.valuations
        return state.risk.drawdown.mark(
            state.now_ns,
            equity,
            kindest,
            state.ledger.flows_usdt,
            self._worst_trade(),
            state.limits,
            state.rules.risk,
            sternest=sternest,
            is_complete=not state.risk.blocks.keys() & INCOMPLETE,
        )

    def seen(self, symbol: str, high: Decimal) -> None:
        """A span of ticks went by up to `high`: the peak of equity may have moved."""
        if not self.are_asked:
            return
        state, mark = self._state, self._view.mark(symbol)
        if mark is None:
            return
        if mark != self._view.price(symbol):  # a book top values it: a peak must hold for both
            high = min(high, mark)
        gain = (high - mark) * state.ledger.holdings(symbol)
        self._books.seen(gain)
        if state.limits.drawdown is None:
            return
        drawdown = state.risk.drawdown
        result = self._view.equity_usdt + gain - state.ledger.flows_usdt - drawdown.base_usdt
        drawdown.peak_usdt = max(drawdown.peak_usdt, result)

    def _worst_trade(self) -> Decimal | None:
        if not self._state.ledger.positions:
            return None
        worst = ZERO
        for symbol, position in self._state.ledger.positions.items():
            mark = self._view.mark(symbol)
            if mark is not None:
                worst = min(worst, position.realized_usdt + position.unrealized_usdt(mark))
        return worst
