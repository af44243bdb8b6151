"""Verifying: `open_verifier(name, cache).supported(evidence, claim)` is how likely it is, 0 to 1.

Any cross-encoder of sentence-transformers that was trained to say whether a text supports a claim,
by natural language inference or as a verifier of grounded answers, is exported once and run by ONNX
Runtime alone. It reads evidence and claim in this order, a pair at a time; assistant/verifier.py
makes a judge of claims of it.
"""

import sys
from functools import partial
from pathlib import Path
from typing import Protocol

from index.export import Kind, export_process, exported, open_exported
from index.pairs import OnnxPairs, Use, export_pairs

SETTING = "FOOTNOTE_VERIFIER"
_KIND = Kind("index.verify", "verifier 1")
USE = Use(
    SETTING,
    "give the folder of a cross-encoder, or the name of one already on this machine",
    labels=("entailment", "supported", "supports", "consistent", "faithful", "1"),
    probability=True,
)


class Verifier(Protocol):
    """Says how likely evidence supports a claim.

    `name` is shown, never interpreted; with `fingerprint` it tells one verifier from another.
    """

    name: str
    fingerprint: str

    def supported(self, evidence: str, claim: str) -> float | None:
        """Return a probability, 0 to 1; None for what it cannot judge. Threads may share it."""


def open_verifier(name: str | None, cache: Path, *, threads: int = 1) -> "OnnxVerifier | None":
    """Return the cross-encoder `name`, exported into `cache` on first use; None for no name.

    `name` is a folder, or a name that sentence-transformers finds among the files already on this
    machine: nothing is downloaded, and none of the model's own code is run. Raises MissingExtra or
    ModelError.
    """
    if name is None:
        return None
    folder = exported(name, cache, _KIND)
    return open_exported(
        folder,
        OnnxVerifier,
        threads=threads,
        what=f"the verifier {SETTING}={name!r}",
        remedy="delete that folder, and it is exported again",
    )


class OnnxVerifier(OnnxPairs):
    """A Verifier on ONNX Runtime; evidence too long for the model loses its end.

    The probability is that of the class that the model's own labels call supported, or its one
    logit after the model's activation, a sigmoid if it names none.
    """

    def supported(self, evidence: str, claim: str) -> float | None:
        """Return the probability, 0 to 1; None for a claim that the model could not read whole."""
        if not self.reads_whole(claim):
            return None
        # An activation of the model's own may leave the range. What is no number becomes 0.
        return min(1.0, max(0.0, self.score(evidence, claim)))


if __name__ == "__main__":
    sys.exit(export_process(partial(export_pairs, use=USE)))
