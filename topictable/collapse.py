"""From examples to one row of 17 numbers for each piece of a word: a linear classifier of mean embeddings.

A text's score for a code is the classifier's, applied to the mean of its pieces' rows. Both are linear, so
the classifier can be applied to each piece beforehand.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from worker.enrich.topics.pieces import pieces_of, split, words_of
from worker.enrich.topics.taxonomy import top_codes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from topictable.embedding import Embedding
    from topictable.examples import Example
    from worker.enrich.topics.pieces import Pieces

Numbers = NDArray[np.float64]


def collapsed(embedding: Embedding, sources: Sequence[Sequence[Example]]) -> tuple[Numbers, Numbers]:
    """Return a row for each piece, with a column for each top-level code, and each code's bias.

    The first source is taken for what texts are like: its mean and mean length become 0 and 1. From the
    others their own means are taken, as definitions differ from news in more than their topics.
    """
    pieces = pieces_of(embedding.vocabulary)
    means = [_means(examples, embedding.rows, pieces) for examples in sources]
    length = np.linalg.norm(means[0], axis=1).mean()
    inputs = np.vstack([(mean - mean.mean(axis=0)) / length for mean in means])
    weights, intercept = _classifier(inputs, [example for examples in sources for example in examples])
    weights = weights / length
    return embedding.rows @ weights.T, intercept - weights @ means[0].mean(axis=0)


def _means(examples: Sequence[Example], rows: Numbers, pieces: Pieces) -> Numbers:
    places = ([place for word in words_of(e.text) for place in split(word, pieces)] for e in examples)
    return np.array([rows[each].mean(axis=0) for each in places])


def _classifier(inputs: Numbers, examples: Sequence[Example]) -> tuple[Numbers, Numbers]:
    """Return weights and intercepts by top-level code, codes with few examples counting as much as others."""
    fitted = LogisticRegression(C=1.0, class_weight="balanced", max_iter=2_000).fit(
        inputs,
        [example.code for example in examples],
        sample_weight=[example.weight for example in examples],
    )
    assert tuple(fitted.classes_) == top_codes()
    return fitted.coef_, fitted.intercept_
