"""Graphs written without torch compute what timm's networks compute, and describe themselves as torch's export does."""

import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import timm
import torch
from safetensors.torch import save_file

from headstart.encoders import graph_cache
from headstart.encoders.blueprints import BLUEPRINTS, STAGES
from headstart.encoders.catalogue import load_catalogue
from headstart.encoders.loading import load_encoder
from headstart.encoders.networks import build_network
from headstart.encoders.onnx_engine import open_session
from headstart.encoders.preprocess.image import ImagePreprocessing
from headstart.encoders.random_init import draw_weights, untrained_encoder
from headstart.encoders.truncation import first_stages
from headstart.encoders.variants import Variant
from headstart.encoders.weights import Weights, find_weights, locate_weights
from headstart.errors import EncoderError
from headstart.runtime.hashing import sha256_of_file

NAMES = {entry.architecture.split(".")[0]: entry for entry in load_catalogue("image").values()}
VARIANTS = [
    ("tf_efficientnet_lite0", 0, 0),
    ("tf_efficientnet_lite0", -1, 97),  # an odd side: TensorFlow's padding differs
    ("tf_efficientnet_lite1", -1, 96),
    ("tf_efficientnet_lite2", 5, 130),
    ("mobilenetv2_100", 0, 0),
    ("mobilenetv2_100", -1, 97),
    ("mobilenetv2_100", 1, 64),
]


def run(graph: Path, inputs: np.ndarray) -> np.ndarray:
    return open_session(graph, threads=1).run(None, {"pixels": inputs})[0]


def noise(side: int) -> np.ndarray:
    return np.random.default_rng(0).normal(size=(3, 3, side, side)).astype(np.float32)


def described(folder: Path) -> dict:
    return json.loads((folder / "encoder.json").read_text(encoding="utf-8"))


def test_every_encoder_of_the_catalogue_has_a_blueprint():
    assert set(NAMES) == set(BLUEPRINTS)
    assert {name: NAMES[name].input_size for name in NAMES} == {name: BLUEPRINTS[name].side for name in BLUEPRINTS}


@pytest.mark.parametrize(("architecture", "stages", "size"), VARIANTS)
def test_a_written_graph_is_timms_network(architecture, stages, size, random_network, tmp_path):
    save_file(random_network(architecture).state_dict(), tmp_path / "weights.safetensors")
    name = Variant(NAMES[architecture].name, stages, size).name
    weights = Weights(name, tmp_path / "weights.safetensors", "0" * 64, NAMES[architecture].architecture,
                      "MIT", "here", "package", stages=stages, size=size)  # fmt: skip
    (tmp_path / "made").mkdir()
    graph_cache._write(weights, tmp_path / "made")
    network = build_network(weights)
    if stages:
        network = first_stages(network, stages, name)
    found = described(tmp_path / "made")
    assert found["config"] == network.config and list(found["config"]) == list(network.config)
    assert ImagePreprocessing.from_timm(found["config"]["pretrained_cfg"]) == network.preprocessing
    assert (found["spec"]["classifier"], found["spec"]["dimension"]) == (network.classifier, network.dimension)
    inputs = noise(network.preprocessing.shape[1])
    with torch.inference_mode():
        expected = network.module(torch.from_numpy(inputs)).numpy()
    got = run(tmp_path / "made" / "encoder.onnx", inputs)
    assert np.linalg.norm(got - expected) < 1e-5 * np.linalg.norm(expected)


def test_the_default_encoder_written_is_the_default_encoder_exported_by_torch(photographs, tmp_path):
    weights = find_weights("efficientnet_lite0", tmp_path)
    for folder, make in (("written", graph_cache._write), ("exported", graph_cache._make)):
        (tmp_path / folder).mkdir()
        make(weights, tmp_path / folder)
    written, exported = described(tmp_path / "written"), described(tmp_path / "exported")
    assert (written["spec"], written["config"]) == (exported["spec"], exported["config"])
    assert written["files"]["weights.safetensors"] == exported["files"]["weights.safetensors"]
    prepare = ImagePreprocessing.from_timm(written["config"]["pretrained_cfg"]).prepare
    inputs = np.stack([prepare(picture) for picture in photographs.values()])
    got, expected = (run(tmp_path / folder / "encoder.onnx", inputs) for folder in ("written", "exported"))
    np.testing.assert_allclose(got, expected, rtol=0, atol=1e-5 * np.abs(expected).max())


def test_more_stages_than_there_are_are_refused_as_torch_refuses_them(tmp_path):
    with pytest.raises(EncoderError) as caught:
        load_encoder("efficientnet_lite0[:8]", cache=tmp_path, device="cpu")
    weights = locate_weights("efficientnet_lite0[:8]", tmp_path)
    with pytest.raises(EncoderError) as expected:
        first_stages(build_network(weights), STAGES, weights.name)
    assert str(caught.value) == str(expected.value)


def test_the_folder_of_a_written_graph_does_not_depend_on_torch(monkeypatch, tmp_path):
    weights = locate_weights("efficientnet_lite0", tmp_path)
    folder = graph_cache.prepared_folder(weights, tmp_path)
    monkeypatch.setattr(graph_cache, "version", lambda package: "0.0")
    assert graph_cache.prepared_folder(weights, tmp_path) == folder
    assert graph_cache.prepared_folder(replace(weights, size=96), tmp_path) != folder


def test_other_ways_to_name_such_a_network_go_through_torch(tmp_path):
    weights = locate_weights("efficientnet_lite0", tmp_path)
    other = replace(weights, name=f"tf_efficientnet_lite0@{weights.path}", kind="file")
    assert graph_cache.prepared_folder(other, tmp_path) != graph_cache.prepared_folder(weights, tmp_path)


def test_random_weights_follow_the_rule_of_timm():
    expected = timm.create_model("tf_efficientnet_lite0", num_classes=0).state_dict()
    drawn = draw_weights({name: tuple(tensor.shape) for name, tensor in expected.items()}, seed=0)
    assert list(drawn) == sorted(expected)
    for name, tensor in expected.items():
        assert drawn[name].dtype == tensor.numpy().dtype
        if tensor.ndim == 4:
            spread = 6 / math.sqrt(2 * tensor.numel())  # six standard errors of a standard deviation, for each
            assert abs(drawn[name].std() / float(tensor.std()) - 1) < 2 * spread, name
            assert abs(drawn[name].mean()) < 6 * drawn[name].std() / math.sqrt(tensor.numel())
        else:
            np.testing.assert_array_equal(drawn[name], tensor.numpy())


def test_a_network_with_random_weights_runs_from_its_own_graph_and_is_the_same_again(lite0, tmp_path):
    first, again, other = (
        untrained_encoder(lite0.spec, lite0.files, seed, tmp_path / str(place)) for place, seed in enumerate((0, 0, 1))
    )
    inputs = noise(224)
    rows = first.encode(inputs)
    np.testing.assert_array_equal(rows, again.encode(inputs))
    assert not np.allclose(rows, other.encode(inputs))
    assert first.spec.digest == again.spec.digest != other.spec.digest
    assert sha256_of_file(first.files.weights) == sha256_of_file(again.files.weights)
    assert first.spec.engine == "onnxruntime" and rows.std() > 1e-3
