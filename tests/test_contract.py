"""Requests made from the OpenAPI description find no route that breaks it."""

import subprocess
import sys
from pathlib import Path

from assistant.ask import Assistant
from tests.serving import running


def test_the_server_keeps_to_its_description(
    bundled_assistant: Assistant, cache_folder: Path, tmp_path: Path
) -> None:
    """No generated request, valid or not, gets a server's error or an undescribed response.

    Left out: "every valid request is accepted", as the description cannot say that a conversation
    and a history exclude one another or that the last message is the user's; and sequences of
    requests, of which `test_api.py` has those that mean something.
    """
    assert bundled_assistant.searcher.generation
    with running(tmp_path, cache_folder) as server:
        command = [
            *(sys.executable, "-m", "schemathesis.cli", "run", f"{server.url}/openapi.json"),
            *("--phases", "examples,coverage,fuzzing"),
            *("--max-examples", "2", "--seed", "1", "--no-color", "--workers", "1"),
            *("--exclude-checks", "positive_data_acceptance", "--generation-database", "none"),
        ]
        ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout[-6_000:] + ran.stderr[-2_000:]
