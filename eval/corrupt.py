"""True and false claims made from a true sentence: `corruptions(sentence, context, rng)`.

Each false one changes a single fact (a number, a name, who did it to whom, a "not", an opposite);
the true ones say the same in a little other words. For fitting `assistant/support.json`.
"""

import random
import re
from collections.abc import Iterator

from assistant.lexicon import lexicon, poles
from assistant.reading import read
from index.words import stem, words

_AUXILIARY = re.compile(r"\b(is|was|are|were|will|has|had|can|could|must|should|would)\b(?! not)")
_NUMBER = re.compile(r"(?<![\w.,-])\d{1,4}(?![\w.,]?\d)")
_ASIDE = re.compile(
    r",? \([^()]*\)|, (?:which|who|where)\b[^,.;]*,|, [^,.;]{8,60},(?= (?:is|was|has))"
)
_OPENING = re.compile(r"^(?:In|On|After|During|At|By|Since|Despite) [^,]{3,40}, (?=[a-z]|[A-Z])")
_NAME = re.compile(r"(?<=[a-z,] )[A-Z][a-z]{2,}(?: [A-Z][a-z]+)*")
_SPELLED = "zero one two three four five six seven eight nine ten eleven twelve".split()


def corruptions(sentence: str, others: list[str], rng: random.Random) -> Iterator[tuple[str, str]]:
    """Yield (kind, false claim) pairs; `others` are names to put in place of the sentence's."""
    if found := list(_NUMBER.finditer(sentence)):
        one = rng.choice(found)
        value = int(one.group())
        step = rng.choice([1, 2, 3, 5, 10])
        new = value + step if rng.random() < 0.5 or value <= step else value - step
        yield "number", sentence[: one.start()] + str(new) + sentence[one.end() :]
    names = list(_NAME.finditer(sentence))
    if names and others:
        one = rng.choice(names)
        new_name = rng.choice(others)
        if new_name not in sentence and one.group() not in new_name:
            yield "actor", sentence[: one.start()] + new_name + sentence[one.end() :]
    if len(names) >= 2 and names[0].group() != names[1].group():
        a, b = names[0], names[1]
        swapped = sentence[: a.start()] + b.group() + sentence[a.end() : b.start()] + a.group()
        if not re.fullmatch(r"(, | and | or |, and )", sentence[a.end() : b.start()]):
            yield "swap", swapped + sentence[b.end() :]
    if turned := _AUXILIARY.search(sentence):
        yield "negation", sentence[: turned.end()] + " not" + sentence[turned.end() :]
    elif re.search(r"\b(?:not|never) ", sentence):
        yield "negation", re.sub(r"\b(?:not|never) ", "", sentence, count=1)
    if opposite := _opposite(sentence, rng):
        yield "opposite", opposite


def _opposite(sentence: str, rng: random.Random) -> str | None:
    known = poles()
    candidates = [w for w in words(sentence) if w.stem in known and w.text.islower()]
    if not candidates:
        return None
    word = rng.choice(candidates)
    axis, pole = rng.choice(known[word.stem])
    against = [
        other
        for other, places in known.items()
        if any(a == axis and p != pole for a, p in places) and other in lexicon().rows
    ]
    if not against:
        return None
    end = word.start + len(word.text)
    return sentence[: word.start] + rng.choice(against) + sentence[end:]


def paraphrases(sentence: str, rng: random.Random) -> Iterator[tuple[str, str]]:
    """Yield (kind, true claim) pairs."""
    shorter = _ASIDE.sub("", sentence)
    if shorter != sentence:
        yield "shorter", shorter
    if opening := _OPENING.match(sentence):
        rest = sentence[opening.end() :].rstrip(".")
        moved = opening.group().rstrip(", ")
        yield "moved", f"{rest[0].upper()}{rest[1:]} {moved[0].lower()}{moved[1:]}."
        yield "dropped", f"{rest[0].upper()}{rest[1:]}."
    spelled = [m for m in _NUMBER.finditer(sentence) if int(m.group()) <= 12]
    if spelled:
        one = rng.choice(spelled)
        yield (
            "spelled",
            sentence[: one.start()] + _SPELLED[int(one.group())] + sentence[one.end() :],
        )
    if reworded := _near_synonym(sentence):
        yield "synonym", reworded


def _near_synonym(sentence: str) -> str | None:
    """Replace the word with the nearest neighbour of all, when that is near and no opposite."""
    known, table = poles(), lexicon()
    names = list(table.rows)
    best: tuple[float, str, int, int] | None = None
    for token, word in zip(read(sentence).tokens, words(sentence), strict=False):
        if token.name or not token.content or word.stem in known or token.word not in table.rows:
            continue
        cosines = table.vectors[:-1] @ table.vectors[token.row]
        cosines[token.row] = -1
        row = int(cosines.argmax())
        other = names[row]
        if stem(other) != word.stem and (best is None or cosines[row] > best[0]):
            best = (float(cosines[row]), other, word.start, word.start + len(word.text))
    if best is None or best[0] < 0.8:
        return None
    return sentence[: best[2]] + best[1] + sentence[best[3] :]
