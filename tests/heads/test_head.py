"""Heads to arrays and back, and what a head is by default."""

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_array

from headstart.encoders.term_features import TermFeatures
from headstart.errors import ModelFileError
from headstart.heads.family import load_family, load_head
from headstart.heads.head import FEATURES, Head, Matrix, Node, Output, evaluate_graph
from headstart.heads.linear import LinearHead, as_linear, multiply_rows
from headstart.heads.probabilities import softmax
from headstart.heads.training_set import TrainingSet
from headstart.registry import TABLES
from headstart.settings.recipe import Recipe


@dataclass(frozen=True)
class Steps(Head):
    """Says no more than it must; ``edges`` is kept as an array, ``up`` as a setting."""

    edges: np.ndarray
    up: bool = True
    kind: ClassVar[str] = "steps"

    def scores(self, features: Matrix) -> np.ndarray:
        return np.where((features[:, :1] > self.edges) == self.up, 1.0, 0.0)


def with_terms(training: TrainingSet) -> TrainingSet:
    """Let features carry terms, which heads of words need."""
    terms = csr_array(np.abs(training.features).astype(np.float32))
    features = TermFeatures.of(training.features.astype(np.float32), lambda: terms)
    return replace(training, matrix=features)


@pytest.mark.parametrize("name", TABLES["heads"])
def test_every_head_comes_back_with_the_same_scores(make, name):
    training = with_terms(make(40, 9, 3))
    family = load_family(name, Recipe(hidden=4))
    head = family.fit(training, family.grid[-1])
    again = load_head(head.kind, head.arrays(), head.settings())
    assert type(again) is type(head) is family.head
    np.testing.assert_array_equal(again.scores(training.features), head.scores(training.features))
    assert again.settings() == head.settings()


@pytest.mark.parametrize("name", TABLES["heads"])
def test_probabilities_have_the_same_bits_whoever_else_is_answered(make, name):
    training = with_terms(make(97, 384, 7))
    family = load_family(name, Recipe(hidden=33))
    head = family.fit(training, family.grid[0])
    answered = softmax(head.scores(training.features))
    alone = np.vstack([softmax(head.scores(training.features[row : row + 1])) for row in range(len(training))])
    if name == "knn":  # its examples are many: blocks of a few rows would take several times as long
        np.testing.assert_allclose(alone, answered, atol=1e-6)
    else:
        np.testing.assert_array_equal(alone, answered)


@given(st.integers(1, 40), st.integers(1, 400), st.integers(1, 90), st.data())
def test_the_bits_of_a_product_do_not_depend_on_the_company_of_a_row(count, width, classes, data):
    random = np.random.default_rng(count)
    rows, weight = (random.normal(size=(n, width)).astype(np.float32) for n in (count, classes))
    company = data.draw(st.lists(st.integers(0, count - 1), min_size=1, max_size=30))
    product = multiply_rows(rows, weight)
    np.testing.assert_array_equal(multiply_rows(rows[company], weight), product[company])
    np.testing.assert_allclose(product, rows.astype(np.float64) @ weight.astype(np.float64).T, atol=1e-3)


def test_an_unknown_kind_is_named():
    with pytest.raises(ModelFileError) as raised:
        load_head("forest", {}, {})
    assert str(raised.value) == (
        "The saved model has a head of an unknown kind 'forest'. This version of Headstart knows: linear, neighbours, "
        "centroid, perceptron, words, stacked. Update Headstart, install the package that the head comes from, or save "
        "the model again."
    )


@pytest.mark.parametrize(
    ("kind", "there", "missing"), [("linear", "weight", "bias"), ("neighbours", "examples", "labels")]
)
def test_a_missing_array_is_named(kind, there, missing):
    with pytest.raises(ModelFileError) as raised:
        load_head(kind, {there: np.eye(2)}, {})
    assert str(raised.value) == (
        f"The saved head is incomplete: it has no '{missing}'. A head of the kind '{kind}' needs it. "
        "Save the model again."
    )


def test_a_head_keeps_its_fields_and_promises_nothing_by_default():
    head = Steps(np.array([0.0, 1.0]), up=False)
    again = Steps.from_arrays(head.arrays(), head.settings())
    assert (list(head.arrays()), head.settings()) == (["edges"], {"up": False})
    np.testing.assert_array_equal(again.scores(np.array([[0.5]])), [[0.0, 1.0]])
    assert (head.graph(), head.affine(np.zeros(1, np.float32), 0), head.holds_examples) == (None, None, False)
    assert as_linear(head) is None


def test_one_linear_layer_of_another_class_is_taken_for_one_and_two_are_not():
    weight, bias = np.arange(6.0).reshape(2, 3), np.array([5.0, 7.0])

    class OneLayer(Steps):
        def graph(self) -> Node:
            return Node("Gemm", (FEATURES, weight, bias), {"transB": 1})

    class TwoLayers(OneLayer):
        def graph(self) -> Node:
            return Node("Gemm", (OneLayer.graph(self), weight[:, :2], bias), {"transB": 1})

    found = as_linear(OneLayer(np.zeros(1)))
    assert isinstance(found, LinearHead)
    np.testing.assert_array_equal(found.scores(np.ones((1, 3))), [weight.sum(axis=1) + bias])
    assert as_linear(TwoLayers(np.zeros(1))) is None


def test_a_graph_is_evaluated_once_for_each_operation_and_its_fractions_are_float32():
    top = Node("TopK", (FEATURES, [2]), {"axis": 1}, outputs=2)
    shared = Node("Mul", (top, 0.5))
    applied, constants = [], []

    def apply(node: Node, inputs: list[str]) -> tuple[str, ...]:
        applied.append(node.operator)
        return tuple(f"{node.operator}{number}({', '.join(inputs)})" for number in range(node.outputs))

    def constant(values: np.ndarray) -> str:
        constants.append(values.dtype)
        return str(values)

    found = evaluate_graph(Node("Add", (Node("Sub", (shared, shared)), Output(top, 1))), "x", constant, apply)
    assert applied == ["TopK", "Mul", "Sub", "Add"]
    assert found == "Add0(Sub0(Mul0(TopK0(x, [2]), 0.5), Mul0(TopK0(x, [2]), 0.5)), TopK1(x, [2]))"
    assert constants == [np.int64, np.float32]
