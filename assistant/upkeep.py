"""Commands for who keeps the database: `footnote db current | upgrade | downgrade`.

Attached by `cli.py` when they are used. Servers bring the database up to date by themselves when
they start; these are for doing it before, for looking, and for going back.
"""

from typing import TYPE_CHECKING, Annotated

import typer

from assistant.terminal import AsJson, complain, print_json

if TYPE_CHECKING:
    from assistant.database import Database

db = typer.Typer(
    rich_markup_mode=None,
    no_args_is_help=True,
    help="The tables that conversations, feedback, keys and counts are kept in.",
    add_completion=False,
)


@db.command(epilog="\b\nExample:\n  footnote db current --json")
def current(as_json: AsJson = False) -> None:
    """Show which revision the tables are at, and which one this Footnote wants."""
    from assistant.database import REVISION

    found = _database().revision()
    if as_json:
        print_json({"current": found, "wanted": REVISION})
        return
    typer.echo(f"{found or 'none'} (this Footnote wants {REVISION})")


@db.command(epilog="\b\nExample:\n  footnote db upgrade")
def upgrade(
    revision: Annotated[str, typer.Argument(metavar="REVISION", help="Where to.")] = "head",
) -> None:
    """Bring the tables up to date, in one transaction; what is kept stays.

    Every server does this when it starts, one at a time. Do it yourself, before you start new
    servers, where they may not change tables.
    """
    complain(f"the tables are at {_database().migrate(revision) or 'none'}")


@db.command(epilog="\b\nExample:\n  footnote db downgrade 0001")
def downgrade(
    revision: Annotated[str, typer.Argument(metavar="REVISION", help="Where to; base: no tables.")],
) -> None:
    """Go back to the tables of an older Footnote; what only the newer one keeps is deleted.

    Stop the servers first: one of this version would bring the tables up to date again.
    """
    complain(f"the tables are at {_database().migrate(revision, down=True) or 'none'}")


def _database() -> "Database":
    from assistant.settings import load_settings
    from assistant.wiring import open_database

    return open_database(load_settings(), prepare=False)
