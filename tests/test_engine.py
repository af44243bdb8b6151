"""Who does a build's work does not show in it: engines are told apart by nothing they make."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from index.embed import open_model
from index.engine import BATCH, Job, LocalEngine, Piece, embed_pieces
from index.passage import Span
from tests.fakes import HashEmbedder

COUNT = 3 * BATCH + 1


def _pieces() -> list[Piece]:
    texts = [f"Shed {n} holds tools. " + "It is locked at night. " * (n % 5) for n in range(COUNT)]
    return [Piece(f"{n:032}", t, (Span(0, 20), Span(0, len(t)))) for n, t in enumerate(texts)]


def test_two_workers_make_what_one_makes(model_folder: Path) -> None:
    """In order, and to the last bit what one caller gets that embeds each passage alone."""
    model, pieces = open_model(model_folder, threads=1), _pieces()
    made = list(LocalEngine(model, workers=2).embed(pieces, len(pieces)))
    alone = [embed_pieces(model, [piece]) for piece in pieces]
    assert [key for one in made for key in one.keys] == [piece.key for piece in pieces]
    for part in ("passages", "sentences"):
        together = np.concatenate([getattr(one, part) for one in made])
        assert np.array_equal(together, np.concatenate([getattr(one, part) for one in alone]))


def test_no_more_is_taken_than_is_worked_on() -> None:
    """However many passages there are, only some batches of them are asked for ahead."""
    taken = []

    def endless() -> Iterator[Piece]:
        while True:
            taken.append(1)
            yield _pieces()[0]

    made = LocalEngine(HashEmbedder(), workers=2).embed(endless(), 0)
    next(made)
    assert len(taken) <= 6 * BATCH


def test_what_came_of_a_job_is_an_entry_a_problem_or_nothing(tmp_path: Path) -> None:
    """A file is read, told as unreadable, or left alone when its bytes are known."""
    (tmp_path / "a.txt").write_text("Rye bread keeps for a week.", encoding="utf-8")
    (tmp_path / "b.txt").write_bytes(b"\x00\x01\x02" * 50)
    jobs = [Job(tmp_path / name, name, name, name) for name in ("a.txt", "b.txt", "gone.txt")]
    engine = LocalEngine(HashEmbedder(), workers=2)
    first, second, third = engine.read(jobs, 1 << 20)
    assert first.entry
    assert first.entry.document.text == "Rye bread keeps for a week."
    assert (second.entry, third.entry) == (None, None)
    assert second.problem
    assert third.problem
    again = Job(tmp_path / "a.txt", "a", "a", "a", first.entry.content_hash)
    (unchanged,) = engine.read([again], 1 << 20)
    assert (unchanged.entry, unchanged.problem) == (None, None)
