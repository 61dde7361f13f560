"""What the server asks a model: features become answers, and the model says what it is."""

import re
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from headstart.arrays import Singles
from headstart.encoders.spec import Encoder
from headstart.modalities.base import DEFAULT
from headstart.reporting.sections.base import task_report
from headstart.saving.values import SavedModel

TOP = 5  # answers listed for each example
Features = Singles


Explain = Callable[[Any], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Predictor:
    """A saved model that answers; every method may be called from several threads at once.

    Attributes
    ----------
    encoder, saved
        Of the model.
    digest
        SHA-256 that stands for the whole model.
    why
        Explains one example; None when that is not possible.
    """

    encoder: Encoder
    saved: SavedModel
    digest: str
    why: Explain | None = None

    @property
    def task(self) -> str:
        """The kind of its answers."""
        return self.saved.target.task

    def answer(self, features: Features) -> Sequence[dict[str, Any]]:
        """Answer for examples, given their features (N, D): N pieces of plain data, for classes with label and top."""
        return [plain(one) for one in self.predict(features)]

    def predict(self, features: Features) -> Sequence[Any]:
        """Turn features (N, D) into predictions, as :meth:`Model.predict` does."""
        return self.saved.predictor.predict([""] * len(features), features, TOP)

    def describe(self) -> dict[str, Any]:
        """Describe the model, without a path of this machine."""
        saved, spec, training = self.saved, self.saved.spec, self.saved.training
        evaluation = training.trusted or {}
        return {
            **saved.target.facts(saved.fitted_labels),
            "encoder": {
                "name": strip_folders(spec.name),
                "architecture": spec.architecture,
                "dimension": spec.dimension,
                "weights_sha256": spec.weights_digest,
                "licence": spec.licence,
                "source": strip_folders(spec.source),
                "precision": spec.precision,
                "input": list(spec.preprocessing.shape[1:]),
            },
            "head": saved.head.kind,
            "scores": {name: evaluation[name] for name in task_report(saved.target).headlines(evaluation)},
            "pictures": {**training.counts, **({"score": evaluation["count"]} if evaluation else {})},
            "split_rule": training.split_rule,
            "guard": None if saved.policy is None else asdict(saved.policy.settings),
            "notices": list(saved.notices),
            "created": training.created,
            "digests": {"model": self.digest, "data": training.data_fingerprint, "encoder": spec.digest},
            "explains": self.why is not None,
            **({} if spec.modality == DEFAULT else {"modality": spec.modality, "inputs": spec.preprocessing.to_json()}),
        }

    def explain(self, example: Any) -> dict[str, Any] | None:  # noqa: ANN401 - decoded
        """Explain an answer: plain data, with the nearest training examples; None when it cannot."""
        return None if self.why is None else self.why(example)


def plain(prediction: Any) -> dict[str, Any]:  # noqa: ANN401 - of the task
    """Convert a prediction into what goes over the wire: all its keys but the path.

    Examples
    --------
    >>> from headstart.probing.class_prediction import Choice, Prediction
    >>> plain(Prediction("a.jpg", "rose", 0.75, (Choice("rose", 0.75),)))["top"]
    [{'label': 'rose', 'probability': 0.75}]
    """
    return {key: value for key, value in prediction.to_json().items() if key != "path"}


def strip_folders(text: str) -> str:
    """Shorten every path in a text to its last part: where things lie on this machine is nobody's business.

    Examples
    --------
    >>> strip_folders("resnet18@/home/anna/weights/resnet18.safetensors"), strip_folders("timm:resnet50")
    ('resnet18@resnet18.safetensors', 'timm:resnet50')
    """
    return re.sub(r"[^\s@:'\"]*[/\\](?=[^\s'\"]*)", "", text)
