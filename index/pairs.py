"""Cross-encoders, which read two texts together and give one number: `OnnxPairs.score(one, other)`.

What `rerank.py` and `verify.py` share: each is a `Use` of such a model, exported by `export_pairs`
in a process of its own and run by ONNX Runtime alone.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from index.errors import ModelError
from index.export import load_here, shown_name, write_model

_LONGEST = 8_192


@dataclass(frozen=True)
class Use:
    """What a cross-encoder is used for: the setting that names it, and what an error advises.

    `labels` are what the class that counts may be called, in any case, the first that is there.
    With `probability`, a lone logit that the model leaves as it is becomes its sigmoid.
    """

    setting: str
    remedy: str
    labels: Sequence[str]
    probability: bool = False


class OnnxPairs:
    """An exported cross-encoder; a pair too long for it loses the end of its longer text.

    `name` is shown, never interpreted; `fingerprint` tells its files from any others'.
    """

    def __init__(self, session: Any, tokenizer: Any, config: dict[str, Any]) -> None:
        self.name: str = config["name"]
        self.fingerprint: str = config["fingerprint"]
        self._most: int = config["max_tokens"]
        self._session = session
        self._inputs = {i.name for i in session.get_inputs()}
        self._tokenizer = tokenizer
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(self._most, strategy="longest_first")

    def score(self, one: str, other: str) -> float:
        """Return the score of a pair, alone: int8 scales by the batch, as OnnxEmbedder says."""
        encoding = self._tokenizer.encode(one, other)
        ids = np.asarray([encoding.ids], np.int64)
        feed = {
            "input_ids": ids,
            "attention_mask": np.ones_like(ids),
            "token_type_ids": np.asarray([encoding.type_ids], np.int64),
        }
        (scores,) = self._session.run(["score"], {name: feed[name] for name in self._inputs})
        return float(scores[0])

    def reads_whole(self, text: str) -> bool:
        """Tell whether no part of `text` is lost, whatever it is paired with."""
        marks = self._tokenizer.num_special_tokens_to_add(is_pair=True)
        read = self._tokenizer.encode(text, add_special_tokens=False)
        return len(read.ids) <= (self._most - int(marks)) // 2


def export_pairs(name: str, folder: Path, fingerprint: str, use: Use) -> None:
    """Write MODEL_FILES for the cross-encoder `name` into `folder`.

    Raises MissingExtra, or a ModelError that names the setting.
    """
    model = load_here("CrossEncoder", name, use.setting, use.remedy)
    if model[0].transformer_task != "sequence-classification":
        raise ModelError(
            f"{use.setting}={name!r} generates text instead of classifying it; {use.remedy}"
        )
    named = model.config.id2label
    chosen = chosen_class(name, [str(named[i]) for i in range(model.num_labels)], use)
    bare = type(model.activation_fn).__name__ == "Identity"

    def forward(inputs: dict[str, Any]) -> tuple[Any]:
        scores = model.activation_fn(model(inputs)["scores"])
        if bare and model.num_labels > 1:
            # A logit means something only beside the other classes' ones.
            scores = scores.softmax(dim=-1)
        elif bare and use.probability:
            scores = scores.sigmoid()
        return (scores[:, chosen],)

    texts = ["a text", "two texts of different length"]
    sample = model.tokenizer(texts, texts[::-1], padding=True, return_tensors="pt")
    write_model(model, forward, sample, {"score": {0: "batch"}}, folder)
    config = {
        "name": shown_name(name),
        "fingerprint": fingerprint,
        # A tokenizer that was given no length says 10**30.
        "max_tokens": min(model.max_seq_length, _LONGEST),
    }
    (folder / "model.json").write_text(json.dumps(config, indent=1), encoding="utf-8")


def chosen_class(name: str, labels: Sequence[str], use: Use) -> int:
    """Return which of a model's classes is the score; their `labels`, in order, say what they mean.

    A lone class needs no name. Raises ModelError where no label is one of the use's.
    """
    if len(labels) == 1:
        return 0
    told = [label.strip().casefold() for label in labels]
    for label in use.labels:
        if label in told:
            return told.index(label)
    raise ModelError(
        f"{use.setting}={name!r} has the classes {', '.join(told)}, none of which is called "
        f"{' or '.join(use.labels)}; {use.remedy}, or name its classes in its config.json"
    )
