"""The runner over a scripted engine and gateway: order, durability, failures."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import Future
from decimal import Decimal
from pathlib import Path

import pytest

from genesis.domain.commands import CancelOrder, Command, SetTimer, SubmitOrder
from genesis.domain.events import (
    Event,
    FeedRestored,
    HealthReported,
    OperatorActed,
    OrderAccepted,
    OrderCancelled,
    OrderEvent,
    OrderUnresolved,
    RunStarted,
    TimerFired,
    TradeTick,
    bar_timer_key,
)
from genesis.domain.ids import OrderKey
from genesis.domain.keeping import StrategySwapped
from genesis.domain.orders import OrderRequest, OrderType, Purpose, Side
from genesis.domain.time import MINUTE, SECOND
from genesis.engine.step import Step
from genesis.errors import EventLogError, InvariantBroken
from genesis.exchange.wire_id import parse
from genesis.service.calls import Calls
from genesis.service.outbox import Outbox
from genesis.service.recorder import Recorder
from genesis.service.runner import Runner
from genesis.service.second_log import SecondLog
from genesis.store.steps import LogEntry
from tests.support.build import tick
from tests.support.clocks import VirtualClock
from tests.support.patience import PATIENCE_S

T0 = 1_700_000_040 * SECOND - 1_700_000_040 * SECOND % MINUTE
HEAD = "ab" * 32


class Log:
    """Entries become durable when the test says so; it can fail from an entry on."""

    def __init__(self) -> None:
        self.entries: list[LogEntry] = []
        self.futures: list[Future[int]] = []
        self.holds = False
        self.fails = False
        self.head = HEAD

    def append(self, entry: LogEntry) -> Future[int]:
        if self.fails:
            raise EventLogError("the disk is gone")
        self.entries.append(entry)
        future: Future[int] = Future()
        self.futures.append(future)
        if not self.holds:
            future.set_result(entry.step)
        return future


class Venue:
    """Keeps what it was asked; answers what it was given, and can be slow for a symbol."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []
        self.slow: dict[str, asyncio.Event] = {}
        self.answers: dict[OrderKey, tuple[OrderEvent, ...] | Exception] = {}

    async def submit(self, command: SubmitOrder, wire_id: str) -> Sequence[OrderEvent]:
        self.asked.append(("submit", wire_id))
        wait = self.slow.get(command.request.symbol)
        if wait is not None:
            await wait.wait()
        answer = self.answers.get(command.key, (OrderAccepted(T0, command.key, "1"),))
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def cancel(self, key: OrderKey, wire_id: str, symbol: str) -> Sequence[OrderEvent]:
        self.asked.append(("cancel", wire_id))
        return ()

    async def resolve(
        self, key: OrderKey, wire_id: str, symbol: str, sent_ns: int
    ) -> Sequence[OrderEvent]:
        self.asked.append(("resolve", wire_id))
        return (OrderAccepted(T0, key, "9"),)


class Engine:
    """Answers an operator's act with the commands the test planned."""

    def __init__(self) -> None:
        self.handled: list[Event] = []
        self.widths: tuple[int, ...] = ()
        self.plan: list[tuple[Command, ...]] = []
        self.on: Callable[[Event], tuple[Command, ...]] = lambda event: ()

    def handle(self, event: Event) -> Step:
        self.handled.append(event)
        if isinstance(event, OperatorActed) and event.verb == "crash":
            raise InvariantBroken("bad state")
        if isinstance(event, OperatorActed) and self.plan:
            return Step(event, (), self.plan.pop(0))
        return Step(event, (), self.on(event))


class Bench:
    def __init__(self, folder: Path, widths: Sequence[int] = ()) -> None:
        self.engine, self.log, self.venue = Engine(), Log(), Venue()
        self.clock = VirtualClock(T0)
        self.second = SecondLog(folder / "second.jsonl")
        self.recorder = Recorder(self.log, self.second, run=3, last_step=10, wall=lambda: 0)
        self.runner = Runner(self.engine, self.recorder, self.clock, widths=widths, grace_ns=0)
        calls = Calls(self.venue, self.clock, self.runner.put, self.runner.broke)
        self.outbox = Outbox(
            calls,
            self.clock,
            {},
            self.runner.put,
            self.recorder.take_over,
            lambda reason: None,
        )
        self.runner.connect(self.outbox)

    async def within(self, body: Callable[[], Awaitable[None]]) -> None:
        tasks = [asyncio.create_task(self.runner.run()), asyncio.create_task(self.outbox.run())]
        try:
            async with asyncio.timeout(PATIENCE_S):
                await body()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def settled(self) -> None:
        while self.runner.is_busy:
            await asyncio.sleep(0)

    def act(self, *commands: Command, verb: str = "trade") -> OperatorActed:
        self.engine.plan.append(commands)
        return OperatorActed(self.clock.now_ns(), "COMMAND", verb=verb)


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path, (MINUTE,))


def submit(n: int, symbol: str = "BTC/USDT", purpose: Purpose = Purpose.ENTRY) -> SubmitOrder:
    side = Side.BUY if purpose is Purpose.ENTRY else Side.SELL
    request = OrderRequest(symbol, side, OrderType.MARKET, Decimal(1), purpose)
    return SubmitOrder(T0, OrderKey(3, n, 0), request)


def test_nothing_leaves_before_its_step_is_durable_and_events_go_on(bench: Bench) -> None:
    async def body() -> None:
        bench.log.holds = True
        asked = bench.runner.ask(bench.act(submit(1)))
        bench.runner.put(tick(T0 + 1, "100"))
        for _ in range(50):
            await asyncio.sleep(0)
        assert [type(event) for event in bench.engine.handled] == [OperatorActed, TradeTick]
        assert bench.venue.asked == []
        assert not asked.done()
        bench.log.holds = False
        for future in bench.log.futures:
            future.set_result(1)
        await asked
        await bench.settled()
        assert [what for what, _ in bench.venue.asked] == ["submit"]
        assert isinstance(bench.engine.handled[-1], OrderAccepted)

    asyncio.run(bench.within(body))


def test_the_wire_id_grows_from_the_log_and_is_stored_beside_its_order(bench: Bench) -> None:
    async def body() -> None:
        await bench.runner.ask(bench.act(CancelOrder(T0, OrderKey(1, 1, 0), "BTC/USDT"), submit(4)))
        await bench.settled()

    bench.outbox.wire_ids[OrderKey(1, 1, 0)] = "g-1-1-0-old"
    asyncio.run(bench.within(body))
    entry = bench.log.entries[0]
    assert (entry.run, entry.step) == (3, 11)
    assert entry.wire_ids[0] is None
    wire_id = entry.wire_ids[1]
    assert wire_id is not None
    named = parse(wire_id)
    assert named is not None
    assert named == (OrderKey(3, 4, 0), HEAD[:16])
    assert bench.venue.asked == [("cancel", "g-1-1-0-old"), ("submit", wire_id)]


def test_a_cancel_does_not_wait_for_another_symbols_slow_order(bench: Bench) -> None:
    async def body() -> None:
        bench.venue.slow["BTC/USDT"] = asyncio.Event()
        bench.outbox.wire_ids[OrderKey(1, 1, 0)] = "eth-order"
        await bench.runner.ask(bench.act(submit(1), submit(2)))
        await bench.runner.ask(bench.act(CancelOrder(T0, OrderKey(1, 1, 0), "ETH/USDT")))
        for _ in range(50):
            await asyncio.sleep(0)
        assert [what for what, _ in bench.venue.asked] == ["submit", "cancel"]
        bench.venue.slow["BTC/USDT"].set()
        await bench.settled()
        assert [what for what, _ in bench.venue.asked] == ["submit", "cancel", "submit"]

    asyncio.run(bench.within(body))


def test_an_unresolved_order_is_asked_about_and_never_sent_again(bench: Bench) -> None:
    key = OrderKey(3, 1, 0)
    bench.venue.answers[key] = (OrderUnresolved(T0, key, "no answer"),)

    async def body() -> None:
        await bench.runner.ask(bench.act(submit(1)))
        await bench.settled()

    asyncio.run(bench.within(body))
    assert [what for what, _ in bench.venue.asked] == ["submit", "resolve"]
    assert [type(e) for e in bench.engine.handled[1:]] == [OrderUnresolved, OrderAccepted]


def test_an_unexpected_error_of_a_call_blocks_new_risk_and_is_resolved(bench: Bench) -> None:
    bench.venue.answers[OrderKey(3, 1, 0)] = ZeroDivisionError("surprise")

    async def body() -> None:
        await bench.runner.ask(bench.act(submit(1)))
        await bench.settled()

    asyncio.run(bench.within(body))
    health = [e for e in bench.engine.handled if isinstance(e, HealthReported)]
    assert [(h.component, h.status) for h in health] == [("submit", "failed")]
    assert "surprise" in health[0].detail
    assert [what for what, _ in bench.venue.asked] == ["submit", "resolve"]


@pytest.mark.parametrize("late", [True, False])
def test_with_the_log_failed_only_what_reduces_risk_leaves(bench: Bench, late: bool) -> None:
    """`late`: the commit fails after the step was accepted; else the append itself."""

    async def body() -> None:
        bench.log.holds, bench.log.fails = late, not late
        entry = bench.runner.ask(bench.act(submit(1)))
        exit_ = bench.runner.ask(bench.act(submit(2, purpose=Purpose.EXIT)))
        for _ in range(20):
            await asyncio.sleep(0)
        bench.log.fails = True
        for future in bench.log.futures:
            future.set_exception(EventLogError("the disk is gone"))
        await asyncio.gather(entry, exit_)
        await bench.settled()

    asyncio.run(bench.within(body))
    assert [parse(wire_id).key.n for _, wire_id in bench.venue.asked] == [2]  # type: ignore[union-attr]
    unsent = [e for e in bench.engine.handled if isinstance(e, OrderCancelled)]
    assert [(e.key.n, "nothing that adds risk" in e.reason) for e in unsent] == [(1, True)]
    health = [e for e in bench.engine.handled if isinstance(e, HealthReported)]
    assert [(h.component, h.status) for h in health] == [("store", "failed")]
    plain = list(bench.second.read())
    assert [step.step for step in plain] == list(range(11, 11 + len(plain)))
    assert [step.event for step in plain] == bench.engine.handled
    assert {key.n for step in plain for key in step.wire_ids} == {1, 2}


def test_what_was_durable_before_the_failure_is_not_in_the_plain_log(bench: Bench) -> None:
    async def body() -> None:
        await bench.runner.ask(bench.act())
        bench.log.fails = True
        await bench.runner.ask(bench.act())
        await bench.settled()

    asyncio.run(bench.within(body))
    assert [step.step for step in bench.second.read()] == [12, 13]


def test_an_engine_that_raises_ends_the_run(bench: Bench) -> None:
    async def run() -> None:
        bench.runner.put(OperatorActed(T0, "COMMAND", verb="crash"))
        with pytest.raises(InvariantBroken):
            await bench.runner.run()

    asyncio.run(run())
    assert bench.log.entries == []


def test_timers_and_bars_come_before_the_market_event_that_passes_them(bench: Bench) -> None:
    async def body() -> None:
        await bench.runner.ask(bench.act(SetTimer("t", T0 + MINUTE), SetTimer("u", T0 + 5)))
        bench.runner.put(tick(T0 + 1, "100"))
        await bench.settled()
        bench.runner.put(tick(T0 + MINUTE, "101", trade_id=2))
        await bench.settled()

    asyncio.run(bench.within(body))
    bar = TimerFired(T0 + MINUTE, bar_timer_key("BTC/USDT", MINUTE))
    assert bench.engine.handled[1:] == [
        tick(T0 + 1, "100"),
        TimerFired(T0 + 5, "u"),
        bar,
        TimerFired(T0 + MINUTE, "t"),
        tick(T0 + MINUTE, "101", trade_id=2),
    ]


def test_an_answer_stamped_like_a_timer_comes_before_it(bench: Bench) -> None:
    accepted = OrderAccepted(T0 + 9, OrderKey(3, 1, 0), "1")

    async def body() -> None:
        await bench.runner.ask(bench.act(SetTimer("t", T0 + 9)))
        bench.runner.put(accepted)
        await bench.settled()

    asyncio.run(bench.within(body))
    assert bench.engine.handled[1:] == [accepted, TimerFired(T0 + 9, "t")]


def test_what_came_due_meanwhile_waits_until_the_run_has_started(tmp_path: Path) -> None:
    """It belongs to the new run: its rules and strategies begin with RunStarted."""
    bench = Bench(tmp_path)
    bench.runner.timers.set("t", T0 - MINUTE)
    bench.runner.hold_timers()
    bench.runner.turn(5)
    assert bench.engine.handled == []
    assert not bench.runner.is_busy
    started = RunStarted(T0, 3, "sniper", "", "", "", "0")
    bench.runner.put(started)
    bench.runner.turn(5)
    assert bench.engine.handled == [started, TimerFired(T0 - MINUTE, "t")]


def test_calls_that_do_not_end_are_named_and_left_but_what_reduces_risk_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = Bench(tmp_path)
    left: list[str] = []
    monkeypatch.setattr(
        "genesis.service.calls._log.warning", lambda event, **more: left.append(more["call"])
    )

    async def body() -> None:
        calls = Calls(bench.venue, bench.clock, bench.runner.put, bench.runner.broke)
        bench.venue.slow["BTC/USDT"] = asyncio.Event()
        calls.submit(submit(1), "g-3-1-0-a")
        calls.submit(submit(2), "g-3-2-0-b")
        calls.submit(submit(3, purpose=Purpose.PROTECT), "g-3-3-0-c")
        while len(bench.venue.asked) < 2:
            await asyncio.sleep(0)
        for _ in range(2):  # once each
            calls.drop(lambda key: key.n == 3)
        while calls.in_flight > 1:
            await asyncio.sleep(0)
        bench.venue.slow["BTC/USDT"].set()
        while calls.in_flight:
            await asyncio.sleep(0)

    asyncio.run(body())
    assert sorted(left) == ["orders submit g-3-1-0-a", "orders submit g-3-2-0-b"]
    assert [name for _, name in bench.venue.asked] == ["g-3-1-0-a", "g-3-3-0-c"]


def test_bars_end_and_other_timers_go_on(bench: Bench) -> None:
    async def body() -> None:
        await bench.runner.ask(bench.act(SetTimer("t", T0 + 2 * MINUTE)))
        bench.runner.put(tick(T0 + 1, "100"))
        await bench.settled()
        bench.runner.end_bars()
        bench.runner.put(tick(T0 + 2 * MINUTE, "101", trade_id=2))
        await bench.settled()

    asyncio.run(bench.within(body))
    told = [event for event in bench.engine.handled if isinstance(event, TimerFired)]
    assert told == [TimerFired(T0 + 2 * MINUTE, "t")]


def test_what_is_not_sent_is_told_the_first_reason(bench: Bench) -> None:
    async def body() -> None:
        bench.outbox.only_reducing("the service ends")
        bench.runner.log_failed("the disk is gone")
        await bench.runner.ask(bench.act(submit(1)))
        await bench.settled()

    asyncio.run(bench.within(body))
    [unsent] = [event for event in bench.engine.handled if isinstance(event, OrderCancelled)]
    assert unsent.reason == "the service ends: nothing that adds risk is sent"
    assert bench.venue.asked == []


def test_a_stamp_that_is_not_believed_becomes_now(tmp_path: Path) -> None:
    from genesis.service.clock import VenueClock

    bench = Bench(tmp_path)
    clock = VenueClock(lambda: 0)
    clock.anchor(T0)
    bench.runner.clock = clock
    bench.runner.put(tick(T0 + 60 * MINUTE, "100"))
    bench.runner.turn(1)
    assert bench.engine.handled == [tick(T0, "100")]


def test_observers_see_every_step_with_its_number(bench: Bench) -> None:
    seen: list[int] = []
    bench.runner.observers.append(lambda happened: seen.append(happened.number))
    for n in range(3):
        bench.runner.put(FeedRestored(T0, str(n)))
    bench.runner.turn(10)
    assert seen == [11, 12, 13]


def test_bars_that_a_swapped_in_strategy_needs_close_from_then_on(bench: Bench) -> None:
    wide = bar_timer_key("BTC/USDT", 5 * MINUTE)

    def closed(then_ns: int) -> bool:
        bench.runner.put(tick(then_ns, "100"))
        bench.runner.turn(10)
        return wide in [getattr(event, "key", "") for event in bench.engine.handled]

    assert not closed(T0 + 1) and not closed(T0 + 6 * MINUTE)
    bench.engine.widths = (MINUTE, 5 * MINUTE)
    bench.runner.put(StrategySwapped(bench.clock.now_ns(), "mine", (), "code"))
    assert not closed(T0 + 7 * MINUTE)
    assert closed(T0 + 12 * MINUTE)
