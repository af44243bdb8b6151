"""The promises of an Answer, for every question of `tests.asked`: citations are slices, what is not
supported is not shown, declining is an outcome, one Answer for all channels.
"""

import dataclasses
import json
import re
from collections.abc import AsyncGenerator, Iterator, Sequence
from pathlib import Path

import pytest

from assistant.answer import Answer
from assistant.answerability import load_model
from assistant.ask import GREETING, Assistant
from assistant.ground import Drafted, Ending, Signature
from assistant.question import Question
from assistant.quote import QuotingWriter
from assistant.settings import Settings
from assistant.support import Support, verbatim
from eval.subject import open_subject
from index import store
from index.bundled import bundled_index
from index.embed import BUNDLED_MODEL
from index.passage import Hit
from index.search import Searcher, open_index
from tests.asked import ANSWERED, DECLINED

ALL = [*ANSWERED, *DECLINED, "hello"]
REASONS = {"not_in_documents", "unsupported", "off_limits", "empty_question"}


@pytest.fixture(scope="module")
def searcher(answers: Sequence[Answer], cache_folder: Path) -> Iterator[Searcher]:
    """Return a searcher of one's own for the bundled article, which has answered by now."""
    assert answers
    with open_index(bundled_index(cache_folder, BUNDLED_MODEL)) as searcher:
        yield searcher


@pytest.fixture(scope="module")
def answers(bundled_assistant: Assistant) -> list[Answer]:
    """Return an answer to every question."""
    return [bundled_assistant.ask(question) for question in ALL]


def with_support(searcher: Searcher, support: Support) -> Assistant:
    """Put an assistant together by hand, with another judge of what is supported."""
    return Assistant(searcher, QuotingWriter(searcher, load_model()), support)


def test_a_citation_is_a_slice(answers: Sequence[Answer], searcher: Searcher) -> None:
    """Promise 1: each footnote, offered ones too, is what stands there in the document."""
    cited = [citation for answer in answers for citation in (*answer.citations, *answer.closest)]
    assert len(cited) > len(ANSWERED)
    for citation in cited:
        document = searcher.document(citation.document_id)
        assert document.text[citation.start : citation.end] == citation.quote
        assert (document.title, document.source) == (citation.title, citation.source)
        section = document.section_at(citation.start)
        assert citation.section == ((section and section.heading) or None)


def test_every_sentence_shown_is_quoted(answers: Sequence[Answer]) -> None:
    """Each claim has a footnote that holds it letter for letter, white space aside."""
    for answer in answers:
        quotes = {citation.number: citation.quote for citation in answer.citations}
        assert list(quotes) == [*range(1, len(quotes) + 1)]
        for sentence in answer.sentences:
            if sentence.kind == "claim":
                assert verbatim(sentence.text, [quotes[n] for n in sentence.citations]) == 1.0
        marks = [int(mark) for mark in re.findall(r"\[(\d+)\]", answer.text)]
        assert marks == [number for one in answer.sentences for number in one.citations]


@pytest.mark.parametrize("verdict", [None, 0.0, 0.49])
def test_what_is_not_supported_is_not_shown(searcher: Searcher, verdict: float | None) -> None:
    """Promise 2: without a verdict, or with a low one, no sentence leaves and it says so."""
    assistant = with_support(searcher, lambda _claim, _quotes: verdict)
    for question in ANSWERED:
        answer = assistant.ask(question)
        assert (answer.outcome, answer.reason) == ("declined", "unsupported")
        assert (answer.text, answer.sentences, answer.citations) == ("", (), ())
        assert answer.withheld > 0
    assert assistant.ask("hello").text == GREETING


def test_one_sentence_can_be_withheld(searcher: Searcher) -> None:
    """The others are shown, counted from 1 again."""
    whole = with_support(searcher, verbatim).ask("How did Moscow hit back?")
    doubted = whole.sentences[1].text
    shown = with_support(
        searcher, lambda claim, quotes: None if claim == doubted else verbatim(claim, quotes)
    ).ask("How did Moscow hit back?")
    assert shown.withheld == 1
    assert [one.text for one in shown.sentences] == [
        one.text for one in whole.sentences if one.text != doubted
    ]
    assert [citation.number for citation in shown.citations] == [1, 2, 3]


def test_a_judge_that_breaks_shows_nothing(
    searcher: Searcher, caplog: pytest.LogCaptureFixture
) -> None:
    """No sentence gets out past a judge that raises: the Answer has failed, the log says why."""

    def broken(_claim: str, _quotes: Sequence[str]) -> float | None:
        raise ZeroDivisionError("the judge is out")

    answer = with_support(searcher, broken).ask("What is the Quad?")
    assert (answer.outcome, answer.reason, answer.text) == ("failed", "internal", "")
    assert f"{answer.id} failed: ZeroDivisionError" in caplog.text


def test_declining_is_an_outcome(answers: Sequence[Answer]) -> None:
    """Promise 3: a reason is given when and only when nothing is said."""
    for answer in answers:
        if answer.outcome == "declined":
            assert answer.reason in REASONS
            assert (answer.text, answer.sentences, answer.citations) == ("", (), ())
        else:
            assert (answer.outcome, answer.reason, answer.closest) == ("answered", None, ())
            assert answer.text
            assert answer.sentences


def test_one_answer_for_all_channels(answers: Sequence[Answer]) -> None:
    """Promise 4: an Answer cannot be changed, and its JSON is all of it."""
    for answer in answers:
        with pytest.raises(dataclasses.FrozenInstanceError):
            answer.text = "HACKED"  # type: ignore[misc]
        assert Answer.from_dict(json.loads(json.dumps(answer.to_dict()))) == answer


def test_the_threshold_can_be_set(searcher: Searcher) -> None:
    """At 1 nothing is likely enough to be said; at 0 everything that was found is."""
    model = load_model()
    never = Assistant(searcher, QuotingWriter(searcher, model, 1.0), verbatim)
    always = Assistant(searcher, QuotingWriter(searcher, model, 0.0), verbatim)
    assert never.ask("What is the Quad?").reason == "not_in_documents"
    assert always.ask("What is the capital of France?").outcome == "answered"


def test_a_writer_of_another_kind_is_held_to_the_same(searcher: Searcher) -> None:
    """What a writer makes up is withheld by the main path, whoever the writer is."""

    class Inventor:
        signature = Signature("inventor")

        async def write(
            self, question: Question, hits: Sequence[Hit]
        ) -> AsyncGenerator[Drafted | Ending, None]:
            honest, ending = QuotingWriter(searcher, load_model()).draft(question, hits)
            yield dataclasses.replace(honest[0], text="Putin gave Abe a tiger.")
            yield dataclasses.replace(honest[0], text="Abe had a tiger.", sources=())
            for drafted in honest:
                yield drafted
            yield ending

    answer = Assistant(searcher, Inventor(), verbatim).ask("What is the Quad?")
    assert (answer.writer, answer.withheld) == ("inventor", 2)
    assert "tiger" not in answer.text


def test_what_is_measured_is_what_ships(answers: Sequence[Answer], cache_folder: Path) -> None:
    """Promise 6: the evaluation's assistant answers every question as the shipped one does."""
    with open_subject(Settings(cache_dir=cache_folder)).assistant as measured:
        for shipped in answers:
            own = {"id": shipped.id, "timings_ms": shipped.timings_ms}
            assert dataclasses.replace(measured.ask(shipped.question), **own) == shipped  # type: ignore[arg-type]


def test_telemetry_is_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Promise 7: Chroma's telemetry is switched off by us, whatever the environment says."""
    monkeypatch.setenv("ANONYMIZED_TELEMETRY", "True")
    client = store._client(tmp_path)  # noqa: SLF001  the one place that opens Chroma here
    assert not client.get_settings().anonymized_telemetry
    client.close()
