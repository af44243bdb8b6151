"""The database's tables through the versions of Footnote: `migrate(connection, "head", …)`.

Each file in `versions/` is one step of Alembic's, up and down, and is never changed once it was
released: it says what the tables were then, so it imports nothing of what they are now. The steps
are run by `assistant.database`, under its lock and in one transaction; imported only when there is
something to do, so that nobody who merely opens a database pays for Alembic.
"""

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError

FOLDER = Path(__file__).parent


@lru_cache(maxsize=1)
def _scripts() -> ScriptDirectory:
    return ScriptDirectory(str(FOLDER))


def revisions() -> list[str]:
    """Return every revision that this Footnote knows, oldest first."""
    return [one.revision for one in _scripts().walk_revisions()][::-1]


def migrate(connection: sa.Connection, target: str, version_table: str, *, down: bool) -> None:
    """Bring the tables to `target`: a revision, "head", "base", or steps such as "-1".

    Runs inside the transaction that `connection` is in, and commits nothing. Raises ValueError for
    a target that is unknown or not in that direction.
    """
    scripts = _scripts()

    def steps(revision: Any, _: object) -> Sequence[Any]:
        if down:
            return scripts._downgrade_revs(target, revision)  # noqa: SLF001  as Alembic's own
        return scripts._upgrade_revs(target, revision)  # noqa: SLF001  commands do it

    try:
        with EnvironmentContext(Config(), scripts, fn=steps) as environment:
            environment.configure(connection=connection, version_table=version_table)
            with environment.begin_transaction():
                environment.run_migrations()
    except CommandError as error:
        raise ValueError(str(error)) from error
