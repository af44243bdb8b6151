"""What is quoted word for word is supported; anything else is judged, by kind of error."""

import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from assistant.reading import read
from assistant.support import (
    FEATURES,
    WEIGHTS,
    Judge,
    SupportModel,
    load_support,
    parts,
    verbatim,
)
from tests.source import ROOT

ANY = st.text(max_size=80) | st.text("aင့်ကทีຂ້កិ្が゙。 ", max_size=40)
"""Any text, and texts of scripts whose words can begin with a mark."""

PAIRS = [
    json.loads(line)
    for line in (ROOT / "eval" / "data" / "support_pairs.jsonl").read_text("utf-8").splitlines()
    if '"split": "tune"' in line
]
"""The pairs for tuning: what was gained on them must not be lost. The others are for reports."""
QUOTE = "The ferry sank in 1956,\n  off the\tnorth quay."


@pytest.mark.parametrize(
    ("claim", "verdict"),
    [
        ("The ferry sank in 1956, off the north quay.", 1.0),
        ("The ferry sank\n\nin 1956", 1.0),
        ("  off the north quay. ", 1.0),
        ("The ferry sank in 1957, off the north quay.", None),
        ("the ferry sank in 1956", None),
        ("The ferry sank in 1956 off the north quay.", None),
        ("", None),
        (" \n ", None),
    ],
)
def test_word_for_word(claim: str, verdict: float | None) -> None:
    """White space may differ; a letter, a figure, a capital or a comma may not."""
    assert verbatim(claim, [QUOTE]) == verdict


def test_one_quote_must_hold_all_of_it() -> None:
    """A claim put together from two quotes was said by neither."""
    assert verbatim("It sank. It burnt.", ["It sank.", "It burnt."]) is None
    assert verbatim("It burnt.", ["It sank.", "It burnt."]) == 1.0


def test_without_quotes_there_is_no_verdict() -> None:
    """Nothing follows from nothing."""
    assert verbatim("It sank.", []) is None


@given(st.text(max_size=60), st.text(max_size=60), st.text(max_size=60))
def test_a_slice_is_supported_by_its_text(before: str, claim: str, after: str) -> None:
    """Any text that says something follows from any text that holds it between spaces."""
    assert verbatim(claim, [f"{before} {claim} {after}"]) == (1.0 if claim.split() else None)


def shown(kind: str) -> float:
    """Return the share of our own claims of a kind, "true" or one of error, that would be shown."""
    support = load_support()
    claims = [(row["evidence"], claim) for row in PAIRS for claim in row["true"]]
    if kind != "true":
        claims = [
            (row["evidence"], one["claim"])
            for row in PAIRS
            for one in row["false"]
            if one["kind"] == kind
        ]
    assert len(claims) >= 6
    passed = [(support(c, [e]) or 0) >= support.threshold for e, c in claims]
    return sum(passed) / len(claims)


def test_there_are_enough_pairs_of_our_own() -> None:
    """The floors below stand on at least sixty true and sixty invented claims."""
    assert sum(len(row["true"]) for row in PAIRS) >= 60
    assert sum(len(row["false"]) for row in PAIRS) >= 60


def test_true_paraphrases_are_shown() -> None:
    """At least nine in ten of what says the same in other words gets past."""
    assert shown("true") >= 0.9


@pytest.mark.parametrize(
    ("kind", "most"),
    [("number", 0.1), ("negation", 0.3), ("opposite", 0.15), ("actor", 0.3), ("outside", 0.2)],
)
def test_inventions_are_withheld(kind: str, most: float) -> None:
    """Of each kind of invention most are withheld; the floors leave a margin to what holds now."""
    assert shown(kind) <= most


def test_verbatim_is_certain_and_silence_is_no_verdict() -> None:
    """Word for word is 1; an empty claim, or none to judge it by, gets no verdict."""
    support = load_support()
    assert support("The ferry sank in 1956, off the north quay.", [QUOTE]) == 1.0
    for claim, quotes in (("", [QUOTE]), (" ", [QUOTE]), ("It sank.", []), ("It sank.", [" "])):
        assert support(claim, quotes) is None
    assert support("?!", [QUOTE]) is None


def test_quotes_are_judged_together() -> None:
    """A name in one quote and what its bearer did in the next carry a claim together."""
    support = load_support()
    quotes = ["Ida Berg was the captain.", "She sold the ferry in 1931 for 40,000 crowns."]
    claim = "Ida Berg sold the ferry in 1931 for 40,000 crowns."
    both = support(claim, quotes)
    alone = support(claim, quotes[1:])
    assert both is not None
    assert alone is not None
    assert both >= support.threshold
    assert both > alone


@given(ANY, st.lists(ANY, max_size=3))
@example("သင့်အတွက်", ["တရားရုံး သင့်အတွက်တရား။"])
def test_any_text_gets_a_support_between_0_and_1(claim: str, quotes: list[str]) -> None:
    """Whatever is claimed of whatever: a number from 0 to 1 or no verdict, the same each time."""
    support = load_support()
    found = support(claim, quotes)
    assert found is None or 0.0 <= found <= 1.0
    assert support(claim, quotes) == found


@given(st.text(max_size=40), st.sampled_from(PAIRS), st.text(max_size=60))
def test_what_is_quoted_stays_certain(before: str, row: dict[str, str], after: str) -> None:
    """No further quote takes away what one of them says word for word."""
    assert load_support()(row["evidence"], [before, row["evidence"], after]) == 1.0


def test_each_sentence_of_a_claim_is_judged() -> None:
    """A claim of several sentences has the support of the one that has least."""
    support = load_support()
    evidence = ["The ferry Holmen was built in Lund and sank in 1956 off the western cape."]
    true, false = "In 1956 the Holmen sank.", "The Holmen was built in Oslo in 1931."
    one, other = support(true, evidence), support(false, evidence)
    assert one is not None
    assert other is not None
    assert one > support.threshold > other
    assert support(f"{true} {false}", evidence) == other
    assert support(f"{false} {evidence[0]}", evidence) == other


def test_what_hardly_says_anything_is_no_claim_by_itself() -> None:
    """Short sentences are judged with their neighbour, and nothing of a claim is lost."""
    assert parts("Yes. The ferry Holmen sank. It sank in the autumn of 1956. So it was.") == [
        "Yes. The ferry Holmen sank.",
        "It sank in the autumn of 1956. So it was.",
    ]
    assert parts("It sank. Twice.") == ["It sank. Twice."]


@given(st.permutations(["It sank in 1956.", "It was built in Lund.", "Ida Berg was captain."]))
def test_the_order_of_short_quotes_does_not_matter(quotes: list[str]) -> None:
    """Evidence is what is said, not in which order it is cited."""
    claim = "Built in Lund, it sank in 1956."
    first = load_support()(claim, sorted(quotes))
    assert first is not None
    assert load_support()(claim, quotes) == pytest.approx(first)


def test_the_fitted_judgement_is_a_judge_and_reads_ahead() -> None:
    """It has all that `Judge` names, and what was prepared is judged from the cache, alike."""
    support = load_support()
    assert isinstance(support, Judge)
    quote = "The mill at Sarn was sold for 900 crowns. Its wheel had stood still since 1871."
    before = read.cache_info().misses
    support.prepare([quote, ""])
    assert read.cache_info().misses >= before + 2
    misses = read.cache_info().misses
    assert support("The mill at Sarn was sold for 900 crowns.", [quote]) == 1.0
    told = support("Sarn's mill was sold for 900 crowns.", [quote])
    assert read.cache_info().misses == misses + 1  # the claim's own words
    assert told is not None


def test_the_threshold_can_be_set() -> None:
    """The fitted threshold is the default; what is set takes its place and changes no support."""
    fitted, strict = load_support(), load_support(0.99)
    assert fitted.threshold == json.loads(WEIGHTS.read_text("utf-8"))["threshold"]
    assert strict.threshold == 0.99
    assert strict("It sank in 1956.", [QUOTE]) == fitted("It sank in 1956.", [QUOTE])


def test_the_unsure_band_can_be_treated_either_way() -> None:
    """What lies about the threshold is shown or withheld alike, and 0 to 1 is not left."""
    limits = [load_support(0.6, unsure).threshold for unsure in ("threshold", "show", "withhold")]
    assert limits == pytest.approx([0.6, 0.5, 0.7])
    assert load_support(0.95, "withhold").threshold == 1.0
    assert load_support(0.05, "show").threshold == 0.0


def test_weights_of_other_features_are_refused() -> None:
    """Weights that were fitted on something else are an error, not a judgement."""
    weights = json.loads(WEIGHTS.read_text("utf-8"))
    with pytest.raises(KeyError, match="fit it again"):
        SupportModel({**weights, "features": list(FEATURES[1:])})
