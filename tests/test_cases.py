"""Cases are read strictly: what is wrong is named by file, line and field; the rest survives."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assistant.answer import Turn
from eval.cases import (
    KINDS,
    Case,
    CaseError,
    Evidence,
    KeyFact,
    Kind,
    check_evidence,
    digest,
    read_cases,
    write_cases,
)
from index.errors import UsageError
from index.passage import Document

ROW: dict[str, Any] = {
    "id": "harbour-1",
    "question": "When was the harbour dug?",
    "answerable": True,
    "reference": "In 1871.",
    "key_facts": [{"text": "The harbour was dug in 1871.", "vital": True, "accept": ["1871"]}],
    "evidence": [{"quote": "dug in 1871", "start": 12, "end": 23, "facts": [0]}],
    "kind": "fact",
}
UNANSWERABLE = {"answerable": False, "kind": "near_miss", "key_facts": [], "evidence": []}
HARBOUR = Document("harbour", "Harbour", "harbour.txt", "The harbour dug in 1871 is deep.")


def written(folder: Path, *rows: dict[str, Any] | str | bytes) -> Path:
    """Write rows, one a line: dicts as JSON, anything else as it is."""
    file = folder / "cases.jsonl"
    lines = [json.dumps(r).encode() if isinstance(r, dict) else r for r in rows]
    file.write_bytes(b"\n".join(r.encode() if isinstance(r, str) else r for r in lines))
    return file


def test_a_row_becomes_a_case(tmp_path: Path) -> None:
    """Every field arrives, and those left out have their default."""
    history = [{"role": "user", "content": "Hello"}, {"role": "assistant", "content": "Hi"}]
    full = {
        **ROW,
        "id": "harbour-2.1",
        "kind": "follow_up",
        "tags": ["date"],
        "history": history,
        "forbidden": ["gold"],
        "split": "report",
        "checked": False,
    }
    first, second = read_cases(written(tmp_path, ROW, "", full, ""))
    fact = KeyFact("The harbour was dug in 1871.", True, ("1871",))
    evidence = Evidence("dug in 1871", 12, 23, None, (0,))
    assert first == Case(
        "harbour-1", ROW["question"], True, "In 1871.", (fact,), (evidence,), "fact"
    )
    assert first.checked
    assert second.history == (Turn("user", "Hello"), Turn("assistant", "Hi"))
    assert (second.tags, second.forbidden, second.split) == (("date",), ("gold",), "report")
    assert not second.checked
    assert (first.group, second.group) == ("harbour-1", "harbour-2")


QUOTE = {"quote": "dug in 1871", "start": 12, "end": 23}
WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "question is a number": ({"question": 7}, "question: a text is expected"),
    "question is blank": ({"question": " "}, "question: there is nothing"),
    "answerable is a text": ({"answerable": "yes"}, "answerable: true or false"),
    "answerable is a number": ({"answerable": 1}, "answerable: true or false"),
    "a field too many": ({"anser": "1871"}, "anser: there is no such field"),
    "a kind too many": ({"kind": "riddle"}, "kind: 'riddle' is none of fact"),
    "a split too many": ({"split": "test"}, "split: 'test' is none of development, report"),
    "key facts are no list": ({"key_facts": "1871"}, "key_facts: a list is expected"),
    "a key fact is no object": ({"key_facts": ["1871"]}, r"key_facts\[0\]: an object"),
    "a key fact lacks vital": ({"key_facts": [{"text": "x"}]}, r"key_facts\[0\]\.vital: .*missing"),
    "a tag is a number": ({"tags": ["a", 3]}, r"tags\[1\]: a text"),
    "a tag is blank": ({"tags": [""]}, "tags: one is empty"),
    "a start is a fraction": (
        {"evidence": [QUOTE | {"start": 1.5}]},
        r"evidence\[0\]\.start: a wh",
    ),
    "a start is true": ({"evidence": [QUOTE | {"start": True}]}, r"evidence\[0\]\.start: a whole"),
    "a start is negative": (
        {"evidence": [QUOTE | {"start": -1}]},
        r"evidence\[0\]\.start: a whole",
    ),
    "a quote is too short": ({"evidence": [QUOTE | {"end": 24}]}, r"\.quote: it has 11 .* is 12"),
    "a fact has no such number": (
        {"evidence": [QUOTE | {"facts": [1]}]},
        r"\[0\]\.facts: there is",
    ),
    "a role too many": ({"history": [{"role": "system", "content": "x"}]}, r"history\[0\]\.role"),
    "no evidence": ({"evidence": []}, "evidence: an answerable case needs"),
    "no reference": ({"reference": ""}, "reference: an answerable case needs"),
    "unanswerable with facts": (UNANSWERABLE | {"key_facts": ROW["key_facts"]}, "key_facts: what"),
    "an unanswerable fact": (
        {"answerable": False},
        "answerable: a case of the kind fact is always",
    ),
    "an answerable near miss": ({"kind": "near_miss"}, "answerable: .*near_miss is never"),
    "a follow-up of nothing": ({"kind": "follow_up"}, "history: a follow-up needs"),
    "half a character": ({"question": "\ud83d?"}, "question: half a character"),
}


@pytest.mark.parametrize(("change", "says"), WRONG.values(), ids=WRONG.keys())
def test_a_wrong_field_is_named_with_its_line(
    tmp_path: Path, change: dict[str, Any], says: str
) -> None:
    """The message leads to the file, the line and the field, and says what was expected."""
    file = written(tmp_path, ROW, {**ROW, "id": "harbour-2", **change})
    with pytest.raises(CaseError, match=f"cases.jsonl: line 2: {says}|line 2: .*{says}"):
        read_cases(file)


@pytest.mark.parametrize("field", ROW)
def test_a_missing_field_is_named(tmp_path: Path, field: str) -> None:
    """None of the seven fields of every row may be left out."""
    row = {name: value for name, value in ROW.items() if name != field}
    with pytest.raises(CaseError, match=f"line 1: {field}: this field is missing"):
        read_cases(written(tmp_path, row))


BROKEN: dict[str, tuple[str | bytes, str]] = {
    "cut off": ('{"id": "a", ', "line 2: not JSON: .* at column"),
    "not an object": ("[1, 2]", "line 2: a case is a JSON object"),
    "NaN": (json.dumps({**ROW, "question": float("nan")}), "line 2: NaN is no value"),
    "infinite": ('{"id": -Infinity}', "line 2: -Infinity is no value"),
    "a field twice": ('{"id": "a", "id": "b"}', "line 2: id: this field stands there twice"),
    "nested without end": ("[" * 200_000, "line 2: .*nested too deep"),
    "a number without end": ('{"id": ' + "1" * 5_000 + "}", "line 2: .*too many digits"),
    "Latin 1": ('{"id": "caf\xe9"}'.encode("latin-1"), "line 2: not UTF-8"),
    "UTF-16": ('{"id": "a"}'.encode("utf-16"), "line 2: not UTF-8"),
}


@pytest.mark.parametrize(("line", "says"), BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_line_is_named(tmp_path: Path, line: str | bytes, says: str) -> None:
    """What is not JSON, or not text, stops the reading where it stands."""
    with pytest.raises(CaseError, match=says):
        read_cases(written(tmp_path, ROW, line))


def test_two_cases_have_two_ids(tmp_path: Path) -> None:
    """An id that comes again is an error at its second place."""
    with pytest.raises(CaseError, match="line 3: id: 'harbour-1' is the id of an earlier case"):
        read_cases(written(tmp_path, ROW, {**ROW, "id": "b"}, ROW))


@pytest.mark.parametrize("content", ["", "\n \n"])
def test_an_empty_file_is_an_error(tmp_path: Path, content: str) -> None:
    """A file without cases would give a score about nothing."""
    with pytest.raises(CaseError, match="there is no case in this file"):
        read_cases(written(tmp_path, content))


def test_a_missing_file_is_a_users_mistake(tmp_path: Path) -> None:
    """A CaseError is in the tree that the command line shows without a traceback."""
    with pytest.raises(UsageError, match=r"none\.jsonl: cannot be read"):
        read_cases(tmp_path / "none.jsonl")
    with pytest.raises(UsageError, match=r"no/cases\.jsonl: cannot be written"):
        write_cases([], tmp_path / "no" / "cases.jsonl")


def test_a_byte_order_mark_is_passed_by(tmp_path: Path) -> None:
    """Editors that put one there do no harm."""
    assert read_cases(written(tmp_path, b"\xef\xbb\xbf" + json.dumps(ROW).encode()))


def test_evidence_is_held_to_the_text(tmp_path: Path) -> None:
    """Each quote that is not the slice is reported, with the place where it is if there is one."""
    shifted = {"quote": "dug in 1871", "start": 11, "end": 22}
    invented = {"quote": "dug in 1899", "start": 12, "end": 23}
    elsewhere = QUOTE | {"document": "lake"}
    rows = [
        {**ROW, "id": f"case-{n}", "evidence": [evidence]}
        for n, evidence in enumerate([QUOTE, shifted, invented, elsewhere])
    ]
    cases = read_cases(written(tmp_path, *rows))
    one, two, three = check_evidence(cases, [HARBOUR])
    assert one.startswith("case-1: evidence[0]: the text has ' dug in 187' there")
    assert one.endswith("; it begins at 12")
    assert two == "case-2: evidence[0]: the text has 'dug in 1871' there, not 'dug in 1899'"
    assert three == "case-3: evidence[0]: document: there is none with the id 'lake'"
    pier = Document("pier", "Pier", "pier.txt", "A pier.")
    (none_named,) = check_evidence(cases[:1], [HARBOUR, pier])
    assert none_named == "case-0: evidence[0]: document: name one, there are 2"


WORDS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12).filter(str.strip)
MAYBE = st.none() | WORDS
TEXTS = st.lists(WORDS, max_size=2).map(tuple)
FACTS = st.lists(st.builds(KeyFact, WORDS, st.booleans(), TEXTS), max_size=2).map(tuple)


@st.composite
def any_case(draw: st.DrawFn, number: int) -> Case:
    """Draw a case that agrees with itself; `number` makes its id its own."""
    answerable = draw(st.booleans())
    kinds: tuple[Kind, ...] = ("fact", "several") if answerable else ("near_miss", "off_topic")
    facts = draw(FACTS) if answerable else ()
    stated = tuple(range(len(facts)))
    quotes = draw(st.lists(WORDS, min_size=1, max_size=2)) if answerable else []
    starts = [draw(st.integers(0, 10**9)) for _ in quotes]
    places = zip(quotes, starts, strict=True)
    return Case(
        id=f"{number}{draw(WORDS)}",
        question=draw(WORDS),
        answerable=answerable,
        reference=draw(WORDS),
        key_facts=facts,
        evidence=tuple(Evidence(q, s, s + len(q), draw(MAYBE), stated) for q, s in places),
        kind=draw(st.sampled_from(kinds)),
        tags=draw(TEXTS),
        history=tuple(Turn("user", words) for words in draw(TEXTS)),
        forbidden=draw(TEXTS),
        split=draw(st.sampled_from([None, "development", "report"])),
        checked=draw(st.booleans()),
    )


CASES = st.integers(1, 3).flatmap(lambda n: st.tuples(*(any_case(number=i) for i in range(n))))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(CASES)
def test_what_is_written_is_read_back(tmp_path: Path, cases: tuple[Case, ...]) -> None:
    """Any cases that agree with themselves survive the file, equal and with the same digest."""
    file = tmp_path / "cases.jsonl"
    write_cases(cases, file)
    back = read_cases(file)
    assert back == list(cases)
    assert digest(back) == digest(cases)
    assert [path.name for path in tmp_path.iterdir()] == ["cases.jsonl"]


def test_the_digest_tells_sets_apart(tmp_path: Path) -> None:
    """It changes with any field and with the order, and not with the way the file is laid out."""
    other = {**ROW, "id": "b", **UNANSWERABLE}
    cases = read_cases(written(tmp_path, ROW, other))
    spaced = read_cases(written(tmp_path, json.dumps(ROW, separators=(" , ", " : ")), "", other))
    reworded = read_cases(written(tmp_path, ROW, {**other, "reference": "It does not say."}))
    assert digest(spaced) == digest(cases)
    assert len({digest(cases), digest(reworded), digest(cases[::-1]), digest(cases[:1])}) == 4


def test_every_kind_can_be_read(tmp_path: Path) -> None:
    """Each kind is open to answerable cases, to unanswerable ones, or to both."""
    rows = []
    for number, kind in enumerate(KINDS):
        history = [{"role": "user", "content": "Which harbour?"}]
        closed = kind in {"off_topic", "near_miss", "false_premise", "conversation"}
        changed = {**UNANSWERABLE, "kind": kind} if closed else {"kind": kind}
        rows.append({**ROW, "id": str(number), "history": history, **changed})
    assert [case.kind for case in read_cases(written(tmp_path, *rows))] == list(KINDS)
