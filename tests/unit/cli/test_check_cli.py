"""`genesis check` as it is typed."""

import json
from pathlib import Path

import pytest

from genesis.cli.main import main
from genesis.store.ticks import TickStore
from tests.support import tick_files
from tests.support.tied_markets import tied_ticks

QUICK = ["--guard", "lookahead", "--guard", "warm_up"]
PARAMS = ["--param", "fast=2", "--param", "slow=4"]


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("ticks") / "t.parquet"
    tied_ticks(6_000).frame().to_parquet(path)
    return str(path)


def run(*arguments: str) -> int:
    return main(["check", *arguments])


def test_without_data_it_runs_on_the_sample(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("sma_cross", *QUICK) == 0
    told = capsys.readouterr()
    assert told.out.startswith("sma_cross  passed")
    assert "synthetic sample" in told.out
    assert told.err == ""


def test_json_is_one_value_and_a_finding_ends_with_1(
    file: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code = run("sma_cross", "--ticks", file, *QUICK, *PARAMS, "--warm-up", "40", "--json")
    told = json.loads(capsys.readouterr().out)
    assert code == 1
    assert told["passed"] is False
    assert [one["guard"] for one in told["findings"]] == ["warm_up"]
    assert set(told["findings"][0]) == {"guard", "at_ns", "what", "remedy"}
    assert "a warm-up of 40 (as given) needs" in told["findings"][0]["what"]
    assert [one["verdict"] for one in told["guards"]] == ["passed", "passed", "failed"]


def test_a_file_is_checked(file: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("sma_cross", "--ticks", file, *QUICK, *PARAMS, "--start", "2024-01-01T00:05") == 0
    assert "2024-01-01T00:05:00Z to" in capsys.readouterr().out


def test_several_come_from_the_store(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store = TickStore(tmp_path)
    for symbol in ("BTC/USDT", "ETH/USDT"):
        name = f"{symbol.replace('/', '')}-trades-2024-08-09.csv"
        trades = tick_files.steady(1, 3_000, step_ms=500)
        store.import_file(tick_files.write(tmp_path / name, trades), symbol)
    asked = ("--symbol", "BTC/USDT,ETH/USDT", "--home", str(tmp_path), "--guard", "ties")
    assert run("sma_cross", *asked, *PARAMS) in (0, 1)
    told = capsys.readouterr().out
    assert "Ticks(BTC/USDT" in told and "Ticks(ETH/USDT" in told
    assert run("statistical_arb", "--symbol", "BTC/USDT", *asked[2:]) == 2


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nope"], "known strategies: donchian"),
        (["sma_cross", "--guard", "luck"], "unknown guards luck"),
        (["sma_cross", "--param", "fast"], "is not NAME=VALUE"),
        (["sma_cross", "--start", "2024-01-01"], "moments of your data"),
        (["sma_cross", "--warm-up", "0"], "warm_up_bars must be"),
        (["sma_cross", "--tolerance", "2"], "tolerance lies in"),
        (["sma_cross", "--symbol", "BTC/USDT"], "genesis ticks import"),
        (["sma_cross", "--symbol", "BTC/USDT,ETH/USDT", "--ticks", "FILE"], "holds one symbol"),
        (["statistical_arb", "--ticks", "FILE"], "give the data of each; there are none of ETH"),
        (["sma_cross", "--ticks", "FILE", "--bars", "FILE"], "not both"),
        (["sma_cross", "--rules", "nix"], "known are research, sniper"),
        (["spread_capture", "--ticks", "FILE"], "needs a recorded book"),
    ],
)
def test_bad_input_is_one_line_and_exit_2(
    file: str, arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code = run(*(file if word == "FILE" else word for word in arguments))
    told = capsys.readouterr()
    assert code == 2
    assert told.out == ""
    assert said in told.err
    assert told.err.count("\n") == 1
