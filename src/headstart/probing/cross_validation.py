"""Probes in folds: each example is scored by a probe that was chosen, fitted and calibrated without it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from headstart.arrays import Floats, Integers, Singles
from headstart.data.splits import make_folds
from headstart.data.targets.base import Target
from headstart.probing.baseline import BaselineRows
from headstart.probing.probe import fit_probe
from headstart.probing.rows import Sample
from headstart.runtime.progress import Progress, silent
from headstart.settings.recipe import Recipe

Matrix = Singles


@dataclass(frozen=True, slots=True, eq=False)
class OutOfFold:
    """Probabilities of N examples in R repetitions.

    Attributes
    ----------
    outputs
        Of probes on the features, shape (R, N, C).
    simple
        Of the baseline in the first repetition, shape (N, C).
    fold_of
        In which fold an example was held out, shape (R, N).
    halves
        Of what parts of the features say alone, in the first repetition, by name, shape (N, C) each: see
        :meth:`headstart.probing.probe.Probe.predict_halves`; empty where a fold did not choose between them.
    """

    outputs: Floats
    simple: Floats
    fold_of: Integers
    halves: Mapping[str, Floats] = field(default_factory=dict)


def predict_in_folds(
    features: Matrix,
    baseline: BaselineRows,
    sample: Sample,
    target: Target,
    recipe: Recipe,
    progress: Progress = silent,
) -> OutOfFold:
    """Predict every example of a sample out of its fold, as often and in as many folds as the recipe says.

    Everything that is chosen (head, strength, decoding) is chosen inside the part a fold learns from. Groups of the
    sample are not divided.

    Parameters
    ----------
    features, baseline
        Of the whole dataset: the sample says which rows are its own.

    Raises
    ------
    DataError
        When all examples are of one group.

    Examples
    --------
    >>> random = np.random.default_rng(0)
    >>> labels = np.arange(40) % 2
    >>> features = random.normal(size=(40, 3)).astype(np.float32) + 4 * labels[:, None].astype(np.float32)
    >>> from headstart.data.targets.classes import Classes
    >>> sample = Sample(np.arange(40), labels, np.arange(40), None)
    >>> target, recipe = Classes(("cat", "dog")), Recipe(head="centroid", folds=4)
    >>> found = predict_in_folds(features, BaselineRows(features), sample, target, recipe)
    >>> found.outputs.shape, bool((found.outputs[0].argmax(axis=1) == labels).all())
    ((1, 40, 2), True)
    """
    features, baseline = features[sample.positions], baseline.take(sample.positions)
    shape = (recipe.split.repeats, len(sample), target.width)
    outputs, fold_of = np.zeros(shape), np.zeros(shape[:2], dtype=np.int64)
    simple, halves = np.zeros(shape[1:]), list[tuple[Integers, dict[str, Floats]]]()
    for repeat in range(recipe.split.repeats):
        seed = (recipe.run.seed + 7919 * repeat) % 2**32
        folds = make_folds(sample.strata, sample.groups, recipe.split.folds, seed)
        for number, fold in enumerate(folds):
            labels, groups = sample.labels[fold.train], sample.groups[fold.train]
            probe = fit_probe(features[fold.train], labels, target, groups, recipe)
            outputs[repeat, fold.held_out] = probe.outputs(features[fold.held_out])
            fold_of[repeat, fold.held_out] = number
            if repeat == 0:
                plain = baseline.take(fold.train).fit(labels, target, groups, recipe)
                simple[fold.held_out] = plain.outputs(baseline.select(fold.held_out))
                own = probe.predict_halves(features[fold.held_out], simple[fold.held_out])
                halves.append((fold.held_out, own))
            progress("folds", repeat * len(folds) + number + 1, recipe.split.repeats * len(folds))
    return OutOfFold(outputs, simple, fold_of, _join(halves))


def _join(parts: Sequence[tuple[Integers, Mapping[str, Floats]]]) -> dict[str, Floats]:
    """Put outputs by name, each with the rows that they are of, in the order of the rows; of names that all have."""
    order = np.argsort(np.concatenate([rows for rows, _ in parts]))
    names = [name for name in parts[0][1] if all(name in found for _, found in parts)]
    return {name: np.concatenate([found[name] for _, found in parts])[order] for name in names}
