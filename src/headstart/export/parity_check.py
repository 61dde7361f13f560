"""The proof of an export: the same example files through the library and through the exported file, compared."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from headstart.metrics.intervals import wilson
from headstart.metrics.non_inferiority import non_inferiority_confidence
from headstart.metrics.paired_tests import mcnemar
from headstart.metrics.values import Score
from headstart.runtime.catalogue import ENGLISH, Texts
from headstart.runtime.findings import Finding

GateName = Literal["same answers", "same numbers", "accuracy"]
AGREEMENT = 0.995  # least share of examples that get the same label
DIFFERENCE = 0.02  # largest difference of a probability; of another number in its standard deviations
LOSS = 0.01  # of accuracy that int8 may cost
CONFIDENCE = 0.8  # that it costs no more

Outputs = npt.NDArray[np.floating[Any]]


@dataclass(frozen=True, slots=True)
class Accuracies:
    """Both accuracies on the same labelled examples.

    Attributes
    ----------
    library, exported
        With 95 % intervals.
    only_library, only_exported
        How many examples only one of the two answers rightly.
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
    """What both roads said about the same examples.

    Attributes
    ----------
    examples
        How many.
    agreement
        Share of them with the same answer: the same label, or numbers that differ by no more than they may.
    max_difference, mean_difference
        Of a probability; of another number in its standard deviations.
    answers
        What the two roads give.
    accuracies
        Of classes; None when the labels are not known, or the model was fitted to these very examples.
    """

    examples: int
    agreement: float
    max_difference: float
    mean_difference: float
    answers: Literal["classes", "numbers"] = "classes"
    accuracies: Accuracies | None = None

    def to_json(self) -> dict[str, Any]:
        """Return plain data."""
        return asdict(self)

    def lines(self, texts: Texts = ENGLISH) -> list[str]:
        """Write it for people."""
        values = {
            "pictures": self.examples,
            "same": round(self.agreement * self.examples),
            "share": 100 * self.agreement,
            "most": self.max_difference,
            "mean": self.mean_difference,
        }
        found = self.accuracies
        if found is None:
            return [texts.say("export.proof" if self.answers == "classes" else "export.proof_numbers", values)]
        accuracies = {name: getattr(found, name) for name in Accuracies.__slots__}
        shown = accuracies | {"confidence": 100 * found.confidence}
        return [texts.say("export.proof", values), texts.say("export.accuracies", shown)]


def check_parity(library: Outputs, exported: Outputs, labels: npt.NDArray[np.int64] | None = None) -> ParityReport:
    """Compare probabilities of shape (N, C), N > 0, and, with ``labels`` of shape (N,), both accuracies.

    Examples
    --------
    >>> check_parity(np.array([[0.8, 0.2], [0.4, 0.6]]), np.array([[0.75, 0.25], [0.4, 0.6]])).agreement
    1.0
    """
    difference = np.abs(library - exported)
    one, other = library.argmax(axis=1), exported.argmax(axis=1)
    broken = not np.isfinite(exported).all()
    return ParityReport(
        examples=len(library),
        agreement=float((one == other).mean()),
        max_difference=1.0 if broken else float(difference.max()),
        mean_difference=1.0 if broken else float(difference.mean()),
        accuracies=None if labels is None else _accuracies(one == labels, other == labels),
    )


def check_parity_of_numbers(library: Outputs, exported: Outputs, labels: object = None) -> ParityReport:
    """Compare outputs of shape (N, C), N > 0, in units of their standard deviations.

    Examples
    --------
    >>> check_parity_of_numbers(np.array([[10.0], [30.0]]), np.array([[10.0], [31.0]])).max_difference
    0.1
    """
    difference = np.abs(library - exported) / (library.std(axis=0) + np.finfo(np.float32).tiny)
    broken = not np.isfinite(exported).all()
    return ParityReport(
        examples=len(library),
        agreement=float((difference <= DIFFERENCE).all(axis=1).mean()),
        max_difference=1.0 if broken else float(difference.max()),
        mean_difference=1.0 if broken else float(difference.mean()),
        answers="numbers",
    )


def _accuracies(library: npt.NDArray[np.bool_], exported: npt.NDArray[np.bool_]) -> Accuracies:
    return Accuracies(
        library=wilson(library.sum(), len(library)),
        exported=wilson(exported.sum(), len(exported)),
        only_library=int((library & ~exported).sum()),
        only_exported=int((exported & ~library).sum()),
        mcnemar=mcnemar(library, exported),
        confidence=non_inferiority_confidence(library, exported, LOSS),
    )


def gate_name(precision: str, proof: ParityReport) -> GateName:
    """Name the gate: files that compute with the library's numbers must give its answers, int8 its accuracy."""
    if proof.answers == "numbers":
        return "same numbers"
    return "accuracy" if precision == "int8" else "same answers"


def gate_rule(gate: GateName) -> Finding:
    """Return what a gate asks for."""
    if gate == "accuracy":
        return Finding("export.gate_accuracy", {"loss": 100 * LOSS, "confidence": 100 * CONFIDENCE})
    if gate == "same numbers":
        return Finding("export.gate_numbers", {"difference": DIFFERENCE})
    return Finding("export.gate_answers", {"agreement": 100 * AGREEMENT, "difference": DIFFERENCE})


def faults(proof: ParityReport, gate: GateName) -> Sequence[Finding]:
    """Return what keeps a proof from passing a gate; empty when it passes.

    Examples
    --------
    >>> print(*faults(check_parity(np.array([[0.8, 0.2]]), np.array([[0.7, 0.3]])), "same answers"))
    a probability differs by 0.1
    """
    if gate == "accuracy":
        return _accuracy_faults(proof)
    found = []
    if gate == "same numbers":
        apart = proof.max_difference > DIFFERENCE
        return [Finding("export.fault_number", {"difference": proof.max_difference})] if apart else []
    if proof.agreement < AGREEMENT:
        found.append(Finding("export.fault_labels", {"agreement": 100 * proof.agreement}))
    if proof.max_difference > DIFFERENCE:
        found.append(Finding("export.fault_probability", {"difference": proof.max_difference}))
    return found


def _accuracy_faults(proof: ParityReport) -> list[Finding]:
    found = proof.accuracies
    if found is None:
        return [Finding("export.fault_no_labels")]
    lost = found.library.value - found.exported.value
    if lost > LOSS:
        return [Finding("export.fault_accuracy", {"points": 100 * lost})]
    if found.confidence < CONFIDENCE:
        return [Finding("export.fault_few", {"pictures": proof.examples, "confidence": 100 * found.confidence})]
    return []
