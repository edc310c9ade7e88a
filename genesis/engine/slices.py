"""The gate's questions to an order that is to be sent in slices, and how it is cut."""

from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Final, NamedTuple

from genesis.domain.approval import Failure
from genesis.domain.ids import OrderKey
from genesis.domain.instrument import Instrument
from genesis.domain.money import round_up, text
from genesis.domain.slicing import Algorithm
from genesis.execution.draft import Draft
from genesis.execution.iceberg_hunter import weights_hunter
from genesis.execution.slicing import (
    Wanted,
    can_cut,
    cut,
    lasting_ns,
    most_slices,
    too_small,
)
from genesis.execution.vwap_strategist import weights_strategist

if TYPE_CHECKING:
    from genesis.engine.state import EngineState
    from genesis.engine.view import EngineView

STAGE: Final = "execution"


class SlicePlan(NamedTuple):
    """How a parent is cut. step: base of one lot."""

    wanted: Wanted
    weights: tuple[int, ...]
    step: Decimal


class Slices:
    """Looks at parents before they begin. What each slice may be is asked when it is sent."""

    def __init__(self, state: "EngineState", view: "EngineView") -> None:
        self._state = state
        self._view = view

    def failures(self, draft: Draft) -> list[Failure]:
        """Why no parent may begin in the symbol now, whatever its size."""
        rules, algorithm = self._state.rules.execution.slicing, draft.algorithm
        assert algorithm is not None
        if rules is None:
            told = f"the rules of this run know no {algorithm.value} orders"
            return [Failure(STAGE, "NOT_IN_RULES", told)]
        found = []
        if draft.symbol in self._state.execution.parents.running:
            told = f"a sliced order of {draft.symbol} is under way; cancel all ends it"
            found.append(Failure(STAGE, "PARENT_UNDER_WAY", told))
        _, too_long = lasting_ns(algorithm, draft.over_ns, rules)
        found += [] if too_long is None else [too_long]
        if algorithm is Algorithm.VWAP and draft.symbol not in self._state.market.profiles:
            told = f"the usual volume of {draft.symbol} is not known: its ticks are not recorded"
            found.append(Failure(STAGE, "NO_VOLUME_PROFILE", told))
        return found

    def plan(
        self, draft: Draft, qty: Decimal, smallest: Decimal, instrument: Instrument
    ) -> SlicePlan | Failure:
        """As many slices as are wished for and can each be left again.

        qty: what may be bought at `draft.limit_price`. smallest: of an order that can be left.
        """
        rules, algorithm, price = (
            self._state.rules.execution.slicing,
            draft.algorithm,
            draft.limit_price,
        )
        assert rules is not None and algorithm is not None and price is not None
        over_ns, _ = lasting_ns(algorithm, draft.over_ns, rules)
        least_lots = instrument.to_lots(round_up(smallest, instrument.qty_lot))
        wanted = Wanted(instrument.to_lots(qty), least_lots, rules.spread_fraction)
        for count in range(
            most_slices(algorithm, qty * price, over_ns, rules), rules.slices_min - 1, -1
        ):
            weights = self._weights(draft, count, over_ns)
            if can_cut(wanted, weights):
                plan = SlicePlan(wanted, weights, instrument.qty_lot)
                return self._too_dear(draft, plan) or plan
        return too_small(algorithm, rules, smallest * price, qty * price)

    def cut(self, plan: SlicePlan, key: OrderKey) -> tuple[Decimal, ...]:
        """The slices of the parent of that key, in base: their sum is the parent's quantity."""
        draws = self._state.execution.parents.draws(key.n)
        return tuple(plan.step * lots for lots in cut(plan.wanted, plan.weights, draws))

    def _weights(self, draft: Draft, count: int, over_ns: int) -> tuple[int, ...]:
        if draft.algorithm is not Algorithm.VWAP:
            return weights_hunter(count)
        profile = self._state.market.profiles[draft.symbol]
        return weights_strategist(count, self._state.now_ns, over_ns, profile)

    def _too_dear(self, draft: Draft, plan: SlicePlan) -> Failure | None:
        """Would even the first slice pay more than the rules allow?"""
        assert draft.limit_price is not None
        qty = plan.step * _share(plan.wanted.lots, plan.weights)
        walked = self._view.walk(draft.symbol, draft.side, qty)
        if walked is None or walked <= draft.limit_price:
            return None
        told = (
            f"a slice of {text(qty)} would pay {walked:.8g} in this book; the most is "
            f"{text(draft.limit_price)}"
        )
        return Failure(STAGE, "IMPACT_TOO_HIGH", told)


def _share(lots: int, weights: Sequence[int]) -> int:
    """The first slice's share, at least a lot."""
    return max(1, lots * weights[0] // sum(weights))
