"""Made-up markets of symbols that have to do with each other, for strategies that compare them."""

from decimal import Decimal

import numpy as np

from genesis.research import Instrument, Ticks
from tests.support.markets import START_NS, wandering_ticks, with_tops
from tests.support.pairs import pair
from tests.support.tied_markets import slowed

ETH_BTC = Instrument("ETH/BTC", "ETH", "BTC", Decimal("0.00001"), Decimal("0.0001"))


def triangle(rows: int = 1_500, slower: int = 1) -> list[Ticks]:
    """Three quotes of which each moves a little by itself; the cross comes back to the others."""
    btc = slowed(wandering_ticks(rows, 5, gaps=False), slower)
    rng = np.random.Generator(np.random.PCG64(8))
    stamps = btc.columns.ts_ns
    base = btc.columns.prices * 0.01
    cross = np.round(0.05 * (1 + rng.standard_normal(len(stamps)) * 2e-3), 5)
    eth = np.round(base * 0.05 * (1 + rng.standard_normal(len(stamps)) * 2e-3), 2)
    ones, flags = np.ones(len(stamps)), np.zeros(len(stamps), bool)
    named = (("ETH/USDT", eth), (ETH_BTC, cross))
    made = [Ticks.from_arrays(symbol, stamps, price, ones, flags) for symbol, price in named]
    return [with_tops(made[0], 2), with_tops(btc, 2), with_tops(made[1], 2)]


def belonging(minutes: int = 300) -> list[Ticks]:
    """A minute of four trades for each step of two prices that belong together."""
    logs = pair(0.25, 3, minutes)
    markets = []
    for symbol, log, seed in zip(("BTC/USDT", "ETH/USDT"), logs, (1, 2), strict=True):
        rng = np.random.Generator(np.random.PCG64(seed))
        stamps = START_NS + np.arange(4 * len(log)) * 15_000_000_000
        price = np.round(
            np.repeat(np.exp(log), 4) * (1 + rng.standard_normal(len(stamps)) / 9e4), 2
        )
        ones = np.ones(len(stamps))
        markets.append(Ticks.from_arrays(symbol, stamps, price, ones, ones > 0))
    return markets


def three(rows: int = 5_000) -> list[Ticks]:
    """Three that wander, each for itself."""
    named = (("BTC/USDT", 60_000), ("ETH/USDT", 3_000), ("SOL/USDT", 150))
    return [
        wandering_ticks(rows, seed, agility=6, symbol=symbol, price=price)
        for seed, (symbol, price) in enumerate(named, 4)
    ]
