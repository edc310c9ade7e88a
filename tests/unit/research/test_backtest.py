"""The call itself: what it takes, what it refuses, what it gives back."""

from decimal import Decimal as D
from pathlib import Path

import numpy as np
import pytest

from genesis.errors import ConfigError, DataError, UsageError
from genesis.research import BacktestResult, Bars, Fees, Instrument, Latency, Ticks, backtest
from genesis.strategy.sma_cross import SmaCross, SmaCrossParams
from tests.support.markets import START_NS, wandering_ticks

FAST = {"fast": 3, "slow": 7}
MINUTE = 60_000_000_000


@pytest.fixture(scope="module")
def ticks() -> Ticks:
    return wandering_ticks(20_000, agility=4)


@pytest.fixture(scope="module")
def result(ticks: Ticks) -> BacktestResult:
    return backtest("sma_cross", ticks, params=FAST, rules="research", cash=100_000, qty=1)


def test_every_part_of_a_result_agrees_with_the_fills(result: BacktestResult):
    trades, fills = result.trades, result.fills
    assert len(fills) == 2 * len(trades) + len(result.open_positions)
    assert result.fees == {"USDT": sum(fills.fee, D(0))}
    bought = fills[fills.side == "BUY"]
    sold = fills[fills.side == "SELL"]
    gain = sum(sold.price * sold.qty) - sum(bought.price * bought.qty) - sum(fills.fee)
    held = float(result.last_prices["BTC/USDT"]) * result.open_positions.qty.sum()
    assert result.equity.iloc[-1] == pytest.approx(100_000 + float(gain) + held)
    assert (result.orders.status == "FILLED").all()
    assert result.metrics["trades"] == len(trades)
    assert result.metrics["pnl_usdt"] == pytest.approx(trades.pnl.sum())


def test_columns_and_types_of_trades(result: BacktestResult):
    kinds = {name: str(kind) for name, kind in result.trades.dtypes.items()}
    times = {name for name, kind in kinds.items() if kind == "int64"}
    assert times == {"entry_ts_ns", "exit_ts_ns"}
    assert all(
        kinds[name] == "float64"
        for name in ("entry_price", "exit_price", "qty", "fee", "pnl", "mae", "mfe", "r")
    )
    assert (result.trades.mae <= 0).all()
    assert (result.trades.mfe >= 0).all()


def test_faces(result: BacktestResult):
    bundle = result._repr_mimebundle_()
    assert set(bundle) == {"text/plain", "text/html"}
    first = bundle["text/plain"].splitlines()[0]
    assert first.startswith("coverage")
    assert "ticks" in first
    assert result.decision_digest in bundle["text/html"]
    figure = result.plot()
    assert [trace.name for trace in figure.data] == ["equity", "trades", "drawdown"]


def test_a_result_without_trades_has_all_parts(ticks: Ticks):
    empty = backtest("sma_cross", ticks.between(None, START_NS + MINUTE), rules="research")
    assert len(empty.trades) == len(empty.fills) == len(empty.refusals) == len(empty.orders) == 0
    assert empty.trades.pnl.dtype == np.float64
    assert empty.metrics["trades"] == 0
    assert empty.equity.iloc[-1] == 500
    assert "0 closed" in repr(empty)
    empty.plot()


def test_coverage(ticks: Ticks, result: BacktestResult):
    covered = result.coverage
    assert covered.rows == len(ticks)
    assert covered.longest_gap_s == np.diff(ticks.columns.ts_ns).max() / 1e9
    assert 0.9 < covered.covered_fraction < 1.0  # some minutes of the made-up market are empty


def test_a_strategy_object_runs_from_the_start_each_time(ticks: Ticks, result: BacktestResult):
    strategy = SmaCross(SmaCrossParams(3, 7))
    asked = {"rules": "research", "cash": 100_000, "qty": 1}
    assert backtest(strategy, ticks, **asked).decision_digest == result.decision_digest
    assert backtest(strategy, ticks, **asked).decision_digest == result.decision_digest


def test_the_gate_sizes_where_no_quantity_is_given(ticks: Ticks):
    sized = backtest("sma_cross", ticks, params=FAST, rules="sniper", cash=500)
    assert (sized.fills.qty * sized.fills.price).max() <= 25
    assert set(sized.fills.fee_asset) == {"BTC", "USDT"}


def test_refusals_are_listed_with_their_codes(ticks: Ticks, tmp_path: Path):
    asked = {"fast": 1, "slow": 2}
    whole = tmp_path / "whole.toml"
    whole.write_text('[risk]\nadaptive = "none"\n')
    refused = backtest("sma_cross", ticks, params=asked, rules=whole).refusals
    assert set(refused.code) == {"TRADES_PER_DAY", "COOLDOWN_ACTIVE"}
    rules = tmp_path / "unpaused.toml"
    rules.write_text('[risk]\nstreak = "none"\nbreakers = "none"\n')
    refused = backtest("sma_cross", ticks, params=asked, rules=rules).refusals
    assert set(refused.code) == {"TRADES_PER_DAY"}
    assert set(refused.stage) == {"risk"}


def test_fees_are_those_asked_for(ticks: Ticks):
    asked = {"params": FAST, "rules": "research", "cash": 100_000, "qty": 1}
    dear = backtest("sma_cross", ticks, fees=Fees(taker_bps="7.5"), **asked)
    assert (dear.fills.fee == dear.fills.price * D("0.00075")).all()
    base = backtest("sma_cross", ticks, fees=Fees(asset="received"), **asked)
    assert set(base.fees) == {"BTC", "USDT"}


def test_the_rules_of_the_run_hold_the_stop_that_was_asked_for(ticks: Ticks):
    asked = {"params": FAST, "rules": "research", "cash": 100_000, "qty": 1}
    free = backtest("sma_cross", ticks, **asked)
    kept = backtest("sma_cross", ticks, stop_fraction=0.01, **asked)
    assert "PROTECT" not in set(free.orders.purpose)
    stops = kept.orders[kept.orders.purpose == "PROTECT"]
    entries = kept.trades.entry_price.to_numpy()
    assert np.allclose(stops.stop_price.iloc[: len(entries)], entries * 0.99, atol=0.01)


def test_latency_in_words_or_ms(ticks: Ticks):
    asked = {"params": FAST, "rules": "research", "cash": 100_000, "qty": 1}
    ms = backtest("sma_cross", ticks, latency=(1, 2, 3), **asked)
    ns = backtest("sma_cross", ticks, latency=Latency(1_000_000, 2_000_000, 3_000_000), **asked)
    assert ms.decision_digest == ns.decision_digest


def test_start_and_end(ticks: Ticks):
    part = backtest("sma_cross", ticks, start="2024-01-01T00:30", end="2024-01-01T01:00")
    assert part.coverage.first_ns >= START_NS + 30 * MINUTE
    assert part.coverage.last_ns < START_NS + 60 * MINUTE


@pytest.mark.parametrize(
    ("asked", "error", "said"),
    [
        ({"fill": "close"}, UsageError, "known are bar_close, next_tick, next_open, book"),
        ({"fill": "next_open"}, UsageError, "is for Bars"),
        ({"fill": "book"}, UsageError, "needs a recorded book"),
        ({"cash": 0}, UsageError, "cash must be above 0"),
        ({"qty": "many"}, UsageError, "qty must be a number"),
        ({"stop_fraction": 1}, UsageError, "between 0 and 1"),
        ({"fees": Fees(taker_bps=-1)}, UsageError, "between 0 and 10000"),
        ({"fees": Fees(asset="BNB")}, UsageError, "received, quote or rules"),
        ({"latency": (1, 2)}, UsageError, "three numbers"),
        ({"latency": (1, 2, -3)}, UsageError, "three numbers"),
        ({"start": "yesterday"}, UsageError, "is not a date"),
        ({"start": "2031-01-01"}, DataError, "no data of BTC/USDT"),
        ({"rules": "nix"}, ConfigError, "no rulebook is named 'nix'"),
        ({"params": {"fsat": 1}}, UsageError, "it knows: fast, slow, bar"),
    ],
)
def test_what_cannot_be_is_refused(ticks: Ticks, asked, error, said):
    with pytest.raises(error, match=said):
        backtest("sma_cross", ticks, **asked)


def test_params_are_for_names_only(ticks: Ticks):
    with pytest.raises(UsageError, match="strategies given by name"):
        backtest(SmaCross(), ticks, params=FAST)


def test_a_strategy_that_wants_a_book_says_so(ticks: Ticks):
    with pytest.raises(UsageError, match="spread_capture needs a recorded book"):
        backtest("spread_capture", ticks)


def test_an_empty_store_says_how_to_fill_it(tmp_path):
    with pytest.raises(UsageError, match="genesis ticks import"):
        backtest("sma_cross", "BTC/USDT", home=tmp_path)


# -- bars ------------------------------------------------------------------------------------
def bars(*rows: tuple[float, float, float, float]) -> Bars:
    o, h, low, c = (np.array(column) for column in zip(*rows, strict=True))
    times = START_NS + np.arange(len(rows)) * MINUTE
    grid = Instrument("BTC/USDT", "BTC", "USDT", D("0.01"), D("0.00001"))
    return Bars.from_arrays(grid, times, o, h, low, c, np.ones(len(rows)))


FLAT = (100.0, 100.0, 100.0, 100.0)
RISE = (100.0, 101.0, 100.0, 101.0)


def on_bars(*rows: tuple[float, float, float, float], stop: float | None = 0.02):
    return backtest(
        "sma_cross",
        bars(*rows),
        params={"fast": 1, "slow": 2},
        rules="research",
        fill="next_open",
        cash=10_000,
        qty=1,
        stop_fraction=stop,
    )


def test_bars_fill_at_the_next_open():
    fills = on_bars(FLAT, RISE, (102.0, 103.0, 101.0, 102.5)).fills
    assert fills[["ts_ns", "price"]].to_numpy().tolist() == [[START_NS + 2 * MINUTE, D(102)]]


@pytest.mark.parametrize(
    ("bar", "exits"),
    [
        ((102.0, 103.0, 99.97, 103.0), []),  # the stop at 99.96 is not reached
        ((102.0, 103.0, 99.96, 103.0), [99.96]),  # touched: at its own price
        ((102.0, 109.0, 90.00, 109.0), [99.96]),  # the adverse way first
    ],
)
def test_a_stop_inside_the_bar_of_the_entry(bar, exits):
    assert on_bars(FLAT, RISE, bar).trades.exit_price.tolist() == exits


def test_a_bar_that_opens_beyond_the_stop_fills_at_its_open():
    trades = on_bars(FLAT, RISE, (102.0, 104.0, 102.0, 104.0), (95.0, 96.0, 94.0, 95.0)).trades
    assert trades[["exit_ts_ns", "exit_price", "reason"]].to_numpy().tolist() == [
        [START_NS + 3 * MINUTE, 95.0, "stop"]
    ]


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"fill": "next_tick"}, "use fill='next_open'"),
        ({"fill": "next_open", "params": {"bar": "5m"}}, "the data has another width"),
    ],
)
def test_bars_that_do_not_fit_are_refused(asked, said):
    with pytest.raises(UsageError, match=said):
        backtest("sma_cross", bars(FLAT, FLAT), **asked)
