"""Log lines for people: which are shown, what they say, and what a rotation does to them."""

import itertools
import json
from pathlib import Path

import pytest

from genesis.cli import logs
from genesis.cli.logs import human, newest

ALL = ("debug", "info", "warning", "error", "critical")


def line(event: str, level: str = "info", **context: object) -> str:
    told = {"timestamp": "2026-11-21T10:00:00Z", "level": level, "component": "service"}
    return json.dumps({**told, "event": event, "error_type": None, "context": context})


def write(file: Path, *lines: str) -> int:
    file.write_text("".join(f"{each}\n" for each in lines))
    return file.stat().st_size


def test_the_newest_lines_come_from_the_rotated_files_too_oldest_first(tmp_path: Path) -> None:
    file = tmp_path / "genesis.jsonl"
    write(tmp_path / "genesis.jsonl.10", line("1"))
    write(tmp_path / "genesis.jsonl.2", line("2"))
    write(tmp_path / "genesis.jsonl.1", line("3"), line("4", "debug"))
    size = write(file, line("5"), line("6"))
    (tmp_path / "genesis.jsonl.old").write_text("no part of it")

    def events(most: int, shown: tuple[str, ...] = ALL) -> list[str]:
        return [json.loads(each)["event"] for each in newest(file, most, shown, size)]

    assert events(99) == ["1", "2", "3", "4", "5", "6"]
    assert events(3) == ["4", "5", "6"]
    assert events(3, ALL[1:]) == ["3", "5", "6"]
    assert events(0) == []


def test_a_line_for_people_names_everything_and_steers_no_terminal() -> None:
    told = human(line("ready", url="http://x", counts={"a": 1}, text="\x1b[31mred\n"))
    assert told.startswith("2026-11-21T10:00:00Z info     service    ready  url=http://x")
    assert 'counts={"a": 1}' in told
    assert "\x1b" not in told
    assert "\n" not in told
    trace = human(line("broke", "error", exception="Traceback\n  in f"))
    assert trace.endswith("broke\n    Traceback\n      in f")
    failed = json.dumps({**json.loads(line("x")), "error_type": "Rejected"})
    assert "error=Rejected" in human(failed)


@pytest.mark.parametrize("damaged", ['{"timestamp": "2026', "", "null", "[]", '{"level": 1}'])
def test_a_damaged_line_is_shown_as_it_is(damaged: str, tmp_path: Path) -> None:
    assert human(damaged) == damaged
    size = write(tmp_path / "l", damaged or " ", line("after"))
    assert len(newest(tmp_path / "l", 9, ("critical",), size)) == 1


def test_following_goes_along_with_a_rotation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "genesis.jsonl"
    start = write(file, "old")

    def rotate() -> None:
        with file.open("a") as out:
            out.write("c\n")
        file.rename(tmp_path / "genesis.jsonl.1")
        write(file, "d", "e")

    def add(text: str) -> None:
        with file.open("a") as out:
            out.write(text)

    acts = iter([lambda: add("a\nb"), lambda: add("b\n"), rotate, lambda: None, lambda: add("f\n")])
    monkeypatch.setattr(logs.time, "sleep", lambda _seconds: next(acts)())
    lines = logs._new_lines(file, start)
    assert list(itertools.islice(lines, 6)) == ["a", "bb", "c", "d", "e", "f"]
