"""MARKET DATA: what is known of each symbol, kept from the events."""

from collections import deque
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any, Final

from genesis.domain.account import MarketState
from genesis.domain.events import (
    BAR_TIMER,
    BarClosed,
    BookTop,
    Event,
    InstrumentReported,
    TimerFired,
    TradeTick,
    VenueStatus,
)
from genesis.domain.instrument import Instrument
from genesis.market.bars import Bars

KEPT_BARS: Final = 512
_TWO: Final = Decimal(2)


class SymbolMarket:
    """One symbol: last trade, best bid and ask, bars."""

    __slots__ = ("bars", "builders", "last", "last_ns", "symbol", "top")

    def __init__(self, symbol: str, widths: Iterable[int]) -> None:
        self.symbol = symbol
        self.last: Decimal | None = None
        self.last_ns = 0
        self.top: BookTop | None = None
        self.builders = {width: Bars(width) for width in widths}
        self.bars: deque[BarClosed] = deque(maxlen=KEPT_BARS)

    def mark(self, now_ns: int, stale_ns: int) -> Decimal | None:
        """Price for valuing a position: mid of a fresh book top, else the last trade."""
        if self.top is not None and now_ns - self.top.ts_ns <= stale_ns:
            return (self.top.bid + self.top.ask) / _TWO
        return self.last


class Market:
    """All symbols. `apply` returns the bars that a bar timer closed."""

    def __init__(self, widths: Iterable[int] = ()) -> None:
        self._widths = tuple(sorted(set(widths)))
        self.symbols: dict[str, SymbolMarket] = {}
        self.instruments: dict[str, Instrument] = {}
        self.status = MarketState.NORMAL
        self._appliers: dict[type, Callable[[Any], BarClosed | None]] = {
            TradeTick: self._trade,
            BookTop: self._top,
            BarClosed: self._bar,
            TimerFired: self._timer,
            InstrumentReported: self._instrument,
            VenueStatus: self._venue,
        }

    def apply(self, event: Event) -> BarClosed | None:
        """Take one event in; the bar it closed, if it was a bar's boundary."""
        applier = self._appliers.get(type(event))
        return applier(event) if applier is not None else None

    def of(self, symbol: str) -> SymbolMarket:
        known = self.symbols.get(symbol)
        if known is None:
            known = self.symbols[symbol] = SymbolMarket(symbol, self._widths)
        return known

    def want(self, widths: Iterable[int]) -> None:
        """Build bars of these widths, too."""
        self._widths = tuple(sorted({*self._widths, *widths}))
        for market in self.symbols.values():
            for width in self._widths:
                market.builders.setdefault(width, Bars(width))

    def skip(self, symbol: str, ts_ns: int, last: Decimal) -> None:
        """Ticks went by that touched nothing; `last` is the price of the latest."""
        market = self.of(symbol)
        market.last, market.last_ns = last, ts_ns

    def _trade(self, tick: TradeTick) -> None:
        market = self.of(tick.symbol)
        market.last, market.last_ns = tick.price, tick.ts_ns
        for builder in market.builders.values():
            builder.add(tick)

    def _top(self, top: BookTop) -> None:
        self.of(top.symbol).top = top

    def _bar(self, bar: BarClosed) -> None:
        market = self.of(bar.symbol)
        market.bars.append(bar)
        market.last, market.last_ns = bar.close, bar.ts_ns

    def _timer(self, timer: TimerFired) -> BarClosed | None:
        if not timer.key.startswith(BAR_TIMER):
            return None
        symbol, _, width = timer.key[len(BAR_TIMER) :].rpartition(":")
        builder = self.of(symbol).builders.get(int(width))
        return None if builder is None else builder.close(timer.ts_ns, symbol)

    def _instrument(self, event: InstrumentReported) -> None:
        self.instruments[event.instrument.symbol] = event.instrument

    def _venue(self, event: VenueStatus) -> None:
        self.status = MarketState.NORMAL if event.status == "normal" else MarketState.MAINTENANCE
