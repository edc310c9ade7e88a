"""Hot swap in the engine: judged, between two events, with orders and stops as they are."""

from collections.abc import Callable, Mapping
from decimal import Decimal as D

import pytest

from genesis.domain.account import Balance, Tier
from genesis.domain.events import (
    AccountOpened,
    BalanceReported,
    BarClosed,
    InstrumentReported,
    RunStarted,
)
from genesis.domain.keeping import StrategySwapped
from genesis.domain.outcomes import CommandAnswered, OrderApproved
from genesis.domain.time import MINUTE
from genesis.engine.engine import Engine
from genesis.engine.step import Step
from genesis.errors import UsageError
from genesis.rules.edits import split
from genesis.strategy.base import Strategy
from genesis.strategy.catalog import Catalog
from genesis.strategy.sma_cross import SmaCross
from tests.support.build import BTC
from tests.support.engines import SYMBOL, T0, Bench, only

Make = Callable[[str, Mapping[str, object]], Strategy]
CATALOG = Catalog((SmaCross,))


class Swapping(Bench):
    """A bench with one strategy, whose maker the test gives."""

    def __init__(
        self, make: Make = CATALOG.build, rules: str = "research", *, is_paper: bool = True
    ) -> None:
        super().__init__(rules)
        self.engine = Engine(self.rules, [SmaCross()], editor=split, maker=make)
        self.steps.clear()
        self.now_ns = T0
        self.start(1)
        held = (Balance("USDT", D(10_000), D(0)),)
        self.tell(AccountOpened(T0, "acct", "test", is_paper, "USDT", held))
        self.tell(InstrumentReported(T0, BTC))
        self.tell(BalanceReported(T0, (), True))
        self.tick("60000")

    def swap(self, name: str = "sma_cross", code: str = "code", **params: str) -> Step:
        given = tuple(sorted(params.items()))
        return self.tell(StrategySwapped(self.now_ns, name, given, code, "mine"))

    def bar(self, close: int) -> Step:
        self.now_ns = (self.now_ns // MINUTE + 1) * MINUTE
        price = (D(close),) * 4
        return self.tell(BarClosed(self.now_ns, SYMBOL, MINUTE, *price, D(1)))

    @property
    def running(self) -> Strategy:
        (found,) = self.engine.desk.strategies
        return found


def answer(step: Step) -> CommandAnswered:
    (found,) = only(step, CommandAnswered)
    assert isinstance(found, CommandAnswered) and found.verb == "swap"
    assert found.client_ref == "mine"
    return found


def test_it_goes_on_with_other_parameters_and_warm() -> None:
    bench = Swapping()
    for close in (100, 100, 100, 99):
        assert not only(bench.bar(close), OrderApproved)
    told = answer(bench.swap(fast="1", slow="3"))
    assert told.accepted
    assert told.text == (
        "sma_cross (fast=1, slow=3) runs from here on; it begins warm, on 4 bars of 1m"
    )
    assert bench.running.params.slow == 3  # type: ignore[attr-defined]
    (bought,) = only(bench.bar(120), OrderApproved)  # ten and thirty bars would not know yet
    assert bought.request.source == "strategy:sma_cross"  # type: ignore[attr-defined]


def test_orders_and_stops_stay() -> None:
    bench = Swapping(rules="sniper")
    stop = bench.open_position("60000")
    state = bench.engine.state
    before = [(order.key, order.status) for order in state.execution.orders.all_working()]
    step = bench.swap(fast="1", slow="3")
    assert answer(step).accepted and not step.commands
    assert [(o.key, o.status) for o in state.execution.orders.all_working()] == before
    assert (stop.key, before[0][1]) in before
    assert bench.engine.view.position(SYMBOL) is not None


def test_bars_of_another_width_are_built_from_then_on() -> None:
    bench = Swapping()
    assert 5 * MINUTE not in bench.engine.widths
    assert answer(bench.swap(bar="5m")).accepted
    assert {MINUTE, 5 * MINUTE} <= set(bench.engine.widths)


class Above(SmaCross):
    tier = Tier.HUNTER


def broken(name: str, params: Mapping[str, object]) -> Strategy:
    raise ZeroDivisionError("by design")


def unknown(name: str, params: Mapping[str, object]) -> Strategy:
    raise UsageError("strategy sma_cross has no parameter 'fsat'; it knows: fast, slow, bar")


@pytest.mark.parametrize(
    ("make", "name", "said"),
    [
        (CATALOG.build, "donchian", "no strategy donchian runs here; those that run: sma_cross"),
        (lambda name, params: Above(), "sma_cross", "unlocks in HUNTER, and this account is"),
        (unknown, "sma_cross", "has no parameter 'fsat'"),
        (broken, "sma_cross", "it broke at its start (ZeroDivisionError: by design)"),
    ],
)  # fmt: skip
def test_what_is_refused_changes_nothing(make: Make, name: str, said: str) -> None:
    bench = Swapping(make, "sniper")
    before = bench.running
    told = answer(bench.swap(name))
    assert not told.accepted
    assert told.text.startswith(f"{name} goes on as it was: ") and said in told.text
    assert bench.running is before
    assert not bench.bar(100).commands


def test_on_a_live_account_only_the_code_of_the_run() -> None:
    live, paper = Swapping(is_paper=False), Swapping()
    refused = answer(live.swap(code="newer", fast="2"))
    assert not refused.accepted and "`genesis upgrade`" in refused.text
    assert answer(live.swap(code="code", fast="2")).accepted
    assert answer(paper.swap(code="newer", fast="2")).accepted


def test_without_a_maker_nothing_is_swapped_in() -> None:
    bench = Swapping()
    bench.engine = Engine(bench.rules, [SmaCross()])
    told = answer(bench.swap())
    assert not told.accepted and "nothing can be swapped in here" in told.text


def test_the_same_events_lead_to_the_same_and_it_survives_the_next_start() -> None:
    one, other = Swapping(), Swapping()
    for bench in (one, other):
        for close in (100, 100, 100, 99):
            bench.bar(close)
        bench.swap(fast="1", slow="3")
        for close in (120, 130, 90, 80, 120):
            bench.bar(close)
    assert one.steps == other.steps
    assert any(only(step, OrderApproved) for step in one.steps)
    rules = one.rules
    started = RunStarted(one.now_ns, 2, rules.name, rules.text, rules.sha256, "code", "seed")
    one.engine.set_strategies([SmaCross()])  # as a start does with what the settings name
    one.tell(started)
    assert one.running.params.slow == 3  # type: ignore[attr-defined]
