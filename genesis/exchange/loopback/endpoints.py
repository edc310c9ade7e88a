"""What can be asked, in one table: name, weight, who may ask, and how it is answered.

REST paths and WebSocket API methods are two ways to the same endpoints.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from genesis.exchange.loopback import params as read
from genesis.exchange.loopback.budget import Budget
from genesis.exchange.loopback.clock import FeedClock
from genesis.exchange.loopback.desk import Desk
from genesis.exchange.loopback.info import exchange_info
from genesis.exchange.loopback.params import Params
from genesis.exchange.loopback.tape import SymbolTape
from genesis.sim.orders import VenueRejected
from genesis.sim.venue import Venue
from genesis.wire.orders import amount, ms


@dataclass(frozen=True, slots=True)
class Rooms:
    """What the endpoints look into. `tapes` are by the venue's symbols (`BTCUSDT`)."""

    venue: Venue
    desk: Desk
    tapes: Mapping[str, SymbolTape]
    clock: FeedClock
    budget: Budget

    def tape(self, params: Params) -> SymbolTape:
        """Raises VenueRejected: -1102 or -1121."""
        try:
            return self.tapes[read.required(params, "symbol")]
        except KeyError:
            raise VenueRejected(-1121, "Invalid symbol.") from None

    def now_ns(self) -> int:
        return self.clock.now_ns()


Answerer = Callable[[Rooms, Params], Any]
Weigher = Callable[[Params], int]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """`weight` is a number, or a function of the request where it depends on that."""

    answer: Answerer
    weight: int | Weigher
    signed: bool = False

    def weigh(self, params: Params) -> int:
        return self.weight if isinstance(self.weight, int) else self.weight(params)


def _with_symbol(one: int, every: int) -> Weigher:
    return lambda params: one if params.get("symbol") or params.get("symbols") else every


def _by_depth(params: Params) -> int:
    rows = read.limit_of(params, 100, 5000)
    return next((weight for most, weight in ((100, 5), (500, 25), (1000, 50)) if rows <= most), 250)


def _time(rooms: Rooms, _: Params) -> Any:
    return {"serverTime": ms(rooms.now_ns())}


def _info(rooms: Rooms, params: Params) -> Any:
    tapes = [*rooms.tapes.values()]
    if params.get("symbol"):
        tapes = [rooms.tape(params)]
    elif params.get("symbols"):
        asked = params["symbols"].strip("[]").replace('"', "").split(",")
        tapes = [rooms.tape({"symbol": name}) for name in asked]
    listed = [tape.instrument for tape in tapes]
    return exchange_info(listed, rooms.budget.limits, rooms.now_ns())


def _depth(rooms: Rooms, params: Params) -> Any:
    return rooms.tape(params).order_book(read.limit_of(params, 100, 5000))


def _trades(rooms: Rooms, params: Params) -> Any:
    return rooms.tape(params).recent_trades(read.limit_of(params, 500, 1000))


def _aggregate_trades(rooms: Rooms, params: Params) -> Any:
    spans = (read.whole(params, name) for name in ("fromId", "startTime", "endTime"))
    return rooms.tape(params).aggregate_trades(read.limit_of(params, 500, 1000), *spans)


def _klines(rooms: Rooms, params: Params) -> Any:
    spans = (read.whole(params, name) for name in ("startTime", "endTime"))
    interval = read.required(params, "interval")
    return rooms.tape(params).klines(interval, read.limit_of(params, 500, 1000), *spans)


def _average(rooms: Rooms, params: Params) -> Any:
    now_ns = rooms.now_ns()
    price = rooms.tape(params).average(now_ns)
    return {"mins": 5, "price": amount(price), "closeTime": ms(now_ns)}


def _one_or_all(row: Callable[[SymbolTape, int], Any]) -> Answerer:
    """One object for `symbol`, a list without."""

    def answer(rooms: Rooms, params: Params) -> Any:
        now_ns = rooms.now_ns()
        if params.get("symbol"):
            return row(rooms.tape(params), now_ns)
        return [row(tape, now_ns) for tape in rooms.tapes.values()]

    return answer


ENDPOINTS: Final[Mapping[str, Endpoint]] = {
    "ping": Endpoint(lambda rooms, params: {}, 1),
    "time": Endpoint(_time, 1),
    "exchangeInfo": Endpoint(_info, 20),
    "depth": Endpoint(_depth, _by_depth),
    "trades": Endpoint(_trades, 25),
    "aggTrades": Endpoint(_aggregate_trades, 4),
    "klines": Endpoint(_klines, 2),
    "avgPrice": Endpoint(_average, 2),
    "ticker/24hr": Endpoint(_one_or_all(lambda tape, now: tape.day(now)), _with_symbol(2, 80)),
    "ticker/price": Endpoint(_one_or_all(lambda tape, now: tape.price()), _with_symbol(2, 4)),
    "ticker/bookTicker": Endpoint(_one_or_all(lambda tape, now: tape.best()), _with_symbol(2, 4)),
    "place": Endpoint(lambda rooms, p: rooms.desk.place(p, rooms.now_ns()), 0, signed=True),
    "test": Endpoint(lambda rooms, p: rooms.desk.test(p), 1, signed=True),
    "cancel": Endpoint(lambda rooms, p: rooms.desk.cancel(p, rooms.now_ns()), 0, signed=True),
    "cancelAll": Endpoint(
        lambda rooms, p: rooms.desk.cancel_all(p, rooms.now_ns()), 0, signed=True
    ),
    "order": Endpoint(lambda rooms, p: rooms.desk.order(p), 4, signed=True),
    "openOrders": Endpoint(
        lambda rooms, p: rooms.desk.open_orders(p), _with_symbol(6, 80), signed=True
    ),
    "allOrders": Endpoint(lambda rooms, p: rooms.desk.all_orders(p), 20, signed=True),
    "myTrades": Endpoint(
        lambda rooms, p: rooms.desk.my_trades(p),
        lambda p: 5 if p.get("orderId") else 20,
        signed=True,
    ),
    "account": Endpoint(lambda rooms, p: rooms.desk.account(p), 20, signed=True),
    "rateLimit/order": Endpoint(lambda rooms, p: rooms.budget.orders_told(), 40, signed=True),
}

REST: Final[Mapping[tuple[str, str], str]] = {
    **{
        ("GET", name): name
        for name in (
            *("ping", "time", "exchangeInfo", "depth", "trades", "aggTrades", "klines"),
            *("avgPrice", "ticker/24hr", "ticker/price", "ticker/bookTicker"),
            *("order", "openOrders", "allOrders", "myTrades", "account", "rateLimit/order"),
        )
    },
    ("GET", "historicalTrades"): "trades",
    ("POST", "order"): "place",
    ("POST", "order/test"): "test",
    ("DELETE", "order"): "cancel",
    ("DELETE", "openOrders"): "cancelAll",
}
"""(HTTP method, path below /api/v3) -> endpoint."""

WS_API: Final[Mapping[str, str]] = {
    "ping": "ping",
    "time": "time",
    "exchangeInfo": "exchangeInfo",
    "depth": "depth",
    "trades.recent": "trades",
    "trades.historical": "trades",
    "trades.aggregate": "aggTrades",
    "klines": "klines",
    "avgPrice": "avgPrice",
    "ticker.24hr": "ticker/24hr",
    "ticker.price": "ticker/price",
    "ticker.book": "ticker/bookTicker",
    "order.place": "place",
    "order.test": "test",
    "order.cancel": "cancel",
    "order.status": "order",
    "openOrders.status": "openOrders",
    "openOrders.cancelAll": "cancelAll",
    "allOrders": "allOrders",
    "myTrades": "myTrades",
    "account.status": "account",
    "account.rateLimits.orders": "rateLimit/order",
}
"""WebSocket API method -> endpoint."""
