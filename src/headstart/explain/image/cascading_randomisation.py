"""The weights of a network shuffled stage by stage, from the output to the input, and what becomes of a map."""

from collections.abc import Iterator

import numpy as np
import torch

from headstart.arrays import Singles
from headstart.encoders.stages import find_stages
from headstart.explain.explained_model import ExplainedModel
from headstart.explain.image.methods import Explainer
from headstart.explain.image.networks import open_network
from headstart.explain.image.randomisation import Similarity
from headstart.explain.image.similarity import structural_similarity
from headstart.explain.shuffling import rank_correlation, shuffled_head
from headstart.explain.values import Attribution
from headstart.registry import resolve


def randomise_stages(
    subject: ExplainedModel, pixels: Singles, target: int, heat: Attribution, seed: int
) -> list[Similarity]:
    """Compare the heat with that of a shuffled head on a network that is shuffled stage by stage.

    Where a map takes seconds, only the last step is made.
    """
    explainer: Explainer = resolve("explainers", heat.method)
    assert explainer.map_of_network is not None
    network = open_network(subject.files, pixels)
    head = shuffled_head(subject.head, np.random.default_rng(seed))
    count = len(find_stages(network.module))
    steps = []
    for number, stage in enumerate(shuffled_stages(network.module, seed), start=1):
        last = number == count
        if last or explainer.is_cheap:
            grid = np.nan_to_num(explainer.map_of_network(network, head, pixels, target))
            what = "everything" if last else f"head to {stage}"
            alike = rank_correlation(heat.grid, grid), structural_similarity(heat.grid, grid)
            steps.append(Similarity(what, *alike))
    return steps


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
