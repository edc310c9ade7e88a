"""Pages and drafts: private, complete, and never in the event log."""

from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from traceback import format_exception

import pytest
import sqlcipher3.dbapi2 as driver

from genesis.errors import EventLogError
from genesis.store.database import Database
from genesis.store.journal import Draft, Journal
from tests.support.pages import Page, page_of, pages_of

GOLDEN = Path(__file__).parent / "golden" / "log_v0001.sql"


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    it = Database.open(tmp_path / "genesis.db")
    yield it
    it.close()


@pytest.fixture
def journal(database: Database) -> Journal:
    return Journal(database)


def test_a_page_is_found_by_its_hash(journal: Journal, database: Database) -> None:
    text = "I lost, I wanted it back. 損した。\n" * 30
    digest = journal.write(text, 5)
    assert digest == sha256(text.encode()).hexdigest()
    assert pages_of(database) == [Page(5, digest, text)]


def test_pages_stand_in_the_order_they_were_written(journal: Journal, database: Database) -> None:
    told = [(1, "first"), (2, "second"), (3, "first")]
    for ts_ns, text in told:
        journal.write(text, ts_ns)
    assert [(page.ts_ns, page.text) for page in pages_of(database)] == told


def test_a_draft_is_replaced_kept_and_dropped(journal: Journal) -> None:
    assert journal.draft("page-1") == Draft("")
    journal.save_draft("page-1", Draft("I", 1))
    _, saved = journal.save_draft("page-1", Draft("I lost", 2, '[{"n":1}]', 7))
    journal.save_draft("page-2", Draft("other", 3))
    assert journal.draft("page-1") == saved == Draft("I lost", 2, '[{"n":1}]', 7, version=2)
    journal.drop_draft("page-1", 9)
    assert journal.draft("page-1") == Draft("", 9, version=3)
    assert journal.draft("page-2").text == "other"
    journal.drop_draft("page-3", 9)
    assert journal.draft("page-3") == Draft("")


def test_a_stale_writer_changes_nothing_and_learns_the_newer_text(journal: Journal) -> None:
    _, first = journal.save_draft("page", Draft("both saw this", 1), seen=0)
    _, mine = journal.save_draft("page", Draft("mine", 2), seen=first.version)
    assert journal.save_draft("page", Draft("yours", 3), seen=first.version) == (False, mine)
    assert journal.draft("page") == mine
    kept, yours = journal.save_draft("page", Draft("yours", 4), seen=mine.version)
    assert kept and journal.draft("page") == yours
    journal.drop_draft("page", 5)
    kept, left = journal.save_draft("page", Draft("late", 6), seen=yours.version)
    assert (kept, left.text) == (False, "")


def test_drafts_of_an_older_home_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "genesis.db"
    connection = driver.connect(str(path))
    connection.executescript(GOLDEN.read_text(encoding="utf-8"))
    connection.execute("INSERT INTO drafts (name, ts_ns, text) VALUES ('page', 5, 'half a page')")
    connection.commit()
    connection.close()
    database = Database.open(path)
    assert Journal(database).draft("page") == Draft("half a page", 5, version=1)
    database.close()


def test_signs_that_no_database_keeps_do_not_lose_the_page(
    journal: Journal, database: Database
) -> None:
    journal.save_draft("page-1", Draft("a\ud800b", 1))
    assert journal.draft("page-1").text == "a?b"
    assert page_of(database, journal.write("a\ud800b", 1)).text == "a?b"


def test_an_error_of_the_database_tells_no_word_of_the_page(
    journal: Journal, database: Database
) -> None:
    with database.writing() as connection:
        connection.exec_driver_sql("DROP TABLE journal")
    page = "my inner" + "most thoughts"
    with pytest.raises(EventLogError) as told:
        journal.write(page, 1)
    assert page not in "".join(format_exception(told.value))
