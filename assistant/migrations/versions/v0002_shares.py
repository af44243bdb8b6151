"""Shares of so many a minute, counted for all replicas."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Make the table; what it holds is worth nothing after a crash, so PostgreSQL logs none of it.

    A Footnote from before migrations reads footnote_schema and refuses what is above 1.
    """
    unlogged = ["UNLOGGED"] if op.get_bind().dialect.name == "postgresql" else []
    op.create_table(
        "footnote_shares",
        sa.Column("caller", sa.String(64), primary_key=True),
        sa.Column("full_at", sa.Double, nullable=False),
        prefixes=unlogged,
    )
    op.create_index("ix_footnote_shares_full_at", "footnote_shares", ["full_at"])
    op.execute("UPDATE footnote_schema SET version = 2")


def downgrade() -> None:
    """Take the table away; every share is a full one then."""
    op.drop_table("footnote_shares")
    op.execute("UPDATE footnote_schema SET version = 1")
