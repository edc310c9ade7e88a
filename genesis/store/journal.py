"""The pages a trader writes during an intervention: private text, never part of an event.

The event log knows a page by the SHA-256 of its words and their count only. Beside the text stand
hashes that know it again: they stay when the text is forgotten.
"""

from array import array
from collections.abc import Collection
from hashlib import sha256
from typing import NamedTuple

import sqlalchemy as sa

from genesis.store.database import Database
from genesis.store.schema import drafts, journal


class Note(NamedTuple):
    """What is known of a page without its text.

    digest: the hash of its words, as in events. verdict: `accepted`, or why not. trace: hashes of
    runs of its words (64 bit).
    """

    digest: str
    words: int
    verdict: str
    trace: frozenset[int] = frozenset()


class Entry(NamedTuple):
    """One line about a page: when it was handed in (UTC ns), what is known of it, and whether its
    text is still kept. Pages from before notes were taken have none."""

    ts_ns: int
    words: int | None
    verdict: str | None
    is_kept: bool


class Draft(NamedTuple):
    """An unfinished page: its text, when it was saved (UTC ns), how it came to be, and since when.

    deltas: JSON text of the caller's. version: counts what was saved, 0 before the first.
    """

    text: str
    ts_ns: int = 0
    deltas: str = "[]"
    opened_ns: int | None = None
    version: int = 0


class Journal:
    """Pages and drafts in the database of a home."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def write(self, text: str, ts_ns: int, note: Note | None = None) -> str:
        """Keep a page and what is known of it; returns the SHA-256 of the text in hex."""
        digest = sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
        row = {"sha256": digest, "ts_ns": ts_ns, "text": _utf8(text)}
        if note is not None:
            kept = {"digest": note.digest, "words": note.words, "verdict": note.verdict}
            row |= kept | {"trace": array("Q", sorted(note.trace)).tobytes()}
        with self._database.writing() as connection:
            connection.execute(sa.insert(journal).values(row))
        return digest

    def traces(self, digests: Collection[str], most: int) -> list[frozenset[int]]:
        """Traces of the last pages that are among these (hashes of words), the newest first."""
        wanted = sa.select(journal.c.digest, journal.c.trace).where(journal.c.trace.is_not(None))
        found: dict[str, frozenset[int]] = {}
        with self._database.reading() as connection:
            for digest, trace in connection.execute(wanted.order_by(journal.c.id.desc())):
                if digest in digests and digest not in found:
                    found[digest] = frozenset(array("Q", trace))
                if len(found) == most:
                    break
        return list(found.values())

    def entries(self) -> list[Entry]:
        """What is known of every page, oldest first; never a text."""
        columns = (journal.c.ts_ns, journal.c.words, journal.c.verdict, journal.c.text != "")
        with self._database.reading() as connection:
            rows = connection.execute(sa.select(*columns).order_by(journal.c.id)).all()
        return [Entry(row[0], row[1], row[2], bool(row[3])) for row in rows]

    def forget(self, before_ns: int | None = None) -> int:
        """Delete the texts of pages handed in before a moment (None: of all); how many.

        Hashes, counts and verdicts stay. The place of a text in the file is overwritten; what the
        write-ahead file holds of it goes with `Database.empty_write_ahead`.
        """
        which = journal.c.text != ""
        if before_ns is not None:
            which &= journal.c.ts_ns < before_ns
        with self._database.writing() as connection:
            done = connection.execute(sa.update(journal).where(which).values(text=""))
        return done.rowcount

    def forget_drafts(self, ts_ns: int) -> int:
        """Delete the texts of unfinished pages; how many there were."""
        with self._database.writing() as connection:
            names = connection.scalars(sa.select(drafts.c.name).where(drafts.c.text != "")).all()
            for name in names:
                held = _held(connection, name)
                _put(connection, name, Draft("", ts_ns, version=held.version + 1))
        return len(names)

    def unfinished(self) -> int:
        """How many drafts hold a text."""
        wanted = sa.select(sa.func.count()).select_from(drafts).where(drafts.c.text != "")
        with self._database.reading() as connection:
            return connection.scalar(wanted) or 0

    def save_draft(self, name: str, given: Draft, seen: int | None = None) -> tuple[bool, Draft]:
        """Keep the unfinished text of one intervention: was it kept, and the draft that stands.

        seen: the version the writer knew. An older one than the saved one changes nothing, so that
        no newer text is lost; None replaces whatever stands.
        """
        with self._database.writing() as connection:
            held = _held(connection, name)
            if seen is not None and seen < held.version:
                return False, held
            kept = given._replace(text=_utf8(given.text), version=held.version + 1)
            _put(connection, name, kept)
        return True, kept

    def draft(self, name: str) -> Draft:
        """The unfinished text of one intervention; an empty one where nothing was written."""
        with self._database.reading() as connection:
            return _held(connection, name)

    def drop_draft(self, name: str, ts_ns: int) -> None:
        """Forget the text. Its version goes on: a late save of a stale tab does not revive it."""
        with self._database.writing() as connection:
            held = _held(connection, name)
            if held.version:
                _put(connection, name, Draft("", ts_ns, version=held.version + 1))


def _held(connection: sa.Connection, name: str) -> Draft:
    columns = (drafts.c.text, drafts.c.ts_ns, drafts.c.deltas, drafts.c.opened_ns, drafts.c.version)
    row = connection.execute(sa.select(*columns).where(drafts.c.name == name)).first()
    return Draft("") if row is None else Draft(*row)


def _put(connection: sa.Connection, name: str, draft: Draft) -> None:
    connection.execute(sa.delete(drafts).where(drafts.c.name == name))
    connection.execute(sa.insert(drafts).values(name=name, **draft._asdict()))


def _utf8(text: str) -> str:
    """Text without lone surrogates, which no database keeps."""
    return text.encode("utf-8", "replace").decode()
