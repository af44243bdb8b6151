"""The README and the documentation are held to the code: map, links, commands, Python, pictures."""

import re
import shlex
import subprocess
from pathlib import Path

import pytest

from docs.making import drawing, reference
from index.bundled import bundled_index
from index.embed import BUNDLED_MODEL
from tests.command import run
from tests.papers import PROSE, pdf, prose
from tests.serving import running
from tests.source import ROOT, modules

README = (ROOT / "README.md").read_text(encoding="utf-8")

BEYOND = "needs a key, a workspace or a site of the reader's own"
PIP = "what each extra holds is installed by a target of make: test_every_extra_is_installed"
TYPED = "typed by test_the_commands_of_the_readme_work, in this order"
RUN = {
    "make ask": (".ci/run", "make ask"),
    'make ask Q="who won the world cup?"': ("test_the_transcript_is_true", None),
    "make test": (".ci/run", "make test"),
    ".venv/bin/footnote index notes/ report.pdf": (TYPED, None),
    '.venv/bin/footnote ask "what did we decide about pricing?" --index footnote-index': (
        (TYPED, None)
    ),
    ".venv/bin/footnote chat --index footnote-index": (TYPED, None),
    ".venv/bin/footnote doctor": (TYPED, None),
    ".venv/bin/python -m pip install -c constraints.txt -e '.[openai]'": (PIP, None),
    "export FOOTNOTE_MODEL=openai:gpt-5-mini OPENAI_API_KEY=…": (BEYOND, None),
    '.venv/bin/footnote ask "why did Abe court Putin?"': (TYPED, None),
    "make serve": (".ci/run", "make serve"),
    ".venv/bin/python -m pip install -c constraints.txt -e '.[slack]'": (PIP, None),
    ".venv/bin/footnote slack manifest": (TYPED, None),
    ".venv/bin/footnote slack": (BEYOND, None),
    ".venv/bin/python -m pip install -c constraints.txt -e '.[eval]'": (PIP, None),
    ".venv/bin/footnote eval run --gate eval/gate.toml --out footnote-eval": (
        ".ci/run, with another --out",
        ".venv/bin/footnote eval run --gate eval/gate.toml --out",
    ),
    "make docs-serve": (".ci/run builds what this serves", "make docs"),
}
"""Of each command in the README who runs it, and what .ci/run says for that; or why nobody does."""


def commands(text: str) -> list[str]:
    """Return the commands in indented and console blocks, without their comments."""
    typed = re.findall(r"^(?: {4}|\$ )((?:make|export|\.venv/bin/)\S* .*)$", text, re.MULTILINE)
    return [re.split(r" {2,}#", one)[0].rstrip() for one in typed]


def test_the_file_map_has_what_there_is() -> None:
    """The README's short map names modules and folders that exist."""
    shown = README.partition("## File map\n\n")[2].partition("\n\nEvery module")[0]
    folder = ""
    for line in shown.splitlines():
        opened = re.match(r" {4}(\w+)/", line)
        folder = opened[1] if opened else folder
        for name in re.findall(r"\b(\w+\.py|articles/|widget/)", line):
            assert (ROOT / folder / name).exists(), (folder, name)
    full = (ROOT / "docs/reference/file-map.md").read_text(encoding="utf-8")
    for module, file in modules().items():
        assert f"| `{file.name}` |" in full, module


def test_the_reference_is_what_the_code_says() -> None:
    """Settings, commands, endpoints, the Answer and the map are told as they are in the code."""
    kept = {file.name: file.read_text(encoding="utf-8") for file in reference.HERE.glob("*.md")}
    made = reference.pages()
    assert kept.keys() == made.keys()
    stale = [name for name, text in made.items() if kept[name] != text]
    assert stale == [], "write them again: python -m docs.making.reference"


def test_the_drawing_is_what_the_script_draws() -> None:
    """Nobody edits the picture of the main path by hand."""
    assert drawing.FILE.read_text(encoding="utf-8") == drawing.drawing()


def test_every_link_leads_somewhere() -> None:
    """Files that the documents link to exist."""
    for file in (*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("eval/*.md")):
        for target in re.findall(r"\]\(([^)#]+)\)", file.read_text(encoding="utf-8")):
            assert target.startswith("https://") or (file.parent / target).exists(), (file, target)


def test_every_command_of_the_readme_is_run_somewhere() -> None:
    """Each command is listed with who runs it, none is listed in vain, and .ci/run has its own."""
    assert set(commands(README)) == set(RUN)
    ci = (ROOT / ".ci/run").read_text(encoding="utf-8")
    assert [command for command, (_, words) in RUN.items() if words and words not in ci] == []


def test_the_commands_of_the_readme_work(bundled_assistant: object, tmp_path: Path) -> None:
    """Typed one after the other in a folder with notes and a PDF, as written, each succeeds."""
    assert bundled_assistant
    (tmp_path / "notes").mkdir()
    decided = "We decided about pricing on Monday: the small plan stays free of charge."
    (tmp_path / "notes" / "monday.md").write_text(f"# Monday\n\n{decided}\n", encoding="utf-8")
    (tmp_path / "report.pdf").write_bytes(pdf(prose(PROSE)))
    said = {}
    for command in commands(README):
        if RUN[command][0] is TYPED:
            done = run(*shlex.split(command)[1:], cwd=tmp_path)
            assert done.returncode == 0, (command, done.stderr)
            said[command] = done.stdout
    assert any(decided.split(":")[1] in " ".join(text.split()) for text in said.values())


def test_every_extra_is_installed() -> None:
    """The extras that the README names are installed by a target of make, so they resolve."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8").partition("$(VENV)/ready-ask:")[2]
    installed = set(",".join(re.findall(r"-e '\.\[([^]]+)\]'", makefile)).split(","))
    assert set(",".join(re.findall(r"-e '\.\[([^]]+)\]'", README)).split(",")) <= installed


def test_the_transcript_is_true(bundled_assistant: object, tmp_path: Path) -> None:
    """What the README shows of a terminal is what is printed; "…" stands for lines left out."""
    assert bundled_assistant
    transcript = re.findall(r"```console\n(.*?)```", README, re.DOTALL)[0]
    for typed, shown in re.findall(
        r"^\$ make ask(.*)\n((?:[^$].*\n|\n)*)", transcript, re.MULTILINE
    ):
        question = typed.partition('"')[2].rstrip('"') or "why did Abe court Putin?"
        printed = run("ask", question, cwd=tmp_path, COLUMNS="80").stdout
        assert printed.startswith(shown.removesuffix("…\n")), printed


def test_the_python_of_the_documentation_runs(
    bundled_assistant: object,
    cache_folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The examples of the README and of the page for Python run, one after the other."""
    assert bundled_assistant
    monkeypatch.setenv("FOOTNOTE_CACHE_DIR", str(cache_folder))
    monkeypatch.chdir(tmp_path)
    Path("my-index").symlink_to(bundled_index(cache_folder, BUNDLED_MODEL))
    page = (ROOT / "docs/how-to/python.md").read_text(encoding="utf-8")
    names: dict[str, object] = {}
    for example in re.findall(r"```python\n(.*?)```", README + page, re.DOTALL):
        exec(example, names)  # noqa: S102  our own text
    printed = capsys.readouterr().out
    assert printed.startswith("1 ")
    assert "Answer(" in printed
    names["searcher"].close()  # type: ignore[attr-defined]


def test_the_curl_commands_of_the_documentation_run(
    bundled_assistant: object, cache_folder: Path, tmp_path: Path
) -> None:
    """Each prints what the text around it says: an answer, events, passages, documents."""
    assert bundled_assistant
    page = (ROOT / "docs/how-to/http.md").read_text(encoding="utf-8")
    typed = re.findall(r"^    (curl (?:.*\\\n)*.*)$", page, re.MULTILINE)
    with running(tmp_path, cache_folder) as server:
        printed = [
            subprocess.run(
                ["bash", "-c", command.replace("http://localhost:8000", server.url)],  # noqa: S607
                check=True,
                capture_output=True,
                text=True,
            ).stdout
            for command in typed
        ]
    says = ['"outcome":"answered"', "event: sentence", '"hits":[', '"documents":[', '"annotations"']
    assert [word for word, text in zip(says, printed, strict=True) if word not in text] == []


def test_the_figures_stand_where_they_were_measured() -> None:
    """Every number of the README's table of figures is under the heading that it links to."""
    rows = re.findall(
        r"^\| (.*) \| \[\w+\]\((docs/\w+\.md)#([\w-]+)\) \|$",
        README.partition("## Figures")[2].partition("\n## ")[0],
        re.MULTILINE,
    )
    assert len(rows) >= 6
    for told, file, anchor in rows:
        sections = re.split(r"^##+ (.*)$", (ROOT / file).read_text("utf-8"), flags=re.MULTILINE)
        by_anchor = {
            re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-"): text
            for heading, text in zip(sections[1::2], sections[2::2], strict=True)
        }
        numbers = re.findall(r"(?<!@)\.?\d[\d,.]*(?<![,.])", told)
        assert [n for n in numbers if n not in by_anchor[anchor]] == [], (told, anchor)


def test_every_promise_is_held_by_tests() -> None:
    """Each of the eight names tests, and every test that is named is there."""
    page = (ROOT / "docs/promises.md").read_text(encoding="utf-8").partition("## ")[0]
    promises = re.split(r"^\d\. ", page, flags=re.MULTILINE)[1:]
    assert len(promises) == 8
    for promise in promises:
        named = re.findall(r"\]\(\.\./(tests/\S+\.py)\) `(test_\w+)`", promise)
        assert len(named) >= 2, promise
        for file, name in named:
            assert f"def {name}(" in (ROOT / file).read_text(encoding="utf-8"), (file, name)
