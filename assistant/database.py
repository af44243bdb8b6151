"""The database that conversations are kept in, SQLite or PostgreSQL: `Database(url)`.

    with database.reading() as connection: ...     # one view of the data
    with database.writing() as connection: ...     # one transaction: all of it, or nothing

The two differ in how they are opened, locked and cleaned, and all of that is here; the tables and
the statements on them are the same. Threads may share a Database, and processes what is behind it.
Opening one brings its tables up to date, by the steps in `assistant/migrations/`: of processes that
start at once, one does and the others wait.

Needs the extra `conversations`, or `postgres` for PostgreSQL.
"""

import json
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from index.errors import ConversationsUnavailable, MissingExtra, SettingError, UsageError

REVISION = "0002"
"""The newest step in `assistant/migrations/`: what the tables below are. It stands in the database,
and is kept here too, so that a database that is up to date opens without Alembic."""

ID = 64
"""Longest id, in characters; also the length of a hash."""

_BUSY_SECONDS = 30
"""How long a writer waits for another one, and anybody for a connection."""

_CREATION = 0x466F6F746E6F7465
"""PostgreSQL's advisory lock under which the tables are made ("Footnote" in ASCII)."""

_VERSIONS = "footnote_alembic_version"
"""Alembic's table of one row; not by its usual name, which another program may have taken."""

metadata = sa.MetaData()
"""The tables as they are now; `migrations/` makes them, and a test holds the two together."""

_versions = sa.table(_VERSIONS, sa.column("version_num", sa.String(32)))

# Read by no code of today: a Footnote from before migrations looks here whether it is too old.
sa.Table("footnote_schema", metadata, sa.Column("version", sa.Integer, primary_key=True))

conversations = sa.Table(
    "footnote_conversations",
    metadata,
    sa.Column("id", sa.String(ID), primary_key=True),
    sa.Column("owner", sa.String(ID), nullable=False),
    sa.Column("thread", sa.String(ID)),
    sa.Column("started", sa.Double, nullable=False),
    sa.Column("changed", sa.Double, nullable=False, index=True),
    sa.Column("answers", sa.Integer, nullable=False),
    sa.UniqueConstraint("owner", "thread", name="footnote_one_conversation_a_thread"),
)

answers = sa.Table(
    "footnote_answers",
    metadata,
    sa.Column("id", sa.String(ID), primary_key=True),
    sa.Column(
        "conversation", sa.ForeignKey(conversations.c.id, ondelete="CASCADE"), nullable=False
    ),
    sa.Column("position", sa.Integer, nullable=False),
    sa.Column("body", sa.Text, nullable=False),
    sa.UniqueConstraint("conversation", "position", name="footnote_one_answer_a_position"),
)

feedback = sa.Table(
    "footnote_feedback",
    metadata,
    sa.Column("answer", sa.ForeignKey(answers.c.id, ondelete="CASCADE"), primary_key=True),
    sa.Column("rater", sa.String(ID), primary_key=True),
    sa.Column("given", sa.Double, nullable=False, index=True),
    sa.Column("body", sa.Text, nullable=False),
)

events = sa.Table(
    "footnote_events",
    metadata,
    sa.Column("id", sa.String(ID), primary_key=True),
    sa.Column("claimed", sa.Double, nullable=False, index=True),
)

api_keys = sa.Table(
    "footnote_api_keys",
    metadata,
    sa.Column("id", sa.String(ID), primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("scopes", sa.Text, nullable=False),
    sa.Column("hash", sa.String(ID), nullable=False, unique=True),
    sa.Column("created", sa.Double, nullable=False),
    sa.Column("revoked", sa.Double),
)

sites = sa.Table(
    "footnote_sites",
    metadata,
    sa.Column("name", sa.String(ID), primary_key=True),
    sa.Column("origins", sa.Text, nullable=False),
    sa.Column("suggestions", sa.Text, nullable=False),
    sa.Column("signing_key", sa.LargeBinary, nullable=False),
    sa.Column("created", sa.Double, nullable=False),
    sa.Column("revoked", sa.Double),
)

shares = sa.Table(
    "footnote_shares",
    metadata,
    sa.Column("caller", sa.String(ID), primary_key=True),
    sa.Column("full_at", sa.Double, nullable=False, index=True),
)


class Database:
    """One open database with its tables, made on first use and brought up to date.

    `prepare=False` leaves them as they are, for whoever is about to `migrate` them.

    Raises SettingError for a URL that names none, MissingExtra, and ConversationsUnavailable for a
    database that cannot be reached, read or written, or that a newer Footnote has made.
    """

    def __init__(self, url: str, *, prepare: bool = True) -> None:
        address = _address(url)
        self._name = address.render_as_string(hide_password=True)
        self._is_sqlite = address.get_backend_name() == "sqlite"
        self.is_shared = not self._is_sqlite
        if self._is_sqlite:
            self._make_private(Path(address.database or ""))
        try:
            self._engine = sa.create_engine(address, **_options(address))
        except ImportError as error:
            raise MissingExtra(
                "keeping conversations in PostgreSQL needs psycopg: "
                "pip install 'footnote[postgres]'"
            ) from error
        if self._is_sqlite:
            sa.event.listen(self._engine, "connect", _set_up_sqlite)
            sa.event.listen(self._engine, "begin", _begin_sqlite)
        self._writer = self._engine.execution_options(footnote_writes=True)
        if prepare and self.revision() != REVISION:
            self.migrate("head")

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """Open a transaction that only reads. Raises ConversationsUnavailable."""
        with self._mended(), self._engine.begin() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """Open a transaction that writes: committed at the end, undone by an exception.

        Raises ConversationsUnavailable, also for a violated constraint.
        """
        with self._mended(), self._writer.begin() as connection:
            yield connection

    @contextmanager
    def at_once(self) -> Iterator[sa.Connection]:
        """Open a connection on which every statement is a transaction by itself.

        Raises ConversationsUnavailable.
        """
        single = self._engine.execution_options(isolation_level="AUTOCOMMIT")
        with self._mended(), single.connect() as connection:
            yield connection

    def revision(self) -> str | None:
        """Return which step of `migrations/` the tables are at; None for none, or before all."""
        with self.reading() as connection:
            return _revision(connection)

    def migrate(self, target: str, *, down: bool = False) -> str | None:
        """Bring the tables to a revision, "head", "base" or by steps ("-1"); return where they are.

        One transaction under a lock: of two at once the second finds nothing left to do, and one
        that fails leaves everything as it was. Raises UsageError for a target that is none,
        MissingExtra without Alembic, and ConversationsUnavailable.
        """
        try:
            from assistant import migrations
        except ImportError as error:
            raise MissingExtra(
                "bringing the database up to date needs Alembic: "
                "pip install 'footnote[conversations]'"
            ) from error
        with self.writing() as connection:
            if self.is_shared:
                connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_CREATION)))
            self._refuse_newer(_revision(connection), migrations.revisions())
            try:
                migrations.migrate(connection, target, _VERSIONS, down=down)
            except ValueError as error:
                raise UsageError(f"the database's tables stay as they are: {error}") from error
            return _revision(connection)

    def scrub(self) -> None:
        """Take what was deleted out of SQLite's journal too, as far as nobody reads it just now.

        PostgreSQL does so when it vacuums.
        """
        if self._is_sqlite:
            with self.at_once() as connection:
                connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")

    def damaged(self, what: object) -> ConversationsUnavailable:
        """Return the error to raise when a row cannot be read back."""
        return ConversationsUnavailable(
            f"conversations: {self._name} holds a damaged row ({what}); restore it from a backup, "
            "or delete that conversation"
        )

    def close(self) -> None:
        """Give the connections back."""
        self._engine.dispose()

    @contextmanager
    def _mended(self) -> Iterator[None]:
        """Turn what the libraries raise into an error that a user can read, without secrets."""
        try:
            yield
        except sa.exc.SQLAlchemyError as error:
            # The driver's own words: SQLAlchemy's would add the statement.
            cause = getattr(error, "orig", None) or error
            raise ConversationsUnavailable(
                f"conversations: {self._name}: {' '.join(str(cause).split())}; check the disk or "
                "the server, or set FOOTNOTE_CONVERSATIONS_URL to another database"
            ) from error

    def _make_private(self, file: Path) -> None:
        """Make an SQLite file that only its user may read, in a folder that is there."""
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            if not file.exists():
                file.touch(mode=0o600)
        except OSError as error:
            raise ConversationsUnavailable(
                f"conversations: {file}: {error.strerror}; set FOOTNOTE_CONVERSATIONS_URL to a "
                "database that you may write to"
            ) from error

    def _refuse_newer(self, found: str | None, known: list[str]) -> None:
        if found is not None and found not in known:
            raise ConversationsUnavailable(
                f"conversations: {self._name} was made by a newer Footnote (its tables are at "
                f"{found}, this one knows up to {known[-1]}); upgrade Footnote, or let the newer "
                f"one go back: footnote db downgrade {known[-1]}"
            )


def _address(url: str) -> sa.URL:
    """Read a database's URL; the driver is ours to choose. Raises SettingError without the URL."""
    try:
        address = sa.make_url(url)
    # What is wrong with it may quote the password.
    except (sa.exc.ArgumentError, ValueError):
        address = sa.URL.create("none")
    backend = address.get_backend_name()
    if backend == "sqlite" and address.database not in {None, "", ":memory:"}:
        return address.set(drivername="sqlite+pysqlite")
    if backend in {"postgresql", "postgres"}:
        return address.set(drivername="postgresql+psycopg")
    raise SettingError(
        "FOOTNOTE_CONVERSATIONS_URL names no database; write sqlite:///FILE or "
        "postgresql://USER:PASSWORD@HOST/NAME"
    )


def _options(address: sa.URL) -> dict[str, Any]:
    """Return how SQLAlchemy is to open `address`; no error may show what users wrote."""
    if address.get_backend_name() == "sqlite":
        connect: dict[str, Any] = {"timeout": _BUSY_SECONDS}
    else:
        connect = {"connect_timeout": _BUSY_SECONDS}
    return {
        "connect_args": connect,
        "hide_parameters": True,
        "pool_pre_ping": True,
        "pool_timeout": _BUSY_SECONDS,
    }


def _set_up_sqlite(connection: Any, _: object) -> None:
    # Transactions are begun by us: the driver would begin only the writing ones, and too late.
    connection.isolation_level = None
    for pragma in ("foreign_keys = ON", "secure_delete = ON", "synchronous = NORMAL"):
        connection.execute(f"PRAGMA {pragma}")
    # Readers and a writer do not wait for one another. The file remembers it.
    deadline = time.monotonic() + _BUSY_SECONDS
    while connection.execute("PRAGMA journal_mode").fetchone() != ("wal",):
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            break
        except sqlite3.OperationalError as error:
            # For this lock SQLite does not wait, whatever its timeout: of several that start at
            # once on a new file each but one gets here.
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(0.01)


def _begin_sqlite(connection: sa.Connection) -> None:
    options = connection.get_execution_options()
    if options.get("isolation_level") != "AUTOCOMMIT":
        # A writer takes its turn before it reads, so that what it has read is still true.
        writes = options.get("footnote_writes")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _revision(connection: sa.Connection) -> str | None:
    if not sa.inspect(connection).has_table(_VERSIONS):
        return None
    found: str | None = connection.scalar(sa.select(_versions.c.version_num))
    return found


def to_json(value: object) -> str:
    r"""Return `value` as ASCII, so that no database trips over any text (NUL, half a surrogate)."""
    return json.dumps(value, separators=(",", ":"))
