"""What is on its way between the engine and the simulated exchange, and the timers asked for."""

from collections.abc import Sequence
from heapq import heapify, heappop, heappush

from genesis.domain.commands import (
    CancelOrder,
    Command,
    DropTimer,
    RequestReconcile,
    SetTimer,
    SubmitOrder,
)
from genesis.domain.events import Event, TimerFired
from genesis.engine.engine import Engine
from genesis.engine.step import Step
from genesis.sim.exchange import SimExchange
from genesis.sim.schedule import Rank

Waiting = tuple[int, int, int, "Event | SubmitOrder | CancelOrder"]
"""Something on its way: due_ns, rank, arrival number, what."""


class Traffic:
    """What is on its way between engine and exchange, and the timers asked for."""

    def __init__(self, engine: Engine, exchange: SimExchange) -> None:
        self.engine = engine
        self.exchange = exchange
        self.waiting: list[Waiting] = []
        self._seq = 0
        self._timers: dict[str, int] = {}
        self._ended = False

    def put(self, due_ns: int, rank: int, what: "Event | SubmitOrder | CancelOrder") -> int:
        self._seq += 1
        heappush(self.waiting, (due_ns, rank, self._seq, what))
        return self._seq

    def handle(self, event: Event, now_ns: int, delay_ns: int = 0) -> Step:
        """Give an event to the engine at `now_ns` and send off what it asks for."""
        step = self.engine.handle(event)
        if step.commands:
            self.send(step.commands, now_ns + delay_ns)
        return step

    def send(self, commands: Sequence[Command], now_ns: int) -> None:
        """Commands leave the engine at `now_ns`."""
        for command in commands:
            self._obey(command, now_ns)

    def _obey(self, command: Command, now_ns: int) -> None:
        match command:
            case SubmitOrder() | CancelOrder():
                self.put(now_ns + self.exchange.latency.entry_ns, Rank.ORDERS, command)
            case SetTimer(key, at_ns):
                if not self._ended:
                    due = max(at_ns, now_ns)
                    self._timers[key] = self.put(due, Rank.TIMER, TimerFired(due, key))
            case DropTimer(key):
                self._timers.pop(key, None)
            case RequestReconcile():
                due = now_ns + self.exchange.latency.entry_ns + self.exchange.latency.response_ns
                self.put(due, Rank.ORDERS, self.exchange.balances(due))

    def answer(self, events: Sequence[Event], now_ns: int) -> None:
        """Reports of the venue start their way back."""
        for event in events:
            self.put(now_ns + self.exchange.latency.response_ns, Rank.ORDERS, event)

    def pop(self) -> Waiting | None:
        """The next thing due; None for a timer that was replaced or dropped."""
        waiting = heappop(self.waiting)
        what = waiting[3]
        if type(what) is TimerFired:
            if self._timers.get(what.key) != waiting[2]:
                return None
            del self._timers[what.key]
        return waiting

    def end(self) -> None:
        """The market is over: timers do not fire any more."""
        self._ended = True
        self.waiting = [one for one in self.waiting if type(one[3]) is not TimerFired]
        heapify(self.waiting)
