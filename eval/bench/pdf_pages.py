"""Do citations of a PDF land on the right page? `python -m eval.bench.pdf_pages FOLDER [FILE]`.

Every PDF of FOLDER is loaded as `footnote index` loads it and cut into passages. Each passage is
then looked for with another library (pypdf) that knows nothing of our layout: on which page of the
file do most of the passage's rarer words stand? With FILE (rows of JSON with "question", "answers"
and "document_ids") an index is built, the questions whose files are all there are searched for, and
the pages of what was found are compared in the same way; told are also how often the first hit is
of the right file, and how many of an answer's figures are found. Needs the extra `dev`.
"""

import argparse
import json
import os
import re
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from index.load import load
from index.passage import Document
from index.split import split_passages

_LIMIT = 200 << 20
_TOKEN = re.compile(r"\w+")
_NEEDED = 5
_FIGURE = re.compile(r"(?<![\d.,])\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+\.\d+")
"""A figure that tells an answer: one with a comma or a point, so that no year or note is one."""


@dataclass
class Tally:
    """How many stand on the cited page (`alone`: on no other), elsewhere, or cannot be told."""

    right: int = 0
    alone: int = 0
    wrong: int = 0
    unclear: int = 0

    def add(self, cited: int | None, likely: set[int]) -> None:
        """Count one citation of page `cited` whose words stand on the `likely` pages."""
        if not likely:
            self.unclear += 1
        elif cited in likely:
            self.right += 1
            self.alone += len(likely) == 1
        else:
            self.wrong += 1

    def __str__(self) -> str:
        known = self.right + self.wrong
        share = f"{self.right / known:.4f}" if known else "none"
        return (
            f"{share} right ({self.right} of {known}, {self.alone} of them with no other page as "
            f"likely; {self.unclear} too short to tell)"
        )


class OtherReading:
    """The words of each page of a PDF, as pypdf extracts them."""

    def __init__(self, file: Path) -> None:
        import pypdf

        pages = pypdf.PdfReader(file).pages
        self._pages = [Counter(_tokens(page.extract_text())) for page in pages]
        self._held = Counter(word for page in self._pages for word in page)

    def likely(self, quote: str) -> set[int]:
        """Return the pages, from 1, that hold most words of `quote`, rare ones counting more.

        Pages within 2 % of the best are all returned: a sentence may stand twice. None when the
        quote has too few words to tell, or no page holds 80 % of it.
        """
        words = Counter(_tokens(quote))
        if len(words) < _NEEDED:
            return set()
        weights = {word: 1 / max(self._held[word], 1) for word in words}
        whole = sum(weights.values())
        scores = [sum(weights[word] for word in words if page[word]) for page in self._pages]
        best = max(scores)
        if best < 0.8 * whole:
            return set()
        return {number for number, score in enumerate(scores, 1) if score >= 0.98 * best}


def _tokens(text: str) -> Iterable[str]:
    # Two libraries part words and figures in different places: letters and digits by themselves.
    return (token.casefold() for token in _TOKEN.findall(text.replace("\u00ad", "")))


def _first_page(document: Document, start: int, end: int) -> Iterator[tuple[int | None, str]]:
    """Yield the page that a citation names, and what of its quote stands on it."""
    page = next((p for p in document.pages if p.start <= start < p.end), None)
    number = page.number if page else None
    yield number, document.text[start : min(end, page.end) if page else end]


def _documents(files: Sequence[Path]) -> Iterator[tuple[Path, Document]]:
    spent, pages = 0.0, 0
    for file in files:
        before = os.times()
        document = load(file, id=file.stem, source=str(file), max_bytes=_LIMIT)
        spent += sum(os.times()[:4]) - sum(before[:4])  # ours, and that of the process which reads
        pages += len(document.pages)
        yield file, document
    print(f"{pages} pages, {pages / spent:.0f} a second of CPU")


def passages(files: Sequence[Path], others: dict[str, OtherReading]) -> Tally:
    """Compare every passage of every file."""
    tally = Tally()
    for file, document in _documents(files):
        for passage in split_passages(document):
            for cited, quote in _first_page(document, passage.start, passage.end):
                likely = others[file.name].likely(quote)
                if likely and cited not in likely:
                    print(f"{file.name}: cited {cited}, found on {sorted(likely)}: {quote[:90]!r}")
                tally.add(cited, likely)
    return tally


@dataclass
class Found:
    """What is found for questions: on which pages, in which files, and with which figures.

    `shares` are, for each question whose answer has figures that stand in its files, the shares of
    those that stand in the passages found; `named` how many questions have a hit first that is of
    one of their files.
    """

    pages: Tally
    shares: list[float]
    asked: int = 0
    named: int = 0

    def __str__(self) -> str:
        found = sum(self.shares) / len(self.shares) if self.shares else 0.0
        none = sum(not share for share in self.shares)
        return (
            f"{self.asked} questions\nwhat was found: {self.pages}\n"
            f"the first hit is of a file that is asked about: {self.named} of {self.asked}\n"
            f"figures of the answer among what was found: {found:.3f} (mean of "
            f"{len(self.shares)} questions that have some; none of them in {none})"
        )


def questions(
    files: Sequence[Path], rows: Sequence[dict[str, Any]], others: dict[str, OtherReading]
) -> Found:
    """Ask what is about these files alone."""
    from assistant.settings import load_settings
    from assistant.wiring import Wanted, build_index, open_searcher

    found, settings = Found(Tally(), []), load_settings()
    known = {file.name for file in files}
    with tempfile.TemporaryDirectory() as folder:
        index = Path(folder, "index")
        build_index(settings, Wanted(tuple(map(str, files))), index)
        with open_searcher(settings, index) as searcher:
            texts = {Path(one.source).name: one.text for one in searcher.documents()}
            for row in rows:
                wanted = set(row.get("document_ids") or ())
                if not wanted or not wanted <= known:
                    continue
                hits = searcher.search(str(row["question"]), 8)
                found.asked += 1
                found.named += Path(hits[0].document.source).name in wanted
                for hit in hits:
                    name = Path(hit.document.source).name
                    start, end = hit.passage.start, hit.passage.end
                    for cited, quote in _first_page(hit.document, start, end):
                        found.pages.add(cited, others[name].likely(quote))
                figures = set(_FIGURE.findall(" ".join(row["answers"])))
                figures &= set(_FIGURE.findall(" ".join(texts[name] for name in wanted)))
                if figures:
                    held = set(_FIGURE.findall(" ".join(hit.passage.text for hit in hits)))
                    found.shares.append(len(figures & held) / len(figures))
    return found


def main() -> None:
    """Print the shares."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("questions", type=Path, nargs="?")
    options = parser.parse_args()
    files = sorted(options.folder.glob("*.pdf"))
    others = {file.name: OtherReading(file) for file in files}
    print(f"passages: {passages(files, others)}")
    if options.questions:
        lines = options.questions.read_text("utf-8").splitlines()
        print(questions(files, [json.loads(line) for line in lines], others))


if __name__ == "__main__":
    main()
