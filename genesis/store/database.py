"""The SQLite database of a home: opened, checked, migrated; every driver error in one clear line.

The driver is `sqlcipher3`: its SQLite carries the fix of the WAL-reset fault that the standard
library's may lack. WAL with synchronous=FULL: a committed row survives loss of power. Reading
connections never hold a write lock; writing ones always take it at BEGIN (an upgrade in
mid-transaction would fail at once).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import sqlalchemy as sa
import sqlcipher3.dbapi2 as driver
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.pool import QueuePool

from genesis.errors import EventLogError
from genesis.store.private import make_empty
from genesis.store.schema import HEAD, SAME_LOG

DATABASE_NAME: Final = "genesis.db"
_MIGRATIONS: Final = Path(__file__).parent / "migrations"
_BUSY_S: Final = 10.0
_DAMAGED: Final = ("not a database", "malformed")
MEANWHILE: Final = (
    "; `genesis close-all --direct` closes what is held meanwhile (with `--sell-all-held` where "
    "the log cannot tell what was held before the account was opened)"
)
"""What a person can do besides where the log is damaged."""
_text: Final = partial(str, encoding="utf-8", errors="replace")
"""A damaged byte is for the chain to notice: the driver would fail, and show what it read."""


class Database:
    """One database file. Open it with `Database.open`.

    Attributes:
        path: the file.
        read_only: no connection of this object can write.
    """

    def __init__(self, path: Path, *, read_only: bool) -> None:
        self.path = path
        self.read_only = read_only
        self._readers = _engine(path, "ro")
        self._writers = None if read_only else _engine(path, "rwc")

    @classmethod
    def open(cls, path: Path, *, read_only: bool = False) -> "Database":
        """Open (and, for writing, create or migrate) the database at `path`.

        Args:
            path: the file; its folder must exist for writing.
            read_only: never create, migrate or write.

        Raises:
            EventLogError: absent, not a database, or written by a newer Genesis.
        """
        if read_only and not path.is_file():
            raise EventLogError(f"{path}: there is no event log here: name the right home")
        if not read_only:
            make_empty(path)
        database = cls(path, read_only=read_only)
        try:
            database._bring_up_to_date()
        except BaseException:
            database.close()
            raise
        return database

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """A connection in a read transaction: one consistent moment. Keep it short."""
        with told(self.path, "cannot be read"), self._readers.connect() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """A connection in a write transaction, committed durably at the end of the block."""
        with told(self.path, "cannot be written"), self.writers.begin() as connection:
            yield connection

    def empty_write_ahead(self) -> bool:
        """Move the write-ahead file into the database and cut it: what was deleted is in neither.

        False where somebody was reading just then; the file is cut when the engine is idle.
        """
        with told(self.path, "cannot be written"):
            raw = self.writers.raw_connection()
            try:
                busy, *_ = raw.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            finally:
                raw.close()
        return not busy

    @property
    def writers(self) -> sa.Engine:
        if self._writers is None:
            raise EventLogError(f"{self.path} was opened for reading only")
        return self._writers

    def close(self) -> None:
        self._readers.dispose()
        if self._writers is not None:
            self._writers.dispose()

    def _bring_up_to_date(self) -> None:
        if self._writers is None:
            with self.reading() as connection:
                found = _revision(connection)
        else:
            with self.writing() as connection:
                found = _revision(connection)
                if found is None or found < HEAD:
                    _migrate(connection)
                    found = HEAD
        if found is None:
            raise EventLogError(f"{self.path}: the file holds no event log: name the right home")
        if found != HEAD and not (self.read_only and found in SAME_LOG):
            age = "newer" if found > HEAD else "older"
            raise EventLogError(
                f"{self.path} has the schema {found} of a{'n' * (age == 'older')} {age} Genesis "
                f"(this one uses {HEAD}): "
                + ("upgrade genesis" if age == "newer" else "start the service once to migrate it")
            )


@contextmanager
def told(path: Path, what: str) -> Iterator[None]:
    """Errors of the driver become one EventLogError line that names the file."""
    try:
        yield
    except UnicodeDecodeError as problem:  # the driver cannot even say what is wrong
        raise EventLogError(
            f"{path}: the event log cannot be read (names in it are damaged): check the disk, or "
            f"restore the newest backup{MEANWHILE}"
        ) from problem
    except SQLAlchemyError as problem:
        cause = problem.orig if isinstance(problem, DBAPIError) else problem
        is_damaged = any(words in str(cause) for words in _DAMAGED)
        raise EventLogError(
            f"{path}: the event log {'cannot be read' if is_damaged else what} ({cause}): "
            f"check the disk, or restore the newest backup{MEANWHILE if is_damaged else ''}"
        ) from problem


def _engine(path: Path, mode: str) -> sa.Engine:
    uri = f"file:{quote(str(path.absolute()))}?mode={mode}"

    def connect() -> Any:
        connection = driver.connect(
            uri, uri=True, timeout=_BUSY_S, isolation_level=None, check_same_thread=False
        )
        connection.text_factory = _text
        if mode != "ro":
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA wal_autocheckpoint = 0")  # the writer does it when idle
            connection.execute("PRAGMA secure_delete = ON")  # what is deleted is overwritten
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA recursive_triggers = ON")
        return connection

    engine = sa.create_engine(
        "sqlite://",
        module=driver,
        creator=connect,
        poolclass=QueuePool,
        hide_parameters=True,  # a page would stand in the text of an error
    )
    begin = "BEGIN" if mode == "ro" else "BEGIN IMMEDIATE"

    @sa.event.listens_for(engine, "begin")
    def _begin(connection: sa.Connection) -> None:
        connection.exec_driver_sql(begin)

    return engine


def _revision(connection: sa.Connection) -> str | None:
    """The migration the database stands at; None before the first."""
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.scalar(sa.text("SELECT version_num FROM alembic_version"))
    return found


def _migrate(connection: sa.Connection) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, HEAD)
