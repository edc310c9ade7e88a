"""How wishes of strategies become drafts: which first, and what part of a position is sold."""

from collections.abc import Sequence
from decimal import Decimal

import pytest

from genesis.domain.account import Tier
from genesis.domain.events import TradeTick
from genesis.domain.orders import Purpose, Side
from genesis.domain.outcomes import OrderApproved, OrderRefused
from genesis.strategy import Intent
from tests.support.engines import SYMBOL, Bench, only, submits


class Wishing:
    """Wishes the same at every tick."""

    tier, bar, wants = Tier.SNIPER, None, frozenset({TradeTick})

    def __init__(self, name: str, **given: object) -> None:
        self.name = name
        self._given = {"side": Side.BUY} | given

    def on_event(self, event: object, view: object) -> Sequence[Intent]:
        return [Intent(SYMBOL, **self._given)]  # type: ignore[arg-type]


def test_the_wish_with_the_most_left_after_costs_is_judged_first() -> None:
    bench = Bench()
    wishing = [
        Wishing("sure", confidence=1.0),
        Wishing("worth", expected_value_bps=Decimal(8)),
        Wishing("more", expected_value_bps=Decimal(9)),
    ]
    bench.engine.set_strategies(wishing)
    step = bench.tick("67453")
    (approved,) = only(step, OrderApproved)
    assert approved.request.source == "strategy:more"
    assert [one.source for one in only(step, OrderRefused)] == ["strategy:worth", "strategy:sure"]


@pytest.mark.parametrize("asked", ["0.000204999", "0.00020"])
def test_a_part_that_is_sold_lies_on_the_grid(asked: str) -> None:
    bench = Bench("research", cash="1000")
    (entry,) = submits(bench.buy("100"))
    bench.accept(entry.key)
    bench.fill(entry, "67453")
    given = {"side": Side.SELL, "reduces": True, "qty": Decimal(asked)}
    bench.engine.set_strategies([Wishing("part", **given)])
    step = bench.tick("67453")
    exits = [s for s in submits(step) if s.request.purpose is Purpose.EXIT]
    assert [one.request.qty for one in exits] == [Decimal("0.00020")]
