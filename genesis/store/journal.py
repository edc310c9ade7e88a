"""The pages a trader writes during an intervention: private text, never part of an event.

The event log knows a page by its SHA-256 and its word count only.
"""

from hashlib import sha256
from typing import NamedTuple

import sqlalchemy as sa

from genesis.store.database import Database
from genesis.store.schema import drafts, journal


class Page(NamedTuple):
    """One page: when it was written (UTC ns), its hash and its text."""

    ts_ns: int
    sha256: str
    text: str


class Journal:
    """Pages and drafts in the database of a home."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def write(self, text: str, ts_ns: int) -> str:
        """Keep a page; returns its SHA-256 in hex, the name events know it by."""
        digest = sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
        with self._database.writing() as connection:
            connection.execute(
                sa.insert(journal).values(sha256=digest, ts_ns=ts_ns, text=_utf8(text))
            )
        return digest

    def page(self, digest: str) -> Page | None:
        """The page of that hash, the newest when it was written twice."""
        wanted = self._pages().where(journal.c.sha256 == digest)
        with self._database.reading() as connection:
            row = connection.execute(wanted.order_by(journal.c.id.desc()).limit(1)).first()
        return None if row is None else Page(row.ts_ns, row.sha256, row.text)

    def pages(self) -> list[Page]:
        """All pages, oldest first."""
        with self._database.reading() as connection:
            rows = connection.execute(self._pages().order_by(journal.c.id)).all()
        return [Page(row.ts_ns, row.sha256, row.text) for row in rows]

    def save_draft(self, name: str, text: str, ts_ns: int) -> None:
        """Keep the unfinished text of one intervention; it replaces the older draft."""
        with self._database.writing() as connection:
            connection.execute(sa.delete(drafts).where(drafts.c.name == name))
            connection.execute(sa.insert(drafts).values(name=name, ts_ns=ts_ns, text=_utf8(text)))

    def draft(self, name: str) -> str | None:
        """The unfinished text of one intervention."""
        with self._database.reading() as connection:
            return connection.scalar(sa.select(drafts.c.text).where(drafts.c.name == name))

    def drop_draft(self, name: str) -> None:
        with self._database.writing() as connection:
            connection.execute(sa.delete(drafts).where(drafts.c.name == name))

    def _pages(self) -> sa.Select[int, str, str]:
        return sa.select(journal.c.ts_ns, journal.c.sha256, journal.c.text)


def _utf8(text: str) -> str:
    """Text without lone surrogates, which no database keeps."""
    return text.encode("utf-8", "replace").decode()
