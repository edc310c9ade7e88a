"""Bars on their way: what is asked of engine and venue, and when."""

from decimal import Decimal as D

import numpy as np
import pytest

from genesis.domain.instrument import Instrument
from genesis.domain.time import MINUTE
from genesis.engine.step import NO_WATCH, Watch
from genesis.sim.bar_tape import STALE, BarTape
from genesis.sim.columns import NEVER, BarColumns
from genesis.sim.scan import Levels

BTC = Instrument("BTC/USDT", "BTC", "USDT", D("0.01"), D("0.001"))


class Engine:
    """Wants what it is told to want; counts how often it is asked."""

    def __init__(self) -> None:
        self.wants, self.asked = NO_WATCH, 0

    def watch(self, symbol: str) -> Watch:
        assert symbol == BTC.symbol
        self.asked += 1
        return self.wants


class Exchange:
    def __init__(self, resting: Levels) -> None:
        self.resting = resting
        self.told: list[tuple[str, int, D]] = []

    def levels(self, symbol: str, step: D) -> Levels:
        assert (symbol, step) == (BTC.symbol, BTC.price_tick)
        return self.resting

    def skip(self, symbol: str, ts_ns: int, last: D) -> None:
        self.told.append((symbol, ts_ns, last))


def columns() -> BarColumns:
    opened = np.array([0, MINUTE, 5 * MINUTE], np.int64)
    prices = (np.array(row, np.int64) for row in ([5, 7, 9], [8, 9, 9], [4, 6, 9], [7, 8, 9]))
    step = (BTC.price_tick, BTC.qty_lot)
    return BarColumns(BTC, *step, MINUTE, opened, *prices, np.array([1, 2, 3], np.int64))


def tape(resting: Levels = STALE) -> tuple[BarTape, Engine, Exchange]:
    engine, exchange = Engine(), Exchange(resting)
    return BarTape(engine, columns(), exchange), engine, exchange  # type: ignore[arg-type]


def test_rows_are_the_bars_as_the_engine_sees_them() -> None:
    made, _, _ = tape()
    bars = [made.bar(i) for i in (0, 1, 1, 2)]
    assert bars == [*list(columns().closed())[:2], *list(columns().closed())[1:]]
    assert [bar.ts_ns for bar in bars] == [MINUTE, 2 * MINUTE, 2 * MINUTE, 6 * MINUTE]
    assert (bars[0].open, bars[0].high, bars[0].low) == (D("0.05"), D("0.08"), D("0.04"))
    assert (made.opens, made.volumes) == ([5, 7, 9], [1, 2, 3])


@pytest.mark.parametrize(
    ("watch", "resting", "touch"),
    [
        (NO_WATCH, Levels(3, 9), Levels(3, 9)),
        (Watch(D("0.055"), D("0.071")), Levels(3, 9), Levels(5, 8)),
        (Watch(D("0.02")), Levels(3, NEVER), Levels(3, NEVER)),
        (Watch(every_tick=True), Levels(3, 9), Levels(3, 9, every=True)),
        (Watch(D("0.02")), Levels(-1, NEVER, every=True), Levels(2, NEVER, every=True)),
    ],
)
def test_what_rests_and_what_is_watched_both_matter(watch, resting, touch) -> None:
    made, engine, _ = tape(resting)
    engine.wants = watch
    made.look()
    assert made.touch == touch
    assert made.is_watched is (watch is not NO_WATCH)


def test_it_asks_again_only_when_something_happened() -> None:
    made, engine, _ = tape(Levels(3, 9))
    made.look()
    made.look()
    assert engine.asked == 1
    made.touch = STALE
    made.look()
    assert engine.asked == 2


def test_the_venue_is_told_the_last_price_once() -> None:
    made, _, exchange = tape()
    made.tell_venue()
    made.unseen = (5, D("0.07"))
    made.tell_venue()
    made.tell_venue()
    assert exchange.told == [(BTC.symbol, 5, D("0.07"))]
