"""The signal of mean_reversion on up to five symbols at once: the best of them are traded.

Premise: that of mean_reversion. A fall far below the mean is rare in one symbol and five times as
frequent in five; looking at several at once lets it take the falls with the longest way back
instead of the first one that comes.

Which: of the symbols that fell in this bar, those with the largest way to the mean net of costs
enter first, as long as one of the `places` is free; equals in the order in which they are named.
One wish per symbol. It decides on entries when the last of all named symbols has closed its bar of
a moment, so the order in which they come does not matter; a moment in which one of them did not
trade brings no entry. It leaves each symbol at that symbol's own bar, whatever the others do, and
a place that is left counts as taken until the next moment.

Costs: those of mean_reversion, for each symbol.

When it fails: when all fall at once the market fell, not a symbol: then every signal is wrong
together. `places` bounds how many are held, the gate counts what moves together as one bet. A
symbol that hardly trades makes most moments incomplete: name liquid ones only.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from genesis.domain.account import Tier
from genesis.domain.events import BarClosed, Event
from genesis.strategy.base import Intent, View
from genesis.strategy.hunter.mean_reversion import MeanReversionParams, Signal
from genesis.strategy.symbols import Moment, listed
from genesis.strategy.windows import check_width

_MOST = 5
"""Symbols that a HUNTER may trade."""


@dataclass(frozen=True, slots=True)
class MultiPairParams(MeanReversionParams):
    """symbols: two to five, parted by commas. places: how many may be held at once."""

    symbols: str = "BTC/USDT,ETH/USDT,SOL/USDT"
    places: int = 2

    def __post_init__(self) -> None:
        MeanReversionParams.__post_init__(self)
        if not 0 < self.places <= len(self.names):
            raise ValueError(f"places must lie between 1 and the number of symbols: {self.places}")

    @property
    def names(self) -> tuple[str, ...]:
        return listed(self.symbols, 2, _MOST)


class MultiPair:
    name = "multi_pair"
    tier = Tier.HUNTER
    wants: frozenset[type] = frozenset({BarClosed})
    Params = MultiPairParams

    def __init__(self, params: MultiPairParams | None = None) -> None:
        self.params = params or MultiPairParams()
        self.bar: str | None = self.params.bar
        self._width_ns = check_width(self.params.bar)
        self._signals = {symbol: Signal(self.params) for symbol in self.params.names}
        self._moment = Moment(self.params.names)
        self._left: set[str] = set()
        """Symbols it wished to leave in this moment."""

    def on_event(self, event: Event, view: View) -> Sequence[Intent]:
        if type(event) is not BarClosed or event.width_ns != self._width_ns:
            return ()
        signal = self._signals.get(event.symbol)
        if signal is None or event.ts_ns < self._moment.ts_ns:
            return ()
        if event.ts_ns > self._moment.ts_ns:
            self._left.clear()
        signal.add(event.close)
        position, wishes = view.position(event.symbol), []
        if position is not None:
            left = signal.leave(position, view.now_ns, self._width_ns)
            if left is not None:
                self._left.add(event.symbol)
                wishes.append(left)
        bars = self._moment.add(event)
        return [*wishes, *self._entries(bars, view)] if bars else wishes

    def _entries(self, bars: Sequence[BarClosed], view: View) -> Sequence[Intent]:
        """The best of those that fell, as many as there are free places."""
        taken = {bar.symbol for bar in bars if self._is_taken(bar.symbol, view)}
        free = self.params.places - len(taken)
        fell = [bar for bar in bars if bar.symbol not in taken]
        fell = [bar for bar in fell if self._signals[bar.symbol].is_entry]
        fell.sort(key=lambda bar: -self._signals[bar.symbol].edge_bps)  # stable: equals as named
        return [self._signals[bar.symbol].entry(bar) for bar in fell[: max(0, free)]]

    def _is_taken(self, symbol: str, view: View) -> bool:
        """Is it held, about to be, or only just being left?"""
        if symbol in self._left or view.position(symbol) is not None:
            return True
        return any(not order.request.reduces for order in view.orders(symbol))
