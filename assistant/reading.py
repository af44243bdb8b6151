"""A sentence as the checks of `support.py` see it: `read("Abe met Putin.")` gives its words, names,
quantities and negations. Pure and cached by text: the evidence is read once for all claims on it.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

from assistant.lexicon import NEGATIONS, TITLES, lexicon, nations
from assistant.number_words import NUMBER_WORDS
from assistant.quantities import Quantity, quantities
from index.words import Word, fold, words

_NT = re.compile(r"n['’]t\b", re.IGNORECASE)
_NO_AS = re.compile(
    r"\bnot only\b|\bnot as \w+ as\b"
    r"|\b(?:no|nothing|never)\b(?: [^\s.,;]+){0,10}? (?:is|was|are|were|been|be) (?:as|so|more) \w+"
    r"|\b(?:no|not|never|nothing)(?: \w+){0,2} (?:more|less|fewer|later|other|\w{3,}er) than\b",
    re.IGNORECASE,
)
_BE = frozenset("be been being is are was were get gets got am".split())
_STATES = re.compile(r"\bUnited (States|Kingdom|Nations)( of America)?\b|\bEuropean Union\b")
_SCOPE = 3
_NOT_NUMBERS = re.compile(r"[a-z]", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Token:
    """A word: its key (stem, or what stands for a nation), and what is known of it."""

    word: str
    key: str
    content: bool
    name: bool
    weight: float
    row: int
    negated: bool


@dataclass(frozen=True, slots=True)
class Reading:
    """A sentence read; `keys` are those of its content words, `names` those of its names.

    `excused`: its negation compares ("not as big as", "no more than") and denies nothing by itself.
    """

    tokens: tuple[Token, ...]
    content: tuple[Token, ...]
    keys: frozenset[str]
    names: frozenset[str]
    quantities: tuple[Quantity, ...]
    negations: int
    excused: bool
    passive: frozenset[int]
    has_pronoun: bool


_NO_STEM = frozenset("der til less ion it its der ity ite".split())
_EMPTY = frozenset("nt no not never".split())
_OPENERS = frozenset(
    """however although though despite while when after before since because moreover furthermore
    additionally meanwhile also then thus therefore overall finally today according during under in
    on at by for with from as if once until unlike like both many most some several other others
    another every each all no yes eventually later earlier""".split()
)
_PRONOUNS = frozenset("he she they him her them his their".split())
_OPENING_PRONOUNS = frozenset("it its this these that those such both".split())


@lru_cache(maxsize=16384)
def read(text: str) -> Reading:
    """Read one sentence."""
    plain = _STATES.sub(lambda m: m[0].split(" of ")[0].replace(" ", ""), _NT.sub(" nt", text))
    found = words(plain)
    known = lexicon()
    excused = bool(_NO_AS.search(plain))
    tokens: list[Token] = []
    scope = 0
    count = 0
    for i, word in enumerate(found):
        folded = fold(word.text)
        if folded in NEGATIONS:
            count += 1
            scope = 0 if excused else _SCOPE
        count += folded.startswith("un") and folded[2:] in known.rows and folded[2:] not in _NO_STEM
        content = word.is_content and folded not in _EMPTY
        content = content and not folded[0].isdigit() and folded not in NUMBER_WORDS
        name = content and _is_name(found, i, folded, plain)
        rarity = known.rare(folded)
        weight = 0.0 if not content else 0.15 + rarity + 0.3 * name
        negated = scope > 0 and content and folded not in NEGATIONS
        scope -= negated
        key = _key(word)
        tokens.append(Token(folded, key, content, name, weight, known.row(folded), negated))
    content_tokens = tuple(t for t in tokens if t.content)
    return Reading(
        tokens=tuple(tokens),
        content=content_tokens,
        keys=frozenset(t.key for t in content_tokens),
        names=frozenset(t.key for t in content_tokens if t.name and t.word not in TITLES),
        quantities=quantities(text),
        negations=count,
        excused=excused,
        passive=frozenset(_passives(tokens)),
        has_pronoun=any(t.word in _PRONOUNS for t in tokens)
        or (bool(tokens) and tokens[0].word in _OPENING_PRONOUNS),
    )


def _key(word: Word) -> str:
    nation = nations().get(word.stem)
    return word.stem if nation is None or not word.text[0].isupper() else f"nation {nation}"


def _is_name(found: tuple[Word, ...], i: int, folded: str, text: str) -> bool:
    """Tell whether word `i` is written as a name; the first word only when words of it are."""
    word = found[i].text
    if not word[0].isupper() or not _NOT_NUMBERS.search(word):
        return False
    before = text[: found[i].start].rstrip(" \"'“‘(")
    if before and before[-1] not in ".!?:;\n*-–•":
        return True
    if folded in _OPENERS:
        return False
    after = found[i + 1].text[0].isupper() if i + 1 < len(found) else False
    return lexicon().is_name(folded) or (after and not word.isupper())


def _passives(tokens: list[Token]) -> list[int]:
    """Return the places of verbs that read "was … by": what did it stands behind them."""
    found = []
    for i, token in enumerate(tokens):
        ahead = [t.word for t in tokens[i + 1 : i + 6]]
        behind = [t.word for t in tokens[max(0, i - 3) : i]]
        if token.content and "by" in ahead and _BE & set(behind):
            found.append(i)
    return found
