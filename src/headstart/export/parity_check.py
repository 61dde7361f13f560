"""The proof of an export: the same picture files through the library and through the exported file, compared."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from headstart.metrics.intervals import wilson
from headstart.metrics.non_inferiority import not_worse_confidence
from headstart.metrics.paired_tests import mcnemar
from headstart.metrics.values import Score

GateName = Literal["same answers", "accuracy"]
AGREEMENT = 0.995  # least share of pictures that get the same label
DIFFERENCE = 0.02  # largest difference of a probability
LOSS = 0.01  # of accuracy that int8 may cost
CONFIDENCE = 0.8  # that it costs no more

Probabilities = npt.NDArray[np.floating[Any]]


@dataclass(frozen=True, slots=True)
class Accuracies:
    """Both accuracies on the same labelled pictures.

    Attributes
    ----------
    library, exported
        With 95 % intervals.
    only_library, only_exported
        How many pictures only one of the two answers rightly.
    mcnemar
        p-value of McNemar's exact test that both are right equally often.
    confidence
        How sure it is that the exported file's accuracy is less than 1 point below the library's.
    """

    library: Score
    exported: Score
    only_library: int
    only_exported: int
    mcnemar: float
    confidence: float


@dataclass(frozen=True, slots=True)
class ParityReport:
    """What both roads said about the same pictures.

    Attributes
    ----------
    pictures
        How many.
    agreement
        Share of them with the same label.
    max_difference, mean_difference
        Of a probability.
    accuracies
        None when the labels are not known, or the model was fitted to these very pictures.
    """

    pictures: int
    agreement: float
    max_difference: float
    mean_difference: float
    accuracies: Accuracies | None = None

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return asdict(self)

    def lines(self) -> list[str]:
        """Say the same for people."""
        same = round(self.agreement * self.pictures)
        lines = [
            f"Proof: {self.pictures:,} pictures through the library and through the file. Same label for {same:,} "
            f"({100 * self.agreement:.2f} %); probabilities differ by {self.max_difference:.2g} at most, "
            f"{self.mean_difference:.2g} in the mean."
        ]
        found = self.accuracies
        if found is not None:
            lines.append(
                f"Accuracy: library {found.library}, file {found.exported}. Right only in the library "
                f"{found.only_library}, only in the file {found.only_exported}; McNemar's p = {found.mcnemar:.3g}; not "
                f"lower by more than 1 point with a confidence of {100 * found.confidence:.1f} %."
            )
        return lines


def prove(library: Probabilities, exported: Probabilities, labels: npt.NDArray[np.int64] | None = None) -> ParityReport:
    """Compare probabilities of shape (N, C), N > 0, and, with ``labels`` of shape (N,), both accuracies.

    Examples
    --------
    >>> prove(np.array([[0.8, 0.2], [0.4, 0.6]]), np.array([[0.75, 0.25], [0.4, 0.6]])).agreement
    1.0
    """
    difference = np.abs(library - exported)
    one, other = library.argmax(axis=1), exported.argmax(axis=1)
    broken = not np.isfinite(exported).all()
    return ParityReport(
        pictures=len(library),
        agreement=float((one == other).mean()),
        max_difference=1.0 if broken else float(difference.max()),
        mean_difference=1.0 if broken else float(difference.mean()),
        accuracies=None if labels is None else _accuracies(one == labels, other == labels),
    )


def _accuracies(library: npt.NDArray[np.bool_], exported: npt.NDArray[np.bool_]) -> Accuracies:
    return Accuracies(
        library=wilson(library.sum(), len(library)),
        exported=wilson(exported.sum(), len(exported)),
        only_library=int((library & ~exported).sum()),
        only_exported=int((exported & ~library).sum()),
        mcnemar=mcnemar(library, exported),
        confidence=not_worse_confidence(library, exported, LOSS),
    )


def gate_for(precision: str) -> GateName:
    """Name the gate: files that compute with the library's numbers must give its answers, int8 its accuracy."""
    return "accuracy" if precision == "int8" else "same answers"


def gate_rule(gate: GateName) -> str:
    """Say what a gate asks for."""
    if gate == "accuracy":
        return (
            f"The accuracy is not lower by more than {100 * LOSS:.0f} point, with a confidence of at least "
            f"{100 * CONFIDENCE:.0f} %."
        )
    same = f"At least {100 * AGREEMENT:.1f} % of the labels are equal"
    return f"{same}, and no probability differs by more than {DIFFERENCE}."


def faults(proof: ParityReport, gate: GateName) -> Sequence[str]:
    """Say what keeps a proof from passing a gate; empty when it passes.

    Examples
    --------
    >>> faults(prove(np.array([[0.8, 0.2]]), np.array([[0.7, 0.3]])), "same answers")
    ['a probability differs by 0.1']
    """
    if gate == "accuracy":
        return _accuracy_faults(proof)
    found = []
    if proof.agreement < AGREEMENT:
        found.append(f"only {100 * proof.agreement:.1f} % of the labels are equal")
    if proof.max_difference > DIFFERENCE:
        found.append(f"a probability differs by {proof.max_difference:.2g}")
    return found


def _accuracy_faults(proof: ParityReport) -> list[str]:
    found = proof.accuracies
    if found is None:
        return ["there are no labelled pictures that the model was not fitted to"]
    lost = found.library.value - found.exported.value
    if lost > LOSS:
        return [f"the accuracy is lower by {100 * lost:.1f} points"]
    if found.confidence < CONFIDENCE:
        return [
            f"{proof.pictures} pictures make it only {100 * found.confidence:.0f} % sure that the accuracy is not "
            "lower by more than 1 point"
        ]
    return []
