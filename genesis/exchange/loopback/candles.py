"""One-minute bars of a symbol as they grow, and everything that is added up from them."""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby
from typing import Final

from genesis.domain.events import TradeTick
from genesis.domain.money import ZERO
from genesis.domain.time import DAY, MINUTE

KEPT: Final = 3 * DAY // MINUTE


@dataclass(slots=True)
class Candle:
    """Trades of [open_ns, open_ns + width_ns). `bought` counts what buyers took."""

    open_ns: int
    width_ns: int
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal
    quote: Decimal
    bought: Decimal
    bought_quote: Decimal
    first_id: int
    last_id: int
    trades: int

    @property
    def end_ns(self) -> int:
        return self.open_ns + self.width_ns

    def add(self, later: "Candle") -> None:
        """Take in a candle (or a trade as one) that follows."""
        self.high, self.low = max(self.high, later.high), min(self.low, later.low)
        self.close = later.close
        self.volume += later.volume
        self.quote += later.quote
        self.bought += later.bought
        self.bought_quote += later.bought_quote
        self.last_id = later.last_id
        self.trades += later.trades


class Candles:
    """Minutes with a trade, oldest first; the last three days of them are kept."""

    def __init__(self) -> None:
        self._minutes: deque[Candle] = deque(maxlen=KEPT)

    def add(self, tick: TradeTick) -> None:
        one = of_tick(tick, MINUTE)
        if self._minutes and self._minutes[-1].open_ns == one.open_ns:
            self._minutes[-1].add(one)
        else:
            self._minutes.append(one)

    def of_width(self, width_ns: int, since_ns: int = 0) -> list[Candle]:
        """Candles of a width of whole minutes that open at or after `since_ns`."""
        recent = (minute for minute in self._minutes if minute.open_ns >= since_ns)
        return [*added_up(recent, width_ns)]

    def current(self, width_ns: int) -> Candle | None:
        """The candle of a width that holds the latest trade."""
        if not self._minutes:
            return None
        start = self._minutes[-1].open_ns // width_ns * width_ns
        return self.of_width(width_ns, start)[0]

    def last_day(self, now_ns: int) -> Candle | None:
        """The 24 hours before now as one candle, None without a trade."""
        minutes = [minute for minute in self._minutes if minute.open_ns > now_ns - DAY]
        if not minutes:
            return None
        whole = _copy(minutes[0], now_ns - DAY, DAY)
        for minute in minutes[1:]:
            whole.add(minute)
        return whole


def added_up(candles: Iterable[Candle], width_ns: int) -> Iterator[Candle]:
    """Wider candles from narrower ones, oldest first."""
    for start, parts in groupby(candles, lambda candle: candle.open_ns // width_ns * width_ns):
        first, *later = parts
        whole = _copy(first, start, width_ns)
        for part in later:
            whole.add(part)
        yield whole


def of_tick(tick: TradeTick, width_ns: int) -> Candle:
    """One trade as a candle."""
    price, qty, quote = tick.price, tick.qty, tick.price * tick.qty
    bought, bought_quote = (ZERO, ZERO) if tick.buyer_is_maker else (qty, quote)
    start = tick.ts_ns // width_ns * width_ns
    ids = (tick.trade_id, tick.trade_id)
    amounts = (qty, quote, bought, bought_quote)
    return Candle(start, width_ns, price, price, price, price, *amounts, *ids, 1)


def _copy(first: Candle, open_ns: int, width_ns: int) -> Candle:
    prices = (first.open, first.high, first.low, first.close)
    amounts = (first.volume, first.quote, first.bought, first.bought_quote)
    ids = (first.first_id, first.last_id, first.trades)
    return Candle(open_ns, width_ns, *prices, *amounts, *ids)
