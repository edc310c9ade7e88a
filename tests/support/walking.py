"""Markets and strategies for walks forward: what is known in them, and what may not be."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from genesis.domain.account import Tier
from genesis.domain.events import BarClosed, Event
from genesis.domain.orders import Side
from genesis.domain.time import MINUTE
from genesis.research import Bars, Fees
from genesis.strategy import Intent, View
from tests.support.markets import START_NS

FREE = {"rules": "research", "fill": "next_open", "cash": 1_000, "qty": 1, "fees": Fees(0, 0)}
"""Conditions under which nothing costs anything."""


def bars_of(closes: np.ndarray, opens: np.ndarray | None = None) -> Bars:
    """Minute bars of closes; each opens at the close before where no opens are given."""
    close = np.round(closes, 2)
    first = np.concatenate((close[:1], close[:-1])) if opens is None else np.round(opens, 2)
    times = START_NS + np.arange(len(close)) * MINUTE
    high, low = np.maximum(first, close), np.minimum(first, close)
    return Bars.from_arrays("BTC/USDT", times, first, high, low, close, np.ones(len(close)))


def noise_bars(rows: int, seed: int) -> Bars:
    """A driftless walk about 100."""
    rng = np.random.Generator(np.random.PCG64(seed))
    return bars_of(100 * np.exp(np.cumsum(rng.standard_normal(rows) * 1e-3)))


def wave_bars(rows: int, period: int = 40) -> Bars:
    """A wave that never changes: what was good in it stays good."""
    return bars_of(100 + 5 * np.sin(np.arange(rows) * 2 * np.pi / period))


def rising_hours(hours: int) -> Bars:
    """Each hour goes up and down again, each one higher than the one before."""
    slope = np.concatenate((np.arange(30), np.arange(30, 0, -1)))
    return bars_of(np.concatenate([100 + slope * 0.1 * (hour + 1) for hour in range(hours)]))


def jumping_hours(hours: int) -> Bars:
    """The price jumps up by 1 where an hour begins and creeps back until it ends."""
    opens = np.concatenate([101 - np.arange(60) / 60] * hours)
    return bars_of(opens - 1 / 60, opens)


@dataclass(frozen=True, slots=True)
class HourParams:
    hour: int = 0
    bar: str = "1m"


class OneHour:
    """Holds through the first half of one hour of the market, and of no other."""

    name = "one_hour"
    tier = Tier.SNIPER
    wants: frozenset[type] = frozenset({BarClosed})
    Params = HourParams
    warm_up_bars = 5

    def __init__(self, params: HourParams | None = None) -> None:
        self.params = params or HourParams()
        self.bar: str | None = self.params.bar

    def minute(self, event: BarClosed) -> int:
        """Of the market, when the bar was over."""
        return (event.ts_ns - START_NS) // MINUTE

    def on_event(self, event: Event, view: View) -> Sequence[Intent]:
        if type(event) is not BarClosed:
            return ()
        at = self.minute(event) - 60 * self.params.hour
        held = view.position(event.symbol) is not None
        if at == 2 and not held:
            return (Intent(event.symbol, Side.BUY),)
        return (Intent(event.symbol, Side.SELL, reduces=True),) if held and at == 30 else ()


class Straddler(OneHour):
    """Buys before each hour begins and sells after: all it earns lies across that line."""

    name = "straddler"

    def on_event(self, event: Event, view: View) -> Sequence[Intent]:
        if type(event) is not BarClosed:
            return ()
        at = self.minute(event) % 60
        if view.position(event.symbol) is not None:
            return (Intent(event.symbol, Side.SELL, reduces=True),) if at == 0 else ()
        return (Intent(event.symbol, Side.BUY),) if at == 59 else ()
