"""Which symbols a feed holds, and on which grid they trade, told by the beginning of the feed."""

from collections.abc import Iterable
from decimal import Decimal
from itertools import islice
from typing import Final

from genesis.domain.events import BookDelta, BookTop, Event, TradeTick
from genesis.domain.instrument import Instrument
from genesis.wire.instruments import known_instrument, on_grid

HEAD: Final = 5_000
"""Events that are looked at."""
_COARSEST: Final = Decimal(1)


def listed_in(feed: Iterable[Event], head: int = HEAD) -> dict[str, Instrument]:
    """An instrument for every symbol in the head of a feed.

    A well-known symbol has its own grid, unless the feed is finer; any other the grid of its
    finest price and quantity.
    """
    grids: dict[str, tuple[Decimal, Decimal]] = {}
    for event in islice(feed, head):
        if not isinstance(event, TradeTick | BookTop | BookDelta):
            continue
        tick, lot = grids.get(event.symbol, (_COARSEST, _COARSEST))
        for price, qty in _amounts(event):
            tick, lot = min(tick, _step(price)), min(lot, _step(qty))
        grids[event.symbol] = (tick, lot)
    return {symbol: _instrument(symbol, tick, lot) for symbol, (tick, lot) in grids.items()}


def _instrument(symbol: str, tick: Decimal, lot: Decimal) -> Instrument:
    known = known_instrument(symbol)
    if known is not None and not (tick % known.price_tick or lot % known.qty_lot):
        return known
    return on_grid(symbol, tick, lot)


def _amounts(event: TradeTick | BookTop | BookDelta) -> Iterable[tuple[Decimal, Decimal]]:
    if isinstance(event, TradeTick):
        return ((event.price, event.qty),)
    if isinstance(event, BookTop):
        return ((event.bid, event.bid_qty), (event.ask, event.ask_qty))
    return (*event.bids, *event.asks)


def _step(amount: Decimal) -> Decimal:
    """The power of ten of the last digit that is not 0; 1 for whole amounts."""
    exponent = amount.normalize().as_tuple().exponent
    assert isinstance(exponent, int)
    return Decimal(1).scaleb(min(exponent, 0))
