"""What somebody meets who has never seen Footnote: what to type, what is missing, what is wrong."""

import os
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import SecretStr

from assistant import commands
from assistant.doctor import Check, examine
from assistant.settings import Settings
from assistant.tracing import open_tracer
from tests.command import run

WRONG = {
    ("ask",): r'footnote ask "why did Abe court Putin\?"',
    ("search",): r'say what to search for, in quotation marks: footnote search "',
    ("ask", "why", "did", "it"): r'quotation marks: footnote ask "why did it"',
    ("aks", "why?"): r"Did you mean 'ask'\?",
    ("ask", "why?", "--histroy", "x"): r"--history",
    ("ask", "why?", "--index", "nowhere"): r"footnote index PATH --index nowhere",
    ("ask", "why?", "--index", "a.txt"): r"a\.txt is a file.*footnote index a\.txt",
    ("ask", "why?", "--history", "a.txt"): r"--history a\.txt is no JSON",
    ("ask", "why?", "--history", "none.json"): r"--history none\.json: No such file",
    ("index",): r"name files, folders or URLs",
    ("index", "none.txt"): r"no such file or directory: none\.txt; check the spelling",
    ("index", "empty"): r"nothing to read in empty: .*\.pdf",
    ("search", "x", "-k", "0"): r"'-k'.*greater than or equal to 1",
    ("serve", "--port", "99999"): r"'--port'.*less than or equal to 65535",
    ("keys", "revoke", "nope"): r"footnote keys list",
    ("keys", "site", "x", "--origin", "nope"): r"write one like https://",
    ("eval", "compare", "a", "b"): r"no evaluation run in a",
    ("slack",): r"FOOTNOTE_SLACK_BOT_TOKEN is not set: it begins with xoxb-",
    ("chat", "--conversation", "nope"): r"no such conversation",
    ("index", "empty", "--address", "x:1"): r"add --engine ray",
}
"""What is typed, and what has to be in the reply."""


@pytest.mark.parametrize("typed", WRONG, ids=" ".join)
def test_wrong_usage_is_told_what_to_do(tmp_path: Path, typed: tuple[str, ...]) -> None:
    """Twenty mistakes: each ends with 1 or 2 and says what to type, without a traceback."""
    (tmp_path / "a.txt").write_text("words", encoding="utf-8")
    (tmp_path / "empty").mkdir()
    done = run(*typed, cwd=tmp_path, FOOTNOTE_CONVERSATIONS_URL=f"sqlite:///{tmp_path / 'k.db'}")
    assert done.returncode in {1, 2}
    assert re.search(WRONG[typed], " ".join(done.stderr.split()))
    assert "Traceback" not in done.stderr


COMPLETING = "import sys; sys.argv[0] = 'footnote'; from assistant.cli import main; main()"


def test_completion_knows_the_commands() -> None:
    """What `footnote --install-completion` sets up offers commands, also those loaded late."""
    asked = {"_FOOTNOTE_COMPLETE": "complete_bash", "COMP_WORDS": "footnote se", "COMP_CWORD": "1"}
    done = subprocess.run(
        [sys.executable, "-c", COMPLETING],
        env={**os.environ, **asked},
        check=True,
        capture_output=True,
        text=True,
    )
    assert set(done.stdout.split()) == {"search", "serve"}


def test_the_demo_says_where_it_is_where_no_browser_can_open(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """On a machine without a screen its address is printed; a port that is taken is not taken."""
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(sys, "platform", "linux")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert commands.free_port(port) != port
        commands.show_page(port)
    assert (
        capsys.readouterr().err == f"footnote: open this in a browser: http://127.0.0.1:{port}/\n"
    )


def looked_at(folder: Path, **changes: object) -> dict[str, Check]:
    """Return what the doctor finds, by name."""
    settings = Settings.model_validate({"cache_dir": folder, **changes})
    return {check.name: check for check in examine(settings, None, lambda: None)}


def test_the_doctor_says_how_to_go_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Server, Slack, reranker and traces each stand there, with what to do for more."""
    found = looked_at(tmp_path)
    assert (found["server"].state, found["Slack"].state) == ("ok", "note")
    assert "footnote slack manifest" in found["Slack"].remedy
    assert (found["reranker"].state, found["traces"].state) == ("ok", "ok")
    assert (found["verifier"].state, found["verifier"].remedy) == ("ok", "")
    half = looked_at(tmp_path, slack_bot_token=SecretStr("xoxb-never-shown"))
    assert (half["Slack"].state, half["Slack"].found) == (
        "broken",
        "FOOTNOTE_SLACK_APP_TOKEN is not set",
    )
    assert "never-shown" not in str(half)
    monkeypatch.setenv("OTEL_TRACES_EXPORTER", "zipkin")
    open_tracer.cache_clear()
    assert looked_at(tmp_path)["traces"].state == "broken"
    open_tracer.cache_clear()
