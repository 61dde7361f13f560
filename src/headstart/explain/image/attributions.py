"""Integrated gradients and occlusion, by captum."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import torch

from headstart.explain.explained_model import ExplainedModel
from headstart.explain.image.coordinates import sum_cells
from headstart.explain.image.networks import Network
from headstart.explain.torch_graph import Scorer
from headstart.explain.values import Attribution

STEPS = 50  # of the integral, by Gauss and Legendre
AT_ONCE = 10  # inputs in one run
CELL = 8  # pixels: attributions of single pixels are noise to the eye, so they are summed over small squares
WINDOWS = 8  # how many squares that hide something go along a side; they overlap by half


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
    return Attribution("gradients", _cells(heat), False, layer)


def occlusion(subject: ExplainedModel, pixels: npt.NDArray[np.float32], target: int) -> Attribution:
    """Hide one square after the other behind the mean colour, and see how the score falls (Zeiler and Fergus 2014).

    It asks nothing of the encoder but features, so it works with every engine and every head.
    """
    from captum.attr import Occlusion

    height, width = pixels.shape[1:]
    window = (max(2, -(-height // WINDOWS)), max(2, -(-width // WINDOWS)))
    found = Occlusion(_scores_of(subject)).attribute(
        torch.from_numpy(pixels[None]),
        sliding_window_shapes=(len(pixels), *window),
        strides=(len(pixels), window[0] // 2, window[1] // 2),
        baselines=0,
        target=target,
        perturbations_per_eval=AT_ONCE,
    )
    heat = found[0].mean(dim=0).numpy().astype(np.float32)
    return Attribution(
        "occlusion", _cells(heat), False, f"squares of {window[1]} x {window[0]} pixels behind the mean colour"
    )


def _scores_of(subject: ExplainedModel) -> Callable[[torch.Tensor], torch.Tensor]:
    def score(batch: torch.Tensor) -> torch.Tensor:
        return torch.from_numpy(subject.head.scores(subject.encoder.encode(batch.numpy())))

    return score


def _cells(heat: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    return sum_cells(heat, max(1, heat.shape[0] // CELL), max(1, heat.shape[1] // CELL))
