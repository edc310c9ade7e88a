"""MARKET DATA: what is known of each symbol, kept from the events."""

from collections import deque
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any, Final

from genesis.domain.account import MarketState
from genesis.domain.events import (
    BAR_TIMER,
    BarClosed,
    BookDelta,
    BookTop,
    Event,
    InstrumentReported,
    Level,
    RunStarted,
    TimerFired,
    TradeTick,
    VenueStatus,
)
from genesis.domain.instrument import Instrument
from genesis.domain.orders import Side
from genesis.domain.outcomes import GlobalMarketChanged, MarketStateChanged
from genesis.domain.slicing import VolumeProfileReported
from genesis.market.bars import Bars
from genesis.market.book import Book
from genesis.market.closes import Closes
from genesis.market.regime import Regime
from genesis.market.rules import MarketRules
from genesis.market.whole import Whole

KEPT_BARS: Final = 512
_TWO: Final = Decimal(2)


class SymbolMarket:
    """One symbol: last trade, best bid and ask, bars; its state and returns where rules ask.

    book: from the first depth on; None while only tops are told.
    """

    __slots__ = ("bars", "book", "builders", "closes", "last", "last_ns", "regime", "symbol", "top")

    def __init__(self, symbol: str, widths: Iterable[int]) -> None:
        self.symbol = symbol
        self.last: Decimal | None = None
        self.last_ns = 0
        self.top: BookTop | None = None
        self.book: Book | None = None
        self.builders = {width: Bars(width) for width in widths}
        self.bars: deque[BarClosed] = deque(maxlen=KEPT_BARS)
        self.regime: Regime | None = None
        self.closes: Closes | None = None

    def mark(self, now_ns: int, stale_ns: int) -> Decimal | None:
        """Price for valuing a position: mid of a fresh book top, else the last trade."""
        if self.top is not None and now_ns - self.top.ts_ns <= stale_ns:
            return (self.top.bid + self.top.ask) / _TWO
        return self.last

    def rows(self, side: Side, now_ns: int, stale_ns: int) -> Iterable[Level]:
        """Fresh rows of a side, best first: of the book, else of its top; none where unknown."""
        if self.book is not None and now_ns - self.book.depth_ns <= stale_ns:
            return self.book.rows(side)
        top = self.top
        if top is None or now_ns - top.ts_ns > stale_ns:
            return ()
        is_bid = side is Side.BUY
        return (Level(top.bid, top.bid_qty) if is_bid else Level(top.ask, top.ask_qty),)


class Market:
    """All symbols. `apply` returns the bars that a bar timer closed.

    widths: of the bars that are wanted from outside; `rules` may need bars of its own beside them.
    """

    def __init__(self, widths: Iterable[int] = (), rules: MarketRules | None = None) -> None:
        self._asked = frozenset(widths)
        self._rules = rules
        self._widths = self._needed()
        self.moved: tuple[MarketStateChanged | GlobalMarketChanged, ...] = ()
        """States that changed with the last bar."""
        self.whole: Whole | None = None
        self.symbols: dict[str, SymbolMarket] = {}
        self.instruments: dict[str, Instrument] = {}
        self.profiles: dict[str, VolumeProfileReported] = {}
        """How much usually trades when, of symbols of which that was told."""
        self.status = MarketState.NORMAL
        self.since_ns = 0
        """When the run began."""
        self._appliers: dict[type, Callable[[Any], BarClosed | None]] = {
            TradeTick: self._trade,
            BookTop: self._top,
            BookDelta: self._delta,
            VolumeProfileReported: self._profile,
            BarClosed: self._bar,
            TimerFired: self._timer,
            InstrumentReported: self._instrument,
            VenueStatus: self._venue,
            RunStarted: self._run,
        }
        self._regulate_whole()

    def apply(self, event: Event) -> BarClosed | None:
        """Take one event in; the bar it closed, if it was a bar's boundary."""
        applier = self._appliers.get(type(event))
        return applier(event) if applier is not None else None

    def of(self, symbol: str) -> SymbolMarket:
        known = self.symbols.get(symbol)
        if known is None:
            known = self.symbols[symbol] = SymbolMarket(symbol, self._widths)
            self._regulate(known)
        return known

    def want(self, widths: Iterable[int]) -> None:
        """Build bars of these widths, too."""
        self._asked |= frozenset(widths)
        self._build()

    def set_rules(self, rules: MarketRules | None) -> None:
        """Symbols are judged by these from now on; what is known of them stays."""
        self._rules = rules
        for market in self.symbols.values():
            self._regulate(market)
        self._regulate_whole()
        self._build()

    def _regulate_whole(self) -> None:
        rules = None if self._rules is None else self._rules.whole
        if rules is None:
            self.whole = None
        else:
            self.whole = Whole(rules) if self.whole is None else self.whole.under(rules)

    def _regulate(self, market: SymbolMarket) -> None:
        states = None if self._rules is None else self._rules.states
        pairs = None if self._rules is None else self._rules.correlation
        regime, closes = market.regime, market.closes
        if states is None:
            market.regime = None
        else:
            market.regime = Regime(states) if regime is None else regime.under(states)
        if pairs is None:
            market.closes = None
        else:
            market.closes = Closes(pairs) if closes is None else closes.under(pairs)

    def _needed(self) -> tuple[int, ...]:
        own = () if self._rules is None else (self._rules.states.width_ns,)
        return tuple(sorted({*self._asked, *own}))

    def _build(self) -> None:
        self._widths = self._needed()
        for market in self.symbols.values():
            for width in self._widths:
                market.builders.setdefault(width, Bars(width))

    @property
    def widths(self) -> tuple[int, ...]:
        """Widths of all bars that are needed, smallest first."""
        return self._widths

    def state_of(self, symbol: str) -> MarketState:
        """The venue's state where it is not well, else the symbol's own."""
        if self.status is not MarketState.NORMAL:
            return self.status
        known = self.symbols.get(symbol)
        return MarketState.NORMAL if known is None or known.regime is None else known.regime.state

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
        market = self.of(top.symbol)
        market.top = top
        if market.book is not None:
            market.book.apply(top)

    def _delta(self, delta: BookDelta) -> None:
        market = self.of(delta.symbol)
        if market.book is None:
            market.book = Book()
        market.book.apply(delta)

    def _profile(self, told: VolumeProfileReported) -> None:
        self.profiles[told.symbol] = told

    def _bar(self, bar: BarClosed) -> None:
        market = self.symbols.get(bar.symbol) or self.of(bar.symbol)
        market.last, market.last_ns = bar.close, bar.ts_ns
        self._take(market, bar)

    def take(self, bar: BarClosed) -> None:
        """A bar of the prints that are known: it says nothing new of the price."""
        self._take(self.symbols[bar.symbol], bar)

    def _take(self, market: SymbolMarket, bar: BarClosed) -> None:
        self.moved = ()
        rules = self._rules
        if rules is None or bar.width_ns != rules.states.width_ns:
            market.bars.append(bar)
            return
        if bar.width_ns in self._asked:
            market.bars.append(bar)
        self._judge(market, bar)

    def _judge(self, market: SymbolMarket, bar: BarClosed) -> None:
        regime = market.regime
        assert regime is not None
        close = float(bar.close)
        if market.closes is not None:
            market.closes.take(bar.ts_ns, close)
        before = regime.state
        after = regime.take(bar, market.top)
        if after is not before:
            changed = MarketStateChanged(bar.ts_ns, bar.symbol, before, after, regime.reason)
            self.moved = (changed,)
        whole = self.whole
        if whole is None:
            return
        held = whole.state
        if whole.take(bar.symbol, bar.ts_ns, close) is not held:
            self.moved += (GlobalMarketChanged(bar.ts_ns, held, whole.state, whole.reason),)

    def _timer(self, timer: TimerFired) -> BarClosed | None:
        if not timer.key.startswith(BAR_TIMER):
            return None
        symbol, _, width = timer.key[len(BAR_TIMER) :].rpartition(":")
        builder = self.of(symbol).builders.get(int(width))
        return None if builder is None else builder.close(timer.ts_ns, symbol)

    def _run(self, event: RunStarted) -> None:
        self.since_ns = event.ts_ns

    def _instrument(self, event: InstrumentReported) -> None:
        self.instruments[event.instrument.symbol] = event.instrument

    def _venue(self, event: VenueStatus) -> None:
        self.status = MarketState.NORMAL if event.status == "normal" else MarketState.MAINTENANCE
