"""A generation: one finished index in one folder, and the pointer to the one that answers.

    INDEX/current                     the id of the generation that answers
    INDEX/lock                        held by the build under way
    INDEX/generations/<id>/manifest.json   written last: without it there is no generation
        catalog.db   lexical/   vectors/   sentences.npy   model/

A generation never changes once its manifest stands, so any number of processes may read it, also
from a read-only disk, and copy it whole.
"""

import hashlib
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from tokenize import TokenError
from typing import Any

import numpy as np
from numpy.typing import NDArray

from index.errors import IndexUnavailable

FORMAT = 3
"""Version of the layout above; a generation of another format must be indexed again."""


@dataclass(frozen=True)
class Manifest:
    """What a generation is: its id, what made its vectors, how much it holds.

    `files` gives each file's size in bytes and SHA-256, by its path within the generation.
    `collection` names the passages' vectors on a Chroma server, "" when they are among the files.
    """

    format: int
    id: str
    created: str
    embedder: str
    model: str
    dimension: int
    splitter: str
    documents: int
    passages: int
    sentences: int
    files: dict[str, tuple[int, str]]
    collection: str = ""


CHECKED_BYTES = 4 << 20
"""Files up to this size are read whole and compared with the manifest whenever a generation is
opened, which takes milliseconds; of larger ones the size is. `verify` reads all."""


def current_generation(index: Path) -> Path:
    """Return the folder of the generation that answers. Raises IndexUnavailable."""
    try:
        name = (index / "current").read_text(encoding="ascii").strip()
    except FileNotFoundError as error:
        raise IndexUnavailable(
            f"there is no index at {index}; make one with: footnote index PATH --index {index}"
        ) from error
    except NotADirectoryError as error:
        raise IndexUnavailable(
            f"{index} is a file, and an index is a folder; make one of it with: "
            f"footnote index {index}"
        ) from error
    except (OSError, UnicodeDecodeError) as error:
        raise IndexUnavailable(f"the index at {index} cannot be read ({error})") from error
    if not (name.isalnum() and name.isascii()):
        raise IndexUnavailable(f"{index / 'current'} is damaged; index the documents again")
    return index / "generations" / name


def switch(index: Path, name: str) -> None:
    """Let generation `name` answer from now on: one atomic step."""
    aside = index / f".current-{os.getpid()}"
    with aside.open("w", encoding="ascii") as stream:
        stream.write(name + "\n")
        stream.flush()
        os.fsync(stream.fileno())
    aside.replace(index / "current")
    sync_folder(index)


def read_manifest(generation: Path) -> Manifest:
    """Read a generation's manifest and check that its files are there, at their full size, and the
    small ones to the last byte.

    Raises IndexUnavailable; `verify` reads every byte of the others as well.
    """
    manifest = _parsed(generation)
    for name, (size, digest) in manifest.files.items():
        state = _state(generation / name, size, digest)
        if state:
            raise IndexUnavailable(f"{generation / name} {state}; index the documents again")
    return manifest


def _parsed(generation: Path) -> Manifest:
    file = generation / "manifest.json"
    try:
        fields = json.loads(file.read_text(encoding="utf-8"))
        if fields["format"] != FORMAT:
            raise IndexUnavailable(
                f"{generation} has format {fields['format']}, this Footnote reads {FORMAT}; "
                "index the documents again"
            )
        fields["files"] = {name: (size, sha) for name, (size, sha) in fields["files"].items()}
        return Manifest(**fields)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        message = f"{file} is missing or damaged ({error}); index the documents again"
        raise IndexUnavailable(message) from error


def _state(file: Path, size: int, digest: str) -> str:
    """Return what is wrong with a file, as far as opening looks; nothing when all is well."""
    try:
        if file.stat().st_size != size:
            return "is cut short or changed"
        if size > CHECKED_BYTES:
            return ""
        with file.open("rb") as stream:
            same = hashlib.file_digest(stream, "sha256").hexdigest() == digest
    except FileNotFoundError:
        return "is missing"
    except OSError as error:
        return f"cannot be read ({error.strerror})"
    return "" if same else "is damaged"


def write_manifest(generation: Path, manifest: Manifest) -> None:
    """Write the manifest, flushed to disk: from now on `generation` is one."""
    text = json.dumps(asdict(manifest), indent=1, ensure_ascii=False)
    with (generation / "manifest.json").open("w", encoding="utf-8") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
    sync_folder(generation)


def files_of(generation: Path) -> dict[str, tuple[int, str]]:
    """Return size and SHA-256 of every file of a generation, flushed to disk on the way.

    Chroma's own are left out: it notes in them that it was opened.
    """
    found = {}
    ours = (p for p in generation.rglob("*") if p.is_file() and "chroma" not in p.parts)
    for file in sorted(ours):
        with file.open("rb") as stream:
            os.fsync(stream.fileno())
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
        found[file.relative_to(generation).as_posix()] = (file.stat().st_size, digest)
    return found


def mapped(file: Path) -> NDArray[Any]:
    """Map an array of a generation. Raises IndexUnavailable when the file is missing or damaged."""
    try:
        array: NDArray[Any] = np.load(file, mmap_mode="r")
    # NumPy reads a header as Python reads source: a damaged one is anything that this can raise.
    except (OSError, ValueError, TypeError, SyntaxError, OverflowError, TokenError) as error:
        raise IndexUnavailable(f"{file} is damaged ({error}); index the documents again") from error
    return array


def verify(generation: Path) -> list[str]:
    """Return the files whose bytes are no longer what the manifest says; reads all of them."""
    manifest, now = _parsed(generation), files_of(generation)
    return [name for name, state in manifest.files.items() if now.get(name) != state]


def sync_folder(folder: Path) -> None:
    """Flush a folder's own entries to disk, where the system can."""
    if os.name == "posix":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
