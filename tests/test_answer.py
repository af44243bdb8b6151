"""An Answer is frozen, has the agreed keys and survives a trip through JSON."""

import dataclasses
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.answer import Answer, Citation, Sentence, Turn

KEYS = (
    "id outcome reason question standalone_question text sentences citations withheld closest "
    "writer model prompt index timings_ms usage"
)
CITATION_KEYS = "number document_id title source start end quote section page"

TEXT = st.text(max_size=30)
UNIT = st.floats(0, 1)
CITATIONS = st.builds(Citation)
ANSWERS = st.builds(
    Answer,
    sentences=st.lists(
        st.builds(
            Sentence, citations=st.lists(st.integers(1, 9)).map(tuple), support=UNIT | st.none()
        )
    ).map(tuple),
    citations=st.lists(CITATIONS, max_size=3).map(tuple),
    closest=st.lists(CITATIONS, max_size=3).map(tuple),
    timings_ms=st.dictionaries(TEXT, st.floats(0, 1e6), max_size=4),
    usage=st.none() | st.dictionaries(TEXT, st.integers(0, 10**9), max_size=2),
)

ANSWER = Answer(
    id="a1",
    outcome="answered",
    reason=None,
    question="why?",
    standalone_question="why did it sink?",
    text="It leaked. [1]",
    sentences=(Sentence("It leaked.", "claim", (1,), 1.0),),
    citations=(Citation(1, "d", "The ferry", "ferry.md", 4, 14, "It leaked.", None, 3),),
    timings_ms={"total": 1.5},
)


@given(ANSWERS)
def test_an_answer_survives_json(answer: Answer) -> None:
    """Whatever an Answer holds comes back equal from the text of its JSON."""
    assert Answer.from_dict(json.loads(json.dumps(answer.to_dict()))) == answer


def test_the_keys_are_the_contract() -> None:
    """The JSON has exactly the keys that docs and other programs count on, in their order."""
    data = ANSWER.to_dict()
    assert " ".join(data) == KEYS
    assert " ".join(data["citations"][0]) == CITATION_KEYS
    assert list(data["sentences"][0]) == ["text", "kind", "citations", "support", "lead"]


def test_an_answer_as_json() -> None:
    """Each value stands where the contract puts it; what is absent is null, not left out."""
    data = json.loads(json.dumps(ANSWER.to_dict()))
    assert data["citations"] == [
        {
            "number": 1,
            "document_id": "d",
            "title": "The ferry",
            "source": "ferry.md",
            "start": 4,
            "end": 14,
            "quote": "It leaked.",
            "section": None,
            "page": 3,
        }
    ]
    assert data["sentences"][0]["citations"] == [1]
    absent = {"reason", "model", "prompt", "index", "usage"}
    assert {key for key, value in data.items() if value is None} == absent
    assert (data["withheld"], data["closest"], data["writer"]) == (0, [], "quote")


@pytest.mark.parametrize(
    "thing", [ANSWER, ANSWER.citations[0], ANSWER.sentences[0], Turn("user", "?")]
)
def test_nothing_of_it_can_be_changed(thing: Any) -> None:
    """No channel can redraw what another channel shows: every field refuses a new value."""
    for field in dataclasses.fields(thing):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(thing, field.name, None)


SPOIL: dict[str, Callable[[dict[str, Any]], object]] = {
    "no sentences": lambda data: data.pop("sentences"),
    "no question": lambda data: data.pop("question"),
    "a stranger": lambda data: data.update(mood="good"),
    "no quote": lambda data: data["citations"][0].pop("quote"),
    "a stranger inside": lambda data: data["sentences"][0].update(extra=1),
}


@pytest.mark.parametrize("spoil", SPOIL.values(), ids=SPOIL.keys())
def test_what_is_no_answer_is_refused(spoil: Callable[[dict[str, Any]], object]) -> None:
    """A missing or an unknown key raises; nothing is filled in."""
    data = ANSWER.to_dict()
    spoil(data)
    with pytest.raises((KeyError, TypeError)):
        Answer.from_dict(data)


def test_reading_leaves_the_given_dict_alone() -> None:
    """`from_dict` may be called twice with one dict."""
    data = json.loads(json.dumps(ANSWER.to_dict()))
    assert Answer.from_dict(data) == Answer.from_dict(data) == ANSWER
