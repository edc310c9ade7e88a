"""The trial ledger: counted once and for ever, by many at once, and by those who are killed."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import sqlcipher3.dbapi2 as driver

from genesis.errors import ConfigError
from genesis.store.trials import FILE, FOLDER, Counted, Trial, TrialLedger

WRITER = """
import sys
from pathlib import Path
from tests.unit.store.test_trials import trial
from genesis.store.trials import TrialLedger

ledger = TrialLedger(Path(sys.argv[1]))
for i in range(int(sys.argv[3])):
    ledger.record([trial(params={"who": sys.argv[2], "fast": i})])
    print(i, flush=True)
"""


def trial(**changed: object) -> Trial:
    given = {
        "ts_ns": 5,
        "strategy": "sma_cross",
        "code_hash": "c",
        "symbol": "BTC/USDT",
        "data_hash": "d",
        "first_ns": 100,
        "last_ns": 200,
        "params": {"slow": 30, "fast": 10},
        "conditions": {"fill": "next_tick"},
        "rules_hash": "r",
        "metric": "return_fraction",
        "value": 0.5,
    }
    return Trial(**{**given, **changed})  # type: ignore[arg-type]


@pytest.fixture
def ledger(tmp_path: Path) -> TrialLedger:
    return TrialLedger(tmp_path)


def started(home: Path, who: str, rows: int) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, str(home), who, str(rows)], stdout=subprocess.PIPE, text=True
    )


def test_what_was_recorded_is_told(ledger: TrialLedger):
    ledger.record(
        [trial(), trial(params={"fast": 5}, value=float("nan"), kind="screen", sweep="s")]
    )
    first, second = ledger.rows()
    assert first == {
        "id": 1, "ts_ns": 5, "strategy": "sma_cross", "code_hash": "c", "symbol": "BTC/USDT",
        "data_hash": "d", "first_ns": 100, "last_ns": 200, "params": '{"fast":10,"slow":30}',
        "conditions": '{"fill":"next_tick"}', "rules_hash": "r", "metric": "return_fraction",
        "value": 0.5, "kind": "engine", "sweep": "",
    }  # fmt: skip
    assert (second["value"], second["kind"], second["sweep"]) == (None, "screen", "s")


def test_nothing_is_made_by_looking(ledger: TrialLedger):
    assert ledger.rows() == []
    assert ledger.count("sma_cross", "BTC/USDT") == Counted(0, 0, 0)
    ledger.record([])
    assert not ledger.path.exists()


def test_the_same_run_again_is_a_run_and_no_new_trial(ledger: TrialLedger):
    same = [trial(), trial(ts_ns=9, value=0.1, kind="screen", sweep="s")]
    other = [trial(params={"fast": 5}), trial(data_hash="e"), trial(code_hash="f")]
    ledger.record(same + other)
    assert ledger.count("sma_cross", "BTC/USDT") == Counted(5, 4, 0)


def test_only_a_span_that_shares_nothing_starts_anew(ledger: TrialLedger):
    ledger.record([trial(), trial(symbol="ETH/USDT"), trial(strategy="other")])
    assert ledger.count("sma_cross", "BTC/USDT", (200, 300)).trials == 1
    assert ledger.count("sma_cross", "BTC/USDT", (0, 100)).trials == 1
    assert ledger.count("sma_cross", "BTC/USDT", (201, 300)).trials == 0
    assert ledger.count("sma_cross", "BTC/USDT", (0, 99)).trials == 0


def test_whoever_sees_what_is_held_out_has_peeked(ledger: TrialLedger):
    ledger.record([trial()])  # before it was held out
    ledger.hold_out("BTC/USDT", 150, 250, 7)
    ledger.record([trial(), trial(last_ns=149), trial(first_ns=251, last_ns=260)])
    ledger.record([trial(symbol="ETH/USDT"), trial(first_ns=250, last_ns=999, kind="screen")])
    kinds = [row["kind"] for row in ledger.rows()]
    assert kinds == ["engine", "holdout", "engine", "engine", "engine", "holdout"]
    assert ledger.count("sma_cross", "BTC/USDT").peeks == 2


@pytest.mark.parametrize(
    "sql", ["UPDATE trials SET value = 9", "DELETE FROM trials", "DELETE FROM holdouts",
            "INSERT OR REPLACE INTO trials SELECT * FROM trials"],
)  # fmt: skip
def test_no_row_is_ever_changed_or_removed(ledger: TrialLedger, sql: str):
    ledger.record([trial()])
    ledger.hold_out("BTC/USDT", 1, 2, 3)
    raw = driver.connect(str(ledger.path))
    raw.execute("PRAGMA recursive_triggers = ON")
    with pytest.raises(driver.Error, match="append-only"):
        raw.execute(sql)
    raw.close()
    assert len(ledger.rows()) == 1


def test_rows_of_one_call_come_together_or_not_at_all(ledger: TrialLedger):
    ledger.record([trial()])
    with pytest.raises(ValueError, match="hunch"):
        ledger.record([trial(), trial(kind="hunch")])
    assert len(ledger.rows()) == 1


def test_several_processes_count_at_once(ledger: TrialLedger, tmp_path: Path):
    writers = [started(tmp_path, who, 25) for who in "ab"]
    assert [writer.wait(60) for writer in writers] == [0, 0]
    assert ledger.count("sma_cross", "BTC/USDT") == Counted(50, 50, 0)
    assert sorted(row["id"] for row in ledger.rows()) == list(range(1, 51))


def test_a_writer_has_the_lock_from_the_first_look(ledger: TrialLedger):
    ledger.record([trial()])
    other = driver.connect(str(ledger.path), timeout=0, isolation_level=None)
    with ledger._writing(), pytest.raises(driver.OperationalError, match="locked"):
        other.execute("BEGIN IMMEDIATE")
    other.close()


def test_a_killed_search_leaves_what_it_counted(ledger: TrialLedger, tmp_path: Path):
    writer = started(tmp_path, "a", 1_000_000)
    assert writer.stdout is not None
    for line in writer.stdout:
        if int(line) >= 20:
            break
    os.kill(writer.pid, signal.SIGKILL)
    writer.wait(60)
    writer.stdout.close()
    assert ledger.count("sma_cross", "BTC/USDT").runs >= 21
    ledger.record([trial()])  # and the next one goes on


def test_a_home_that_was_removed_begins_anew(ledger: TrialLedger):
    ledger.record([trial()])
    for file in ledger.path.parent.iterdir():
        file.unlink()
    ledger.record([trial(), trial()])
    assert len(ledger.rows()) == 2


@pytest.mark.parametrize("content", [b"this is no database at all" * 200, b"PAR1" + bytes(900)])
def test_a_file_that_is_no_ledger_is_named(ledger: TrialLedger, content: bytes):
    ledger.path.parent.mkdir()
    ledger.path.write_bytes(content)
    for act in (lambda: ledger.record([trial()]), ledger.rows):
        with pytest.raises(ConfigError, match=FILE) as told:
            act()
        assert "\n" not in str(told.value)
    assert ledger.path.read_bytes() == content


def test_a_ledger_of_a_newer_genesis_is_left_alone(ledger: TrialLedger):
    ledger.record([trial()])
    raw = driver.connect(str(ledger.path))
    raw.execute("PRAGMA user_version = 2")
    raw.close()
    with pytest.raises(ConfigError, match="upgrade"):
        ledger.record([trial()])
    with pytest.raises(ConfigError, match="upgrade"):
        ledger.rows()


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path):
    (tmp_path / FOLDER).write_text("a file")
    with pytest.raises(ConfigError, match="GENESIS_HOME"):
        TrialLedger(tmp_path).record([trial()])
