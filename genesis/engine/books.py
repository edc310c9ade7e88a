"""Books of somebody's rules over the account: what they see of it and what they tell the gate."""

from decimal import Decimal
from typing import TYPE_CHECKING

from genesis.domain.approval import Failure
from genesis.domain.events import OrderFilled
from genesis.domain.ids import EXTERNAL_RUN
from genesis.domain.money import ONE, ZERO
from genesis.domain.orders import Purpose, Side
from genesis.domain.outcomes import AlertRaised
from genesis.risk.blocks import INCOMPLETE
from genesis.risk.rulebooks.desk import Room
from genesis.risk.rulebooks.standing import Done, Point

if TYPE_CHECKING:
    from genesis.engine.state import EngineState
    from genesis.engine.view import EngineView


class Books:
    """The overlay: it refuses entries and makes them smaller, and is asked nothing else."""

    def __init__(self, state: "EngineState", view: "EngineView") -> None:
        self._state = state
        self._view = view

    # -- facts -------------------------------------------------------------------------------
    def judged(self) -> tuple[AlertRaised, ...]:
        """What the account of this moment comes near or breaks."""
        state = self._state
        if state.books.is_empty:
            return ()
        return state.books.mark(
            self.point(state.now_ns),
            state.rules.risk,
            is_certain=not state.ledger.positions,
            is_complete=not state.risk.blocks.keys() & INCOMPLETE,
        )

    def filled(self, event: OrderFilled) -> None:
        """A fill that counted; of each order the first is a trade. A foreign fill is one each."""
        if self._state.books.is_empty:
            return
        if event.key.run == EXTERNAL_RUN:
            is_entry = event.fill.side is Side.BUY
        else:
            order = self._state.execution.orders.orders[event.key]
            if len(order.trade_ids) > 1:
                return
            is_entry = order.request.purpose is Purpose.ENTRY
        self._state.books.done(Done(event.ts_ns, is_entry))

    def seen(self, gain_usdt: Decimal) -> None:
        """Equity was higher by `gain_usdt` in a span of ticks that went by."""
        equity = self._view.equity_usdt + gain_usdt
        self._state.books.lift(equity, self._state.ledger.flows_usdt)

    # -- questions of the gate ---------------------------------------------------------------
    def failures(self, now_ns: int) -> list[Failure]:
        """Every reason of a book not to take new risk now."""
        desk = self._state.books
        return [] if desk.is_empty else desk.failures(self.point(now_ns))

    def room(self, symbol: str | None, stop_fraction: Decimal | None) -> Room | None:
        """How large a position in the symbol may be; None: no book says anything.

        stop_fraction: distance of its stop as a part of the price; None: the usual one, or all of
        it where the rules have none. symbol None: one that is not held yet.
        """
        state, view = self._state, self._view
        if state.books.is_empty:
            return None
        stop = stop_fraction or state.rules.execution.default_stop_fraction or ONE
        price = None if symbol is None else view.price(symbol)
        counts_held = symbol is not None and state.rules.risk.cap_counts_held
        held = view.held_usdt(symbol) if symbol is not None and counts_held else ZERO
        return state.books.room(self.point(state.now_ns), stop, price, view.open_risk_usdt, held)

    def loss_usdt(self) -> Decimal | None:
        """What all positions may lose at their stops; None: no book says anything."""
        desk = self._state.books
        return None if desk.is_empty else desk.loss_usdt(self.point(self._state.now_ns))

    def point(self, ts_ns: int) -> Point:
        """The account as books see it."""
        ledger, view = self._state.ledger, self._view
        positions = ledger.positions.values()
        at_cost = [one.cost_usdt for one in positions]
        at_cost += [dust.cost_usdt for dust in ledger.dust.values()]
        equity, kindest, sternest = view.valuations
        return Point(
            ts_ns,
            equity,
            ledger.cash_usdt + sum(at_cost, ZERO),
            ledger.flows_usdt,
            max((one.qty for one in positions), default=ZERO),
            max((one.cost_usdt for one in positions), default=ZERO),
            kindest,
            sternest,
        )
