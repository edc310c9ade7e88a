"""The story of an order or a refusal: complete, in order, and nobody else's."""

from decimal import Decimal as D

import pytest

from genesis.analytics import judged_trades
from genesis.analytics.forensics import explain
from genesis.domain.events import OrderRejected
from genesis.domain.ids import OrderKey
from genesis.store.steps import LoggedStep
from tests.support.engines import Bench, submits

ENTRY, STOP, EXIT = OrderKey(1, 1), OrderKey(1, 2), OrderKey(1, 3)


def recorded(bench):
    """The bench's steps as the log would tell them."""
    return [
        LoggedStep(
            1, number, step.event, step.outcomes, step.commands,
            tuple(f"g-{number}" if c in submits(step) else None for c in step.commands),
        )
        for number, step in enumerate(bench.steps, 1)
    ]  # fmt: skip


@pytest.fixture(scope="module")
def traded():
    """A buy, its stop, a tighter stop, a close; later a second buy that stays open."""
    bench = Bench()
    entry = submits(bench.buy("20"))[0]
    bench.accept(entry.key)
    stop = submits(bench.fill(entry, "67453"))[0]
    bench.accept(stop.key)
    bench.later(60)
    bench.act("close")
    leave = submits(bench.cancelled(stop.key))[0]
    bench.accept(leave.key)
    bench.fill(leave, "67400")
    bench.later(3600)
    bench.open_position()
    return bench


def told(traded, which):
    return explain(recorded(traded), which)


def test_an_order_is_told_from_its_wish_to_the_close(traded):
    story = told(traded, ENTRY)
    assert story.orders == ("1-1-0", "1-2-0", "1-3-0")
    assert [line.what for line in story.lines] == [
        *("asked", "score", "approved", "sent", "venue", "filled", "position"),
        *("asked", "approved", "sent", "venue"),
        *("asked", "answered", "sent", "venue"),
        *("asked", "approved", "sent", "venue", "filled", "closed"),
    ]
    assert story.end.startswith("closed by manual after 60 s: −")
    assert [line.ts_ns for line in story.lines] == sorted(line.ts_ns for line in story.lines)


@pytest.mark.parametrize("key", [STOP, EXIT])
def test_the_stop_and_the_exit_belong_to_the_same_story(traded, key):
    assert told(traded, key).lines == told(traded, ENTRY).lines


def test_a_close_of_a_part_tells_how_much_of_it():
    bench = Bench()
    stop = bench.open_position("67453", "20")
    bench.act("close", share=D("0.5"))
    leave = submits(bench.cancelled(stop.key))[0]
    bench.fill(leave, "67400")
    texts = [line.text for line in told(bench, leave.key).lines]
    assert "the operator: close BTC/USDT 50%" in texts


def test_it_names_who_asked_the_limits_and_the_wire(traded):
    texts = [line.text for line in told(traded, ENTRY).lines]
    assert texts[0] == "the operator: buy 20 usdt of BTC/USDT"
    assert "tier SNIPER/ACTIVE" in texts[1]
    assert "limits: cap 25, multiplier 1" in texts[2]
    assert texts[3].startswith("left for the venue as g-")
    assert texts[4] == "the venue has it as x1-1-0"
    assert "the operator: close BTC/USDT" in texts


def test_a_reference_finds_its_order(traded):
    ref = next(s.event.client_ref for s in traded.steps if getattr(s.event, "client_ref", None))
    assert told(traded, ref).orders[0] == "1-1-0"


def test_an_act_on_a_position_is_found_by_its_reference(traded):
    act = next(s.event for s in traded.steps if getattr(s.event, "verb", "") == "close")
    assert told(traded, act.client_ref).orders[0] == "1-1-0"


def test_what_is_still_open_says_so(traded):
    story = told(traded, OrderKey(1, 4))
    assert story.orders[0] == "1-4-0"
    assert story.end == "the position is open"


@pytest.mark.parametrize("which", [OrderKey(9, 9), OrderKey(1, 99), "unknown", ""])
def test_what_is_not_in_the_log_is_none(traded, which):
    assert told(traded, which) is None


def test_a_refusal_names_every_failed_check():
    bench = Bench()
    bench.act("halt", reason="enough")
    bench.buy("20")
    ref = bench.steps[-1].event.client_ref
    story = explain(recorded(bench), ref)
    assert story.end == "refused: nothing was sent"
    assert story.orders == ()
    refused = [line.text for line in story.lines if line.what == "refused"]
    assert len(refused) == len(bench.steps[-1].outcomes[0].failures) >= 1
    assert any("HALTED" in text for text in refused)


def test_an_answer_without_an_order_is_told():
    bench = Bench()
    bench.act("close")
    story = explain(recorded(bench), bench.steps[-1].event.client_ref)
    assert story.end == "not accepted"
    assert "no open position" in story.lines[-1].text


def test_a_rejected_order_ends_its_story():
    bench = Bench()
    entry = submits(bench.buy("20"))[0]
    bench.tell(OrderRejected(bench.now_ns, entry.key, "-2010", "insufficient balance"))
    bench.later(600)
    again = submits(bench.buy("20"))[0]
    story = explain(recorded(bench), entry.key)
    assert story.end == "rejected, nothing is held"
    assert story.orders == (str(entry.key),)
    assert story.lines[-1].text == "the venue rejected it, -2010: insufficient balance"
    assert explain(recorded(bench), again.key).end == "still under way"


def test_judged_trades_of_the_same_record(traded):
    (trade,) = judged_trades(traded.steps)
    assert trade.strategy == "operator"
    assert trade.level == "NORMAL"
    assert trade.size_usdt == pytest.approx(D("19.5"), abs=D("0.5"))
    assert trade.tags == frozenset()
    assert judged_trades(traded.steps, whose="strategy:x") == ()
