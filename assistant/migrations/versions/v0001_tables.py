"""The tables as they were before there were migrations.

Made where they are not there yet: that is how a database from before is taken over, data and all.
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_ID = 64


def upgrade() -> None:
    """Make what is missing."""
    op.create_table(
        "footnote_schema", sa.Column("version", sa.Integer, primary_key=True), if_not_exists=True
    )
    version = sa.table("footnote_schema", sa.column("version"))
    if op.get_bind().scalar(sa.select(sa.func.max(version.c.version))) is None:
        op.execute(version.insert().values(version=1))
    _talks()
    op.create_table(
        "footnote_events",
        sa.Column("id", sa.String(_ID), primary_key=True),
        sa.Column("claimed", sa.Double, nullable=False),
        if_not_exists=True,
    )
    _index("footnote_events", "claimed")
    op.create_table(
        "footnote_api_keys",
        sa.Column("id", sa.String(_ID), primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("scopes", sa.Text, nullable=False),
        sa.Column("hash", sa.String(_ID), nullable=False, unique=True),
        sa.Column("created", sa.Double, nullable=False),
        sa.Column("revoked", sa.Double),
        if_not_exists=True,
    )
    op.create_table(
        "footnote_sites",
        sa.Column("name", sa.String(_ID), primary_key=True),
        sa.Column("origins", sa.Text, nullable=False),
        sa.Column("suggestions", sa.Text, nullable=False),
        sa.Column("signing_key", sa.LargeBinary, nullable=False),
        sa.Column("created", sa.Double, nullable=False),
        sa.Column("revoked", sa.Double),
        if_not_exists=True,
    )


def _talks() -> None:
    op.create_table(
        "footnote_conversations",
        sa.Column("id", sa.String(_ID), primary_key=True),
        sa.Column("owner", sa.String(_ID), nullable=False),
        sa.Column("thread", sa.String(_ID)),
        sa.Column("started", sa.Double, nullable=False),
        sa.Column("changed", sa.Double, nullable=False),
        sa.Column("answers", sa.Integer, nullable=False),
        sa.UniqueConstraint("owner", "thread", name="footnote_one_conversation_a_thread"),
        if_not_exists=True,
    )
    _index("footnote_conversations", "changed")
    op.create_table(
        "footnote_answers",
        sa.Column("id", sa.String(_ID), primary_key=True),
        sa.Column(
            "conversation",
            sa.String(_ID),
            sa.ForeignKey("footnote_conversations.id", ondelete="CASCADE"),
            nullable=False,
        ),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.UniqueConstraint("conversation", "position", name="footnote_one_answer_a_position"),
        if_not_exists=True,
    )
    op.create_table(
        "footnote_feedback",
        sa.Column(
            "answer",
            sa.String(_ID),
            sa.ForeignKey("footnote_answers.id", ondelete="CASCADE"),
            primary_key=True,
        ),
        sa.Column("rater", sa.String(_ID), primary_key=True),
        sa.Column("given", sa.Double, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        if_not_exists=True,
    )
    _index("footnote_feedback", "given")


def _index(table: str, column: str) -> None:
    op.create_index(f"ix_{table}_{column}", table, [column], if_not_exists=True)


def downgrade() -> None:
    """Take everything away, with the data in it."""
    for table in (
        *("sites", "api_keys", "events"),
        *("feedback", "answers", "conversations", "schema"),
    ):
        op.drop_table(f"footnote_{table}")
