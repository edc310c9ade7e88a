"""`genesis walk-forward` as it is typed."""

import json
from pathlib import Path

import pandas as pd
import pytest

from genesis.cli.main import main
from genesis.research import trial_count
from tests.support.walking import wave_bars

ASKED = ("--grid", "fast=3,8", "--grid", "slow=5,20", "--train", "100m", "--test", "50m",
         "--cash", "1000", "--qty", "1", "--taker-bps", "1")  # fmt: skip


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("bars") / "bars.parquet"
    c = wave_bars(260).columns
    step = float(c.price_step)
    names = {"open": c.opens, "high": c.highs, "low": c.lows, "close": c.closes}
    frame = pd.DataFrame({name: values * step for name, values in names.items()})
    frame.assign(ts_ns=c.open_ts_ns, volume=1.0).to_parquet(path)
    return str(path)


def run(*arguments: str) -> int:
    return main(["walk-forward", "sma_cross", *arguments])


def test_the_words_the_page_and_the_count(
    file: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page, home = tmp_path / "walk.html", tmp_path / "home"
    code = run("--bars", file, *ASKED, "--purge", "5m", "--report", str(page), "--home", str(home))
    told = capsys.readouterr().out.splitlines()
    assert code == 0
    assert told[0].startswith("coverage         260 bars")
    assert told[-1] == f"report           {page}"
    assert "coverage: 260 bars" in page.read_text()
    assert trial_count("sma_cross", "BTC/USDT", home=home).peeks == 3


def test_json_is_one_value(file: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--bars", file, *ASKED, "--anchored", "--steadiest", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert told["efficiency"] > 0.5
    assert told["metrics"]["sharpe"] is None
    assert "20 are needed" in told["no_value"]["sharpe"]
    assert [one["window"] for one in told["windows"]] == [1, 2, 3]
    assert len({one["train_from_ns"] for one in told["windows"]}) == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "there is nothing to choose from: give --grid"),
        (("--grid", "fast"), "is not NAME=A,B,C"),
        (("--grid", "fast="), "is not NAME=A,B,C"),
        (("--grid", "fast=1", "--grid", "fast=2"), "--grid fast is given twice"),
        (("--grid", "fast=one"), "fast must be a whole number"),
        (("--grid", "speed=1"), "no parameter 'speed'"),
        (("--grid", "fast=3", "--train", "long"), "train must be a length"),
        (("--grid", "fast=3", "--train", "3d"), "one window needs"),
        (("--grid", "fast=3", "--ticks", "x.parquet"), "give --ticks or --bars, not both"),
        (("--grid", "fast=3", "--width", "5m"), "before the bar above it has closed"),
        (("--grid", "fast=3", "--report", "."), "it is a folder"),
    ],
)
def test_what_cannot_be_asked(
    file: str, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], said: str
) -> None:
    assert run("--bars", file, *arguments) == 2
    assert said in capsys.readouterr().err
