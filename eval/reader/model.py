"""The reader as PyTorch trains it: MiniLM reads a claim or question beside a text; three heads.

`Reader(encoder)(…)` gives, for each pair, three logits of the claim (supported, absent, denied),
one of the question (answered), and one for each token of the first part (does not hold). The first
three see the worst of its tokens: what one word spoils is spoilt.
"""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn


@dataclass(frozen=True)
class Judged:
    """Logits: `claim` (n, 3), `question` (n,), `tokens` (n, length): -1e4 past the first part."""

    claim: Tensor
    question: Tensor
    tokens: Tensor


class Reader(nn.Module):
    """An encoder with three heads; `encoder` is a BERT-like model of transformers."""

    def __init__(self, encoder: Any) -> None:
        super().__init__()
        self.encoder = encoder
        size = encoder.config.hidden_size
        self.token = nn.Linear(size, 1)
        self.claim = nn.Sequential(nn.Linear(2 * size + 1, 128), nn.GELU(), nn.Linear(128, 3))
        self.question = nn.Sequential(nn.Linear(2 * size, 128), nn.GELU(), nn.Linear(128, 1))
        self.dropout = nn.Dropout(0.1)

    def forward(self, input_ids: Tensor, attention_mask: Tensor, token_type_ids: Tensor) -> Judged:
        """Judge pairs given as token ids (n, length): [CLS] first [SEP] second [SEP]."""
        read = self.encoder(
            input_ids=input_ids, attention_mask=attention_mask, token_type_ids=token_type_ids
        ).last_hidden_state
        first = (attention_mask * (1 - token_type_ids)).clone()
        first[:, 0] = 0
        share = first.unsqueeze(-1).to(read.dtype)
        mean = (read * share).sum(1) / share.sum(1).clamp(min=1)
        pooled = torch.cat([read[:, 0], mean], dim=-1)
        tokens = self.token(self.dropout(read)).squeeze(-1)
        tokens = tokens.masked_fill(first == 0, -1e4)
        worst = tokens.max(dim=1, keepdim=True).values
        dropped = self.dropout(pooled)
        return Judged(
            self.claim(torch.cat([dropped, worst], dim=-1)),
            self.question(dropped).squeeze(-1),
            tokens,
        )


def freeze(reader: Reader, layers: int) -> None:
    """Leave the embeddings and the lowest `layers` layers as they are."""
    still = [reader.encoder.embeddings, *reader.encoder.encoder.layer[:layers]]
    for part in still:
        for parameter in part.parameters():
            parameter.requires_grad = False


def loss(judged: Judged, batch: dict[str, Tensor]) -> Tensor:
    """Return the loss of a batch: verdicts, answers, and which words do not hold.

    `batch` has `is_claim` (n,) bool, `label` (n,) 0 or 1, `denied` (n,) 1, 0 or -1 for unknown,
    `wrong` (n, length) 1, 0 or -1 for unknown or not of the first part.
    """
    is_claim, label = batch["is_claim"], batch["label"].float()
    logs = torch.log_softmax(judged.claim, dim=-1)
    unsupported = torch.logsumexp(logs[:, 1:], dim=-1)
    verdict = -(label * logs[:, 0] + (1 - label) * unsupported)
    known = (batch["denied"] >= 0) & (batch["label"] == 0)
    which = logs.gather(1, (1 + batch["denied"].clamp(min=0)).unsqueeze(1)).squeeze(1)
    verdict = verdict - 0.3 * known * (which - unsupported)
    answered = nn.functional.binary_cross_entropy_with_logits(
        judged.question, label, reduction="none"
    )
    told = batch["wrong"] >= 0
    words = nn.functional.binary_cross_entropy_with_logits(
        judged.tokens.clamp(min=-30), batch["wrong"].clamp(min=0).float(), reduction="none"
    )
    weight = told * (1 + 2.0 * (batch["wrong"] == 1))
    per_pair = (words * weight).sum(1) / weight.sum(1).clamp(min=1)
    total: Tensor = torch.where(is_claim, verdict + per_pair, answered).mean()
    return total
