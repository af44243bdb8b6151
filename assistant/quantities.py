"""Numbers, amounts and dates, however they are written: `quantities("on 23 March, about $200m")`.

Pure. "twenty-seven" is 27, "$200 million" 200,000,000 dollars, "23rd of March" the day that "March
23" is, "two-thirds" 2/3, "90 minutes" an hour and a half. `given(wanted, found)` tells whether a
claim's quantity stands among those of its evidence. What counts as the same is decided here once: a
plain number has any unit, a year lies in its decade and its century, and a number that is called
rough may be a rounding of the one in the evidence.
"""

import math
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from assistant.number_words import (
    DECADES,
    FRACTIONS,
    MONTHS,
    ORDINALS,
    ROUGH,
    SCALES,
    SIGNS,
    SMALL,
    TENS,
    TIMES,
    UNITS,
)
from index.words import fold


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number in the text: its value in base units, and of what.

    `unit` is "" for a plain number, else "%", a currency, "ordinal", "day", "month", "clock",
    "decade", "century" or the base unit of a dimension ("s", "m", "g", "l"). `rough`: "" when it
    is meant exactly, "~" (about), ">" (more than) or "<" (less than) when it is not, and "a" for
    "an hour".
    """

    value: float
    unit: str
    start: int
    rough: str = ""


_TOKEN = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]{1,2}:[0-9]{2}|"
    r"[0-9]+(?:,[0-9]{3})+(?:\.[0-9]+)?|[0-9]*\.[0-9]+|[0-9]+|"
    r"[^\W\d_]+|[%$€£¥]|[^\w\s]"
)
_FIGURES = re.compile(r"[0-9]*\.?[0-9]+|[0-9]+(?:,[0-9]{3})+(?:\.[0-9]+)?")
_PART = re.compile(r"([½¼¾⅓⅔])")
_WAR = re.compile(r"\bworld war (ii|i|two|one|2|1)\b", re.IGNORECASE)
_DOTTED = re.compile(r"\b([ap])\.m\.", re.IGNORECASE)
_CONVERTED = 0.004
_CLOSE = 0.25
"""How far above "more than 25" the evidence's number may be, as a share."""


@lru_cache(maxsize=8192)
def quantities(text: str) -> tuple[Quantity, ...]:
    """Return the quantities of `text` in order; "one" and "first" mean too much else to count."""
    return tuple(_Reader(text).read())


def given(wanted: Quantity, found: Sequence[Quantity]) -> bool:
    """Tell whether a claim's quantity stands among those `found` in its evidence."""
    return any(_same(wanted, one) for one in found)


def checkable(one: Quantity) -> bool:
    """Tell whether a claim's quantity has to be given: "one of them" and "a year" need not be."""
    return one.rough != "a" and not (one.value == 1 and one.unit == "")


def _same(wanted: Quantity, one: Quantity) -> bool:
    if wanted.unit != one.unit and not _comparable(wanted, one):
        return False
    if wanted.unit in {"decade", "century"} and one.unit == "":
        span = 10 if wanted.unit == "decade" else 100
        return wanted.value <= one.value < wanted.value + span
    # Only a measure that was converted may be a little off: 13 lb are 6 kg.
    slack = _CONVERTED if "" not in {wanted.unit, one.unit} and wanted.unit in "smgl" else 1e-6
    if math.isclose(wanted.value, one.value, rel_tol=slack):
        return True
    if one.rough == "" and _rounds(wanted, one.value):
        return True
    if {wanted.unit, one.unit} != {"%", ""}:
        return False
    part, percent = sorted((wanted.value, one.value))
    return part <= 1 and math.isclose(100 * part, percent, abs_tol=1.0)


def _comparable(wanted: Quantity, one: Quantity) -> bool:
    """Tell whether two different units may still mean one thing: one is plain, or it is a year."""
    fixed = {"day", "month", "ordinal", "clock"}
    if fixed & {wanted.unit, one.unit}:
        return False
    return "" in {wanted.unit, one.unit}


def _rounds(wanted: Quantity, value: float) -> bool:
    """Tell whether the wanted number is a rounding of `value`, as rough as it says it is."""
    if not wanted.value or not value:
        return False
    if wanted.rough == ">":
        return wanted.value <= value <= wanted.value * (1 + _CLOSE)
    if wanted.rough == "<" and wanted.value * (1 - _CLOSE) <= value <= wanted.value:
        return True
    digits = len(f"{wanted.value:.6e}".split("e")[0].rstrip("0").replace(".", ""))
    if not wanted.rough and (digits < 2 or (float(value).is_integer() and value < 1e5)):
        return False
    magnitude = math.floor(math.log10(abs(value)))
    step = 10.0 ** (magnitude - digits + 1)
    return math.isclose(round(value / step) * step, wanted.value, rel_tol=1e-6)


class _Reader:
    """Reads one text from left to right."""

    def __init__(self, text: str) -> None:
        text = _WAR.sub(
            lambda m: (
                "the second world war"
                if m[1].lower() in {"ii", "two", "2"}
                else "the first world war"
            ),
            text,
        )
        text = _DOTTED.sub(r"\1m", _PART.sub(r" \1", text))
        text = unicodedata.normalize("NFKC", text).replace("\u2044", "/")
        found = list(_TOKEN.finditer(text))
        self.words = [fold(m.group()) for m in found]
        self.starts = [m.start() for m in found]
        self.joined = [m.start() > 0 and not text[m.start() - 1].isspace() for m in found]
        self.at = 0

    def read(self) -> Iterator[Quantity]:
        """Yield what is found."""
        while self.at < len(self.words):
            here = self.at
            found = self._date() or self._clock() or self._fraction() or self._amount()
            if found is None:
                self.at = here + 1
                continue
            rough = self._rough(here)
            for one in found:
                yield replace(one, start=self.starts[here], rough=one.rough or rough)

    def _word(self, ahead: int = 0) -> str:
        place = self.at + ahead
        return self.words[place] if 0 <= place < len(self.words) else ""

    def _rough(self, here: int) -> str:
        before = self.words[max(0, here - 3) : here]
        if "less" in before or "fewer" in before:
            return "<"
        return next((ROUGH[w] for w in reversed(before) if w in ROUGH), "")

    def _date(self) -> list[Quantity] | None:
        """Read "23 March 2022", "March 23", "the 23rd of March", "2022-03-23" or a month."""
        word = self._word()
        if re.fullmatch(r"\d{4}-\d{2}-\d{2}", word):
            year, month, day = map(int, word.split("-"))
            self.at += 1
            return [Quantity(year, "", 0), *_day(month, day)]
        if _is_whole(word) and 1 <= int(word) <= 31:
            ahead = 1 + (self._word(1) in {"st", "nd", "rd", "th"})
            ahead += self._word(ahead) == "of"
            if self._is_month(ahead):
                self.at += ahead + 1
                return _day(MONTHS[self._word(-1)], int(word))
        if self._is_month(0):
            month = MONTHS[word]
            self.at += 1
            if self._word() == ".":
                self.at += 1
            if self._word() == "the":
                self.at += 1
            figure = self._word()
            if _is_whole(figure) and len(figure) <= 2 and 1 <= int(figure) <= 31:
                self.at += 1 + (self._word(1) in {"st", "nd", "rd", "th"})
                return _day(month, int(figure))
            return [Quantity(month, "month", 0)]
        return None

    def _is_month(self, ahead: int) -> bool:
        word = self._word(ahead)
        if word not in MONTHS:
            return False
        if word not in {"may", "march", "mar", "sep", "jan"}:
            return True
        # "may" and "march" are months beside a figure or behind "in".
        beside = (self._word(ahead - 1), self._word(ahead + 1))
        return beside[0] in {"in", "of", "since", "until", "by", "on", "early", "late", "mid"} or (
            any(w[:1].isdigit() for w in beside) or beside[0] in {"st", "nd", "rd", "th"}
        )

    def _clock(self) -> list[Quantity] | None:
        word = self._word()
        if word in {"noon", "midday", "midnight"}:
            self.at += 1
            return [Quantity(0.0 if word == "midnight" else 720.0, "clock", 0)]
        hour, colon, minute = word.partition(":")
        if not _is_whole(hour) or not (colon or self._word(1) in {"am", "pm"}):
            return None
        self.at += 1
        half = self._word()
        hours = int(hour)
        if half in {"am", "pm"}:
            self.at += 1
            hours = hours % 12 + 12 * (half == "pm")
        return [Quantity(60.0 * hours + int(minute or 0), "clock", 0)]

    def _fraction(self) -> list[Quantity] | None:
        """Read "half", "two-thirds", "a quarter", "3/4"."""
        word = self._word()
        if _is_whole(word) and self._word(1) == "/" and _is_whole(self._word(2)):
            if not int(self._word(2)):
                return None
            self.at += 3
            return [Quantity(int(word) / int(self._word(-1)), "", 0)]
        if word in {"half", "halves"} and self._word(-1) not in {"first", "second"}:
            self.at += 1
            return [Quantity(0.5, "", 0)]
        ahead = 1 + (self._word(1) == "-")
        part = self._word(ahead)
        if part not in FRACTIONS or not (word in SMALL or word in {"a", "an"}):
            return None
        # "a third motive" is no fraction, "a third of them" is.
        if word in {"a", "an", "one"} and self._word(ahead + 1) not in {"of", "full", ".", ","}:
            return None
        self.at += ahead + 1
        return [Quantity(SMALL.get(word, 1) * FRACTIONS[part], "", 0)]

    def _amount(self) -> list[Quantity] | None:
        """Read a number in figures or words with its scale, ending, currency and unit."""
        sign = SIGNS.get(self._word())
        if sign:
            self.at += 1
        word = self._word()
        value = self._figures() if _FIGURES.fullmatch(word) else self._spelled()
        if value is None:
            return self._single()
        value += self._and_a_part()
        if self._word() in {"st", "nd", "rd", "th"} and self.joined[self.at]:
            self.at += 1
            return self._ordinal(value)
        if self._word() == "s" and self.joined[self.at] and value >= 20 and value % 10 == 0:
            self.at += 1
            return [Quantity(value + 1900 * (value < 100), "decade", 0)]
        return [Quantity(*self._with_unit(value, sign or ""), 0)]

    def _and_a_part(self) -> float:
        """Read what stands behind "two" in "two and a half" or behind 2 in 2½."""
        for spelled, part in (("and a half", 0.5), ("and a quarter", 0.25), ("1 / 2", 0.5)):
            wanted = spelled.split()
            if self.words[self.at : self.at + 3] == wanted:
                self.at += 3
                return part
        return 0.0

    def _figures(self) -> float:
        value = float(self._word().replace(",", ""))
        self.at += 1
        while self._word() in SCALES and (len(self._word()) > 1 or self.joined[self.at]):
            if self._word() == "m" and value > 999:
                break
            value *= SCALES[self._word()]
            self.at += 1
        return value

    def _spelled(self) -> float | None:
        """Read "two hundred and five thousand"; None where no number word stands."""
        here, total, part, read = self.at, 0.0, 0.0, 0
        while True:
            word = self._word()
            if word in SMALL:
                part += SMALL[word]
            elif word in TENS:
                part += TENS[word]
            elif word in SCALES and len(word) > 2 and (read or self._word(-1) in {"a", "an"}):
                part = max(part, 1.0) * SCALES[word]
                if part >= 1000:
                    total, part = total + part, 0.0
            elif read and word in {"-", "and"} and self._goes_on():
                self.at += 1
                continue
            else:
                break
            read += 1
            self.at += 1
            if word == "both" or {word, self._word()} <= SMALL.keys() - {"dozen"}:
                break
            if self._word() == "dozen":
                part *= 12
                self.at += 1
        if not read:
            self.at = here
            return None
        return total + part

    def _goes_on(self) -> bool:
        number = self._word(1) in SMALL or self._word(1) in TENS
        if self._word() == "-":
            return number and self._word(-1) in TENS
        return number and self._word(-1) in SCALES

    def _single(self) -> list[Quantity] | None:
        word = self._word()
        if word in {"a", "an"} and self._word(1) in UNITS and len(self._word(1)) > 2:
            base, factor = UNITS[self._word(1)]
            self.at += 2
            part = self._and_a_part()
            return [Quantity(factor * (1 + part), base, 0, "" if part else "a")]
        if word in ORDINALS:
            self.at += 1
            return self._ordinal(float(ORDINALS[word]))
        for table, unit in ((TIMES, ""), (DECADES, "decade")):
            if word in table:
                self.at += 1
                return [Quantity(table[word], unit, 0)]
        return None

    def _ordinal(self, value: float) -> list[Quantity]:
        ahead = int(self._word() == "-")
        if self._word(ahead) in {"century", "centuries"}:
            self.at += ahead + 1
            return [Quantity(100 * (value - 1), "century", 0)]
        return [Quantity(value, "ordinal", 0)] if value > 1 else []

    def _with_unit(self, value: float, unit: str) -> tuple[float, str]:
        ahead = int(self._word() == "-")
        word = self._word(ahead)
        if word == "per" and self._word(ahead + 1) == "cent":
            self.at += ahead + 2
            return value, "%"
        if unit or word not in UNITS or (word == "m" and not self.joined[self.at]):
            return value, unit
        if word == "pound" and not ahead:
            return value, unit
        self.at += ahead + 1
        base, factor = UNITS[word]
        return value * factor, base


def _is_whole(word: str) -> bool:
    return word.isascii() and word.isdigit()


def _day(month: int, day: int) -> list[Quantity]:
    return [Quantity(100.0 * month + day, "day", 0), Quantity(month, "month", 0)]
