"""Any bit of the file may flip: it is noticed, and told in one line that shows nothing of a row."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from genesis.errors import EventLogError
from genesis.store.database import DATABASE_NAME, Database
from genesis.store.reader import LogReader
from genesis.store.steps import LoggedStep
from tests.support.engines import Bench
from tests.unit.cli.test_rules_cli import recorded


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, bytes]:
    """A log of a few acts, all of it in one file, and its bytes."""
    bench = Bench()
    for _ in range(3):
        bench.act("status", reduces_risk=True, symbol=None)
        bench.later(60)
    path = recorded(tmp_path_factory.mktemp("flip") / "home", bench) / DATABASE_NAME
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return path, path.read_bytes()


def steps_of(path: Path) -> list[LoggedStep]:
    """Every step, where the chain holds.

    Raises:
        EventLogError: the file cannot be read, or its chain does not hold.
    """
    database = Database.open(path, read_only=True)
    try:
        reader = LogReader(database)
        found = reader.first_break()
        if found is not None:
            raise EventLogError(found.reason)
        return list(reader.read())
    finally:
        database.close()


def flipped(path: Path, content: bytes, at: int, bit: int) -> Path:
    changed = bytearray(content)
    changed[at] ^= 1 << bit
    other = path.with_name("flipped.db")
    other.write_bytes(changed)
    return other


@settings(max_examples=300)
@given(st.floats(0, 1, exclude_max=True), st.integers(0, 7))
@example(0.999, 7)
def test_a_flipped_bit_is_noticed_or_changes_nothing(
    whole: tuple[Path, bytes], place: float, bit: int
) -> None:
    path, content = whole
    begin = content.index(b'{"')  # from the first record on: before it stands how it is laid out
    at = begin + int(place * (len(content) - begin))
    try:
        steps = steps_of(flipped(path, content, at, bit))
    except EventLogError as told:
        assert "with text" not in told.message and "\n" not in told.message
    else:
        assert steps == steps_of(path)


@pytest.mark.parametrize("bit", range(8))
def test_a_flipped_bit_of_a_record_is_a_changed_row(whole: tuple[Path, bytes], bit: int) -> None:
    path, content = whole
    at = content.rindex(b'"verb":"status"') + len(b'"verb":"')
    with pytest.raises(EventLogError, match="its content was changed"):
        steps_of(flipped(path, content, at, bit))
