"""Every strategy decides the same with skipping and with every tick."""

import pytest

from genesis.research import backtest
from tests.support.markets import wandering_ticks, with_tops
from tests.support.several_markets import belonging, three, triangle

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
COSTLESS = {"taker_bps": 0, "slippage_bps": 0, "min_edge_bps": 1}
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
