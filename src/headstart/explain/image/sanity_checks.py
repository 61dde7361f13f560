"""The checks of one heat map: whether the model follows it, and whether it follows the model."""

from dataclasses import replace
from importlib.util import find_spec

from headstart.arrays import Floats, Singles
from headstart.explain.base import Fill
from headstart.explain.explained_model import ExplainedModel
from headstart.explain.image.coordinates import Map
from headstart.explain.image.faithfulness import measure_faithfulness
from headstart.explain.image.methods import EncoderOutput, Explainer, compute_attribution
from headstart.explain.image.randomisation import Randomisation, compare_shuffled_heads
from headstart.explain.image.values import HeatChecks
from headstart.explain.shuffling import DRAWS
from headstart.explain.values import Attribution
from headstart.heads.head import Head
from headstart.registry import resolve


def check_heat(
    subject: ExplainedModel, seen: EncoderOutput, target: int, heat: Attribution, fill: Fill, seed: int
) -> HeatChecks:
    """Hide and show the picture by the heat, and make the heat again with shuffled weights."""

    def probability(inputs: Singles) -> Floats:
        return subject.probabilities(subject.encoder.encode(inputs))[:, target]

    return HeatChecks(
        measure_faithfulness(heat.grid, seen.pixels, probability, fill, seed),
        randomise(subject, seen, target, heat, seed),
    )


def randomise(subject: ExplainedModel, seen: EncoderOutput, target: int, heat: Attribution, seed: int) -> Randomisation:
    """Shuffle the head, then stage by stage the network where it can be built in torch, and compare the maps.

    Where a map takes seconds, the head is shuffled once, and of the stages only the last step is looked at.
    """

    def with_head(head: Head) -> Map:
        return compute_attribution(replace(subject, head=head), seen, target, heat.method).grid

    explainer: Explainer = resolve("explainers", heat.method)
    steps = [compare_shuffled_heads(heat.grid, subject.head, with_head, DRAWS if explainer.is_cheap else 1, seed)]
    if explainer.map_of_network is not None and _can_build(subject):
        from headstart.explain.image.cascading_randomisation import randomise_stages  # loads torch: seconds

        steps += randomise_stages(subject, seen.pixels, target, heat, seed)
    return Randomisation(tuple(steps), len(steps) > 1)


def _can_build(subject: ExplainedModel) -> bool:
    weights = subject.files.weights
    return weights is not None and weights.is_file() and all(find_spec(name) for name in ("torch", "timm"))
