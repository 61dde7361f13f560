import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from skimage.data import chelsea

from headstart.encoders.loading import load_encoder
from headstart.encoders.onnx_engine import OnnxEncoder
from headstart.encoders.timm_config import timm_config
from headstart.heads.probabilities import Softmax
from headstart.saving.bundle import load_bundle, save_bundle
from headstart.saving.values import SavedModel

CAT = Image.fromarray(chelsea())


def logits_by_timm(folder: Path) -> np.ndarray:
    """What timm alone makes of the photograph: its own network and its own transform."""
    import timm
    import torch

    network = timm.create_model(f"local-dir:{folder}", pretrained=True).eval()
    transform = timm.data.create_transform(**timm.data.resolve_model_data_config(network))
    with torch.inference_mode():
        return network(transform(CAT)[None]).numpy()


def logits_by_headstart(folder: Path) -> np.ndarray:
    bundle = load_bundle(folder)
    encoder = OnnxEncoder(bundle.model.spec, bundle.files)
    features = encoder.encode(encoder.preprocess(CAT)[None])
    return bundle.model.head.scores(features) / bundle.model.decoding.temperature


def test_timm_opens_the_folder_and_gives_the_same_logits(
    on_network: SavedModel, network: OnnxEncoder, tmp_path: Path
) -> None:
    save_bundle(tmp_path / "m", on_network, network.files)
    expected = logits_by_headstart(tmp_path / "m")
    assert np.ptp(expected) > 0.1  # not a row of zeros
    np.testing.assert_allclose(logits_by_timm(tmp_path / "m"), expected, atol=1e-4)


def test_timm_opens_a_model_on_the_default_encoder(model: SavedModel, session_cache: Path, tmp_path: Path) -> None:
    encoder = load_encoder("efficientnet_lite0", cache=session_cache, device="cpu")
    random = np.random.default_rng(0)
    head = replace(model.head, weight=random.normal(size=(5, encoder.spec.dimension)).astype(np.float32) / 10)
    save_bundle(tmp_path / "m", replace(model, spec=encoder.spec, head=head), encoder.files)
    np.testing.assert_allclose(logits_by_timm(tmp_path / "m"), logits_by_headstart(tmp_path / "m"), atol=1e-4)


def test_timm_knows_the_class_names_and_where_they_end(
    on_network: SavedModel, network: OnnxEncoder, tmp_path: Path
) -> None:
    import timm

    save_bundle(tmp_path / "m", on_network, network.files)
    opened = timm.create_model(f"local-dir:{tmp_path / 'm'}", pretrained=True)
    assert tuple(opened.pretrained_cfg["label_names"]) == on_network.classes
    assert opened.num_classes == opened.pretrained_cfg["num_classes"] == 5


def test_a_loaded_model_that_is_saved_again_still_opens_in_timm(
    on_network: SavedModel, network: OnnxEncoder, tmp_path: Path
) -> None:
    save_bundle(tmp_path / "one", on_network, network.files)
    first = load_bundle(tmp_path / "one")
    warmer = replace(first.model, decoding=Softmax(2 * first.model.decoding.temperature))
    save_bundle(tmp_path / "two", warmer, first.files)
    np.testing.assert_allclose(logits_by_timm(tmp_path / "two"), logits_by_timm(tmp_path / "one") / 2, atol=1e-5)


def test_another_number_of_classes_can_be_asked_of_timm(
    on_network: SavedModel, network: OnnxEncoder, tmp_path: Path
) -> None:
    import timm
    import torch

    save_bundle(tmp_path / "m", on_network, network.files)
    features = timm.create_model(f"local-dir:{tmp_path / 'm'}", pretrained=True, num_classes=0).eval()
    with torch.inference_mode():
        got = features(torch.from_numpy(network.preprocess(CAT)[None])).numpy()
    np.testing.assert_allclose(got, network.encode(network.preprocess(CAT)[None]), atol=1e-4)


def test_nothing_of_the_checkpoints_own_classes_and_places_is_left(on_network: SavedModel) -> None:
    checkpoint = {
        "architecture": "test_efficientnet",
        "model_args": {"drop_rate": 0.1},
        "num_classes": 0,
        "pretrained_cfg": {
            "url": "https://example.org/weights",
            "hf_hub_id": "timm/test",
            "label_names": ["tench"],
            "label_offset": 1,
            "custom_load": True,
            "test_input_size": [3, 288, 288],
            "test_crop_pct": 1.0,
            "crop_pct": 0.5,
            "first_conv": "conv_stem",
            "num_classes": 1000,
        },
    }
    config = timm_config(on_network.spec, checkpoint, on_network.classes)
    assert config == {
        "architecture": "test_efficientnet",
        "model_args": {"drop_rate": 0.1},
        "num_classes": 5,
        "num_features": 256,
        "label_names": list(on_network.classes),
        "pretrained_cfg": {
            "first_conv": "conv_stem",
            "num_classes": 5,
            "classifier": "classifier",
            "license": "not stated",
            "input_size": [3, 160, 160],
            "interpolation": "bicubic",
            "crop_pct": pytest.approx(0.95),
            "crop_mode": "center",
            "mean": [0.485, 0.456, 0.406],
            "std": [0.229, 0.224, 0.225],
        },
    }
    json.dumps(config)
