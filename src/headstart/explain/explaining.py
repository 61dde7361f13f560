"""One picture, one model, one method: how an explanation is made."""

from dataclasses import dataclass
from typing import cast

import numpy as np
import numpy.typing as npt
from PIL import Image

from headstart.encoders.onnx_engine import OnnxEncoder
from headstart.encoders.preprocess.image import ImagePreprocessing, seen_box
from headstart.errors import RecipeError
from headstart.explain.explained_model import ExplainedModel, class_number
from headstart.explain.faithfulness import FILLS, Fill
from headstart.explain.methods import EncoderOutput, compute_attribution
from headstart.explain.neighbours import nearest_examples
from headstart.explain.onnx_feature_maps import Maps, graph_maps
from headstart.explain.sanity_checks import check_heat
from headstart.explain.values import Explanation
from headstart.registry import names


@dataclass(frozen=True, slots=True)
class ExplanationRequest:
    """What is wanted of an explanation; checked when it is made.

    Attributes
    ----------
    method
        ``auto`` takes the exact map where there is one, else Grad-CAM.
    target
        Name of the class to explain; None for the predicted one.
    neighbours
        How many training examples to show.
    top
        How many classes to list.
    checks
        Whether to test the heat: seconds for each picture.
    fill
        What hidden places are filled with in the tests: ``blur`` or ``mean``.
    seed
        Of the random maps and the shuffled weights.

    Examples
    --------
    >>> ExplanationRequest(method="gradcam").target is None
    True
    """

    method: str = "auto"
    target: str | None = None
    neighbours: int = 5
    top: int = 5
    checks: bool = False
    fill: str = "blur"
    seed: int = 0

    def __post_init__(self) -> None:
        """Raise RecipeError for a method that does not exist, or a number that makes no sense."""
        known = ("auto", *names("explainers"))
        if self.method not in known:
            raise RecipeError("explain.unknown_method", method=self.method, known=known)
        if self.fill not in FILLS:
            raise RecipeError("explain.unknown_fill", fill=self.fill, known=FILLS)
        if self.neighbours < 0 or self.top < 1:
            raise RecipeError("explain.wrong_numbers")


def explain_example(subject: ExplainedModel, picture: Image.Image, name: str, wish: ExplanationRequest) -> Explanation:
    """Say why a model says what it says about an upright RGB picture.

    Raises
    ------
    UnknownNameError
        When the model has no class of the wished name.
    EncoderError
        When the wished method is not possible with this encoder.
    MissingExtraError
        When it needs a package that is not installed.
    """
    seen = look(subject, picture)
    prediction = subject.prediction(name, seen.features, wish.top)
    target = class_number(wish.target if wish.target is not None else prediction.label, subject.classes)
    found, known = compute_attribution(subject, seen, target, wish.method), subject.known
    return Explanation(
        prediction=prediction,
        target=subject.classes[target],
        found=found,
        logit=float(subject.head.scores(seen.features[None])[0, target]),
        input_size=(seen.pixels.shape[-1], seen.pixels.shape[-2]),
        picture_size=picture.size,
        box=seen_box(picture.size, cast(ImagePreprocessing, subject.encoder.spec.preprocessing)),
        neighbours=nearest_examples(seen.features, known, subject.classes, wish.neighbours) if known else (),
        checks=check_heat(subject, seen, target, found, cast(Fill, wish.fill), wish.seed) if wish.checks else None,
    )


def look(subject: ExplainedModel, picture: Image.Image) -> EncoderOutput:
    """Let the encoder see a picture, in one run where its graph shows the maps that it pools."""
    pixels = subject.encoder.preprocess(picture)
    pooled = _pooled(subject, pixels)
    return EncoderOutput(pixels, pooled.features if pooled else subject.encoder.encode(pixels[None])[0], pooled)


def _pooled(subject: ExplainedModel, pixels: npt.NDArray[np.float32]) -> Maps | None:
    if isinstance(subject.encoder, OnnxEncoder):
        return graph_maps(subject.encoder, pixels)
    if subject.encoder.spec.engine != "torch" or subject.files.weights is None:
        return None
    from headstart.explain.networks import open_network, pooled_maps  # torch is loaded already

    return pooled_maps(open_network(subject.files, pixels), pixels)
