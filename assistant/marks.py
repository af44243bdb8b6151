"""The footnote marks that a language model writes: `read_marks("Abe left. [1, 3]", known=4)`.

Models are asked for "[2]" and write what they like: [1,2], [1][2], [^1], [1-3], 【1】, 【1†x】,
[passage 2], ¹², and at a sentence's end (1). All are understood; numbers of passages that do not
exist are dropped. What only looks like a mark, such as "[sic]" or "(1956)", stays text. Pure.
"""

import re

_NUMBERS = r"\^?\d{1,3}(?:\s*(?:,|;|&|and|-|–|—)\s*\^?\d{1,3})*"
_NAMED = r"(?:(?:passages?|sources?|documents?|docs?|refs?|no\.?|nr\.?|#)\s*:?\s*)?"
_SQUARE = rf"\[{_NAMED}{_NUMBERS}\](?!\()"
_LENTICULAR = rf"【{_NAMED}{_NUMBERS}[^】]{{0,40}}】"
_SUPERSCRIPT = "[⁰¹²³⁴⁵⁶⁷⁸⁹]+"
MARKS = re.compile(rf"(?:{_SQUARE}|{_LENTICULAR}|(?<=[.!?\"”’)\]]){_SUPERSCRIPT})", re.IGNORECASE)
"""One mark, wherever it stands."""

_ROUND_AT_THE_END = re.compile(
    rf"\s*\({_NAMED}(?P<numbers>{_NUMBERS})\)(?=[\s.!?…]*$)", re.IGNORECASE
)
_NUMBER = re.compile(r"(?P<first>\d{1,3})(?:\s*[-–—]\s*\^?(?P<last>\d{1,3}))?")
_DIGITS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")
_BEFORE_POINT = re.compile(r"\s+(?=[.,;:!?…](?:\s|$))")


def read_marks(text: str, known: int) -> tuple[str, tuple[int, ...]]:
    """Return `text` without its marks, and the numbers they name, 1 to `known`, each once.

    Marks of passages that do not exist leave the text as well, and name nothing.
    """
    numbers: list[int] = []

    def take(match: re.Match[str]) -> str:
        numbers.extend(_named(match.group(), known))
        return ""

    bare = MARKS.sub(take, text)
    if bare != text:
        bare = _BEFORE_POINT.sub("", re.sub(r"  +", " ", bare))
    ending = _ROUND_AT_THE_END.search(bare)
    named = list(_named(ending["numbers"], known)) if ending else []
    if ending and named:
        bare = bare[: ending.start()] + bare[ending.end() :]
        numbers += named
    return bare.strip(), tuple(dict.fromkeys(numbers))


def _named(mark: str, known: int) -> tuple[int, ...]:
    """Return the numbers in a mark, its ranges written out."""
    digits = mark.partition("†")[0]
    superscript = digits[0] in "⁰¹²³⁴⁵⁶⁷⁸⁹"
    digits = digits.translate(_DIGITS)
    if superscript and int(digits) > known:
        # "¹²" beside two passages is 1 and 2.
        found = [int(digit) for digit in digits]
    else:
        found = []
        for match in _NUMBER.finditer(digits):
            first, last = int(match["first"]), int(match["last"] or match["first"])
            found += range(first, min(last, known) + 1) if last > first else [first]
    return tuple(number for number in found if 1 <= number <= known)
