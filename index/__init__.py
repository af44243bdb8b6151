"""Documents in, ranked passages out: `open_index("my-index").search("why …?")`.

Knows nothing of chat. Importing this package costs nothing: what is named is loaded when it is
used.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from index.build import build
    from index.search import Searcher, open_index

__all__ = ["Searcher", "build", "open_index"]

_HOMES = {"Searcher": "index.search", "open_index": "index.search", "build": "index.build"}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'index' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)
