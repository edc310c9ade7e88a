"""What the log promised holds after a kill; what it cannot promise it says."""

import fcntl
import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from genesis.errors import EventLogError, UsageError
from genesis.store.database import Database
from genesis.store.event_log import EventLog
from genesis.store.lease import Lease, holder
from genesis.store.reader import LogReader
from tests.support.log_steps import mixed, order_step, tick_step
from tests.support.patience import PATIENCE_S

ROOT = Path(__file__).resolve().parents[3]


def logging_process(path: Path, *arguments: str) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "tests.support.log_steps", str(path), *arguments]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


def last_step_of_a_copy(path: Path, place: Path) -> int:
    """Move what the killed process left elsewhere, as it is, and only read it there."""
    place.mkdir()
    for name in (path.name, path.name + "-wal"):
        shutil.copy(path.with_name(name), place / name)
    database = Database.open(place / path.name, read_only=True)
    reader = LogReader(database)
    assert reader.first_break() is None
    steps = [step.step for step in reader.read()]
    database.close()
    assert steps == list(range(1, len(steps) + 1))
    return steps[-1]


def test_every_acknowledged_step_survives_kill_9(tmp_path: Path) -> None:
    path = tmp_path / "genesis.db"
    acknowledged = 0
    for acks in (1, 40, 150):
        process = logging_process(path)
        assert process.stdout is not None
        for line, _ in zip(process.stdout, range(acks), strict=False):
            acknowledged = int(line)
        process.kill()
        process.wait()
        rest = process.stdout.read().split("\n")  # the last line may be torn
        acknowledged = max([acknowledged, *map(int, filter(None, rest[:-1]))])
        assert last_step_of_a_copy(path, tmp_path / f"copy-{acks}") >= acknowledged
        with EventLog.open(path) as log:
            assert log.verify_chain() is None
            steps = [step.step for step in log.read()]
            assert steps == list(range(1, log.last_step + 1))
            assert log.last_step >= acknowledged
    expected = mixed()
    with EventLog.open(path) as log:
        for step, entry in zip(log.read(), expected, strict=False):
            # every process opened a run of its own
            assert type(step.event) is type(entry.event)
            assert (len(step.outcomes), len(step.commands)) == (
                len(entry.outcomes),
                len(entry.commands),
            )


def test_a_full_disk_fails_everyone_who_waits_and_stops_the_log(tmp_path: Path) -> None:
    path = tmp_path / "genesis.db"
    process = logging_process(path, "400000")
    output = process.communicate(timeout=PATIENCE_S)[0].splitlines()
    assert process.returncode == 0
    acknowledged = [int(line) for line in output if line.isdigit()]
    told = [line for line in output if not line.isdigit()]
    assert len(acknowledged) > 10
    assert [line.partition(":")[0] for line in told] == ["waiter", "refused", "failed"]
    assert "cannot be written" in told[0]
    assert str(path) in told[0]
    assert told[2] == "failed: True"
    with EventLog.open(path) as log:
        assert log.verify_chain() is None
        assert log.last_step >= acknowledged[-1]
        log.append(order_step(log.last_step + 1, log.last_run)).result(10)


def test_a_step_that_has_no_stored_form_stops_the_log_and_loses_nothing(tmp_path: Path) -> None:
    path = tmp_path / "genesis.db"
    log = EventLog.open(path)
    resting = log.append(tick_step(1))
    bad = order_step(2)
    with pytest.raises(EventLogError, match="wire id"):
        log.append(type(bad)(1, 2, bad.event, 0, (), bad.commands))
    with pytest.raises(EventLogError, match="wire id"):
        log.append(tick_step(2))
    assert resting.result(10) == 1
    log.close()
    with EventLog.open(path) as log:
        assert log.last_step == 1


def test_a_second_engine_on_the_home_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "genesis.db"
    process = logging_process(path)
    assert process.stdout is not None
    process.stdout.readline()
    with pytest.raises(UsageError, match=f"process {process.pid}") as told:
        EventLog.open(path)
    assert str(tmp_path) in str(told.value)
    process.kill()
    process.wait()
    process.stdout.close()
    EventLog.open(path).close()  # the dead hold nothing


def test_a_lease_is_given_back(tmp_path: Path) -> None:
    first = Lease.take(tmp_path / "lock")
    with pytest.raises(UsageError):
        Lease.take(tmp_path / "lock")
    first.release()
    first.release()
    Lease.take(tmp_path / "lock").release()


def test_who_only_asks_keeps_nobody_from_starting(tmp_path: Path) -> None:
    """Asking holds the lock for an instant; a lease waits that long."""
    path = tmp_path / "lock"
    path.write_text("123456\n")  # of an engine that is long gone
    asking = os.open(path, os.O_RDONLY)
    fcntl.flock(asking, fcntl.LOCK_SH)
    gone = threading.Timer(0.2, os.close, (asking,))
    gone.start()
    ours = Lease.take(path)
    gone.join()
    assert holder(path) == os.getpid()
    ours.release()


def test_a_lease_whose_file_was_removed_is_no_lease(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The holder ends, and removes the file, between our opening and our locking it."""
    path = tmp_path / "lock"
    path.touch()
    real, calls = fcntl.flock, []

    def flock(descriptor: int, how: int) -> None:
        if not calls:
            path.unlink()
        calls.append(how)
        real(descriptor, how)

    monkeypatch.setattr(fcntl, "flock", flock)
    ours = Lease.take(path)
    assert len(calls) == 2
    with pytest.raises(UsageError, match="runs on the attic: stop it first, or use the cellar"):
        Lease.take(path, "the attic", "use the cellar")
    ours.release()


def test_an_unusable_home_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(EventLogError, match="name another home"):
        EventLog.open(tmp_path / "file" / "genesis.db")
    (tmp_path / "folder.db").mkdir()
    with pytest.raises(EventLogError, match=r"folder\.db"):
        EventLog.open(tmp_path / "folder.db")
