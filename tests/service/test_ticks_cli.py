"""`genesis ticks` on the real command line."""

import gzip
import json
import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support import tick_files
from tests.support.process import ran
from tests.support.tick_files import Trade

ROOT = Path(__file__).parents[2]


def genesis(
    *arguments: object, limit: int | None = None, home: Path | None = None
) -> subprocess.CompletedProcess[str]:
    if limit is None:
        given = home or os.environ.get("GENESIS_HOME")
        settings = {"GENESIS_HOME": str(given)} if given else {}
        return ran(ROOT, "ticks", *map(str, arguments), **settings)

    def prepare() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    return subprocess.run(
        [sys.executable, "-m", "genesis", "ticks", *map(str, arguments)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        preexec_fn=prepare,
        check=False,
    )


def refused(done: subprocess.CompletedProcess[str], *words: str) -> None:
    """Exit code 2 and exactly one clear line."""
    assert done.returncode == 2, done.stderr
    assert len(done.stderr.splitlines()) == 1
    for word in words:
        assert word in done.stderr


@pytest.fixture(scope="module")
def held(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with 300 trades of BTC/USDT."""
    folder = tmp_path_factory.mktemp("held")
    path = tick_files.write(folder / "BTCUSDT-t.csv.gz", tick_files.steady(1, 300))
    done = genesis("import", path, "--home", folder / "home")
    assert done.returncode == 0, done.stderr
    assert str(folder / "home") in done.stdout
    assert "BTC/USDT trades: 300 new of 300 rows" in done.stdout
    return folder / "home"


def test_import_again_says_so_and_home_may_come_from_the_environment(held: Path) -> None:
    done = genesis("import", held.parent / "BTCUSDT-t.csv.gz", "--json", home=held)
    report = json.loads(done.stdout)
    assert report["kinds"] == [
        {"kind": "trades", "symbol": "BTC/USDT", "read": 300, "added": 0, "repeated": 300}
    ]


def test_list_bars_and_check_speak_json(held: Path) -> None:
    listed = json.loads(genesis("list", "--home", held, "--json").stdout)
    assert [(each["symbol"], each["rows"]) for each in listed] == [("BTC/USDT", 300)]
    bars = json.loads(genesis("bars", "btcusdt", "--home", held, "--json").stdout)
    assert sum(bar["trades"] for bar in bars) == 300
    checked = genesis("check", "BTC/USDT", "--home", held, "--json")
    assert checked.returncode == 0
    assert json.loads(checked.stdout)[0]["clean"] is True


def test_tables_for_people(held: Path) -> None:
    assert "300" in genesis("list", "--home", held).stdout
    assert "60,000." in genesis("bars", "BTC/USDT", "--width", "1h", "--home", held).stdout
    assert "BTC/USDT: clean" in genesis("check", "BTC/USDT", "--home", held).stdout


def test_check_says_no_with_exit_code_1(tmp_path: Path) -> None:
    rows = tick_files.steady(1, 30)
    path = tick_files.write(tmp_path / "BTCUSDT-t.csv", rows[:10] + rows[12:])
    done = genesis("check", path)
    assert done.returncode == 1
    assert "2 ids missing in 1 gaps" in done.stdout
    assert "11 to 12" in done.stdout


def test_bad_row_stops_or_is_quarantined(tmp_path: Path) -> None:
    rows = [Trade(1), Trade(2)._replace(price="0"), Trade(3)]
    path = tick_files.write(tmp_path / "BTCUSDT-t.csv", rows)
    home = tmp_path / "home"
    refused(genesis("import", path, "--home", home), "BTCUSDT-t.csv line 2", "price is 0")
    assert "nothing yet" in genesis("list", "--home", home).stdout
    done = genesis("import", path, "--home", home, "--on-bad", "quarantine")
    assert done.returncode == 0
    assert "2 new of 2 rows" in done.stdout
    assert "1 bad rows set aside" in done.stdout


def test_unusable_files_and_arguments(tmp_path: Path, held: Path) -> None:
    empty = tmp_path / "BTCUSDT-e.csv"
    empty.touch()
    cut = tmp_path / "BTCUSDT-c.csv.gz"
    body = gzip.compress(tick_files.text(tick_files.steady(1, 900)))
    cut.write_bytes(body[: len(body) // 2])
    unnamed = tick_files.write(tmp_path / "x.csv", [Trade(1)])
    home = ("--home", held)
    refused(genesis("import", tmp_path / "nosuch.csv", *home), "nosuch.csv", "no such file")
    refused(genesis("import", empty, *home), "is empty")
    refused(genesis("import", cut, *home), "cut short or damaged")
    refused(genesis("import", tmp_path, *home), "is a folder")
    refused(genesis("import", unnamed, *home), "does not tell the symbol")
    refused(genesis("import", unnamed, "--symbol", "FOO", *home), "'FOO' is unknown")
    refused(genesis("bars", "ETH/USDT", *home), "no ticks of ETH/USDT", "it holds BTC/USDT")
    refused(genesis("bars", "BTC/USDT", "--width", "7x", *home), "--width")
    refused(genesis("bars", "BTC/USDT", "--start", "noon", *home), "--start")
    refused(genesis("check", "nosuch.csv", *home), "no such file")


def test_full_disk_while_importing(tmp_path: Path, held: Path) -> None:
    path = tick_files.write(tmp_path / "BTCUSDT-u.csv", tick_files.steady(1_000, 30_000))
    before = tick_files.fingerprint(held)
    done = genesis("import", path, "--home", held, limit=30_000)
    refused(done, str(held), "disk is full", "nothing was changed")
    assert tick_files.fingerprint(held) == before


def test_sample_is_labelled_synthetic_and_can_be_removed(tmp_path: Path) -> None:
    home = ("--home", tmp_path / "home")
    assert genesis("sample", "--minutes", "2", *home).returncode == 0
    assert "SYNTHETIC" in genesis("list", *home).stdout
    listed = json.loads(genesis("list", "--json", *home).stdout)
    assert {(each["kind"], each["origin"]) for each in listed} == {
        ("books", "synthetic"),
        ("trades", "synthetic"),
    }
    real = tick_files.write(tmp_path / "BTCUSDT-t.csv", [Trade(1)])
    refused(genesis("import", real, *home), "synthetic", "--remove")
    assert "removed" in genesis("sample", "--remove", *home).stdout
    assert genesis("import", real, *home).returncode == 0


def test_sample_as_files_for_feeds_and_backtests(tmp_path: Path) -> None:
    import pyarrow.parquet as pq

    for name in ("sample.gz", "sample.parquet"):
        assert genesis("sample", "--minutes", "1", "--out", tmp_path / name).returncode == 0
    table = pq.read_table(tmp_path / "sample.parquet")
    assert table.column_names == ["ts_ns", "price", "qty", "is_buyer_maker", "trade_id"]
    assert b"SYNTHETIC" in table.schema.metadata[b"genesis"]
    checked = json.loads(genesis("check", tmp_path / "sample.gz", "--json").stdout)
    assert checked[0]["rows"] == table.num_rows
    refused(genesis("sample", "--out", tmp_path / "sample.txt"), ".parquet or .gz")


def test_help_teaches() -> None:
    shown = genesis("import", "--help").stdout
    assert "aggTrades" in shown
    assert "quarantine" in shown
