"""What can be asked, in one table: name, weight, who may ask, and how it is answered.

REST paths and WebSocket API methods are two ways to the same endpoints.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from genesis.exchange.loopback import params as read
from genesis.exchange.loopback.access import Permissions
from genesis.exchange.loopback.budget import Budget
from genesis.exchange.loopback.clock import FeedClock
from genesis.exchange.loopback.desk import Desk
from genesis.exchange.loopback.filters import Filters
from genesis.exchange.loopback.flows import Flows
from genesis.exchange.loopback.info import exchange_info
from genesis.exchange.loopback.list_desk import READERS, ListDesk
from genesis.exchange.loopback.moods import Moods
from genesis.exchange.loopback.params import Params
from genesis.exchange.loopback.replace import replace
from genesis.exchange.loopback.tape import SymbolTape
from genesis.sim.orders import VenueRejected
from genesis.sim.venue import Venue
from genesis.wire.orders import amount, ms


@dataclass(frozen=True, slots=True)
class Rooms:
    """What the endpoints look into. `tapes` are by the venue's symbols (`BTCUSDT`)."""

    venue: Venue
    desk: Desk
    lists: ListDesk
    flows: Flows
    tapes: Mapping[str, SymbolTape]
    clock: FeedClock
    budget: Budget
    filters: Filters
    permissions: Permissions
    moods: Moods

    def tape(self, params: Params) -> SymbolTape:
        """Raises VenueRejected: -1102 or -1121."""
        try:
            return self.tapes[read.required(params, "symbol")]
        except KeyError:
            raise VenueRejected(-1121, "Invalid symbol.") from None

    def now_ns(self) -> int:
        """The exchange's clock, with the fault it may have."""
        return self.clock.now_ns() + self.moods.skew_ns


Answerer = Callable[[Rooms, Params], Any]
Weigher = Callable[[Params], int]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """`weight` is a number, or a function of the request where it depends on that.

    failure_weight: what a request that fails costs beside it.
    trades: needs a key that may trade. counts: tells the counts of unfilled orders.
    """

    answer: Answerer
    weight: int | Weigher
    signed: bool = False
    failure_weight: int = 0
    trades: bool = False
    counts: bool = False

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
    statuses = rooms.desk.statuses
    return exchange_info(listed, rooms.budget.limits, rooms.filters, statuses, rooms.now_ns())


def _depth(rooms: Rooms, params: Params) -> Any:
    return rooms.tape(params).order_book(read.limit_of(params, 100, 5000))


def _trades(rooms: Rooms, params: Params) -> Any:
    return rooms.tape(params).recent_trades(read.limit_of(params, 500, 1000))


def _past_trades(rooms: Rooms, params: Params) -> Any:
    limit = read.limit_of(params, 500, 1000)
    return rooms.tape(params).past_trades(limit, read.whole(params, "fromId"))


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


def _trading(act: Callable[[Rooms, Params, int], Any], *, counts: bool = False) -> Endpoint:
    """Free of charge unless it fails."""
    return Endpoint(
        lambda rooms, params: act(rooms, params, rooms.now_ns()),
        0,
        signed=True,
        failure_weight=1,
        trades=True,
        counts=counts,
    )


def _listing(kind: str) -> Endpoint:
    return _trading(lambda rooms, p, now: rooms.lists.place(kind, p, now), counts=True)


def _account(act: Answerer, weight: int | Weigher) -> Endpoint:
    return Endpoint(act, weight, signed=True)


def _flow_list(name: str) -> Answerer:
    return lambda rooms, params: getattr(rooms.flows, name)(params, rooms.now_ns())


ENDPOINTS: Final[Mapping[str, Endpoint]] = {
    "ping": Endpoint(lambda rooms, params: {}, 1),
    "time": Endpoint(_time, 1),
    "exchangeInfo": Endpoint(_info, 20),
    "depth": Endpoint(_depth, _by_depth),
    "trades": Endpoint(_trades, 25),
    "historicalTrades": Endpoint(_past_trades, 25),
    "aggTrades": Endpoint(_aggregate_trades, 4),
    "klines": Endpoint(_klines, 2),
    "avgPrice": Endpoint(_average, 2),
    "ticker/24hr": Endpoint(_one_or_all(lambda tape, now: tape.day(now)), _with_symbol(2, 80)),
    "ticker/price": Endpoint(_one_or_all(lambda tape, now: tape.price()), _with_symbol(2, 4)),
    "ticker/bookTicker": Endpoint(_one_or_all(lambda tape, now: tape.best()), _with_symbol(2, 4)),
    "place": _trading(lambda rooms, p, now: rooms.desk.place(p, now), counts=True),
    "test": Endpoint(lambda rooms, p: rooms.desk.test(p), 1, signed=True, trades=True),
    "cancel": _trading(lambda rooms, p, now: rooms.desk.cancel(p, now)),
    "cancelAll": _trading(lambda rooms, p, now: rooms.desk.cancel_all(p, now)),
    "cancelReplace": _trading(lambda rooms, p, now: replace(rooms.desk, p, now), counts=True),
    **{f"orderList/{kind}": _listing(kind) for kind in READERS},
    "cancelList": _trading(lambda rooms, p, now: rooms.lists.cancel(p, now)),
    "orderList": _account(lambda rooms, p: rooms.lists.one(p), 4),
    "openOrderList": _account(lambda rooms, p: rooms.lists.open(p), 6),
    "allOrderList": _account(lambda rooms, p: rooms.lists.history(p), 20),
    "order": _account(lambda rooms, p: rooms.desk.order(p), 4),
    "openOrders": _account(lambda rooms, p: rooms.desk.open_orders(p), _with_symbol(6, 80)),
    "allOrders": _account(lambda rooms, p: rooms.desk.all_orders(p), 20),
    "myTrades": _account(
        lambda rooms, p: rooms.desk.my_trades(p), lambda p: 5 if p.get("orderId") else 20
    ),
    "account": _account(lambda rooms, p: rooms.desk.account(p), 20),
    "account/commission": _account(lambda rooms, p: rooms.desk.commission(p), 20),
    "rateLimit/order": _account(lambda rooms, p: rooms.budget.orders_told(), 40),
}

SAPI: Final[Mapping[tuple[str, str], Endpoint]] = {
    ("GET", "v1/system/status"): Endpoint(lambda rooms, _: rooms.moods.system_status(), 0),
    ("GET", "v1/capital/config/getall"): _account(lambda rooms, _: [], 10),
    ("GET", "v1/margin/allPairs"): Endpoint(lambda rooms, _: [], 1),
    ("GET", "v1/margin/isolated/allPairs"): _account(lambda rooms, _: [], 10),
    ("GET", "v1/account/apiRestrictions"): _account(lambda rooms, _: rooms.permissions.told(), 1),
    **{
        ("GET", f"v1/{path}"): _account(_flow_list(name), weight)
        for path, name, weight in (
            ("capital/deposit/hisrec", "deposits", 1),
            ("capital/withdraw/history", "withdrawals", 18_000),
            ("asset/dribblet", "dust", 1),
            ("asset/transfer", "transfers", 1),
            ("asset/assetDividend", "dividends", 10),
        )
    },
}
"""(HTTP method, path below /sapi) -> endpoint; weights of a budget of their own."""

REST: Final[Mapping[tuple[str, str], str]] = {
    **{
        ("GET", name): name
        for name in (
            *("ping", "time", "exchangeInfo", "depth", "trades", "aggTrades", "klines"),
            *("historicalTrades", "avgPrice", "ticker/24hr", "ticker/price", "ticker/bookTicker"),
            *("order", "openOrders", "allOrders", "myTrades", "account", "rateLimit/order"),
            *("orderList", "openOrderList", "allOrderList", "account/commission"),
        )
    },
    ("POST", "order"): "place",
    ("POST", "order/test"): "test",
    ("DELETE", "order"): "cancel",
    ("DELETE", "openOrders"): "cancelAll",
    ("POST", "order/cancelReplace"): "cancelReplace",
    ("DELETE", "orderList"): "cancelList",
    **{("POST", f"orderList/{kind}"): f"orderList/{kind}" for kind in READERS},
}
"""(HTTP method, path below /api/v3) -> endpoint."""

WS_API: Final[Mapping[str, str]] = {
    "ping": "ping",
    "time": "time",
    "exchangeInfo": "exchangeInfo",
    "depth": "depth",
    "trades.recent": "trades",
    "trades.historical": "historicalTrades",
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
    "account.commission": "account/commission",
    "order.cancelReplace": "cancelReplace",
    **{f"orderList.place.{kind}": f"orderList/{kind}" for kind in READERS},
    "orderList.cancel": "cancelList",
    "orderList.status": "orderList",
    "openOrderLists.status": "openOrderList",
    "allOrderLists": "allOrderList",
}
"""WebSocket API method -> endpoint."""
