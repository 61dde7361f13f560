"""Few examples: a network that learns which of them are of one class, a probe on what it became, and whether it helped.

Nothing is held out of so few: whether the probe as it was would do as well, folds inside them say.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import torch

from headstart.arrays import Floats
from headstart.data.example import Example
from headstart.data.splits import make_folds
from headstart.finetuning.batches import Views
from headstart.finetuning.inputs import TrainingInputs
from headstart.finetuning.loop import Training
from headstart.finetuning.losses import Scores
from headstart.finetuning.weight_interpolation import WeightChoice, choose_share
from headstart.heads.linear import LinearHead, as_linear
from headstart.probing.probe import fit_probe
from headstart.runtime.context import RunContext
from headstart.runtime.findings import Finding
from headstart.settings.rules import TrainingPlan

TrainAndScore = Callable[[TrainingInputs, TrainingPlan, Sequence[Example], RunContext], Floats]

STEP = "Training in folds"


def probe_moved(ground: TrainingInputs, training: Training) -> LinearHead:
    """Fit a probe to the features of what the network became; its scores need no decoding."""
    loss = training.task.loss
    recipe = ground.recipe.replace(head=loss.linear_head)
    features = training.predict(training.task.train.views).astype(np.float32)
    probe = fit_probe(features, training.task.train.labels, ground.target, ground.groups, recipe)
    head = as_linear(probe.head)
    assert head is not None, "its family fits linear heads"
    return loss.fold(head, probe.decoding)


def score_moved(ground: TrainingInputs, training: Training, views: Views) -> Scores:
    """Score inputs by a probe on what the network became, shape (N, C)."""
    return probe_moved(ground, training).scores(training.predict(views).astype(np.float32))


def choose_moved(
    ground: TrainingInputs, training: Training, train_and_score: TrainAndScore, context: RunContext
) -> WeightChoice:
    """Put a probe on the network that was trained; share 0 where the probe as it was is as good in folds."""
    head, classifier = probe_moved(ground, training), training.task.moving.classifier
    with torch.no_grad():
        for own, found in ((classifier.head.weight, head.weight), (classifier.head.bias, head.bias)):
            own.copy_(torch.from_numpy(np.ascontiguousarray(found, dtype=np.float32)))
    helped = _helps(ground, training, train_and_score, context)
    notices = (Finding("finetuning.contrastive_unchecked"),) if helped is None else ()
    return WeightChoice(0.0 if helped is False else 1.0, training.task.moving.tensors(), None, (), notices)


def _helps(
    ground: TrainingInputs, training: Training, train_and_score: TrainAndScore, context: RunContext
) -> bool | None:
    """Compare with the probe on folds inside the examples; None where a class has too few for pairs and one held out.

    The moved network has to be better by more than one standard error of the paired difference. Half of the epochs show
    it, at half of the price; so do the first of the folds, where it is better by the square root of their number over
    that of those seen (the bounds of O'Brien and Fleming 1979).
    """
    loss, plan = training.task.loss, training.task.moving.plan
    strata = ground.target.strata(ground.labels)
    fewest = int(np.unique(strata, return_counts=True)[1].min())
    if fewest < 3:
        return None
    folds = make_folds(strata, ground.groups, 2 if fewest > 3 else 3, ground.recipe.run.seed)
    groups, losses, seen = np.unique(ground.groups, return_inverse=True)[1], np.zeros((2, len(strata))), list[int]()
    for number, fold in enumerate(folds):
        part, rows = ground.take(fold.train), fold.held_out
        examples = [ground.examples[row] for row in rows]
        plain = part.probe.head.scores(ground.features[rows])
        shorter = replace(plan, batch_size=min(plan.batch_size, len(fold.train)), epochs=-(-plan.epochs // 2))
        moved = train_and_score(part, shorter, examples, _inside(context, number, len(folds)))
        losses[0, rows] = loss.held_out_losses(plain, ground.labels[rows], part.probe.decoding)
        losses[1, rows] = loss.held_out_losses(moved, ground.labels[rows])
        seen.extend(rows)
        if choose_share(losses[:, seen], groups=groups[seen], errors=math.sqrt(len(folds) / (number + 1))) == 1:
            context.progress(STEP, 1, 1)
            return True
    return False


def _inside(context: RunContext, fold: int, folds: int) -> RunContext:
    """Return the context of a training in a fold: it keeps nothing, and its steps are a share of one bar."""
    return replace(
        context,
        run_folder=None,
        progress=lambda _, done, total, note="": context.progress(STEP, fold * total + done, folds * total, note),
    )
