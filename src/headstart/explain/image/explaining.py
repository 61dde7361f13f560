"""One picture, one model, one method: how an explanation is made."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, cast

from PIL import Image

from headstart.arrays import Singles
from headstart.encoders.onnx_engine import OnnxEncoder
from headstart.encoders.preprocess.image import ImagePreprocessing, seen_box
from headstart.explain.base import ExplanationRequest, Fill
from headstart.explain.explained_model import ExplainedModel, class_number
from headstart.explain.image.methods import EncoderOutput, compute_attribution
from headstart.explain.image.onnx_feature_maps import Maps, graph_maps
from headstart.explain.image.sanity_checks import check_heat
from headstart.explain.image.values import ImageExplanation
from headstart.explain.neighbours import nearest_examples

if TYPE_CHECKING:
    from headstart.explain.image.class_average import ClassAverages


def explain_example(
    subject: ExplainedModel, picture: Image.Image, name: str, wish: ExplanationRequest
) -> ImageExplanation:
    """Explain the answer about an upright RGB picture: see :class:`headstart.explain.base.Explainers`."""
    seen = encode_picture(subject, picture)
    prediction = subject.prediction(name, seen.features, wish.top)
    target = class_number(wish.target if wish.target is not None else prediction.label, subject.classes)
    found, known = compute_attribution(subject, seen, target, wish.method), subject.known
    return ImageExplanation(
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


def average_by_class(
    subject: ExplainedModel, labelled: Iterable[tuple[Image.Image, int]], method: str
) -> "ClassAverages":
    """Average the heat of each class over pictures, each explained for its own class."""
    from headstart.explain.image.class_average import ClassAverages, Labelled, average_maps  # loads SciPy's statistics

    methods: dict[str, None] = {}

    def maps() -> Iterator[Labelled]:
        for picture, label in labelled:
            seen = encode_picture(subject, picture)
            heat = compute_attribution(subject, seen, label, method)
            methods[heat.method] = None
            yield label, heat.grid, seen.pixels

    classes = average_maps(maps(), subject.classes)
    return ClassAverages(" ".join(methods), classes, cast(ImagePreprocessing, subject.encoder.spec.preprocessing))


def encode_picture(subject: ExplainedModel, picture: Image.Image) -> EncoderOutput:
    """Encode a picture, in one run where its graph shows the maps that it pools."""
    pixels = subject.encoder.preprocess(picture)
    pooled = _pooled(subject, pixels)
    return EncoderOutput(pixels, pooled.features if pooled else subject.encoder.encode(pixels[None])[0], pooled)


def _pooled(subject: ExplainedModel, pixels: Singles) -> Maps | None:
    if isinstance(subject.encoder, OnnxEncoder):
        return graph_maps(subject.encoder, pixels)
    if subject.encoder.spec.engine != "torch" or subject.files.weights is None:
        return None
    from headstart.explain.image.networks import open_network, pooled_maps  # torch is loaded already

    return pooled_maps(open_network(subject.files, pixels), pixels)
