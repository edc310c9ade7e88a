"""An order that our own line held back never left: it is no sign that orders fail."""

import pytest

from genesis.domain.events import OrderRejected
from genesis.domain.outcomes import BreakerMoved
from genesis.rules import parse
from tests.support.engines import Bench, only, submits
from tests.support.old_rules import text_before_unsent_was_told_apart


def trips_after(code: str, *, is_old: bool = False) -> int:
    """How often a breaker moved when three entries in a row came back with this code."""
    bench = Bench()
    if is_old:
        bench.rules = parse(text_before_unsent_was_told_apart(bench.rules.text))
        bench.engine.set_rules(bench.rules)
        bench.start(2)
        bench.reconciled()
    for _ in range(3):
        (entry,) = submits(bench.buy("11"))
        bench.tell(OrderRejected(bench.now_ns, entry.key, code, "for the test"))
        bench.later(60)
    return sum(len(only(step, BreakerMoved)) for step in bench.steps)


def test_what_never_left_is_no_failed_order() -> None:
    assert trips_after("NOT_SENT") == 0


def test_what_the_venue_said_no_to_is_one() -> None:
    assert trips_after("-1013") > 0


@pytest.mark.parametrize("code", ["NOT_SENT", "-1013"])
def test_in_runs_from_before_both_were(code: str) -> None:
    assert trips_after(code, is_old=True) > 0
