"""Questions to Bybit. A failed question is never an empty answer."""

import asyncio
from collections.abc import AsyncIterator
from decimal import Decimal
from functools import partial
from itertools import pairwise
from typing import Any, Final

from genesis.domain.account import Balance
from genesis.domain.events import (
    BookDelta,
)
from genesis.domain.instrument import Instrument
from genesis.domain.money import text
from genesis.domain.time import DAY, MILLISECOND
from genesis.errors import ConfigError, OutOfSync
from genesis.exchange.bybit_words import (
    BYBIT_DIALECT,
    CODES,
    SPOT,
    read_balance,
    read_instrument,
    read_order,
    read_scope,
    read_trade,
)
from genesis.exchange.gateway import VenueFlow, VenueOrder, VenueTime, VenueTrade
from genesis.exchange.key_scope import KeyScope
from genesis.exchange.lifecycle import plain, total_qty
from genesis.exchange.reads import body_of, understood
from genesis.exchange.rest import Clock, Rest
from genesis.wire.streams import parse_snapshot
from genesis.wire.symbols import to_venue

_PAGE: Final = "50"
_TRADES_PAGE: Final = "100"
_WEEK: Final = 7 * DAY
_HISTORY: Final = 730 * DAY
SHOWN_PAUSES_S: Final = (0.05, 0.1, 0.2, 0.4, 0.8, 1.6)
"""Before asking again for what was taken in and is not shown yet."""
_BEFORE_ALL: Final = -1


class BybitReads:
    """Raises: Unreachable, no definite answer came; Rejected, the venue refused to answer;
    OutOfSync, the answer cannot be understood; NotBuilt, we do not ask that there.
    """

    dialect = BYBIT_DIALECT

    def __init__(self, rest: Rest, now_ns: Clock, elapsed_ns: Clock) -> None:
        self._rest = rest
        self._now_ns, self._elapsed_ns = now_ns, elapsed_ns
        self.traffic = rest.traffic

    async def venue_time(self) -> VenueTime:
        asked, what = self._elapsed_ns(), "its time"
        answer = await self._rest.call("publicGetV5MarketTime", {})
        body = body_of(answer, what, CODES)
        told = understood(what, lambda: int(body["result"]["timeNano"]))
        return VenueTime(told, 1.0, (asked + self._elapsed_ns()) // 2)

    async def key_scope(self) -> KeyScope:
        what = "what the key may do"
        found = await self._ask("privateGetV5UserQueryApi", {}, what)
        return understood(what, partial(read_scope, found))

    async def instruments(self, symbols: tuple[str, ...]) -> tuple[Instrument, ...]:
        """The symbols' filters, in the order asked. Raises ConfigError on an unknown symbol."""
        found = []
        for symbol in symbols:
            what = f"filters of {symbol}"
            asked = {**SPOT, "symbol": to_venue(symbol)}
            rows = (await self._ask("publicGetV5MarketInstrumentsInfo", asked, what))["list"]
            if not rows:
                raise ConfigError(f"the venue has no symbol {symbol}; correct SYMBOLS")
            found.append(understood(what, partial(read_instrument, rows[0])))
        return tuple(found)

    async def balances(self) -> tuple[Balance, ...]:
        what = "balances"
        body = await self._ask("privateGetV5AccountWalletBalance", {"accountType": "UNIFIED"}, what)
        coins = understood(what, lambda: [read_balance(row) for row in body["list"][0]["coin"]])
        return tuple(sorted((coin for coin in coins if coin.total), key=lambda coin: coin.asset))

    async def open_orders(self, symbol: str) -> tuple[VenueOrder, ...]:
        asked = {**SPOT, "symbol": to_venue(symbol), "openOnly": "0", "limit": _PAGE}
        what = f"open orders of {symbol}"
        rows = [row async for row in self._pages("privateGetV5OrderRealtime", asked, what)]
        return understood(what, lambda: tuple(read_order(row, symbol) for row in reversed(rows)))

    async def order(self, wire_id: str, symbol: str) -> VenueOrder | None:
        return await self._order({"orderLinkId": wire_id}, symbol)

    async def order_by_id(self, order_id: str, symbol: str) -> VenueOrder | None:
        return await self._order({"orderId": order_id}, symbol)

    async def find_in_lists(self, wire_id: str, symbol: str) -> VenueOrder | None:
        for order in await self.open_orders(symbol):
            if order.wire_id == wire_id:
                return order
        return await self._order({"orderLinkId": wire_id}, symbol)

    async def _order(self, which: dict[str, str], symbol: str) -> VenueOrder | None:
        """Among the open ones, those that just ended, and the history: none alone has all."""
        what = f"order {', '.join(which.values())} of {symbol}"
        asked = {**SPOT, "symbol": to_venue(symbol), **which}
        for endpoint, more in (
            ("privateGetV5OrderRealtime", {"openOnly": "0"}),
            ("privateGetV5OrderRealtime", {"openOnly": "1"}),
            ("privateGetV5OrderHistory", {}),
        ):
            rows = (await self._ask(endpoint, {**asked, **more}, what))["list"]
            if rows:
                return understood(what, partial(read_order, rows[0], symbol))
        return None

    async def order_trades(self, order: VenueOrder) -> tuple[VenueTrade, ...]:
        """All executions of one order. Raises OutOfSync when the list stays incomplete."""
        if not order.executed_qty:
            return ()
        which = {**SPOT, "orderId": order.order_id}
        for pause_s in (*SHOWN_PAUSES_S, None):
            trades = await self._trades(which, order.symbol)
            if total_qty(trades) >= order.executed_qty:
                return trades
            if pause_s is not None:
                await asyncio.sleep(pause_s)
        raise OutOfSync(
            f"order {order.wire_id} executed {text(order.executed_qty)} of {order.symbol}, "
            f"the venue's list of trades shows {text(total_qty(trades))}"
        )

    async def my_trades(self, symbol: str, since_id: int) -> tuple[VenueTrade, ...]:
        """Our executions with a trade id above `since_id`, oldest first, of two years at most.

        Raises:
            OutOfSync: the ids do not grow with time, so that nobody can say which are new.
        """
        found = await self._back_to(symbol, 0, since_id)
        if any(a.ts_ns < b.ts_ns and _id(a) >= _id(b) for a, b in pairwise(found)):
            raise OutOfSync(f"the venue's trade ids of {symbol} do not grow with time")
        return tuple(trade for trade in found if _id(trade) > since_id)

    async def trades_since(self, symbol: str, since_ns: int) -> tuple[VenueTrade, ...]:
        """Our executions from then on, oldest first, of two years at most."""
        found = await self._back_to(symbol, since_ns, _BEFORE_ALL)
        return tuple(trade for trade in found if trade.ts_ns >= since_ns)

    async def _back_to(self, symbol: str, since_ns: int, since_id: int) -> list[VenueTrade]:
        """Week by week backwards, as the venue tells them, until one is that old."""
        found: list[VenueTrade] = []
        end_ns = self._now_ns()
        oldest_ns = max(since_ns, end_ns - _HISTORY)
        while end_ns >= oldest_ns and not any(_id(trade) <= since_id for trade in found):
            begin_ns = max(oldest_ns, end_ns - _WEEK)
            span = {
                "startTime": str(begin_ns // MILLISECOND),
                "endTime": str(end_ns // MILLISECOND),
            }
            week = await self._trades({**SPOT, "symbol": to_venue(symbol), **span}, symbol)
            found = [*week, *found]
            end_ns = begin_ns - MILLISECOND
        return found

    async def _trades(self, which: dict[str, str], symbol: str) -> tuple[VenueTrade, ...]:
        what = f"our trades in {symbol}"
        asked = {**which, "limit": _TRADES_PAGE}
        rows = [row async for row in self._pages("privateGetV5ExecutionList", asked, what)]
        found = understood(what, lambda: {read_trade(row, symbol) for row in rows})
        return tuple(sorted(found, key=lambda trade: (trade.ts_ns, trade.fill.trade_id)))

    async def bid_and_last(self, symbol: str) -> tuple[Decimal, Decimal]:
        """The best bid (0 where there is none) and the price of the latest trade."""
        what, asked = f"prices of {symbol}", {**SPOT, "symbol": to_venue(symbol)}
        body = await self._ask("publicGetV5MarketTickers", asked, what)
        return understood(
            what, lambda: (plain(body["list"][0]["bid1Price"]), plain(body["list"][0]["lastPrice"]))
        )

    async def depth(self, symbol: str) -> BookDelta:
        """A snapshot of the book. Its stamp is 0."""
        what, asked = f"book of {symbol}", {**SPOT, "symbol": to_venue(symbol), "limit": "200"}
        body = await self._ask("publicGetV5MarketOrderbook", asked, what)

        def read() -> BookDelta:
            rows = {"lastUpdateId": body["u"], "bids": body["b"], "asks": body["a"]}
            return parse_snapshot(rows, symbol, ts_ns=0)

        return understood(what, read)

    async def _pages(
        self, endpoint: str, asked: dict[str, str], what: str
    ) -> AsyncIterator[dict[str, Any]]:
        cursor = ""
        while True:
            page = await self._ask(endpoint, asked | ({"cursor": cursor} if cursor else {}), what)
            for row in page["list"]:
                yield row
            cursor = str(page.get("nextPageCursor") or "")
            if not cursor or not page["list"]:
                return

    async def _ask(self, endpoint: str, params: dict[str, str], what: str) -> Any:
        """The `result` of an answer."""
        body = body_of(await self._rest.read(endpoint, params), what, CODES)
        result = understood(what, lambda: body["result"])
        if not isinstance(result, dict):
            raise OutOfSync(f"the venue's answer about {what} cannot be read: {str(body)[:80]}")
        return result

    # -- what is not offered -----------------------------------------------------------------
    async def flows(self, since_ns: int) -> tuple[VenueFlow, ...]:
        raise self.dialect.lacks("a history of deposits and withdrawals")

    async def latest_orders(self, symbol: str) -> tuple[VenueOrder, ...]:
        raise self.dialect.lacks("a list of all orders")

    async def maintenance(self) -> str | None:
        raise self.dialect.lacks("the status of the venue")


def _id(trade: VenueTrade) -> int:
    return trade.fill.trade_id
