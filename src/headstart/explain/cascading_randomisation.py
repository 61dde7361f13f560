"""The weights of a network shuffled stage by stage, from the output to the input, and what becomes of a map."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import torch

from headstart.encoders.stages import find_stages
from headstart.explain.attributions import integrated_gradients
from headstart.explain.cam import class_activation_map
from headstart.explain.coordinates import Map
from headstart.explain.explained_model import ExplainedModel
from headstart.explain.methods import FAMILY
from headstart.explain.networks import Network, open_network, pooled_maps, view_layer
from headstart.explain.randomisation import Similarity, shuffled_head
from headstart.explain.similarity import rank_correlation, structural_similarity
from headstart.explain.torch_graph import torch_scores
from headstart.explain.values import Attribution, MethodName
from headstart.heads.head import Head


def cascade(
    subject: ExplainedModel, pixels: npt.NDArray[np.float32], target: int, heat: Attribution, seed: int
) -> list[Similarity]:
    """Compare the heat with that of a shuffled head on a network that is shuffled stage by stage.

    Integrated gradients take seconds each, so that only their last step is made.
    """
    network = open_network(subject.files, pixels)
    head = shuffled_head(subject.head, np.random.default_rng(seed))
    count = len(find_stages(network.module))
    steps = []
    for number, stage in enumerate(shuffled_stages(network.module, seed), start=1):
        last = number == count
        if last or heat.method != "gradients":
            grid = np.nan_to_num(_map_of(network, head, pixels, target, heat.method))
            what = "everything" if last else f"head to {stage}"
            alike = rank_correlation(heat.grid, grid), structural_similarity(heat.grid, grid)
            steps.append(Similarity(what, *alike))
    return steps


def _map_of(network: Network, head: Head, pixels: npt.NDArray[np.float32], target: int, method: MethodName) -> Map:
    if method == "gradients":
        return integrated_gradients(network, torch_scores(head), pixels, target).grid
    if method in FAMILY:
        view = view_layer(network, torch_scores(head), pixels, target)
        return FAMILY[method](view.maps, view.gradients)
    pooled = pooled_maps(network, pixels)
    affine = head.affine(pooled.features, target) if pooled else None
    assert pooled is not None and affine is not None, "there was an exact map before the weights were shuffled"
    return class_activation_map(pooled.maps, affine)


def shuffled_stages(module: torch.nn.Module, seed: int) -> Iterator[str]:
    """Shuffle one stage more each time and give its name; when the walk ends, the weights are what they were.

    Parameters are shuffled within each tensor; the statistics of normalisation layers stay.
    """
    before = {name: tensor.clone() for name, tensor in module.state_dict().items()}
    parameters = dict(module.named_parameters())
    generator = torch.Generator().manual_seed(seed)
    try:
        for stage in reversed(find_stages(module)):
            with torch.no_grad():
                for name in stage.parameters:
                    values = parameters[name].flatten()
                    order = torch.randperm(len(values), generator=generator)
                    parameters[name].copy_(values[order].reshape(parameters[name].shape))
            yield stage.name
    finally:
        module.load_state_dict(before)
