"""Drafts carry a version, how they were typed, and when their page was opened."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_WHOLE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("drafts", sa.Column("version", _WHOLE, nullable=False, server_default="1"))
    op.add_column("drafts", sa.Column("deltas", sa.Text, nullable=False, server_default="[]"))
    op.add_column("drafts", sa.Column("opened_ns", _WHOLE))
