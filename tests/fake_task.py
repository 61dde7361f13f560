"""A fake task: a number as the answer. A ridge on the features, the mean as the baseline, no probabilities anywhere."""

from dataclasses import asdict, dataclass

import numpy as np
from sklearn.linear_model import Ridge

from headstart.data.targets.base import Target
from headstart.heads.cv_scoring import CvScore, CvScorer
from headstart.heads.family import HeadFamily
from headstart.heads.head import Decoding, Node
from headstart.heads.linear import LinearHead
from headstart.metrics.intervals import mean_interval, resampled_counts
from headstart.metrics.values import Evaluation, Metrics, Score
from headstart.probing.predictor import HeadPredictor
from headstart.tasks.base import define_task


@dataclass(frozen=True)
class Numbers(Target):
    task = "number"

    def read(self, examples):
        return np.array([float(example.targets.get("label", "nan")) for example in examples])

    def strata(self, labels):
        return np.searchsorted(np.quantile(labels, [0.25, 0.5, 0.75]), labels)

    def summarise(self, labels):
        return {"mean": float(labels.mean())}

    def constant(self, summary):
        return np.array([summary["mean"]])


class NumberRidge(HeadFamily):
    name, head, grid, tasks = "number_ridge", LinearHead, (10.0, 1.0, 0.1), ("number",)

    def fit(self, training, setting):
        found = Ridge(alpha=setting).fit(training.features.astype(np.float64), training.labels)
        return LinearHead(np.float32(found.coef_[None]), np.float32([found.intercept_]), {"regularisation": setting})


class SquaredErrors(CvScorer):
    def evaluate(self, scores):
        losses = (scores[:, 0].astype(np.float64) - self.labels) ** 2
        return CvScore(Identity(), float(losses.mean()), 1 - float(losses.mean() / self.labels.var()), losses)


@dataclass(frozen=True)
class Identity(Decoding):
    def decode(self, scores):
        return scores.astype(np.float64)

    def graph(self, scores: Node):
        return scores


@dataclass(frozen=True)
class NumberEvaluation(Evaluation):
    count: int
    r2: Score
    mae: Score
    groups: int | None = None
    cross_validated: None = None


def credit(outputs, labels):
    return 1 - (outputs[:, 0] - labels) ** 2 / labels.var()


def evaluate(labels, outputs, names, *, groups=None, seed=0, resamples=1000):
    values, count = np.stack([credit(outputs, labels), np.abs(outputs[:, 0] - labels)]), len(labels)
    draws = np.hstack([values @ part / count for part in resampled_counts(count, resamples, count, seed)])
    return NumberEvaluation(count, *(mean_interval(*one, count) for one in zip(values, draws, strict=True)))


@dataclass(frozen=True)
class NumberPrediction:
    path: str
    value: float
    to_json = asdict


class NumberPredictor(HeadPredictor):
    def predict(self, names, features, top):
        return tuple(map(NumberPrediction, names, self.outputs(features)[:, 0].tolist()))


NUMBER = define_task(
    "number",
    target=Numbers,
    auto=("number_ridge",),
    scorer=SquaredErrors,
    decoding=Identity,
    predictor=NumberPredictor,
    metrics=Metrics("r2", "r2", "squared_error", evaluate, None, credit),
)
