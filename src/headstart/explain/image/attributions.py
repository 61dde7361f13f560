"""Integrated gradients, by captum."""

import numpy as np
import numpy.typing as npt
import torch

from headstart.explain.image.coordinates import sum_squares
from headstart.explain.image.networks import Network
from headstart.explain.torch_graph import Scorer
from headstart.explain.values import Attribution

STEPS = 50  # of the integral, by Gauss and Legendre
AT_ONCE = 10  # inputs in one run


def integrated_gradients(network: Network, scores: Scorer, pixels: npt.NDArray[np.float32], target: int) -> Attribution:
    """Integrate the gradient of a score from an input of the mean colour to the input (Sundararajan et al. 2017).

    The attributions of all pixels sum to the score less the score of the mean colour; how nearly is said in ``layer``.
    """
    from captum.attr import IntegratedGradients

    inputs = torch.from_numpy(pixels[None])
    method = IntegratedGradients(lambda batch: scores(network.module(batch)))
    found, gap = method.attribute(
        inputs,
        baselines=torch.zeros_like(inputs),  # zero is the mean: the input is normalised
        target=target,
        n_steps=STEPS,
        method="gausslegendre",
        internal_batch_size=AT_ONCE,
        return_convergence_delta=True,
    )
    heat = found[0].sum(dim=0).detach().numpy().astype(np.float32)
    total = abs(float(heat.sum())) or 1.0
    layer = f"the pixels, {STEPS} steps from the mean colour, completeness error {abs(float(gap)) / total:.1%}"
    return Attribution("gradients", sum_squares(heat), False, layer)
