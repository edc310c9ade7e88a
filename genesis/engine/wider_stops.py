"""How low a stop may be moved: at it no more is lost than a new entry might lose."""

from collections.abc import Iterator
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

from genesis.domain.money import ZERO
from genesis.engine.books import Books
from genesis.positions.ledger import Position
from genesis.risk.sizing import lowest_stop, sizing_capital

if TYPE_CHECKING:
    from genesis.engine.state import EngineState
    from genesis.engine.view import EngineView


class LowestStop(NamedTuple):
    """The price, and what would be exceeded below it in words."""

    price: Decimal
    told: str


class WiderStops:
    """Asked before a stop moves away from the price."""

    def __init__(self, state: "EngineState", view: "EngineView", books: Books) -> None:
        self._state = state
        self._view = view
        self._books = books

    def lowest(self, position: Position, share: Decimal) -> LowestStop | None:
        """The highest of what every limit allows; None: the rules do not ask.

        share: of its full size that an entry may have now.
        """
        if not self._state.rules.execution.stops_within_risk:
            return None
        return max(self._all(position, share))

    def _all(self, position: Position, share: Decimal) -> Iterator[LowestStop]:
        state, view = self._state, self._view
        capital = max(ZERO, sizing_capital(view.equity_usdt, state.limits))
        others = view.open_risk_usdt - view.risk_usdt(position)
        entry, price = position.entry_price, view.mark(position.symbol) or position.entry_price
        of_one = state.limits.risk_fraction * capital * share
        yield self._at(position, entry, of_one, "one trade may risk now")
        of_all = state.risk.open_risk_limit_usdt(capital, state.limits)
        if of_all is not None:
            yield self._at(position, entry, of_all - others, "all positions may risk together")
        of_books = self._books.loss_usdt()
        if of_books is not None:  # counted from the equity of now
            yield self._at(position, price, of_books - others, "the rulebook leaves")

    def _at(self, position: Position, price: Decimal, loss_usdt: Decimal, told: str) -> LowestStop:
        most = max(ZERO, loss_usdt)
        return LowestStop(lowest_stop(price, position.qty, most, self._state.rules.risk), told)
