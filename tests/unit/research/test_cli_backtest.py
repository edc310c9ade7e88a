"""`genesis backtest` as it is typed."""

import json
from pathlib import Path

import pandas as pd
import pytest

from genesis.cli.main import main
from tests.support.markets import wandering_ticks

ASKED = ["--param", "fast=3", "--param", "slow=7", "--rules", "research", "--qty", "1"]


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("ticks") / "t.parquet"
    wandering_ticks(20_000, agility=4).frame().to_parquet(path)
    return str(path)


def run(*arguments: str) -> int:
    return main(["backtest", *arguments])


def test_summary_and_trades(file: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    out = tmp_path / "trades.csv"
    code = run("sma_cross", "--ticks", file, *ASKED, "--cash", "100000", "--trades", str(out))
    told = capsys.readouterr().out
    assert code == 0
    assert told.startswith("coverage")
    trades = pd.read_csv(out)
    assert list(trades.columns) == [
        *("entry_ts_ns", "exit_ts_ns", "entry_price", "exit_price", "qty", "fee", "pnl", "reason")
    ]
    assert f"{len(trades)} closed" in told


def test_json_is_one_value(file: str, capsys: pytest.CaptureFixture[str]):
    assert run("sma_cross", "--ticks", file, *ASKED, "--cash", "100000", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert told["metrics"]["trades"] > 0
    assert told["metrics"]["sharpe"] is None
    assert "20 are needed" in told["no_value"]["sharpe"]
    assert len(told["decision_digest"]) == 64


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nope", "--ticks", "FILE"], "known strategies: donchian, market_making, mean_reversion"),
        (["sma_cross", "--ticks", "FILE", "--param", "fsat=1"], "it knows: fast, slow, bar"),
        (["sma_cross", "--ticks", "FILE", "--param", "fast"], "is not NAME=VALUE"),
        (["sma_cross", "--ticks", "FILE", *("--param", "fast=3") * 2], "fast is given twice"),
        (["sma_cross", "--ticks", "FILE", "--param", f"slow={10**20}"], "slow must be at most"),
        (["sma_cross", "--ticks", "FILE", "--param", "bar=9999999d"], "bar must be at most"),
        (["sma_cross", "--ticks", "FILE", "--cash", "1e99"], "cash must be at most"),
        (
            ["sma_cross", "--ticks", "FILE", "--start", "2024-01-02", "--end", "2024-01-01"],
            "before",
        ),
        (["sma_cross", "--ticks", "FILE", "--rules", "nix"], "known are research, sniper"),
        (["sma_cross", "--ticks", "FILE", "--fill", "nix"], "unknown fill 'nix'"),
        (["sma_cross", "--ticks", "FILE", "--latency-ms", "1,x,2"], "three whole numbers"),
        (["sma_cross", "--ticks", "FILE", "--symbol", "NO/PE"], "pass an Instrument"),
        (["sma_cross", "--ticks", "FILE", "--trades", "/no/such/place.csv"], "cannot be written"),
        (["sma_cross", "--ticks", "FILE", "--bars", "FILE"], "not both"),
        (["sma_cross", "--ticks", "absent.parquet"], "absent.parquet does not exist"),
        (["sma_cross", "--symbol", "BTC/USDT"], "genesis ticks import"),
        (["sma_cross", "--ticks", "FILE", "--cash", "lots"], "cash must be a number"),
    ],
)
def test_bad_input_is_one_line_and_exit_2(file, arguments, said, capsys):
    code = run(*(file if word == "FILE" else word for word in arguments))
    told = capsys.readouterr()
    assert code == 2
    assert told.out == ""
    assert said in told.err
    assert told.err.count("\n") == 1
