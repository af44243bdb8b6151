"""A database that cannot be used says so in words that help, and never shows a password."""

import sqlite3
import stat
import sys
from pathlib import Path
from uuid import uuid4

import pytest
from pydantic import SecretStr

from assistant.conversations import Conversations
from assistant.database import Database
from assistant.settings import Settings, load_settings
from assistant.wiring import open_conversations
from index.errors import ConversationsUnavailable, FootnoteError, MissingExtra, SettingError
from tests.test_conversations import an_answer

PASSWORD = "hunter2"  # noqa: S105  a password is what must not be shown


def test_the_settings_hide_the_password(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A URL with a password shows it neither in the settings nor in an error."""
    monkeypatch.chdir(tmp_path)
    url = f"postgresql://ann:{PASSWORD}@127.0.0.1:1/none"
    monkeypatch.setenv("FOOTNOTE_CONVERSATIONS_URL", url)
    loaded = load_settings()
    assert PASSWORD not in f"{loaded!r} {loaded} {loaded.model_dump()}"
    with pytest.raises(ConversationsUnavailable, match=r"ann:\*\*\*@127") as caught:
        open_conversations(loaded)
    assert PASSWORD not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        f"nonsense {PASSWORD}",
        "sqlite://",
        "sqlite:///:memory:",
        f"mysql://ann:{PASSWORD}@host/name",
        f"postgresql://ann:{PASSWORD}@host:port/name",
        "",
    ],
)
def test_what_names_no_database_is_refused(url: str) -> None:
    """Another kind of database, or none, names the setting and what may stand in it."""
    with pytest.raises(SettingError, match="FOOTNOTE_CONVERSATIONS_URL") as caught:
        Database(url)
    assert PASSWORD not in str(caught.value)


def test_the_default_is_a_private_file() -> None:
    """Nobody but the user may read what is kept, and its folder is made."""
    file = Path.home() / ".local/share/footnote/conversations.db"
    with open_conversations(Settings()) as kept:
        kept.start("ann")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_file_that_is_no_database_is_left_alone(tmp_path: Path) -> None:
    """Somebody's notes are not overwritten, and the message names the file."""
    file = tmp_path / "notes.db"
    file.write_text("my notes, " * 500, encoding="utf-8")
    with pytest.raises(ConversationsUnavailable, match=r"notes\.db: file is not a database"):
        Conversations(f"sqlite:///{file}")
    assert file.read_text(encoding="utf-8").startswith("my notes")


def test_a_place_where_nothing_can_be_written_is_named(tmp_path: Path) -> None:
    """A folder that cannot be made is told with the setting to change."""
    (tmp_path / "file").touch()
    with pytest.raises(ConversationsUnavailable, match="set FOOTNOTE_CONVERSATIONS_URL"):
        Conversations(f"sqlite:///{tmp_path / 'file' / 'x' / 'kept.db'}")


def test_a_newer_database_is_not_touched(tmp_path: Path) -> None:
    """What a newer Footnote made is refused, with both versions."""
    file = tmp_path / "kept.db"
    Conversations(f"sqlite:///{file}").close()
    with sqlite3.connect(file) as connection:
        connection.execute("UPDATE footnote_alembic_version SET version_num = '0099'")
    connection.close()
    with pytest.raises(
        ConversationsUnavailable, match=r"at 0099, this one knows up to 0002.*upgrade"
    ):
        Conversations(f"sqlite:///{file}")


@pytest.mark.parametrize("body", ["{", "[]", '{"id": 1}'])
def test_a_damaged_row_is_told(tmp_path: Path, body: str) -> None:
    """A row that is no Answer is an error of the tree, and the others are read."""
    file = tmp_path / "kept.db"
    with Conversations(f"sqlite:///{file}") as kept:
        conversation, answer, other = kept.start("ann"), an_answer(), an_answer()
        kept.append(conversation, "ann", answer)
        kept.append(conversation, "ann", other)
        with sqlite3.connect(file) as connection:
            update = "UPDATE footnote_answers SET body = ? WHERE id = ?"
            connection.execute(update, (body, answer.id))
        connection.close()
        with pytest.raises(ConversationsUnavailable, match="damaged row"):
            kept.answer(answer.id, "ann")
        assert kept.answer(other.id, "ann") == other


def test_what_was_written_is_not_in_an_error(tmp_path: Path) -> None:
    """When the tables vanish, the message says so without the user's words or the statement."""
    file = tmp_path / "kept.db"
    with Conversations(f"sqlite:///{file}") as kept:
        conversation = kept.start("ann")
        with sqlite3.connect(file) as connection:
            connection.execute("DROP TABLE footnote_answers")
        connection.close()
        with pytest.raises(FootnoteError, match="no such table") as caught:
            kept.append(conversation, "ann", an_answer("my secret illness"))
    assert "illness" not in str(caught.value)
    assert "INSERT" not in str(caught.value)


def test_deleted_words_are_not_left_in_the_file(tmp_path: Path) -> None:
    """Deleting a conversation takes its words out of SQLite's files, not only out of reach."""
    file = tmp_path / "kept.db"
    word = uuid4().hex
    with Conversations(f"sqlite:///{file}") as kept:
        conversation = kept.start("ann")
        kept.append(conversation, "ann", an_answer(f"what is {word}?"))
        assert any(word.encode() in one.read_bytes() for one in tmp_path.iterdir())
        kept.delete(conversation, "ann")
        assert not any(word.encode() in one.read_bytes() for one in tmp_path.iterdir())


def test_a_missing_library_names_its_extra(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Without SQLAlchemy or psycopg the message is the command that installs it."""
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(MissingExtra, match=r"footnote\[postgres\]"):
        Database("postgresql://ann@127.0.0.1/none")
    monkeypatch.setitem(sys.modules, "sqlalchemy", None)
    monkeypatch.delitem(sys.modules, "assistant.conversations")
    monkeypatch.delitem(sys.modules, "assistant.database")
    kept = SecretStr(f"sqlite:///{tmp_path / 'kept.db'}")
    with pytest.raises(MissingExtra, match=r"footnote\[conversations\]"):
        open_conversations(Settings(conversations_url=kept))
