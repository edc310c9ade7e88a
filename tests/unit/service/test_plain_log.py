from pathlib import Path

import pytest

from genesis.domain.events import FeedLost, FeedRestored
from genesis.errors import EventLogError
from genesis.service.second_log import SecondLog
from genesis.store.steps import LogEntry


def entry(step: int) -> LogEntry:
    return LogEntry(1, step, FeedLost(step, "market"), 0)


def test_steps_come_back_as_they_went_in(tmp_path: Path) -> None:
    log = SecondLog(tmp_path / "log.jsonl")
    assert list(log.read()) == []
    log.append(entry(1))
    log.append(LogEntry(1, 2, FeedRestored(2, "market"), 0))
    log.close()
    again = list(SecondLog(tmp_path / "log.jsonl").read())
    assert [(s.step, s.event) for s in again] == [
        (1, FeedLost(1, "market")),
        (2, FeedRestored(2, "market")),
    ]


def test_a_torn_last_line_ends_it_and_a_torn_middle_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    log = SecondLog(path)
    log.append(entry(1))
    log.append(entry(2))
    log.close()
    whole = path.read_text()
    path.write_text(whole[:-20])
    assert [s.step for s in SecondLog(path).read()] == [1]
    path.write_text("{torn\n" + whole)
    with pytest.raises(EventLogError, match="line 1"):
        list(SecondLog(path).read())


def test_an_adopted_log_is_kept_under_another_name(tmp_path: Path) -> None:
    for _ in range(2):
        log = SecondLog(tmp_path / "log.jsonl")
        log.append(entry(1))
        log.set_aside()
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        "log.jsonl.adopted-1",
        "log.jsonl.adopted-2",
    ]
