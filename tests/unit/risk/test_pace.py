"""Entries per span: never more than the limit in any span, and never a wait too long."""

from bisect import bisect_right

from hypothesis import given
from hypothesis import strategies as st

from genesis.domain.time import SECOND
from genesis.risk.limits import PaceRules
from genesis.risk.pace import Pace

RULES = PaceRules(3, 10 * SECOND)


def test_the_fourth_waits_until_the_first_is_ten_seconds_old() -> None:
    pace = Pace()
    for at_ns in (0, 1, 2):
        assert pace.free_at(at_ns, RULES) is None
        pace.count(at_ns, RULES)
    assert pace.free_at(3, RULES) == 10 * SECOND
    assert pace.free_at(10 * SECOND - 1, RULES) == 10 * SECOND
    assert pace.free_at(10 * SECOND, RULES) is None
    assert pace.used(10 * SECOND, RULES) == 2


@given(st.lists(st.integers(0, 6 * SECOND), max_size=60))
def test_no_span_holds_more_than_the_limit(waits) -> None:
    pace, now_ns, sent = Pace(), 0, []
    for wait_ns in waits:
        now_ns += wait_ns
        within = len(sent) - bisect_right(sent, now_ns - RULES.span_ns)
        free_ns = pace.free_at(now_ns, RULES)
        assert (free_ns is None) is (within < RULES.orders)
        if free_ns is None:
            pace.count(now_ns, RULES)
            sent.append(now_ns)
        else:
            assert now_ns < free_ns <= now_ns + RULES.span_ns
            assert pace.free_at(free_ns, RULES) is None
            assert pace.free_at(free_ns - 1, RULES) is not None
