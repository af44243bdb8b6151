"""Turn a trained reader into what ships: `python -m eval.reader.export DIR/reader.pt`.

Writes `reader.onnx` (8-bit weights, 23 MB), `tokenizer.json` and `reader.json` beside the weights,
or into the folder given by --to. The three are all that `read.py` needs.
"""

import argparse
import json
import warnings
from pathlib import Path
from typing import Any

import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from torch import Tensor, nn

from eval.reader.model import Reader
from eval.reader.read import OUTPUTS
from eval.reader.train import BOTH, FIRST, load_parts

_INPUTS = ("input_ids", "attention_mask", "token_type_ids")


class _Outputs(nn.Module):
    """The reader with its outputs as a tuple, in the order of OUTPUTS."""

    def __init__(self, reader: Reader) -> None:
        super().__init__()
        self.reader = reader

    def forward(self, *tensors: Tensor) -> tuple[Tensor, ...]:
        judged = self.reader(*tensors)
        return judged.claim, judged.question, judged.tokens


def load_trained(weights: Path) -> tuple[Reader, Any]:
    """Return the reader trained into `weights` (a checkpoint or the end), and its tokenizer."""
    tokenizer, encoder = load_parts()
    reader = Reader(encoder)
    saved = torch.load(weights, weights_only=True, map_location="cpu")
    reader.load_state_dict(saved.get("reader", saved))
    return reader, tokenizer


def export(reader: Reader, tokenizer: Any, to: Path) -> None:
    """Write the three files that `OnnxReader` opens into the folder `to`."""
    sample = tokenizer(["a claim"], ["some evidence for it"], return_tensors="pt")
    to.mkdir(parents=True, exist_ok=True)
    full = to / "full.onnx"
    axes = {name: {0: "pairs", 1: "tokens"} for name in (*_INPUTS, "tokens")}
    axes |= {"claim": {0: "pairs"}, "question": {0: "pairs"}}
    with warnings.catch_warnings():
        # The tracer warns about Python branches that are constant for an encoder.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            _Outputs(reader).eval(),
            tuple(sample[name] for name in _INPUTS),
            str(full),
            input_names=list(_INPUTS),
            output_names=list(OUTPUTS),
            dynamic_axes=axes,
            opset_version=17,
            dynamo=False,
        )
        # Seven bits of range, for the reason given in index/export.py.
        quantize_dynamic(
            full,
            to / "reader.onnx",
            per_channel=True,
            reduce_range=True,
            weight_type=QuantType.QInt8,
        )
    full.unlink()
    tokenizer.backend_tokenizer.no_padding()
    tokenizer.backend_tokenizer.no_truncation()
    tokenizer.backend_tokenizer.save(str(to / "tokenizer.json"), pretty=False)
    (to / "reader.json").write_text(json.dumps({"first": FIRST, "both": BOTH}) + "\n", "utf-8")


def main() -> None:
    """Export the weights that are named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("weights", type=Path)
    parser.add_argument("--to", type=Path, help="the weights' own folder by default")
    arguments = parser.parse_args()
    export(*load_trained(arguments.weights), arguments.to or arguments.weights.parent)


if __name__ == "__main__":
    main()
