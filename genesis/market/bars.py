"""Bars from ticks, closed by a timer at their boundary."""

from decimal import Decimal

from genesis.domain.events import BarClosed, TradeTick
from genesis.domain.money import ZERO


class Bars:
    """Builds one symbol's bars of one width; a width without a trade has no bar."""

    __slots__ = ("_close", "_high", "_low", "_open", "_volume", "width_ns")

    def __init__(self, width_ns: int) -> None:
        self.width_ns = width_ns
        self._open: Decimal | None = None
        self._high = self._low = self._close = self._volume = ZERO

    def add(self, tick: TradeTick) -> None:
        price = tick.price
        if self._open is None:
            self._open = self._high = self._low = price
            self._volume = ZERO
        elif price > self._high:
            self._high = price
        elif price < self._low:
            self._low = price
        self._close = price
        self._volume += tick.qty

    def close(self, boundary_ns: int, symbol: str) -> BarClosed | None:
        """The bar that ends at `boundary_ns`, or None where nothing traded."""
        if self._open is None:
            return None
        bar = BarClosed(
            boundary_ns,
            symbol,
            self.width_ns,
            self._open,
            self._high,
            self._low,
            self._close,
            self._volume,
        )
        self._open = None
        return bar
