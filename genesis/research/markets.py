"""Recorded markets as the driver takes them, if they have what strategies, fill and rules need."""

from collections.abc import Sequence

from genesis.domain.events import BookTop, TradeTick
from genesis.domain.time import parse_width
from genesis.engine.rulebook import Rules
from genesis.errors import UsageError
from genesis.research.bars import Bars
from genesis.research.ticks import Ticks
from genesis.sim.columns import BarSource, Source, TickSource
from genesis.strategy import Strategy

Market = Ticks | Bars
"""One symbol's data."""


def first_ns(market: Market) -> int:
    """UTC ns at which the data begins; there must be some."""
    stamps = market.columns.ts_ns if isinstance(market, Ticks) else market.columns.open_ts_ns
    return int(stamps[0])


def source_of(market: Market, traders: Sequence[Strategy], fill: str, book: Rules) -> Source:
    """Raises UsageError where the data lacks what a strategy or the fill convention wants."""
    if isinstance(market, Bars):
        if fill != "next_open":
            raise UsageError(f"bars have no ticks to fill {fill!r} at: use fill='next_open'")
        for trader in traders:
            _check_bars(market, trader)
        return BarSource(market.columns)
    if fill == "next_open":
        raise UsageError("fill 'next_open' is for Bars; ticks fill 'next_tick' or 'bar_close'")
    _check_book(market, traders, fill)
    widths = [parse_width(trader.bar) for trader in traders if trader.bar is not None]
    if book.market is not None:
        widths.append(book.market.states.width_ns)
    wants_all = any(TradeTick in trader.wants for trader in traders)
    return TickSource(market.columns, widths, market.tops, wants_all)


def _check_bars(market: Bars, trader: Strategy) -> None:
    if trader.bar is None or trader.wants & {TradeTick, BookTop}:
        raise UsageError(f"strategy {trader.name} wants more than bars: give it Ticks")
    if parse_width(trader.bar) != market.columns.width_ns:
        raise UsageError(
            f"strategy {trader.name} wants bars of {trader.bar}, the data has another width"
        )


def _check_book(market: Ticks, traders: Sequence[Strategy], fill: str) -> None:
    if market.tops is not None:
        return
    wanting = [trader.name for trader in traders if BookTop in trader.wants]
    if fill == "book" or wanting:
        who = "fill 'book'" if fill == "book" else f"strategy {wanting[0]}"
        raise UsageError(
            f"{who} needs a recorded book, and this data has trades only; import a capture of the "
            "combined stream (genesis ticks import)"
        )
