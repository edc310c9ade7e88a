"""What was done past the gate, at the venue itself: a trade, or a stop of ours that was cancelled.

It cannot be prevented, and is not undone: it counts in the books, its position is protected, and
the detector of tilt and the gates of the tiers hear of it. What reduces risk is never held against
anybody.
"""

from typing import TYPE_CHECKING, Final

from genesis.domain.account import TiltLevel
from genesis.domain.events import Event, OrderAccepted, OrderCancelled, OrderFilled
from genesis.domain.ids import EXTERNAL_RUN
from genesis.domain.orders import Order, Purpose, Side
from genesis.domain.outcomes import Outcome
from genesis.engine.acts import Acts
from genesis.engine.course import Course
from genesis.engine.tier_acts import RECORD
from genesis.risk.blocks import STARTING, VENUE

if TYPE_CHECKING:
    from genesis.engine.state import EngineState
    from genesis.engine.view import EngineView

LOCKED_OUTSIDE: Final = "outside_while_locked"
STOP_REMOVED: Final = "stop_removed"
_UNSURE: Final = frozenset({STARTING, RECORD})
"""What is found at a start, or beside a broken record, may be an order of ours that was lost."""


class Bypass:
    """own_symbols: symbols of which a position is the trader's own; a purchase elsewhere adds one.

    Only under rules that say within which time trades made elsewhere are one act.
    """

    def __init__(
        self,
        state: "EngineState",
        view: "EngineView",
        course: Course,
        acts: Acts,
        own_symbols: set[str],
    ) -> None:
        self._state = state
        self._view = view
        self._course = course
        self._acts = acts
        self._own_symbols = own_symbols
        self._bought_ns: dict[str, int] = {}
        self._removed: dict[str, Order] = {}
        """Stops that were cancelled elsewhere, of positions that may be on their way out there."""

    def heard(self, event: Event, moved: tuple[Outcome, ...]) -> tuple[Outcome, ...]:
        """Facts that follow from what was done elsewhere."""
        match event:
            case OrderAccepted() if self._removed:
                return self._protected_again(event)
            case OrderFilled(key=key, fill=fill):
                if self._removed and not self._is_held(fill.symbol):
                    self._removed.pop(fill.symbol, None)
                if moved and key.run == EXTERNAL_RUN:
                    return self._traded(event)
            case OrderCancelled():
                self._cancelled(event)
        return ()

    @property
    def _is_sure(self) -> bool:
        return not self._state.risk.blocks.keys() & _UNSURE

    @property
    def _parts_ns(self) -> int | None:
        rules = self._state.rules.tiers.bypass
        return None if rules is None else rules.parts_ns

    def _traded(self, event: OrderFilled) -> tuple[Outcome, ...]:
        noted = self._course.outside(event)
        fill, state, parts_ns = event.fill, self._state, self._parts_ns
        if parts_ns is None or fill.side is not Side.BUY or not self._is_sure:
            return noted
        last_ns = self._bought_ns.get(fill.symbol)
        self._bought_ns[fill.symbol] = event.ts_ns
        if last_ns is not None and event.ts_ns - last_ns < parts_ns:
            return noted  # another part of the same purchase
        if self._is_locked:
            told = f"{fill.symbol} was bought elsewhere while entries are locked"
            noted += self._course.violation(LOCKED_OUTSIDE, told)
        self._own_symbols.add(fill.symbol)
        act = self._acts.bought_outside(fill)
        facts = (*noted, *state.tilt.observe(act))
        state.tilt.traded(fill.symbol, event.ts_ns)
        return facts

    @property
    def _is_locked(self) -> bool:
        state = self._state
        is_halted = state.risk.drawdown.halted is not None
        return is_halted or state.tilt.state.level is TiltLevel.LOCKED

    def _cancelled(self, event: OrderCancelled) -> None:
        """Our stop was cancelled, not by us, while it protected something.

        It held the coins: who sells them at the venue itself cannot but cancel it first.
        """
        order = self._state.execution.orders.orders.get(event.key)
        if order is not None and self._parts_ns is not None and self._is_exposed(order):
            self._removed[order.request.symbol] = order

    def _protected_again(self, event: OrderAccepted) -> tuple[Outcome, ...]:
        """A stop of ours rests: what another was taken from was not sold, and goes on."""
        placed = self._state.execution.orders.orders.get(event.key)
        if placed is None or placed.request.purpose is not Purpose.PROTECT:
            return ()
        symbol = placed.request.symbol
        order = self._removed.pop(symbol, None)
        if order is None:
            return ()
        told = f"the stop of {symbol} was cancelled elsewhere; it is placed again"
        noted = self._course.violation(STOP_REMOVED, told)
        return (*noted, *self._state.tilt.observe(self._acts.stop_removed(order)))

    def _is_held(self, symbol: str) -> bool:
        """Is there more of it than dust?"""
        held, instrument = self._view.position(symbol), self._view.instrument(symbol)
        if held is None or instrument is None:
            return False
        return bool(instrument.fit_qty(held.qty, market=True))

    def _is_exposed(self, order: Order) -> bool:
        """Is a position left without the stop that nobody here asked to cancel?"""
        state, symbol = self._state, order.request.symbol
        if order.request.purpose is not Purpose.PROTECT or order.cancel_was_asked:
            return False
        if not self._is_sure or VENUE in state.risk.blocks:
            return False
        execution = state.execution
        if not self._is_held(symbol):
            return False
        return symbol not in execution.protector.closing and not execution.orders.sells(symbol)
