"""The database file: migrated from nothing, guarded, clear when unusable."""

import os
from importlib.resources import files
from pathlib import Path

import pytest
import sqlalchemy as sa
import sqlcipher3.dbapi2 as driver
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from genesis.errors import EventLogError
from genesis.store.database import Database
from genesis.store.event_log import EventLog
from genesis.store.reader import LogReader
from genesis.store.schema import HEAD, metadata
from tests.support.log_steps import order_step

GOLDEN = Path(__file__).parent / "golden" / "log_v0001.sql"


def scripts() -> ScriptDirectory:
    config = Config()
    config.set_main_option("script_location", str(files("genesis.store").joinpath("migrations")))
    return ScriptDirectory.from_config(config)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "genesis.db"


def test_the_migrations_make_exactly_the_tables_of_the_code(path: Path) -> None:
    database = Database.open(path)
    with database.reading() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
        strict = connection.execute(sa.text("PRAGMA table_list")).mappings().all()
        assert {row["name"] for row in strict if row["strict"]} == set(metadata.tables)
    database.close()


def test_the_code_knows_its_newest_migration() -> None:
    assert scripts().get_heads() == [HEAD]


def test_the_settings_that_durability_rests_on(path: Path) -> None:
    database = Database.open(path)
    with database.writing() as connection:

        def pragma(name: str) -> object:
            return connection.scalar(sa.text(f"PRAGMA {name}"))

        assert pragma("journal_mode") == "wal"
        assert pragma("synchronous") == 2
        assert pragma("foreign_keys") == 1
        assert pragma("recursive_triggers") == 1
    database.close()
    assert driver.sqlite_version_info >= (3, 51, 3), "older ones can corrupt a write-ahead file"


def test_a_write_transaction_takes_the_lock_at_once_and_rolls_back_whole(path: Path) -> None:
    database = Database.open(path)
    other = driver.connect(str(path), timeout=0, isolation_level=None)
    with pytest.raises(ZeroDivisionError), database.writing() as connection:
        with pytest.raises(driver.OperationalError, match="locked"):
            other.execute("BEGIN IMMEDIATE")
        connection.execute(sa.text("INSERT INTO drafts (name, ts_ns, text) VALUES ('a', 1, 'b')"))
        _ = 1 / 0
    with database.reading() as connection:
        assert connection.scalar(sa.text("SELECT count(*) FROM drafts")) == 0
    other.close()
    database.close()


def test_reading_connections_cannot_write(path: Path) -> None:
    Database.open(path).close()
    database = Database.open(path, read_only=True)
    with pytest.raises(EventLogError, match="readonly"), database.reading() as connection:
        connection.execute(sa.text("INSERT INTO drafts (name, ts_ns, text) VALUES ('a', 1, 'b')"))
    with pytest.raises(EventLogError, match="reading only"), database.writing():
        pass
    database.close()


@pytest.mark.parametrize("read_only", [True, False])
@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"this is no database at all" * 200, "not a database"),
        (b"PAR1" + os.urandom(9_000), "not a database"),
    ],
)
def test_a_file_that_is_no_database_is_named_in_one_line(
    path: Path, content: bytes, complaint: str, read_only: bool
) -> None:
    path.write_bytes(content)
    with pytest.raises(EventLogError, match=complaint) as told:
        Database.open(path, read_only=read_only)
    assert str(path) in str(told.value)
    assert "\n" not in str(told.value)
    assert "the event log cannot be read (" in str(told.value)
    assert "`genesis close-all --direct`" in str(told.value)
    assert "`--sell-all-held`" in str(told.value)
    assert path.read_bytes() == content


@pytest.mark.parametrize("keep", [100, 4_096, 30_000, 60_000])
def test_a_truncated_file_is_an_event_log_error(path: Path, keep: int) -> None:
    with EventLog.open(path) as log:
        for step in range(1, 60):
            log.append(order_step(step))
    content = path.read_bytes()
    assert len(content) > 60_000
    path.write_bytes(content[:keep])
    with pytest.raises(EventLogError, match=r"genesis\.db") as told:
        database = Database.open(path, read_only=True)
        list(LogReader(database).read())
    assert "\n" not in str(told.value)


def test_absent_and_empty_files_are_told_apart_from_logs(path: Path) -> None:
    with pytest.raises(EventLogError, match="there is no event log here"):
        Database.open(path, read_only=True)
    assert not path.exists()
    path.touch()
    with pytest.raises(EventLogError, match="holds no event log"):
        Database.open(path, read_only=True)


@pytest.mark.parametrize("read_only", [True, False])
def test_a_file_of_a_newer_genesis_is_left_alone(path: Path, read_only: bool) -> None:
    database = Database.open(path)
    with database.writing() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    database.close()
    with pytest.raises(EventLogError, match=r"newer Genesis.*upgrade genesis"):
        Database.open(path, read_only=read_only)


def test_a_log_of_the_first_schema_is_read_as_it_is(path: Path) -> None:
    """Who only looks migrates nothing."""
    connection = driver.connect(str(path))
    connection.executescript(GOLDEN.read_text(encoding="utf-8"))
    connection.close()
    content = path.read_bytes()
    database = Database.open(path, read_only=True)
    assert len(list(LogReader(database).read())) == 21
    database.close()
    assert path.read_bytes() == content


def test_a_log_written_under_the_first_schema_can_be_read(path: Path) -> None:
    connection = driver.connect(str(path))
    connection.executescript(GOLDEN.read_text(encoding="utf-8"))
    connection.close()
    with EventLog.open(path) as log:
        assert log.verify_chain() is None
        steps = list(log.read())
        assert [step.step for step in steps] == list(range(1, 22))
        assert log.append(order_step(22)).result(10) == 22
    assert sum(len(step.commands) for step in steps) == 14
