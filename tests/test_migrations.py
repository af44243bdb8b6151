"""The database's tables are brought up to date and back with what is in them.

With POSTGRES_TEST_URL set, on PostgreSQL too (`tests/postgres.sh`).
"""

import json
import sqlite3
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from typer.testing import CliRunner

from assistant import migrations
from assistant.conversations import Conversations
from assistant.database import REVISION, Database, metadata
from assistant.serving.keys import Keys
from assistant.upkeep import db
from index.errors import ConversationsUnavailable, MissingExtra, UsageError
from tests.test_conversations import an_answer

OURS = {table.name for table in metadata.sorted_tables}


def tables(database: Database) -> set[str]:
    """Return the names of the tables that are there."""
    with database.reading() as connection:
        return set(sa.inspect(connection).get_table_names())


def filled(url: str) -> tuple[str, str]:
    """Keep something of every kind; return a conversation, and an answer in it."""
    with Conversations(url) as kept, Keys(url) as keys:
        conversation, answer = kept.start("ann"), an_answer()
        kept.append(conversation, "ann", answer)
        kept.rate(answer.id, "ann", "up")
        assert kept.claim_event("Ev1")
        keys.create("reports", ["client"])
        keys.put_site("handbook", ["https://example.com"])
    return conversation, answer.id


def check_filled(url: str, conversation: str, answer: str) -> None:
    """Hold what is kept to what `filled` kept."""
    with Conversations(url) as kept, Keys(url) as keys:
        assert [one.id for one in kept.answers(conversation, "ann")] == [answer]
        assert [one.rating for one in kept.feedback()] == ["up"]
        assert not kept.claim_event("Ev1")
        assert [len(listed) for listed in keys.listed()] == [1, 1]


def test_the_steps_make_the_tables_that_the_code_uses(database_url: str) -> None:
    """What the migrations make is what `database.py` describes, and its newest step is known."""
    assert migrations.revisions()[-1] == REVISION
    database = Database(database_url)
    with database.reading() as connection:
        context = MigrationContext.configure(
            connection, opts={"version_table": "footnote_alembic_version"}
        )
        assert compare_metadata(context, metadata) == []
    database.close()


def test_every_step_goes_down_and_up_with_data_in_it(database_url: str) -> None:
    """To the first step and back nothing that it knows is lost; at the base all is gone."""
    conversation, answer = filled(database_url)
    database = Database(database_url)
    assert database.migrate("0001", down=True) == "0001"
    assert tables(database) == {*OURS, "footnote_alembic_version"} - {"footnote_shares"}
    check_filled(database_url, conversation, answer)
    assert database.revision() == REVISION, "opening it brought it up to date"
    assert database.migrate("base", down=True) is None
    assert tables(database) == {"footnote_alembic_version"}
    assert database.migrate("head") == REVISION
    assert tables(database) >= OURS
    database.close()


def test_a_database_from_before_migrations_is_taken_over(database_url: str) -> None:
    """One without a revision gets one, and keeps what is in it."""
    conversation, answer = filled(database_url)
    database = Database(database_url)
    with database.writing() as connection:
        connection.exec_driver_sql("DROP TABLE footnote_alembic_version")
        connection.exec_driver_sql("DROP TABLE footnote_shares")
        connection.exec_driver_sql("UPDATE footnote_schema SET version = 1")
    assert database.revision() is None
    check_filled(database_url, conversation, answer)
    assert database.revision() == REVISION
    with database.reading() as connection:
        version = connection.exec_driver_sql("SELECT version FROM footnote_schema").scalar()
    assert version == 2, "an older Footnote must refuse it"
    database.close()


def test_many_that_start_at_once_make_the_tables_once(database_url: str) -> None:
    """Of processes that open a new database together, each finds it ready."""
    with ThreadPoolExecutor(4) as pool:
        opened = list(pool.map(Database, [database_url] * 4))
    assert {one.revision() for one in opened} == {REVISION}
    for one in opened:
        one.close()


def test_a_new_file_that_somebody_writes_is_waited_for(tmp_path: Path) -> None:
    """Whoever starts while another one is making the new file waits, and then finds it ready."""
    file = tmp_path / "kept.db"
    other = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
    other.execute("CREATE TABLE another_program (id)")
    other.execute("BEGIN IMMEDIATE")
    leaving = threading.Timer(0.2, other.rollback)
    leaving.start()
    database = Database(f"sqlite:///{file}")
    assert not leaving.is_alive(), "it was not in the way"
    assert database.revision() == REVISION
    database.close()
    other.close()


def test_a_step_that_fails_leaves_everything(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A migration that breaks off in its middle is undone as a whole."""
    database = Database(database_url)
    database.migrate("base", down=True)
    done = migrations.migrate

    def broken(connection: sa.Connection, target: str, table: str, *, down: bool) -> None:
        done(connection, target, table, down=down)
        connection.exec_driver_sql("SELECT nonsense")

    monkeypatch.setattr(migrations, "migrate", broken)
    with pytest.raises(ConversationsUnavailable, match="nonsense"):
        database.migrate("head")
    assert tables(database) == {"footnote_alembic_version"}
    database.close()


def test_only_a_database_that_is_behind_needs_alembic(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that is up to date opens without it; a new one says what to install."""
    url = f"sqlite:///{tmp_path / 'kept.db'}"
    Database(url).close()
    monkeypatch.setitem(sys.modules, "assistant.migrations", None)
    monkeypatch.delattr("assistant.migrations", raising=False)
    Database(url).close()
    with pytest.raises(MissingExtra, match=r"footnote\[conversations\]"):
        Database(f"sqlite:///{tmp_path / 'new.db'}")


def test_an_unknown_target_changes_nothing(tmp_path: Path) -> None:
    """A revision that is none is the user's mistake, told as one."""
    database = Database(f"sqlite:///{tmp_path / 'kept.db'}")
    with pytest.raises(UsageError, match="0815"):
        database.migrate("0815")
    assert database.revision() == REVISION
    database.close()


def test_the_command_goes_down_and_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`footnote db` shows, brings up to date and goes back; looking changes nothing."""
    url = f"sqlite:///{tmp_path / 'kept.db'}"
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FOOTNOTE_CONVERSATIONS_URL", url)
    told = CliRunner()
    assert json.loads(told.invoke(db, ["current", "--json"]).stdout)["current"] is None
    Database(url).close()
    assert "0001" in told.invoke(db, ["downgrade", "0001"]).output
    assert "0001 (this Footnote wants" in told.invoke(db, ["current"]).stdout
    assert REVISION in told.invoke(db, ["upgrade"]).output
