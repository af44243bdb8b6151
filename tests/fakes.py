"""Stand-ins that obey the real interfaces; each is held to the real thing's contract suite."""

import asyncio
import hashlib
from collections import deque
from collections.abc import AsyncGenerator, Sequence

import numpy as np

from assistant.llm import Done, Message
from index.embed import Vectors, unit
from index.passage import Span
from index.words import content_stems


class HashEmbedder:
    """An Embedder without a model: a text's vector counts its stems, each in a hashed place.

    `embedded` lists every passage text that was embedded, so that a test can tell what was not.
    """

    def __init__(self, name: str = "hash", dimension: int = 64) -> None:
        self.name = name
        self.fingerprint = hashlib.sha256(f"{name} {dimension}".encode()).hexdigest()[:16]
        self.dimension = dimension
        self.embedded: list[str] = []

    def vocabulary(self) -> list[str]:
        """Return nothing: it knows no language."""
        return []

    def embed_question(self, text: str) -> Vectors:
        """Return the question's unit vector."""
        counts = np.full(self.dimension, 0.01, np.float32)
        for stem in content_stems(text):
            counts[int(hashlib.sha256(stem.encode()).hexdigest(), 16) % self.dimension] += 1
        return unit(counts)

    def embed_passages(
        self, texts: Sequence[str], sentences: Sequence[Sequence[Span]]
    ) -> tuple[Vectors, Vectors]:
        """Return the vectors of passages and of their sentences."""
        self.embedded += texts
        parts = [
            self.embed_question(text[span.start : span.end])
            for text, spans in zip(texts, sentences, strict=True)
            for span in spans
        ]
        whole = [self.embed_question(text) for text in texts]
        return self._stacked(whole), self._stacked(parts)

    def _stacked(self, rows: list[Vectors]) -> Vectors:
        return np.stack(rows) if rows else np.zeros((0, self.dimension), np.float32)


class ScriptedModel:
    """A LanguageModel that says what it was given to say: `enqueue(reply)`, `history`.

    A reply is a text, sent a few characters at a time, or a list of what the stream yields, in
    which an exception is raised and "…" waits for ever. `history` holds the messages of every
    request, `closed` counts the streams that were left before their end.
    """

    def __init__(self, *replies: str | list[object], name: str = "scripted:model") -> None:
        self.name = name
        self.history: list[list[Message]] = []
        self.closed = 0
        self._replies = deque(replies)

    def enqueue(self, reply: str | list[object]) -> None:
        """Say `reply` after what was enqueued before."""
        self._replies.append(reply)

    async def stream(self, messages: Sequence[Message]) -> AsyncGenerator[str | Done, None]:
        """Yield the next reply, then Done."""
        self.history.append(list(messages))
        reply = self._replies.popleft()
        pieces = [reply[i : i + 3] for i in range(0, len(reply), 3)]
        ended = False
        try:
            for piece in pieces if isinstance(reply, str) else reply:
                if isinstance(piece, BaseException):
                    ended = True
                    raise piece
                if piece == "…":
                    await asyncio.sleep(3_600)
                assert isinstance(piece, (str, Done))
                yield piece
            if not (isinstance(reply, list) and reply and isinstance(reply[-1], Done)):
                yield Done({"input_tokens": 1, "output_tokens": 2, "total_tokens": 3})
            ended = True
        finally:
            self.closed += not ended
