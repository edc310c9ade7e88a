"""Strategies with a planted fault each, for the guards to find; and some that only look so."""

from collections.abc import Sequence
from decimal import Decimal
from itertools import pairwise
from typing import ClassVar

from genesis.domain.account import Tier
from genesis.domain.events import BarClosed, Event, TradeTick
from genesis.domain.orders import Side
from genesis.domain.time import MINUTE
from genesis.research import Bars, Ticks
from genesis.strategy import Intent, View
from genesis.strategy.symbols import Moment

Market = Ticks | Bars


class OfBars:
    """Buys when `rising` says so and it holds nothing, sells when it does not any more."""

    name = "of_bars"
    tier = Tier.SNIPER
    bar: str | None = "1m"
    wants: frozenset[type] = frozenset({BarClosed})

    def rising(self, bar: BarClosed, view: View) -> bool:
        raise NotImplementedError

    def on_event(self, event: Event, view: View) -> Sequence[Intent]:
        assert isinstance(event, BarClosed)
        rising, held = self.rising(event, view), view.position(event.symbol) is not None
        if rising == held:
            return ()
        side = Side.BUY if rising else Side.SELL
        return (Intent(event.symbol, side, reduces=not rising, why="signal"),)


def closes_of(data: Market, width_ns: int = MINUTE) -> dict[int, int]:
    """The close of every bar by when it was over, the unfinished last one included."""
    if isinstance(data, Bars):
        ends, closes = data.columns.open_ts_ns + data.columns.width_ns, data.columns.closes
    else:
        ends = (data.columns.ts_ns // width_ns + 1) * width_ns
        closes = data.columns.prices
    return dict(zip(ends.tolist(), closes.tolist(), strict=True))


# -- leaks -----------------------------------------------------------------------------------
class Ahead(OfBars):
    """LEAK: goes by a close some bars ahead, as `shift(-n)` does."""

    name = "ahead"

    def __init__(self, data: Market, bars: int = 1) -> None:
        closes = closes_of(data)
        ends = sorted(closes)
        self._up = {
            end: closes[later] > closes[end] for end, later in zip(ends, ends[bars:], strict=False)
        }

    def rising(self, bar: BarClosed, view: View) -> bool:
        return self._up.get(bar.ts_ns, False)


class Scaled(OfBars):
    """LEAK: holds a price against the middle of the whole series."""

    name = "scaled"

    def __init__(self, data: Market) -> None:
        closes = closes_of(data).values()
        self._middle = (min(closes) + max(closes)) * Decimal("0.005")

    def rising(self, bar: BarClosed, view: View) -> bool:
        return bar.close < self._middle


class Before(OfBars):
    """No leak, though made from data: it looks up the close one bar ago."""

    name = "before"

    def __init__(self, data: Market) -> None:
        closes = closes_of(data)
        ends = sorted(closes)
        self._was = dict(zip(ends[1:], (closes[end] for end in ends), strict=False))

    def rising(self, bar: BarClosed, view: View) -> bool:
        was = self._was.get(bar.ts_ns)
        return was is not None and bar.close * 100 > was


# -- bugs ------------------------------------------------------------------------------------
class LeftOver(OfBars):
    """BUG: what it saw hangs at the class, so the next run begins with it."""

    name = "left_over"
    seen: ClassVar[list[Decimal]] = []

    def __init__(self, every: int) -> None:
        self._every = every

    def rising(self, bar: BarClosed, view: View) -> bool:
        self.seen.append(bar.close)
        return len(self.seen) % self._every < 3


class HashOrder(OfBars):
    """BUG: the order of a set of text decides how much is bought."""

    name = "hash_order"

    def rising(self, bar: BarClosed, view: View) -> bool:
        return bar.ts_ns // MINUTE % 6 < 3

    def on_event(self, event: Event, view: View) -> Sequence[Intent]:
        moods = {"calm", "bold", "shy", "proud", "torn", "glad", "sour", "keen"}
        return [
            wish if wish.reduces else Intent(wish.symbol, wish.side, why=next(iter(moods)))
            for wish in super().on_event(event, view)
        ]


class ColdStart(OfBars):
    """BUG: an average over 20 bars that begins with 0 and says that 5 bars are enough."""

    name = "cold_start"
    warm_up_bars = 5

    def __init__(self, span: int = 20, *, from_zero: bool = True) -> None:
        self._share = Decimal(2) / (span + 1)
        self._mean = Decimal(0) if from_zero else None

    def rising(self, bar: BarClosed, view: View) -> bool:
        before = bar.close if self._mean is None else self._mean
        self._mean = before + (bar.close - before) * self._share
        return bar.close > self._mean


class WarmStart(ColdStart):
    """No bug: it begins with the first price and says how long it remembers."""

    name = "warm_start"
    warm_up_bars = 15

    def __init__(self) -> None:
        super().__init__(4, from_zero=False)


class SameStamp:
    """BUG: buys where a trade is above another one of the same stamp that came before it."""

    name = "same_stamp"
    tier = Tier.SNIPER
    bar: str | None = None
    wants: frozenset[type] = frozenset({TradeTick})

    def __init__(self) -> None:
        self._last: TradeTick | None = None

    def on_event(self, event: Event, view: View) -> Sequence[Intent]:
        assert isinstance(event, TradeTick)
        last, self._last = self._last, event
        held = view.position(event.symbol)
        if held is not None and event.ts_ns - held.opened_ns > MINUTE:
            return (Intent(event.symbol, Side.SELL, reduces=True, why="signal"),)
        if last is None or held is not None or view.orders(event.symbol):
            return ()
        if last.ts_ns == event.ts_ns and event.price > last.price + 3:
            return (Intent(event.symbol, Side.BUY, why="signal"),)
        return ()


class ByArrival(SameStamp):
    """The same, declared."""

    name = "by_arrival"
    tie_break = "arrival"


# -- what cannot run -------------------------------------------------------------------------
class Raising(OfBars):
    """Divides by zero at the tenth bar."""

    name = "raising"

    def __init__(self) -> None:
        self._left = 10

    def rising(self, bar: BarClosed, view: View) -> bool:
        self._left -= 1
        return 1 / self._left > 0.2


class Endless(OfBars):
    """Never comes back from the fifth bar."""

    name = "endless"

    def __init__(self) -> None:
        self._bars = 0

    def rising(self, bar: BarClosed, view: View) -> bool:
        self._bars += 1
        while self._bars == 5:
            try:
                pass
            except Exception:
                continue
        return False


class Returning(OfBars):
    """Returns whatever it was made with at every third bar."""

    name = "returning"

    def __init__(self, answer: object) -> None:
        self._answer, self._bars = answer, 0

    def on_event(self, event: Event, view: View) -> Sequence[Intent]:
        self._bars += 1
        return self._answer if self._bars % 3 == 0 else ()  # type: ignore[return-value]


# -- those that compare two symbols ----------------------------------------------------------
class OfPair(OfBars):
    """Trades the first of two symbols; asked once both have closed their bar of a moment."""

    name = "of_pair"

    def __init__(self, first: str = "BTC/USDT", second: str = "ETH/USDT") -> None:
        self._first, self._second = first, second
        self._moment = Moment((first, second))

    def is_up(self, first: BarClosed, second: BarClosed) -> bool:
        raise NotImplementedError

    def on_event(self, event: Event, view: View) -> Sequence[Intent]:
        assert isinstance(event, BarClosed)
        bars = self._moment.add(event)
        if not bars:
            return ()
        return self.wished(self.is_up(bars[0], bars[1]), view)

    def wished(self, is_up: bool, view: View) -> Sequence[Intent]:
        if is_up == (view.position(self._first) is not None):
            return ()
        side = Side.BUY if is_up else Side.SELL
        return (Intent(self._first, side, reduces=not is_up, why="signal"),)


class Together(OfPair):
    """No bug: buys where both bars rose."""

    name = "together"

    def is_up(self, first: BarClosed, second: BarClosed) -> bool:
        return first.close > first.open and second.close > second.open


class OtherAhead(OfPair):
    """LEAK: goes by the next close of the other symbol."""

    name = "other_ahead"

    def __init__(self, data: tuple[Market, ...]) -> None:
        super().__init__()
        closes = closes_of(data[1])
        ends = sorted(closes)
        self._up = {end: closes[later] > closes[end] for end, later in pairwise(ends)}

    def is_up(self, first: BarClosed, second: BarClosed) -> bool:
        return self._up.get(first.ts_ns, False)


class RatioScaled(OfPair):
    """LEAK: holds the ratio of both prices against the middle of all of its past and future."""

    name = "ratio_scaled"

    def __init__(self, data: tuple[Market, ...]) -> None:
        super().__init__()
        both = [closes_of(market) for market in data]
        known = sorted(both[0].keys() & both[1].keys())
        ratios = [Decimal(both[0][at]) / both[1][at] for at in known]
        self._middle = (min(ratios) + max(ratios)) / 2

    def is_up(self, first: BarClosed, second: BarClosed) -> bool:
        return first.close / second.close < self._middle


class Hasty(OfPair):
    """BUG: compares at the first symbol's bar with whatever bar of the other one came last."""

    name = "hasty"

    def __init__(self) -> None:
        super().__init__()
        self._rose = False

    def on_event(self, event: Event, view: View) -> Sequence[Intent]:
        assert isinstance(event, BarClosed)
        if event.symbol == self._second:
            self._rose = event.close > event.open
            return ()
        return self.wished(self._rose, view)


class HastyDeclared(Hasty):
    """The same, declared."""

    name = "hasty_declared"
    tie_break = "arrival"


class ColdPair(OfPair):
    """BUG: an average of the other symbol's price that begins with 0; 5 bars are too few for it."""

    name = "cold_pair"
    warm_up_bars = 5

    def __init__(self) -> None:
        super().__init__()
        self._mean = Decimal(0)

    def is_up(self, first: BarClosed, second: BarClosed) -> bool:
        self._mean += (second.close - self._mean) / 10
        return second.close > self._mean


class LeftOverPair(OfPair):
    """BUG: what it saw of both hangs at the class."""

    name = "left_over_pair"
    seen: ClassVar[list[Decimal]] = []

    def is_up(self, first: BarClosed, second: BarClosed) -> bool:
        self.seen.append(second.close)
        return len(self.seen) % 8 < 3
