"""The ways to find heat, and which of them is taken."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from typing import cast

import numpy as np
import numpy.typing as npt

from headstart.errors import EncoderError, MissingExtraError
from headstart.explain.cam import (
    class_activation_map,
    grad_cam,
    grad_cam_plus_plus,
    layer_cam,
    score_gradient,
)
from headstart.explain.coordinates import Map
from headstart.explain.explained_model import ExplainedModel
from headstart.explain.onnx_feature_maps import Maps
from headstart.explain.values import Attribution, MethodName

EXACT = 1e-4  # how far the sum of an exact map may be from the score, relative to the parts of the score
FAMILY: dict[str, Callable[[npt.NDArray[np.float32], npt.NDArray[np.float32]], Map]] = {
    "gradcam": grad_cam,
    "gradcam++": grad_cam_plus_plus,
    "layercam": layer_cam,
}
POOLED = "the last maps, which are pooled"


@dataclass(frozen=True, slots=True, eq=False)
class EncoderOutput:
    """One picture as the encoder sees it: its input (3, H, W), its features (D,), and the maps they are the mean of.

    ``pooled`` is None where the features are not known to be a mean of maps.
    """

    pixels: npt.NDArray[np.float32]
    features: npt.NDArray[np.float32]
    pooled: Maps | None


def find_heat(subject: ExplainedModel, seen: EncoderOutput, target: int, method: str) -> Attribution:
    """Find the heat for the class number ``target``; ``auto`` is the exact map where there is one, else Grad-CAM.

    Raises
    ------
    EncoderError
        When there is no exact map and ``cam`` was wished for, or the network cannot be built in torch.
    MissingExtraError
        When a package is needed that is not installed.
    """
    if method in ("auto", "cam"):
        exact = exact_map(subject, seen, target)
        if exact is not None:
            return exact
        if method == "cam":
            raise _no_exact_map(subject, seen)
        method = "gradcam"
    if method in FAMILY:
        return _family_map(subject, seen, target, cast(MethodName, method))
    require(("torch", "train"), ("captum", "explain"))
    from headstart.explain.attributions import integrated_gradients, occlusion  # loads torch: seconds

    if method == "occlusion":
        return occlusion(subject, seen.pixels, target)
    from headstart.explain.networks import open_network
    from headstart.explain.torch_graph import torch_scores

    network = open_network(subject.files, seen.pixels)
    return integrated_gradients(network, torch_scores(subject.head), seen.pixels, target)


def require(*packages: tuple[str, str]) -> None:
    """Raise MissingExtraError for the first of these (package, extra) that is not installed.

    Examples
    --------
    >>> require(("numpy", "train"))
    """
    for package, extra in packages:
        if find_spec(package) is None:
            raise MissingExtraError(package, extra, "to look into the network")


def exact_map(subject: ExplainedModel, seen: EncoderOutput, target: int) -> Attribution | None:
    """Divide the score among the places of the pooled maps; None where their sum would not be the score."""
    affine = subject.head.affine(seen.features, target)
    if affine is None or seen.pooled is None or len(seen.pooled.maps) != len(affine.weight):
        return None
    grid = class_activation_map(seen.pooled.maps, affine)
    score = float(subject.head.scores(seen.features[None])[0, target])
    parts = float(np.abs(affine.weight * seen.features).sum()) + abs(affine.bias)
    if abs(float(grid.sum(dtype=np.float64)) - score) > EXACT * max(parts, 1.0):
        return None
    return Attribution("cam", grid, True, POOLED)


def _family_map(subject: ExplainedModel, seen: EncoderOutput, target: int, method: MethodName) -> Attribution:
    if seen.pooled is not None and len(seen.pooled.maps) == len(seen.features):
        maps = seen.pooled.maps
        # Of a mean over n places each place has 1/n of the gradient.
        slope = score_gradient(subject.head, seen.features, target) / (maps.shape[1] * maps.shape[2])
        gradients = np.broadcast_to(slope.astype(np.float32)[:, None, None], maps.shape)
        return Attribution(method, FAMILY[method](maps, gradients), False, POOLED)
    require(("torch", "train"), ("timm", "train"))
    from headstart.explain.networks import open_network, view_layer  # loads torch: seconds
    from headstart.explain.torch_graph import torch_scores

    network = open_network(subject.files, seen.pixels)
    view = view_layer(network, torch_scores(subject.head), seen.pixels, target)
    return Attribution(method, FAMILY[method](view.maps, view.gradients), False, f"layer {network.layer.name}")


def _no_exact_map(subject: ExplainedModel, seen: EncoderOutput) -> EncoderError:
    if seen.pooled is None:
        reason = f"The features of {subject.encoder.spec.name} are not the mean of the last maps of the network."
    else:
        reason = f"The head ({subject.head.kind}) is not a linear function of the features."
    return EncoderError(
        "There is no exact class activation map for this model.", reason, "Use --method gradcam or occlusion."
    )
