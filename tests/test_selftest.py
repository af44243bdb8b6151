"""A judge that reads sees what was swapped; one that does not is found out; seeded and ordered."""

import asyncio
import json
import random
from collections.abc import Sequence

import pytest

from assistant.support import verbatim
from eval.judge import DeterministicJudge, Judgement
from eval.selftest import SelfTest, self_test, swap_name, swap_negation, swap_number, true_sentences
from tests.judged import TEXT, asked, judge, quoted

RUN = [("a", judge(asked(), quoted(0, 1))), ("b", judge(asked(), quoted(2, 3)))]


def run(support: object, judgements: Sequence[tuple[str, Judgement]] = RUN) -> SelfTest:
    """Test a support model."""
    assert callable(support)
    return asyncio.run(self_test(DeterministicJudge(support), judgements, seed=3))


def reading(claim: str, quotes: Sequence[str], /) -> float | None:
    """Find only what stands there word for word."""
    return verbatim(claim, quotes) or 0.0


def believing(_claim: str, _quotes: Sequence[str], /) -> float | None:
    """Believe anything."""
    return 1.0


def doubting(_claim: str, _quotes: Sequence[str], /) -> float | None:
    """Believe nothing."""
    return 0.0


def test_a_judge_that_reads_catches_every_swap_and_flags_nothing() -> None:
    """Four true sentences pass, and each kind of swap is caught."""
    found = run(reading)
    assert found.flagged.share is not None
    assert (found.flagged.share.value, found.flagged.share.n) == (0.0, 4)
    shares = {kind: one.share for kind, one in found.caught.items()}
    assert {kind: share and share.value for kind, share in shares.items()} == {
        "number": 1.0,
        "name": None,  # "Alder" is the only name, so there is no other to put in its place
        "negation": 1.0,
        "source": 1.0,
    }
    assert [truth for _, truth in found.pairs].count(True) == 4
    assert all((support == 1) == truth for support, truth in found.pairs)
    assert json.loads(json.dumps(found.to_dict()))["flagged"]["share"]["value"] == 0.0


def test_a_judge_that_believes_anything_is_found_out() -> None:
    """It flags nothing and catches no number; a strange source only by sharing no word with it."""
    found = run(believing)
    assert found.flagged.share is not None
    assert found.caught["number"].share is not None
    assert (found.flagged.share.value, found.caught["number"].share.value) == (0.0, 0.0)


def test_a_judge_that_doubts_everything_is_found_out() -> None:
    """It catches everything, and flags every true sentence too."""
    found = run(doubting)
    assert found.flagged.share is not None
    assert found.flagged.share.value == 1.0


def test_what_was_not_judged_is_counted_apart() -> None:
    """A judge without a verdict has no share, and the reason is kept."""
    found = run(lambda _c, _q: None)
    assert found.flagged.share is None
    assert found.flagged.unscored == {"the support model gives no verdict": 4}


def test_the_order_of_the_run_does_not_show() -> None:
    """The same sentences in another order are swapped alike."""
    assert run(reading) == run(reading, RUN[::-1])
    assert run(reading, []).flagged.share is None


@pytest.mark.parametrize(
    ("text", "opposite"),
    [
        ("The ferry was old.", "The ferry was not old."),
        ("It was never found.", "It was found."),
        ("The board has not paid.", "The board has paid."),
        ("The ferry sank.", None),
    ],
)
def test_negations_are_put_in_or_taken_out(text: str, opposite: str | None) -> None:
    """The swapped sentence says the opposite; without a place for it there is none."""
    assert swap_negation(text) == opposite


def test_numbers_and_names_become_others() -> None:
    """Digits and number words change, names come from elsewhere; nothing else does."""
    drawn = random.Random(1)  # noqa: S311
    for text, parts in (
        ("In 1956 it sank.", ("In 195", " it sank.")),
        ("Of six, all.", ("Of ", ", all.")),
    ):
        swapped = swap_number(text, drawn)
        assert swapped is not None
        assert swapped != text
        assert swapped.startswith(parts[0])
        assert swapped.endswith(parts[1])
    assert swap_number("It sank.", drawn) is None
    assert swap_name("The ferry Alder sank.", ["Alder", "Rowan"], drawn) == "The ferry Rowan sank."
    assert swap_name("The ferry Alder sank.", ["Alder"], drawn) is None
    assert swap_name("Nobody knew.", ["Rowan"], drawn) is None


def test_true_sentences_are_the_quotes_of_the_run() -> None:
    """Each once, though it was cited twice."""
    found = true_sentences([*RUN, ("c", judge(asked(), quoted(0)))])
    assert set(found) == {sentence.strip() + "." for sentence in TEXT.split(".")[:-1]}
    assert found["The ferry Alder sank in 1956 off the north quay."] == "a"
