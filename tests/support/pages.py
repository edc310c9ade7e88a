"""The pages a database keeps, as no part of the product reads them: with their texts."""

from typing import NamedTuple

import sqlalchemy as sa

from genesis.store.database import Database
from genesis.store.schema import journal


class Page(NamedTuple):
    ts_ns: int
    sha256: str
    text: str


def pages_of(database: Database) -> list[Page]:
    """All of them, oldest first."""
    wanted = sa.select(journal.c.ts_ns, journal.c.sha256, journal.c.text).order_by(journal.c.id)
    with database.reading() as connection:
        return [Page(*row) for row in connection.execute(wanted)]


def page_of(database: Database, sha256: str) -> Page:
    """The newest page of that hash."""
    return next(page for page in reversed(pages_of(database)) if page.sha256 == sha256)
