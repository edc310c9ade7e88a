"""`genesis journal`: what is known of pages is listed, their texts go away and leave no trace."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from genesis.cli.main import main
from genesis.domain.time import DAY, parse_utc
from genesis.store.database import DATABASE_NAME, Database
from genesis.store.journal import Draft, Journal, Note

T = parse_utc("2024-08-08T12:00:00Z")
SECRET = "quetzalcoatlus and other words that nobody else would write "


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Three pages of three days, one of them from before notes were taken, and a draft."""
    database = Database.open(tmp_path / DATABASE_NAME)
    journal = Journal(database)
    journal.write(SECRET * 40, T - DAY)
    journal.write(SECRET * 41, T, Note("d1", 512, "accepted", frozenset({1, 2, 2**63 + 5})))
    journal.write(SECRET * 42, T + DAY, Note("d2", 90, "too_short"))
    journal.save_draft("page", Draft(SECRET, T + DAY))
    database.close()
    return tmp_path


def told(capsys: Any, *words: str) -> Any:
    assert main(["journal", *words, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def everything_in(home: Path) -> bytes:
    return b"".join(path.read_bytes() for path in home.rglob("*") if path.is_file())


def test_a_list_tells_dates_words_and_verdicts_and_no_text(home: Path, capsys: Any) -> None:
    found = told(capsys, "list", "--home", str(home))
    assert [(one["words"], one["verdict"], one["text_kept"]) for one in found] == [
        (None, None, True),
        (512, "accepted", True),
        (90, "too_short", True),
    ]
    assert found[1]["at"] == "2024-08-08T12:00:00Z"
    assert main(["journal", "list", "--home", str(home)]) == 0
    assert "quetzalcoatlus" not in capsys.readouterr().out + json.dumps(found)


def test_forgetting_deletes_texts_before_a_day_only(home: Path, capsys: Any) -> None:
    done = told(capsys, "forget", "--home", str(home), "--before", "2024-08-08", "--yes")
    counts = {"pages": 1, "drafts": 0, "unfinished": 1}
    assert done == {"home": str(home), **counts, "set_aside": {}, "not_cut": [], "not_opened": {}}
    kept = told(capsys, "list", "--home", str(home))
    assert [one["text_kept"] for one in kept] == [False, True, True]


def test_what_is_forgotten_is_in_no_byte_of_the_home(home: Path, capsys: Any) -> None:
    assert b"quetzalcoatlus" in everything_in(home)
    done = told(capsys, "forget", "--home", str(home), "--yes", "--drafts")
    assert (done["pages"], done["drafts"], done["unfinished"]) == (3, 1, 0)
    assert b"quetzalcoatlus" not in everything_in(home)
    database = Database.open(home / DATABASE_NAME, read_only=True)
    assert Journal(database).traces({"d1", "d2"}, 20) == [frozenset(), frozenset({1, 2, 2**63 + 5})]
    assert [one.words for one in Journal(database).entries()] == [None, 512, 90]
    database.close()


def test_texts_leave_the_logs_that_were_set_aside_too(home: Path, capsys: Any) -> None:
    log, aside = home / DATABASE_NAME, home / f"{DATABASE_NAME}.set-aside-3"
    shutil.copyfile(log, aside)
    done = told(capsys, "forget", "--home", str(home), "--yes", "--drafts")
    assert (done["pages"], done["set_aside"]) == (3, {aside.name: 3})
    assert b"quetzalcoatlus" not in everything_in(home)
    assert {each.name for each in home.iterdir()} == {log.name, aside.name}


def test_a_log_that_was_set_aside_and_cannot_be_opened_is_named(home: Path, capsys: Any) -> None:
    aside = home / f"{DATABASE_NAME}.set-aside-1"
    aside.write_text("no database, but it may hold anything: " + SECRET)
    assert main(["journal", "forget", "--home", str(home), "--yes"]) == 1
    said = capsys.readouterr().out
    assert f"still holds its texts: {aside}" in said and "3 texts deleted" in said


def test_a_text_that_lies_in_the_write_ahead_file_still_is_told(home: Path, capsys: Any) -> None:
    """Somebody reads meanwhile, so the file cannot be cut."""
    reader = Database.open(home / DATABASE_NAME, read_only=True)
    with reader.reading() as connection:
        connection.exec_driver_sql("SELECT count(*) FROM journal")
        assert main(["journal", "forget", "--home", str(home), "--yes"]) == 0
        assert f"{DATABASE_NAME} was being read" in capsys.readouterr().out
    reader.close()
    assert told(capsys, "forget", "--home", str(home), "--yes", "--drafts")["not_cut"] == []
    assert b"quetzalcoatlus" not in everything_in(home)


def test_nothing_is_forgotten_without_a_yes(
    home: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("typer.confirm", lambda _: False)
    assert main(["journal", "forget", "--home", str(home)]) == 1
    capsys.readouterr()
    assert all(one["text_kept"] for one in told(capsys, "list", "--home", str(home)))


def test_a_wrong_home_and_a_wrong_day_are_told(home: Path, tmp_path: Path, capsys: Any) -> None:
    assert main(["journal", "forget", "--home", str(home), "--before", "soon", "--yes"]) == 2
    assert "--before 'soon' is not a UTC time" in capsys.readouterr().err
    assert main(["journal", "list", "--home", str(tmp_path / "nowhere")]) == 2
    assert "name the right home" in capsys.readouterr().err
    assert not (tmp_path / "nowhere").exists()


def test_traces_are_of_the_last_pages_that_were_accepted(home: Path) -> None:
    database = Database.open(home / DATABASE_NAME)
    journal = Journal(database)
    for n in range(5):
        journal.write(f"text {n}", T + n, Note(f"p{n}", 500, "accepted", frozenset({n})))
    journal.write("text 3 once more", T + 9, Note("p3", 500, "reused", frozenset({3})))
    assert journal.traces({f"p{n}" for n in range(4)}, 3) == [
        frozenset({3}),
        frozenset({2}),
        frozenset({1}),
    ]
    assert journal.traces(set(), 3) == []
    database.close()
