"""Does the judge see a lie when it is shown one? `await self_test(judge, judgements, seed=1)`.

Takes the quotes of a run, which are true because they stand in the documents, and swaps one thing
in each: a number, a name, a negation, or the source it is judged by. Tells what share of the
swapped is caught, kind by kind, and what share of the unswapped is flagged. A judge that catches
little here cannot be trusted with the run; one that flags the unswapped is not to be trusted
either. Swapped sentences are made by rule: now and then one still happens to be true.
"""

import random
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final, Literal

from eval.judge import Judge, Judgement
from eval.matching import says_something
from eval.stats import Estimate, estimate

Swap = Literal["number", "name", "negation", "source"]

MOST: Final = 200
"""Sentences that are swapped at most; a run has more, and a figure is sure enough with these."""

_DIGITS: Final = re.compile(r"\d+(?:[.,]\d+)*")
_SPELT: Final = (
    "two three four five six seven eight nine ten eleven twelve twenty thirty forty fifty".split()
)
_NUMBER_WORD: Final = re.compile(rf"\b({'|'.join(_SPELT)})\b", re.IGNORECASE)
# A capital that no full stop goes before: not the first word of a sentence.
_NAME: Final = re.compile(r"(?<=[\w,;:] )[A-Z][^\W\d_A-Z]+(?:[ -][A-Z][^\W\d_A-Z]+)*")
_DENIED: Final = re.compile(r"\b(?:not|never) ")
_AUXILIARY: Final = re.compile(
    r"\b(?:is|are|was|were|has|have|had|will|would|can|could|may|might|must|should)\b(?! not)"
)


@dataclass(frozen=True, slots=True)
class Caught:
    """One kind of swap; `share` is None where no sentence could be swapped or none was judged."""

    share: Estimate | None
    unscored: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class SelfTest:
    """`flagged`: the share of true sentences called unsupported; `caught`: that of swapped ones.

    `pairs` are (support, true or not) of every sentence that the judge gave a measure for.
    """

    flagged: Caught
    caught: Mapping[Swap, Caught]
    pairs: tuple[tuple[float, bool], ...]

    def to_dict(self) -> dict[str, Any]:
        """Return plain lists, dicts, strings and numbers, ready for `json.dumps`."""
        return {**asdict(self), "pairs": [list(pair) for pair in self.pairs]}


async def self_test(
    judge: Judge, judgements: Sequence[tuple[str, Judgement]], *, seed: int
) -> SelfTest:
    """Swap and ask. `judgements` are (cluster, judgement) of each case of a run, in any order."""
    true = true_sentences(judgements)
    drawn = random.Random(seed)  # noqa: S311
    chosen = sorted(drawn.sample(sorted(true), min(MOST, len(true))))
    names = sorted({name for text in true for name in _NAME.findall(text)})
    swaps: dict[Swap, Callable[[str], str | None]] = {
        "number": lambda text: swap_number(text, drawn),
        "name": lambda text: swap_name(text, names, drawn),
        "negation": swap_negation,
    }
    asked = [(text, text, true[text]) for text in chosen]
    flagged, straight = await _ask(judge, asked)
    pairs = [(support, True) for support in straight]
    caught: dict[Swap, Caught] = {}
    for kind, swap in swaps.items():
        swapped = [(new, text, true[text]) for text in chosen if (new := swap(text))]
        caught[kind], given = await _ask(judge, swapped)
        pairs += [(support, False) for support in given]
    # The neighbour in the alphabet: another sentence, and no chance of one's own.
    turned = [*chosen[1:], *chosen[:1]] if len(chosen) > 1 else []
    strange = [(t, other, true[t]) for t, other in zip(chosen, turned, strict=False)]
    caught["source"], given = await _ask(judge, strange)
    pairs += [(support, False) for support in given]
    return SelfTest(flagged, caught, tuple(pairs))


def true_sentences(judgements: Sequence[tuple[str, Judgement]]) -> dict[str, str]:
    """Return the run's quotes, each with the first cluster, by name, that it was seen in."""
    seen = sorted(
        (cluster, quote)
        for cluster, judgement in judgements
        for claim in judgement.claims
        for quote in claim.quotes
        if says_something(quote)
    )
    found: dict[str, str] = {}
    for cluster, quote in seen:
        found.setdefault(quote, cluster)
    return found


def swap_number(text: str, drawn: random.Random) -> str | None:
    """Return `text` with one number changed, in digits or as a word; None if it has none."""
    matches = [*_DIGITS.finditer(text), *_NUMBER_WORD.finditer(text)]
    if not matches:
        return None
    match = drawn.choice(matches)
    old = match[0]
    if old[0].isdigit():
        last = str((int(old[-1]) + drawn.randint(1, 9)) % 10)
        new = old[:-1] + last
    else:
        new = drawn.choice([word for word in _SPELT if word != old.casefold()])
    return text[: match.start()] + new + text[match.end() :]


def swap_name(text: str, names: Sequence[str], drawn: random.Random) -> str | None:
    """Return `text` with one name changed for another that it does not hold; None if it cannot."""
    matches, others = [*_NAME.finditer(text)], [name for name in names if name not in text]
    if not matches or not others:
        return None
    match = drawn.choice(matches)
    return text[: match.start()] + drawn.choice(others) + text[match.end() :]


def swap_negation(text: str) -> str | None:
    """Return `text` saying the opposite: a "not" taken out or put in; None if neither can be."""
    if _DENIED.search(text):
        return _DENIED.sub("", text, count=1)
    match = _AUXILIARY.search(text)
    return f"{text[: match.end()]} not{text[match.end() :]}" if match else None


async def _ask(judge: Judge, rows: Sequence[tuple[str, str, str]]) -> tuple[Caught, list[float]]:
    """Return what share of the claims is called unsupported, and the supports that were given.

    Rows are claim, quote, cluster.
    """
    values, clusters, supports = [], [], []
    unscored: Counter[str] = Counter()
    for claim, quote, cluster in rows:
        verdict = await judge.claim(claim, [quote])
        if verdict.support is not None:
            supports.append(verdict.support)
        if verdict.value == "unscored":
            unscored[verdict.reason] += 1
        else:
            values.append(float(verdict.value == "unsupported"))
            clusters.append(cluster)
    return Caught(estimate(values, clusters, seed=0), dict(sorted(unscored.items()))), supports
