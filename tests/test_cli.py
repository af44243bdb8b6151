"""The command line, as a user would type it: what is said, where, and how it ends."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from filelock import FileLock

from assistant.answer import Answer
from tests.command import COMMAND, run, run_process

NOTES = """# Keeping bees at Low Farm

Low Farm has kept bees since 1974. Martha Quill started with two hives.

## Honey

The farm sells forty kilograms of honey a year. Martha Quill took up bees because the orchard bore
too little fruit. She sells the honey at the gate in August.
"""


@pytest.fixture(scope="session")
def built(cache_folder: Path, model_folder: Path) -> Path:
    """Return a folder with notes.md and the index that the command made of it."""
    assert model_folder.is_dir()
    folder = cache_folder / "cli"
    with FileLock(cache_folder / "cli.lock"):
        if not (folder / "footnote-index" / "current").exists():
            folder.mkdir(exist_ok=True)
            (folder / "notes.md").write_text(NOTES, encoding="utf-8")
            done = run_process("index", "notes.md", cwd=folder)
            assert done.returncode == 0, done.stderr
            assert "added    notes.md" in done.stdout
            assert "1 document, 2 passages" in done.stdout
            assert 'footnote ask "…" --index footnote-index' in done.stdout
    return folder


def test_help_has_examples_and_costs_nothing(tmp_path: Path) -> None:
    """Every command explains itself with an example, without loading what asking needs."""
    for name in ("index", "search", "ask", "chat", "doctor"):
        shown = run(name, "--help", cwd=tmp_path)
        assert shown.returncode == 0
        assert f"Example{'s' if 'Examples' in shown.stdout else ''}:" in shown.stdout
        assert f"footnote {name}" in shown.stdout
    program = (
        "import sys; sys.argv = ['footnote', '--help']\n"
        "import assistant.cli\n"
        "try: assistant.cli.main()\n"
        "except SystemExit: pass\n"
        "heavy = {'numpy', 'chromadb', 'onnxruntime', 'rich', 'pydantic'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.endswith("[]\n")


def test_version(tmp_path: Path) -> None:
    """The version is that of the package."""
    assert run("--version", cwd=tmp_path).stdout.startswith("footnote 0.")


def test_ask_draws_the_answer_and_its_footnotes(built: Path) -> None:
    """The answer comes with numbered footnotes: quote, section and place."""
    question = "why did Martha Quill take up bees?"
    done = run_process("ask", question, "--index", "footnote-index", cwd=built)
    assert done.returncode == 0
    assert "[1]" in done.stdout
    assert "because the orchard bore" in done.stdout
    assert "Honey · Keeping bees at Low Farm · notes.md, characters" in done.stdout.replace(
        "\n    ", " "
    )
    assert "\x1b" not in done.stdout
    assert done.stderr == ""


def test_ask_json_is_one_answer(built: Path) -> None:
    """With --json standard output is one JSON document, an Answer with citations."""
    done = run(
        *("ask", "how much honey does the farm sell?", "--json", "--index", "footnote-index"),
        cwd=built,
    )
    answer = Answer.from_dict(json.loads(done.stdout))
    assert answer.outcome == "answered"
    assert "forty kilograms" in answer.text
    assert {c.source for c in answer.citations} == {"notes.md"}
    assert answer.timings_ms.keys() == {"condense", "search", "write", "ground", "total"}


def test_the_bundled_article_is_asked_when_no_index_is_named(
    built: Path, bundled_assistant: object
) -> None:
    """Without --index the bundled article answers, and an index lying by is mentioned."""
    assert bundled_assistant
    done = run("ask", "why did Abe court Putin?", cwd=built)
    assert done.returncode == 0
    assert "treaty" in done.stdout
    assert "to ask footnote-index" in done.stderr


def test_declining_is_a_success(built: Path) -> None:
    """What the documents do not say is declined, with what comes closest, and exit code 0."""
    done = run("ask", "who won the 2022 World Cup?", "--index", "footnote-index", cwd=built)
    assert done.returncode == 0
    assert "do not answer" in done.stdout


def test_an_empty_question_is_wrong_usage_and_still_an_answer(built: Path) -> None:
    """Exit code 2, one JSON document, declined for being empty."""
    done = run("ask", "  ", "--json", "--index", "footnote-index", cwd=built)
    assert done.returncode == 2
    assert json.loads(done.stdout)["reason"] == "empty_question"


def test_a_question_can_come_from_standard_input(built: Path) -> None:
    """A dash reads the question, so that any length and any character can be piped in."""
    done = run_process(
        "ask", "-", "--index", "footnote-index", cwd=built, typed="how many hives at first?\n"
    )
    assert done.returncode == 0
    long = run("ask", "-", "--index", "footnote-index", cwd=built, typed="bees " * 4000)
    assert long.returncode == 2
    assert "FOOTNOTE_MAX_QUESTION_CHARS" in long.stderr


def test_history_makes_a_follow_up_stand_alone(built: Path, tmp_path: Path) -> None:
    """--history gives the turns before, in the documented form."""
    turns = tmp_path / "turns.json"
    turns.write_text('[{"role": "user", "content": "who is Martha Quill?"}]', encoding="utf-8")
    done = run(
        *("ask", "why did she take up bees?", "--json", "--history", turns),
        *("--index", "footnote-index"),
        cwd=built,
    )
    assert "Martha" in json.loads(done.stdout)["standalone_question"]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (None, "No such file"),
        ("{", "is no JSON"),
        ('{"role": "user"}', "must be a list"),
        ('[{"role": "user", "content": "a"}, {"role": "user"}]', "row 2"),
        ('[{"role": "system", "content": "a"}]', "row 1"),
    ],
)
def test_a_bad_history_names_its_row(content: str | None, says: str, tmp_path: Path) -> None:
    """Exit code 2 and what is wrong with the file, before any index is opened."""
    if content is not None:
        (tmp_path / "turns.json").write_text(content, encoding="utf-8")
    done = run("ask", "why?", "--history", "turns.json", "--index", "nowhere", cwd=tmp_path)
    assert done.returncode == 2
    assert says in done.stderr


def test_a_missing_index_is_a_failure_with_a_remedy(tmp_path: Path) -> None:
    """Exit code 1; with --json still one Answer that failed; nothing is created."""
    done = run("ask", "why?", "--json", "--index", "nowhere", cwd=tmp_path)
    assert done.returncode == 1
    answer = json.loads(done.stdout)
    assert (answer["outcome"], answer["reason"]) == ("failed", "index_unavailable")
    assert "make one with: footnote index PATH --index nowhere" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_index_is_named_and_healed_by_indexing_again(built: Path, tmp_path: Path) -> None:
    """A file cut short is noticed before it is read; doctor says so; indexing mends it."""
    shutil.copytree(built, tmp_path / "bees")
    (catalog,) = (tmp_path / "bees").glob("footnote-index/generations/*/catalog.db")
    catalog.write_bytes(catalog.read_bytes()[:100])
    asked = run("ask", "who?", "--index", "footnote-index", cwd=tmp_path / "bees")
    assert (asked.returncode, asked.stdout) == (1, "")
    assert "catalog.db is cut short" in asked.stderr
    looked = run("doctor", "--json", "--index", "footnote-index", cwd=tmp_path / "bees")
    assert looked.returncode == 1
    (broken,) = [c for c in json.loads(looked.stdout)["checks"] if c["state"] == "broken"]
    assert broken["name"] == "index"
    mended = run("index", "notes.md", cwd=tmp_path / "bees")
    assert mended.returncode == 0, mended.stderr
    asked = run("ask", "when did it start?", "--index", "footnote-index", cwd=tmp_path / "bees")
    assert asked.returncode == 0


@pytest.mark.parametrize(
    ("name", "content", "code", "says"),
    [
        ("missing.txt", None, 2, "no such file or directory: missing.txt"),
        ("empty.txt", b"", 1, "empty"),
        ("picture.png", b"\x89PNG\r\n\x1a\n" + bytes(400), 1, "PNG"),
        ("huge.txt", b"a" * (1 << 20) + b"b", 1, "FOOTNOTE_MAX_FILE_MB"),
    ],
)
def test_a_file_that_cannot_be_indexed(
    name: str, content: bytes | None, code: int, says: str, tmp_path: Path, model_folder: Path
) -> None:
    """Each bad file has its message and exit code, and no index is left behind that answers."""
    assert model_folder.is_dir()
    if content is not None:
        (tmp_path / name).write_bytes(content)
    done = run("index", name, cwd=tmp_path, FOOTNOTE_MAX_FILE_MB="1")
    assert done.returncode == code
    assert says in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "footnote-index" / "current").exists()


def test_a_folder_with_nothing_to_read(tmp_path: Path) -> None:
    """A folder without text says which files would be read."""
    (tmp_path / "photos").mkdir()
    done = run("index", "photos", cwd=tmp_path)
    assert done.returncode == 2
    assert ".md" in done.stderr


def test_a_bad_file_that_was_named_fails_and_the_others_are_indexed(
    tmp_path: Path, model_folder: Path
) -> None:
    """Exit code 1, one problem, and one document that can be asked; JSON tells both."""
    assert model_folder.is_dir()
    (tmp_path / "notes.md").write_text(NOTES, encoding="utf-8")
    (tmp_path / "noise.txt").write_bytes(bytes(range(256)) * 8)
    done = run("index", "notes.md", "noise.txt", "--json", cwd=tmp_path)
    assert done.returncode == 1
    report = json.loads(done.stdout)
    assert report["added"] == ["notes.md"]
    assert [problem["source"] for problem in report["problems"]] == ["noise.txt"]


def test_search_shows_passages(built: Path) -> None:
    """Ranked passages as text and as JSON; a bad -k and an empty question are wrong usage."""
    done = run("search", "honey", "-k", "1", "--index", "footnote-index", cwd=built)
    assert done.stdout.startswith("1. Honey · Keeping bees at Low Farm")
    found = json.loads(
        run("search", "honey", "--json", "--index", "footnote-index", cwd=built).stdout
    )
    assert found["hits"][0]["rank"] == 1
    assert found["hits"][0]["text"].startswith("The farm sells forty kilograms")
    assert (found["hits"][0]["dense_rank"], found["hits"][0]["lexical_rank"]) == (1, 1)
    assert 0 < found["hits"][0]["coverage"] <= 1
    elsewhere = ("--source", "*.pdf", "--index", "footnote-index")
    assert "Nothing" in run("search", "honey", *elsewhere, cwd=built).stdout
    assert run("search", "honey", "-k", "0", cwd=built).returncode == 2
    assert run("search", "", cwd=built).returncode == 2


def test_chat_keeps_turns(built: Path) -> None:
    """Piped lines are asked in turn; a follow-up leans on the one before; /quit leaves."""
    typed = "who is Martha Quill?\n\nwhy did she take up bees?\n/quit\nnever asked\n"
    done = run("chat", "--index", "footnote-index", cwd=built, typed=typed)
    assert done.returncode == 0
    assert "because the orchard bore" in done.stdout
    assert "never" not in done.stdout


def test_a_chat_is_kept_and_gone_on_with(built: Path, tmp_path: Path) -> None:
    """What chat says at its end goes on with it, in another process; another id is refused."""
    place = {"FOOTNOTE_CONVERSATIONS_URL": f"sqlite:///{tmp_path / 'kept.db'}"}
    chat = ("chat", "--index", "footnote-index")
    first = run(*chat, cwd=built, typed="who is Martha Quill?\n", **place)
    (told,) = [line for line in first.stderr.splitlines() if "--conversation" in line]
    kept = told.rpartition(" ")[2]
    again = ("--conversation", kept)
    second = run_process(*chat, *again, cwd=built, typed="why did she take up bees?\n", **place)
    assert second.returncode == 0, second.stderr
    assert "because the orchard bore" in second.stdout
    assert "--conversation" not in second.stderr
    unknown = run(*chat, "--conversation", "nobody", cwd=built, **place)
    assert unknown.returncode == 1
    assert "conversation" in unknown.stderr
    assert "Traceback" not in unknown.stderr


def test_a_chat_that_cannot_be_kept_goes_on(built: Path, tmp_path: Path) -> None:
    """Without a place to keep it, a chat says so once and answers all the same."""
    (tmp_path / "taken").touch()
    place = {"FOOTNOTE_CONVERSATIONS_URL": f"sqlite:///{tmp_path / 'taken' / 'kept.db'}"}
    typed = "who is Martha Quill?\nwhy did she take up bees?\n"
    done = run("chat", "--index", "footnote-index", cwd=built, typed=typed, **place)
    assert done.returncode == 0, done.stderr
    assert "because the orchard bore" in done.stdout
    assert done.stderr.count("this conversation is not kept") == 1
    refused = run("chat", "--conversation", "some-id", cwd=built, **place)
    assert refused.returncode == 1


def test_a_long_history_is_cut_and_that_is_said(built: Path, tmp_path: Path) -> None:
    """Of --history only as many turns as the setting allows are read, the newest."""
    turns = tmp_path / "turns.json"
    asked = ["who is Martha Quill?", "what is sold in August?"]
    turns.write_text(json.dumps([{"role": "user", "content": one} for one in asked]))
    ask = (
        "ask",
        "why did she take up bees?",
        "--json",
        "--history",
        turns,
        *("--index", "footnote-index"),
    )
    whole = run(*ask, cwd=built)
    assert "FOOTNOTE_HISTORY_TURNS" not in whole.stderr
    assert "Martha" in json.loads(whole.stdout)["standalone_question"]
    cut = run(*ask, cwd=built, FOOTNOTE_HISTORY_TURNS="1")
    assert "has 2 turns; the newest 1 are read (FOOTNOTE_HISTORY_TURNS)" in cut.stderr
    assert "Martha" not in json.loads(cut.stdout)["standalone_question"]
    none = run(*ask, cwd=built, FOOTNOTE_HISTORY_TURNS="0")
    assert json.loads(none.stdout)["standalone_question"] == "why did she take up bees?"


def test_a_huge_history_is_refused(tmp_path: Path) -> None:
    """A file of turns that nobody could lean on is refused before it is read."""
    (tmp_path / "turns.json").write_text(" " * (4 * 1024 * 1024 + 1))
    done = run("ask", "why?", "--history", "turns.json", "--index", "nowhere", cwd=tmp_path)
    assert done.returncode == 2
    assert "give the newest turns only" in done.stderr


def test_doctor_is_content_with_a_sound_installation(built: Path) -> None:
    """It names versions and the index's generation, and ends with 0."""
    done = run("doctor", "--index", "footnote-index", cwd=built)
    assert done.returncode == 0, done.stdout
    assert "1 documents, 2 passages" in done.stdout
    assert "onnxruntime" in done.stdout


def test_a_disk_that_refuses_is_no_traceback(tmp_path: Path) -> None:
    """Where the cache folder cannot be made, the message names it and what to run next."""
    (tmp_path / "taken").touch()
    done = run("ask", "why?", cwd=tmp_path, FOOTNOTE_CACHE_DIR=str(tmp_path / "taken" / "cache"))
    assert done.returncode == 1
    assert "Not a directory" in done.stderr
    assert "Traceback" not in done.stderr
    looked = run("doctor", cwd=tmp_path, FOOTNOTE_CACHE_DIR=str(tmp_path / "taken" / "cache"))
    assert looked.returncode == 1
    assert "set FOOTNOTE_CACHE_DIR to a folder that you may write to" in looked.stdout


def test_a_bad_setting_ends_with_2(tmp_path: Path) -> None:
    """A setting's error is wrong usage, without a traceback."""
    done = run_process("ask", "why?", cwd=tmp_path, FOOTNOTE_HITS="many")
    assert done.returncode == 2
    assert done.stderr.startswith("footnote: FOOTNOTE_HITS='many'")


def test_a_reader_that_has_enough_is_no_error(built: Path) -> None:
    """`footnote ask … | head -1` prints no traceback."""
    command = [*COMMAND, "ask", "who is Martha Quill?", "--index", "footnote-index"]
    with subprocess.Popen(
        command, cwd=built, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as asking:
        assert asking.stdout
        assert asking.stderr
        asking.stdout.close()
        assert "Traceback" not in asking.stderr.read()


def test_a_terminal_without_the_characters_gets_substitutes(built: Path) -> None:
    """An ASCII-only terminal is no reason to crash."""
    done = run_process(
        *("ask", "who is Martha Quill?", "--index", "footnote-index"),
        cwd=built,
        PYTHONIOENCODING="ascii",
    )
    assert done.returncode == 0
    assert "Martha Quill" in done.stdout
