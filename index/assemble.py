"""Assemble a generation's files from its documents: `assemble(folder, recipe, entries, report)`.

Everything is written into a folder beside, flushed, the manifest last, and the folder renamed into
place: `folder` is either finished or not there.
"""

import os
import shutil
import tempfile
from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.lib.format import write_array_header_1_0
from numpy.typing import NDArray

from index.catalog import Catalog, CatalogWriter, Entry
from index.chroma_server import ChromaServer
from index.embed import MODEL_FILES, Embedder
from index.embedded import Embedded, Half, KnownVectors
from index.engine import Engine, LocalEngine, Piece, piece_of
from index.generation import FORMAT, Manifest, files_of, sync_folder, write_manifest
from index.lexical import LexicalWriter
from index.passage import found_by
from index.split import SPLITTER
from index.store import write_vectors
from index.words import fold, words

Progress = Callable[[str, int, int], None]
"""Called as (what is being done, how much of it is done, of how much; 0 when that is unknown)."""

_TOLD_EVERY = 100


@dataclass(frozen=True)
class Recipe:
    """What a generation is made with; `model` is the exported model's folder, None for one of the
    caller's own, `reusable` an earlier generation whose vectors may be taken over, `partial` the
    file that keeps vectors while they are made, and `engine` who makes them: by default the caller.
    With a `server` its `collection` takes the passages' vectors.
    """

    id: str
    embedder: Embedder
    model: Path | None
    reusable: Path | None
    partial: Path | None = None
    engine: Engine | None = None
    server: ChromaServer | None = None
    collection: str = ""


def assemble(
    folder: Path, recipe: Recipe, entries: Iterable[Entry], report: Progress
) -> tuple[Manifest, int]:
    """Make the generation `folder`; return its manifest and how many passages were embedded.

    The entries are taken one by one, and none is kept in memory.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    aside = Path(tempfile.mkdtemp(dir=folder.parent, prefix=".new-"))
    try:
        held, embedded = _write(aside, recipe, entries, report)
        report("writing to disk", 0, 0)
        manifest = Manifest(
            format=FORMAT,
            id=recipe.id,
            created=datetime.now(UTC).isoformat(timespec="seconds"),
            embedder=recipe.embedder.fingerprint,
            model=recipe.embedder.name,
            dimension=recipe.embedder.dimension,
            splitter=SPLITTER,
            documents=held.documents,
            passages=len(held.starts) - 1,
            sentences=held.starts[-1],
            files=files_of(aside),
            collection=recipe.collection if recipe.server else "",
        )
        aside.chmod(0o755)
        write_manifest(aside, manifest)
        aside.rename(folder)
        sync_folder(folder.parent)
    finally:
        # Gone already, unless something went wrong on the way.
        shutil.rmtree(aside, ignore_errors=True)
    return manifest, embedded


@dataclass
class _Held:
    """What has been written of the texts: `starts` says where each passage's sentences begin, and
    `lacking` which passages, told by their document and place in it, nobody has a vector of.
    """

    documents: int
    starts: "array[int]"
    lacking: list[tuple[str, "array[int]"]]


def _write(
    aside: Path, recipe: Recipe, entries: Iterable[Entry], report: Progress
) -> tuple[_Held, int]:
    with ExitStack() as opened:
        known = opened.enter_context(_known(aside, recipe))
        held = _write_texts(aside, known, entries, report)
        embedded = _embed(aside, recipe, held, known.kept, report)
        starts = np.array(held.starts, np.int64)
        rows = _write_rows(aside, known, starts)
    if recipe.partial is None:
        (aside / "embedded").unlink()
    report("writing the search indexes", 0, 0)
    write_vectors(aside / "vectors", rows, starts, graph=recipe.server is None)
    if recipe.server:
        sending = partial(report, "sending vectors to the Chroma server")
        recipe.server.fill(recipe.collection, rows, sending)
    (aside / "passages.npy").unlink()
    if recipe.model:
        _take_model(recipe.model, aside / "model")
    return held, embedded


def _write_texts(
    aside: Path, known: KnownVectors, entries: Iterable[Entry], report: Progress
) -> _Held:
    """Write catalog and word index, and tell which passages have no vector yet."""
    counts: Counter[str] = Counter()
    lexical = LexicalWriter()
    held = _Held(0, array("q", [0]), [])
    asked: set[str] = set()
    with CatalogWriter(aside / "catalog.db") as catalog:
        for entry in entries:
            if held.documents % _TOLD_EVERY == 0:
                report("writing the texts", held.documents, 0)
            held.documents += 1
            catalog.add(entry)
            lacking = array("i")
            for place, (passage, key) in enumerate(
                zip(entry.passages, entry.vector_keys, strict=True)
            ):
                text = found_by(entry.document, passage)
                lexical.add(text)
                counts.update({fold(word.text) for word in words(text)})
                held.starts.append(held.starts[-1] + len(passage.sentences))
                if key not in known and key not in asked:
                    asked.add(key)
                    lacking.append(place)
            if lacking:
                held.lacking.append((entry.document.id, lacking))
        catalog.finish(sorted(counts.items()))
    lexical.write(aside / "lexical")
    return held


def _embed(aside: Path, recipe: Recipe, held: _Held, kept: Embedded, report: Progress) -> int:
    """Have the lacking vectors made, and keep them as they come; return how many that were."""
    engine = recipe.engine or LocalEngine(recipe.embedder, workers=1)
    total, done = sum(len(places) for _, places in held.lacking), 0
    report("embedding", 0, total)
    catalog = Catalog(aside / "catalog.db")
    try:
        for made in engine.embed(_pieces(catalog, held), total):
            kept.add(made.keys, made.passages, made.sentences, made.counts)
            done += len(made.keys)
            report("embedding", done, total)
    finally:
        catalog.close()
    return total


def _pieces(catalog: Catalog, held: _Held) -> Iterator[Piece]:
    for document_id, places in held.lacking:
        entry = catalog.entry(document_id)
        for place in places:
            yield piece_of(entry.document, entry.passages[place], entry.vector_keys[place])


def _write_rows(aside: Path, known: KnownVectors, starts: NDArray[np.int64]) -> Half:
    """Write sentences.npy, and passages.npy for the time being; return what is in the latter."""
    dimension = known.dimension
    shapes = {"passages": (len(starts) - 1, dimension), "sentences": (int(starts[-1]), dimension)}
    catalog = Catalog(aside / "catalog.db")
    with ExitStack() as opened:
        opened.callback(catalog.close)
        passages, sentences = (
            opened.enter_context(_array(aside / f"{name}.npy", shape))
            for name, shape in shapes.items()
        )
        for key in catalog.vector_keys():
            whole, parts = known.take(key)
            passages.write(whole.tobytes())
            sentences.write(parts.tobytes())
    rows: Half = np.load(aside / "passages.npy", mmap_mode="r" if shapes["passages"][0] else None)
    return rows


@contextmanager
def _array(file: Path, shape: tuple[int, int]) -> Iterator[BinaryIO]:
    """Open a NumPy file of half-precision rows, which are then written one after another.

    A mapped file would do, but what is written through it counts as this process's memory.
    """
    with file.open("wb") as stream:
        header = {"descr": "<f2", "fortran_order": False, "shape": shape}
        write_array_header_1_0(stream, header)
        yield stream


def _known(aside: Path, recipe: Recipe) -> KnownVectors:
    kept = Embedded(recipe.partial or aside / "embedded", recipe.embedder.dimension)
    return KnownVectors(kept, recipe.reusable, recipe.embedder.fingerprint)


def _take_model(model: Path, folder: Path) -> None:
    """Put the exported model into the generation, as hard links where the disk allows it."""
    folder.mkdir()
    for name in MODEL_FILES:
        try:
            os.link(model / name, folder / name)
        except OSError:
            shutil.copyfile(model / name, folder / name)
