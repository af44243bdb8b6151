"""`footnote chat`: ask in turns, in the terminal. Attached by `cli.py`; imports what it needs late.

The conversation is kept where the settings say, and can be gone on with by its id. Where it cannot
be kept, that is said once, and it is held in memory.
"""

from contextlib import closing
from typing import TYPE_CHECKING, Annotated

import typer

from assistant.terminal import Index, complain, hint, show_answer, show_progress
from assistant.typed import typed_lines
from index.errors import ConversationsUnavailable, FootnoteError, MissingExtra, UsageError

if TYPE_CHECKING:
    from assistant.ask import Assistant
    from assistant.dialogue import Dialogue
    from assistant.settings import Settings

app = typer.Typer(rich_markup_mode=None, add_completion=False)

_NOT_KEPT = "this conversation is not kept"


@app.command(
    epilog="\b\nLeave with Ctrl-D or /quit. Examples:\n"
    "  footnote chat --index contracts\n"
    "  footnote chat --conversation Jw2qZ6v0c3S1bT9yXkLm4A"
)
def _chat(
    conversation: Annotated[
        str | None,
        typer.Option("--conversation", metavar="ID", help="Go on with a conversation kept before."),
    ] = None,
    index: Index = None,
) -> None:
    """Ask in turns; a follow-up may lean on what was said before. The conversation is kept."""
    from assistant.settings import load_settings
    from assistant.wiring import open_assistant

    settings = load_settings()
    with closing(_dialogue(settings, conversation)) as dialogue:
        with show_progress() as progress:
            assistant = open_assistant(settings, index, progress)
        with assistant:
            hint(settings, index)
            for line in typed_lines():
                _take_turn(assistant, dialogue, line)
    if dialogue.id and not conversation:
        complain(f"to go on with this: footnote chat --conversation {dialogue.id}")


def _dialogue(settings: "Settings", conversation: str | None) -> "Dialogue":
    """Open a conversation; a new one that cannot be kept is held in memory, and that is said."""
    from assistant.dialogue import Dialogue
    from assistant.wiring import open_dialogue

    try:
        return open_dialogue(settings, conversation)
    except (ConversationsUnavailable, MissingExtra) as error:
        if conversation:
            raise
        complain(f"{_NOT_KEPT}: {error}")
        return Dialogue(turns=settings.history_turns)


def _take_turn(assistant: "Assistant", dialogue: "Dialogue", line: str) -> None:
    try:
        answer = show_answer(assistant.stream(line, dialogue.history))
    except UsageError as error:
        complain(str(error))
        return
    typer.echo()
    try:
        dialogue.add(answer)
    except FootnoteError as error:
        complain(f"{_NOT_KEPT}: {error}")
