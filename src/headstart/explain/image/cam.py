"""Class activation maps: NumPy on the maps that a network pools.

Of a network that ends in the mean of its maps, f = mean_ij A_ij, followed by a head that is affine there, s = w f + b,
the score divides among the places exactly: s = sum_ij (w A_ij + b) / (h w) (Zhou et al. 2016). A logistic, ridge or lda
head is affine everywhere, a perceptron with relu in the region the picture lies in, a centroid head once the length of
the features is known.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from headstart.explain.image.coordinates import Map
from headstart.heads.head import Affine, Head

Vector = npt.NDArray[np.float64]
Maps = npt.NDArray[np.float32]  # (K, h, w)
STEP = 1e-2  # of the numerical gradient, relative to the largest feature: heads compute in float32


def score_gradient(head: Head, features: npt.NDArray[np.float32], target: int) -> Vector:
    """Compute the gradient of the score of a class with respect to the features, shape (D,).

    Where no formula is known, by central differences.

    Examples
    --------
    >>> from headstart.heads.linear import LinearHead
    >>> head = LinearHead(np.array([[1, 0], [0, 2]], dtype=np.float32), np.array([0, 3], dtype=np.float32))
    >>> score_gradient(head, np.ones(2, dtype=np.float32), 1).tolist()
    [0.0, 2.0]
    """
    affine = head.affine(features, target)
    if affine is not None and affine.is_tangent:
        return affine.weight
    step = STEP * max(float(np.abs(features).max()), 1e-6)
    moves = np.eye(len(features), dtype=np.float32) * np.float32(step)
    ahead, behind = (head.scores(features + sign * moves)[:, target] for sign in (1, -1))
    gradient: Vector = (ahead - behind) / (2 * step)
    return gradient


def class_activation_map(maps: Maps, affine: Affine) -> Map:
    """Divide a score among the places of the maps (K, h, w), the bias evenly; the sum over (h, w) is the score.

    Examples
    --------
    >>> maps = np.array([[[1.0, 3.0]]], dtype=np.float32)
    >>> class_activation_map(maps, Affine(np.array([2.0]), 1.0)).tolist()
    [[1.5, 3.5]]
    """
    places = maps.shape[1] * maps.shape[2]
    heat: Map = ((np.einsum("k,khw->hw", affine.weight, maps) + affine.bias) / places).astype(np.float32)
    return heat


def grad_cam(maps: Maps, gradients: Maps) -> Map:
    """Weigh each map with the mean of its gradient and keep what is positive (Selvaraju et al. 2017).

    Both have shape (K, h, w).

    Examples
    --------
    >>> maps = np.array([[[1.0, 3.0]], [[2.0, 0.0]]], dtype=np.float32)
    >>> grad_cam(maps, np.array([[[1.0, 1.0]], [[-1.0, -1.0]]], dtype=np.float32)).tolist()
    [[0.0, 3.0]]
    """
    return _positive(np.einsum("k,khw->hw", gradients.mean(axis=(1, 2), dtype=np.float64), maps))


def grad_cam_plus_plus(maps: Maps, gradients: Maps) -> Map:
    """Weigh the places of each map by how much each alone explains the score (Chattopadhay et al. 2018).

    With the score passed through exp, whose derivatives are powers of the gradient g:
    alpha = g^2 / (2 g^2 + g^3 sum A).

    Examples
    --------
    >>> maps = np.array([[[0.5, 1.5]]], dtype=np.float32)
    >>> grad_cam_plus_plus(maps, np.ones((1, 1, 2), dtype=np.float32)).tolist()
    [[0.25, 0.75]]
    """
    gradients = gradients.astype(np.float64)
    below = 2 * gradients**2 + gradients**3 * maps.sum(axis=(1, 2), keepdims=True, dtype=np.float64)
    alphas = np.divide(gradients**2, below, out=np.zeros_like(gradients), where=below != 0)
    weights = (alphas * np.maximum(gradients, 0)).sum(axis=(1, 2))
    return _positive(np.einsum("k,khw->hw", weights, maps))


def layer_cam(maps: Maps, gradients: Maps) -> Map:
    """Weigh each place of each map with its own gradient where that is positive (Jiang et al. 2021).

    Examples
    --------
    >>> maps = np.array([[[1.0, 3.0]]], dtype=np.float32)
    >>> layer_cam(maps, np.array([[[2.0, -1.0]]], dtype=np.float32)).tolist()
    [[2.0, 0.0]]
    """
    return _positive((np.maximum(gradients, 0) * maps).sum(axis=0))


def _positive(heat: npt.NDArray[np.floating[Any]]) -> Map:
    result: Map = np.maximum(heat, 0).astype(np.float32)
    return result
