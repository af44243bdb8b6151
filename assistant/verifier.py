"""Another's model as the judge of claims: `VerifiedSupport(verifier)(claim, quotes)`, 0 to 1.

    support = VerifiedSupport(open_verifier("my-nli-model", cache))
    support("Abe met Putin 27 times.", ["He met Putin twenty-seven times."])

A natural-language-inference or grounding model (`index/verify.py`) takes the place of the fitted
judgement (`support.py`). What the own model does around its weights stays: what is quoted word for
word has support 1, and the sentences that carry a claim are looked up by words, since showing every
sentence to a large model would take minutes. `FOOTNOTE_VERIFIER` is the setting.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from assistant.evidence import match, sentences_of
from assistant.reading import read
from assistant.signs import misquoted
from assistant.support import FEATURES, SupportModel, features, load_support, verbatim
from index.verify import Verifier

THRESHOLD: Final = 0.5
"""Support from which on a claim is shown, unless it is set: more likely than not."""

_ONE_WINDOW: Final = 4
"""Sentences that are read as one: as many as a sentence with its neighbours makes."""

_ABSENT: Final = [FEATURES.index(name) for name in ("quantities_missing_all", "names_missing_all")]


class VerifiedSupport:
    """A Judge by a verifier; threads may share it.

    Evidence is read in windows: each sentence that comes nearest to the claim with two before and
    one behind it, and these sentences together. The best window decides.

    Beside it stand the checks in code that the own model has, for what a reader of meanings is
    known to pass over. Where a number or a name of the claim is nowhere in the evidence, support
    is the lower of the verifier's and the own model's: a verifier's certainties are too extreme
    for the own model's penalties to be taken off them, and a name alone is no veto, since it may
    have been said in other words, which the own model weighs. A quotation that stands nowhere is 0.
    """

    def __init__(
        self, verifier: Verifier, threshold: float = THRESHOLD, own: SupportModel | None = None
    ) -> None:
        self.threshold = threshold
        self.name = verifier.name
        self.identity = f"{verifier.name} {verifier.fingerprint}"
        self._verifier = verifier
        self._own = own or load_support()

    def __call__(self, claim: str, quotes: Sequence[str]) -> float | None:
        """Return how far `claim` follows from `quotes`; None where neither side says anything.

        None, too, for a claim that is too long for the verifier to read to its end.
        """
        if not claim.strip() or not any(quote.strip() for quote in quotes):
            return None
        if verbatim(claim, quotes):
            return 1.0
        if not any(c.isalnum() for c in claim):
            return None
        if misquoted(claim, " ".join(quotes)):
            return 0.0
        found = [self._verifier.supported(window, claim) for window in windows(claim, quotes)]
        support = max((one for one in found if one is not None), default=None)
        row = features(claim, quotes)
        if support is None or not any(row[column] > 0 for column in _ABSENT):
            return support
        return min(support, float(self._own.probabilities(row[None, :])[0]))

    def narrow(self, claim: str, sentences: Sequence[str]) -> tuple[int, ...]:
        """Return the indices of the fewest of `sentences`, at most 3, that carry `claim`."""
        return self._own.narrow(claim, sentences)

    def prepare(self, quotes: Sequence[str]) -> None:
        """Read `quotes` ahead: what the checks and the choice of windows need of them."""
        self._own.prepare(quotes)


def windows(claim: str, quotes: Sequence[str]) -> Iterator[str]:
    """Yield the parts of `quotes` that a verifier should read, none twice; one at least.

    Where no sentence has anything in common with the claim that is all of them, and the model cuts
    off what it cannot read.
    """
    sentences = tuple(dict.fromkeys(s for quote in quotes for s in sentences_of(quote)))
    core = match(read(claim), sentences).narrow()
    everything = tuple(range(len(sentences)))
    if len(sentences) <= _ONE_WINDOW or not core:
        chosen = [everything]
    else:
        chosen = [everything[max(0, i - 2) : i + 2] for i in core]
        chosen += [core] if len(core) > 1 else []
    for places in dict.fromkeys(chosen):
        yield " ".join(sentences[i] for i in places)
