"""Letters that look like others: `skeleton(text)` has the Latin words that a reader sees in it.

A reader takes a Cyrillic, a mathematical or a full-width letter "o" for an "o"; a program that
looks for words does not, unless it looks at what a reader sees. For judging only: what is shown and
cited is never changed. The table is ours, of the letters that common fonts draw alike; it is far
smaller than Unicode's (Technical Standard 39), which also has what only resembles. Pure.
"""

import re
import unicodedata

_ALIKE = str.maketrans(
    dict(
        zip(
            "АВЕКМНОРСТУХІЈЅасеорухіјѕԁһԛԝгΑΒΕΖΗΙΚΜΝΟΡΤΥΧαικνορτυχıİɡɑ",
            "ABEKMHOPCTYXIJSaceopyxijsdhqwrABEZHIKMNOPTYXaikvoptuxiIga",
            strict=True,
        )
    )
)
_UNSEEN = re.compile(
    "[\xad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff]"
)
_WORD = re.compile(r"\b[a-zA-Z0-9_]*[^\W\x00-\x7f]\w*")
"""A word with something other than ASCII in it."""


def skeleton(text: str) -> str:
    """Return `text` with the letters that a reader takes them for, where that makes a Latin word.

    Words of other scripts stay: one letter that has no Latin double keeps the whole word.
    """
    if text.isascii():
        return text
    return _WORD.sub(_latin, unicodedata.normalize("NFKC", _UNSEEN.sub("", text)))


def _latin(match: re.Match[str]) -> str:
    word = match.group()
    alike = word.translate(_ALIKE)
    return alike if alike.isascii() else word
