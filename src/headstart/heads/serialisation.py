"""Fitted heads to named arrays and back, for a safetensors file and a manifest."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from headstart.errors import ModelFileError
from headstart.heads.head import Head
from headstart.heads.knn import KnnHead
from headstart.heads.linear import LinearHead
from headstart.heads.mlp import MlpHead
from headstart.heads.nearest_centroid import CentroidHead

Arrays = Mapping[str, npt.NDArray[Any]]
Settings = Mapping[str, Any]


def to_arrays(head: Head) -> dict[str, npt.NDArray[Any]]:
    """Collect what must be kept of a head, as contiguous arrays; ``kind`` and ``settings()`` belong beside them.

    Examples
    --------
    >>> sorted(to_arrays(LinearHead(np.eye(2, dtype=np.float32), np.zeros(2, dtype=np.float32))))
    ['bias', 'weight']
    """
    return {name: np.ascontiguousarray(array) for name, array in head.arrays().items()}


def from_arrays(kind: str, arrays: Arrays, settings: Settings) -> Head:
    """Make the head again whose kind, arrays and settings these are.

    Raises
    ------
    ModelFileError
        When the kind is unknown, or an array or a setting is missing.

    Examples
    --------
    >>> head = LinearHead(np.eye(2, dtype=np.float32), np.zeros(2, dtype=np.float32))
    >>> from_arrays(head.kind, to_arrays(head), head.settings()).scores(np.array([[2.0, 1.0]])).tolist()
    [[2.0, 1.0]]
    """
    if kind not in MAKERS:
        raise ModelFileError(
            f"The saved model has a head of an unknown kind '{kind}'.",
            f"This version of Headstart knows: {', '.join(MAKERS)}.",
            "Update Headstart, or save the model again.",
        )
    try:
        return MAKERS[kind](arrays, settings)
    except KeyError as error:
        raise ModelFileError(
            f"The saved head is incomplete: it has no '{error.args[0]}'.",
            f"A head of the kind '{kind}' needs it.",
            "Save the model again.",
        ) from error


def _linear(arrays: Arrays, settings: Settings) -> Head:
    return LinearHead(arrays["weight"], arrays["bias"], dict(settings))


def _neighbours(arrays: Arrays, settings: Settings) -> Head:
    return KnnHead(arrays["examples"], arrays["labels"], arrays["votes"], settings["neighbours"])


def _centroid(arrays: Arrays, settings: Settings) -> Head:
    return CentroidHead(arrays["mean"], arrays["centroids"], arrays["bias"])


def _perceptron(arrays: Arrays, settings: Settings) -> Head:
    return MlpHead(
        arrays["hidden_weight"],
        arrays["hidden_bias"],
        arrays["output_weight"],
        arrays["output_bias"],
        settings["activation"],
        settings["regularisation"],
    )


MAKERS: dict[str, Callable[[Arrays, Settings], Head]] = {
    "linear": _linear,
    "neighbours": _neighbours,
    "centroid": _centroid,
    "perceptron": _perceptron,
}
