"""Does the guard keep its promises? Coverage, precision and false alarms on real photographs, and strange ones found.

The fruit photographs of the demonstration, or a folder of your own, are divided anew in every round. What is unlike
them comes with packages that are installed anyway: scikit-image's photographs and textures, and made noise. The hard
question is asked too: classes that are left out while the model is fitted are the unlike pictures then. Intervals are
those of the mean over the rounds (1.96 standard errors); rounds share pictures, so they are a little too narrow.
"""

import argparse
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image
from printed_tables import print_table

from headstart.api.models import embed
from headstart.data.demo_data import fruit_folder
from headstart.data.sources import read_dataset
from headstart.data.targets.classes import Classes
from headstart.metrics.classification.ranking import plan_ranking, rank_scores
from headstart.probing.probe import Probe, fit_probe
from headstart.probing.rows import Sample
from headstart.runtime.context import RunContext
from headstart.runtime.progress import silent
from headstart.settings.recipe import Recipe
from headstart.uncertainty.calibrate import fit_policy
from headstart.uncertainty.ood import nearest_index, to_half_precision
from headstart.uncertainty.policy import AnswerPolicy, PolicyOutcomes, apply_policy, compute_novelty

RULES = ("lac", "aps", "raps")
COVERAGES = (0.8, 0.9, 0.95, 0.98)
PRECISIONS = (0.9, 0.95, 0.98)
METHODS = ("neighbours", "energy", "mahalanobis")
CROPS = 3  # of each picture of scikit-image, beside the whole one
SCORED = 0.4  # share of the pictures, in every round
LEFT_OUT = 0.2  # share of the classes, for the hard question
Matrix = npt.NDArray[np.float32]
Rows = npt.NDArray[np.int64]
Measured = dict[str, list[float]]


@dataclass(frozen=True, slots=True, eq=False)
class Known:
    """Features (N, D) with labels (N,) of pictures that a model may know."""

    name: str
    features: Matrix
    labels: Rows


@dataclass(frozen=True, slots=True, eq=False)
class Fitted:
    """A model, with what it was fitted to, and the rows that it has not seen, of classes that it knows."""

    recipe: Recipe
    probe: Probe
    sample: Sample
    features: Matrix
    unseen: Matrix
    labels: Rows

    def guard(self, **settings: object) -> AnswerPolicy:
        """Fit a policy with these settings, as ``headstart fit`` does."""
        recipe = Recipe.from_mapping({"head": "logistic", "novelty": "none", **settings})
        return fit_policy(recipe, self.probe, self.features, self.sample, np.arange(len(self.features)))

    def novelty(self, guard: AnswerPolicy, features: Matrix) -> npt.NDArray[np.float64]:
        """Compute the novelty of pictures."""
        scores = self.probe.head.scores(features)
        known = nearest_index(to_half_precision(self.features))
        return compute_novelty(guard, features, scores, self.probe.decoding, known)

    def outcomes(self, guard: AnswerPolicy) -> PolicyOutcomes:
        """Apply the policy to the unseen pictures."""
        return apply_policy(guard, self.probe.outputs(self.unseen), self.novelty(guard, self.unseen))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", nargs="?", type=Path, help="pictures of your own; without it the fruit photographs")
    parser.add_argument("--rounds", type=int, default=20, help="divisions of the pictures")
    parser.add_argument(
        "--shots", type=int, default=0, help="pictures per class to learn from; 0: all that are not scored"
    )
    parser.add_argument("--markdown", action="store_true", help="print the tables for README.md")
    given = parser.parse_args()
    known = read_known(given.data)
    strange = {name: embed([(one, name) for one in found]).matrix for name, found in strange_pictures().items()}
    measured: Measured = {}
    for seed in range(given.rounds):
        for name, value in measure_round(known, strange, seed, given.shots).items():
            measured.setdefault(name, []).append(value)
    report(known, measured, markdown=given.markdown)
    print(json.dumps({"data": known.name, "pictures": len(known.labels), "measured": measured}))


def read_known(folder: Path | None) -> Known:
    """Read and encode the pictures; the parts a folder brings do not count."""
    context = RunContext()
    dataset = read_dataset(
        folder or fruit_folder(context.cache_folder, silent), name=folder.name if folder else "fruit"
    )
    found = embed(dataset)
    good = np.isfinite(found.matrix).all(axis=1)
    return Known(dataset.name, found.matrix[good], dataset.labels[good])


def strange_pictures() -> dict[str, list[Image.Image]]:
    """Gather pictures of other kinds: scikit-image's with crops of them, and noise of several grains."""
    import skimage

    random = np.random.default_rng(0)
    photographs = []
    for path in sorted(Path(skimage.__file__).parent.joinpath("data").glob("*")):
        if path.suffix in (".png", ".jpg"):
            picture = Image.open(path).convert("RGB")
            photographs += [picture, *(_crop(picture, random) for _ in range(CROPS))]
    noise = []
    for side in (4, 8, 32, 224) * 10:
        grain = Image.fromarray(random.integers(0, 256, size=(side, side, 3), dtype=np.uint8))
        noise.append(grain.resize((224, 224), Image.Resampling.BICUBIC))
    return {"scikit-image": photographs, "noise": noise}


def _crop(picture: Image.Image, random: np.random.Generator) -> Image.Image:
    side = int(min(picture.size) * random.uniform(0.4, 0.8))
    left, top = (int(random.integers(0, length - side + 1)) for length in picture.size)
    return picture.crop((left, top, left + side, top + side))


def fit(known: Known, rows: Rows, unseen: Rows, seed: int) -> Fitted:
    """Fit a probe to some rows; the others are to be scored."""
    recipe = Recipe(head="logistic", seed=seed)
    classes, labels = np.unique(known.labels[rows], return_inverse=True)
    everyone, features = np.arange(len(rows)), known.features[rows]
    probe = fit_probe(features, labels, Classes(tuple(map(str, classes))), everyone, recipe)
    sample = Sample(rows, labels, everyone, None)
    return Fitted(
        recipe, probe, sample, features, known.features[unseen], np.searchsorted(classes, known.labels[unseen])
    )


def measure_round(known: Known, strange: dict[str, Matrix], seed: int, shots: int) -> dict[str, float]:
    """Divide once; ask every question."""
    random = np.random.default_rng(seed)
    scored = random.random(len(known.labels)) < SCORED
    learned = ~scored & few(known.labels, ~scored, shots, random) if shots else ~scored
    model = fit(known, np.flatnonzero(learned), np.flatnonzero(scored), seed)
    found = {**measure_sets(model), **measure_answers(model), **measure_novelties(model, strange)}
    classes = np.unique(known.labels)
    out = np.isin(known.labels, random.permutation(classes)[: max(1, round(LEFT_OUT * len(classes)))])
    fewer = fit(known, np.flatnonzero(learned & ~out), np.flatnonzero(scored & ~out), seed)
    return found | measure_novelties(fewer, {"classes left out": known.features[out]})


def few(labels: Rows, usable: npt.NDArray[np.bool_], shots: int, random: np.random.Generator) -> npt.NDArray[np.bool_]:
    """Draw so many usable pictures of each class."""
    chosen = np.zeros(len(labels), dtype=np.bool_)
    for number in np.unique(labels):
        chosen[random.permutation(np.flatnonzero(usable & (labels == number)))[:shots]] = True
    return chosen


def measure_sets(model: Fitted) -> dict[str, float]:
    """Count how often sets hold the true class, and how large they are."""
    found = {}
    for rule in RULES:
        for coverage in COVERAGES:
            sets = model.outcomes(model.guard(sets=rule, coverage=coverage)).sets
            found[f"{rule} {coverage} coverage"] = float(sets[np.arange(len(sets)), model.labels].mean())
            found[f"{rule} {coverage} size"] = float(sets.sum(axis=1).mean())
    return found


def measure_answers(model: Fitted) -> dict[str, float]:
    """Count how many of the answers above the threshold are right, and how many pictures get one."""
    right = model.probe.outputs(model.unseen).argmax(axis=1) == model.labels
    found = {"accuracy": float(right.mean())}
    for wanted in PRECISIONS:
        answered = ~model.outcomes(model.guard(abstain=wanted)).unsure
        found[f"{wanted} precision"] = float(right[answered].mean()) if answered.any() else float("nan")
        found[f"{wanted} answered"] = float(answered.mean())
    return found


def measure_novelties(model: Fitted, strange: dict[str, Matrix]) -> dict[str, float]:
    """Count false alarms and strange pictures that are found, and how well the score tells them apart."""
    found = {}
    for method in METHODS:
        guard = model.guard(novelty=method)
        own = model.novelty(guard, model.unseen)
        for name, features in strange.items():
            other = model.novelty(guard, features)
            plan = plan_ranking(np.r_[own, other], np.arange(len(own) + len(other)) >= len(own))
            found[f"{method} {name} AUROC"] = float(rank_scores(plan, np.ones(len(own) + len(other))).roc_auc)
            found[f"{method} {name} found"] = float((other > guard.novelty_threshold).mean())
            found[f"{method} {name} false alarms"] = float((own > guard.novelty_threshold).mean())
    return found


def report(known: Known, measured: Measured, *, markdown: bool) -> None:
    """Print three tables."""
    rounds = len(measured["accuracy"])
    print(f"{known.name}: {len(known.labels)} pictures, {rounds} rounds, accuracy {shown(measured['accuracy'])}.")
    print()
    parts = [(rule, what) for rule in RULES for what in ("coverage", "size")]
    sets = [(f"{asked}", *(shown(measured[f"{rule} {asked} {what}"]) for rule, what in parts)) for asked in COVERAGES]
    print_table(("asked for", *(f"{rule}, {what}" for rule, what in parts)), sets, markdown=markdown)
    answers = []
    for wanted in PRECISIONS:
        promised = sum(value > 0 for value in measured[f"{wanted} answered"])
        row = (shown(measured[f"{wanted} {what}"]) for what in ("precision", "answered"))
        answers.append((f"{wanted}", *row, f"{promised} of {rounds}"))
    print_table(("asked for", "answers right", "pictures answered", "could be promised"), answers, markdown=markdown)
    columns = ("AUROC", "found", "false alarms")
    novelty = [
        (name, method, *(shown(measured[f"{method} {name} {what}"]) for what in columns))
        for name in ("noise", "scikit-image", "classes left out")
        for method in METHODS
    ]
    print_table(("unlike pictures", "novelty by", *columns), novelty, markdown=markdown)


def shown(values: Sequence[float]) -> str:
    """Show the mean over the rounds with the interval of the mean."""
    defined = np.array(values)[~np.isnan(values)]
    if not len(defined):
        return "none"
    error = 1.96 * defined.std(ddof=1) / np.sqrt(len(defined)) if len(defined) > 1 else 0.0
    return f"{defined.mean():.3f} ± {error:.3f}"


if __name__ == "__main__":
    main()
