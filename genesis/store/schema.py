"""Tables of the database, in types that SQLite and PostgreSQL both keep exactly.

Amounts live inside canonical JSON as text; times are whole nanoseconds. The append-only triggers
are part of the migrations: a table that must be rebuilt has to create them again.
"""

from typing import Final

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
)

HEAD: Final = "0003"
"""The newest migration this code knows."""

SAME_LOG: Final = frozenset({"0001", "0002", HEAD})
"""Migrations under which log and tape are the same: these can be read as they are."""

ZERO_HASH: Final = "0" * 64
"""What the first row of every chain follows."""

metadata = MetaData()
_Whole = BigInteger().with_variant(Integer, "sqlite")

events = Table(
    "events",
    metadata,
    Column("stream", Text, primary_key=True),
    Column("seq", _Whole, primary_key=True, autoincrement=False),
    Column("run", _Whole, nullable=False),
    Column("step", _Whole, nullable=False),
    Column("role", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("v", Integer, nullable=False),
    Column("ts_ns", _Whole, nullable=False),
    Column("logged_ns", _Whole, nullable=False),
    Column("wire_id", Text),
    Column("tape_pos", _Whole, nullable=False),
    Column("tape_hash", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("prev_hash", Text, nullable=False),
    Column("hash", Text, nullable=False),
    CheckConstraint("role IN ('event', 'outcome', 'command')", name="events_role"),
    sqlite_strict=True,
)
Index("events_kind", events.c.stream, events.c.kind, events.c.seq)
Index(
    "events_wire_id",
    events.c.stream,
    events.c.wire_id,
    unique=True,
    sqlite_where=events.c.wire_id.is_not(None),
    postgresql_where=events.c.wire_id.is_not(None),
)

tape = Table(
    "tape",
    metadata,
    Column("stream", Text, primary_key=True),
    Column("seq", _Whole, primary_key=True, autoincrement=False),
    Column("run", _Whole, nullable=False),
    Column("first_step", _Whole, nullable=False),
    Column("last_step", _Whole, nullable=False),
    Column("first_pos", _Whole, nullable=False),
    Column("event_count", _Whole, nullable=False),
    Column("logged_ns", _Whole, nullable=False),
    Column("codec", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("prev_hash", Text, nullable=False),
    Column("hash", Text, nullable=False),
    sqlite_strict=True,
)

journal = Table(
    "journal",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("sha256", Text, nullable=False, index=True),
    Column("ts_ns", _Whole, nullable=False),
    Column("text", Text, nullable=False),
    Column("digest", Text),
    Column("words", Integer),
    Column("verdict", Text),
    Column("trace", LargeBinary),
    sqlite_strict=True,
)

drafts = Table(
    "drafts",
    metadata,
    Column("name", Text, primary_key=True),
    Column("ts_ns", _Whole, nullable=False),
    Column("text", Text, nullable=False),
    Column("version", _Whole, nullable=False, server_default="1"),
    Column("deltas", Text, nullable=False, server_default="[]"),
    Column("opened_ns", _Whole),
    sqlite_strict=True,
)
