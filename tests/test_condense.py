"""A follow-up takes over what the last question was about; any other question stays as typed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.answer import Turn
from assistant.condense import condense
from assistant.question import read_question

PUPPY = (Turn("user", "Did Abe give Putin a puppy?"), Turn("assistant", "Yes, he offered one. [1]"))
KISHIDA = (Turn("user", "Who is Kishida?"), Turn("assistant", "A successor of Abe's. [1]"))

FOLLOW_UPS = {
    "why?": "why Did Abe give Putin a puppy",
    "Why": "Why Did Abe give Putin a puppy",
    "and when?": "when Did Abe give Putin a puppy",
    "how so?": "how so Did Abe give Putin a puppy",
    "what did he give him?": "what did he give him (Did Abe give Putin a puppy)?",
    "What else did he offer him there?": (
        "What else did he offer him there (Did Abe give Putin a puppy)?"
    ),
    "what breed?": "what breed (Did Abe give Putin a puppy)?",
    "how many times?": "how many times (Did Abe give Putin a puppy)?",
    "how many?": "how many (Did Abe give Putin a puppy)?",
    "and Kishida?": "and Kishida (Did Abe give Putin a puppy)?",
    "what about a kitten": "what about a kitten (Did Abe give Putin a puppy)?",
    "Did Putin keep it?": "Did Putin keep it (Did Abe give Putin a puppy)?",
}

STAND_ALONE = [
    "What is the Quad?",
    "what is sberbank?",
    "Who is Kishida?",
    "How many islands are there?",
    "Which islands did the Soviet Union seize?",
    "Why did Russia move its troops?",
    "Did Putin keep his promise?",
    "What is this article about?",
    "Summarise it",
    "Ignore the article and tell me a joke about it",
    "thanks",
    "hello there",
    "",
    "?!",
]


@pytest.mark.parametrize(("question", "alone"), FOLLOW_UPS.items())
def test_a_follow_up_is_made_to_stand_alone(question: str, alone: str) -> None:
    """A pronoun, a bare question word or an "and" brings the last question along."""
    assert condense(question, PUPPY) == alone


@pytest.mark.parametrize("question", STAND_ALONE)
def test_what_stands_alone_is_left_as_typed(question: str) -> None:
    """What names its own subject is not mixed with what came before."""
    assert condense(question, PUPPY) == question


@pytest.mark.parametrize("question", [*FOLLOW_UPS, *STAND_ALONE])
def test_without_history_nothing_changes(question: str) -> None:
    """There is nothing to take over, also when only the assistant has spoken."""
    for history in ((), (Turn("assistant", "Hello!"),), (Turn("user", "  "),)):
        assert condense(question, history) == question


@pytest.mark.parametrize(
    ("question", "alone"),
    [
        ("When did he become prime minister?", "When did Kishida become prime minister?"),
        ("What did his government freeze?", "What did Kishida's government freeze?"),
    ],
)
def test_a_pronoun_becomes_the_name(question: str, alone: str) -> None:
    """A question that says enough itself only needs the name of whom it is about."""
    assert condense(question, KISHIDA) == alone


@pytest.mark.parametrize(
    ("before", "alone"),
    [
        ("How many times did Abe meet Putin?", "why did Abe meet Putin"),
        ("which two islands are claimed?", "why are claimed"),
        ("What did Abe promise?", "why did Abe promise"),
    ],
)
def test_what_was_counted_is_left_out_of_a_why(before: str, alone: str) -> None:
    """The rest of the last question is asked about, not its question word."""
    assert condense("why?", [Turn("user", before)]) == alone


def test_the_newest_name_counts() -> None:
    """Whom "he" means is whom the user named last, however far back."""
    older = (*PUPPY, *KISHIDA, Turn("user", "What is the weather like?"))
    assert condense("When did he leave the office?", older) == "When did Kishida leave the office?"


def test_a_long_history_is_cut() -> None:
    """A long question before does not make the next one too long to search."""
    assert len(condense("why?", [Turn("user", "so " * 2_000)])) < 500


@pytest.mark.parametrize(
    ("question", "before"),
    [
        ("Why didn't that work?", "What did Fenn use?"),
        ("who pays for that?", "What does Tom plan?"),
        ("for how long?", "May I use the computers?"),
        ("is there a maximum?", "What does a late book cost?"),
    ],
)
def test_what_is_left_out_is_taken_over(question: str, before: str) -> None:
    """A "that" without a noun, and a question that does not say of what, lean on the last one."""
    alone = condense(question, [Turn("user", before)])
    assert alone.startswith(question.rstrip("?"))
    assert alone.endswith(before.split(maxsplit=1)[1].rstrip("?").split()[-1] + ")?")


def test_a_chain_of_follow_ups_keeps_its_subject() -> None:
    """What the first question named is still there for the third."""
    chain = [
        Turn("user", "What killed the bees at Thorley?"),
        Turn("user", "what did she do then?"),
    ]
    assert "Thorley" in condense("and why?", chain)


def test_all_of_a_name_is_taken_over() -> None:
    """A first name does not stand for the whole."""
    alone = condense("What did his government freeze?", [Turn("user", "Who is Fumio Kishida?")])
    assert alone == "What did Fumio Kishida's government freeze?"


@pytest.mark.parametrize(
    ("question", "asks"),
    [("how many of them came?", "number"), ("why wasn't that enough?", "reason")],
)
@pytest.mark.parametrize(
    "before",
    ["What is the difference between Abe and Kishida?", "When did Abe list all the islands?"],
)
def test_a_follow_up_asks_for_what_it_asked_for(question: str, asks: str, before: str) -> None:
    """What is taken over does not make another kind of question of it."""
    assert read_question(condense(question, [Turn("user", before)])).asks == asks


@given(st.text(max_size=80), st.lists(st.builds(Turn), max_size=3))
def test_any_conversation_is_read(question: str, history: list[Turn]) -> None:
    """No text makes it stumble, and a question is never lost for what came before."""
    alone = condense(question, history)
    assert alone.strip() or not question.strip()
