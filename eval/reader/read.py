"""An exported reader at work, as an assistant would run it: ONNX Runtime, one pair at a time.

reader = OnnxReader(folder)
reader.claim("Abe met Putin 27 times.", "He met Putin twenty-seven times.").supported
reader.answers("How often did they meet?", "| He met Putin twenty-seven times.")
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from tokenizers import Tokenizer

OUTPUTS = ("claim", "question", "tokens")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the reader thinks of a claim: probabilities that sum to 1, and words that do not hold.

    `absent`: the text does not say it; `denied`: the text says otherwise. `doubts` are
    (start, end, probability) of each token of the claim, in order.
    """

    supported: float
    absent: float
    denied: float
    doubts: tuple[tuple[int, int, float], ...]

    @property
    def worst(self) -> float:
        """The probability that the most doubtful word does not hold."""
        return max((doubt for _, _, doubt in self.doubts), default=0.0)


class OnnxReader:
    """The three files that `export` wrote into `folder`. Threads may share it."""

    def __init__(self, folder: Path) -> None:
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        options.enable_cpu_mem_arena = False
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        config = json.loads((folder / "reader.json").read_text(encoding="utf-8"))
        self._first: int = config["first"]
        self._both: int = config["both"]
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._session = onnxruntime.InferenceSession(
            str(folder / "reader.onnx"), options, providers=["CPUExecutionProvider"]
        )
        self._cls = self._tokenizer.token_to_id("[CLS]")
        self._sep = self._tokenizer.token_to_id("[SEP]")

    def claim(self, claim: str, evidence: str) -> Verdict:
        """Judge `claim` by `evidence`: what is past the model's length is not read."""
        first, (logits, _, tokens) = self._read(claim, evidence)
        odds = _softmax(logits[0])
        doubts = 1 / (1 + np.exp(-tokens[0, 1 : 1 + len(first.ids[: self._first])]))
        return Verdict(
            supported=float(odds[0]),
            absent=float(odds[1]),
            denied=float(odds[2]),
            doubts=tuple(
                (start, end, float(doubt))
                for (start, end), doubt in zip(first.offsets, doubts, strict=False)
            ),
        )

    def answers(self, question: str, sentence: str) -> float:
        """Return the probability that `sentence`, "the one before | itself", answers."""
        _, (_, logit, _) = self._read(question, sentence)
        return float(1 / (1 + np.exp(-logit[0])))

    def _read(self, one: str, other: str) -> tuple[Any, Any]:
        """Run the model on one pair: int8 makes what is batched depend on its company."""
        first = self._tokenizer.encode(one, add_special_tokens=False)
        second = self._tokenizer.encode(other, add_special_tokens=False)
        head = [self._cls, *first.ids[: self._first], self._sep]
        tail = [*second.ids[: self._both - len(head) - 1], self._sep]
        ids = np.array([head + tail], np.int64)
        kinds = np.array([[0] * len(head) + [1] * len(tail)], np.int64)
        feed = {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": kinds}
        return first, self._session.run(list(OUTPUTS), feed)


def _softmax(logits: Any) -> Any:
    shifted = np.exp(logits - logits.max())
    return shifted / shifted.sum()
