"""The live driver: one task takes events off the bus, in order, through the engine.

Nothing here knows whether money is real, and time comes through the clock port only: the same
runner runs on a virtual clock over a simulated venue in the parity tests.
"""

import asyncio
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Final, Protocol

from genesis.bus.lanes import Lane, Lanes
from genesis.domain.commands import Command, DropTimer, SetTimer
from genesis.domain.events import (
    Event,
    HealthReported,
    MarketEvent,
    OrderEvent,
    RunStarted,
    TimerFired,
    TradeTick,
)
from genesis.domain.keeping import StrategySwapped
from genesis.domain.time import MILLISECOND
from genesis.engine.step import Step
from genesis.errors import GenesisError
from genesis.service.clock import Clock
from genesis.service.logs import log
from genesis.service.outbox import Outbox
from genesis.service.recorder import Recorder
from genesis.service.timers import BarTimers, Timers

_log = log("runner")
_BATCH: Final = 64
"""Events handled before others on the loop get their turn."""
_LONGEST_REST_S: Final = 1.0
BAR_GRACE_NS: Final = 250 * MILLISECOND
"""How long after a bar's boundary the clock alone may close it: late prints are under way."""
_MARKET: Final = frozenset(MarketEvent.__args__)
_ORDER: Final = frozenset(OrderEvent.__args__)


class Handler(Protocol):
    """The engine, as its driver sees it."""

    @property
    def widths(self) -> Iterable[int]:
        """Widths in ns of the bars that are needed."""

    def handle(self, event: Event) -> Step: ...


@dataclass(frozen=True, slots=True)
class Happened:
    """One step as observers see it: its number, and when it was handled (monotonic wall ns)."""

    number: int
    step: Step
    elapsed_ns: int


class Runner:
    """Takes events through the engine; see `put`, `ask`, `run` and `stop`.

    engine: handles one event at a time, called by this object only.
    recorder: writes steps down before their commands leave.
    widths: bars the strategies want, in ns. timers: those that survived a restart.
    observers: called after each step, in order; they must not raise or wait.
    """

    def __init__(
        self,
        engine: Handler,
        recorder: Recorder,
        clock: Clock,
        *,
        widths: Iterable[int] = (),
        timers: Timers | None = None,
        grace_ns: int = BAR_GRACE_NS,
    ) -> None:
        self.engine = engine
        self.clock = clock
        self.recorder = recorder
        self.timers = timers or Timers()
        self.bars = BarTimers(frozenset(widths), grace_ns)
        self.observers: list[Callable[[Happened], None]] = []
        recorder.on_failure = self.log_failed
        self._lanes = Lanes()
        self._wake = asyncio.Event()
        self._asked: dict[int, asyncio.Future[Step]] = {}
        self._stopping = False
        self._held = False
        self._outbox: Outbox | None = None

    # -- wiring ------------------------------------------------------------------------------
    def connect(self, outbox: Outbox) -> None:
        self._outbox = outbox

    def hold_timers(self) -> None:
        """No timer and no bar before the run has started: what came due meanwhile comes after."""
        self._held = True

    def end_bars(self) -> None:
        """No bar closes from here on; other timers go on, for they try again what was refused."""
        self.bars = BarTimers(frozenset(), self.bars.grace_ns)

    # -- what comes in -----------------------------------------------------------------------
    def put(self, event: Event, lane: Lane | None = None) -> None:
        """Something happened. Events of our orders take the HIGH lane unless told otherwise."""
        self._queue(event, lane)

    def ask(self, event: Event) -> "asyncio.Future[Step]":
        """The same, for somebody who waits: the step, once it is durable."""
        answer: asyncio.Future[Step] = asyncio.get_running_loop().create_future()
        self._asked[self._queue(event, Lane.HIGH)] = answer
        return answer

    def _queue(self, event: Event, lane: Lane | None) -> int:
        kind = type(event)
        if lane is None:
            lane = Lane.HIGH if kind in _ORDER else Lane.NORMAL
        if kind in _MARKET or kind in _ORDER:
            source = "market" if kind in _MARKET else "orders"
            if not self.clock.seen(source, event.ts_ns):
                _log.warning("stamp not believed", source=source, ts_ns=event.ts_ns)
                event = replace(event, ts_ns=self.clock.now_ns())
        seq = self._lanes.put(event, lane)
        self._wake.set()
        return seq

    # -- the loop ----------------------------------------------------------------------------
    async def run(self) -> None:
        """Handle events until `stop`. An error of the engine ends it: the code is wrong."""
        while not self._stopping:
            self._wake.clear()
            if self.turn(_BATCH):
                await asyncio.sleep(0)
            else:
                await self._rest()

    def stop(self) -> None:
        """Handle nothing more."""
        self._stopping = True
        self._wake.set()

    def turn(self, most: int) -> int:
        """Handle up to `most` waiting events and due timers; how many there were."""
        for count in range(most):
            found = self._next()
            if found is None:
                return count
            self._take(*found)
        return most

    def _next(self) -> tuple[int | None, Event] | None:
        """The next thing to handle: a timer that is due before the next event, or the event."""
        timer = self._due(self._lanes.peek())
        return (None, timer) if timer is not None else self._lanes.pop()

    def _due(self, waiting: Event | None) -> TimerFired | None:
        """A timer that goes before the next event; with none waiting, one due by the clock.

        At one instant: what happened to our orders, bars, timers, then the market.
        """
        if self._held:
            return None
        limit_ns = self.clock.now_ns()
        bar_limit_ns = limit_ns - self.bars.grace_ns
        if waiting is not None:
            is_market = type(waiting) in _MARKET
            before_ns = waiting.ts_ns if is_market else waiting.ts_ns - 1
            limit_ns = min(limit_ns, before_ns)
            bar_limit_ns = before_ns if is_market else min(bar_limit_ns, before_ns)
        timer_ns, bar_ns = self.timers.next_ns(), self.bars.next_ns()
        bar_is_due = bar_ns is not None and bar_ns <= bar_limit_ns
        timer_is_due = timer_ns is not None and timer_ns <= limit_ns
        if bar_is_due and not (timer_is_due and timer_ns < bar_ns):  # type: ignore[operator]
            return self.bars.pop_due(bar_limit_ns)
        return self.timers.pop_due(limit_ns)

    def _take(self, seq: int | None, event: Event) -> None:
        step = self.engine.handle(event)
        durable, wire_ids = self.recorder.record(step)
        if type(event) is TradeTick:
            self.bars.traded(event.symbol, event.ts_ns)
        elif type(event) is RunStarted:
            self._held = False
        elif type(event) is StrategySwapped:
            self.bars.want(self.engine.widths)
        for command in step.commands:
            self._at_once(command, event.ts_ns)
        waiter = None if seq is None else self._asked.pop(seq, None)
        assert self._outbox is not None
        self._outbox.put(step, wire_ids, durable, waiter)
        happened = Happened(self.recorder.last_step, step, self.clock.elapsed_ns())
        for observe in self.observers:
            observe(happened)

    def _at_once(self, command: Command, now_ns: int) -> None:
        """What never leaves the process does not wait for the disk."""
        if isinstance(command, SetTimer):
            self.timers.set(command.key, max(command.at_ns, now_ns))
        elif isinstance(command, DropTimer):
            self.timers.drop(command.key)

    async def _rest(self) -> None:
        """Sleep until something is put or the next timer is due."""
        due = [at for at in (self.timers.next_ns(),) if at is not None]
        bar_ns = self.bars.next_ns()
        if bar_ns is not None:
            due.append(bar_ns + self.bars.grace_ns)
        rest_s = min([_LONGEST_REST_S, *(self.clock.wall_until(at) for at in due)])
        with suppress(TimeoutError):
            async with asyncio.timeout(max(rest_s, 0.001)):
                await self._wake.wait()

    # -- what the outside tells us -----------------------------------------------------------
    @property
    def waiting(self) -> int:
        """How many events were not handled yet."""
        return len(self._lanes)

    @property
    def has_waiting(self) -> bool:
        """Is there an event that was not handled yet?"""
        return self.waiting > 0

    @property
    def is_busy(self) -> bool:
        """Is anything waiting, due, being written or under way at the venue?"""
        assert self._outbox is not None
        return self.has_waiting or self._has_due_timer() or self._outbox.is_busy

    def _has_due_timer(self) -> bool:
        if self._held:
            return False
        now_ns = self.clock.now_ns()
        timer_ns, bar_ns = self.timers.next_ns(), self.bars.next_ns()
        is_due = timer_ns is not None and timer_ns <= now_ns
        return is_due or (bar_ns is not None and bar_ns <= now_ns - self.bars.grace_ns)

    def log_failed(self, problem: str) -> None:
        """The event log cannot be written: no new risk from here on."""
        assert self._outbox is not None
        self._outbox.only_reducing("the event log cannot be written")
        self.report("store", "failed", problem)

    def broke(self, name: str, problem: BaseException) -> None:
        """A task met something nobody expected: say so, and take no new risk."""
        _log.critical("task failed", task=name, error_type=type(problem).__name__, exc_info=problem)
        detail = problem.message if isinstance(problem, GenesisError) else repr(problem)
        self.report(name.partition(" ")[0], "failed", detail)

    def report(self, component: str, status: str, detail: str = "") -> None:
        """Tell the engine how one of our parts is."""
        self.put(HealthReported(self.clock.now_ns(), component, status, detail), Lane.HIGH)
