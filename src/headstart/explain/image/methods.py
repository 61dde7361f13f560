"""The ways to explain a score, each a row of the table ``explainers`` of the registry, and which of them is taken."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from headstart.errors import EncoderError, MissingExtraError
from headstart.explain.explained_model import ExplainedModel
from headstart.explain.image.cam import class_activation_map, grad_cam, grad_cam_plus_plus, layer_cam, score_gradient
from headstart.explain.image.coordinates import Map
from headstart.explain.image.occlusion import occlusion
from headstart.explain.image.onnx_feature_maps import Maps
from headstart.explain.values import Attribution
from headstart.heads.head import Head
from headstart.registry import resolve

if TYPE_CHECKING:
    from headstart.explain.image.networks import Network

Floats = npt.NDArray[np.float32]
Combine = Callable[[Floats, Floats], Map]  # maps and gradients (K, h, w) to one map (h, w)

EXACT = 1e-4  # how far the sum of an exact map may be from the score, relative to the parts of the score
POOLED = "the last maps, which are pooled"


@dataclass(frozen=True, slots=True, eq=False)
class EncoderOutput:
    """One picture as the encoder sees it: its input (3, H, W), its features (D,), and the maps they are the mean of.

    ``pooled`` is None where the features are not known to be a mean of maps.
    """

    pixels: Floats
    features: Floats
    pooled: Maps | None


@dataclass(frozen=True, slots=True)
class Explainer:
    """One way to attribute a score to the places of a picture.

    Attributes
    ----------
    name, title
        In the table ``explainers``, and for people.
    attribute
        From a model, a picture and the number of a class; raises EncoderError where that is not possible, and
        MissingExtraError for a missing package.
    map_of_network
        Computes the same from a network in torch, a head and an input (3, H, W), for the checks with shuffled weights;
        None for a method that does not look into the network.
    is_cheap
        Whether it takes milliseconds, so that the checks repeat it often.
    """

    name: str
    title: str
    attribute: Callable[[ExplainedModel, EncoderOutput, int], Attribution]
    map_of_network: "Callable[[Network, Head, Floats, int], Map] | None" = None
    is_cheap: bool = False


def compute_attribution(model: ExplainedModel, seen: EncoderOutput, target: int, method: str) -> Attribution:
    """Attribute a score by the method of this name; ``auto`` is the exact map where there is one, else Grad-CAM.

    Raises
    ------
    EncoderError
        When there is no exact map and ``cam`` was wished for, or the network cannot be built in torch.
    MissingExtraError
        When a package is needed that is not installed.
    """
    if method == "auto":
        exact = exact_map(model, seen, target)
        if exact is not None:
            return exact
        method = "gradcam"
    explainer: Explainer = resolve("explainers", method)
    return explainer.attribute(model, seen, target)


def require(*packages: tuple[str, str]) -> None:
    """Raise MissingExtraError for the first of these (package, extra) that is not installed.

    Examples
    --------
    >>> require(("numpy", "train"))
    """
    for package, extra in packages:
        if find_spec(package) is None:
            raise MissingExtraError(package, extra, "explain.to_look")


def exact_map(model: ExplainedModel, seen: EncoderOutput, target: int) -> Attribution | None:
    """Divide the score among the places of the pooled maps; None where their sum would not be the score."""
    affine = model.head.affine(seen.features, target)
    if affine is None or seen.pooled is None or len(seen.pooled.maps) != len(affine.weight):
        return None
    grid = class_activation_map(seen.pooled.maps, affine)
    score = float(model.head.scores(seen.features[None])[0, target])
    parts = float(np.abs(affine.weight * seen.features).sum()) + abs(affine.bias)
    if abs(float(grid.sum(dtype=np.float64)) - score) > EXACT * max(parts, 1.0):
        return None
    return Attribution("cam", grid, True, POOLED)


def _cam(model: ExplainedModel, seen: EncoderOutput, target: int) -> Attribution:
    exact = exact_map(model, seen, target)
    if exact is not None:
        return exact
    code = "explain.no_mean_of_maps" if seen.pooled is None else "explain.no_linear_head"
    raise EncoderError(code, name=model.encoder.spec.name, kind=model.head.kind)


def _cam_of_network(network: "Network", head: Head, pixels: Floats, target: int) -> Map:
    from headstart.explain.image.networks import pooled_maps

    pooled = pooled_maps(network, pixels)
    affine = head.affine(pooled.features, target) if pooled else None
    assert pooled is not None and affine is not None, "there was an exact map before the weights were shuffled"
    return class_activation_map(pooled.maps, affine)


def _weighted_cam(name: str, combine: Combine, model: ExplainedModel, seen: EncoderOutput, target: int) -> Attribution:
    """Weigh the maps that are pooled with the gradient of the score, or else those of a layer of the network."""
    if seen.pooled is not None and len(seen.pooled.maps) == len(seen.features):
        maps = seen.pooled.maps
        # Of a mean over n places each place has 1/n of the gradient.
        slope = score_gradient(model.head, seen.features, target) / (maps.shape[1] * maps.shape[2])
        gradients = np.broadcast_to(slope.astype(np.float32)[:, None, None], maps.shape)
        return Attribution(name, combine(maps, gradients), False, POOLED)
    require(("torch", "train"), ("timm", "train"))
    from headstart.explain.image.networks import open_network  # loads torch: seconds

    network = open_network(model.files, seen.pixels)
    grid = _weighted_cam_of_network(combine, network, model.head, seen.pixels, target)
    return Attribution(name, grid, False, f"layer {network.layer.name}")


def _weighted_cam_of_network(combine: Combine, network: "Network", head: Head, pixels: Floats, target: int) -> Map:
    from headstart.explain.image.networks import view_layer
    from headstart.explain.torch_graph import torch_scores

    view = view_layer(network, torch_scores(head), pixels, target)
    return combine(view.maps, view.gradients)


def _gradients(model: ExplainedModel, seen: EncoderOutput, target: int) -> Attribution:
    require(("torch", "train"), ("captum", "explain"))
    from headstart.explain.image.attributions import integrated_gradients  # loads torch: seconds
    from headstart.explain.image.networks import open_network
    from headstart.explain.torch_graph import torch_scores

    return integrated_gradients(open_network(model.files, seen.pixels), torch_scores(model.head), seen.pixels, target)


def _gradients_of_network(network: "Network", head: Head, pixels: Floats, target: int) -> Map:
    from headstart.explain.image.attributions import integrated_gradients
    from headstart.explain.torch_graph import torch_scores

    return integrated_gradients(network, torch_scores(head), pixels, target).grid


def _weighting(name: str, title: str, combine: Combine) -> Explainer:
    of_network = partial(_weighted_cam_of_network, combine)
    return Explainer(name, title, partial(_weighted_cam, name, combine), of_network, is_cheap=True)


CAM = Explainer("cam", "class activation map", _cam, _cam_of_network, is_cheap=True)
GRAD_CAM = _weighting("gradcam", "Grad-CAM", grad_cam)
GRAD_CAM_PLUS_PLUS = _weighting("gradcam++", "Grad-CAM++", grad_cam_plus_plus)
LAYER_CAM = _weighting("layercam", "LayerCAM", layer_cam)
INTEGRATED_GRADIENTS = Explainer("gradients", "integrated gradients", _gradients, _gradients_of_network)
OCCLUSION = Explainer("occlusion", "occlusion", lambda model, seen, target: occlusion(model, seen.pixels, target))
