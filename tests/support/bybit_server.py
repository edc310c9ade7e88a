"""A spot account that speaks Bybit's REST dialect on loopback, around the simulated venue.

As far as our adapter asks, from the documents: signed requests, `retCode` in every answer, orders
that are taken in first and shown afterwards, open and ended orders apart.
"""

import hmac
import json
import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from decimal import Decimal
from hashlib import sha256
from typing import Any, Final

from aiohttp import web

from genesis.domain.events import BookTop
from genesis.domain.instrument import Instrument
from genesis.domain.orders import OrderStatus, OrderType, Side
from genesis.domain.time import MILLISECOND, SECOND
from genesis.exchange.bybit import BybitGateway
from genesis.exchange.venue import Speaks
from genesis.exchange.venue import Venue as Address
from genesis.sim.fees import FeeSchedule
from genesis.sim.orders import NewOrder, Phase, VenueOrder, VenueRejected
from genesis.sim.venue import Venue
from tests.support.build import BTC, tick
from tests.support.simex import FEARLESS, QUICK

D = Decimal
KEY, SECRET = "bybit-key", "bybit-secret"
START_NS: Final = 1_723_161_600 * SECOND
_STATUSES: Final = {
    OrderStatus.OPEN: "New",
    OrderStatus.PARTIAL: "PartiallyFilled",
    OrderStatus.FILLED: "Filled",
    OrderStatus.CANCELLED: "Cancelled",
    OrderStatus.EXPIRED: "Cancelled",
}
_CODES: Final = {"insufficient": 170_131, "LOT_SIZE": 170_137, "NOTIONAL": 170_140}
Params = dict[str, str]


class Refusal(Exception):
    def __init__(self, code: int, words: str) -> None:
        super().__init__(words)
        self.code = code


class Bybit:
    """venue: its ledger. ahead_ns: how far its clock was put forward. shown_ns: orders that were
    placed later are not shown yet.

    faults: what happens to the next request whose path ends with a word: `before` (cut before it is
    read), `after` (done, and the answer is lost), a number (that retCode, nothing done), or a text
    (done, and that is the body).
    """

    def __init__(self, instruments: tuple[Instrument, ...] = (BTC,)) -> None:
        listed = {found.symbol: found for found in instruments}
        fees = FeeSchedule(D(10), D(10))
        self.venue = Venue(listed, {"USDT": D(10_000), "BTC": D(1)}, fees)
        self.ahead_ns = START_NS - time.monotonic_ns()
        self.faults: deque[tuple[str, str | int]] = deque()
        self.shown_ns: int | None = None
        self.asked: list[str] = []
        self.url = ""
        self._symbols = {symbol.replace("/", ""): symbol for symbol in listed}
        self.print("60000")

    @property
    def now_ns(self) -> int:
        return time.monotonic_ns() + self.ahead_ns

    def print(self, price: str) -> None:
        """The market moves: a top one tick wide, and a trade on it."""
        bid, now_ns = D(price), self.now_ns
        self.venue.on_market(BookTop(now_ns, "BTC/USDT", 7, bid, D(5), bid + D("0.01"), D(5)))
        self.venue.on_market(tick(now_ns, price))

    @property
    def answers(self) -> dict[str, Callable[[Params], dict[str, Any]]]:
        return {
            "GET /v5/market/time": self._time,
            "GET /v5/market/instruments-info": self._instruments,
            "GET /v5/market/tickers": self._tickers,
            "GET /v5/market/orderbook": self._book,
            "GET /v5/user/query-api": self._key,
            "GET /v5/account/wallet-balance": self._balance,
            "GET /v5/order/realtime": self._realtime,
            "GET /v5/order/history": self._history,
            "GET /v5/execution/list": self._executions,
            "POST /v5/order/create": self._create,
            "POST /v5/order/cancel": self._cancel,
        }

    # -- the door ----------------------------------------------------------------------------
    async def serve(self, request: web.Request) -> web.StreamResponse:
        text = await request.text() if request.method == "POST" else request.query_string
        params: Params = json.loads(text) if request.method == "POST" else dict(request.query)
        self.asked.append(request.path)
        fault = self._fault(request.path)
        if fault == "before":
            return _cut(request)
        try:
            if isinstance(fault, int):
                raise Refusal(fault, "for the test")
            if "/market/" not in request.path:
                self._authenticate(request, text)
            result = self.answers[f"{request.method} {request.path}"](params)
        except Refusal as refused:
            return self._answer(refused.code, str(refused), {})
        except VenueRejected as refused:
            code = next((code for word, code in _CODES.items() if word in refused.message), 170_210)
            return self._answer(code, refused.message, {})
        if fault == "after":
            return _cut(request)
        return web.Response(text=fault) if fault else self._answer(0, "OK", result)

    def _fault(self, path: str) -> str | int | None:
        if self.faults and path.endswith(self.faults[0][0]):
            return self.faults.popleft()[1]
        return None

    def _answer(self, code: int, words: str, result: dict[str, Any]) -> web.Response:
        told = {"retCode": code, "retMsg": words, "result": result, "retExtInfo": {}}
        return web.json_response({**told, "time": self.now_ns // MILLISECOND})

    def _authenticate(self, request: web.Request, payload: str) -> None:
        told = {
            name: request.headers.get(f"X-BAPI-{name}", "")
            for name in ("API-KEY", "TIMESTAMP", "RECV-WINDOW", "SIGN")
        }
        if told["API-KEY"] != KEY:
            raise Refusal(10_003, "API key is invalid.")
        signed = told["TIMESTAMP"] + told["API-KEY"] + told["RECV-WINDOW"] + payload
        if told["SIGN"] != hmac.new(SECRET.encode(), signed.encode(), sha256).hexdigest():
            raise Refusal(10_004, "error sign! please check your signature generation algorithm.")
        late_ms = self.now_ns // MILLISECOND - int(told["TIMESTAMP"])
        if not -1_000 < late_ms <= int(told["RECV-WINDOW"]):
            raise Refusal(10_002, "invalid request, please check your server timestamp")

    # -- what is told ------------------------------------------------------------------------
    def _time(self, _: Params) -> dict[str, Any]:
        return {"timeSecond": str(self.now_ns // SECOND), "timeNano": str(self.now_ns)}

    def _instruments(self, params: Params) -> dict[str, Any]:
        found = [each for each in self.venue.instruments if self._is(each.symbol, params)]
        return {"category": "spot", "list": [_listed(each) for each in found]}

    def _tickers(self, params: Params) -> dict[str, Any]:
        symbol = self._symbols[params["symbol"]]
        best = self.venue.book(symbol).top()
        assert best is not None
        row = {"bid1Price": str(best.bid), "lastPrice": str(self.venue.last(symbol))}
        return {"category": "spot", "list": [row]}

    def _book(self, params: Params) -> dict[str, Any]:
        best = self.venue.book(self._symbols[params["symbol"]]).top()
        assert best is not None
        bid, ask = [str(best.bid), "5"], [str(best.ask), "5"]
        return {"s": params["symbol"], "b": [bid], "a": [ask], "ts": 1, "u": 7}

    def _key(self, _: Params) -> dict[str, Any]:
        allowed = {"Spot": ["SpotTrade"], "Wallet": []}
        return {"readOnly": 0, "permissions": allowed, "ips": ["127.0.0.1"]}

    def _balance(self, _: Params) -> dict[str, Any]:
        coins = [
            {"coin": held.asset, "walletBalance": str(held.total), "locked": str(held.locked)}
            for held in self.venue.balances
        ]
        return {"list": [{"accountType": "UNIFIED", "coin": coins}]}

    def _realtime(self, params: Params) -> dict[str, Any]:
        is_open = params.get("openOnly", "0") == "0"
        return self._orders(params, lambda order: (order.phase is not Phase.ENDED) is is_open)

    def _history(self, params: Params) -> dict[str, Any]:
        return self._orders(params, lambda order: order.phase is Phase.ENDED)

    def _orders(self, params: Params, fits: Callable[[VenueOrder], bool]) -> dict[str, Any]:
        known = [
            order
            for order in reversed(self.venue.orders.values())
            if self.shown_ns is None or order.placed_ns <= self.shown_ns
        ]
        asked = (params.get("orderId"), params.get("orderLinkId"))
        found = [
            order
            for order in known
            if fits(order)
            and self._is(order.symbol, params)
            and asked[0] in (None, str(order.order_id))
            and asked[1] in (None, order.client_order_id)
        ]
        return _page([_told(order) for order in found], params)

    def _executions(self, params: Params) -> dict[str, Any]:
        begin = int(params.get("startTime", 0)) * MILLISECOND
        end = int(params.get("endTime", 1 << 50)) * MILLISECOND
        rows = [
            {
                "symbol": trade.fill.symbol.replace("/", ""),
                "orderId": str(trade.order_id),
                "execId": str(trade.fill.trade_id),
                "side": trade.fill.side.value.capitalize(),
                "execPrice": str(trade.fill.price),
                "execQty": str(trade.fill.qty),
                "execFee": str(trade.fill.fee),
                "feeCurrency": trade.fill.fee_asset,
                "isMaker": trade.fill.liquidity.value == "MAKER",
                "execTime": str(trade.ts_ns // MILLISECOND),
            }
            for trade in reversed(self.venue.trades)
            if params.get("orderId", str(trade.order_id)) == str(trade.order_id)
            and self._is(trade.fill.symbol, params)
            and begin <= trade.ts_ns <= end
        ]
        return _page(rows, params)

    def _is(self, symbol: str, params: Params) -> bool:
        return params.get("symbol") in (None, symbol.replace("/", ""))

    # -- what is done ------------------------------------------------------------------------
    def _create(self, params: Params) -> dict[str, Any]:
        wire_id = params["orderLinkId"]
        if self.venue.find(wire_id) is not None:
            raise Refusal(170_141, "Duplicate clientOrderId.")
        is_stop = params.get("orderFilter") == "tpslOrder"
        kind = OrderType.STOP_LOSS if is_stop else OrderType(params["orderType"].upper())
        if kind is not OrderType.LIMIT and params.get("marketUnit") != "baseCoin":
            raise Refusal(170_130, "the test wants amounts of base")
        order = NewOrder(
            wire_id,
            self._symbols[params["symbol"]],
            Side(params["side"].upper()),
            kind,
            D(params["qty"]),
            limit_price=D(params["price"]) if "price" in params else None,
            stop_price=D(params["triggerPrice"]) if is_stop else None,
            post_only=params.get("timeInForce") == "PostOnly",
        )
        placed = self.venue.place(order, self.now_ns)[0].order
        return {"orderId": str(placed.order_id), "orderLinkId": wire_id}

    def _cancel(self, params: Params) -> dict[str, Any]:
        order = self.venue.orders.get(int(params["orderId"]))
        filter_of = "tpslOrder" if order and order.new.stop_price is not None else "Order"
        if order is None or params.get("orderFilter", "Order") != filter_of:
            raise Refusal(170_213, "Order does not exist.")
        self.venue.cancel(order.order_id, self.now_ns)
        return {"orderId": str(order.order_id), "orderLinkId": order.client_order_id}


def _told(order: VenueOrder) -> dict[str, Any]:
    expired = order.status is OrderStatus.EXPIRED
    waits = order.phase is Phase.STOP
    return {
        "orderId": str(order.order_id),
        "orderLinkId": order.client_order_id,
        "orderStatus": "Untriggered" if waits else _STATUSES[order.status],
        "cancelType": "CancelByNoLiquidity" if expired else "UNKNOWN",
        "rejectReason": "EC_NoError",
        "cumExecQty": str(order.filled_qty),
        "triggerPrice": str(order.new.stop_price or "0.0000"),
        "updatedTime": str(order.updated_ns // MILLISECOND),
    }


def _listed(found: Instrument) -> dict[str, Any]:
    return {
        "symbol": found.symbol.replace("/", ""),
        "baseCoin": found.base,
        "quoteCoin": found.quote,
        "status": found.suspended or "Trading",
        "lotSizeFilter": {
            "basePrecision": str(found.qty_lot),
            "minOrderQty": str(found.min_qty),
            "maxOrderQty": "9000",
            "minOrderAmt": str(found.min_notional_usdt),
        },
        "priceFilter": {"tickSize": str(found.price_tick)},
    }


def _page(rows: list[dict[str, Any]], params: Params) -> dict[str, Any]:
    begin, count = int(params.get("cursor") or 0), int(params.get("limit", 20))
    more = str(begin + count) if begin + count < len(rows) else ""
    return {"category": "spot", "list": rows[begin : begin + count], "nextPageCursor": more}


def _cut(request: web.Request) -> web.StreamResponse:
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


@asynccontextmanager
async def bybit(*instruments: Instrument, **more: Any) -> AsyncIterator[tuple[Bybit, BybitGateway]]:
    """The account, and a gateway to it."""
    server = Bybit(instruments or (BTC,))
    application = web.Application()
    application.router.add_route("*", "/{tail:.*}", server.serve)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    server.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    gateway = gateway_to(server, **more)
    try:
        await gateway.open()
        yield server, gateway
    finally:
        await gateway.close()
        await runner.cleanup()


def gateway_to(server: Bybit, **more: Any) -> BybitGateway:
    given: dict[str, Any] = {
        "now_ns": lambda: server.now_ns,
        "elapsed_ns": time.monotonic_ns,
        "bound": QUICK,
        "timeout_ms": 2_000,
        "conduct": FEARLESS,
        **more,
    }
    key, secret = given.pop("key", KEY), given.pop("secret", SECRET)
    address = Address(server.url, speaks=Speaks.BYBIT)
    return BybitGateway(address, key, secret, ("BTC/USDT",), **given)
