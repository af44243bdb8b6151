"""Questions out of sentences: few, grammatical, and answered by the sentence."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eval.clauses import ask, is_name, parse

TEXT = "The ferry of Marta Olsen crossed the Sound to Aldham. She sold it to Northport."

ASKED = {
    "The mill was built in 1871.": ("When was the mill built?", "1871"),
    "In 1903 the ferry was sold.": ("When was the ferry sold?", "1903"),
    "On 4 May 1920 the council closed the pier.": (
        "When did the council close the pier?",
        "4 May 1920",
    ),
    "The library holds 12,000 books on sailing.": (
        "How many books does the library hold on sailing?",
        "12,000 books",
    ),
    "The keeper rang the bell three times a night.": (
        "How many times did the keeper ring the bell a night?",
        "three times",
    ),
    "The town paid $200 million for a new quay, and regretted it.": (
        "How much did the town pay for a new quay?",
        "$200 million",
    ),
    "There are forty boats in the harbour.": (
        "How many boats are there in the harbour?",
        "forty boats",
    ),
    "The tower is 40 metres tall.": ("How tall is the tower?", "40 metres"),
    "The school has two gardens.": ("How many gardens does the school have?", "two gardens"),
    "The ferry stopped at noon because the ice was too thick.": (
        "Why did the ferry stop at noon?",
        "the ice was too thick",
    ),
    "The road was closed because of a landslide.": ("Why was the road closed?", "a landslide"),
    "The new lamp was tested in Aldham.": ("Where was the new lamp tested?", "in Aldham"),
}


@pytest.mark.parametrize(("sentence", "expected"), ASKED.items())
def test_a_sentence_is_asked_for_what_it_tells(sentence: str, expected: tuple[str, str]) -> None:
    """The first question is in order, and the shortest answer to it stands in the sentence."""
    question, short = expected
    first = ask(sentence, TEXT)[0]
    assert (first.question, first.facts) == (question, ((sentence, short),))
    assert short in sentence


def test_a_list_is_asked_for_as_one() -> None:
    """Each item is a fact of its own, told as a sentence."""
    (asked,) = ask("The mill sold flour, bran and animal feed.", TEXT)
    assert asked.question == "What did the mill sell?"
    assert asked.facts == (
        ("The mill sold flour.", "flour"),
        ("The mill sold bran.", "bran"),
        ("The mill sold animal feed.", "animal feed"),
    )


def test_who_is_asked_only_of_somebody() -> None:
    """A name in capitals may be a company's: what follows has to show that it is a person's."""
    sentence = "Marta Olsen designed the lighthouse."
    (asked,) = ask(sentence, TEXT, person=True)
    assert asked.question == "Who designed the lighthouse?"
    assert asked.facts == ((sentence, "Marta Olsen"),)
    assert ask(sentence, TEXT) == []
    assert is_name("Marta Olsen")
    assert not is_name("The Sound")
    assert not is_name("Marta")


@pytest.mark.parametrize(
    "sentence",
    [
        "It was built in 1871.",  # what was?
        "He sold three boats.",
        "This plan was dropped because of the war.",
        "When the ice came, the ferry was stopped in 1903.",
        "The mill built in 1871 burned in 1903.",  # the first verb is no verb
        "The harbour plans include two piers.",
        "The council said that it was closed because of snow.",  # what was because of what?
        'The keeper said "never" three times.',
        "Rain, wind and snow.",
        "The museum shows local, historical and modern painting.",  # a list of adjectives
        "The hall was built with care in March.",
        "Ships sail",
        "",
    ],
)
def test_what_is_not_safe_gives_nothing(sentence: str) -> None:
    """No question is better than one that does not stand by itself or goes astray."""
    assert ask(sentence, TEXT) == []


def test_a_first_word_is_written_small_unless_it_is_a_name() -> None:
    """A name is a word that has its capital within a sentence too."""
    town, boats = (
        parse(sentence, TEXT) for sentence in ("Aldham had two piers.", "Boats needed two crews.")
    )
    assert town
    assert boats
    assert (town.subject, boats.subject) == ("Aldham", "boats")


@given(st.text(max_size=60) | st.lists(st.sampled_from("The mill sold 2 boats , . and".split())))
def test_any_text_is_read(text: str | list[str]) -> None:
    """Nothing that can stand in a document makes it fail."""
    sentence = text if isinstance(text, str) else " ".join(text)
    for asked in ask(sentence, sentence, person=True):
        assert asked.question.endswith("?")
