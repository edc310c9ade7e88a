"""Questions to a Binance-compatible venue. A failed question is never an empty answer."""

import asyncio
import json
from collections.abc import Callable
from decimal import Decimal
from functools import partial
from typing import Any, Final, TypeVar

from genesis.domain.account import Balance
from genesis.domain.events import BookDelta, TradeTick
from genesis.domain.instrument import Instrument
from genesis.domain.money import text
from genesis.domain.time import MILLISECOND
from genesis.errors import ConfigError, OutOfSync, Rejected, Unreachable
from genesis.exchange.classify import (
    BAD_SYMBOL,
    BINANCE_CODES,
    NO_SUCH_ORDER,
    Answer,
    Codes,
    Standing,
    classify,
)
from genesis.exchange.flows import Histories
from genesis.exchange.gateway import VenueFlow, VenueOrder, VenueTrade
from genesis.exchange.instruments import read_instrument
from genesis.exchange.lifecycle import plain, read_order, read_trade, total_qty
from genesis.exchange.rest import Clock, Rest
from genesis.exchange.weights import Lane
from genesis.wire.streams import parse_past_trade, parse_snapshot
from genesis.wire.symbols import to_venue

_PAGE: Final = 1000
_DEPTH_ROWS: Final = 1000
_TRADES_PAUSES_S: Final = (0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2)

T = TypeVar("T")


class Reads:
    """Raises: Unreachable, no definite answer came; Rejected, the venue refused to answer;
    OutOfSync, the answer cannot be understood.
    """

    def __init__(self, rest: Rest, now_ns: Clock) -> None:
        self._rest = rest
        self._now_ns = now_ns
        self._histories = Histories()
        self.traffic = rest.traffic

    async def instruments(self, symbols: tuple[str, ...]) -> tuple[Instrument, ...]:
        """The symbols' filters, in the order asked.

        Raises:
            ConfigError: the venue has no such symbol.
        """
        names = json.dumps([to_venue(symbol) for symbol in symbols], separators=(",", ":"))
        answer = await self._rest.call("publicGetExchangeInfo", {"symbols": names})
        if answer.code == BAD_SYMBOL:
            raise ConfigError(
                f"the venue has no symbol among {', '.join(symbols)}; correct SYMBOLS"
            )
        body = body_of(answer, "filters of the symbols")
        if isinstance(body, dict):
            self.traffic.learn(body.get("rateLimits"))
        found = understood(
            "filters of the symbols",
            lambda: {
                str(row["symbol"]): read_instrument(row)
                for row in body["symbols"]
                if str(row["symbol"]) in names
            },
        )
        missing = [symbol for symbol in symbols if to_venue(symbol) not in found]
        if missing:
            raise ConfigError(f"the venue has no symbol {', '.join(missing)}; correct SYMBOLS")
        return tuple(found[to_venue(symbol)] for symbol in symbols)

    async def balances(self) -> tuple[Balance, ...]:
        """Every asset held, sorted by name."""
        what = "balances"
        body = await self._ask("privateGetAccount", {"omitZeroBalances": "true"}, what)
        held = understood(
            what,
            lambda: [
                Balance(str(row["asset"]), plain(row["free"]), plain(row["locked"]))
                for row in body["balances"]
            ],
        )
        return tuple(sorted((b for b in held if b.total), key=lambda b: b.asset))

    async def open_orders(self, symbol: str) -> tuple[VenueOrder, ...]:
        """Orders resting at the venue, by the venue's number."""
        what = f"open orders of {symbol}"
        body = await self._ask("privateGetOpenOrders", {"symbol": to_venue(symbol)}, what)
        found = understood(what, partial(_orders, body, symbol))
        return tuple(sorted(found, key=lambda order: int(order.order_id)))

    async def latest_orders(self, symbol: str) -> tuple[VenueOrder, ...]:
        """The newest orders of the account, ended ones too, by the venue's number."""
        what = f"orders of {symbol}"
        params = {"symbol": to_venue(symbol), "limit": str(_PAGE)}
        body = await self._ask("privateGetAllOrders", params, what)
        found = understood(what, partial(_orders, body, symbol))
        return tuple(sorted(found, key=lambda order: int(order.order_id)))

    async def order(self, wire_id: str, symbol: str) -> VenueOrder | None:
        """The order of that client id; None when the venue says there is none."""
        return await self._order({"origClientOrderId": wire_id}, symbol, wire_id)

    async def order_by_id(self, order_id: str, symbol: str) -> VenueOrder | None:
        """The order of that venue id; None when the venue says there is none."""
        return await self._order({"orderId": order_id}, symbol, None)

    async def _order(
        self, which: dict[str, str], symbol: str, wire_id: str | None
    ) -> VenueOrder | None:
        what = f"order {', '.join(which.values())} of {symbol}"
        params = {"symbol": to_venue(symbol), **which}
        answer = await self._rest.call("privateGetOrder", params)
        if answer.code == NO_SUCH_ORDER and answer.status is not None and answer.status < 500:
            return None
        body = body_of(answer, what)
        return understood(what, lambda: read_order(body, symbol, wire_id))

    async def find_in_lists(self, wire_id: str, symbol: str) -> VenueOrder | None:
        """The order of that client id in the lists of open and of latest orders, or None."""
        for endpoint in ("privateGetOpenOrders", "privateGetAllOrders"):
            what = f"orders of {symbol}"
            body = await self._ask(endpoint, {"symbol": to_venue(symbol)}, what)
            found = understood(what, partial(_orders, body, symbol))
            for order in found:
                if order.wire_id == wire_id:
                    return order
        return None

    async def order_trades(self, order: VenueOrder) -> tuple[VenueTrade, ...]:
        """All executions of one order, by trade id.

        Raises:
            OutOfSync: the order says more was executed than the list shows, and goes on so.
        """
        if not order.executed_qty:
            return ()
        for pause_s in (*_TRADES_PAUSES_S, None):
            trades = await self._trades_of(order)
            if total_qty(trades) >= order.executed_qty:
                return trades
            if pause_s is not None:
                await asyncio.sleep(pause_s)
        raise OutOfSync(
            f"order {order.wire_id} executed {text(order.executed_qty)} of {order.symbol}, "
            f"the venue's list of trades shows {text(total_qty(trades))}"
        )

    async def _trades_of(self, order: VenueOrder) -> tuple[VenueTrade, ...]:
        which = {"orderId": order.order_id}
        page = await self._trades(order.symbol, which)
        return page if len(page) < _PAGE else await self._onward(order.symbol, -1, which)

    async def my_trades(self, symbol: str, since_id: int) -> tuple[VenueTrade, ...]:
        """Our executions with a trade id above `since_id`, oldest first."""
        return await self._onward(symbol, since_id, {})

    async def trades_since(self, symbol: str, since_ns: int) -> tuple[VenueTrade, ...]:
        """Our executions from then on, oldest first. They may be many, and wait for their turn."""
        from_start = {"startTime": str(since_ns // MILLISECOND)}
        page = await self._trades(symbol, from_start, Lane.READ)
        if len(page) < _PAGE:
            return page
        return (*page, *await self._onward(symbol, page[-1].fill.trade_id, {}, Lane.READ))

    async def _onward(
        self, symbol: str, since_id: int, which: dict[str, str], lane: Lane | None = None
    ) -> tuple[VenueTrade, ...]:
        """Page after page of those with a trade id above `since_id`."""
        found: list[VenueTrade] = []
        while True:
            last_id = found[-1].fill.trade_id if found else since_id
            page = await self._trades(symbol, {**which, "fromId": str(last_id + 1)}, lane)
            found += [trade for trade in page if trade.fill.trade_id > last_id]
            if len(page) < _PAGE or found[-1].fill.trade_id == last_id:
                return tuple(found)

    async def _trades(
        self, symbol: str, which: dict[str, str], lane: Lane | None = None
    ) -> tuple[VenueTrade, ...]:
        """One page of them."""
        what = f"our trades in {symbol}"
        params = {"symbol": to_venue(symbol), "limit": str(_PAGE), **which}
        answer = await self._rest.read("privateGetMyTrades", params, lane)
        body = body_of(answer, what)
        found = understood(what, lambda: [read_trade(row, symbol) for row in body])
        return tuple(sorted(found, key=lambda trade: trade.fill.trade_id))

    async def flows(self, since_ns: int) -> tuple[VenueFlow, ...]:
        """What came or went without a trade since then, oldest first."""
        what = "deposits, withdrawals, conversions and transfers"
        try:
            ask = partial(self._ask, what=what)
            return await self._histories.read(ask, since_ns, self._now_ns())
        except (KeyError, IndexError, TypeError, ValueError) as error:
            raise OutOfSync(f"the venue's answer about {what} cannot be read: {error!r}") from error

    async def bid_and_last(self, symbol: str) -> tuple[Decimal, Decimal]:
        """The best bid (0 where there is none) and the price of the latest trade."""
        what, params = f"prices of {symbol}", {"symbol": to_venue(symbol)}
        best = await self._ask("publicGetTickerBookTicker", params, what)
        last = await self._ask("publicGetTickerPrice", params, what)
        return understood(what, lambda: (plain(best["bidPrice"]), plain(last["price"])))

    async def maintenance(self) -> str | None:
        """Why the venue does not trade at all; None: it does.

        Source: Binance Wallet API, "System Status" (0: normal, 1: maintenance).
        """
        what = "its status"
        body = await self._ask("sapiGetSystemStatus", {}, what)
        is_normal = understood(what, lambda: int(body["status"]) == 0)
        return None if is_normal else str(body.get("msg") or "maintenance")

    async def depth(self, symbol: str) -> BookDelta:
        """A snapshot of the book. It tells no venue time: its stamp is 0."""
        what = f"book of {symbol}"
        params = {"symbol": to_venue(symbol), "limit": str(_DEPTH_ROWS)}
        body = await self._ask("publicGetDepth", params, what)

        return understood(what, lambda: parse_snapshot(body, symbol, ts_ns=0))

    async def past_trades(self, symbol: str, from_id: int) -> tuple[TradeTick, ...]:
        """Prints of the symbol from that trade id on, oldest first, at most 1,000."""
        what = f"prints of {symbol} from {from_id} on"
        params = {"symbol": to_venue(symbol), "fromId": str(from_id), "limit": str(_PAGE)}
        body = await self._ask("publicGetHistoricalTrades", params, what)
        found = understood(what, lambda: [parse_past_trade(row, symbol) for row in body])
        return tuple(sorted(found, key=lambda tick: tick.trade_id))

    async def _ask(self, endpoint: str, params: dict[str, str], what: str) -> Any:
        return body_of(await self._rest.read(endpoint, params), what)


def _orders(rows: Any, symbol: str) -> list[VenueOrder]:
    return [read_order(row, symbol) for row in rows]


def body_of(answer: Answer, what: str, codes: Codes = BINANCE_CODES) -> Any:
    """What was told. Raises Rejected or Unreachable, naming what was asked for."""
    if answer.is_ok:
        return answer.body
    if classify(answer, codes) is Standing.REJECTED:
        raise Rejected(f"the venue refused to tell {what}: {answer.told()}")
    raise Unreachable(f"the venue did not tell {what}: {answer.told()}")


def understood(what: str, read: Callable[[], T]) -> T:
    """What `read` makes of an answer. Raises OutOfSync: it cannot be read."""
    try:
        return read()
    except (KeyError, IndexError, TypeError, ValueError) as error:
        raise OutOfSync(f"the venue's answer about {what} cannot be read: {error!r}") from error
