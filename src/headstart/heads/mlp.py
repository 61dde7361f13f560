"""A multi-layer perceptron with one hidden layer."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from headstart.arrays import Singles
from headstart.heads.family import HeadFamily
from headstart.heads.head import FEATURES, Affine, Array, Head, Matrix, Node
from headstart.heads.linear import ABSENT, linear_layer, multiply_rows
from headstart.heads.training_set import TrainingSet
from headstart.settings.fields import ActivationName
from headstart.settings.recipe import Recipe

STEPS_PER_PASS = 8  # at least, so that a small set is learned too
PASSES = 60  # over the training set; a fixed number, since stopping early would need a part that divides groups
LARGEST_BATCH = 64
OPERATORS: dict[ActivationName, str] = {"relu": "Relu", "sigmoid": "Sigmoid", "tanh": "Tanh"}


@dataclass(frozen=True, slots=True, eq=False)
class MlpHead(Head):
    """Scores ``output_weight @ activation(hidden_weight @ x + hidden_bias) + output_bias``, standardisation inside.

    Attributes
    ----------
    hidden_weight, hidden_bias, output_weight, output_bias
        Shapes (H, D), (H,), (C, H) and (C,), float32.
    activation
        Of the hidden layer.
    regularisation
        The chosen strength.

    Examples
    --------
    >>> one = np.ones((1, 1), dtype=np.float32)
    >>> head = MlpHead(one, np.zeros(1, np.float32), one, np.zeros(1, np.float32), "relu", 1.0)
    >>> head.scores(np.array([[-2.0], [2.0]])).tolist()
    [[0.0], [2.0]]
    """

    hidden_weight: Singles
    hidden_bias: Singles
    output_weight: Singles
    output_bias: Singles
    activation: ActivationName
    regularisation: float
    kind: ClassVar[str] = "perceptron"

    def scores(self, features: Matrix) -> Array:
        """Compute scores of shape (N, C)."""
        inputs = multiply_rows(features.astype(np.float32, copy=False), self.hidden_weight) + self.hidden_bias
        outputs = multiply_rows(activate(inputs, self.activation), self.output_weight)
        return (outputs + self.output_bias).astype(np.float64)

    def graph(self) -> Node:
        """Return two layers with the activation between them."""
        hidden = Node(OPERATORS[self.activation], (linear_layer(FEATURES, self.hidden_weight, self.hidden_bias),))
        return linear_layer(hidden, self.output_weight, self.output_bias)

    def affine(self, features: Singles, target: int) -> Affine | None:
        """Return the score among the hidden units that are open at these features; None unless they are relu."""
        if self.activation != "relu":
            return None
        open_units = self.hidden_weight @ features + self.hidden_bias > 0
        output = self.output_weight[target].astype(np.float64) * open_units
        bias = float(output @ self.hidden_bias) + float(self.output_bias[target])
        return Affine(output @ self.hidden_weight, bias)


def activate(inputs: Matrix, activation: ActivationName) -> Matrix:
    """Apply the activation to each number.

    Examples
    --------
    >>> activate(np.array([-1000.0, 0.0, 1000.0]), "sigmoid").tolist()
    [0.0, 0.5, 1.0]
    """
    if activation == "relu":
        return np.maximum(inputs, 0)
    if activation == "tanh":
        return np.tanh(inputs)
    sigmoid: Matrix = 0.5 * (1 + np.tanh(0.5 * inputs))  # without exp, which would overflow
    return sigmoid


@dataclass(frozen=True, slots=True)
class MlpFamily(HeadFamily):
    """Fit by scikit-learn: cross-entropy, Adam, a fixed number of passes, seeded; slower than all other heads.

    Minimises ``mean(-log softmax(scores)[y]) + regularisation / 2 * |weights|^2`` over standardised features;
    scikit-learn's ``alpha`` is the regularisation times the batch size.

    Examples
    --------
    >>> MlpFamily.from_recipe(Recipe(hidden=64, activation="tanh"))
    MlpFamily(hidden=64, activation='tanh', seed=0)
    """

    hidden: int = 128
    activation: ActivationName = "relu"
    seed: int = 0
    name: ClassVar[str] = "mlp"
    head: ClassVar[type[Head]] = MlpHead
    grid: ClassVar[tuple[float, ...]] = (1e-1, 1e-2, 1e-3)

    @classmethod
    def from_recipe(cls, recipe: Recipe) -> "MlpFamily":
        """Take width, activation and seed from a recipe."""
        return cls(recipe.head.hidden, recipe.head.activation, recipe.run.seed)

    def fit(self, training: TrainingSet, setting: float) -> MlpHead:
        """Fit the head for one regularisation."""
        if len(training.present) < 2:
            return self._constant_head(training, setting)
        # Only this head needs scikit-learn, whose import takes more than a second.
        from sklearn.neural_network import MLPClassifier

        batch_size = max(1, min(LARGEST_BATCH, len(training) // STEPS_PER_PASS))
        network = MLPClassifier(
            hidden_layer_sizes=(self.hidden,),
            activation="logistic" if self.activation == "sigmoid" else self.activation,
            alpha=setting * batch_size,
            batch_size=batch_size,
            random_state=self.seed,
        )
        standard, labels = training.standardisation, training.compact_labels
        inputs = ((training.features - standard.mean) / standard.scale).astype(np.float32)
        weights = {"sample_weight": training.weights * len(training)} if training.balance else {}
        for _ in range(PASSES):
            network.partial_fit(inputs, labels, classes=np.arange(len(training.present)), **weights)
        return self._head(training, network, setting)

    def _head(self, training: TrainingSet, network: Any, setting: float) -> MlpHead:  # noqa: ANN401 - untyped
        standard = training.standardisation
        first, second = (weight.T.astype(np.float64) for weight in network.coefs_)
        first_bias, second_bias = (bias.astype(np.float64) for bias in network.intercepts_)
        if len(second) == 1:  # for two classes scikit-learn keeps only the score of the second
            second, second_bias = np.vstack([0 * second, second]), np.append(0.0, second_bias)
        output = np.zeros((training.class_count, self.hidden))
        output_bias = np.full(training.class_count, ABSENT)
        output[training.present], output_bias[training.present] = second, second_bias
        folded = first / standard.scale
        return self._of(setting, folded, first_bias - folded @ standard.mean, output, output_bias)

    def _constant_head(self, training: TrainingSet, setting: float) -> MlpHead:
        """Return a head that always chooses the one class there is."""
        bias = np.full(training.class_count, ABSENT)
        bias[training.present] = 0.0
        nothing, outputs = np.zeros((1, training.features.shape[1])), np.zeros((training.class_count, 1))
        return self._of(setting, nothing, np.zeros(1), outputs, bias)

    def _of(self, setting: float, *layers: Array) -> MlpHead:
        """Return the head of weight and bias of the hidden layer, then of the outputs."""
        hidden_weight, hidden_bias, output_weight, output_bias = (layer.astype(np.float32) for layer in layers)
        return MlpHead(hidden_weight, hidden_bias, output_weight, output_bias, self.activation, setting)
