"""A fitted head that knows when not to answer: selective classification."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from headstart.arrays import Floats
from headstart.probing.class_prediction import Prediction, predictions_from
from headstart.probing.predictor import HeadPredictor
from headstart.uncertainty.ood import Matrix, NearestIndex
from headstart.uncertainty.policy import AnswerPolicy, PolicyOutcomes, add_outcomes, apply_policy, compute_novelty

if TYPE_CHECKING:
    from headstart.uncertainty.evaluate import OodSet, PolicyScores, Scored


@dataclass(frozen=True, slots=True, eq=False)
class SelectiveClassifier(HeadPredictor):
    """A predictor of classes; ``references`` are needed where its policy counts neighbours."""

    policy: AnswerPolicy | None = None
    references: NearestIndex | None = None

    def outcomes(self, features: Matrix, probabilities: Floats) -> PolicyOutcomes | None:
        """Apply the policy to predictions of shape (N, C) for features of shape (N, D); None without a policy."""
        return None if self.policy is None else apply_policy(self.policy, probabilities, self.novelty(features))

    def novelty(self, features: Matrix) -> Floats:
        """Compute how unlike the training examples those with these features are, shape (N,); NaN when not measured."""
        assert self.policy is not None
        return compute_novelty(self.policy, features, self.head.scores(features), self.decoding, self.references)

    def predict(self, names: Sequence[str], features: Matrix, top: int) -> tuple[Prediction, ...]:
        """Predict N examples with these features, shape (N, D), and what comes of the policy for them."""
        probabilities = self.outputs(features)
        found = predictions_from(names, probabilities, self.target.names, top)
        outcomes = self.outcomes(features, probabilities)
        if self.policy is None or outcomes is None:
            return found
        return add_outcomes(self.policy, outcomes, found, self.target.names)

    def evaluate_policy(self, features: Matrix, scored: "Scored", ood: "OodSet | None" = None) -> "PolicyScores | None":
        """Evaluate the policy on scored examples with these features, shape (N, D); None without a policy."""
        outcomes = self.outcomes(features, scored.probabilities)
        if self.policy is None or outcomes is None:
            return None
        from headstart.uncertainty.evaluate import evaluate_policy  # only here: answering does not need scores

        return evaluate_policy(self.policy, outcomes, scored, ood)
