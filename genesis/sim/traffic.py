"""What is on its way between the engine and the simulated exchange, and the timers asked for."""

from collections.abc import Callable, Sequence
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
from genesis.sim.ways import Order, ways_of

Waiting = tuple[int, int, int, "Event | Order"]
"""Something on its way: due_ns, rank, arrival number, what."""

Arrive = Callable[[Order, int], None]
"""An order or cancel reaches the venue at a time (UTC ns)."""


class Traffic:
    """What is on its way between engine and exchange, and the timers asked for."""

    def __init__(self, engine: Engine, exchange: SimExchange, arrive: Arrive) -> None:
        self._engine_handle = engine.handle
        self.exchange = exchange
        self._ways = ways_of(exchange.latency, engine.seed)
        self.waiting: list[Waiting] = []
        self.acted_ns = 0
        """When the engine acted upon the latest event; of news it did nothing about, the event."""
        self._arrive = arrive
        self._seq = 0
        self._timers: dict[str, int] = {}
        self._ended = False

    def put(self, due_ns: int, rank: int, what: "Event | Order") -> int:
        self._seq += 1
        heappush(self.waiting, (due_ns, rank, self._seq, what))
        return self._seq

    def handle(self, event: Event, now_ns: int, *, is_news: bool = False) -> Step:
        """Give an event to the engine at `now_ns` and send off what it asks for.

        is_news: the market did it now; the engine learns of it, and acts, as much later as news
        travels.
        """
        step = self._engine_handle(event)
        self.acted_ns = now_ns
        if step.commands:
            acts_ns = self.acted_ns = self._ways.news_ns(now_ns) if is_news else now_ns
            for command in step.commands:
                self._obey(command, now_ns, acts_ns)
        return step

    def _obey(self, command: Command, now_ns: int, acts_ns: int) -> None:
        kind = type(command)
        if kind is SubmitOrder or kind is CancelOrder:
            self._send(command, now_ns, acts_ns)  # type: ignore[arg-type]
        elif isinstance(command, SetTimer):
            self.set_timer(command, acts_ns)
        elif isinstance(command, DropTimer):
            self._timers.pop(command.key, None)
        elif isinstance(command, RequestReconcile):
            due_ns = self._ways.look_ns(acts_ns)
            self.put(due_ns, Rank.ORDERS, self.exchange.balances(due_ns))

    def _send(self, order: Order, now_ns: int, acts_ns: int) -> None:
        due_ns = self._ways.order_ns(order, acts_ns, now_ns)
        if due_ns == now_ns and (self._ways.is_constant or not self._is_behind(now_ns)):
            self._arrive(order, now_ns)
        else:
            self.put(due_ns, Rank.ORDERS, order)

    def _is_behind(self, now_ns: int) -> bool:
        """Is an order that was sent before about to arrive at this very instant?"""
        return any(due <= now_ns and isinstance(what, Order) for due, _, _, what in self.waiting)

    def set_timer(self, timer: SetTimer, now_ns: int) -> None:
        """Fire it at its time, or at once where that is over; the same key replaces the older."""
        if not self._ended:
            due_ns = max(timer.at_ns, now_ns)
            self._timers[timer.key] = self.put(due_ns, Rank.TIMER, TimerFired(due_ns, timer.key))

    def answer(self, events: Sequence[Event], now_ns: int) -> None:
        """Reports of the venue start their way back."""
        for event in events:
            self.put(self._ways.answer_ns(event, now_ns), Rank.ORDERS, event)

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
