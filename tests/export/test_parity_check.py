"""What a proof counts, says and refuses."""

import numpy as np
import pytest
from scipy.stats import binomtest

from headstart.export.parity_check import check_parity, check_parity_of_numbers, faults, gate_name, gate_rule
from headstart.metrics.intervals import wilson
from headstart.runtime.findings import sentences


def certain(answers: list[int], classes: int = 3) -> np.ndarray:
    """Probabilities that are sure of these answers."""
    return np.eye(classes)[answers] * 0.8 + 0.2 / classes


LABELS = np.array([0, 1, 2] * 40)


def with_changes(count: int) -> np.ndarray:
    answers = LABELS.copy()
    answers[:count] = (answers[:count] + 1) % 3
    return certain(answers.tolist())


def test_equal_answers_pass_both_gates():
    proof = check_parity(certain(LABELS.tolist()), certain(LABELS.tolist()), LABELS)
    assert (proof.examples, proof.agreement, proof.max_difference, proof.mean_difference) == (120, 1.0, 0.0, 0.0)
    assert faults(proof, "same answers") == faults(proof, "accuracy") == []


def test_both_accuracies_and_mcnemars_test_are_those_of_other_libraries():
    one, other = with_changes(4), with_changes(0)
    one[50:60], other[50:70] = np.roll(one[50:60], 1, axis=1), np.roll(other[50:70], 1, axis=1)
    found = check_parity(one, other, LABELS).accuracies
    right = [answers.argmax(axis=1) == LABELS for answers in (one, other)]
    assert found is not None
    assert found.library == wilson(right[0].sum(), 120)
    assert found.exported == wilson(right[1].sum(), 120)
    assert (found.only_library, found.only_exported) == (10, 4)
    assert found.mcnemar == pytest.approx(binomtest(4, 14).pvalue)


def test_people_are_told_everything_in_two_lines():
    assert check_parity(certain(LABELS.tolist()), with_changes(2), LABELS).lines() == [
        "Proof: 120 pictures through the library and through the file. Same label for 118 (98.33 %); probabilities "
        "differ by 0.8 at most, 0.0089 in the mean.",
        "Accuracy: library 1.000 [0.969, 1.000], file 0.983 [0.941, 0.995]. Right only in the library 2, only in the "
        "file 0; McNemar's p = 0.5; not lower by more than 1 point with a confidence of 23.1 %.",
    ]


def test_labels_that_differ_and_probabilities_that_differ_are_faults():
    proof = check_parity(certain(LABELS.tolist()), with_changes(1))
    assert sentences(faults(proof, "same answers")) == [
        "only 99.2 % of the labels are equal",
        "a probability differs by 0.8",
    ]


def test_numbers_that_are_not_finite_are_a_fault():
    broken = certain(LABELS.tolist())
    broken[7, 1] = np.nan
    assert (
        str(faults(check_parity(certain(LABELS.tolist()), broken), "same answers")[-1]) == "a probability differs by 1"
    )


def test_a_lower_accuracy_is_a_fault_of_int8_and_a_changed_probability_is_not():
    assert sentences(faults(check_parity(certain(LABELS.tolist()), with_changes(3), LABELS), "accuracy")) == [
        "the accuracy is lower by 2.5 points"
    ]
    flatter = certain(LABELS.tolist()) * 0.9 + 0.1 / 3
    assert faults(check_parity(certain(LABELS.tolist()), flatter, LABELS), "accuracy") == []
    assert sentences(faults(check_parity(certain(LABELS.tolist()), flatter, LABELS), "same answers")) == [
        "a probability differs by 0.053"
    ]


def test_few_pictures_are_not_enough_to_be_sure_of_an_accuracy():
    few = LABELS[:30]
    proof = check_parity(certain(few.tolist()), certain(few.tolist()), few)
    assert sentences(faults(proof, "accuracy")) == [
        "30 pictures make it only 71 % sure that the accuracy is not lower by more than 1 point"
    ]


def test_without_labels_there_is_no_accuracy_to_keep():
    proof = check_parity(certain(LABELS.tolist()), certain(LABELS.tolist()))
    assert len(proof.lines()) == 1
    assert sentences(faults(proof, "accuracy")) == ["there are no labelled pictures that the model was not fitted to"]


def test_the_gates_say_what_they_ask_for():
    proof = check_parity(certain([0]), certain([0]))
    gates = [gate_name(precision, proof) for precision in ("fp32", "fp16", "int8")]
    assert gates == ["same answers", "same answers", "accuracy"]
    assert str(gate_rule("same answers")) == (
        "At least 99.5 % of the labels are equal, and no probability differs by more than 0.02."
    )
    assert str(gate_rule("accuracy")) == (
        "The accuracy is not lower by more than 1 point, with a confidence of at least 80 %."
    )


def test_numbers_are_compared_in_their_standard_deviations():
    library = np.array([[10.0], [30.0], [20.0]])
    close, far = (check_parity_of_numbers(library, library + offset) for offset in (0.1, 1.0))
    gate = gate_name("int8", close)
    assert gate == "same numbers" and (close.agreement, far.agreement) == (1, 0)
    assert faults(close, gate) == []
    assert sentences(faults(far, gate)) == ["an output differs by 0.12 of its standard deviation"]
    assert str(gate_rule(gate)) == "No output differs by more than 0.02 of its standard deviation."
    assert check_parity_of_numbers(library, library * np.nan).max_difference == 1
