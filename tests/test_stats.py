"""Intervals, comparisons and corrected means, against values worked out by hand."""

import math
import random
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eval.rates import Confusion, auroc, auroc_estimate, brier, confusion, ece, rates
from eval.stats import bootstrap, corrected_mean, difference, estimate, mcnemar

SHARES = st.lists(st.tuples(st.floats(0, 1), st.sampled_from("abcdef")), min_size=1, max_size=30)


def test_a_mean_has_an_interval_around_it() -> None:
    """Ten values of 0 and ten of 1 spread their mean by sqrt(.25 / 20) = .112 to either side."""
    found = estimate([0.0, 1.0] * 10, [str(i) for i in range(20)], seed=1)
    assert found is not None
    assert (found.value, found.n, found.clusters) == (0.5, 20, 20)
    assert found.low is not None
    assert found.high is not None
    # 1.96 standard errors are .219; a percentile of twentieths lies within one step of it.
    assert found.low == pytest.approx(0.5 - 0.219, abs=0.05)
    assert found.high == pytest.approx(0.5 + 0.219, abs=0.05)


def test_clusters_widen_an_interval() -> None:
    """Twenty copies of the same four answers say no more than the four."""
    values = [0.0, 0.0, 1.0, 1.0] * 20
    alone = estimate(values, [str(i) for i in range(80)], seed=1)
    together = estimate(values, [str(i % 4) for i in range(80)], seed=1)
    assert alone is not None
    assert together is not None
    assert alone.low is not None
    assert together.low is not None
    assert alone.low > 0.35
    # Of four clusters, all are drawn from the two that have 0 in one resample of sixteen.
    assert together.low == 0.0


def test_without_two_clusters_nothing_is_known_of_the_spread() -> None:
    """One document gives a mean and no interval; no values give nothing at all."""
    found = estimate([0.0, 1.0], ["one", "one"], seed=1)
    assert found is not None
    assert (found.value, found.low, found.high) == (0.5, None, None)
    assert estimate([], [], seed=1) is None


def test_a_clean_sheet_is_no_certainty() -> None:
    """Forty out of forty may still be .912, the exact bound .025 ** (1 / 40), and none .088."""
    names = [str(i) for i in range(40)]
    full, none = (estimate([value] * 40, names, seed=1) for value in (1.0, 0.0))
    assert full is not None
    assert none is not None
    assert [full.low, full.high] == pytest.approx([0.9119, 1.0], abs=1e-4)
    assert [none.low, none.high] == pytest.approx([0.0, 0.0881], abs=1e-4)


@given(SHARES, st.randoms())
def test_the_order_of_the_cases_does_not_show(
    rows: list[tuple[float, str]], shuffler: random.Random
) -> None:
    """The same values in another order give the same figures to the last digit."""
    shuffled = rows.copy()
    shuffler.shuffle(shuffled)
    first, second = (
        estimate([v for v, _ in some], [c for _, c in some], seed=7) for some in (rows, shuffled)
    )
    assert first == second
    assert first is not None
    assert -1e-9 <= first.value <= 1 + 1e-9
    if first.low is not None and first.high is not None:
        assert first.low <= first.high


def test_a_figure_that_is_undefined_is_none() -> None:
    """A share of nothing is no number, not even NaN."""
    empty = [(0.0, 0.0), (0.0, 0.0)]
    with np.errstate(invalid="ignore"):
        assert bootstrap(empty, ["a", "b"], lambda s: s[:, 0] / s[:, 1], seed=1) is None
    assert bootstrap([], [], lambda s: s[:, 0], seed=1) is None


@pytest.mark.parametrize(
    ("better", "worse", "p"),
    [
        (0, 0, Fraction(1)),
        (5, 0, Fraction(2, 32)),
        (1, 9, Fraction(2 * 11, 1024)),  # 1 + 10 of 1,024 outcomes, on both sides
        (9, 1, Fraction(2 * 11, 1024)),
        (3, 3, Fraction(1)),
    ],
)
def test_flips_are_compared_with_a_fair_coin(better: int, worse: int, p: Fraction) -> None:
    """McNemar's exact test is a binomial one on the cases that flipped."""
    assert mcnemar(better, worse) == pytest.approx(float(p))


def test_two_runs_are_compared_case_by_case() -> None:
    """Only shared cases count; flips are listed, the largest first; 0 and 1 get McNemar's test."""
    a = {"a": 1.0, "b": 0.0, "c": 0.0, "d": 1.0, "only a": 0.0}
    b = {"a": 1.0, "b": 1.0, "c": 1.0, "d": 0.0, "only b": 1.0}
    found = difference(a, b, {name: name for name in "abcd"}, seed=1)
    assert found is not None
    assert (found.value, found.n, found.test) == (0.25, 4, "mcnemar")
    assert (found.better, found.worse) == (("b", "c"), ("d",))
    assert found.p == 1.0
    graded = difference(
        {"x": 0.5, "y": 0.5, "z": 0.5},
        {"x": 0.6, "y": 0.9, "z": 0.2},
        dict.fromkeys("xyz", "one"),
        seed=1,
    )
    assert graded is not None
    assert (graded.better, graded.worse, graded.test) == (("y", "x"), ("z",), "bootstrap")
    assert (graded.low, graded.p) == (None, 1.0)
    assert difference({"a": 1.0}, {"b": 1.0}, {}, seed=1) is None


def test_pairing_sees_what_means_hide() -> None:
    """A step that every case makes is sure, however much the cases differ among themselves."""
    a = {str(i): i / 40 for i in range(40)}
    b = {name: value + 0.01 for name, value in a.items()}
    found = difference(a, b, {name: name for name in a}, seed=1)
    assert found is not None
    assert found.low == pytest.approx(0.01)
    assert found.p < 0.001
    same = difference(a, a, {name: name for name in a}, seed=1)
    assert same is not None
    assert (same.value, same.p) == (0.0, 1.0)


def test_human_verdicts_correct_the_judge() -> None:
    """Worked by hand: judge says 1,1,0,0 where people say 1,0,0,0, and 1,1,1,0 on the rest.

    cov(human, judged) = 1/6, pooled variance of 1,1,0,0,1,1,1,0 = 15/56, n / N = 1: the tuning is
    (1/6) / (2 * 15/56) = 14/45. mean(rest) * t + mean(human) - t * mean(judged)
    = .75 t + .25 - .5 t = .25 + .25 * 14/45.
    """
    found = corrected_mean([1, 0, 0, 0], [1, 1, 0, 0], [1, 1, 1, 0])
    assert found.tuning == pytest.approx(14 / 45)
    assert found.value == pytest.approx(0.25 + 0.25 * 14 / 45)
    assert (found.human, found.judged) == (0.25, 5 / 8)
    t = 14 / 45
    residuals = [1 - t, -t, 0, 0]
    mean = sum(residuals) / 4
    variance = sum((r - mean) ** 2 for r in residuals) / 3 / 4 + t**2 * 0.25 / 4
    assert found.high == pytest.approx(found.value + 1.959964 * math.sqrt(variance))
    assert found.low == max(0.0, found.value - (found.high - found.value))


def test_a_useless_judge_is_left_out() -> None:
    """A judge that always says the same, or the opposite, leaves the mean to people."""
    for judged, rest in (([1, 1, 1, 1], [1, 1]), ([0, 1, 0, 1], [0, 1, 1])):
        found = corrected_mean([1, 0, 1, 0], judged, rest)
        assert (found.tuning, found.value) == (0.0, 0.5)
    assert corrected_mean([1, 0], [1, 0], []).value == 0.5


def test_a_judge_that_never_differed_is_not_infallible() -> None:
    """Fifty agreements out of fifty leave room for .071 of difference."""
    found = corrected_mean([1.0] * 50, [1.0] * 50, [1.0] * 400)
    assert found.value == 1.0
    assert found.low == pytest.approx(0.025 ** (1 / 50))


def test_too_few_verdicts_are_refused() -> None:
    """One human verdict tells nothing of how far judge and people differ."""
    for human, judged in (([1.0], [1.0]), ([1.0, 0.0], [1.0])):
        with pytest.raises(ValueError, match="at least two claims"):
            corrected_mean(human, judged, [1.0])


def test_corrected_means_hold_the_truth_as_often_as_they_say() -> None:
    """Over 200 worlds with a biased judge, some 95 % of the intervals hold the true mean."""
    generator = np.random.default_rng(3)
    held = 0
    for _ in range(200):
        truth = generator.random(800) < 0.7
        judged = np.where(generator.random(800) < 0.85, truth, True)  # too kind
        found = corrected_mean(truth[:100].tolist(), judged[:100].tolist(), judged[100:].tolist())
        held += found.low <= 0.7 <= found.high
    assert 182 <= held <= 198


def test_area_under_the_curve_counts_pairs() -> None:
    """Of 2 * 3 pairs, 3 are won and 2 tied: (3 + 1) / 6; one label alone has no area."""
    labels, scores = [True, True, False, False, False], [0.8, 0.4, 0.4, 0.8, 0.1]
    # .8 beats .4 and .1 and ties .8; .4 beats .1, ties .4 and loses to .8.
    assert auroc(labels, scores) == pytest.approx(4 / 6)
    assert auroc([True, True], [0.1, 0.2]) is None
    assert auroc([], []) is None
    assert auroc([True, False], [0.5, 0.5]) == 0.5


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 5)), max_size=25))
def test_area_is_the_count_of_pairs(rows: list[tuple[bool, int]]) -> None:
    """The fast way gives what comparing every pair gives."""
    so, not_so = ([s for label, s in rows if label == side] for side in (True, False))
    wins = sum((a > b) + (a == b) / 2 for a in so for b in not_so)
    expected = wins / (len(so) * len(not_so)) if so and not_so else None
    found = auroc([label for label, _ in rows], [score for _, score in rows])
    assert found == (None if expected is None else pytest.approx(expected))


def test_verdicts_against_labels() -> None:
    """20 yes-yes, 5 no-yes, 15 no-no, 10 yes-no: kappa is (.7 - .5) / (1 - .5) = .4."""
    cells = Confusion(tp=20, fp=5, tn=15, fn=10)
    assert cells.tpr == pytest.approx(2 / 3)
    assert cells.tnr == 0.75
    assert cells.balanced_accuracy == pytest.approx((2 / 3 + 0.75) / 2)
    # called yes 25 of 50, so 30 of 50: chance agreement is .5 * .6 + .5 * .4 = .5
    assert cells.kappa == pytest.approx(0.4)
    assert confusion([True, False, False, True], [True, True, False, False]) == Confusion(
        1, 1, 1, 1
    )
    alone = Confusion(tp=3, fp=0, tn=0, fn=0)
    assert (alone.tnr, alone.balanced_accuracy, alone.kappa) == (None, None, None)
    assert Confusion(0, 0, 0, 0).kappa is None


def test_calibration() -> None:
    """Two claims at .9 of which one is so, two at .2 of which none is: off by .4 and by .2."""
    labels, chances = [True, False, False, False], [0.9, 0.9, 0.2, 0.2]
    assert ece(labels, chances) == pytest.approx((2 * 0.4 + 2 * 0.2) / 4)
    assert brier(labels, chances) == pytest.approx((0.01 + 0.81 + 0.04 + 0.04) / 4)
    assert ece([True], [1.0]) == 0.0
    assert (ece([], []), brier([], [])) == (None, None)


def test_rates_are_the_plain_figures_with_intervals() -> None:
    """What is measured with an interval equals what is measured without one."""
    generator = np.random.default_rng(5)
    labels = [bool(one) for one in generator.random(120) < 0.6]
    scores = [
        float(s) for s in np.clip(generator.normal(0.4, 0.2, 120) + 0.2 * np.array(labels), 0, 1)
    ]
    clusters = [str(i % 30) for i in range(120)]
    called = [score >= 0.5 for score in scores]
    found = rates(labels, scores, called, clusters, seed=1)
    cells = confusion(labels, called)
    plain = {
        "auroc": auroc(labels, scores),
        "balanced_accuracy": cells.balanced_accuracy,
        "tpr": cells.tpr,
        "tnr": cells.tnr,
        "kappa": cells.kappa,
        "ece": ece(labels, scores),
        "brier": brier(labels, scores),
    }
    for name, value in plain.items():
        one = getattr(found, name)
        assert one.value == pytest.approx(value), name
        assert one.low < one.value < one.high or name == "ece", name
        assert one.clusters == 30


def test_an_area_of_one_cluster_has_no_interval() -> None:
    """Claims about one document give the figure alone."""
    found = auroc_estimate([True, False], [0.9, 0.1], ["d", "d"], seed=1)
    assert found is not None
    assert (found.value, found.low) == (1.0, None)
    assert auroc_estimate([True], [0.9], ["d"], seed=1) is None


def test_within_one_generator_only_its_own_claims_are_compared() -> None:
    """A score that only knows who made a claim is perfect over all, and a coin within each."""
    labels, makers = [True, True, True, False, False, False, True, False], list("aaabbbab")
    scores = [0.9 if maker == "a" else 0.1 for maker in makers]
    over_all = auroc_estimate(labels, scores, list("12345678"), seed=1)
    assert over_all is not None
    assert over_all.value == 1.0
    mixed = [True, True, False, False, False, True, True, False]
    within = auroc_estimate(mixed, scores, list("12345678"), seed=1, strata=makers)
    assert within is not None
    assert within.value == 0.5
    assert auroc_estimate(labels, scores, list("12345678"), seed=1, strata=makers) is None
