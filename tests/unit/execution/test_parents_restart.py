"""A restart at slice 2 of 3: it goes on or ends as the rules say, and never begins again."""

from decimal import Decimal

import pytest

from genesis.domain.events import FeedLost, FeedRestored, OrderRejected, TimerFired
from genesis.domain.time import HOUR, MINUTE, SECOND
from genesis.engine.digest import DecisionDigest
from genesis.engine.engine import Engine
from genesis.engine.replay import replay
from genesis.execution.order_book import NEVER_PLACED
from genesis.execution.parents import SLICE_TIMER
from genesis.rules.edits import split
from genesis.store.steps import LoggedStep
from tests.support.engines import SYMBOL, cancels
from tests.support.sliced import MID, SliceBench, entries, rules, whole

D = Decimal
ENDS = '[execution.slicing]\nresume_within_s = "none"\n'


def at_slice_two(more: str = "") -> tuple[SliceBench, object]:
    """Slice 1 is filled, slice 2 was sent; whether it reached the venue nobody knows."""
    bench = SliceBench(more)
    bench.fill_slice(bench.sliced(usdt="280"))
    (second,) = entries(bench.until_next_slice())
    return bench, second


def restart(bench: SliceBench) -> None:
    """A new process: the log is run through a new engine, which goes on."""
    steps = bench.steps
    bench.engine = Engine(bench.rules, editor=split)
    bench.steps = [bench.engine.handle(step.event) for step in steps]
    assert bench.steps == steps  # the same to the bit
    bench.start(2)


def test_it_resumes_at_slice_three() -> None:
    bench, second = at_slice_two()
    restart(bench)
    assert not entries(bench.protect(bench.fill(second, "60001")))  # the venue tells of it
    bench.protect(bench.reconciled())
    (third,) = entries(bench.until_next_slice())
    assert (third.key.run, third.key.slice) == (1, 2)
    bench.accept(third.key)
    bench.protect(bench.fill(third, "60001"))
    (receipt,) = bench.receipts
    assert (receipt.ended, receipt.slices_sent) == ("complete", 3)
    assert whole(bench.slices) == receipt.qty == receipt.filled_qty
    assert len(bench.started) == 1
    assert bench.is_protected()


def test_a_slice_that_never_left_is_left_out() -> None:
    bench, second = at_slice_two()
    restart(bench)
    bench.reconciled()
    bench.tell(OrderRejected(bench.now_ns, second.key, NEVER_PLACED, "the venue has none"))
    (third,) = entries(bench.until_next_slice())
    assert third.key.slice == 2
    bench.accept(third.key)
    bench.protect(bench.fill(third, "60001"))
    (receipt,) = bench.receipts
    assert receipt.ended == "short"
    assert receipt.filled_qty == receipt.qty - second.request.qty


def test_it_waits_for_the_slice_at_the_venue() -> None:
    bench, second = at_slice_two()
    restart(bench)
    bench.accept(second.key)
    bench.reconciled()
    assert len(bench.slices) == 2 and not bench.receipts
    bench.protect(bench.fill(second, "60001"))
    assert entries(bench.until_next_slice())


def test_nothing_is_sent_before_the_account_is_known() -> None:
    bench = SliceBench()
    bench.fill_slice(bench.sliced())
    restart(bench)
    bench.later(30)
    bench.tell(TimerFired(bench.now_ns, SLICE_TIMER + SYMBOL))
    assert len(bench.slices) == 1
    bench.protect(bench.reconciled())
    assert entries(bench.until_next_slice())


def test_that_a_new_process_hears_nothing_yet_ends_nothing() -> None:
    """As the service starts: streams are lost until they are connected."""
    bench = SliceBench()
    bench.fill_slice(bench.sliced())
    restart(bench)
    bench.tell(FeedLost(bench.now_ns, "market", "not connected yet"))
    bench.protect(bench.reconciled())
    bench.tell(FeedRestored(bench.now_ns, "market"))
    assert entries(bench.until_next_slice())
    bench.tell(FeedLost(bench.now_ns, "market", "silent"))  # now it is known, and lost
    assert cancels(bench.steps[-1])


def test_the_rules_may_end_what_a_restart_interrupted() -> None:
    bench, second = at_slice_two(ENDS)
    restart(bench)
    bench.accept(second.key)
    step = bench.reconciled()
    assert second.key in [c.key for c in cancels(step)]
    bench.protect(bench.cancelled(second.key))
    (receipt,) = bench.receipts
    assert (receipt.ended, receipt.slices_sent) == ("restart", 2)
    bench.later(HOUR // SECOND)
    assert len(bench.slices) == 2 and bench.is_protected()


@pytest.mark.parametrize(("away_ns", "goes_on"), [(14 * MINUTE, True), (16 * MINUTE, False)])
def test_what_stood_for_too_long_ends(away_ns: int, goes_on: bool) -> None:
    bench = SliceBench()
    bench.fill_slice(bench.sliced())
    bench.now_ns += away_ns
    restart(bench)
    bench.book()
    bench.protect(bench.reconciled())
    assert bool(bench.receipts) is not goes_on
    if goes_on:
        assert entries(bench.until_next_slice())
    else:
        assert bench.receipts[0].ended == "restart"


def test_an_unclean_account_ends_it() -> None:
    bench = SliceBench()
    bench.fill_slice(bench.sliced())
    restart(bench)
    bench.reconciled(clean=False)
    assert bench.receipts[0].ended == "stopped"


def test_what_is_late_is_not_rushed() -> None:
    bench = SliceBench()
    bench.fill_slice(bench.sliced("twap", over_ns=3 * MINUTE))
    bench.now_ns += 10 * MINUTE
    restart(bench)
    bench.book()
    bench.protect(bench.reconciled())
    second = bench.until_next_slice()
    sent_ns = bench.now_ns
    bench.fill_slice(second)
    assert entries(bench.until_next_slice(MID))
    assert bench.now_ns - sent_ns >= 55 * SECOND


def test_a_replay_gives_the_same_slices_and_receipts_to_the_bit() -> None:
    bench, second = at_slice_two()
    restart(bench)
    bench.protect(bench.fill(second, "60001"))
    bench.protect(bench.reconciled())
    bench.protect(bench.fill(entries(bench.until_next_slice())[0], "60002"))
    assert bench.receipts
    recorded = [
        LoggedStep(1, n, step.event, step.outcomes, step.commands, ())
        for n, step in enumerate(bench.steps)
    ]

    def engine_for(started, engine):
        return engine or Engine(rules(), editor=split)

    again = replay(recorded, engine_for)
    digest = DecisionDigest()
    for step in bench.steps:
        digest.add(step)
    assert again.first_difference is None
    assert again.digest == digest.hexdigest()
