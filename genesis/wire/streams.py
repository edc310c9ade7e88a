"""Binance's market stream messages and depth snapshots, read and written.

Only `kline`, `trade` and `depthUpdate` tell the venue's time. For the others (book tops and
snapshots) the reader says at which venue time they take place (`ts_ns`).
"""

import json
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final

from genesis.domain.events import BarClosed, BookDelta, BookTop, Level, MarketEvent, TradeTick
from genesis.domain.money import ZERO
from genesis.domain.time import DAY, HOUR, MILLISECOND, MINUTE, SECOND
from genesis.errors import UsageError
from genesis.wire import amounts
from genesis.wire.symbols import from_venue, to_venue

Message = Mapping[str, Any]

SHUTDOWN: Final = "serverShutdown"
"""Kind of the message that the venue sends before it closes its connections."""
_AMOUNT: Final = r"(\d{1,17}\.\d{1,10})"
_STAMP: Final = r"([1-3]\d{12})"
_TRADE: Final = re.compile(
    r'\{"stream":"[0-9a-z]+@trade","data":\{"e":"trade","E":' + _STAMP + r',"s":"([0-9A-Z]+)",'
    r'"t":(0|[1-9]\d{0,17}),"p":"'
    + _AMOUNT
    + r'","q":"'
    + _AMOUNT
    + r'",(?:"b":\d+,"a":\d+,)?"T":'
    + _STAMP
    + r',"m":(true|false),"M":(?:true|false)\}\}',
    re.ASCII,
)
"""A trade exactly as the venue writes it: two thirds of the time goes when nothing is looked up."""

KLINE_WIDTHS: Final = {
    "1s": SECOND,
    **{f"{n}m": n * MINUTE for n in (1, 3, 5, 15, 30)},
    **{f"{n}h": n * HOUR for n in (1, 2, 4, 6, 8, 12)},
    "1d": DAY,
    "3d": 3 * DAY,
}
"""Kline widths of the venue in ns. `1w` and `1M` are calendar widths and not read."""


# -- reading ---------------------------------------------------------------------------------
def parse(message: Message, ts_ns: int, stream: str = "") -> MarketEvent | None:
    """The event of one message; None for a kind that is no market event of ours, or an open kline.

    message: the payload, without the combined stream's envelope.
    ts_ns: venue time (UTC ns) for messages that do not tell one.
    stream: name from the envelope; it names the symbol of partial book snapshots.

    Raises:
        ValueError: the message is of a known kind and malformed; the reason.
    """
    try:
        kind = message.get("e")
        if kind == "trade":
            return parse_trade(message)
        if kind == "depthUpdate":
            return parse_depth(message)
        if kind == "kline":
            return parse_kline(message)
        if kind == "bookTicker" or (kind is None and "u" in message):
            return parse_top(message, ts_ns)
        if "lastUpdateId" in message:
            return parse_snapshot(message, _symbol(stream.partition("@")[0]), ts_ns)
    except KeyError as absent:
        raise ValueError(f"field {absent} is missing") from None
    return None


def printed_trade(text: str) -> tuple[TradeTick, int] | None:
    """A trade in the combined stream's envelope and the time of its message, read in one go.

    None: the text is anything else, or not quite as the venue writes it; see `parse`.
    """
    found = _TRADE.fullmatch(text)
    if found is None:
        return None
    sent, name, trade_id, price, qty, made, by_maker = found.groups()
    exact_price, exact_qty = Decimal(price), Decimal(qty)
    if not (exact_price and exact_qty):
        return None
    try:
        symbol = _symbol(name)
    except ValueError:
        return None
    ts_ns = int(made) * MILLISECOND
    tick = TradeTick(ts_ns, symbol, int(trade_id), exact_price, exact_qty, by_maker == "true")
    return tick, max(ts_ns, int(sent) * MILLISECOND)


def parse_past_trade(row: Message, symbol: str) -> TradeTick:
    """A row of REST `historicalTrades`: one print, with the same id as on the stream."""
    return TradeTick(
        ts_ns=amounts.parse_stamp(row["time"]),
        symbol=symbol,
        trade_id=amounts.parse_whole(row["id"], "trade id"),
        price=amounts.parse_positive(row["price"], "price"),
        qty=amounts.parse_positive(row["qty"], "quantity"),
        buyer_is_maker=amounts.parse_flag(row["isBuyerMaker"], "buyer is maker"),
    )


def venue_ns(message: Message) -> int | None:
    """The latest venue time that a message tells (its own or its trade's), or None."""
    told = [message[field] for field in ("E", "T") if type(message.get(field)) is int]
    return max(map(amounts.parse_stamp, told)) if told else None


def parse_trade(message: Message) -> TradeTick:
    """A `trade` message. `ts_ns` is the time of the trade, not of the message."""
    return TradeTick(
        ts_ns=amounts.parse_stamp(message["T"]),
        symbol=_symbol(message["s"]),
        trade_id=amounts.parse_whole(message["t"], "trade id"),
        price=amounts.parse_positive(message["p"], "price"),
        qty=amounts.parse_positive(message["q"], "quantity"),
        buyer_is_maker=amounts.parse_flag(message["m"], "buyer is maker"),
    )


def parse_top(message: Message, ts_ns: int) -> BookTop:
    """A `bookTicker` message. A side with price 0 and quantity 0 is empty."""
    return BookTop(
        ts_ns=ts_ns,
        symbol=_symbol(message["s"]),
        update_id=amounts.parse_whole(message["u"], "update id"),
        bid=amounts.parse_amount(message["b"]),
        bid_qty=amounts.parse_amount(message["B"]),
        ask=amounts.parse_amount(message["a"]),
        ask_qty=amounts.parse_amount(message["A"]),
    )


def parse_depth(message: Message) -> BookDelta:
    """A `depthUpdate` message."""
    first_id = amounts.parse_whole(message["U"], "first update id")
    last_id = amounts.parse_whole(message["u"], "last update id")
    if first_id > last_id:
        raise ValueError(f"first update id {first_id} is above the last one {last_id}")
    return BookDelta(
        ts_ns=amounts.parse_stamp(message["E"]),
        symbol=_symbol(message["s"]),
        first_id=first_id,
        last_id=last_id,
        bids=_levels(message["b"]),
        asks=_levels(message["a"]),
    )


def parse_snapshot(message: Message, symbol: str, ts_ns: int) -> BookDelta:
    """A depth snapshot (REST `/api/v3/depth`, or a partial book stream): the whole book."""
    last_id = amounts.parse_whole(message["lastUpdateId"], "last update id")
    return BookDelta(
        ts_ns=ts_ns,
        symbol=symbol,
        first_id=last_id,
        last_id=last_id,
        bids=_levels(message["bids"]),
        asks=_levels(message["asks"]),
        is_snapshot=True,
    )


def parse_kline(message: Message) -> BarClosed | None:
    """A `kline` message; None while the bar is open or its width is a calendar one."""
    kline = message["k"]
    width_ns = KLINE_WIDTHS.get(kline["i"])
    if width_ns is None or not amounts.parse_flag(kline["x"], "is closed"):
        return None
    return BarClosed(
        ts_ns=amounts.parse_stamp(kline["t"]) + width_ns,
        symbol=_symbol(message["s"]),
        width_ns=width_ns,
        open=amounts.parse_positive(kline["o"], "open"),
        high=amounts.parse_positive(kline["h"], "high"),
        low=amounts.parse_positive(kline["l"], "low"),
        close=amounts.parse_positive(kline["c"], "close"),
        volume=amounts.parse_amount(kline["v"]),
    )


def _symbol(text: object) -> str:
    if not isinstance(text, str) or not text:
        raise ValueError(f"symbol {text!r} is not text")
    return _named(text)


@lru_cache(maxsize=4096)
def _named(text: str) -> str:
    try:
        return from_venue(text)
    except UsageError as error:
        raise ValueError(error.message) from None


def _levels(rows: object) -> tuple[Level, ...]:
    if not isinstance(rows, list):
        raise ValueError(f"book rows {rows!r} are not a list")
    return tuple([_level(row) for row in rows])


def _level(row: object) -> Level:
    if not isinstance(row, list) or len(row) < 2:
        raise ValueError(f"book row {row!r} is not a price and a quantity")
    return Level(amounts.parse_positive(row[0], "price"), amounts.parse_amount(row[1]))


# -- writing ---------------------------------------------------------------------------------
def write(event: MarketEvent, event_ns: int | None = None) -> dict[str, Any]:
    """The message that tells `event`; `event_ns` is the time of the message (default: the event's).

    Stamps are written in milliseconds, as the venue does by default.
    """
    if isinstance(event, TradeTick):
        return write_trade(event, event_ns)
    if isinstance(event, BookTop):
        return write_top(event)
    if isinstance(event, BookDelta):
        return write_snapshot(event) if event.is_snapshot else write_depth(event)
    return write_kline(event, event_ns)


def write_trade(tick: TradeTick, event_ns: int | None = None) -> dict[str, Any]:
    return {
        "e": "trade",
        "E": _ms(tick.ts_ns if event_ns is None else event_ns),
        "s": to_venue(tick.symbol),
        "t": tick.trade_id,
        "p": amounts.write_amount(tick.price),
        "q": amounts.write_amount(tick.qty),
        "T": _ms(tick.ts_ns),
        "m": tick.buyer_is_maker,
        "M": True,
    }


def write_top(top: BookTop) -> dict[str, Any]:
    return {
        "u": top.update_id,
        "s": to_venue(top.symbol),
        "b": amounts.write_amount(top.bid),
        "B": amounts.write_amount(top.bid_qty),
        "a": amounts.write_amount(top.ask),
        "A": amounts.write_amount(top.ask_qty),
    }


def write_depth(delta: BookDelta) -> dict[str, Any]:
    return {
        "e": "depthUpdate",
        "E": _ms(delta.ts_ns),
        "s": to_venue(delta.symbol),
        "U": delta.first_id,
        "u": delta.last_id,
        "b": _rows(delta.bids),
        "a": _rows(delta.asks),
    }


def write_snapshot(book: BookDelta) -> dict[str, Any]:
    return {
        "lastUpdateId": book.last_id,
        "bids": _rows(book.bids),
        "asks": _rows(book.asks),
    }


def write_kline(
    bar: BarClosed,
    event_ns: int | None = None,
    *,
    is_closed: bool = True,
    trades: int = 0,
    first_trade_id: int = -1,
    last_trade_id: int = -1,
    quote_volume: Decimal = ZERO,
) -> dict[str, Any]:
    """A `kline` message; trade ids of -1 are the venue's own sign for "none"."""
    open_ns = bar.ts_ns - bar.width_ns
    return {
        "e": "kline",
        "E": _ms(bar.ts_ns if event_ns is None else event_ns),
        "s": to_venue(bar.symbol),
        "k": {
            "t": _ms(open_ns),
            "T": _ms(bar.ts_ns) - 1,
            "s": to_venue(bar.symbol),
            "i": _kline_name(bar.width_ns),
            "f": first_trade_id,
            "L": last_trade_id,
            "o": amounts.write_amount(bar.open),
            "c": amounts.write_amount(bar.close),
            "h": amounts.write_amount(bar.high),
            "l": amounts.write_amount(bar.low),
            "v": amounts.write_amount(bar.volume),
            "n": trades,
            "x": is_closed,
            "q": amounts.write_amount(quote_volume),
            "V": amounts.write_amount(ZERO),
            "Q": amounts.write_amount(ZERO),
            "B": "0",
        },
    }


def stream_name(event: MarketEvent) -> str:
    """The stream that carries the event, such as `btcusdt@trade`."""
    name = to_venue(event.symbol).lower()
    if isinstance(event, TradeTick):
        return f"{name}@trade"
    if isinstance(event, BookTop):
        return f"{name}@bookTicker"
    if isinstance(event, BookDelta):
        return f"{name}@depth@100ms"
    return f"{name}@kline_{_kline_name(event.width_ns)}"


def combined(stream: str, message: Message) -> str:
    """The combined stream's envelope, as compact JSON text."""
    return json.dumps({"stream": stream, "data": message}, separators=(",", ":"))


def _ms(t: int) -> int:
    return t // MILLISECOND


def _rows(levels: Sequence[Level]) -> list[list[str]]:
    return [[amounts.write_amount(x.price), amounts.write_amount(x.qty)] for x in levels]


def _kline_name(width_ns: int) -> str:
    for name, width in KLINE_WIDTHS.items():
        if width == width_ns:
            return name
    raise ValueError(f"the venue has no kline of {width_ns} ns")
