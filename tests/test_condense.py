"""A follow-up takes over what the last question was about; any other question stays as typed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.answer import Turn
from assistant.condense import condense
from assistant.question import read_question

PUPPY = (Turn("user", "Did Abe give Putin a puppy?"), Turn("assistant", "Yes, he offered one. [1]"))
KISHIDA = (Turn("user", "Who is Kishida?"), Turn("assistant", "A successor of Abe's. [1]"))

ASKED = "Did Abe give Putin a puppy?"
FOLLOW_UPS = {
    "why?": "Why did Abe give Putin a puppy?",
    "Why": "Why did Abe give Putin a puppy?",
    "and when?": "When did Abe give Putin a puppy?",
    "how many times?": "How many times did Abe give Putin a puppy?",
    "how so?": f"{ASKED} How so?",
    "what did he give him?": f"{ASKED} What did he give him?",
    "What else did he offer him there?": f"{ASKED} What else did he offer him there?",
    "what breed?": f"{ASKED} What breed?",
    "how many?": f"{ASKED} How many?",
    "and Kishida?": f"{ASKED} And Kishida?",
    "what about a kitten": f"{ASKED} What about a kitten?",
    "and the second one?": f"{ASKED} And the second one?",
    "Did Putin keep it?": f"{ASKED} Did Putin keep it?",
    "tell me more": f"{ASKED} What else?",
    "Go on.": f"{ASKED} What else?",
    "can you explain that?": f"{ASKED} What else?",
    "are you sure?": ASKED,
    "really?": ASKED,
}

STAND_ALONE = [
    "What is the Quad?",
    "what is sberbank?",
    "Who is Kishida?",
    "How many islands are there?",
    "Which islands did the Soviet Union seize?",
    "Why did Russia move its troops?",
    "Did Putin keep his promise?",
    "and who is the prime minister of Japan?",
    "Why is it possible that Russia changes its mind?",
    "Is it true that Russia holds the islands?",
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
        ("How many times did Abe meet Putin?", "Why did Abe meet Putin?"),
        ("which two islands are claimed?", "Which two islands are claimed? Why?"),
        ("Who ordered the attack", "Who ordered the attack? Why?"),
        ("Where was Abe born?", "Why was Abe born?"),
    ],
)
def test_only_the_question_word_is_changed_where_that_makes_a_question(
    before: str, alone: str
) -> None:
    """A bare "why?" asks of what the last question said, and keeps it whole where it must."""
    assert condense("why?", [Turn("user", before)]) == alone


DESIGNED = (
    Turn("user", "Who designed the lighthouse?"),
    Turn("assistant", "In April it was designed by Ewan Moir of Hest. [1]"),
)


@pytest.mark.parametrize(
    ("question", "alone"),
    [
        (
            "what stone did he choose?",
            "Who designed the lighthouse? What stone did Ewan Moir choose?",
        ),
        (
            "and when was he born?",
            "Who designed the lighthouse? And when was Ewan Moir born?",
        ),
        ("and how big is it?", "Who designed the lighthouse? And how big is it?"),
        ("why?", "Who designed the lighthouse? Why?"),
    ],
)
def test_whom_the_answer_named_is_known(question: str, alone: str) -> None:
    """The person asked for before may be what the next question is about."""
    assert condense(question, DESIGNED) == alone


def test_a_place_that_the_answer_named_is_known() -> None:
    """Where "there" may be what was asked for, the question says so."""
    history = [
        Turn("user", "Which town sells the honey?"),
        Turn("assistant", "Jars are sold in Thorley on Saturdays. [1]"),
    ]
    assert condense("How far is it?", history) == (
        "Which town sells the honey? As for Thorley, how far is it?"
    )


@pytest.mark.parametrize(
    ("before", "said"),
    [
        ("When was the lighthouse lit?", "It was lit in 1843, when Ewan Moir was dead. [1]"),
        ("Who may enter?", "Keepers may, and on Fridays guests. [1]"),
        ("Which islands are claimed?", "They are Etorofu, Habomai and Shikotan. [1]"),
    ],
)
def test_names_that_nobody_asked_for_stay_behind(before: str, said: str) -> None:
    """Only an answer that is a name, or two, is carried over; no day and no long list."""
    history = [Turn("user", before), Turn("assistant", said)]
    assert condense("how many of them are there?", history) == (
        f"{before} How many of them are there?"
    )


@pytest.mark.parametrize(
    ("question", "alone"),
    [
        ("when was it founded?", "when was the Quad founded?"),
        ("what is its purpose?", "what is the Quad's purpose?"),
        ("which countries met there?", "which countries met in the Quad?"),
    ],
)
def test_a_thing_that_was_asked_about_alone_takes_its_pronouns_place(
    question: str, alone: str
) -> None:
    """Where there is only one thing that "it" can be, the question names it."""
    assert condense(question, [Turn("user", "What is the Quad?")]) == alone


def test_another_year_takes_the_place_of_the_last_one() -> None:
    """Another year asks the last question again, where that named one."""
    asked = [Turn("user", "What did Abe propose in 2016?")]
    assert condense("and in 2022?", asked) == "What did Abe propose in 2022?"
    assert condense("and in 2022?", PUPPY) == f"{ASKED} And in 2022?"


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
    assert alone == f"{before} {question[0].upper()}{question[1:]}"


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
