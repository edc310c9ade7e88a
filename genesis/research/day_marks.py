"""What the market was worth at chosen moments, read from the middle of the tape.

The rule is the engine's own: the middle of a book top that is fresh, else the last trade.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from genesis.domain.events import BarClosed, BookTop, Event, TradeTick
from genesis.store.tape_pages import TapeBlock, TapePages

_TWO: Final = Decimal(2)
_FURTHEST: Final = 20_000
"""Blocks walked back at most for a symbol whose last word lies far before the day."""
_TELLING: Final = frozenset({"TradeTick", "BarClosed", "BookTop"})


@dataclass(frozen=True, slots=True)
class Quote:
    """What was known of a symbol: the last trade and the best bid and ask."""

    last: Decimal | None = None
    top: BookTop | None = None

    def mark(self, now_ns: int, stale_ns: int) -> Decimal | None:
        if self.top is not None and now_ns - self.top.ts_ns <= stale_ns:
            return (self.top.bid + self.top.ask) / _TWO
        return self.last


NOTHING: Final = Quote()
Quotes = dict[str, Quote]


@dataclass(frozen=True, slots=True)
class _Place:
    """A place on the tape: everything before event `index` of block `seq`."""

    seq: int
    index: int


class Marks:
    """Quotes at moments or positions, for the symbols named.

    stale_ns: a book top older than this is not looked for.
    """

    def __init__(self, pages: TapePages, symbols: Iterable[str], stale_ns: int) -> None:
        self._pages = pages
        self._symbols = tuple(symbols)
        self._stale_ns = stale_ns

    def at_moments(self, moments_ns: Sequence[int], low: int = 1) -> Iterator[Quotes]:
        """Quotes after all events stamped before each moment; moments in order."""
        before: Quotes = {}
        floor, span = _Place(0, 0), 1
        for moment_ns in moments_ns:
            guess = floor.seq + span if floor.seq else None
            seq = self._pages.reaching(moment_ns, max(low, floor.seq), guess)
            place = _Place(seq, self._index(seq, moment_ns))
            before = self._quotes(place, moment_ns, floor, before)
            span = max(1, seq - floor.seq) if floor.seq else 1
            floor = place
            yield before

    def at_position(self, pos: int, now_ns: int) -> Quotes:
        """Quotes after the first `pos` events of the tape were consumed."""
        seq = self._pages.holding(pos)
        if not seq:
            return {}
        first = self._pages.block(seq).row.first_pos
        return self._quotes(_Place(seq, pos - first + 1), now_ns, _Place(0, 0), {})

    def position(self, moment_ns: int, low: int = 1) -> int:
        """How many events of the tape were stamped before the moment."""
        seq = self._pages.reaching(moment_ns, low)
        if seq > self._pages.last:
            return self._pages.block(seq - 1).row.last_pos if seq > 1 else 0
        return self._pages.block(seq).row.first_pos - 1 + self._index(seq, moment_ns)

    def _index(self, seq: int, moment_ns: int) -> int:
        if seq > self._pages.last:
            return 0
        block = self._pages.block(seq)
        return next((i for i in range(len(block)) if block.ts_ns(i) >= moment_ns), len(block))

    def _quotes(self, place: _Place, now_ns: int, floor: _Place, before: Quotes) -> Quotes:
        """Walk back from a place until everything is known, at most to `floor`."""
        seeking = _Seeking(self._symbols, now_ns - self._stale_ns)
        for block in self._pages.back(min(place.seq, self._pages.last)):
            seq = block.row.seq
            if seq < floor.seq or place.seq - seq > _FURTHEST:
                break
            end = place.index if seq == place.seq else len(block)
            start = floor.index if seq == floor.seq else 0
            if seeking.walk(block, start, end) or seq == floor.seq:
                break
        return {symbol: seeking.quote(symbol, before) for symbol in self._symbols}


class _Seeking:
    """Last trades and fresh tops still to be found, newest events first."""

    def __init__(self, symbols: Sequence[str], oldest_top_ns: int) -> None:
        self._without_trade = set(symbols)
        self._without_top = set(symbols)
        self._oldest_top_ns = oldest_top_ns
        self._trades: dict[str, Decimal] = {}
        self._tops: dict[str, BookTop] = {}

    def walk(self, block: TapeBlock, start: int, end: int) -> bool:
        """Look through events [start, end) of a block, backwards; is everything known now?"""
        for index in range(end - 1, start - 1, -1):
            kind = block.kind(index)
            if kind not in _TELLING or (kind == "BookTop" and not self._without_top):
                continue
            if kind != "BookTop" and not self._without_trade:
                continue
            self._take(block.event(index))
            if not (self._without_trade or self._without_top):
                return True
        if start < end and block.ts_ns(start) < self._oldest_top_ns:
            self._without_top.clear()
        return not (self._without_trade or self._without_top)

    def _take(self, event: Event) -> None:
        match event:
            case TradeTick(symbol=symbol, price=price) if symbol in self._without_trade:
                self._without_trade.remove(symbol)
                self._trades[symbol] = price
            case BarClosed(symbol=symbol, close=close) if symbol in self._without_trade:
                self._without_trade.remove(symbol)
                self._trades[symbol] = close
            case BookTop(symbol=symbol) if symbol in self._without_top:
                self._without_top.remove(symbol)
                self._tops[symbol] = event

    def quote(self, symbol: str, before: Quotes) -> Quote:
        known = before.get(symbol, NOTHING)
        return Quote(self._trades.get(symbol, known.last), self._tops.get(symbol, known.top))
