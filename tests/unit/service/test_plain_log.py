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


def written(path: Path, *steps: int) -> str:
    """What the file holds once a run has written these steps."""
    log = SecondLog(path)
    for step in steps:
        log.append(entry(step))
    log.close()
    return path.read_text()


def steps_of(path: Path) -> list[int]:
    return [step.step for step in SecondLog(path).read()]


def test_a_torn_last_line_ends_it_and_a_torn_middle_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    whole = written(path, 1, 2)
    path.write_text(whole[:-20])
    assert steps_of(path) == [1]
    path.write_text("{torn\n" + whole)
    with pytest.raises(EventLogError, match="line 1"):
        steps_of(path)


def test_a_whole_last_line_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    path.write_text(written(path, 1) + '{"kind": "of a later version"}\n')
    with pytest.raises(EventLogError, match="line 2"):
        steps_of(path)


def test_the_run_after_a_kill_midway_in_a_line_goes_on_behind_what_was_whole(
    tmp_path: Path,
) -> None:
    path = tmp_path / "log.jsonl"
    whole = written(path, 1, 2)
    for cut in range(1, len(whole.splitlines()[1]) + 1):
        path.write_text(whole[:-cut])
        kept = steps_of(path)
        written(path, 3, 4)
        assert steps_of(path) == [*kept, 3, 4]
        assert kept == ([1, 2] if cut == 1 else [1])


def test_an_adopted_log_is_kept_under_another_name(tmp_path: Path) -> None:
    for _ in range(2):
        log = SecondLog(tmp_path / "log.jsonl")
        log.append(entry(1))
        log.set_aside()
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        "log.jsonl.adopted-1",
        "log.jsonl.adopted-2",
    ]


def test_a_file_that_was_kept_is_never_written_over(tmp_path: Path) -> None:
    """The first of them was moved to an archive."""
    (tmp_path / "log.jsonl.adopted-2").write_text("older steps")
    for _ in range(2):
        written(tmp_path / "log.jsonl", 1)
        SecondLog(tmp_path / "log.jsonl").set_aside()
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        f"log.jsonl.adopted-{number}" for number in (1, 2, 3)
    ]
    assert (tmp_path / "log.jsonl.adopted-2").read_text() == "older steps"
