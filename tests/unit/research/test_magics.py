"""`%load_ext genesis` in a real shell: SQL and a backtest, as they are typed."""

from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from genesis.errors import DataError, UsageError
from genesis.research import BacktestResult, backtest
from genesis.store.ticks import TickStore
from tests.support import tick_files
from tests.support.markets import wandering_ticks


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[InteractiveShell]:
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    quiet = Config({"HistoryManager": {"enabled": False}})
    made = InteractiveShell.instance(config=quiet)
    try:
        made.run_line_magic("load_ext", "genesis")
        yield made
    finally:
        InteractiveShell.clear_instance()


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    store = TickStore(tmp_path)
    path = tick_files.write(tmp_path / "BTCUSDT-t.csv", tick_files.steady(1, 3_000, step_ms=500))
    store.import_file(path)
    monkeypatch.setenv("GENESIS_HOME", str(tmp_path))
    return tmp_path


def test_sql_gives_a_table(shell: InteractiveShell, home: Path) -> None:
    found = shell.run_cell_magic("ticks", "", "SELECT count(*) AS n FROM trades")
    assert isinstance(found, pd.DataFrame)
    assert list(found["n"]) == [3_000]
    assert list(shell.run_line_magic("ticks", "SELECT 1 AS one")["one"]) == [1]
    with pytest.raises(UsageError, match="say what to ask"):
        shell.run_cell_magic("ticks", "", " ")


def test_a_backtest_of_the_store_and_of_a_variable(shell: InteractiveShell, home: Path) -> None:
    words = "--rules research --param fast=2 --param slow=4 --cash 100000"
    found = shell.run_line_magic("backtest", f"sma_cross --symbol BTC/USDT {words}")
    assert isinstance(found, BacktestResult)
    assert len(found.markets[0]) == 3_000
    mine = wandering_ticks(3_000, agility=6)
    shell.user_ns["mine"] = mine
    asked = shell.run_line_magic("backtest", f"sma_cross --data mine {words}")
    plain = backtest(
        "sma_cross", mine, params={"fast": 2, "slow": 4}, rules="research", cash=100_000
    )
    assert asked.decision_digest == plain.decision_digest


@pytest.mark.parametrize(
    ("words", "error", "said"),
    [
        ("sma_cross --data nothing", UsageError, "no variable of that name"),
        ("sma_cross --data text", UsageError, "is no Ticks, no Bars"),
        ("sma_cross --nonsense 3", UsageError, "unrecognized arguments: --nonsense"),
        ("", UsageError, "required: strategy"),
        ("sma_cross --param fast", UsageError, "is not NAME=VALUE"),
        ("sma_cross --start 2031-01-01", (DataError, UsageError), "2031|no data"),
    ],
)
def test_what_cannot_be_is_one_clear_error(
    shell: InteractiveShell, home: Path, words: str, error: type[Exception], said: str
) -> None:
    shell.user_ns["text"] = "no market"
    with pytest.raises(error, match=said):
        shell.run_line_magic("backtest", words)


def test_help_teaches(shell: InteractiveShell) -> None:
    told = shell.find_line_magic("backtest").__doc__
    for word in ("--symbol", "--queue", "--param"):
        assert word in told
