"""What several markets or strategies may be, and what a result tells of them."""

import json
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from genesis.cli.main import main
from genesis.errors import UsageError
from genesis.research import Instrument, Ticks, backtest, judge
from genesis.store.ticks import TickStore
from tests.support import tick_files
from tests.support.markets import wandering_ticks

PARAMS = {"fast": 3, "slow": 7}


@pytest.fixture(scope="module")
def two() -> list[Ticks]:
    return [
        wandering_ticks(3_000, agility=6),
        wandering_ticks(3_000, 4, agility=6, symbol="ETH/USDT", price=3_000),
    ]


def ran(two: list[Ticks], **asked: object):
    given = {"params": PARAMS, "rules": "research", "cash": 100_000, "qty": 1, **asked}
    return backtest("sma_cross", two, **given)


def test_a_result_tells_of_each_symbol(two: list[Ticks]) -> None:
    result = ran(two)
    first = str(result).splitlines()[0]
    assert "BTC/USDT: 2" in first and "; ETH/USDT: 2" in first
    assert "on BTC/USDT, ETH/USDT" in repr(result)
    assert result.plot().layout.title.text.startswith("sma_cross on BTC/USDT, ETH/USDT")
    assert set(result.last_prices) == {"BTC/USDT", "ETH/USDT"}
    held = [float(r.metrics["buy_and_hold_fraction"]) for r in (ran(two[:1]), ran(two[1:]))]
    assert result.metrics["buy_and_hold_fraction"] == pytest.approx(sum(held) / 2)
    assert result._repr_mimebundle_()["text/html"]


def test_a_book_is_judged_on_one_symbol(two: list[Ticks]) -> None:
    with pytest.raises(UsageError, match="one symbol, not of BTC/USDT, ETH/USDT"):
        judge(ran(two), "two_step")


@pytest.mark.parametrize(
    ("strategy", "params", "said"),
    [
        ([], None, "there is no strategy"),
        (["sma_cross", "sma_cross"], None, "two strategies are named 'sma_cross'"),
        (["sma_cross"], {"fast": 3}, "given for fast"),
        (["sma_cross"], {"sma_cross": 3}, "are by name"),
    ],
)
def test_strategies_that_cannot_be(two: list[Ticks], strategy, params, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        backtest(strategy, two, params=params)


def test_markets_that_cannot_be(two: list[Ticks]) -> None:
    with pytest.raises(UsageError, match="there is no data"):
        ran([])
    with pytest.raises(UsageError, match="BTC/USDT is given twice"):
        ran([two[0], two[0]])


def test_a_symbol_of_another_quote_can_only_be_looked_at(two: list[Ticks]) -> None:
    """Its prices are no money of the account: figures would add up two kinds of it."""
    cross = Instrument("ETH/BTC", "ETH", "BTC", Decimal("0.00001"), Decimal("0.0001"))
    c = two[1].columns
    price = np.round(0.05 * c.prices / c.prices[0], 5)  # it moves as the other one does
    watched = Ticks.from_arrays(cross, c.ts_ns, price, c.qtys * 1e-4, c.buyer_is_maker)
    with pytest.raises(UsageError, match="ETH/BTC was traded, and the account counts in USDT"):
        ran([two[0], watched], qty=Decimal("0.1"))


def test_the_command_takes_several_from_the_store(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store = TickStore(tmp_path)
    for symbol in ("BTC/USDT", "ETH/USDT"):
        name = f"{symbol.replace('/', '')}-trades-2024-08-09.csv"
        trades = tick_files.steady(1, 3_000, step_ms=500)
        store.import_file(tick_files.write(tmp_path / name, trades), symbol)
    asked = ["backtest", "sma_cross", "--rules", "research", "--home", str(tmp_path), "--json"]
    assert main([*asked, "--symbol", "BTC/USDT,ETH/USDT"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["symbol"] == "BTC/USDT, ETH/USDT"
    assert told["coverage"].keys() == {"BTC/USDT", "ETH/USDT"}
    assert main([*asked, "--symbol", "BTC/USDT,ETH/USDT", "--ticks", "x.parquet"]) == 2
    assert "x.parquet holds one symbol" in capsys.readouterr().err
