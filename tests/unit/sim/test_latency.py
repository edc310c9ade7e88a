"""Latency that is drawn: by name and seed alone, and never past a message sent before."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from genesis.domain.account import Tier
from genesis.domain.commands import CancelOrder, SubmitOrder
from genesis.domain.events import BookTop, Event, TimerFired
from genesis.domain.ids import OrderKey
from genesis.domain.money import ZERO
from genesis.domain.orders import OrderRequest, OrderStatus, OrderType, Purpose, Side
from genesis.domain.time import HOUR, MILLISECOND, MINUTE, SECOND
from genesis.engine.step import Step
from genesis.errors import UsageError
from genesis.research import BacktestResult, Bars, SampledLatency, Ticks, backtest
from genesis.sim.exchange import SimExchange
from genesis.sim.fees import FeeSchedule
from genesis.sim.latency import LONGEST_NS, MOST_SAMPLES, Latency, pick, thinned
from genesis.sim.traffic import Traffic
from genesis.sim.venue import Venue
from genesis.sim.ways import Line, Sampled
from genesis.strategy import Intent, View
from tests.support.markets import START_NS, wandering_ticks, with_tops

MS = MILLISECOND
MIXED = SampledLatency(
    (5 * MS, 40 * MS, 900 * MS), (1 * MS, 80 * MS, 2_500 * MS), (2 * MS, 30 * MS, 1_200 * MS)
)


# -- the samples -----------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("part", "words"),
    [
        ((), "1 to 10,000"),
        ((1.5,), "no whole number"),
        (("soon",), "invalid literal"),
        ((-1, 5), "0 to an hour"),
        ((HOUR + 1,), "0 to an hour"),
        (range(MOST_SAMPLES + 1), "1 to 10,000"),
        (7, "whole ns"),
    ],
)
def test_samples_that_cannot_be_drawn_from_are_refused(part: object, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        SampledLatency(entry_ns=part)  # type: ignore[arg-type]


def test_samples_are_named_by_what_they_are_and_not_by_their_order() -> None:
    one, other = SampledLatency((3, 1, 2)), SampledLatency((1, 2, 3))
    assert one == other and one.sha256 == other.sha256
    assert repr(one) != repr(replace(one, entry_ns=(9,)))
    assert len(repr(SampledLatency(tuple(range(5_000))))) < 250


def test_of_many_as_many_stay_that_lie_evenly() -> None:
    kept = thinned(range(3 * MOST_SAMPLES, -1, -1))
    assert (len(kept), kept[0], kept[-1]) == (MOST_SAMPLES, 0, 3 * MOST_SAMPLES)
    assert {b - a for a, b in pairwise(kept)} <= {3, 4}
    assert thinned([5, 1]) == (1, 5)


def test_every_sample_is_drawn_as_often_as_any_other() -> None:
    drawn = [pick("seed", f"entry:{n}", (10, 20, 30, 40)) for n in range(4_000)]
    assert all(abs(drawn.count(each) - 1_000) < 120 for each in (10, 20, 30, 40))
    assert drawn == [pick("seed", f"entry:{n}", (10, 20, 30, 40)) for n in range(4_000)]
    assert drawn != [pick("other", f"entry:{n}", (10, 20, 30, 40)) for n in range(4_000)]


# -- one connection --------------------------------------------------------------------------
@given(
    st.lists(
        st.tuples(st.integers(0, 50), st.sampled_from([0, 0, 30, 80]), st.integers(0, 200)),
        max_size=40,
    )
)
def test_who_leaves_later_never_arrives_sooner(messages: list[tuple[int, int, int]]) -> None:
    """Handed over in order, some to leave only when the news they answer has come in."""
    line, now, seen = Line(), 0, []
    for step, wait, travels in messages:
        now += step
        seen.append((now + wait, line.arrival(now + wait, travels, now)))
    assert all(arrives >= sent for sent, arrives in seen)
    by_sent = sorted(seen, key=lambda message: message[0])  # stable: equals as handed over
    assert [arrives for _, arrives in by_sent] == sorted(arrives for _, arrives in seen)


@given(st.lists(st.tuples(st.integers(0, 50), st.sampled_from([0, 80])), max_size=40))
def test_a_connection_that_is_always_as_quick_holds_nothing_back(
    messages: list[tuple[int, int]],
) -> None:
    line, now = Line(), 0
    for step, wait in messages:
        now += step
        assert line.arrival(now + wait, 70, now) == now + wait + 70


class OneCommand:
    """Stands for the engine: whatever it is told, it asks for one thing."""

    seed = "7"

    def __init__(self) -> None:
        self.asks: SubmitOrder | None = None

    def handle(self, event: Event) -> Step:
        return Step(event, (), () if self.asks is None else (self.asks,))


def asked(n: int, joins: OrderKey | None = None) -> SubmitOrder:
    request = OrderRequest("BTC/USDT", Side.BUY, OrderType.MARKET, Decimal(1), Purpose.ENTRY)
    return SubmitOrder(0, OrderKey(1, n), request, joins=joins)


def test_an_order_without_delay_waits_for_one_that_arrives_at_the_same_instant() -> None:
    latency = SampledLatency(entry_ns=(0, 100))
    slow, quick = (
        next(n for n in range(1, 99) if pick("7", f"entry:entry:{n}-0", (0, 100)) == travels)
        for travels in (100, 0)
    )
    arrived: list[OrderKey] = []
    engine, exchange = OneCommand(), SimExchange(Venue({}, {}, FeeSchedule(ZERO, ZERO)), latency)
    traffic = Traffic(
        engine,  # type: ignore[arg-type]
        exchange,
        lambda order, _: arrived.append(order.key),
    )
    for n, now_ns in ((slow, 0), (quick, 100)):
        engine.asks = asked(n)
        traffic.handle(TimerFired(now_ns, "x"), now_ns)
    assert not arrived
    due = [(waiting[0], waiting[3].key.n) for waiting in (traffic.pop(), traffic.pop())]  # type: ignore[index,union-attr]
    assert due == [(100, slow), (100, quick)]


def test_two_orders_of_one_request_travel_together() -> None:
    ways = Sampled(SampledLatency(entry_ns=tuple(range(1, 5_000))), "seed")
    entry, stop = OrderKey(1, 4), OrderKey(1, 5)
    there = ways.order_ns(asked(4, joins=stop), 0, 0)
    assert ways.order_ns(asked(5, joins=entry), 0, 0) == there
    assert ways.order_ns(asked(6), 10**6, 10**6) != there + 10**6


# -- in a backtest ---------------------------------------------------------------------------
@pytest.fixture(scope="module")
def market() -> Ticks:
    return with_tops(wandering_ticks(2_000, agility=2), spread=200)


def run(market: Ticks, latency: object, **asked: object) -> BacktestResult:
    """Resting bids, cancels and market orders, on a walked book."""
    params = {"min_edge_bps": -21, "target_bps": 1, "rest_s": 3, "hold_s": 20}
    given = {"params": params, "fill": "book", "latency": latency, **asked}
    return backtest("spread_capture", market, **given)  # type: ignore[arg-type]


def test_one_sample_of_each_part_is_a_constant(market: Ticks) -> None:
    for parts in ((0, 0, 0), (20, 100, 50), (300, 0, 10)):
        drawn = SampledLatency(*((part * MS,) for part in parts))
        ours, constant = run(market, drawn), run(market, parts)
        assert ours.decision_digest == constant.decision_digest
        assert len(ours.fills) > 5


def test_on_bars_it_is_no_different() -> None:
    """Open prices of a made-up walk, seven seconds late and more."""
    closes = 100.0 + np.cumsum(np.sin(np.arange(240)) + 0.3 * np.cos(7 * np.arange(240)))
    closes = np.round(closes, 2)
    opens = np.concatenate(([100.0], closes[:-1]))
    stamps = START_NS + np.arange(240) * MINUTE
    high, low = np.maximum(opens, closes) + 0.5, np.minimum(opens, closes) - 0.5
    bars = Bars.from_arrays("BTC/USDT", stamps, opens, high, low, closes, np.ones(240))
    given = {"params": {"fast": 1, "slow": 3}, "rules": "research", "fill": "next_open", "qty": 1}
    constant, drawn, mixed = (
        backtest("sma_cross", bars, latency=lag, cash=9_000, **given)  # type: ignore[arg-type]
        for lag in (
            (500, 6_500, 90_000),
            SampledLatency((500 * MS,), (6_500 * MS,), (90_000 * MS,)),
            replace(MIXED, response_ns=(90_000 * MS, 300_000 * MS)),
        )
    )
    assert len(constant.trades) > 20
    assert constant.decision_digest == drawn.decision_digest != mixed.decision_digest


def test_the_seed_alone_decides_what_is_drawn(market: Ticks) -> None:
    once, again, other = (run(market, MIXED, seed=seed) for seed in (1, 1, 2))
    assert once.decision_digest == again.decision_digest != other.decision_digest
    assert once.decision_digest != run(market, replace(MIXED, feed_ns=(0,)), seed=1).decision_digest


def _ways(result: BacktestResult) -> list[int]:
    """From the decision to the fill, of market orders that were alone on their way."""
    fills = {event.key: event.ts_ns for event in reversed(result.executions)}
    return [
        fills[command.key] - command.ts_ns
        for step in result.steps
        for command in step.commands
        if isinstance(command, SubmitOrder) and command.key in fills
    ]


class EveryMinute:
    """In at one full minute, out at the next."""

    name, tier, bar, wants = "every_minute", Tier.SNIPER, "1m", frozenset({BookTop})

    def on_event(self, event: Event, view: View) -> Sequence[Intent]:
        assert isinstance(event, BookTop)
        if event.ts_ns % (60 * SECOND):
            return ()
        held = view.position(event.symbol) is not None
        return (Intent(event.symbol, Side.SELL if held else Side.BUY, reduces=held),)


def test_an_order_travels_as_long_as_its_draws_say() -> None:
    """News and order add up; books stand on every full second, so nothing else takes time."""
    stamps = [START_NS + n * SECOND // 2 for n in range(4_000)]
    ticks = Ticks.from_arrays("BTC/USDT", stamps, [100.0] * 4_000, [1.0] * 4_000, [False] * 4_000)
    drawn = SampledLatency((3 * MS, 50 * MS), (7 * MS, 200 * MS), (1 * MS,))
    asked = {"rules": "research", "cash": 1_000, "qty": 1, "fill": "book", "latency": drawn}
    took = _ways(backtest(EveryMinute(), with_tops(ticks), **asked))  # type: ignore[arg-type]
    assert len(took) > 25
    assert set(took) == {10 * MS, 57 * MS, 203 * MS, 250 * MS}


class Nervous:
    """Rests a bid far below, and takes it back as soon as it hears of it."""

    name, tier, bar, wants = "nervous", Tier.SNIPER, None, frozenset({BookTop})

    def on_event(self, event: Event, view: View) -> Sequence[Intent]:
        assert isinstance(event, BookTop)
        resting = view.orders(event.symbol)
        if resting:
            return [Intent(event.symbol, Side.BUY, cancel=order.key) for order in resting]
        return (Intent(event.symbol, Side.BUY, "limit", price=event.bid - 1_000, post_only=True),)


def test_a_cancel_never_arrives_before_its_order(market: Ticks) -> None:
    drawn = SampledLatency(entry_ns=(1 * MS, 20 * SECOND))
    result = backtest(Nervous(), market, rules="research", qty="0.01", latency=drawn)
    cancels = [c.key for s in result.steps for c in s.commands if isinstance(c, CancelOrder)]
    assert len(cancels) > 20
    assert len(set(cancels)) == len(cancels)  # none was told that there is no such order
    assert set(result.orders["status"][:-1]) == {OrderStatus.CANCELLED.value}


def test_what_is_no_latency_is_refused(market: Ticks) -> None:
    for nonsense in ((1, 2), "fast", (1, -1, 1), object()):
        with pytest.raises(UsageError, match="three numbers of ms"):
            run(market, nonsense)
    assert run(market, Latency(1, 2, 3)).setup.latency == Latency(1, 2, 3)
    assert LONGEST_NS == HOUR
