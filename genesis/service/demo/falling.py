"""The market of the ladder's story: made up, thin, and falling at once when the story wants it."""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from itertools import count
from typing import Final

from genesis.domain.events import BookTop, TradeTick
from genesis.domain.money import ZERO, round_down
from genesis.domain.time import SECOND
from genesis.sim.sample import sample_market

FALL: Final = Decimal("0.33")
"""Of the price, at once: no stop helps against a market that opens below it."""


class FallingMarket:
    """The synthetic sample with one moment of every second of it, so that fast time costs little.

    seed, start_ns, seconds, symbol: see `sample_market`. price_tick: the grid of its prices.
    """

    def __init__(
        self, seed: int, start_ns: int, seconds: int, symbol: str, price_tick: Decimal
    ) -> None:
        self._sample = (seed, start_ns, seconds, symbol)
        self._price_tick = price_tick
        self._is_falling = False
        self._fallen_by = ZERO
        self._now_ns = start_ns
        self._end_ns: int | None = None

    def fall(self) -> None:
        """From the next book on, everything is a third cheaper: no trade meets the old one."""
        self._is_falling = True

    def end(self, seconds: float) -> None:
        """Let the feed end after so much more venue time."""
        self._end_ns = self._now_ns + int(seconds * SECOND)

    def feed(self) -> Iterator[TradeTick | BookTop]:
        """The market as events in time order."""
        for event in thinned(sample_market(*self._sample)):
            self._now_ns = event.ts_ns
            if self._end_ns is not None and event.ts_ns > self._end_ns:
                return
            if self._is_falling and not self._fallen_by and isinstance(event, BookTop):
                self._fallen_by = round_down(event.bid * FALL, self._price_tick)
            yield self._moved(event)

    def _moved(self, event: TradeTick | BookTop) -> TradeTick | BookTop:
        by = self._fallen_by
        if not by:
            return event
        if isinstance(event, TradeTick):
            return replace(event, price=event.price - by)
        return replace(event, bid=event.bid - by, ask=event.ask - by)


def thinned(market: Iterator[TradeTick | BookTop]) -> Iterator[TradeTick | BookTop]:
    """The first moment of every second: the book, and the trades that hit it there.

    They are numbered anew: ids that leave some out say that prints were lost.
    """
    second = kept_ns = -1
    trade_ids = count(1)
    for event in market:
        if event.ts_ns // SECOND > second:
            second, kept_ns = event.ts_ns // SECOND, event.ts_ns
        if event.ts_ns != kept_ns:
            continue
        yield replace(event, trade_id=next(trade_ids)) if isinstance(event, TradeTick) else event
