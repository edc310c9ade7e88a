"""Several symbols and strategies in one run: skipping decides what every tick fed decides."""

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genesis.domain.account import Tier
from genesis.domain.events import BarClosed, Event
from genesis.domain.orders import Side
from genesis.research import BacktestResult, Bars, Ticks, backtest
from genesis.strategy import Intent, View
from tests.support.markets import START_NS, wandering_ticks, with_tops

PARAMS = {"fast": 3, "slow": 7}
SYMBOLS = ("BTC/USDT", "ETH/USDT", "SOL/USDT")
LIMITS = """
name = "limits"
[market]
portfolio = "none"
[tiers.features.SNIPER]
max_symbols = 3
max_positions = 3
[risk]
adaptive = "none"
daily_loss_fraction = 0.02
[risk.tiers.SNIPER]

position_fraction = 0.3
risk_fraction = 1
exposure_fraction = 1
max_trades_per_day = "none"
[risk.tiers.SNIPER.drawdown]
info_trade_usdt = 2
warning_daily_usdt = 4
critical_total_usdt = 9
halt_total_usdt = 25
"""


@pytest.fixture(scope="module")
def three() -> list[Ticks]:
    prices = (60_000.0, 3_000.0, 150.0)
    return [
        wandering_ticks(7_000, seed, agility=6, symbol=symbol, price=price)
        for seed, (symbol, price) in enumerate(zip(SYMBOLS, prices, strict=True), 5)
    ]


class Follower:
    """Buys a symbol when another one, which it only looks at, stands above its own last look."""

    name, tier, bar, wants = "follower", Tier.SNIPER, "1m", frozenset({BarClosed})

    def __init__(self, leader: str, follower: str) -> None:
        self._leader, self._follower = leader, follower
        self._seen = Decimal(0)

    def on_event(self, event: Event, view: View) -> Sequence[Intent]:
        price = view.price(self._leader)
        if not isinstance(event, BarClosed) or event.symbol != self._follower or price is None:
            return ()
        before, self._seen = self._seen, price
        if view.position(self._follower) is not None:
            return () if price > before else (Intent(self._follower, Side.SELL, reduces=True),)
        return (Intent(self._follower, Side.BUY),) if before and price > before else ()


def both(strategy: object, data: object, **asked: object) -> BacktestResult:
    """Skipping, held against every tick."""
    skipping = backtest(strategy, data, **asked)
    every = backtest(strategy, data, every_tick=True, **asked)
    for ours, theirs in zip(decisions(skipping), decisions(every), strict=True):
        assert ours == theirs
    assert skipping.decision_digest == every.decision_digest
    assert skipping.fees == every.fees
    pd.testing.assert_frame_equal(pd.DataFrame(skipping.trades), pd.DataFrame(every.trades))
    return skipping


def decisions(result: BacktestResult) -> list[object]:
    return [record for step in result.steps for record in (*step.outcomes, *step.commands)]


@pytest.mark.parametrize("latency", [None, (50, 300, 120)])
@pytest.mark.parametrize("stop", [None, 0.003])
@pytest.mark.parametrize("fill", ["bar_close", "next_tick"])
def test_same_digest(three, fill, stop, latency) -> None:
    asked = {"rules": "research", "fill": fill, "stop_fraction": stop, "latency": latency}
    found = both("sma_cross", three, params=PARAMS, cash=50_000, qty=Decimal("0.1"), **asked)
    assert set(found.trades["symbol"]) == set(SYMBOLS)


def test_same_digest_where_each_limit_depends_on_all_prices(three, tmp_path: Path) -> None:
    rules = tmp_path / "limits.toml"
    rules.write_text(LIMITS)
    found = both("sma_cross", three, params=PARAMS, rules=rules, cash=500, stop_fraction=0.05)
    raised = {getattr(record, "alert", "") for record in decisions(found)}
    assert {"INFO", "WARNING"} <= raised
    assert len(set(found.trades["symbol"])) > 1


def test_a_strategy_sees_the_other_symbol_as_it_is_at_that_moment(three) -> None:
    follower = Follower("BTC/USDT", "ETH/USDT")
    found = both(follower, three[:2], rules="research", cash=50_000, qty=1, latency=(5, 5, 5))
    assert len(found.trades) > 3
    assert set(found.trades["symbol"]) == {"ETH/USDT"}


def test_with_recorded_books(three) -> None:
    data = [with_tops(three[0]), three[1]]
    both("sma_cross", data, params=PARAMS, rules="research", cash=50_000, qty=Decimal("0.1"))


def test_what_does_not_meet_is_as_if_each_ran_alone(three) -> None:
    asked = {"params": PARAMS, "rules": "research", "cash": 1_000_000, "qty": Decimal("0.1")}
    together = backtest("sma_cross", three, **asked)
    for data in three:
        alone = backtest("sma_cross", data, **asked).trades.drop(columns="symbol")
        of_it = together.trades[together.trades["symbol"] == data.instrument.symbol]
        same = of_it.drop(columns="symbol").reset_index(drop=True)
        pd.testing.assert_frame_equal(pd.DataFrame(same), pd.DataFrame(alone))
    parts = [backtest("sma_cross", data, **asked).metrics["pnl_usdt"] for data in three]
    assert together.metrics["pnl_usdt"] == pytest.approx(sum(parts))
    held = float(together.equity.iloc[-1]) - 1_000_000
    assert held == pytest.approx(together.metrics["pnl_usdt"] + together.open_positions.pnl.sum())


def test_several_strategies_share_one_account(three) -> None:
    follower = Follower("BTC/USDT", "SOL/USDT")
    asked = {"rules": "research", "cash": 50_000, "qty": Decimal("0.1")}
    found = both(["sma_cross", follower], three, params={"sma_cross": PARAMS}, **asked)
    assert set(found.orders["symbol"]) == set(SYMBOLS)
    assert found.setup.strategy == "sma_cross, follower"


def bars_of(ticks: Ticks) -> Bars:
    c = ticks.columns
    rows = c.bars(60_000_000_000)
    opened = np.array(rows.boundary_ns) - 60_000_000_000
    names = (rows.open, rows.high, rows.low, rows.close)
    prices = [np.array(row) * float(c.price_step) for row in names]
    volume = np.array(rows.volume) * float(c.qty_step)
    return Bars.from_arrays(c.instrument, opened, *prices, volume)


def test_bars_of_several_symbols(three) -> None:
    data = [bars_of(ticks) for ticks in three]
    asked = {"params": PARAMS, "rules": "research", "cash": 1_000_000, "qty": Decimal("0.1")}
    asked |= {"fill": "next_open", "stop_fraction": 0.003}
    together = backtest("sma_cross", data, **asked)
    for one in data:
        alone = backtest("sma_cross", one, **asked).trades
        of_it = together.trades[together.trades["symbol"] == one.instrument.symbol]
        assert len(alone) > 2
        pd.testing.assert_frame_equal(
            pd.DataFrame(of_it.reset_index(drop=True)), pd.DataFrame(alone)
        )


@settings(max_examples=25)
@given(st.data())
def test_same_digest_on_equal_stamps(data: st.DataObject) -> None:
    """Few moments, so that ticks of both symbols, bars and answers fall together."""
    steps = st.lists(st.integers(0, 4), min_size=30, max_size=80)
    markets = []
    for symbol, base in (("BTC/USDT", 60_000), ("ETH/USDT", 3_000)):
        gaps = data.draw(steps)
        moves = data.draw(st.lists(st.integers(-9, 9), min_size=len(gaps), max_size=len(gaps)))
        ts = START_NS + np.cumsum(gaps) * 10_000_000_000
        price = base + np.cumsum(moves) * base / 2_000
        ones = np.ones(len(ts))
        markets.append(Ticks.from_arrays(symbol, ts, np.round(price, 2), ones, ones > 0))
    latency = data.draw(st.sampled_from([None, (0, 10_000, 10_000), (10_000, 0, 20_000)]))
    both(
        "sma_cross",
        markets,
        params={"fast": 1, "slow": 2},
        rules="research",
        cash=200_000,
        qty=1,
        stop_fraction=data.draw(st.sampled_from([None, 0.002])),
        fill=data.draw(st.sampled_from(["bar_close", "next_tick"])),
        latency=latency,
    )
