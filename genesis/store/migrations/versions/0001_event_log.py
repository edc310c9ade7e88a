"""Event log, tape, journal pages and drafts; log and tape are append-only by trigger."""

import sqlalchemy as sa
from alembic import op

from genesis.errors import NotBuilt

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_WHOLE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_ZERO_HASH = "0" * 64


def upgrade() -> None:
    if op.get_bind().dialect.name != "sqlite":
        raise NotBuilt("the event log on PostgreSQL is not built yet: use SQLite")
    _create_events()
    _create_tape()
    _create_pages()
    for table in ("events", "tape"):
        _make_append_only(table)


def _create_events() -> None:
    op.create_table(
        "events",
        sa.Column("stream", sa.Text, primary_key=True),
        sa.Column("seq", _WHOLE, primary_key=True, autoincrement=False),
        sa.Column("run", _WHOLE, nullable=False),
        sa.Column("step", _WHOLE, nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("v", sa.Integer, nullable=False),
        sa.Column("ts_ns", _WHOLE, nullable=False),
        sa.Column("logged_ns", _WHOLE, nullable=False),
        sa.Column("wire_id", sa.Text),
        sa.Column("tape_pos", _WHOLE, nullable=False),
        sa.Column("tape_hash", sa.Text, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("prev_hash", sa.Text, nullable=False),
        sa.Column("hash", sa.Text, nullable=False),
        sa.CheckConstraint("role IN ('event', 'outcome', 'command')", name="events_role"),
        sqlite_strict=True,
    )
    op.create_index("events_kind", "events", ["stream", "kind", "seq"])
    op.create_index(
        "events_wire_id",
        "events",
        ["stream", "wire_id"],
        unique=True,
        sqlite_where=sa.text("wire_id IS NOT NULL"),
        postgresql_where=sa.text("wire_id IS NOT NULL"),
    )


def _create_tape() -> None:
    op.create_table(
        "tape",
        sa.Column("stream", sa.Text, primary_key=True),
        sa.Column("seq", _WHOLE, primary_key=True, autoincrement=False),
        sa.Column("run", _WHOLE, nullable=False),
        sa.Column("first_step", _WHOLE, nullable=False),
        sa.Column("last_step", _WHOLE, nullable=False),
        sa.Column("first_pos", _WHOLE, nullable=False),
        sa.Column("event_count", _WHOLE, nullable=False),
        sa.Column("logged_ns", _WHOLE, nullable=False),
        sa.Column("codec", sa.Text, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.Column("prev_hash", sa.Text, nullable=False),
        sa.Column("hash", sa.Text, nullable=False),
        sqlite_strict=True,
    )


def _create_pages() -> None:
    op.create_table(
        "journal",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("sha256", sa.Text, nullable=False),
        sa.Column("ts_ns", _WHOLE, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sqlite_strict=True,
    )
    op.create_index("ix_journal_sha256", "journal", ["sha256"])
    op.create_table(
        "drafts",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("ts_ns", _WHOLE, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sqlite_strict=True,
    )


def _make_append_only(table: str) -> None:
    """Refuse change, removal, gaps and rows that do not follow the last one.

    The insert rule also stops INSERT OR REPLACE, which would pass by the delete trigger.
    """
    for act in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER {table}_no_{act.lower()} BEFORE {act} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{table} is append-only: {act} refused'); END"
        )
    op.execute(
        f"CREATE TRIGGER {table}_follows BEFORE INSERT ON {table} "
        f"WHEN NEW.seq <> 1 + COALESCE("
        f"(SELECT MAX(seq) FROM {table} WHERE stream = NEW.stream), 0) "
        f"OR NEW.prev_hash <> COALESCE("
        f"(SELECT hash FROM {table} WHERE stream = NEW.stream AND seq = NEW.seq - 1), "
        f"'{_ZERO_HASH}') "
        f"BEGIN SELECT RAISE(ABORT, '{table} is append-only: the row does not follow the last'); "
        f"END"
    )
