"""Answers with a fault that we put there are reported with that fault; others come in strictly."""

from pathlib import Path
from typing import Any

import pytest

from assistant.settings import Settings
from eval.cases import Case, Evidence, KeyFact
from eval.faults import FAULTS
from eval.subject import open_subject
from index.errors import UsageError
from index.passage import Document
from tests.evaluated import evaluate, every_kind, write_lines

pytestmark = pytest.mark.usefixtures("bundled_assistant")

PUPPY = "On one of those occasions he went so far as to offer the Russian president a puppy."
COURTED = "Abe courted Vladimir Putin, the Russian president"
TIMES = "Abe met Putin twenty-seven times in the seven years of his tenure."
RAISED = "Abe met Putin 31 times in the seven years of his tenure."
PLACE = {"title": "T", "source": "s", "section": None, "page": None}

Expected = dict[str, tuple[Case, Any, list[str]]]


@pytest.fixture
def document(cache_folder: Path) -> Document:
    """Return the bundled article."""
    with open_subject(Settings(cache_dir=cache_folder)) as subject:
        (found,) = subject.searcher.documents()
    return found


class Faulty:
    """Makes cases and answers about one document."""

    def __init__(self, document: Document) -> None:
        self.document = document

    def case(self, name: str, quote: str, *, answerable: bool = True, fact: str = "") -> Case:
        """Return a case whose evidence is `quote`."""
        start = self.document.text.index(quote)
        evidence = (Evidence(quote, start, start + len(quote)),) if answerable else ()
        facts = (KeyFact(fact, vital=True, accept=(fact,)),) if fact else ()
        kind: Any = "fact" if answerable else "near_miss"
        return Case(name, f"{name}?", answerable, "As it says.", facts, evidence, kind)

    def cited(self, text: str, *quotes: str, shift: int = 0) -> dict[str, Any]:
        """Return an Answer as JSON: one sentence that cites the first of `quotes`."""
        starts = [self.document.text.index(quote) + shift for quote in quotes]
        citations = [
            {"number": number, "document_id": self.document.id, "start": start, "quote": quote}
            | {"end": start + len(quote), **PLACE}
            for number, (quote, start) in enumerate(zip(quotes, starts, strict=True), 1)
        ]
        sentence = {"text": text, "kind": "claim", "citations": [1], "support": None}
        return {"text": f"{text} [1]", "sentences": [sentence], "citations": citations}

    def all(self) -> Expected:
        """Return cases with an answer and the faults that it has."""
        case, cited = self.case, self.cited
        told = case("left-out", TIMES, fact="a puppy")
        unknown = [case(name, TIMES, answerable=False) for name in ("declined", "made-up")]
        return {
            "honest": (case("honest", TIMES), cited(TIMES, TIMES), []),
            "number": (case("number", TIMES), cited(RAISED, TIMES), ["invented_number"]),
            "actor": (
                case("actor", COURTED),
                cited("Vladimir Putin courted Abe.", COURTED),
                ["swapped_names"],
            ),
            "footnote": (case("footnote", PUPPY), cited(TIMES, PUPPY, TIMES), ["wrong_citation"]),
            "altered": (case("altered", TIMES), cited(TIMES, TIMES, shift=1), ["altered_quote"]),
            "refusal": (case("refusal", TIMES), "The article does not say.", ["needless_refusal"]),
            "empty": (case("empty", TIMES), "", ["empty"]),
            "nonsense": (case("nonsense", TIMES), "Xqz blorb fnord.", ["unsupported_claim"]),
            "left-out": (told, cited(TIMES, TIMES), ["missed_fact"]),
            "declined": (unknown[0], "I could not find that in the documents.", []),
            "made-up": (unknown[1], cited(TIMES, TIMES), ["should_have_declined"]),
        }


@pytest.mark.parametrize("shipped", [False, True], ids=["a judge in sight", "the shipped judge"])
def test_known_faults_are_reported_as_those(
    tmp_path: Path, cache_folder: Path, document: Document, *, shipped: bool
) -> None:
    """Answers from elsewhere, each with one fault that we put there, get exactly that one."""
    expected = Faulty(document).all()
    folder = evaluate(
        tmp_path / "a",
        cache_folder,
        cases=[one for one, _, _ in expected.values()],
        answers=write_lines(
            tmp_path / "given.jsonl",
            [{"id": name, "answer": answer} for name, (_, answer, _) in expected.items()],
        ),
        shipped_judge=shipped,
    )
    rows = {row["id"]: row for row in folder.scores()}
    found = {name: [one["fault"] for one in row["faults"]] for name, row in rows.items()}
    assert found == {name: faults for name, (_, _, faults) in expected.items()}
    right = {name for name, row in rows.items() if row["scores"]["right"] == 1}
    assert right == {"honest", "declined"}
    assert set(folder.summary()["faults"]) <= FAULTS.keys()


def test_a_case_without_an_answer_failed(tmp_path: Path, cache_folder: Path) -> None:
    """Leaving out the hard ones does not raise a score."""
    cases = every_kind(1)[:3]
    answers = write_lines(tmp_path / "given.jsonl", [{"id": cases[0].id, "answer": "No idea."}])
    folder = evaluate(tmp_path / "a", cache_folder, cases=cases, answers=answers)
    assert [row["outcome"] for row in folder.scores()] == ["answered", "failed", "failed"]


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("{", "line 1: no JSON"),
        ('{"id": "x"}', 'line 1: needs "id"'),
        ('{"id": "ID", "answer": 3}', '"answer" is an Answer'),
        ('{"id": "ID", "answer": {"text": "x", "sentences": [{"no": 1}]}}', "not an Answer"),
        ('{"id": "other", "answer": "x"}', "not one of its ids"),
        ('{"id": "ID", "answer": "x", "outcome": "bored"}', "is one of answered"),
    ],
)
def test_a_bad_file_of_answers_names_the_line(
    tmp_path: Path, cache_folder: Path, line: str, says: str
) -> None:
    """Nothing is guessed."""
    cases = every_kind(1)[:1]
    file = tmp_path / "given.jsonl"
    file.write_text(line.replace("ID", cases[0].id), encoding="utf-8")
    with pytest.raises(UsageError, match=says):
        evaluate(tmp_path / "a", cache_folder, cases=cases, answers=file)
