"""Numbers, amounts and dates are the same however they are written, and different when they are."""

import pytest
from hypothesis import given as given_that
from hypothesis import strategies as st

from assistant.quantities import given, quantities


def says(claim: str, evidence: str) -> bool:
    """Tell whether every quantity of `claim` is given in `evidence`; there has to be one."""
    wanted = quantities(claim)
    assert wanted
    return all(given(one, quantities(evidence)) for one in wanted)


@pytest.mark.parametrize(
    ("claim", "evidence"),
    [
        ("27 meetings", "twenty-seven meetings"),
        ("on 23 March", "on March 23rd"),
        ("on the 23rd of March 2022", "on March 23, 2022"),
        ("2022-03-23", "23 March 2022"),
        ("in March", "on 23 March"),
        ("200m USD", "$200 million"),
        ("200,000,000 dollars", "$200 million"),
        ("200 million", "$200 million"),
        ("two hundred and five thousand", "205,000"),
        ("two-thirds of them", "2/3 of them"),
        ("half of them", "50 % of them"),
        ("12 eggs", "a dozen eggs"),
        ("two goals", "scored twice"),
        ("90 minutes", "an hour and a half"),
        ("an hour and a half", "ninety minutes"),
        ("60 minutes", "an hour"),
        ("two and a half hours", "2.5 hours"),
        ("2½ hours", "150 minutes"),
        ("3 pm", "15:00"),
        ("in the 1990s", "in 1994"),
        ("in the nineties", "the 1990s"),
        ("in the 19th century", "in 1850"),
        ("30 percent", "30 %"),
        ("World War II", "the Second World War"),
        ("the 3rd motive", "a third motive"),
        ("about 30 people", "27 people"),
        ("more than 25 times", "27 times"),
        ("nearly 30 people", "29 people"),
        ("1.5 million", "1,512,345"),
        ("four weeks", "28 days"),
    ],
)
def test_the_same(claim: str, evidence: str) -> None:
    """What is written in another way is the same quantity."""
    assert says(claim, evidence)


@pytest.mark.parametrize(
    ("claim", "evidence"),
    [
        ("28 meetings", "twenty-seven meetings"),
        ("about 28 meetings", "27 meetings"),
        ("on 24 March", "on March 23"),
        ("in April", "on 23 March"),
        ("$200 million", "$200 thousand"),
        ("$200 million", "200 million euros"),
        ("20 hours", "20 minutes"),
        ("in 2021", "in 2022"),
        ("in the 1980s", "in 1994"),
        ("in the 18th century", "in 1850"),
        ("the third place", "the fourth place"),
        ("the third place", "3 places"),
        ("two-thirds", "a third of them"),
        ("more than 25 times", "24 times"),
        ("40 %", "30 %"),
        ("13 km", "13 miles"),
    ],
)
def test_not_the_same(claim: str, evidence: str) -> None:
    """Another number, unit, day or order is another quantity."""
    assert not says(claim, evidence)


@pytest.mark.parametrize("text", ["", "one of them", "the first", "it may march on", "½⅔²", "3/0"])
def test_what_counts_nothing_is_no_error(text: str) -> None:
    """Words that only look like numbers, and odd figures, break nothing."""
    assert all(one.value >= 0 for one in quantities(text))


@given_that(st.integers(min_value=2, max_value=99_998))
def test_figures_come_back(number: int) -> None:
    """A number is itself with or without separators, and not its neighbour."""
    assert says(f"{number} things", f"{number:,} things")
    assert not says(f"{number} things", f"{number + 1} things")


@given_that(st.integers(1, 28), st.sampled_from(["March", "June", "December"]))
def test_days_come_back(day: int, month: str) -> None:
    """Day and month may stand in either order."""
    assert says(f"on {day} {month} 1999", f"on {month} {day}, 1999")


@given_that(st.text(max_size=80))
def test_any_text_can_be_read(text: str) -> None:
    """No text breaks the reader, and a text gives its own quantities."""
    found = quantities(text)
    assert all(given(one, found) for one in found)
