"""Assemble a generation's files from its documents: `assemble(folder, recipe, entries, report)`.

Everything is written into a folder beside, flushed, the manifest last, and the folder renamed into
place: `folder` is either finished or not there.
"""

import hashlib
import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.lib.format import open_memmap
from numpy.typing import NDArray

from index.catalog import Catalog, Entry, write_catalog
from index.embed import MODEL_FILES, Embedder
from index.embedded import Embedded
from index.generation import FORMAT, Manifest, files_of, read_manifest, sync_folder, write_manifest
from index.lexical import write_lexical
from index.passage import Document, Passage, Span, found_by
from index.split import SPLITTER, split_passages
from index.store import write_vectors
from index.words import fold, words

Progress = Callable[[str, int, int], None]
"""Called as (what is being done, how much of it is done, of how much; 0 when that is unknown)."""

_BATCH = 16


@dataclass(frozen=True)
class Recipe:
    """What a generation is made with; `model` is the exported model's folder, None for one of the
    caller's own, `reusable` an earlier generation whose vectors may be taken over, and `partial`
    the file that keeps vectors while they are made.
    """

    id: str
    embedder: Embedder
    model: Path | None
    reusable: Path | None
    partial: Path | None = None


def entry_for(document: Document, origin: str, content_hash: str) -> Entry:
    """Split a document into its entry; the same document always gives the same entry."""
    passages = tuple(split_passages(document))
    keys = tuple(_vector_key(document, passage) for passage in passages)
    return Entry(document, origin, content_hash, passages, keys)


def assemble(
    folder: Path, recipe: Recipe, entries: Sequence[Entry], report: Progress
) -> tuple[Manifest, int]:
    """Make the generation `folder`; return its manifest and how many passages were embedded."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    aside = Path(tempfile.mkdtemp(dir=folder.parent, prefix=".new-"))
    try:
        embedded, sentences = _write(aside, recipe, entries, report)
        report("writing to disk", 0, 0)
        manifest = Manifest(
            format=FORMAT,
            id=recipe.id,
            created=datetime.now(UTC).isoformat(timespec="seconds"),
            embedder=recipe.embedder.fingerprint,
            model=recipe.embedder.name,
            dimension=recipe.embedder.dimension,
            splitter=SPLITTER,
            documents=len(entries),
            passages=sum(len(entry.passages) for entry in entries),
            sentences=sentences,
            files=files_of(aside),
        )
        aside.chmod(0o755)
        write_manifest(aside, manifest)
        aside.rename(folder)
        sync_folder(folder.parent)
    finally:
        # Gone already, unless something went wrong on the way.
        shutil.rmtree(aside, ignore_errors=True)
    return manifest, embedded


def _write(
    aside: Path, recipe: Recipe, entries: Sequence[Entry], report: Progress
) -> tuple[int, int]:
    texts = [found_by(e.document, p) for e in entries for p in e.passages]
    spans = [
        shifted(passage.sentences, len(text) - len(passage.text) - passage.start)
        for text, passage in zip(texts, (p for e in entries for p in e.passages), strict=True)
    ]
    starts = np.cumsum([0, *map(len, spans)], dtype=np.int64)
    vectors, embedded = _vectors(aside, recipe, entries, (texts, spans), report)
    report("writing the search indexes", 0, 0)
    write_vectors(aside / "vectors", vectors, starts)
    write_lexical(aside / "lexical", texts)
    write_catalog(aside / "catalog.db", entries, _words(texts))
    if recipe.model:
        _take_model(recipe.model, aside / "model")
    return embedded, sum(map(len, spans))


def shifted(spans: Sequence[Span], by: int) -> list[Span]:
    """Return the spans, moved by so many characters."""
    return [Span(span.start + by, span.end + by) for span in spans]


def _vector_key(document: Document, passage: Passage) -> str:
    spans = " ".join(
        f"{s.start - passage.start}-{s.end - passage.start}" for s in passage.sentences
    )
    return hashlib.sha256(f"{found_by(document, passage)}\n{spans}".encode()).hexdigest()[:32]


def _vectors(
    aside: Path,
    recipe: Recipe,
    entries: Sequence[Entry],
    pieces: tuple[list[str], list[list[Span]]],
    report: Progress,
) -> tuple[NDArray[np.float16], int]:
    """Write sentences.npy; return the passages' vectors and how many had to be embedded."""
    texts, spans = pieces
    keys = [key for entry in entries for key in entry.vector_keys]
    starts = np.cumsum([0, *map(len, spans)], dtype=np.int64)
    dimension = recipe.embedder.dimension
    passages = np.zeros((len(texts), dimension), np.float16)
    file = aside / "sentences.npy"
    sentences = (
        open_memmap(file, "w+", np.float16, (int(starts[-1]), dimension))
        if starts[-1]
        else np.zeros((0, dimension), np.float16)
    )
    missing = _take_vectors(recipe, keys, starts, (passages, sentences))
    with _kept(aside, recipe) as kept:
        missing = [
            i for i in missing if not _taken(kept, i, keys[i], (passages, sentences), starts)
        ]
        for done in range(0, len(missing), _BATCH):
            report("embedding", done, len(missing))
            batch = missing[done : done + _BATCH]
            whole, parts = recipe.embedder.embed_passages(
                [texts[i] for i in batch], [spans[i] for i in batch]
            )
            passages[batch] = whole
            rows = np.concatenate([np.arange(starts[i], starts[i + 1]) for i in batch])
            sentences[rows] = parts
            counts = [len(spans[i]) for i in batch]
            kept.add([keys[i] for i in batch], passages[batch], sentences[rows], counts)
    report("embedding", len(missing), len(missing))
    if recipe.partial is None:
        (aside / "embedded").unlink()
    if isinstance(sentences, np.memmap):
        sentences.flush()
    else:
        np.save(file, sentences)
    return passages, len(missing)


def _kept(aside: Path, recipe: Recipe) -> Embedded:
    file = recipe.partial or aside / "embedded"
    return Embedded(file, recipe.embedder.dimension)


def _taken(
    kept: Embedded,
    number: int,
    key: str,
    into: tuple[NDArray[np.float16], NDArray[np.float16]],
    starts: NDArray[np.int64],
) -> bool:
    """Copy what a build that did not end had made for a passage; tell whether there was any."""
    found = kept.take(key)
    if found:
        into[0][number], into[1][starts[number] : starts[number + 1]] = found
    return found is not None


def _take_vectors(
    recipe: Recipe,
    keys: Sequence[str],
    starts: NDArray[np.int64],
    into: tuple[NDArray[np.float16], NDArray[np.float16]],
) -> list[int]:
    """Copy the vectors that are known already; return the passages that still lack one."""
    old = recipe.reusable
    if old is None or read_manifest(old).embedder != recipe.embedder.fingerprint:
        return list(range(len(keys)))
    catalog = Catalog(old / "catalog.db")
    known = {key: (number, first, end) for key, number, first, end in catalog.vector_rows()}
    catalog.close()
    passages = np.load(old / "vectors" / "passages.npy", mmap_mode="r")
    sentences = np.load(old / "sentences.npy", mmap_mode="r")
    missing = []
    for i, key in enumerate(keys):
        if key in known:
            number, first, end = known[key]
            into[0][i] = passages[number]
            into[1][starts[i] : starts[i + 1]] = sentences[first:end]
        else:
            missing.append(i)
    return missing


def _words(texts: Sequence[str]) -> list[tuple[str, int]]:
    """Return each word, folded, with the number of texts that hold it."""
    counts = Counter(word for text in texts for word in {fold(w.text) for w in words(text)})
    return sorted(counts.items())


def _take_model(model: Path, folder: Path) -> None:
    """Put the exported model into the generation, as hard links where the disk allows it."""
    folder.mkdir()
    for name in MODEL_FILES:
        try:
            os.link(model / name, folder / name)
        except OSError:
            shutil.copyfile(model / name, folder / name)
