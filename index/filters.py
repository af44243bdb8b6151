"""Which documents a search may look into: `search(question, only=Filter(sources=("*.md",)))`.

Pure. A filter is decided by the documents, before anything is ranked: what it keeps out takes no
place among the hits.
"""

from dataclasses import dataclass
from fnmatch import fnmatchcase

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Filter:
    """Lets a document through when every part that is given does; an empty part lets all through.

    `documents` are ids. `sources` are patterns as a shell has them (`*`, `?`, `[…]`), of which one
    has to match the whole source; `*` also matches across folders.
    """

    documents: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()

    def admits(self, document_id: str, source: str) -> bool:
        """Tell whether the document of this id and source may be looked into."""
        return (not self.documents or document_id in self.documents) and (
            not self.sources or any(fnmatchcase(source, pattern) for pattern in self.sources)
        )


EVERYTHING = Filter()
"""The filter that lets every document through."""


def within(scores: NDArray[np.float32], allowed: NDArray[np.int64]) -> NDArray[np.float32]:
    """Return `scores`, shape (passages,), with 0 for each passage that is not `allowed`."""
    kept = np.zeros_like(scores)
    kept[allowed] = scores[allowed]
    return kept
