"""The composition root: Settings in, an Assistant out. Only this module knows concrete classes.

assistant = open_assistant(load_settings(), index=None)     # None: the bundled article
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from assistant.answerability import load_model
from assistant.ask import Assistant
from assistant.quote import QuotingWriter
from assistant.settings import Settings
from assistant.support import SupportModel, load_support
from index.search import Searcher, open_index

if TYPE_CHECKING:
    from index.assemble import Progress
    from index.build import BuildReport


def open_assistant(
    settings: Settings, index: Path | None, progress: "Progress | None" = None
) -> Assistant:
    """Return an assistant for `index`, or for the one in the settings, or for the bundled article.

    The bundled article is indexed on first use; `progress` is told of that. Raises IndexUnavailable
    or ModelError.
    """
    searcher = open_searcher(settings, index, progress)
    return Assistant(
        searcher,
        QuotingWriter(searcher, load_model(), settings.answer_threshold),
        open_support(settings),
        hits=settings.hits,
        max_question_chars=settings.max_question_chars,
    )


def open_support(settings: Settings) -> SupportModel:
    """Return the judge of claims; it needs no index and no embedding model."""
    return load_support(settings.min_support)


def open_searcher(
    settings: Settings, index: Path | None, progress: "Progress | None" = None
) -> Searcher:
    """Return a searcher for `index`, or for the one in the settings, or for the bundled article."""
    chosen = index or settings.index
    if chosen is None:
        from index.bundled import bundled_index

        chosen = bundled_index(settings.cache_dir, settings.embedding_model, progress)
    return open_index(chosen)


def build_index(
    settings: Settings, paths: Sequence[Path], index: Path, progress: "Progress | None" = None
) -> "BuildReport":
    """Bring `index` up to date with `paths`; see `index.build.build`."""
    from index.build import MEBIBYTE, BuildOptions, build

    options = BuildOptions(
        cache=settings.cache_dir,
        model=settings.embedding_model,
        max_file_bytes=settings.max_file_mb * MEBIBYTE,
        lock_seconds=settings.lock_seconds,
    )
    return build(paths, index, options, progress)
