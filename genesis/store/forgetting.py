"""Private texts leave a home: its log, and every log of it that was set aside."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from genesis.errors import EventLogError
from genesis.store.database import Database
from genesis.store.journal import Journal
from genesis.store.set_aside import all_set_aside


class Forgotten(NamedTuple):
    """What became of the texts of one file.

    unfinished: drafts that were left. is_cut: nothing of them lies in its write-ahead file, either.
    """

    path: Path
    pages: int
    drafts: int
    unfinished: int
    is_cut: bool


class Closed(NamedTuple):
    """A file whose texts are as they were, and why."""

    path: Path
    why: str


def forget_texts(database: Database, before_ns: int | None, drafts_ns: int | None) -> Forgotten:
    """Delete the texts of pages from before a moment (None: of all) in one file.

    drafts_ns: the moment unfinished pages are deleted at, too; None keeps them.
    """
    journal = Journal(database)
    pages = journal.forget(before_ns)
    drafts = 0 if drafts_ns is None else journal.forget_drafts(drafts_ns)
    left = journal.unfinished()
    return Forgotten(database.path, pages, drafts, left, database.empty_write_ahead())


def forget_set_aside(
    log: Path, before_ns: int | None, drafts_ns: int | None
) -> Iterator[Forgotten | Closed]:
    """The same in every file that was set aside of this log."""
    for path in all_set_aside(log):
        try:
            database = Database.open(path)
            try:
                yield forget_texts(database, before_ns, drafts_ns)
            finally:
                database.close()
        except EventLogError as problem:
            yield Closed(path, problem.message)
