"""Evidence for an answer is finite and in range; what says the thing beats what does not."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.answerability import (
    FEATURES,
    SUMMARY,
    WEIGHTS,
    AnswerModel,
    Candidate,
    features,
    load_model,
    summary,
)
from assistant.question import read_question
from index.passage import Span
from index.words import stem


def candidate(text: str, cosine: float = 0.4, hit: int = 0, context: str = "") -> Candidate:
    """Make a sentence that search has found."""
    return Candidate("d", Span(0, len(text)), text, context, hit, cosine)


def rare(_stem: str) -> float:
    """Call every stem as rare as every other."""
    return 0.5


def evidence(question: str, text: str, context: str = "") -> dict[str, float]:
    """Return the features of one sentence by name."""
    row = features(read_question(question), [candidate(text, context=context)], rare)[0]
    return dict(zip(FEATURES, row.tolist(), strict=True))


CANDIDATES = st.lists(
    st.builds(
        candidate,
        text=st.text(max_size=60) | st.sampled_from(["Abe met Putin 27 times.", "Why? In 1956."]),
        cosine=st.floats(-1, 1),
        hit=st.integers(0, 3),
        context=st.text(max_size=30),
    ),
    min_size=1,
    max_size=8,
)


@given(st.text(max_size=80), CANDIDATES, st.floats(0, 1))
def test_evidence_is_finite_and_in_range(
    question: str, candidates: list[Candidate], rarity: float
) -> None:
    """Any question and any sentences give a full matrix of small numbers, and probabilities."""
    matrix = features(read_question(question), candidates, lambda _stem: rarity)
    assert matrix.shape == (len(candidates), len(FEATURES))
    assert np.isfinite(matrix).all()
    assert np.abs(matrix).max() <= 2
    shares = [
        i for i, name in enumerate(FEATURES) if name.startswith(("covered", "names", "gives"))
    ]
    assert ((matrix[:, shares] >= 0) & (matrix[:, shares] <= 1 + 1e-9)).all()
    model = load_model()
    odds = model.sentences(matrix)
    assert ((odds > 0) & (odds < 1)).all()
    assert 0 < model.any(matrix, odds) < 1


def test_without_candidates_nothing_answers() -> None:
    """An empty search is an empty matrix and a probability of 0."""
    matrix = features(read_question("why?"), [], rare)
    assert matrix.shape == (0, len(FEATURES))
    assert load_model().any(matrix, load_model().sentences(matrix)) == 0


def test_the_weights_fit_the_features() -> None:
    """The file that ships was fitted on these features, in this order, and holds plain numbers."""
    weights = json.loads(WEIGHTS.read_text("utf-8"))
    assert tuple(weights["features"]) == FEATURES
    assert len(weights["sentence"]["weights"]) == len(FEATURES)
    assert len(weights["question"]["weights"]) == len(SUMMARY) + len(FEATURES)
    assert 0 < weights["threshold"] < 1
    assert set(weights["companion_ratio"]) == {"fact", "reasons", "several"}


@pytest.mark.parametrize("kept", [slice(-1), slice(None, None, -1)], ids=["fewer", "reversed"])
def test_weights_for_other_features_are_refused(kept: slice) -> None:
    """Numbers that belong to other columns would be taken for these without a word."""
    weights = json.loads(WEIGHTS.read_text("utf-8"))
    weights["features"] = weights["features"][kept]
    with pytest.raises(KeyError, match="fit it again"):
        AnswerModel(weights)


SAYS_IT = [
    (
        "How many times did Abe meet Putin?",
        "Abe met Putin twenty-seven times.",
        "Abe and Putin often spoke about the islands.",
    ),
    (
        "When did the ferry sink?",
        "The ferry sank in March 1956.",
        "The ferry was painted white by its crew.",
    ),
    (
        "Why was the bridge closed?",
        "The bridge was closed because its cables had rusted.",
        "The bridge has two lanes and a footpath.",
    ),
    (
        "Who built the lighthouse?",
        "The lighthouse was built by Maren Holt.",
        "The lighthouse can be seen from the quay.",
    ),
    (
        "Where does the river rise?",
        "The river rises in the hills near Ostra.",
        "The river is deep and rises by night.",
    ),
]


@pytest.mark.parametrize(("question", "says", "does_not"), SAYS_IT)
def test_what_says_it_beats_what_does_not(question: str, says: str, does_not: str) -> None:
    """With the same cosine, a sentence that gives what is asked for is the likelier answer."""
    matrix = features(read_question(question), [candidate(does_not), candidate(says)], rare)
    without, with_it = load_model().sentences(matrix)
    assert with_it > without


def test_a_nearer_sentence_is_likelier() -> None:
    """All else equal, the cosine decides."""
    pair = [candidate("The ferry sank in March.", cosine) for cosine in (0.3, 0.6)]
    far, near = load_model().sentences(features(read_question("What sank?"), pair, rare))
    assert near > far


def test_the_best_sentence_decides_for_the_question() -> None:
    """The summary is the best, second and leading odds, then the best row of evidence."""
    matrix = np.arange(3 * len(FEATURES), dtype=float).reshape(3, -1)
    seen = summary(matrix, np.array([0.2, 0.7, 0.4]))
    assert seen[0] == 0.7
    assert seen[2:5].tolist() == pytest.approx([0.4, 1.3, 0.3])
    assert (seen[5:] == matrix[1]).all()
    assert summary(matrix[:1], np.array([0.2]))[2] == 0


def test_covering_the_question() -> None:
    """The share of the question's words that a sentence, or it and its surroundings, repeat."""
    seen = evidence("Which harbour froze?", "The quay froze.", context="The harbour")
    assert seen["covered_by_sentence"] == pytest.approx(0.5)
    assert seen["covered_with_context"] == pytest.approx(1)
    assert seen["unseen_share"] == 0
    assert evidence("Which harbour froze?", "Nothing of it.")["unseen_share"] == 1


@pytest.mark.parametrize(
    ("asked", "said", "covered"),
    [
        ("agreed", "The agreement held.", 0.7),
        ("Russia", "A Russian spoke.", 0.7),
        ("cat", "The category fits.", 0.0),
        ("harbours", "The harbour froze.", 1.0),
        ("economy", "The ecology suffered.", 0.0),
    ],
)
def test_kindred_words_count_for_less(asked: str, said: str, covered: float) -> None:
    """A word of the same kin covers most of a word; one that merely begins alike does not."""
    assert evidence(asked, said)["covered_by_sentence"] == pytest.approx(covered)


def test_names_and_figures_that_are_missing() -> None:
    """A name or a year of the question that is nowhere near speaks against an answer."""
    seen = evidence("Did Merkel visit Abe in 2016?", "Abe travelled in 2018.")
    assert (seen["names_missing"], seen["figures_missing"]) == (0.5, 1)
    seen = evidence("Did Merkel visit Abe in 2016?", "Merkel met Abe in 2016.")
    assert (seen["names_missing"], seen["figures_missing"]) == (0, 0)


def test_the_kind_asked_for_counts_only_when_it_is_new() -> None:
    """A year that the question gives is no answer to "when"."""
    question = "When did the plan of 2016 end?"
    assert evidence(question, "The plan of 2016 ended.")["gives_time"] == 0
    assert evidence(question, "The plan of 2016 ended in 2019.")["gives_time"] == 1
    assert evidence(question, "The plan ended.")["asks_time"] == 1


def test_a_number_stands_before_what_is_counted() -> None:
    """Nineteen people are counted people; people in 1899 are not."""
    question = "How many people worked there?"
    assert evidence(question, "Nineteen people worked there.")["number_before_focus"] == 1
    assert evidence(question, "People worked there in 1899.")["number_before_focus"] == 0
    assert evidence(question, "Nobody did.")["focus_missing"] == 1


def test_common_verbs_weigh_little() -> None:
    """A text that offers something need not say "give" for it to be given."""
    question = read_question("What did Abe give?")
    assert question.stems == (stem("Abe"), stem("give"))
    assert evidence(question.text, "Abe offered a puppy.")["covered_by_sentence"] > 0.6
