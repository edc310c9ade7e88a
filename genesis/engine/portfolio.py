"""All positions together, as the gate and people ask: what may be lost on a bad day."""

from collections.abc import Mapping
from decimal import Decimal
from math import fsum, sqrt
from typing import TYPE_CHECKING, Final

from genesis.domain.approval import Failure
from genesis.domain.money import ZERO, round_down
from genesis.domain.time import DAY
from genesis.engine.together import busy
from genesis.market.rules import PortfolioRules
from genesis.risk.portfolio import DayRisk, Exposed, day_risk, room
from genesis.risk.sizing import VAR_CODE, position_cap_usdt

if TYPE_CHECKING:
    from genesis.engine.state import EngineState
    from genesis.engine.view import EngineView

_CENT: Final = Decimal("0.01")


class Portfolio:
    """Asks what is held, and what it would be with one position more."""

    def __init__(self, state: "EngineState", view: "EngineView") -> None:
        self._state = state
        self._view = view
        self._sigmas: dict[str, tuple[object, float | None]] = {}

    @property
    def rules(self) -> PortfolioRules | None:
        market = self._state.rules.market
        return None if market is None else market.portfolio

    @property
    def limit_usdt(self) -> Decimal | None:
        """What may be lost on a bad day; None: it is not limited."""
        return None if self.rules is None else self._limit_usdt(self.rules)

    def _limit_usdt(self, rules: PortfolioRules) -> Decimal:
        return rules.loss_fraction * max(ZERO, self._view.equity_usdt)

    def now(self) -> DayRisk | None:
        """Of what is held and of what working entries may add; None: rules do not ask."""
        rules = self.rules
        return None if rules is None else self._risk(self._worths(), rules)

    def room_usdt(self, symbol: str) -> Decimal | None:
        """What may still be bought of the symbol; None: as much as its own limits allow."""
        rules = self.rules
        if rules is None:
            return None
        limit = self._limit_usdt(rules)
        most = position_cap_usdt(self._view.equity_usdt, self._state.limits)
        if not most:
            return None
        worths = self._worths()
        known = {one: self._exposed(one, 1.0) for one in {*worths, symbol}}

        def loss_with(added: float) -> float:
            more = {**worths, symbol: worths.get(symbol, 0.0) + added}
            return self._risk(more, rules, known).worse

        found = room(loss_with, float(limit), float(most))
        return None if found is None else round_down(Decimal(found), _CENT)

    def too_much(self, symbol: str, usdt: Decimal) -> Failure | None:
        """Would the positions lose more than allowed on a bad day, with this much added?

        Asked of what will be sent: the room is the largest size that fits, and a smaller one,
        which outweighs less of the others, need not.
        """
        rules = self.rules
        if rules is None:
            return None
        limit = self._limit_usdt(rules)
        worths = self._worths()
        worths[symbol] = worths.get(symbol, 0.0) + float(usdt)
        loss = self._risk(worths, rules).worse
        if loss <= float(limit):
            return None
        told = f"on a bad day all positions together could lose {loss:.2f} of {limit:.2f} USDT"
        return Failure("risk", VAR_CODE, told)

    def _worths(self) -> dict[str, float]:
        return {one: float(self._view.held_usdt(one)) for one in sorted(busy(self._state))}

    def _risk(
        self,
        worths: Mapping[str, float],
        rules: PortfolioRules,
        known: Mapping[str, Exposed] | None = None,
    ) -> DayRisk:
        held = [
            Exposed(symbol, worth, found.sigma, found.returns)
            for symbol, worth in sorted(worths.items())
            for found in (known[symbol] if known else self._exposed(symbol, worth),)
        ]
        return day_risk(held, self._state.pairs.at(self._state.now_ns), rules)

    def _exposed(self, symbol: str, worth: float) -> Exposed:
        whole = self._state.market.whole
        history = None if whole is None else whole.histories.get(symbol)
        returns = {} if history is None else history.day_returns()
        return Exposed(symbol, worth, self._sigma(symbol), returns)

    def _sigma(self, symbol: str) -> float | None:
        """Of a day, from the slots of the latest day; None where too few are known.

        Their root mean square (mean 0) times the root of a day's slots.
        """
        market, now_ns = self._state.market.symbols.get(symbol), self._state.now_ns
        closes = None if market is None else market.closes
        if closes is None:
            return None
        state = (closes.finished, closes.slot_of(now_ns), closes.rules)
        kept = self._sigmas.get(symbol)
        if kept is None or kept[0] != state:
            moves = list(closes.returns(now_ns).values())
            sigma = None
            if len(moves) >= closes.rules.common_min:
                square = fsum(moved * moved for moved in moves) / len(moves)
                sigma = sqrt(square * DAY / closes.rules.slot_ns)
            kept = self._sigmas[symbol] = (state, sigma)
        return kept[1]
