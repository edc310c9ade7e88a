"""The ways between engine and venue: news, orders, and what the venue says of them.

Each way is one connection, as over TCP: a message never arrives later than one that was sent after
it, whatever was drawn for either. Where a draw would have it overtake, it arrives with the one
before it; of two that arrive at the same instant the one that was handed over first goes first.
"""

from bisect import bisect_right, insort
from typing import Protocol

from genesis.domain.commands import CancelOrder, SubmitOrder
from genesis.domain.events import Event, OrderEvent, OrderFilled
from genesis.sim.latency import AnyLatency, Latency, SampledLatency, pick

Order = SubmitOrder | CancelOrder


class Ways(Protocol):
    """When what is sent arrives. All times are venue time, UTC ns; `now_ns` never runs back."""

    is_constant: bool

    def news_ns(self, now_ns: int) -> int:
        """When the engine learns of what the market does now."""

    def order_ns(self, order: Order, sent_ns: int, now_ns: int) -> int:
        """When an order or cancel that leaves at `sent_ns` (not before now) reaches the venue."""

    def answer_ns(self, answer: Event, now_ns: int) -> int:
        """When the engine hears what the venue says now."""

    def look_ns(self, sent_ns: int) -> int:
        """When the answer to a look at the account, asked for at `sent_ns`, is here."""


def ways_of(latency: AnyLatency, seed: str) -> Ways:
    return Constant(latency) if isinstance(latency, Latency) else Sampled(latency, seed)


class Constant:
    """Every message of a kind travels as long as any other."""

    is_constant = True

    def __init__(self, latency: Latency) -> None:
        self._feed_ns, self._entry_ns = latency.feed_ns, latency.entry_ns
        self._response_ns = latency.response_ns

    def news_ns(self, now_ns: int) -> int:
        return now_ns + self._feed_ns

    def order_ns(self, order: Order, sent_ns: int, now_ns: int) -> int:
        return sent_ns + self._entry_ns

    def answer_ns(self, answer: Event, now_ns: int) -> int:
        return now_ns + self._response_ns

    def look_ns(self, sent_ns: int) -> int:
        return sent_ns + self._entry_ns + self._response_ns


class Sampled:
    """Every message draws, by its name, one of the latencies that were measured.

    Only news upon which the engine acts is drawn for: of what it does nothing about nobody can see
    when it came, and a driver that skips it must meet the same numbers. All that the market does at
    one instant comes together. A look at the account has a connection of its own.
    """

    is_constant = False

    def __init__(self, latency: SampledLatency, seed: str) -> None:
        self._latency, self._seed = latency, seed
        self._news, self._orders, self._answers = Line(), Line(), Line()

    def news_ns(self, now_ns: int) -> int:
        travels = pick(self._seed, f"feed:{now_ns}", self._latency.feed_ns)
        return self._news.arrival(now_ns, travels, now_ns)

    def order_ns(self, order: Order, sent_ns: int, now_ns: int) -> int:
        is_cancel = isinstance(order, CancelOrder)
        key = f"cancel:{_name(order)}:{now_ns}" if is_cancel else f"entry:{_name(order)}"
        return self._orders.arrival(sent_ns, self._entry_ns(key), now_ns)

    def answer_ns(self, answer: Event, now_ns: int) -> int:
        assert isinstance(answer, OrderEvent)
        trade = f":{answer.fill.trade_id}" if isinstance(answer, OrderFilled) else ""
        key = f"{type(answer).__name__}:{_name(answer)}:{now_ns}{trade}"
        return self._answers.arrival(now_ns, self._response_ns(key), now_ns)

    def look_ns(self, sent_ns: int) -> int:
        key = f"look:{sent_ns}"
        return sent_ns + self._entry_ns(key) + self._response_ns(key)

    def _entry_ns(self, key: str) -> int:
        return pick(self._seed, f"entry:{key}", self._latency.entry_ns)

    def _response_ns(self, key: str) -> int:
        return pick(self._seed, f"response:{key}", self._latency.response_ns)


def _name(told: Order | OrderEvent) -> str:
    """Of an order, without the run it was born in: a replay of it draws the same.

    Two orders that go in one request have one name, that of the first.
    """
    key = told.key
    if isinstance(told, SubmitOrder) and told.joins is not None:
        key = min(key, told.joins)
    return f"{key.n}-{key.slice}"


class Line:
    """One connection: who was sent later arrives no sooner.

    A message may be handed over before another that leaves earlier (its news is still on the way to
    the engine): it then arrives no later than that one.
    """

    __slots__ = ("_floor_ns", "_to_leave")

    def __init__(self) -> None:
        self._floor_ns = 0
        self._to_leave: list[tuple[int, int]] = []  # (sent, arrives), sorted by both

    def arrival(self, sent_ns: int, travels_ns: int, now_ns: int) -> int:
        """When a message arrives; `now_ns`, when it is handed over, never runs back."""
        waiting = self._to_leave
        while waiting and waiting[0][0] <= now_ns:
            self._floor_ns = waiting.pop(0)[1]
        place = bisect_right(waiting, sent_ns, key=_sent)
        earliest = waiting[place - 1][1] if place else self._floor_ns
        due_ns = max(sent_ns + travels_ns, earliest)
        if place < len(waiting):
            due_ns = min(due_ns, waiting[place][1])
        insort(waiting, (sent_ns, due_ns))
        return due_ns


def _sent(message: tuple[int, int]) -> int:
    return message[0]
