"""The quoting writer answers with the right sentences, few of them and in order, or declines."""

import re

import pytest

from assistant.answer import Answer
from assistant.ask import Assistant
from assistant.quote import MAX_SENTENCES
from tests.asked import ANSWERED, DECLINED
from tests.test_article import HEADINGS


def said(answer: Answer) -> list[str]:
    """Return the sentences of an answer."""
    assert answer.outcome == "answered", (answer.question, answer.reason)
    return [sentence.text for sentence in answer.sentences]


@pytest.mark.parametrize(("question", "facts"), ANSWERED.items())
def test_the_article_answers(
    bundled_assistant: Assistant, question: str, facts: tuple[str, ...]
) -> None:
    """The facts are in the answer, which is short, in reading order and repeats nothing."""
    answer = bundled_assistant.ask(question)
    sentences = said(answer)
    assert [fact for fact in facts if not re.search(fact, answer.text)] == []
    assert 1 <= len(sentences) <= MAX_SENTENCES
    assert len(set(sentences)) == len(sentences)
    assert not set(sentences) & set(HEADINGS)
    starts = [citation.start for citation in answer.citations]
    assert starts == sorted(starts)


@pytest.mark.parametrize(("question", "reason"), DECLINED.items())
def test_what_the_article_does_not_say_is_declined(
    bundled_assistant: Assistant, question: str, reason: str
) -> None:
    """A reason is given, and what comes closest where something was searched for."""
    answer = bundled_assistant.ask(question)
    assert (answer.outcome, answer.reason, answer.text) == ("declined", reason, "")
    assert bool(answer.closest) == (reason == "not_in_documents")
    assert [citation.number for citation in answer.closest] == [*range(1, len(answer.closest) + 1)]


def test_reasons_come_from_several_sections(bundled_assistant: Assistant) -> None:
    """A "why" collects reasons from where they stand, each sentence saying one."""
    answer = bundled_assistant.ask("why did Abe court Putin?")
    assert len({citation.section for citation in answer.citations}) >= 2
    assert all("because" in sentence for sentence in said(answer))


def test_a_personal_pronoun_brings_whom_it_means(
    bundled_assistant: Assistant, documents_assistant: Assistant
) -> None:
    """Whom "he" or "She" means is named in the sentence that comes along, over other "She"s."""
    gift = said(bundled_assistant.ask("What did Abe offer the Russian president as a present?"))
    puppy = next(place for place, one in enumerate(gift) if one.endswith("a puppy."))
    assert gift[puppy].startswith("On one of those occasions he")
    assert gift[puppy - 1].startswith("Abe met Putin twenty-seven times")
    workshop = said(documents_assistant.ask("When did Ilse Marrow open her workshop?"))
    assert workshop[0].startswith("Ilse Marrow was born")
    assert "She opened a workshop of her own in 1899." in workshop


def test_an_announced_list_is_told_in_order(documents_assistant: Assistant) -> None:
    """The steps of a manual follow the sentence that announces them, as they are numbered."""
    steps = said(documents_assistant.ask("How do I clean the water filter?"))
    assert steps == [
        "Clean the water filter once a month in four steps:",
        "Switch the machine off and pull the plug.",
        "Lift the grey lid and draw the filter out.",
        "Rinse it under cold water, never with soap.",
    ]


def test_a_sentence_that_only_announces_is_not_an_answer(documents_assistant: Assistant) -> None:
    """What ends in a colon is said with what it announces, never alone."""
    told = said(documents_assistant.ask("Which dangers to the pump should users know of?"))
    assert "Chalk is the greatest danger to the pump, since it blocks the valve." in told
    assert not any(one.endswith(":") for one in told)


def test_a_comparison_page_gives_both_products(documents_assistant: Assistant) -> None:
    """Both sides are told, and a product that the page does not know is not made up."""
    told = " ".join(said(documents_assistant.ask("How does the Corvo differ from the Tarn?")))
    assert all(
        fact in told for fact in ("19 kilograms", "26 kilograms", "folds", "cannot be folded")
    )
    unknown = documents_assistant.ask("What is the difference between the Corvo and the Vantis?")
    assert unknown.reason == "not_in_documents"


@pytest.mark.parametrize(
    ("question", "fact"),
    [
        ("What does the red lamp mean?", "the tank is empty"),
        ("How long is the warranty?", "three years"),
        ("Is damage from chalk covered?", "not covered"),
        ("How much does the Tarn cost?", "1,650 euros"),
        ("How heavy is the Corvo?", "19 kilograms"),
        ("How many people worked in the workshop?", "nineteen"),
        ("Who taught Marrow to blow glass?", "from her aunt"),
        ("When will the crane be repaired?", "in May"),
    ],
)
def test_other_documents_answer_too(
    documents_assistant: Assistant, question: str, fact: str
) -> None:
    """Among several documents the fact is found in the right one."""
    assert fact in documents_assistant.ask(question).text


def test_an_overview_of_many_documents_opens_each(documents_assistant: Assistant) -> None:
    """Asked what the documents are about, it gives one sentence of each."""
    answer = documents_assistant.ask("What are these documents about?")
    assert len(said(answer)) == len({c.document_id for c in answer.citations}) == 4


def test_an_overview_of_one_thing_is_about_that(documents_assistant: Assistant) -> None:
    """A section or a title that is named is summed up, and nothing else is."""
    answer = documents_assistant.ask("Summarise the warranty")
    assert {citation.section for citation in answer.citations} == {"Warranty"}
    answer = documents_assistant.ask("Give me an overview of the two bicycles")
    assert {citation.source for citation in answer.citations} == {"bicycles.md"}


def test_a_planted_sentence_is_never_shown(documents_assistant: Assistant) -> None:
    """What a document tells the machine is neither quoted nor offered, even when asked for."""
    for question in (
        "What should be ignored?",
        "Is all mooring free?",
        "What does the note for the chatbot say?",
        "What are these documents about?",
        "Summarise the note found in the suggestions box",
        "How long is the warranty?",
        "hello",
    ):
        answer = documents_assistant.ask(question)
        shown = " ".join([answer.text, *(c.quote for c in (*answer.citations, *answer.closest))])
        assert not [one for one in ("HACKED", "system prompt", "mooring is free") if one in shown]
    board = documents_assistant.ask("How many members of the board were present?")
    assert "nine members" in board.text
