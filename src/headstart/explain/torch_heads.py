"""Fitted heads as functions of torch, so that gradients run through them."""

from collections.abc import Callable

import torch

from headstart.heads.head import Head
from headstart.heads.knn import FLOOR, VOTE_TEMPERATURE, KnnHead
from headstart.heads.linear import LinearHead
from headstart.heads.mlp import MlpHead
from headstart.heads.nearest_centroid import SHARPNESS, CentroidHead

Scorer = Callable[[torch.Tensor], torch.Tensor]
_ACTIVATIONS = {"relu": torch.relu, "sigmoid": torch.sigmoid, "tanh": torch.tanh}


def torch_head(head: Head) -> Scorer:
    """Make a function from features (N, D) to the scores (N, C) that ``head.scores`` gives.

    Raises
    ------
    NotImplementedError
        For a head of another package.

    Examples
    --------
    >>> import numpy as np
    >>> head = LinearHead(np.eye(2, dtype=np.float32), np.zeros(2, dtype=np.float32))
    >>> torch_head(head)(torch.tensor([[3.0, 1.0]])).tolist()
    [[3.0, 1.0]]
    """
    if isinstance(head, LinearHead):
        return _linear(head)
    if isinstance(head, CentroidHead):
        return _centroid(head)
    if isinstance(head, MlpHead):
        return _perceptron(head)
    if isinstance(head, KnnHead):
        return _neighbours(head)
    raise NotImplementedError(f"There is no form of the head '{head.kind}' in torch.")


def _linear(head: LinearHead) -> Scorer:
    weight, bias = torch.from_numpy(head.weight.copy()), torch.from_numpy(head.bias.copy())
    return lambda features: features @ weight.T + bias


def _centroid(head: CentroidHead) -> Scorer:
    mean, bias = torch.from_numpy(head.mean.copy()), torch.from_numpy(head.bias.copy())
    centroids = torch.from_numpy(head.centroids.copy())
    return lambda features: SHARPNESS * torch.nn.functional.normalize(features - mean) @ centroids.T + bias


def _perceptron(head: MlpHead) -> Scorer:
    arrays = (head.hidden_weight, head.hidden_bias, head.output_weight, head.output_bias)
    first, first_bias, second, second_bias = (torch.from_numpy(array.copy()) for array in arrays)
    activate = _ACTIVATIONS[head.activation]
    return lambda features: activate(features @ first.T + first_bias) @ second.T + second_bias


def _neighbours(head: KnnHead) -> Scorer:
    examples, labels = torch.from_numpy(head.examples.copy()), torch.from_numpy(head.labels.copy())
    weights = torch.from_numpy(head.votes.copy())
    members = torch.nn.functional.one_hot(labels, len(weights)) * weights  # (M, C): what a vote is worth to a class

    def score(features: torch.Tensor) -> torch.Tensor:
        nearest = (torch.nn.functional.normalize(features) @ examples.T).topk(head.neighbours)
        votes = torch.exp((nearest.values - nearest.values[:, :1]) / VOTE_TEMPERATURE)
        totals = (votes[:, :, None] * members[nearest.indices]).sum(dim=1)
        return torch.log(totals / totals.sum(dim=1, keepdim=True) + FLOOR)

    return score
