"""Pages carry what the log knows them by, a verdict, and hashes to know them without text."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("journal", sa.Column("digest", sa.Text))
    op.add_column("journal", sa.Column("words", sa.Integer))
    op.add_column("journal", sa.Column("verdict", sa.Text))
    op.add_column("journal", sa.Column("trace", sa.LargeBinary))
