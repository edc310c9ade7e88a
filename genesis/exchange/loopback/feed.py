"""What is played: several feeds merged in time, repeated if asked, with a book top for every trade
where the recording has no book.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from heapq import merge
from typing import Final

from genesis.domain.events import BookDelta, BookTop, Event, TradeTick
from genesis.domain.instrument import Instrument
from genesis.domain.time import SECOND

Feed = Iterable[Event]
OpenFeed = Callable[[], Feed]
"""Opens a feed from its beginning; called again for every round."""
Shown = TradeTick | BookTop | BookDelta

LOOP_GAP_NS: Final = SECOND
"""Venue time between the last event of a round and the first of the next."""


def played(feeds: Sequence[OpenFeed], *, loop: bool = False) -> Iterator[Shown]:
    """Trades, tops and deltas of all feeds in time order; other events are left out.

    Within one feed the recorded order stays. A trade whose id was played before is left out, so
    overlapping recordings do not tell it twice.
    """
    yield from (_rounds(feeds) if loop else _once(feeds))


def _once(feeds: Sequence[OpenFeed]) -> Iterator[Shown]:
    newest: dict[str, int] = {}
    for event in merge(*(_market(feed()) for feed in feeds), key=lambda event: event.ts_ns):
        if isinstance(event, TradeTick):
            if event.trade_id <= newest.get(event.symbol, -1):
                continue
            newest[event.symbol] = event.trade_id
        yield event


def _market(feed: Feed) -> Iterator[Shown]:
    return (event for event in feed if isinstance(event, TradeTick | BookTop | BookDelta))


def _rounds(feeds: Sequence[OpenFeed]) -> Iterator[Shown]:
    """Round after round, each shifted so that stamps and ids go on rising."""
    shift = Shift()
    while True:
        span = Span()
        for event in _once(feeds):
            span.see(event)
            yield shift.moved(event)
        if span.is_empty():
            return
        shift = shift.after(span)


class Span:
    """First and last stamp and ids of one round; ids by symbol."""

    def __init__(self) -> None:
        self.ts: tuple[int, int] | None = None
        self.trades: dict[str, tuple[int, int]] = {}
        self.updates: dict[str, tuple[int, int]] = {}

    def is_empty(self) -> bool:
        return self.ts is None

    def see(self, event: Shown) -> None:
        self.ts = _wider(self.ts, event.ts_ns, event.ts_ns)
        if isinstance(event, TradeTick):
            ids, low, high = self.trades, event.trade_id, event.trade_id
        elif isinstance(event, BookTop):
            ids, low, high = self.updates, event.update_id, event.update_id
        else:
            ids, low, high = self.updates, event.first_id, event.last_id
        ids[event.symbol] = _wider(ids.get(event.symbol), low, high)


class Shift:
    """What is added to the stamps and ids of a round."""

    def __init__(
        self,
        ts_ns: int = 0,
        trades: Mapping[str, int] | None = None,
        updates: Mapping[str, int] | None = None,
    ) -> None:
        self._ts_ns, self._trades, self._updates = ts_ns, trades or {}, updates or {}

    def moved(self, event: Shown) -> Shown:
        if not self._ts_ns:
            return event
        ts_ns = event.ts_ns + self._ts_ns
        if isinstance(event, TradeTick):
            trade_id = event.trade_id + self._trades[event.symbol]
            return replace(event, ts_ns=ts_ns, trade_id=trade_id)
        by = self._updates[event.symbol]
        if isinstance(event, BookTop):
            return replace(event, ts_ns=ts_ns, update_id=event.update_id + by)
        first, last = event.first_id + by, event.last_id + by
        return replace(event, ts_ns=ts_ns, first_id=first, last_id=last)

    def after(self, span: Span) -> "Shift":
        """The shift of the round after one that spans (unshifted) `span`."""
        assert span.ts is not None
        first, last = span.ts
        return Shift(
            self._ts_ns + last - first + LOOP_GAP_NS,
            {s: self._trades.get(s, 0) + b - a + 1 for s, (a, b) in span.trades.items()},
            {s: self._updates.get(s, 0) + b - a + 1 for s, (a, b) in span.updates.items()},
        )


def _wider(known: tuple[int, int] | None, low: int, high: int) -> tuple[int, int]:
    return (low, high) if known is None else (min(known[0], low), max(known[1], high))


class StandInTops:
    """A book top one tick around every trade of a symbol of which no book was recorded."""

    def __init__(self, qty: Decimal) -> None:
        self._qty = qty
        self._has_book: set[str] = set()
        self._made: dict[str, int] = {}

    def after(self, event: Shown, instrument: Instrument) -> BookTop | None:
        """The top to show after `event`, if its symbol needs one."""
        symbol = event.symbol
        if not isinstance(event, TradeTick):
            self._has_book.add(symbol)
            return None
        if symbol in self._has_book:
            return None
        number = self._made[symbol] = self._made.get(symbol, 0) + 1
        tick, qty = instrument.price_tick, self._qty
        bid, ask = max(tick, event.price - tick), event.price + tick
        return BookTop(event.ts_ns, symbol, number, bid, qty, ask, qty)
