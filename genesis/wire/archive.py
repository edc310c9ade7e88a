"""Rows of trade archives: Binance Vision `trades` and `aggTrades`, trade streams and ccxt's trades.

Vision's spot files have no header, its futures files have one; stamps are in ms, since 2025 in µs.
Only the place of each column matters here; `Layout` names it.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from genesis.domain.events import TradeTick
from genesis.errors import DataError
from genesis.wire import amounts
from genesis.wire.symbols import from_venue

TRUE: Final = ("True", "true", "TRUE", "1", "sell", "SELL")
FALSE: Final = ("False", "false", "FALSE", "0", "buy", "BUY")
"""Was the buyer the maker? Where the taker's side is told instead: yes if the taker sold."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Where a row keeps what: column numbers from 0, None where the file does not tell it.

    `kind` is `trades`, or `agg_trades` whose ids count aggregated trades and are numbers apart.
    `received` is the recorder's own stamp, `symbol` the venue's name of the symbol.
    """

    kind: str
    width: int
    has_header: bool
    trade_id: int
    price: int
    qty: int
    time: int
    maker: int
    received: int | None = None
    symbol: int | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        """Names for all columns, `_0`, `_1`, ... for those that are not read."""
        names = [f"_{i}" for i in range(self.width)]
        for name in ("trade_id", "price", "qty", "time", "maker", "received", "symbol"):
            place = getattr(self, name)
            if place is not None:
                names[place] = name
        return tuple(names)


_HEADS: Final = {
    "trade_id": ("id", "trade_id", "tradeid", "agg_trade_id", "aggtradeid", "a"),
    "price": ("price", "p"),
    "qty": ("qty", "quantity", "amount", "q"),
    "time": ("time", "transact_time", "transactiontime", "timestamp", "ts_ns", "t"),
    "maker": ("is_buyer_maker", "isbuyermaker", "isbuyermarketmaker", "side", "m"),
    "received": ("timestampofreceive",),
    "symbol": ("symbol",),
}


def detect(lines: Sequence[bytes]) -> Layout | None:
    """The layout of a file by its first few lines; None where it is none of the known ones.

    A header counts only on the first line; of rows, the first that can be recognised decides.
    """
    rows = [_fields(line) for line in lines]
    layout = _from_header(rows[0]) if rows else None
    return layout or next(filter(None, map(_from_row, rows)), None)


def _fields(line: bytes) -> list[str]:
    return [field.strip() for field in line.decode("utf-8", "replace").split(",")]


def _from_header(names: Sequence[str]) -> Layout | None:
    lowered = [name.lower().lstrip("\ufeff") for name in names]
    places = {
        field: next((lowered.index(name) for name in known if name in lowered), None)
        for field, known in _HEADS.items()
    }
    if any(places[field] is None for field in ("trade_id", "price", "qty", "time", "maker")):
        return None
    is_aggregated = any(name.startswith("agg") for name in lowered)
    kind = "agg_trades" if is_aggregated else "trades"
    return Layout(kind, len(names), True, **places)  # type: ignore[arg-type]


def _from_row(fields: Sequence[str]) -> Layout | None:
    flags = [i for i, field in enumerate(fields) if field in ("True", "true", "False", "false")]
    match len(fields), flags[:1]:
        case ((6 | 7), [5]):
            return Layout("trades", len(fields), False, 0, 1, 2, time=4, maker=5)
        case ((7 | 8), [6]):
            return Layout("agg_trades", len(fields), False, 0, 1, 2, time=5, maker=6)
    return None


@dataclass(frozen=True, slots=True)
class Row:
    """One archived trade and, where the recorder kept it, when it arrived (UTC ns)."""

    tick: TradeTick
    received_ns: int | None


def parse_row(line: bytes, layout: Layout, symbol: str) -> Row:
    """One line of an archive.

    Raises:
        ValueError: the reason it cannot be used.
    """
    try:
        fields = line.decode("ascii").strip("\r\n").split(",")
    except UnicodeDecodeError:
        raise ValueError("it is not plain text") from None
    if len(fields) != layout.width:
        raise ValueError(f"{len(fields)} columns where {layout.width} belong")
    if layout.symbol is not None and from_venue(fields[layout.symbol]) != symbol:
        raise ValueError(f"symbol {fields[layout.symbol]} in a file of {symbol}")
    tick = TradeTick(
        ts_ns=amounts.parse_stamp(_whole(fields[layout.time], "time")),
        symbol=symbol,
        trade_id=_whole(fields[layout.trade_id], "trade id"),
        price=amounts.parse_positive(fields[layout.price].strip(), "price"),
        qty=amounts.parse_positive(fields[layout.qty].strip(), "quantity"),
        buyer_is_maker=_flag(fields[layout.maker]),
    )
    if layout.received is None:
        return Row(tick, None)
    return Row(tick, amounts.parse_stamp(_whole(fields[layout.received], "receive time")))


def read(lines: Iterable[bytes], source: str, layout: Layout, symbol: str) -> Iterator[Row]:
    """The trades of an archive in file order.

    source: name of the file, for complaints.

    Raises:
        DataError: a bad line, by file, line and reason.
    """
    for number, line in enumerate(lines, 1):
        if (number == 1 and layout.has_header) or not line.strip():
            continue
        try:
            yield parse_row(line, layout, symbol)
        except ValueError as error:
            raise DataError(f"{source} line {number}: {error}") from None


def _whole(text: str, what: str) -> int:
    if not text.isdecimal() or len(text) > 19:
        raise ValueError(f"{what} {text!r} is not a whole number")
    return int(text)


def _flag(text: str) -> bool:
    if text in TRUE:
        return True
    if text in FALSE:
        return False
    raise ValueError(f"is_buyer_maker {text!r} is neither true nor false")
