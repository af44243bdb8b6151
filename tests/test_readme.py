"""The README is held to the code: its file map, its commands and its Python."""

import re
from pathlib import Path

import pytest

from tests.source import ROOT, modules
from tests.test_cli import run

README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_file_map_has_every_module() -> None:
    """A newcomer finds each module of index and assistant in the map, and no other."""
    mapped = set(re.findall(r"^ {6}(\w+)\.py\b", README, re.MULTILINE))
    helpers = set(re.findall(r"(\w+)\.py\b", " ".join(re.findall(r"\([^)]*\)", README))))
    files = {name.rpartition(".")[2] for name in modules("index", "assistant")}
    assert files - {"index", "assistant"} - mapped - helpers == set()
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
