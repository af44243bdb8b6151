"""Make `assistant/words.npz`, what `assistant/support.py` knows of words:
`python -m eval.fit_words DATA [--write]`.

For each of some thirty thousand English words: a short vector (the embedding model's own vector of
the word alone, its main directions kept, as 8-bit integers), how rare it is, and how often it is
written with a capital inside a sentence, which tells names from other words. The words are those
that the model's tokenizer knows whole and those that are frequent in DATA; of the texts in DATA
only these counts are kept. Some two minutes.
"""

import argparse
import json
import re
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assistant.lexicon import WORDS_FILE
from index.embed import BUNDLED_MODEL, open_model, prepare_model
from index.words import fold

DIMENSION = 96
"""Directions kept of the model's 384: fewer lose synonyms, more only weigh."""

MIN_COUNT = 15
"""How often a word must stand in DATA to be taken up beside the tokenizer's own."""

_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
_TEXT_KEYS = ("context", "text", "document")


def texts(data: Path) -> Iterator[str]:
    """Yield every distinct text of the sets in `data` (folders support/ and qa/)."""
    seen: set[int] = set()
    for file in sorted([*data.glob("support/*.jsonl"), *data.glob("qa/*.jsonl")]):
        with file.open(encoding="utf-8") as rows:
            for row in map(json.loads, rows):
                for text in _texts_of(row):
                    if hash(text) not in seen:
                        seen.add(hash(text))
                        yield text


def _texts_of(row: dict[str, Any]) -> Iterator[str]:
    for key in _TEXT_KEYS:
        value = row.get(key)
        if isinstance(value, str) and len(value) > 80:
            yield value


def counts(data: Path) -> tuple[Counter[str], Counter[str], int]:
    """Return in how many texts each word stands, how often it has a capital inside a sentence where
    it could have none (by its share, as a count of 1,000ths), and the number of texts.
    """
    held: Counter[str] = Counter()
    inside: Counter[str] = Counter()
    capital: Counter[str] = Counter()
    number = 0
    for text in texts(data):
        number += 1
        held.update({fold(word) for word in _WORD.findall(text)})
        for match in _WORD.finditer(text):
            before = text[max(0, match.start() - 2) : match.start()]
            if len(before) == 2 and before[1] == " " and (before[0].isalnum() or before[0] == ","):
                word = fold(match.group())
                inside[word] += 1
                capital[word] += match.group()[0].isupper()
    share = Counter({w: round(1000 * capital[w] / n) for w, n in inside.items() if n >= 3})
    return held, share, number


def vectors(words: list[str], cache: Path) -> NDArray[np.int8]:
    """Return the words' vectors, (words, DIMENSION), scaled to length 127."""
    model = open_model(prepare_model(BUNDLED_MODEL, cache))
    full = np.array([model.embed_question(word) for word in words])
    centred = full - full.mean(axis=0)
    _, _, directions = np.linalg.svd(centred[::3], full_matrices=False)
    kept = centred @ directions[:DIMENSION].T
    kept /= np.maximum(np.linalg.norm(kept, axis=1, keepdims=True), 1e-9)
    scaled: NDArray[np.int8] = np.round(kept * 127).astype(np.int8)
    return scaled


def main() -> None:
    """Count, embed, and with --write replace the file that ships."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, help="folder of the public sets")
    parser.add_argument("--work", type=Path, default=Path("build/support"))
    parser.add_argument("--write", action="store_true", help=f"write {WORDS_FILE.name}")
    arguments = parser.parse_args()
    held, share, number = counts(arguments.data)
    model = open_model(prepare_model(BUNDLED_MODEL, arguments.work / "cache"))
    frequent = [w for w, n in held.items() if n >= MIN_COUNT and w.isascii() and w.isalpha()]
    words = sorted({*model.vocabulary(), *frequent})
    words = [word for word in words if len(word) > 1]
    rarity = np.array([np.log((number + 1) / (held[w] + 1)) for w in words])
    rarity = np.round(255 * np.clip(rarity / np.log(number + 1), 0, 1)).astype(np.uint8)
    capital = np.array([min(share[w] // 4, 250) if w in share else 255 for w in words], np.uint8)
    sys.stdout.write(f"{len(words)} words of {number} texts\n")
    if arguments.write:
        np.savez_compressed(
            WORDS_FILE,
            words=np.array("\n".join(words)),
            vectors=vectors(words, arguments.work / "cache"),
            rarity=rarity,
            capital=capital,
        )


if __name__ == "__main__":
    main()
