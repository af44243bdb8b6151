"""In a real terminal: colours, progress bars, a line editor that Ctrl-D leaves."""

import os
import select
import subprocess
from pathlib import Path

import pytest

from tests.command import COMMAND
from tests.test_cli import NOTES

pty = pytest.importorskip("pty", reason="pseudo-terminals are POSIX")
pytestmark = pytest.mark.servers
SECONDS = 60
PROMPT = "m>"
"""The prompt, after the end of an escape sequence."""


class Terminal:
    """A command in a pseudo-terminal: `read_until` what it shows, `type` what a user would."""

    def __init__(self, arguments: list[str], cwd: Path, **changes: str) -> None:
        self._ours, theirs = pty.openpty()
        environment = {k: v for k, v in os.environ.items() if k != "NO_COLOR"}
        self._process = subprocess.Popen(
            [*COMMAND, *arguments],
            cwd=cwd,
            env={**environment, "TERM": "xterm", "COLUMNS": "100", **changes},
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
        )
        os.close(theirs)
        self.shown = ""
        self._seen = 0

    def read_until(self, wanted: str) -> None:
        """Read until `wanted` is shown after what was waited for before."""
        while wanted not in self.shown[self._seen :]:
            assert self._read(), f"{wanted!r} was not shown: {self.shown!r}"
        self._seen = self.shown.index(wanted, self._seen) + len(wanted)

    def type(self, keys: str) -> None:
        """Press `keys`."""
        os.write(self._ours, keys.encode())

    def ended(self) -> int:
        """Return the exit code, everything shown by then read."""
        while self._read():
            pass
        os.close(self._ours)
        return self._process.wait(SECONDS)

    def _read(self) -> bool:
        """Read what is shown next; False when the command has ended."""
        ready, _, _ = select.select([self._ours], [], [], SECONDS)
        assert ready, f"nothing more was shown: {self.shown!r}"
        try:
            got = os.read(self._ours, 65536)
        except OSError:  # Linux's way of saying that the other end is closed
            return False
        self.shown += got.decode("utf-8", "replace")
        return bool(got)


@pytest.fixture
def notes(tmp_path: Path, model_folder: Path) -> Path:
    """Return a folder with notes.md, and a model ready."""
    assert model_folder.is_dir()
    (tmp_path / "notes.md").write_text(NOTES, encoding="utf-8")
    return tmp_path


def test_a_terminal_session(notes: Path) -> None:
    """Index with bars, ask in colour, chat by the line, leave with Ctrl-D."""
    indexing = Terminal(["index", "notes.md"], notes)
    assert indexing.ended() == 0
    assert "embedding" in indexing.shown
    assert "1 document, 2 passages" in indexing.shown

    index = ["--index", "footnote-index"]
    asking = Terminal(["ask", "who is Martha Quill?", *index], notes)
    assert asking.ended() == 0
    assert "\x1b[" in asking.shown

    plain = Terminal(["ask", "who is Martha Quill?", *index], notes, NO_COLOR="1")
    assert plain.ended() == 0
    assert "\x1b[" not in plain.shown

    chatting = Terminal(["chat", *index], notes, PROMPT_TOOLKIT_NO_CPR="1")
    chatting.read_until(PROMPT)
    chatting.type("why did Martha Quill take up bees?\r")
    chatting.read_until("orchard bore")
    chatting.read_until(PROMPT)
    chatting.type("half a line\x03")
    chatting.read_until(PROMPT)
    chatting.type("\x04")
    assert chatting.ended() == 0
    assert "Traceback" not in chatting.shown
