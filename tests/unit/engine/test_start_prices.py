"""After a start no entry is sized by what was paid before it: the market went on meanwhile."""

from decimal import Decimal

import pytest

from genesis.domain.events import BookTop, TimerFired, bar_timer_key
from genesis.domain.outcomes import OrderRefused
from genesis.domain.time import HOUR, SECOND
from genesis.rules import parse
from tests.support.engines import SYMBOL, Bench, only, submits
from tests.support.old_rules import text_before_prices_came_first

D = Decimal


def hours_later(bench: Bench) -> None:
    bench.now_ns += 5 * HOUR
    bench.start(2)
    bench.reconciled()


def refused(bench: Bench) -> list[str]:
    (told,) = only(bench.buy("25"), OrderRefused)
    assert isinstance(told, OrderRefused)
    return [failure.code for failure in told.failures]


def test_an_entry_waits_for_a_price_of_the_run() -> None:
    bench = Bench(price="60000")
    hours_later(bench)
    assert refused(bench) == ["NO_PRICE"]
    assert bench.engine.gate.allowed_usdt(SYMBOL) is None
    bench.tick("30000")
    (entry,) = submits(bench.buy("25"))
    assert D("0.00083") <= entry.request.qty <= D(25) / 30_000


def test_the_best_offer_is_one() -> None:
    bench = Bench(price="60000")
    hours_later(bench)
    bench.tell(BookTop(bench.now_ns, SYMBOL, 1, D(29_999), D(1), D(30_000), D(1)))
    (entry,) = submits(bench.buy("25"))
    assert entry.request.qty <= D(25) / 30_000


def test_a_bar_of_old_prints_is_none() -> None:
    """The minute that the end of the earlier run cut off is closed when the next one begins."""
    bench = Bench(price="60000")
    hours_later(bench)
    for width in bench.engine.state.market.widths:
        bench.tell(TimerFired(bench.now_ns, bar_timer_key(SYMBOL, width)))
    assert refused(bench) == ["NO_PRICE"]


@pytest.mark.parametrize("seconds", [1, 600])
def test_a_price_that_was_fresh_at_the_start_stays_one(seconds: int) -> None:
    """As in a market without a print for minutes, of which a run knows that nothing was lost."""
    bench = Bench(price="60000")
    bench.start(2)
    bench.reconciled()
    bench.now_ns += seconds * SECOND
    assert submits(bench.buy("25"))


def test_runs_from_before_replay_as_they_were_decided() -> None:
    bench = Bench(price="60000")
    bench.rules = parse(text_before_prices_came_first(bench.rules.text))
    bench.engine.set_rules(bench.rules)
    hours_later(bench)
    assert submits(bench.buy("25"))
