"""Cut text into words: `words("Abe's 27 meetings in Hokkaidō")`, with the stem each is matched by.

One way of cutting for the lexical index and for whoever compares a question with a sentence, so
that the two never disagree about what a word is. Pure. English is stemmed (Snowball, through
PyStemmer); runs of scripts that put no spaces between words (Chinese, Japanese, Thai and the like)
become overlapping pairs: no dictionary, and a new name is found as well as an old word.
"""

import re
import threading
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import Stemmer

_CJK = (
    "\u3005-\u3007\u3041-\u309f\u30a1-\u30fa\u30fc-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af"
    "\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003ffff"
    "\u0e01-\u0e4e\u0e80-\u0ece\u1000-\u103f\u1780-\u17d3"  # Thai, Lao, Burmese, Khmer
)
# An accent may stand as a character of its own behind its letter, as in text from a Mac; vowels do
# in the scripts of India, whose blocks are laid out alike, and points in Hebrew and Arabic.
_MARKS = (
    "\u0300-\u036f\u0591-\u05bd\u05bf-\u05c7\u064b-\u065f\u0670\u0d82\u0d83\u0dca-\u0ddf"
    + "".join(
        f"{chr(at + 1)}-{chr(at + 3)}{chr(at + 0x3C)}{chr(at + 0x3E)}-{chr(at + 0x4D)}"
        for at in range(0x900, 0xD80, 0x80)
    )
)
_LETTER = rf"(?![{_CJK}])[^\W_][{_MARKS}]*"
_WORD = re.compile(rf"[{_CJK}]+|(?:[^\W\d_]\.){{2,}}|(?:{_LETTER})+(?:[.,](?=\d)\d+)*")
_CJK_RUN = re.compile(rf"[{_CJK}]")
_POSSESSIVE = re.compile(r"['’]s\b", re.IGNORECASE)
_LOCAL = threading.local()

STOP_WORDS = frozenset(
    """a about again all also am an and any are as at be been being both but by can could did do
    does doing done each few for from had has have having he her here hers him his how i if in into
    is it its just may me might more most must my no nor not of on or other our ours own per same
    shall she should so some such t than that the their theirs them then there these they this those
    to too us very was wat we were what when where which who whom whose why will with would you your
    yours d ll re ve m""".split()
)
"""Words that ask or connect and name nothing; matching them would say nothing ("wat" is a typo)."""


@dataclass(frozen=True, slots=True)
class Word:
    """A word as written, and the `stem` it is matched by (casefolded, without accents, stemmed)."""

    text: str
    stem: str
    start: int

    @property
    def is_content(self) -> bool:
        """Whether the word names something; False for "the", "what", "did"."""
        return self.text.casefold() not in STOP_WORDS


@lru_cache(maxsize=4096)
def words(text: str) -> tuple[Word, ...]:
    """Return the words of `text` in order; `Word.start` is an offset into `text`.

    Numbers stay whole ("1956", "7,731.5"), "Abe's" is "Abe", "U.S." one word; white space and
    symbols are dropped.
    """
    # Blanked, not removed, so that offsets stay true.
    plain = _POSSESSIVE.sub(lambda match: " " * len(match.group()), text)
    return tuple(_words(plain))


def content_stems(text: str) -> list[str]:
    """Return the stems of the content words of `text`, in order, repetitions kept."""
    return [word.stem for word in words(text) if word.is_content]


def fold(text: str) -> str:
    """Return `text` casefolded and without accents: "Hokkaidō" and "hokkaido" become one.

    What is nothing but marks, as half a syllable of Burmese or Thai can be, keeps them.
    """
    # Twice: taking "℃" apart gives a capital, and a folded letter may come apart again.
    decomposed = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    return "".join(c for c in decomposed if not unicodedata.combining(c)) or decomposed


def _words(text: str) -> Iterator[Word]:
    for match in _WORD.finditer(text):
        run, start = match.group(), match.start()
        if run.isascii() or not _CJK_RUN.match(run):
            yield Word(run, stem(run), start)
        elif len(run) == 1:
            yield Word(run, run, start)
        else:
            for i in range(len(run) - 1):
                yield Word(run[i : i + 2], run[i : i + 2], start + i)


@lru_cache(maxsize=65536)
def stem(word: str) -> str:
    """Return what `word` is matched by."""
    # A Snowball stemmer holds state while it works: one for each thread.
    if not hasattr(_LOCAL, "stemmer"):
        _LOCAL.stemmer = Stemmer.Stemmer("english")
    # "U.S." is matched as "us"; the point in "3.5" stays.
    plain = fold(word) if word[0].isdigit() else fold(word).replace(".", "")
    stemmed: str = _LOCAL.stemmer.stemWord(plain)
    return stemmed
