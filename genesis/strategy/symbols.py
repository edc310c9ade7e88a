"""Several symbols in one strategy: how they are named, and when all of a moment is known."""

from collections.abc import Sequence

from genesis.domain.events import BarClosed
from genesis.domain.instrument import base_of, quote_of


def listed(text: str, least: int, most: int) -> tuple[str, ...]:
    """`BTC/USDT,ETH/USDT` as symbols, in that order.

    Raises:
        ValueError: fewer or more than allowed, one named twice, or a name that is no symbol.
    """
    names = tuple(name.strip() for name in text.split(","))
    bad = [name for name in names if not _is_symbol(name)]
    if bad:
        raise ValueError(f"symbols are written BASE/QUOTE and parted by commas, not {bad[0]!r}")
    if len(set(names)) < len(names):
        raise ValueError(f"symbols must differ from each other: {text}")
    if not least <= len(names) <= most:
        told = f"{least}" if least == most else f"{least} to {most}"
        raise ValueError(f"symbols must name {told}, not {len(names)}: {text}")
    return names


def _is_symbol(name: str) -> bool:
    base, quote = base_of(name), quote_of(name)
    return bool(base and quote) and "/" not in quote and name.split() == [name]


class Moment:
    """Bars of several symbols that close at one moment, collected until all are there.

    They come one by one and in any order. A symbol in which nothing traded has no bar: then the
    moment stays incomplete, and the next one begins without it.
    """

    __slots__ = ("_closed", "_symbols", "ts_ns")

    def __init__(self, symbols: Sequence[str]) -> None:
        self._symbols = tuple(symbols)
        self._closed: dict[str, BarClosed] = {}
        self.ts_ns = -1

    def add(self, bar: BarClosed) -> tuple[BarClosed, ...]:
        """All bars of its moment in the order of the symbols, once the last is in; else none."""
        if bar.ts_ns < self.ts_ns:
            return ()
        if bar.ts_ns > self.ts_ns:
            self.ts_ns = bar.ts_ns
            self._closed.clear()
        self._closed[bar.symbol] = bar
        if len(self._closed) < len(self._symbols):
            return ()
        return tuple(self._closed[symbol] for symbol in self._symbols)
