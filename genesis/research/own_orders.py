"""Orders of a home as its log has them: decided, sent, accepted, filled, ended, with every stamp.

Two clocks stamp an order. Ours (the machine's wall) stamps when a step was written down, right
before its commands leave and right after an answer was heard; the venue's stamps what happened
there. `genesis.research.latency_model` puts them together.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, NamedTuple

from genesis.domain.commands import SubmitOrder
from genesis.domain.events import (
    OrderAccepted,
    OrderCancelled,
    OrderEvent,
    OrderExpired,
    OrderFilled,
    OrderRejected,
    OrderUnresolved,
)
from genesis.domain.fills import Liquidity
from genesis.domain.ids import OrderKey
from genesis.domain.orders import OrderType, Side
from genesis.errors import UsageError
from genesis.research.day_log import DayStep, opened, steps_of
from genesis.research.own_market import WINDOW_NS, OwnMarket, Span, read_markets
from genesis.research.setup import Moment, span_ns
from genesis.store.tape_pages import tape_pages

_OPEN_END_NS: Final = 2**62


class OwnFill(NamedTuple):
    """ts_ns: the venue's stamp. heard_ns: ours. price in quote per base, qty in base."""

    ts_ns: int
    heard_ns: int
    price: float
    qty: float
    liquidity: Liquidity


@dataclass(slots=True)
class OwnOrder:
    """One order that left. Stamps are UTC ns.

    decided_ns: the venue's time of what it was decided upon. sent_ns: ours, when it was written
    down; heard_ns: ours, of the first answer, which the venue gave at accepted_ns. tape_pos: how
    much of the market was known. ended_ns: the venue's; None while it works. is_clean: nothing was
    recovered or in doubt, and it went in a request of its own, so its stamps are those of its way.
    """

    key: OrderKey
    symbol: str
    side: Side
    type: OrderType
    qty: float
    limit_price: float | None
    decided_ns: int
    sent_ns: int
    tape_pos: int
    is_clean: bool
    accepted_ns: int | None = None
    heard_ns: int | None = None
    ended_ns: int | None = None
    fills: list[OwnFill] = field(default_factory=list)

    @property
    def filled_qty(self) -> float:
        return sum(fill.qty for fill in self.fills)

    @property
    def average_price(self) -> float:
        """Raises ZeroDivisionError: nothing filled."""
        return sum(fill.qty * fill.price for fill in self.fills) / self.filled_qty

    @property
    def is_buy(self) -> bool:
        return self.side is Side.BUY


@dataclass(frozen=True, slots=True)
class News:
    """A market event upon which the engine sent an order: the venue's stamp, and ours."""

    ts_ns: int
    heard_ns: int


@dataclass(frozen=True, slots=True)
class OwnOrders:
    """orders: oldest first. news: likewise. markets: by symbol, around the orders."""

    orders: tuple[OwnOrder, ...]
    news: tuple[News, ...]
    markets: dict[str, OwnMarket]


def own_orders(
    home: str | Path | None = None, *, start: Moment | None = None, end: Moment | None = None
) -> OwnOrders:
    """What the log of a home (None: as the command line finds it) tells of its orders.

    start, end: [start, end) of what is read, as in `backtest`.

    Raises:
        UsageError: start and end. EventLogError: there is no event log, or it cannot be read.
    """
    first, last = span_ns(start, end)
    with opened(home) as (database, reader):
        rows = reader.between(first or 0, _OPEN_END_NS if last is None else last)
        orders, news = read_orders(steps_of(rows))
        with tape_pages(database) as pages:
            markets = read_markets(pages, _spans(orders))
    return OwnOrders(tuple(orders), tuple(news), markets)


def read_orders(steps: Iterable[DayStep]) -> tuple[list[OwnOrder], list[News]]:
    """Orders and news of steps of the log, oldest first."""
    known: dict[OrderKey, OwnOrder] = {}
    news: list[News] = []
    for step in steps:
        sent = [each for each in step.commands if isinstance(each, SubmitOrder)]
        if sent and step.event is None:
            news.append(News(step.ts_ns, step.logged_ns))
        for command in sent:
            known[command.key] = _sent(command, step)
        event = step.event
        if isinstance(event, OrderEvent) and event.key in known:
            _hear(known[event.key], event, step.logged_ns)
    return list(known.values()), news


def _sent(command: SubmitOrder, step: DayStep) -> OwnOrder:
    request = command.request
    limit = request.limit_price
    return OwnOrder(
        command.key,
        request.symbol,
        request.side,
        request.type,
        float(request.qty),
        None if limit is None else float(limit),
        step.ts_ns,
        step.logged_ns,
        step.tape_pos,
        is_clean=command.joins is None and command.replaces is None,
    )


def _hear(order: OwnOrder, event: OrderEvent, heard_ns: int) -> None:
    match event:
        case OrderUnresolved():
            order.is_clean = False
        case OrderAccepted():
            _answered(order, event.ts_ns, heard_ns)
        case OrderFilled(fill=fill):
            order.is_clean = order.is_clean and not event.recovered
            _answered(order, event.ts_ns, heard_ns)
            told = (float(fill.price), float(fill.qty), fill.liquidity)
            order.fills.append(OwnFill(event.ts_ns, heard_ns, *told))
            if order.filled_qty >= order.qty * (1.0 - 1e-9):
                order.ended_ns = event.ts_ns
        case OrderCancelled() | OrderExpired() | OrderRejected():
            order.ended_ns = event.ts_ns


def _answered(order: OwnOrder, ts_ns: int, heard_ns: int) -> None:
    if order.accepted_ns is None:
        order.accepted_ns, order.heard_ns = ts_ns, heard_ns


def _spans(orders: Iterable[OwnOrder]) -> Iterator[Span]:
    """From before each order to its end: what is looked up of the market."""
    for order in orders:
        last = max([order.decided_ns, order.accepted_ns or 0, *(f.ts_ns for f in order.fills)])
        if order.type is OrderType.LIMIT:
            last = order.ended_ns or last
        yield Span(order.symbol, order.decided_ns - WINDOW_NS, last + 1)


def require_orders(found: OwnOrders) -> None:
    """Raises UsageError: there is none."""
    if not found.orders:
        raise UsageError("this home has sent no order in the span: there is nothing to learn from")
