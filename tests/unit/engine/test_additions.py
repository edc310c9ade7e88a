"""More of a position is sized at the stop that the position has: no second order loses more."""

from decimal import Decimal

import pytest

from genesis.rules import parse
from tests.support.engines import SYMBOL, Bench, cancels, submits
from tests.support.old_rules import text_before_additions

D = Decimal
ONE_TRADE = D("0.01") * 2000


def bought(bench: Bench, usdt: str, **given: object) -> Decimal:
    """Buy, protect what is held, and tell what was bought in USDT."""
    (entry,) = submits(bench.buy(usdt, **given))
    bench.accept(entry.key)
    step = bench.fill(entry, "60000")
    for cancel in cancels(step):
        step = bench.cancelled(cancel.key)
    for stop in submits(step):
        bench.accept(stop.key)
    return entry.request.qty * 60_000


def bench_with(stop: str) -> Bench:
    """A little is held, with a stop of its own."""
    bench = Bench(cash="2000", price="60000")
    bought(bench, "12", stop_new=D(stop))
    bench.later(700)
    bench.tick("60000")
    return bench


@pytest.mark.parametrize("stop", ["30000", "45000", "57000"])
def test_an_addition_loses_no_more_than_a_trade_may_at_the_stop_that_is_kept(stop: str) -> None:
    bench = bench_with(stop)
    before = bench.engine.view.open_risk_usdt
    bought(bench, "88")
    assert bench.engine.state.execution.protector.stops[SYMBOL] == D(stop)
    assert bench.engine.view.open_risk_usdt - before <= ONE_TRADE


def test_a_stop_of_its_own_that_is_lower_counts() -> None:
    near = bought(bench_with("57000"), "88", stop_new=D(30_000))
    assert near * D("0.5") <= ONE_TRADE


def test_a_stop_that_is_near_makes_no_addition_larger() -> None:
    with_near = bought(bench_with("59900"), "88")
    alone = Bench(cash="2000", price="60000")
    assert with_near <= bought(alone, "88")


def test_runs_from_before_replay_as_they_were_decided() -> None:
    bench = bench_with("30000")
    bench.rules = parse(text_before_additions(bench.rules.text))
    bench.engine.set_rules(bench.rules)
    bench.start(2)
    bench.reconciled()
    assert bought(bench, "88") * D("0.5") > ONE_TRADE
