"""What the public may know of each symbol: trades, candles, best prices, depth; as payloads."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import islice
from typing import Any, Final

from genesis.domain.events import BookTop, TradeTick
from genesis.domain.instrument import Instrument
from genesis.domain.money import ZERO, fraction
from genesis.domain.orders import Side
from genesis.domain.time import DAY, MINUTE
from genesis.exchange.loopback.candles import Candle, Candles
from genesis.exchange.loopback.depth import DepthStream
from genesis.market.book import Book
from genesis.sim.orders import VenueRejected
from genesis.wire.orders import amount, ms
from genesis.wire.streams import KLINE_WIDTHS
from genesis.wire.symbols import to_venue

KEPT_TRADES: Final = 20_000
_HUNDRED: Final = Decimal(100)
Row = dict[str, Any]


@dataclass(slots=True)
class SymbolTape:
    """Everything played so far of one symbol."""

    instrument: Instrument
    book: Book
    depth: DepthStream = field(init=False)
    candles: Candles = field(default_factory=Candles)
    trades: deque[TradeTick] = field(default_factory=lambda: deque(maxlen=KEPT_TRADES))

    def __post_init__(self) -> None:
        self.depth = DepthStream(self.instrument.symbol, self.book)

    def add(self, tick: TradeTick) -> None:
        self.trades.append(tick)
        self.candles.add(tick)

    @property
    def last(self) -> TradeTick | None:
        return self.trades[-1] if self.trades else None

    def top(self) -> BookTop | None:
        return self.book.top()

    def average(self, now_ns: int) -> Decimal:
        """Average price of the last five minutes, the last price without a trade in them."""
        recent = self.candles.of_width(MINUTE, now_ns - 5 * MINUTE)
        volume = sum((candle.volume for candle in recent), ZERO)
        if not volume:
            return self.last.price if self.last else ZERO
        return sum((candle.quote for candle in recent), ZERO) / volume

    # -- payloads ----------------------------------------------------------------------------
    def recent_trades(self, limit: int) -> list[Row]:
        return [_single(tick) for tick in _last(self.trades, limit)]

    def past_trades(self, limit: int, from_id: int | None) -> list[Row]:
        """From that trade id on; without one, the newest."""
        if from_id is None:
            return self.recent_trades(limit)
        found = (tick for tick in self.trades if tick.trade_id >= from_id)
        return [_single(tick) for tick in islice(found, limit)]

    def aggregate_trades(
        self, limit: int, from_id: int | None, start_ms: int | None, end_ms: int | None
    ) -> list[Row]:
        """Every trade is an aggregate of its own: which taker it belonged to is not recorded."""
        if from_id is None and start_ms is None and end_ms is None:
            return [aggregate(tick) for tick in _last(self.trades, limit)]
        found = (
            tick
            for tick in self.trades
            if (from_id is None or tick.trade_id >= from_id)
            and (start_ms is None or ms(tick.ts_ns) >= start_ms)
            and (end_ms is None or ms(tick.ts_ns) <= end_ms)
        )
        return [aggregate(tick) for tick in islice(found, limit)]

    def klines(
        self, interval: str, limit: int, start_ms: int | None, end_ms: int | None
    ) -> list[list[Any]]:
        """Only widths with a trade have a kline here."""
        found = [
            candle
            for candle in self.candles.of_width(kline_width(interval))
            if (start_ms is None or ms(candle.open_ns) >= start_ms)
            and (end_ms is None or ms(candle.open_ns) <= end_ms)
        ]
        chosen = found[-limit:] if start_ms is None else found[:limit]
        return [_kline_row(candle) for candle in chosen]

    def best(self) -> Row:
        """bookTicker of the REST interface."""
        top = self.top()
        bid, bid_qty = (top.bid, top.bid_qty) if top else (None, None)
        ask, ask_qty = (top.ask, top.ask_qty) if top else (None, None)
        return {
            "symbol": to_venue(self.instrument.symbol),
            "bidPrice": amount(bid),
            "bidQty": amount(bid_qty),
            "askPrice": amount(ask),
            "askQty": amount(ask_qty),
        }

    def price(self) -> Row:
        return {
            "symbol": to_venue(self.instrument.symbol),
            "price": amount(self.last.price if self.last else None),
        }

    def order_book(self, limit: int) -> Row:
        bids, asks = (self.depth.rows(side, limit) for side in (Side.BUY, Side.SELL))
        return {
            "lastUpdateId": self.depth.last_id,
            "bids": [[amount(price), amount(qty)] for price, qty in bids],
            "asks": [[amount(price), amount(qty)] for price, qty in asks],
        }

    def day(self, now_ns: int) -> Row:
        """ticker/24hr."""
        day, last = self._day(now_ns), self.last
        change = day.close - day.open
        return self.best() | {
            "priceChange": amount(change),
            "priceChangePercent": f"{fraction(change, day.open) * _HUNDRED:.3f}",
            "weightedAvgPrice": amount(fraction(day.quote, day.volume)),
            "prevClosePrice": amount(day.open),
            "lastPrice": amount(day.close),
            "lastQty": amount(last.qty if last else None),
            "openPrice": amount(day.open),
            "highPrice": amount(day.high),
            "lowPrice": amount(day.low),
            "volume": amount(day.volume),
            "quoteVolume": amount(day.quote),
            "openTime": ms(now_ns - DAY),
            "closeTime": ms(now_ns),
            "firstId": day.first_id,
            "lastId": day.last_id,
            "count": day.trades,
        }

    def _day(self, now_ns: int) -> Candle:
        known = self.candles.last_day(now_ns)
        if known is not None:
            return known
        last = self.last.price if self.last else ZERO
        return Candle(now_ns - DAY, DAY, last, last, last, last, ZERO, ZERO, ZERO, ZERO, -1, -1, 0)


def kline_width(interval: str) -> int:
    """Raises VenueRejected: -1120, not a width of whole minutes up to three days."""
    width = KLINE_WIDTHS.get(interval, 0)
    if width < MINUTE:
        raise VenueRejected(-1120, "Invalid interval.")
    return width


def _single(tick: TradeTick) -> Row:
    return {
        "id": tick.trade_id,
        "price": amount(tick.price),
        "qty": amount(tick.qty),
        "quoteQty": amount(tick.price * tick.qty),
        "time": ms(tick.ts_ns),
        "isBuyerMaker": tick.buyer_is_maker,
        "isBestMatch": True,
    }


def aggregate(tick: TradeTick) -> Row:
    return {
        "a": tick.trade_id,
        "p": amount(tick.price),
        "q": amount(tick.qty),
        "f": tick.trade_id,
        "l": tick.trade_id,
        "T": ms(tick.ts_ns),
        "m": tick.buyer_is_maker,
        "M": True,
    }


def _kline_row(candle: Candle) -> list[Any]:
    return [
        ms(candle.open_ns),
        amount(candle.open),
        amount(candle.high),
        amount(candle.low),
        amount(candle.close),
        amount(candle.volume),
        ms(candle.end_ns) - 1,
        amount(candle.quote),
        candle.trades,
        amount(candle.bought),
        amount(candle.bought_quote),
        "0",
    ]


def _last(trades: deque[TradeTick], limit: int) -> Iterator[TradeTick]:
    return islice(trades, max(0, len(trades) - limit), None)
