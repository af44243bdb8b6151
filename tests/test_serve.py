"""`footnote serve` and `footnote keys` as they are typed, and the server behind a proxy."""

import os
import re
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from assistant import commands
from assistant.ask import Assistant
from tests.command import run
from tests.serving import running
from tests.test_access import ASK, HERE, bearer


def test_another_address_needs_a_key_to_start(tmp_path: Path) -> None:
    """`footnote serve --host 0.0.0.0` without a key says what to do, and listens to nobody."""
    database = f"sqlite:///{tmp_path / 'kept.db'}"
    refusal = run("serve", "--host", "0.0.0.0", cwd=tmp_path, FOOTNOTE_CONVERSATIONS_URL=database)  # noqa: S104
    assert refusal.returncode == 2
    assert "footnote keys create" in refusal.stderr
    assert "Traceback" not in refusal.stderr


WITHOUT = """
import sys
sys.modules[sys.argv.pop(1)] = None
from assistant.cli import main
main()
"""


@pytest.mark.parametrize("library", ["sqlalchemy", "fastapi", "uvicorn"])
def test_serving_without_its_libraries_says_what_to_install(
    bundled_assistant: Assistant, cache_folder: Path, tmp_path: Path, library: str
) -> None:
    """`footnote serve` with a part of its extra missing ends with the command that brings it."""
    assert bundled_assistant.searcher.generation
    kept = {
        "FOOTNOTE_CACHE_DIR": str(cache_folder),
        "FOOTNOTE_CONVERSATIONS_URL": f"sqlite:///{tmp_path / 'kept.db'}",
    }
    ran = subprocess.run(
        [sys.executable, "-c", WITHOUT, library, "serve", "--port", "1"],
        env={**os.environ, **kept},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 1
    assert "pip install 'footnote[serve]'" in ran.stderr
    assert "Traceback" not in ran.stderr


def test_keys_are_managed_on_the_command_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A key is printed once, listed without its token, and revoked by its id."""
    database = f"sqlite:///{tmp_path / 'kept.db'}"
    monkeypatch.setenv("FOOTNOTE_CONVERSATIONS_URL", database)

    def keys(*arguments: str) -> str:
        commands.keys(arguments, standalone_mode=False)
        return capsys.readouterr().out

    token = keys("create", "reports", "--scope", "client").strip()
    assert re.fullmatch(r"fn_[\w-]{43}", token)
    assert keys("site", "handbook", "--origin", HERE) == f"handbook at {HERE}\n"
    # Once as a process: the command is there, and what it printed is in the database.
    listed = run("keys", "list", cwd=tmp_path, FOOTNOTE_CONVERSATIONS_URL=database).stdout
    assert "reports" in listed
    assert HERE in listed
    assert token not in listed
    keys("revoke", listed.split()[1])
    assert '"revoked": true' in keys("list", "--json")


@pytest.mark.parametrize(
    ("trusted", "codes"),
    [
        ("127.0.0.1", [200, 429, 200, 429]),
        ("10.1.2.3, 10.1.2.4", [200, 429, 429, 429]),
        (None, [200, 429, 429, 429]),
    ],
)
def test_only_a_trusted_proxy_says_who_asks(
    bundled_assistant: Assistant,
    cache_folder: Path,
    tmp_path: Path,
    trusted: str | None,
    codes: list[int],
) -> None:
    """Behind a proxy that is named each visitor has a share of their own; nobody else can claim so.

    What a visitor wrote into the header themselves, before the proxy's own entry, does not count.
    """
    assert bundled_assistant.searcher.generation
    asked = ["203.0.113.7", "198.51.100.1, 203.0.113.7", "203.0.113.8", "203.0.113.8"]
    with running(tmp_path, cache_folder, address_rate=1, trusted_proxies=trusted) as server:
        door = f"{server.url}/v1/sites/demo/session"
        token = httpx.post(door, headers={"Origin": server.url}).json()["token"]
        found = [
            httpx.post(
                f"{server.url}/v1/ask",
                json=ASK,
                headers={**bearer(token, server.url), "X-Forwarded-For": forwarded},
                timeout=60,
            ).status_code
            for forwarded in asked
        ]
    assert found == codes


def test_caps_count_by_address_and_by_site(
    bundled_assistant: Assistant, cache_folder: Path, tmp_path: Path
) -> None:
    """A widget's visitor has a share; when it is spent, 429 says when to come again."""
    assert bundled_assistant.searcher.generation
    with running(tmp_path, cache_folder, address_rate=2) as server:
        door = f"{server.url}/v1/sites/demo/session"
        token = httpx.post(door, headers={"Origin": server.url}).json()["token"]
        codes = [
            httpx.post(
                f"{server.url}/v1/ask", json=ASK, headers=bearer(token, server.url), timeout=60
            ).status_code
            for _ in range(3)
        ]
        assert codes == [200, 200, 429]
        assert httpx.post(f"{server.url}/v1/ask", json=ASK, timeout=60).status_code == 200
