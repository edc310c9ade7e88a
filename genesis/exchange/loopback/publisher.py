"""From played events to the market streams that somebody listens to.

`@trade`, `@aggTrade`, `@bookTicker`, `@depth`, `@depth@100ms`, `@depth5|10|20[@100ms]`,
`@kline_<interval>`, `@miniTicker`, `@ticker`. Klines and tickers are told at most once a second of
venue time, a finished kline at the first event after its end.
"""

from typing import Any, Final

from genesis.domain.events import BookDelta, BookTop, TradeTick
from genesis.domain.time import MINUTE, SECOND
from genesis.exchange.loopback.candles import Candle
from genesis.exchange.loopback.feed import Shown
from genesis.exchange.loopback.hub import Hub
from genesis.exchange.loopback.tape import Row, SymbolTape, aggregate
from genesis.wire import streams as wire
from genesis.wire.orders import amount, ms
from genesis.wire.streams import KLINE_WIDTHS
from genesis.wire.symbols import to_venue

PACE_NS: Final = SECOND
_PARTIAL: Final = (5, 10, 20)
_WIDTHS: Final = {name: width for name, width in KLINE_WIDTHS.items() if width >= MINUTE}


class Publisher:
    """The streams of one symbol. `show` takes an event in and publishes what follows from it."""

    def __init__(self, tape: SymbolTape, hub: Hub) -> None:
        self._tape, self._hub = tape, hub
        self._name = to_venue(tape.instrument.symbol)
        self._stem = self._name.lower()
        self._told_ns = 0
        self._open: dict[str, Candle] = {}

    def show(self, event: Shown) -> None:
        self._finish_klines(event.ts_ns)
        if isinstance(event, TradeTick):
            self._trade(event)
        else:
            self._book(event)

    def _trade(self, tick: TradeTick) -> None:
        self._tape.add(tick)
        self._publish("trade", lambda: wire.write_trade(tick))
        self._publish("aggTrade", lambda: self._aggregate(tick))
        if tick.ts_ns - self._told_ns >= PACE_NS:
            self._told_ns = tick.ts_ns
            self._publish("miniTicker", lambda: self._mini(tick.ts_ns))
            self._publish("ticker", lambda: self._ticker(tick.ts_ns))
            self._grow_klines(tick.ts_ns)

    def _book(self, event: BookTop | BookDelta) -> None:
        if isinstance(event, BookTop):
            self._publish("bookTicker", lambda: wire.write_top(event))
        update = self._tape.depth.after(event)
        if update is None:
            return
        for name in ("depth", "depth@100ms"):
            self._publish(name, lambda: wire.write_depth(update))
        for levels in _PARTIAL:
            for name in (f"depth{levels}", f"depth{levels}@100ms"):
                self._publish(name, lambda n=levels: self._tape.order_book(n))

    # -- klines ------------------------------------------------------------------------------
    def _grow_klines(self, now_ns: int) -> None:
        for name, width in _WIDTHS.items():
            if self._hub.has(f"{self._stem}@kline_{name}"):
                candle = self._tape.candles.current(width)
                if candle is not None:
                    self._open[name] = candle
                    self._kline(name, candle, now_ns, is_closed=False)

    def _finish_klines(self, now_ns: int) -> None:
        ended = [name for name, candle in self._open.items() if candle.end_ns <= now_ns]
        for name in ended:
            told = self._open.pop(name)
            since = self._tape.candles.of_width(_WIDTHS[name], told.open_ns)
            if since:
                self._kline(name, since[0], now_ns, is_closed=True)

    def _kline(self, name: str, candle: Candle, now_ns: int, *, is_closed: bool) -> None:
        self._publish(
            f"kline_{name}",
            lambda: {
                "e": "kline",
                "E": ms(now_ns),
                "s": self._name,
                "k": _kline(self._name, name, candle, is_closed=is_closed),
            },
        )

    # -- messages ----------------------------------------------------------------------------
    def _publish(self, kind: str, make: Any) -> None:
        self._hub.publish(f"{self._stem}@{kind}", make)

    def _aggregate(self, tick: TradeTick) -> Row:
        return {"e": "aggTrade", "E": ms(tick.ts_ns), "s": self._name, **aggregate(tick)}

    def _mini(self, now_ns: int) -> Row:
        day = self._tape.day(now_ns)
        return {
            "e": "24hrMiniTicker",
            "E": ms(now_ns),
            "s": self._name,
            "c": day["lastPrice"],
            "o": day["openPrice"],
            "h": day["highPrice"],
            "l": day["lowPrice"],
            "v": day["volume"],
            "q": day["quoteVolume"],
        }

    def _ticker(self, now_ns: int) -> Row:
        day = self._tape.day(now_ns)
        return self._mini(now_ns) | {
            "e": "24hrTicker",
            "p": day["priceChange"],
            "P": day["priceChangePercent"],
            "w": day["weightedAvgPrice"],
            "x": day["prevClosePrice"],
            "Q": day["lastQty"],
            "b": day["bidPrice"],
            "B": day["bidQty"],
            "a": day["askPrice"],
            "A": day["askQty"],
            "O": day["openTime"],
            "C": day["closeTime"],
            "F": day["firstId"],
            "L": day["lastId"],
            "n": day["count"],
        }


def _kline(symbol: str, interval: str, candle: Candle, *, is_closed: bool) -> Row:
    return {
        "t": ms(candle.open_ns),
        "T": ms(candle.end_ns) - 1,
        "s": symbol,
        "i": interval,
        "f": candle.first_id,
        "L": candle.last_id,
        "o": amount(candle.open),
        "c": amount(candle.close),
        "h": amount(candle.high),
        "l": amount(candle.low),
        "v": amount(candle.volume),
        "n": candle.trades,
        "x": is_closed,
        "q": amount(candle.quote),
        "V": amount(candle.bought),
        "Q": amount(candle.bought_quote),
        "B": "0",
    }
