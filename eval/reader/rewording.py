"""True claims in other words: `reword(claim, rng)` says the same or less than `claim` does.

Small steps by rule, each of which keeps a true claim true. They are put on true and on false claims
alike, so that nothing about the wording alone tells one from the other.
"""

import random
import re
from collections.abc import Callable
from functools import lru_cache

from assistant.lexicon import lexicon, poles
from assistant.reading import read
from index.words import stem, words

Step = Callable[[str, random.Random], str | None]

_SAME = 0.75
"""Cosine from which two words are taken to mean the same."""

_ASIDE = re.compile(
    r" \([^()]*\)|, (?:which|who|where|whose)\b[^,.;]*,|, [^,.;]{8,60},(?= (?:is|was|has|had|were))"
)
_OPENING = re.compile(
    r"^(?:In|On|After|During|At|By|Since|Despite|For|From|Under|While|When|As) [^,]{3,50}, (?=\w)"
)
_TRAILING = re.compile(
    r", (?:which|who|where|while|but|and|although|though|because|with) [^.;]{10,}\.?$"
)
_SECOND = re.compile(r", and (?=(?:[A-Z]|the |he |she |it |they |his |her |its |their ))")
_LINKING = re.compile(
    r"^(?:However|Moreover|Furthermore|In addition|Additionally|Also|Thus|Therefore|Meanwhile"
    r"|Finally|For example|Instead|Indeed|As a result), "
)
_NUMBER = re.compile(r"(?<![\w.,$£€-])(\d{1,2})(?= [a-z])")
_SPELT = "zero one two three four five six seven eight nine ten eleven twelve".split()
_FULL_NAME = re.compile(r"\b([A-Z][a-z]+) ([A-Z][a-z]{2,})\b(?! [A-Z])")
_DATE = re.compile(
    r"\b(\d{1,2}) (January|February|March|April|June|July|August|September|October"
    r"|November|December)\b"
)
_SWAPS = (
    (" did not ", " didn't "),
    (" is not ", " isn't "),
    (" was not ", " wasn't "),
    (" cannot ", " can't "),
    (" such as ", " like "),
    (" in order to ", " to "),
    (" because ", " since "),
    (" although ", " even though "),
    (" however ", " though "),
    (" about ", " around "),
    (" approximately ", " about "),
    (" many ", " a lot of "),
    (" several ", " a number of "),
    (" must ", " has to "),
    (" began ", " started "),
    (" large ", " big "),
    (" large ", " sizeable "),
    (" important ", " significant "),
    (" said that ", " stated that "),
    (" said ", " declared "),
    (" told ", " informed "),
    (" used ", " employed "),
    (" located ", " situated "),
    (" purchase ", " buy "),
    (" obtain ", " get "),
    (" received ", " got "),
    (" made ", " produced "),
    (" children ", " kids "),
    (" people ", " persons "),
    (" company ", " firm "),
    (" country ", " nation "),
    (" war ", " conflict "),
    (" agreement ", " accord "),
    (" especially ", " particularly "),
    (" also ", " "),
    (" very ", " "),
    (" per cent", " percent"),
    ("%", " percent"),
    (" United States", " US"),
    (" United Kingdom", " UK"),
    (" more than ", " over "),
    (" before ", " prior to "),
    (" while ", " whereas "),
    (" nearly ", " almost "),
    (" helped ", " assisted "),
    (" showed ", " demonstrated "),
    (" ended ", " finished "),
    (" allowed ", " permitted "),
    (" needs ", " requires "),
    (" shows ", " displays "),
    (" called ", " known as "),
    (" built ", " constructed "),
    (" died ", " passed away "),
    (" became ", " turned into "),
)


def reword(claim: str, rng: random.Random, *, steps: int = 2) -> str:
    """Return `claim` after up to `steps` steps, in random order; itself when none applies."""
    chosen = list(STEPS)
    rng.shuffle(chosen)
    done = 0
    for step in chosen:
        if done >= steps:
            break
        new = step(claim, rng)
        if new and new != claim and len(new.split()) >= 4:
            claim, done = new, done + 1
    return claim


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def shorter(claim: str, _: random.Random) -> str | None:
    """Leave an aside out."""
    return re.sub(r"\s+", " ", _ASIDE.sub("", claim, count=1))


def cut(claim: str, _: random.Random) -> str | None:
    """Leave out what a clause at the end adds."""
    new = _TRAILING.sub(".", claim)
    return new if len(new.split()) >= 6 else None


def second(claim: str, _: random.Random) -> str | None:
    """Keep only the second of two main clauses."""
    found = _SECOND.search(claim)
    return _capital(claim[found.end() :]) if found else None


def unlinked(claim: str, _: random.Random) -> str | None:
    """Leave a linking word out."""
    return _capital(_LINKING.sub("", claim))


def moved(claim: str, _: random.Random) -> str | None:
    """Move what a sentence opens with to its end."""
    opening = _OPENING.match(claim)
    if not opening or len(claim) > 200:
        return None
    rest, first = claim[opening.end() :].rstrip("."), opening.group().rstrip(", ")
    return f"{_capital(rest)} {first[0].lower()}{first[1:]}."


def dropped(claim: str, _: random.Random) -> str | None:
    """Leave out what a sentence opens with."""
    opening = _OPENING.match(claim)
    return _capital(claim[opening.end() :]) if opening else None


def spelled(claim: str, _: random.Random) -> str | None:
    """Spell a small number."""
    found = _NUMBER.search(claim)
    if not found or int(found[1]) >= len(_SPELT):
        return None
    return claim[: found.start()] + _SPELT[int(found[1])] + claim[found.end() :]


def surname(claim: str, _: random.Random) -> str | None:
    """Leave a first name out."""
    found = _FULL_NAME.search(claim)
    return None if not found else claim[: found.start()] + found[2] + claim[found.end() :]


def dated(claim: str, _: random.Random) -> str | None:
    """Write a date the other way round."""
    return _DATE.sub(r"\2 \1", claim)


def swapped(claim: str, rng: random.Random) -> str | None:
    """Put another word of the same meaning in place of one."""
    found = [(old, new) for old, new in _SWAPS if old in claim]
    if not found:
        return None
    old, new = rng.choice(found)
    return re.sub(r" +", " ", claim.replace(old, new, 1))


def synonym(claim: str, rng: random.Random) -> str | None:
    """Put the nearest neighbour by word vector in place of a word, when that is very near."""
    known, table = poles(), lexicon()
    found = []
    for token, one in zip(read(claim).tokens, words(claim), strict=False):
        if token.name or not token.content or one.stem in known or token.word not in table.rows:
            continue
        if (near := _nearest(token.row)) and stem(near) != one.stem:
            found.append((one.start, one.start + len(one.text), near))
    if not found:
        return None
    start, end, new = rng.choice(found)
    return claim[:start] + new + claim[end:]


@lru_cache(maxsize=65536)
def _nearest(row: int) -> str | None:
    """Return the nearest neighbour of a word, when it is very near."""
    table = lexicon()
    cosines = table.vectors[:-1] @ table.vectors[row]
    cosines[row] = -1
    best = int(cosines.argmax())
    return tuple(table.rows)[best] if cosines[best] >= _SAME else None


STEPS: tuple[Step, ...] = (
    shorter,
    cut,
    second,
    unlinked,
    moved,
    dropped,
    spelled,
    surname,
    dated,
    swapped,
    synonym,
)
