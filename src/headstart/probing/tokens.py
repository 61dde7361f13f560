"""A head on the states of tokens that stay as they are: one label for each."""

import numpy as np

from headstart.arrays import Integers, Singles
from headstart.heads.linear import LinearHead
from headstart.heads.logistic import LogisticFamily
from headstart.heads.probabilities import softmax
from headstart.heads.training_set import TrainingSet

HELD = 5  # one of so many documents chooses the strength of the penalty


def fit_token_head(states: Singles, labels: Integers, documents: Integers, classes: int, seed: int = 0) -> LinearHead:
    """Fit logistic regression to tokens, its penalty chosen on whole documents that are held out.

    Parameters
    ----------
    states, labels, documents
        Shapes (N, D), (N,) and (N,): of each token its state, the number of its label and that of its document.
    classes
        Number of labels; one that no token has is never chosen.
    """
    family, training = LogisticFamily(), TrainingSet(states, labels, classes)
    names = np.random.default_rng(seed).permutation(np.unique(documents))
    held = np.isin(documents, names[: max(1, len(names) // HELD)])
    setting = family.grid[len(family.grid) // 2]
    if len(names) >= HELD and len(np.unique(labels[~held])) > 1:
        part = TrainingSet(states[~held], labels[~held], classes)
        rows = np.arange(int(held.sum()))
        losses = [
            -np.log(softmax(scores)[rows, labels[held]].clip(1e-12)).mean()
            for scores in family.path_scores(part, states[held], family.grid)
        ]
        setting = family.grid[int(np.argmin(losses))]
    return family.fit(training, setting)
