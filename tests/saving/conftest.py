"""One small model of each kind of head, and one small network of timm with random weights."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fakes import FAKE_SPEC
from graphs import save_flattening
from headstart.data.targets.classes import Classes
from headstart.encoders.onnx_engine import OnnxEncoder
from headstart.encoders.spec import EncoderFiles
from headstart.heads.head import Head
from headstart.heads.knn import KnnHead
from headstart.heads.linear import LinearHead
from headstart.heads.mlp import MlpHead
from headstart.heads.nearest_centroid import CentroidHead
from headstart.heads.probabilities import Softmax
from headstart.saving.values import Baseline, SavedModel, TrainingRecord

CLASSES = ("2 玫瑰", 'quote "q"', "pipe|star*<b>", "two\nlines", "🌹 _rose_")


def score(value: float, low: float, high: float) -> dict[str, object]:
    return {"value": value, "low": low, "high": high, "method": "bootstrap"}


def evaluation(accuracy: float) -> dict[str, object]:
    names = ("accuracy", "balanced_accuracy", "macro_f1", "macro_roc_auc", "log_loss", "brier", "calibration_error")
    rows = [
        {"name": name, "support": 4 + 4 * place, "precision": score(0.5, 0.25, 0.75), "recall": score(0.75, 0.5, 1.0)}
        for place, name in enumerate(CLASSES)
    ]
    undefined = {"value": None, "low": None, "high": None, "method": "bootstrap"}
    scores = {name: score(accuracy, accuracy - 0.05, accuracy + 0.05) for name in names}
    return {"count": 60, "groups": None, "per_class": rows, **scores, "macro_roc_auc": undefined}


RECORD = TrainingRecord(
    data_name="flowers | 花",
    data_fingerprint="f" * 64,
    counts={"fit": 240, "score": 60, "left out": 1},
    split_rule="A stratified fifth was set apart with seed 0.",
    recipe={"encoder": "fake", "head": "auto", "seed": 0},
    created="2026-03-04T12:00:05",
    evaluation=evaluation(0.9),
    baselines={"majority class": evaluation(0.2), "colour histogram": evaluation(0.4)},
    versions={"headstart": "0.1.0", "numpy": "2.3.0", "torch": None},
)


def linear(dimension: int, classes: int = len(CLASSES), seed: int = 0) -> LinearHead:
    random = np.random.default_rng(seed)
    weight = random.normal(size=(classes, dimension)).astype(np.float32)
    return LinearHead(weight, random.normal(size=classes).astype(np.float32), {"learner": "logistic", "C": 0.1})


def heads() -> dict[str, Head]:
    random = np.random.default_rng(1)

    def numbers(*shape: int) -> np.ndarray:
        return random.normal(size=shape).astype(np.float32)

    labels = np.arange(20) % 5
    unit = numbers(20, 48)
    unit /= np.linalg.norm(unit, axis=1, keepdims=True)
    return {
        "linear": linear(48),
        "neighbours": KnnHead(unit, labels, np.ones(5, dtype=np.float32), 3),
        "centroid": CentroidHead(numbers(48), unit[:5], np.zeros(5, dtype=np.float32)),
        "perceptron": MlpHead(numbers(8, 48), numbers(8), numbers(5, 8), numbers(5), "tanh", 0.01),
    }


@pytest.fixture
def model() -> SavedModel:
    """A linear model on the fake encoder, with a baseline and class names that need care."""
    return SavedModel(
        spec=FAKE_SPEC,
        head=linear(48),
        decoding=Softmax(1.7),
        target=Classes(CLASSES),
        fitted_labels={"counts": [3, 48, 60, 60, 69]},
        training=RECORD,
        baseline=Baseline(replace(FAKE_SPEC, name="colour_histogram"), linear(48, seed=2), Softmax(0.8)),
        notices=("3 files fall on both sides.",),
    )


@pytest.fixture(params=sorted(heads()))
def head(request: pytest.FixtureRequest) -> Head:
    """One head of each kind."""
    return heads()[request.param]


@pytest.fixture(scope="session")
def network(session_cache: Path, tmp_path_factory: pytest.TempPathFactory) -> OnnxEncoder:
    """timm's smallest network with random weights, prepared as any other encoder."""
    import timm
    import torch
    from safetensors.torch import save_file

    from headstart.encoders.loading import load_encoder

    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("network") / "weights.safetensors"
    save_file(timm.create_model("test_efficientnet").state_dict(), path)
    encoder = load_encoder(f"test_efficientnet@{path}", cache=session_cache, device="cpu")
    assert isinstance(encoder, OnnxEncoder)
    return encoder


@pytest.fixture
def files(tmp_path: Path) -> EncoderFiles:
    """The graph of a network whose features are its input, and no weights."""
    (tmp_path / "cache").mkdir()
    return EncoderFiles(save_flattening(tmp_path / "cache" / "encoder.onnx"), None, {"architecture": "fake"})


@pytest.fixture
def on_network(model: SavedModel, network: OnnxEncoder) -> SavedModel:
    """The linear model on the small network."""
    return replace(model, spec=network.spec, head=linear(network.spec.dimension))
