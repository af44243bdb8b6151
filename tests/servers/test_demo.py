"""`footnote demo` as it is typed: the page is served, and the browser is sent to it."""

import os
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from assistant.ask import Assistant
from tests.command import COMMAND

pytestmark = pytest.mark.servers

BROWSER = "import pathlib, sys; pathlib.Path(sys.argv[1]).write_text(sys.argv[2])"


def test_the_demo_opens_in_the_browser(
    bundled_assistant: Assistant, cache_folder: Path, tmp_path: Path
) -> None:
    """The browser is given the address of a page with the chat on it; Ctrl-C ends it."""
    assert bundled_assistant.searcher.generation
    seen = tmp_path / "seen"
    environment = {
        **os.environ,
        "BROWSER": f"{shlex.join([sys.executable, '-c', BROWSER, str(seen)])} %s",
        "FOOTNOTE_CACHE_DIR": str(cache_folder),
        "FOOTNOTE_CONVERSATIONS_URL": f"sqlite:///{tmp_path / 'kept.db'}",
    }
    process = subprocess.Popen([*COMMAND, "demo"], env=environment, stderr=subprocess.PIPE)
    try:
        end = time.monotonic() + 120
        while not (seen.exists() and seen.read_text("utf-8")):
            assert time.monotonic() < end
            assert process.poll() is None
            time.sleep(0.05)
        assert "<footnote-chat" in httpx.get(seen.read_text("utf-8")).text
    finally:
        process.send_signal(signal.SIGINT)
        _, complained = process.communicate(timeout=60)
    assert b"Traceback" not in complained
