"""Pages and drafts: private, complete, and never in the event log."""

from hashlib import sha256
from pathlib import Path

import pytest

from genesis.store.database import Database
from genesis.store.journal import Journal, Page


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(Database.open(tmp_path / "genesis.db"))


def test_a_page_is_found_by_its_hash(journal: Journal) -> None:
    text = "I lost, I wanted it back. 損した。\n" * 30
    digest = journal.write(text, 5)
    assert digest == sha256(text.encode()).hexdigest()
    assert journal.page(digest) == Page(5, digest, text)
    assert journal.page("0" * 64) is None


def test_pages_stand_in_the_order_they_were_written(journal: Journal) -> None:
    for ts_ns, text in ((1, "first"), (2, "second"), (3, "first")):
        journal.write(text, ts_ns)
    assert [(page.ts_ns, page.text) for page in journal.pages()] == [
        (1, "first"),
        (2, "second"),
        (3, "first"),
    ]
    assert journal.page(sha256(b"first").hexdigest()) == journal.pages()[2]


def test_a_draft_is_replaced_kept_and_dropped(journal: Journal) -> None:
    assert journal.draft("page-1") is None
    journal.save_draft("page-1", "I", 1)
    journal.save_draft("page-1", "I lost", 2)
    journal.save_draft("page-2", "other", 3)
    assert journal.draft("page-1") == "I lost"
    journal.drop_draft("page-1")
    assert journal.draft("page-1") is None
    assert journal.draft("page-2") == "other"


def test_signs_that_no_database_keeps_do_not_lose_the_page(journal: Journal) -> None:
    journal.save_draft("page-1", "a\ud800b", 1)
    assert journal.draft("page-1") == "a?b"
    assert journal.page(journal.write("a\ud800b", 1)) is not None
