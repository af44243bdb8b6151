"""What was changed in a claim that stays near one sentence: `edits(claim, nearest)`.

A claim that keeps most words of a sentence, in their order, says the same but for what was changed;
so what was changed decides, however many words are shared. Each sign counts changes that turn a
true sentence into a false one: a word or name in another's place, a "not" put in or left out, names
that changed places. Pure. 0 says that nothing was noticed; a claim in other words or another order
is not looked at.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from assistant.evidence import likeness
from assistant.lexicon import NEGATIONS, SYMMETRIC, lexicon
from assistant.reading import Reading, Token

_KEPT, _FEWEST = 0.7, 4
"""Share of the claim's words, and how many, that must stand in the sentence in their order."""

_KEPT_BUT_WORDS = 0.8
"""The share from which on a plain word in another's place counts, too."""

_ALIKE, _UNLIKE = 0.5, 0.25
_TELLING = 0.3
"""How rare a word must be to say something by itself: "called" for "known" does not."""

_WORD, _PHRASE = 2, 3
"""How long a change is at most, on either side: a plain word with an article, or a phrase."""

_CONTRASTS = tuple(
    tuple(frozenset(pole.split()) for pole in line.split("|"))
    for line in (
        "on | off",
        "up | down",
        "in into | out",
        "from | to into toward towards",
        "before | after since | during",
        "with | without",
        "may might could can should | must will shall did",
        "more | less fewer",
        "most | least",
        "all every each | some many several most few",
        "and | or",
        "because | despite although",
        "for | against",
        "over above | under below",
        "both either | neither",
        "always | sometimes often usually | never",
    )
)


@dataclass(frozen=True, slots=True)
class Edits:
    """How many names and words stand in others' place, what else was turned, and if names moved."""

    renamed: int = 0
    reworded: int = 0
    contrasted: int = 0
    denied: int = 0
    moved: int = 0


UNCHANGED = Edits()


@dataclass(frozen=True, slots=True)
class _Block:
    """Words of the sentence, and the words of the claim that stand in their place."""

    old: tuple[Token, ...]
    new: tuple[Token, ...]


def edits(claim: Reading, nearest: Reading) -> Edits:
    """Count what was changed; nothing, when too little of the sentence was kept to tell."""
    codes = SequenceMatcher(
        None, [t.key for t in nearest.tokens], [t.key for t in claim.tokens], autojunk=False
    ).get_opcodes()
    kept = sum(end - start for tag, start, end, _, _ in codes if tag == "equal")
    share = kept / max(len(claim.tokens), 1)
    if share < _KEPT or kept < _FEWEST:
        return UNCHANGED
    inside = [
        _Block(nearest.tokens[i:j], claim.tokens[k:m])
        for place, (tag, i, j, k, m) in enumerate(codes)
        # What the sentence has before and behind the claim was left out, not changed.
        if tag != "equal" and (m > k or 0 < place < len(codes) - 1)
    ]
    # Where more differs, it was told in other words.
    retold = [block for block in inside if max(len(block.old), len(block.new)) > _PHRASE]
    blocks = [block for block in inside if block not in retold]
    excused = claim.excused or nearest.excused or any(map(_denials, retold))
    told = nearest.tokens[_told(codes)]
    held = frozenset(t.key for t in nearest.tokens)
    names = frozenset(t.key for t in (*claim.tokens, *nearest.tokens) if t.name)
    plain = share >= _KEPT_BUT_WORDS
    return Edits(
        renamed=sum(_renamed(block, names, held) for block in blocks),
        reworded=sum(_reworded(block, held) for block in blocks) if plain else 0,
        contrasted=sum(map(_contrasted, blocks)),
        denied=0 if excused else sum(map(_denials, blocks)) % 2,
        moved=int(_moved(claim.tokens, told, names)),
    )


def _told(codes: Sequence[tuple[str, int, int, int, int]]) -> slice:
    """Return the words that the claim tells again: all but what it leaves out at either end."""
    (first, _, start, *_), (last, end, *_) = codes[0], codes[-1]
    return slice(start if first == "delete" else 0, end if last == "delete" else None)


def _renamed(block: _Block, names: frozenset[str], held: frozenset[str]) -> int:
    """Count the names that stand where the sentence has others, none of them akin."""
    old = [t for t in block.old if t.key in names]
    new = [t for t in block.new if t.key in names - held]
    akin = any(likeness(one, other) >= _ALIKE for one in new for other in old)
    return 0 if not old or akin else len(new)


def _reworded(block: _Block, held: frozenset[str]) -> bool:
    """Tell whether a word that says something stands where another does that is nothing like it."""
    old, new = ([t for t in side if t.content] for side in (block.old, block.new))
    if len(old) != 1 or len(new) != 1 or max(len(block.old), len(block.new)) > _WORD:
        return False
    one, other = old[0], new[0]
    known, unknown = lexicon(), len(lexicon().vectors) - 1
    return (
        other.key not in held
        and not (one.name or other.name)
        and unknown not in (one.row, other.row)
        and min(known.rare(one.word), known.rare(other.word)) >= _TELLING
        and likeness(one, other) < _UNLIKE
    )


def _contrasted(block: _Block) -> int:
    old, new = {t.word for t in block.old}, {t.word for t in block.new}
    return sum(
        bool(old & one and new & other and not old & other and not new & one)
        for axis in _CONTRASTS
        for one in axis
        for other in axis
        if one is not other
    )


def _denials(block: _Block) -> int:
    """Count how many more words of denial the sentence has here than the claim."""
    return sum(t.word in NEGATIONS for t in block.old) - sum(t.word in NEGATIONS for t in block.new)


def _moved(claim: Sequence[Token], told: Sequence[Token], names: frozenset[str]) -> bool:
    """Tell whether nothing but the order of names differs, about words for which it matters."""
    if [t.key for t in claim if t.key not in names] != [t.key for t in told if t.key not in names]:
        return False
    ours = [t.key for t in claim if t.key in names]
    theirs = [t.key for t in told if t.key in set(ours)]
    if sorted(ours) != sorted(theirs) or ours == theirs:
        return False
    places = [i for i, t in enumerate(claim) if t.key in names]
    between = {t.key for t in claim[places[0] : places[-1]] if t.content}
    return not between - names <= SYMMETRIC
