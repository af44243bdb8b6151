"""The README is held to the code: its file map, its commands and its Python."""

import re
import subprocess
from pathlib import Path

import httpx
import pytest

from tests.command import run
from tests.serving import running
from tests.source import ROOT, modules

README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_file_map_has_every_module() -> None:
    """A newcomer finds each module of index and assistant in the map, and no other."""
    mapped = set(re.findall(r"^ {6}(\w+)\.py\b", README, re.MULTILINE))
    helpers = set(re.findall(r"(\w+)\.py\b", " ".join(re.findall(r"\([^)]*\)", README))))
    found = modules("index", "assistant").items()
    files = {name.rpartition(".")[2] for name, file in found if file.name != "__init__.py"}
    assert files - mapped - helpers == set()
    assert mapped - files == set()


def test_every_command_is_documented(tmp_path: Path) -> None:
    """The table of commands and `footnote --help` name the same."""
    listed = set(re.findall(r"^\| `footnote (\w+)", README, re.MULTILINE))
    shown = run("--help", cwd=tmp_path).stdout.partition("Commands:")[2]
    assert listed == set(re.findall(r"^  (\w+)  ", shown, re.MULTILINE))


def test_every_link_leads_somewhere() -> None:
    """Files that the documents link to exist."""
    for file in (*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("eval/*.md")):
        for target in re.findall(r"\]\(([^)#]+)\)", file.read_text(encoding="utf-8")):
            assert target.startswith("https://") or (file.parent / target).exists(), (file, target)


def test_the_python_of_the_readme_runs(
    bundled_assistant: object,
    cache_folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The first example prints the footnotes of the founding question."""
    assert bundled_assistant
    monkeypatch.setenv("FOOTNOTE_CACHE_DIR", str(cache_folder))
    example = re.findall(r"```python\n(.*?)```", README, re.DOTALL)[0]
    exec(example, {})  # noqa: S102  our own text
    assert capsys.readouterr().out.startswith("1 ")


def test_every_endpoint_is_documented(
    bundled_assistant: object, cache_folder: Path, tmp_path: Path
) -> None:
    """The README's table has the routes of the server's description, and no other."""
    assert bundled_assistant
    table = set(re.findall(r"^\| `(GET|POST|DELETE) (/\S+)`", README, re.MULTILINE))
    with running(tmp_path, cache_folder) as server:
        paths = httpx.get(f"{server.url}/openapi.json").json()["paths"]
    assert table == {(method.upper(), path) for path in paths for method in paths[path]}


def test_the_curl_commands_of_the_readme_run(
    bundled_assistant: object, cache_folder: Path, tmp_path: Path
) -> None:
    """Each prints what the text around it says: an answer, events, passages, documents."""
    assert bundled_assistant
    commands = re.findall(r"^    (curl (?:.*\\\n)*.*)$", README, re.MULTILINE)
    with running(tmp_path, cache_folder) as server:
        printed = [
            subprocess.run(
                ["bash", "-c", command.replace("http://localhost:8000", server.url)],  # noqa: S607
                check=True,
                capture_output=True,
                text=True,
            ).stdout
            for command in commands
        ]
    says = ['"outcome":"answered"', "event: sentence", '"hits":[', '"documents":[', '"annotations"']
    assert [word for word, text in zip(says, printed, strict=True) if word not in text] == []
