"""A model as explanations see it: an encoder, a head and the names of the classes."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from headstart.arrays import Floats, Singles
from headstart.data.same_names import match_names
from headstart.encoders.spec import Encoder, EncoderFiles
from headstart.errors import UnknownNameError
from headstart.explain.neighbours import ReferenceExamples
from headstart.heads.head import Decoding, Head
from headstart.probing.class_prediction import Prediction, predictions_from
from headstart.registry import nearest
from headstart.runtime.catalogue import ENGLISH
from headstart.runtime.findings import did_you_mean

# Names of N examples, features of shape (N, D) and how many classes to list become N predictions.
Predict = Callable[[Sequence[str], Singles, int], tuple[Prediction, ...]]


@dataclass(frozen=True, slots=True, eq=False)
class ExplainedModel:
    """What is explained.

    Attributes
    ----------
    encoder, files
        The encoder, and the files a network of torch can be built from.
    head, decoding, classes
        ``decoding.decode(head.scores(features))`` are the probabilities of the classes.
    known
        Training examples to show beside an example; None when there are none.
    predict
        How the model predicts, with all that comes of its policy; None when probabilities are all there is.
    """

    encoder: Encoder
    files: EncoderFiles
    head: Head
    decoding: Decoding
    classes: tuple[str, ...]
    known: ReferenceExamples | None = None
    predict: Predict | None = None

    def probabilities(self, features: Singles) -> Floats:
        """Probabilities of shape (N, C) for features of shape (N, D)."""
        return self.decoding.decode(self.head.scores(features))

    def prediction(self, name: str, features: Singles, top: int) -> Prediction:
        """Predict one example with these features, shape (D,), as the model itself would."""
        return self.predictions([name], features[None], top)[0]

    def predictions(self, names: Sequence[str], features: Singles, top: int) -> tuple[Prediction, ...]:
        """Predict N examples with these features, shape (N, D), as the model itself would."""
        if self.predict is not None:
            return self.predict(names, features, top)
        return predictions_from(names, self.probabilities(features), self.classes, top)


def class_number(name: str, classes: Sequence[str]) -> int:
    """Find a class by its name, or by one that comes near it alone.

    Raises
    ------
    UnknownNameError
        When the model has no such class.

    Examples
    --------
    >>> class_number("bee", ("ant", "bee")), class_number("Bee", ("ant", "bee"))
    (1, 1)
    """
    same = match_names([name], classes).get(name)
    if same is not None:
        return classes.index(same)
    near = nearest(name, classes)
    raise UnknownNameError(
        "explain.unknown_class", name=name, names=ENGLISH.first(list(classes), "comma", 10), hint=did_you_mean(near)
    )
