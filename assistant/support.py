"""How far a claim follows from given text: `support(claim, quotes)`, 0 to 1, or None: no verdict.

A claim without a verdict is not shown. What is quoted word for word follows from its quote; of
anything else this module, having no language model to ask, does not presume to judge.
"""

from collections.abc import Sequence
from typing import Protocol


class Support(Protocol):
    """Judges one claim by the text it cites."""

    def __call__(self, claim: str, quotes: Sequence[str], /) -> float | None:
        """Return how far `claim` follows from `quotes` together, 0 to 1; None without a verdict."""


def verbatim(claim: str, quotes: Sequence[str]) -> float | None:
    """Return 1 for a claim that stands word for word in one quote, white space aside, else None."""
    said = " ".join(claim.split())
    return 1.0 if said and any(said in " ".join(quote.split()) for quote in quotes) else None
