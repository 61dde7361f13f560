"""How long does an explanation take, and is it right? Each method beside captum's own call on the same network.

Without a model the default encoder with a head of seeded random weights is explained: time and agreement do not depend
on what was learnt. What the tests of a map cost, and how many random maps the exact map beats, is told too; that makes
sense with a model alone.
"""

import argparse
import json
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import captum.attr
import numpy as np
import numpy.typing as npt
import torch
from photographs import photographs
from printed_tables import print_table
from processes import machine, middle

from headstart.data.readers.image import open_example
from headstart.encoders.loading import load_encoder
from headstart.explain.explained_model import ExplainedModel
from headstart.explain.image.attributions import AT_ONCE, CELL, STEPS, WINDOWS
from headstart.explain.image.coordinates import sum_cells
from headstart.explain.image.explaining import encode_picture
from headstart.explain.image.methods import compute_attribution
from headstart.explain.image.networks import open_network
from headstart.explain.image.sanity_checks import check_heat
from headstart.explain.torch_graph import torch_scores
from headstart.heads.linear import LinearHead
from headstart.heads.probabilities import Softmax
from headstart.runtime.context import cache_folder
from headstart.workflows.model import load, to_explained_model

Grid = npt.NDArray[np.float32]
Theirs = Callable[[torch.Tensor, int], torch.Tensor]
GAP = 1e-4  # bound on the sum of an exact map less the score
AGREE = 1e-4  # bound on how far a map may be from captum's, of the largest value in that


@dataclass(frozen=True, slots=True)
class Measured:
    """Seconds of each picture, ours and captum's, and how far the maps are apart, relative to the largest value."""

    ours: list[float]
    theirs: list[float]
    difference: float


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pictures", nargs="?", type=Path, help="folder of JPEG files; without it made ones")
    parser.add_argument("--model", type=Path, help="a saved model; without it a random head")
    parser.add_argument("--count", type=int, default=4, help="pictures")
    parser.add_argument("--markdown", action="store_true", help="print the tables for README.md")
    given = parser.parse_args()
    conditions = machine()
    subject = to_explained_model(load(given.model)) if given.model else random_subject()
    with photographs(given.pictures, given.count) as files:
        step = max(1, len(files) // given.count)
        report(subject, files[::step][: given.count], conditions, markdown=given.markdown)


def random_subject(classes: int = 10) -> ExplainedModel:
    """Put a random head on the default encoder."""
    encoder = load_encoder("efficientnet_lite0", cache=cache_folder(), device="cpu")
    weight = np.random.default_rng(0).normal(size=(classes, encoder.spec.dimension)).astype(np.float32) / 10
    names = tuple(f"class {number}" for number in range(classes))
    return ExplainedModel(
        encoder, encoder.files, LinearHead(weight, np.zeros(classes, dtype=np.float32)), Softmax(), names
    )


def report(subject: ExplainedModel, files: Sequence[Path], conditions: str, *, markdown: bool) -> None:
    """Explain every picture by every method, in turns with captum."""
    found = {method: compare(subject, method, theirs, files) for method, theirs in peers(subject, files[0]).items()}
    rows = [
        [method, middle(one.ours, 4), middle(one.theirs, 4), middle(ratios(one), 3)] for method, one in found.items()
    ]
    exact = [exact_map(subject, path) for path in files]
    apart = [bound(f"{method}: difference from captum", AGREE, one.difference) for method, one in found.items()]
    print(f"{conditions}; torch {torch.__version__}, captum {captum.__version__}; {len(files)} pictures", end="\n\n")
    print_table(["method", "headstart, s", "captum, s", "ratio"], rows, markdown=markdown)
    whole = [
        ["the exact map and the prediction, s", middle([one["seconds"] for one in exact], 4)],
        ["both tests of a map, s", middle([one["check_seconds"] for one in exact], 2)],
        ["random maps beaten, of 20", f"{statistics.mean(one['beaten'] for one in exact):.1f}"],
    ]
    print_table(["the default map", "measured"], whole, markdown=markdown)
    bounds = [*apart, bound("exact map: sum less the score", GAP, max(one["gap"] for one in exact))]
    print_table(["bound", "wanted", "measured", "kept"], bounds, markdown=markdown)
    print(json.dumps({"benchmark": "explain", "conditions": conditions, "methods": as_json(found), "exact": exact}))


def bound(name: str, most: float, measured: float) -> list[str]:
    """Put a figure against its bound."""
    return [name, f"at most {most:.0e}", f"{measured:.1e}", "yes" if measured <= most else "no"]


def as_json(found: dict[str, Measured]) -> dict[str, Any]:
    """Give every single measurement."""
    return {name: {"headstart": one.ours, "captum": one.theirs, "apart": one.difference} for name, one in found.items()}


def peers(subject: ExplainedModel, first: Path) -> dict[str, Theirs]:
    """Give captum's own calls on the network in torch."""
    network = open_network(subject.files, subject.encoder.preprocess(open_example(first)))
    head = torch_scores(subject.head)

    class Whole(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.network = network.module

        def forward(self, batch: torch.Tensor) -> torch.Tensor:
            return head(self.network(batch))

    whole = Whole().eval()
    layer = dict(network.module.named_modules())[network.layer.name]
    height, width = subject.encoder.spec.preprocessing.height, subject.encoder.spec.preprocessing.width
    window = -(-height // WINDOWS), -(-width // WINDOWS)

    def occlude(inputs: torch.Tensor, target: int) -> torch.Tensor:
        with torch.inference_mode():
            return captum.attr.Occlusion(whole).attribute(
                inputs, (3, *window), (3, window[0] // 2, window[1] // 2), 0, target, perturbations_per_eval=AT_ONCE
            )

    return {
        "gradcam": lambda inputs, target: captum.attr.LayerGradCam(whole, layer).attribute(
            inputs, target, relu_attributions=True
        ),
        "gradients": lambda inputs, target: captum.attr.IntegratedGradients(whole).attribute(
            inputs, target=target, n_steps=STEPS, internal_batch_size=AT_ONCE
        ),
        "occlusion": occlude,
    }


def compare(subject: ExplainedModel, method: str, theirs: Theirs, files: Sequence[Path]) -> Measured:
    """Explain each picture for its likeliest class, ours and captum's in turns; the first one only warms up."""
    ours, others, difference = list[float](), list[float](), 0.0
    for number, path in enumerate((files[0], *files)):
        picture = open_example(path)
        start = time.perf_counter()
        seen = encode_picture(subject, picture)
        target = int(subject.head.scores(seen.features[None])[0].argmax())
        grid = compute_attribution(subject, seen, target, method).grid
        middle_of = time.perf_counter()
        pixels = subject.encoder.preprocess(picture)
        other = as_grid(theirs(torch.from_numpy(pixels[None]), target), method)
        if number:
            ours.append(middle_of - start)
            others.append(time.perf_counter() - middle_of)
        difference = max(difference, float(np.abs(grid - other).max() / np.abs(other).max()))
    return Measured(ours, others, difference)


def as_grid(found: torch.Tensor, method: str) -> Grid:
    """Bring captum's attribution into the form of ours."""
    if method == "gradcam":
        return found[0, 0].detach().numpy()
    heat = found[0].mean(dim=0) if method == "occlusion" else found[0].sum(dim=0)
    return sum_cells(heat.detach().numpy().astype(np.float32), heat.shape[0] // CELL, heat.shape[1] // CELL)


def exact_map(subject: ExplainedModel, path: Path) -> dict[str, Any]:
    """Time the default explanation and its tests, and measure how far its sum is from the score."""
    picture = open_example(path)
    start = time.perf_counter()
    seen = encode_picture(subject, picture)
    scores = subject.head.scores(seen.features[None])[0]
    target = int(scores.argmax())
    heat = compute_attribution(subject, seen, target, "cam")
    seconds = time.perf_counter() - start
    start = time.perf_counter()
    checks = check_heat(subject, seen, target, heat, "blur", 0)
    return {
        "seconds": seconds,
        "gap": abs(float(heat.grid.sum(dtype=np.float64)) - float(scores[target])),
        "check_seconds": time.perf_counter() - start,
        "beaten": checks.faithfulness.beaten,
        "rank_correlation": checks.randomisation.steps[-1].rank_correlation,
    }


def ratios(one: Measured) -> list[float]:
    """Divide our seconds by captum's, picture by picture."""
    return [ours / theirs for ours, theirs in zip(one.ours, one.theirs, strict=True)]


if __name__ == "__main__":
    main()
