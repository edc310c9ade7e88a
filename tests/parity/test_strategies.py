"""Every strategy decides the same with skipping and with every tick."""

from decimal import Decimal

import numpy as np
import pytest

from genesis.research import Instrument, Ticks, backtest
from tests.support.markets import START_NS, wandering_ticks, with_tops
from tests.support.pairs import pair

FREE = {"maker_bps": 0, "taker_bps": 0, "min_edge_bps": 2, "decay": 0.5, "moves": 20}
CASES = {
    "donchian": {"entry_bars": 6, "exit_bars": 4, "bar": "1m"},
    "mean_reversion": {
        "bars": 12,
        "bar": "1m",
        "entry_z": "1.5",
        "hold_bars": 10,
        "max_sigma_bps": 500,
    },
    "market_making": FREE,
}


@pytest.mark.parametrize("name", CASES)
def test_skipping_changes_nothing(name: str) -> None:
    ticks = wandering_ticks(12_000, agility=5, gaps=False)
    market = with_tops(ticks) if name == "market_making" else ticks
    plan = {"params": CASES[name], "rules": "research", "cash": 10_000}
    skipping = backtest(name, market, **plan)  # type: ignore[arg-type]
    every = backtest(name, market, every_tick=True, **plan)  # type: ignore[arg-type]
    assert len(skipping.fills) >= 2
    assert skipping.decision_digest == every.decision_digest


# -- those that compare symbols --------------------------------------------------------------
ETH_BTC = Instrument("ETH/BTC", "ETH", "BTC", Decimal("0.00001"), Decimal("0.0001"))
COSTLESS = {"taker_bps": 0, "slippage_bps": 0, "min_edge_bps": 1}


def triangle() -> list[Ticks]:
    """Three quotes of which each moves a little by itself; the cross comes back to the others."""
    btc = wandering_ticks(1_500, 5, gaps=False)
    rng = np.random.Generator(np.random.PCG64(8))
    stamps = btc.columns.ts_ns
    base = btc.columns.prices * 0.01
    cross = np.round(0.05 * (1 + rng.standard_normal(len(stamps)) * 2e-3), 5)
    eth = np.round(base * 0.05 * (1 + rng.standard_normal(len(stamps)) * 2e-3), 2)
    ones, flags = np.ones(len(stamps)), np.zeros(len(stamps), bool)
    named = (("ETH/USDT", eth), (ETH_BTC, cross))
    made = [Ticks.from_arrays(symbol, stamps, price, ones, flags) for symbol, price in named]
    return [with_tops(made[0], 2), with_tops(btc, 2), with_tops(made[1], 2)]


def belonging() -> list[Ticks]:
    """A minute of four trades for each step of two prices that belong together."""
    logs = pair(0.25, 3, 300)
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


def three() -> list[Ticks]:
    named = (("BTC/USDT", 60_000), ("ETH/USDT", 3_000), ("SOL/USDT", 150))
    return [
        wandering_ticks(5_000, seed, agility=6, symbol=symbol, price=price)
        for seed, (symbol, price) in enumerate(named, 4)
    ]


SEVERAL = {
    "simple_arb": (triangle, COSTLESS | {"hold_s": 20, "pause_s": 5}),
    "statistical_arb": (
        belonging,
        COSTLESS | {"bars": 60, "bar": "1m", "entry_z": 1.2, "max_t": -3.0},
    ),
    "multi_pair": (
        three,
        {"symbols": "BTC/USDT,ETH/USDT,SOL/USDT", "bars": 10, "bar": "1m", "entry_z": "1.2",
         "hold_bars": 5, "max_sigma_bps": 900, **COSTLESS},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", SEVERAL)
def test_skipping_changes_nothing_for_several_symbols(name: str) -> None:
    made, params = SEVERAL[name]
    markets = made()
    plan = {"params": params, "rules": "research", "cash": 10_000, "latency": (20, 50, 20)}
    skipping = backtest(name, markets, **plan)  # type: ignore[arg-type]
    every = backtest(name, markets, every_tick=True, **plan)  # type: ignore[arg-type]
    assert len(skipping.trades) >= 2
    assert "ETH/BTC" not in set(skipping.fills["symbol"])
    assert skipping.decision_digest == every.decision_digest
