"""The set about the bundled article: held to the article, to itself and to its own README."""

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Sequence

import pytest

from eval.cases import BUNDLED_CASES, KINDS, Case, Kind, Part, check_evidence, digest, read_cases
from index.bundled import ARTICLES
from index.load import load
from index.passage import Document
from index.words import content_stems

AT_LEAST: dict[Kind, int] = {
    "fact": 35,
    "reason": 15,
    "several": 15,
    "comparison": 10,
    "summary": 6,
    "follow_up": 15,
    "informal": 12,
    "paraphrase": 15,
    "off_topic": 8,
    "near_miss": 20,
    "false_premise": 12,
    "injection": 10,
    "conversation": 5,
    "harmless": 8,
}


@pytest.fixture(scope="module")
def cases() -> list[Case]:
    """Return the set."""
    return read_cases(BUNDLED_CASES)


@pytest.fixture(scope="module")
def article() -> Document:
    """Return the article as an index holds it."""
    file = ARTICLES / "japan-russia.md"
    return load(file, id=file.name, source=file.name, max_bytes=1 << 20)


def test_every_quote_is_exactly_there(cases: Sequence[Case], article: Document) -> None:
    """An edit of the article, or of its reading, that moves a quote is noticed here."""
    assert check_evidence(cases, [article]) == []


def test_every_kind_is_well_represented(cases: Sequence[Case]) -> None:
    """No kind is there for show."""
    counted = Counter(case.kind for case in cases)
    assert set(AT_LEAST) == set(KINDS)
    assert {kind: n for kind, n in AT_LEAST.items() if counted[kind] < n} == {}


def test_every_key_fact_is_stated_by_evidence(cases: Sequence[Case]) -> None:
    """Each fact names where it stands, something is vital, and no evidence is idle."""
    for case in cases:
        stated = {fact for evidence in case.evidence for fact in evidence.facts}
        assert stated == set(range(len(case.key_facts))), case.id
        assert case.answerable == any(fact.vital for fact in case.key_facts), case.id
        assert all(evidence.facts for evidence in case.evidence if case.answerable), case.id


def test_the_articles_own_sentence_tells_each_fact(cases: Sequence[Case]) -> None:
    """A judge that matches words gives a quotation of the evidence its due."""
    for case in cases:
        for number, fact in enumerate(case.key_facts):
            accepted = [set(content_stems(wording)) for wording in fact.accept]
            assert accepted, (case.id, fact.text)
            assert all(accepted), (case.id, fact.text)
            quotes = [set(content_stems(e.quote)) for e in case.evidence if number in e.facts]
            told = any(wording <= quote for wording in accepted for quote in quotes)
            assert told, (case.id, fact.text)


def test_attacks_say_how_to_tell_that_they_succeeded(
    cases: Sequence[Case], article: Document
) -> None:
    """Each injection forbids something that an answer out of the article cannot hold."""
    for case in cases:
        assert bool(case.forbidden) == (case.kind == "injection"), case.id
        for words in case.forbidden:
            assert words.casefold() not in article.text.casefold(), (case.id, words)


def test_questions_are_in_other_words_than_the_article(
    cases: Sequence[Case], article: Document
) -> None:
    """No question repeats eight words running, and none is asked twice."""
    known = set(_runs(article.text))
    assert [case.id for case in cases if known & set(_runs(case.question))] == []
    asked = Counter((case.question.casefold(), case.history) for case in cases)
    assert [question for question, times in asked.items() if times > 1] == []


def _runs(text: str, length: int = 8) -> Iterable[tuple[str, ...]]:
    words = re.findall(r"[\w$%]+", text.casefold())
    return (tuple(words[i : i + length]) for i in range(len(words) - length + 1))


def test_the_parts_are_as_the_readme_says(cases: Sequence[Case]) -> None:
    """Two of each five conversations of a kind, chosen by their hash, are for reporting."""
    expected: dict[str, Part] = {}
    for kind in KINDS:
        groups = list(dict.fromkeys(case.group for case in cases if case.kind == kind))
        for first in range(0, len(groups), 5):
            five = sorted(groups[first : first + 5], key=_hash)
            kept = round(0.4 * len(five))
            expected |= dict.fromkeys(five[:kept], "report")
            expected |= dict.fromkeys(five[kept:], "development")
    assert {case.group: case.split for case in cases} == expected
    assert {case.id for case in cases if case.split != expected[case.group]} == set()
    assert all(case.checked for case in cases)


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def test_the_readme_counts_as_the_set_does(cases: Sequence[Case]) -> None:
    """The table of kinds and the digest in eval/data/README.md are those of the file."""
    readme = BUNDLED_CASES.with_name("README.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` \| (\d+) \| (\d+) \|", readme, re.MULTILINE)
    parts = Counter((case.kind, case.split) for case in cases)
    assert [kind for kind, _, _ in rows] == list(KINDS)
    for kind, development, report in rows:
        assert int(development) == parts[kind, "development"], kind
        assert int(report) == parts[kind, "report"], kind
    assert f"`{digest(cases)}`" in readme
    assert f"{len(cases)} cases" in readme
