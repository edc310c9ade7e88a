"""What a home holds can be read by its owner alone, in new homes and in those from before."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from genesis.service.home import Home
from genesis.service.recovering import _copy_whole
from genesis.service.second_log import SecondLog
from genesis.store.database import DATABASE_NAME
from genesis.store.event_log import EventLog
from tests.support.log_steps import order_step


@pytest.fixture(autouse=True)
def usual_umask() -> Iterator[None]:
    before = os.umask(0o022)
    yield
    os.umask(before)


def mode(path: Path) -> str:
    return oct(path.stat().st_mode & 0o7777)


def written(home: Path) -> None:
    """A log with its write-ahead file, a plain log, and a copy of a log."""
    with EventLog.open(home / DATABASE_NAME) as log:
        log.append(order_step(1)).result()
        for name in (DATABASE_NAME, f"{DATABASE_NAME}-wal", f"{DATABASE_NAME}-shm"):
            assert mode(home / name) == "0o600", name
    second = SecondLog(home / "second-log.jsonl")
    second.append(order_step(2))
    second.close()
    _copy_whole(home / DATABASE_NAME, home / f"{DATABASE_NAME}.set-aside-1")
    for file in home.iterdir():
        assert file.is_dir() or mode(file) == "0o600", file


def test_a_new_home_and_its_files_are_its_owners_alone(tmp_path: Path) -> None:
    home = Home.open(tmp_path / "by the service").path
    assert mode(home) == "0o700"
    written(home)
    written(tmp_path / "by a verb")
    assert mode(tmp_path / "by a verb") == "0o700"


def test_a_home_from_before_is_closed_to_others_at_the_next_start(tmp_path: Path) -> None:
    names = (DATABASE_NAME, f"{DATABASE_NAME}-wal", f"{DATABASE_NAME}.set-aside-1")
    texts = [tmp_path / name for name in (*names, "second-log.jsonl", "second-log.jsonl.adopted-1")]
    for file in texts:
        file.touch(0o644)
    (tmp_path / "rules.toml").touch(0o644)
    tmp_path.chmod(0o755)
    Home.open(tmp_path)
    assert {mode(file) for file in texts} == {"0o600"}
    assert mode(tmp_path / "rules.toml") == "0o644"
    assert mode(tmp_path) == "0o700"


def test_a_folder_that_is_no_home_yet_or_that_all_share_stays_as_it_is(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    Home.open(tmp_path)
    assert mode(tmp_path) == "0o755"
    (tmp_path / DATABASE_NAME).touch(0o644)
    tmp_path.chmod(0o1777)
    Home.open(tmp_path)
    assert mode(tmp_path) == "0o1777"
    assert mode(tmp_path / DATABASE_NAME) == "0o600"
