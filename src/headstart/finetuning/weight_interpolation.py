"""Choices made on the validation part after a training: how far to go from the probe, and the decoding."""

from dataclasses import dataclass

import numpy as np

from headstart.finetuning.classifier import Tensors
from headstart.finetuning.ema import interpolate
from headstart.finetuning.job import TrainingOutcome
from headstart.finetuning.loop import Training
from headstart.finetuning.losses import Labels, Scores
from headstart.heads.head import Decoding
from headstart.runtime.findings import Finding

SHARES = tuple(step / 10 for step in range(11))


@dataclass(frozen=True, slots=True)
class Interpolation:
    """One point on the way from the probe (0) to the fine-tuned weights (1), as the validation part saw it."""

    share: float
    log_loss: float
    accuracy: float


@dataclass(frozen=True, slots=True, eq=False)
class WeightChoice:
    """The weights that were taken.

    Attributes
    ----------
    share
        How far they are from the start; 1 without interpolation.
    tensors
        What moved.
    decoding
        Of their scores, fitted on the validation part; None without one.
    table
        The shares that were compared.
    notices
        What the user should know.
    """

    share: float
    tensors: Tensors
    decoding: Decoding | None
    table: tuple[Interpolation, ...]
    notices: tuple[Finding, ...]


def choose_weights(training: Training, outcome: TrainingOutcome, starts: Tensors) -> WeightChoice:
    """Choose the share of the way, and fit the decoding, on validation examples; leave the weights in the network.

    With ``wise = "auto"`` see :func:`choose_share`. A training of which no epoch ended well leaves the start.
    """
    task = training.task
    wise, validation = task.moving.plan.wise, task.validation
    if not outcome.best and task.moving.plan.from_probe:
        wise = "0"
    if validation is None:
        share = 0.5 if wise == "auto" else float(wise or 1.0)
        _go(training, outcome, starts, share)
        code = "finetuning.no_choice_half" if wise == "auto" else "finetuning.no_choice"
        return WeightChoice(share, task.moving.tensors(), None, (), (Finding(code),))
    shares = SHARES if wise == "auto" else (float(wise or 1.0),)
    table, decodings, losses = [], [], []
    for share in shares:
        _go(training, outcome, starts, share)
        scores = training.predict(validation.views)
        decoding = task.loss.fit_decoding(scores, validation.labels, validation.weights)
        losses.append(task.loss.held_out_losses(scores, validation.labels, decoding))
        table.append(Interpolation(share, validation.loss(scores, decoding), validation.metric(scores)))
        decodings.append(decoding)
    best = choose_share(np.stack(losses), validation.weights, validation.groups)
    _go(training, outcome, starts, shares[best])
    return WeightChoice(shares[best], task.moving.tensors(), decodings[best], tuple(table), ())


def _go(training: Training, outcome: TrainingOutcome, starts: Tensors, share: float) -> None:
    """Put the weights at this share of the way into the network, with statistics that are theirs."""
    task = training.task
    task.moving.load(interpolate(starts, outcome.tensors, share))
    if 0 < share < 1 and not task.moving.plan.frozen_statistics:
        training.renew_statistics()


def choose_share(
    losses: Scores, weights: Scores | None = None, groups: Labels | None = None, errors: float = 1.0
) -> int:
    """Choose a row of losses of shape (shares, N), shares ascending: the nearest to the probe that is as good as any.

    As good means: not worse than the smallest mean by more than one standard error of the paired difference, or
    ``errors`` of them (the rule of Breiman et al. 1984). So weights move as far as the validation examples can vouch
    for, and no further: with a dozen of them nearly every difference is luck. ``weights`` (N,) sum to 1; differences
    are summed per group before their spread is taken, because examples of one group are not independent.

    Examples
    --------
    >>> clear = np.array([[1.0, 1.1, 0.9], [0.5, 0.6, 0.4], [0.2, 0.3, 0.1]])
    >>> luck = np.array([[0.1, 0.1, 2.0], [0.1, 0.2, 1.0]])
    >>> choose_share(clear), choose_share(luck), choose_share(luck, errors=0.1)
    (2, 0, 1)
    """
    count = losses.shape[1]
    mass = np.full(count, 1 / count) if weights is None else weights
    numbers = np.arange(count) if groups is None else groups
    means = losses @ mass
    excess = losses - losses[int(means.argmin())]
    independent = len(np.unique(numbers))
    if independent < 2:
        return 0
    worse = excess @ mass
    sums = np.stack([np.bincount(numbers, mass * (row - mean)) for row, mean in zip(excess, worse, strict=True)])
    error = np.sqrt((sums**2).sum(axis=1) * independent / (independent - 1))
    return int(np.argmax(worse <= errors * error))
