"""What claims nothing passes unchecked, so it must be unable to claim anything."""

import pytest

from assistant.remarks import GIVES_UP, gives_up, is_aside, is_remark


@pytest.mark.parametrize(
    "text",
    [
        "Here is what the article says:",
        "The document gives the following reasons:",
        "Hello! How can I help you?",
        "Please feel free to ask more questions.",
        "Thanks for asking.",
    ],
)
def test_talk_about_answering_is_a_remark(text: str) -> None:
    """Greetings, announcements and offers."""
    assert is_remark(text)


@pytest.mark.parametrize(
    "text",
    [
        "Here are the reasons why Abe refused to meet Putin:",
        "The article says that Abe lied.",
        "It is free.",
        "They are available.",
        "The article gives three reasons.",
        "Yes.",
        "No, it is not.",
        "It sank.",
        "Es sank.",
        "",
        "…",
    ],
)
def test_whatever_says_something_is_none(text: str) -> None:
    """A name, a number, a verb, a yes or a no: all that could be false is checked."""
    assert not is_remark(text)


@pytest.mark.parametrize(
    "text",
    [
        GIVES_UP,
        f"**{GIVES_UP}.**",
        "The passages do not say what breed it was.",
        "The provided text doesn't mention a price.",
        "This is not mentioned in the article.",
        "There is no information about that in the document.",
        "I don't know.",
        "Unfortunately, the context gives no answer.",
        "I'm sorry, but I cannot answer that.",
    ],
)
def test_giving_up_is_understood(text: str) -> None:
    """However a model says that it has no answer."""
    assert gives_up(text)


@pytest.mark.parametrize(
    "text", ["Russia did not give up the islands.", "The plan was not enough.", "It has no motor."]
)
def test_a_negative_answer_is_an_answer(text: str) -> None:
    """To say that something is not so is not to give up."""
    assert not gives_up(text)


@pytest.mark.parametrize(
    "text",
    [
        "What could make the harbour stronger?",
        "**How long was the pier?**",
        "\u201cWho paid for the lamp?\u201d",
        "The question asks how the council dealt with the harbour.",
        "No, the question is asking about the lighthouse.",
        "To answer this, we turn to the pier.",
        "Answer the question: the pier was long.",
        "The passage in question is about the harbour.",
        "The passage that tells of the lamp comes from the council.",
    ],
)
def test_a_question_or_talk_about_the_question_is_an_aside(text: str) -> None:
    """No text can bear out what is asked, nor what is said about the asking."""
    assert is_aside(text)


@pytest.mark.parametrize(
    "text",
    [
        "The answer is four.",
        "Therefore, the answer to the question is: a tax on nets.",
        "The article says that the lamp went out.",
        "The council asked who would pay for the lamp.",
        "The question was put to the council in May.",
        "The passage that ships took in winter froze.",
        "They answered the question of the lamp with a new tax.",
    ],
)
def test_what_the_world_asked_is_none(text: str) -> None:
    """A sentence about a question that somebody had is checked like any other."""
    assert not is_aside(text)
