"""What claims nothing passes unchecked, so it must be unable to claim anything."""

import pytest

from assistant.remarks import GIVES_UP, gives_up, is_remark


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
