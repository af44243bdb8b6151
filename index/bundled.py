"""The article that comes with Footnote: `bundled_index(cache, model)` is where its index lies.

It is built on first use, in the cache folder, under a name made from everything it depends on, so
that a new version of the article or of the splitter gets a new one.
"""

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from index.generation import FORMAT
from index.split import SPLITTER

if TYPE_CHECKING:
    from index.assemble import Progress

ARTICLES = Path(__file__).with_name("articles")
SUGGESTIONS = (
    "Why did Abe court Putin?",
    "What was in the eight-point plan?",
    "How many times did Abe and Putin meet?",
)
"""Questions that a channel may offer to whoever does not know what to ask."""


def bundled_index(cache: Path, model: str, progress: "Progress | None" = None) -> Path:
    """Return the bundled articles' index, built now if it was not there yet.

    `model` is the embedding model, `cache` the folder for what can be made again. Raises ModelError
    or MissingExtra when it cannot be built.
    """
    digest = hashlib.sha256(f"{FORMAT} {SPLITTER} {model}".encode())
    for article in sorted(ARTICLES.glob("*.md")):
        digest.update(article.read_bytes())
    index = cache / "bundled" / digest.hexdigest()[:16]
    if not (index / "current").is_file():
        from index.build import BuildOptions, build

        build([ARTICLES], index, BuildOptions(cache=cache, model=model, base=ARTICLES), progress)
    return index
