"""What the reader is taught: false claims differ where they say that they do, and nowhere else."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eval.reader.changes import MAKERS, changes, stock
from eval.reader.pairs import around, held, sentences
from eval.reader.rewording import STEPS, reword
from eval.reader.statements import asked_and_answered, statement

TEXT = (
    "In 1788 Mayor Anders Holt bought 40 tonnes of grain from Riga and gave it to the poor. "
    "The council of Velm did not lower the harbour tax, although Holt had asked Queen Maria for "
    "help. Two mills closed in March because bread was dear, which cost Velm many jobs. "
    "After the thaw, the port was opened again by Queen Maria, and trade with Riga began to rise."
)
SENTENCES = sentences(TEXT)


@given(st.sampled_from(SENTENCES), st.integers(0, 10_000))
def test_a_change_is_where_it_says(sentence: str, seed: int) -> None:
    """Before and after the marked characters a false claim is the true one."""
    for one in changes(sentence, stock(TEXT, SENTENCES), random.Random(seed)):
        assert 0 <= one.start < one.end <= len(one.text)
        assert one.text.startswith(sentence[: one.start])
        tail = one.text[one.end :]
        assert sentence.endswith(tail)
        assert one.text != sentence


def test_every_kind_of_change_is_made_of_ordinary_sentences() -> None:
    """No maker is idle: four sentences give every kind within some draws."""
    made = {
        one.kind
        for seed in range(40)
        for sentence in SENTENCES
        for one in changes(sentence, stock(TEXT, SENTENCES), random.Random(seed))
    }
    assert len(made) == len(MAKERS)


def test_a_negation_goes_in_and_out() -> None:
    """A "not" is put where there is none and taken from where there is one."""
    rng, nothing = random.Random(1), stock("", [])
    texts = {c.kind: c.text for c in changes("Holt did not lower the tax.", nothing, rng)}
    assert texts["negation"] == "Holt did lower the tax."
    texts = {c.kind: c.text for c in changes("Holt was mayor.", nothing, rng)}
    assert texts["negation"] in {
        "Holt was not mayor.",
        "Holt was never mayor.",
        "Holt wasn't mayor.",
    }


@given(st.sampled_from(SENTENCES), st.integers(0, 10_000))
def test_rewording_brings_no_new_numbers_or_names(sentence: str, seed: int) -> None:
    """What is true stays true: digits and names of the reworded claim are those of the claim."""
    new = reword(sentence, random.Random(seed), steps=3)
    digits = {w for w in new.replace(".", " ").split() if w.isdigit()}
    assert digits <= set(sentence.replace(".", " ").split())
    inner = {w.strip(".,") for w in new.split()[1:] if w[0].isupper()}
    assert inner <= {w.strip(".,") for w in sentence.split()}


def test_every_step_of_rewording_is_used() -> None:
    """Each step changes at least one of a few sentences that were written for it."""
    known = [
        *SENTENCES,
        "Holt (the mayor) was born on 3 March with 4 brothers.",
        "However, Anders Holt said that the war was over, and he went home to his large house.",
        "Holt bought the mill, but the council refused to pay him for any of it.",
    ]
    for step in STEPS:
        assert any(step(one, random.Random(1)) not in {None, one} for one in known), step


@pytest.mark.parametrize(
    ("question", "answer", "said"),
    [
        ("Who bought the grain?", "Anders Holt", "Anders Holt bought the grain."),
        ("How many mills closed in March?", "two", None),
        ("What did Holt buy from Riga?", "grain", "What Holt buy from Riga is grain."),
        ("When did the port open?", "1790", "The port open in 1790."),
        ("Why did the mills close?", "bread was dear", "The mills close because bread was dear."),
        ("What is the capital of Velm?", "Lune", "Lune is the capital of Velm."),
    ],
)
def test_a_question_and_its_answer_become_a_statement(
    question: str, answer: str, said: str | None
) -> None:
    """The statement has the question's words and says where the answer stands in it."""
    made = statement(question, answer)
    assert (made and made[0]) == said
    for text, start, end in filter(None, (made, asked_and_answered(question, answer))):
        assert text[start:end].lower() == answer.lower()


def test_evidence_is_the_sentence_with_neighbours() -> None:
    """A window always holds its sentence, and is a run of the text."""
    for seed in range(20):
        for place, sentence in enumerate(SENTENCES):
            near = around(SENTENCES, place, random.Random(seed))
            assert sentence in near
            assert near in " ".join(SENTENCES)


def test_a_group_is_always_on_the_same_side() -> None:
    """What is kept for reporting depends on the group's name alone, and is about a quarter."""
    groups = [f"page {n}" for n in range(400)]
    kept = [g for g in groups if held(g)]
    assert kept == [g for g in groups if held(g)]
    assert 60 < len(kept) < 140
