"""Choices made on the validation part after a training: how far to go from the probe, and the temperature."""

from dataclasses import dataclass

import numpy as np

from headstart.heads.temperature import fit_temperature
from headstart.learning.averaging import interpolate
from headstart.learning.classifier import Tensors
from headstart.learning.loop import Training
from headstart.learning.task import Outcome, mean_log_loss

SHARES = tuple(step / 10 for step in range(11))


@dataclass(frozen=True, slots=True)
class Share:
    """One point on the way from the probe (0) to the fine-tuned weights (1), as the validation part saw it."""

    share: float
    log_loss: float
    accuracy: float


@dataclass(frozen=True, slots=True, eq=False)
class Choice:
    """The weights that were taken.

    Attributes
    ----------
    share
        How far they are from the start; 1 without interpolation.
    tensors
        What moved.
    temperature
        Of their scores.
    table
        The shares that were compared.
    notices
        Sentences for the user.
    """

    share: float
    tensors: Tensors
    temperature: float
    table: tuple[Share, ...]
    notices: tuple[str, ...]


def choose_weights(training: Training, outcome: Outcome, starts: Tensors) -> Choice:
    """Choose the share of the way, and fit the temperature, on validation pictures; leave the weights in the network.

    With ``wise = "auto"`` the share with the smallest calibrated log-loss is taken, the smaller one of equals.
    """
    task = training.task
    wise, validation = task.moving.plan.wise, task.validation
    if validation is None:
        share = {"": 1.0, "auto": 0.5}.get(wise) if wise in ("", "auto") else float(wise)
        assert share is not None
        task.moving.load(interpolate(starts, outcome.tensors, share))
        notice = "No picture was held out for choosing: the probabilities are not calibrated."
        if wise == "auto":
            notice += " Half of the way from the probe was gone."
        return Choice(share, training.task.moving.tensors(), 1.0, (), (notice,))
    shares = SHARES if wise == "auto" else (float(wise or 1.0),)
    table, temperatures = [], []
    for share in shares:
        task.moving.load(interpolate(starts, outcome.tensors, share))
        scores = training.predict(validation.views)
        temperature = fit_temperature(scores, validation.labels)
        right = float((scores.argmax(axis=1) == validation.labels).mean())
        table.append(Share(share, mean_log_loss(scores / temperature, validation.labels), right))
        temperatures.append(temperature)
    best = int(np.argmin([round(one.log_loss, 6) for one in table]))
    task.moving.load(interpolate(starts, outcome.tensors, shares[best]))
    return Choice(shares[best], task.moving.tensors(), temperatures[best], tuple(table), ())
