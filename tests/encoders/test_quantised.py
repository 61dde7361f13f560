"""An encoder in whole numbers: what becomes of its graph, and when it is made again."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
from PIL import Image

from graphs import CONVOLUTIONS_SPEC, save_convolutions
from headstart.data.example import Example
from headstart.encoders.onnx_engine import OnnxEncoder
from headstart.encoders.quantised import quantise_graph, quantised_encoder
from headstart.encoders.spec import EncoderFiles
from headstart.errors import EncoderError
from headstart.runtime.progress import silent


def pictures(seed: int, count: int = 12) -> list[Example]:
    random = np.random.default_rng(seed)
    colours = random.integers(0, 256, (count, 1, 1, 3))
    noise = random.normal(0, 30, (count, 20, 24, 3))
    pixels = np.clip(colours + noise, 0, 255).astype(np.uint8)
    return [Example(Image.fromarray(one), f"#{number}") for number, one in enumerate(pixels)]


@pytest.fixture
def encoder(tmp_path: Path) -> OnnxEncoder:
    return OnnxEncoder(CONVOLUTIONS_SPEC, EncoderFiles(save_convolutions(tmp_path / "encoder.onnx"), None, {}))


def quantised(encoder: OnnxEncoder, tmp_path: Path, seed: int = 0) -> OnnxEncoder:
    return quantised_encoder(encoder, encoder.files, pictures(seed), tmp_path / "cache", silent)


def test_its_features_are_near_those_of_the_float_network_and_not_equal(encoder, tmp_path):
    whole = quantised(encoder, tmp_path)
    batch = np.stack([encoder.preprocess(example.source) for example in pictures(9)])
    expected, got = encoder.encode(batch), whole.encode(batch)
    error = np.linalg.norm(got - expected) / np.linalg.norm(expected)
    assert 0 < error < 0.05


def test_weights_are_whole_numbers_with_a_scale_for_each_channel_but_for_the_first_layer(encoder, tmp_path):
    graph = onnx.load(quantised(encoder, tmp_path).files.graph).graph
    kinds = {one.name: one for one in graph.initializer}
    assert kinds["first"].data_type == onnx.TensorProto.FLOAT
    assert kinds["second_quantized"].data_type == onnx.TensorProto.INT8
    assert list(kinds["second_scale"].dims) == [24]


def test_the_spec_says_what_it_is_and_its_features_are_kept_apart(encoder, tmp_path):
    spec = quantised(encoder, tmp_path).spec
    assert (spec.name, spec.precision, spec.engine) == ("convolutions+int8", "int8", "onnxruntime")
    assert spec.digest != encoder.spec.digest
    assert spec.digest != replace(encoder.spec, precision="int8").digest


def test_it_is_made_once_for_the_same_pictures_and_again_for_others(encoder, tmp_path, monkeypatch):
    first, other = quantised(encoder, tmp_path), quantised(encoder, tmp_path, seed=1)
    assert first.spec.weights_digest != other.spec.weights_digest

    def never(*_):
        raise AssertionError("made again")

    monkeypatch.setattr("headstart.encoders.quantised.quantise_graph", never)
    assert quantised(encoder, tmp_path).spec == first.spec


def test_a_damaged_one_is_made_again(encoder, tmp_path):
    first = quantised(encoder, tmp_path)
    first.files.graph.write_bytes(b"damaged")
    assert quantised(encoder, tmp_path).spec == first.spec
    assert quantised(encoder, tmp_path).files.graph.stat().st_size > 1000


def test_the_same_pictures_give_the_same_bytes(encoder, tmp_path):
    batch = [np.stack([encoder.preprocess(example.source) for example in pictures(2)])]
    for name in ("one.onnx", "two.onnx"):
        quantise_graph(encoder.files.graph, tmp_path / name, batch, silent)
    assert (tmp_path / "one.onnx").read_bytes() == (tmp_path / "two.onnx").read_bytes()


def test_a_network_without_a_graph_is_refused(encoder, tmp_path):
    with pytest.raises(EncoderError) as refused:
        quantised_encoder(encoder, EncoderFiles(None, None), pictures(0), tmp_path, silent)
    assert str(refused.value) == (
        "The encoder convolutions cannot be quantised. It has no ONNX graph. Take precision = 'fp32'."
    )


def test_without_a_readable_picture_there_is_nothing_to_calibrate_on(encoder, tmp_path):
    with pytest.raises(EncoderError, match=r"No training picture can be read"):
        quantised_encoder(encoder, encoder.files, [Example(b"", "empty")], tmp_path, silent)


def test_what_onnx_runtime_cannot_quantise_is_said_in_one_line(tmp_path):
    (tmp_path / "broken.onnx").write_bytes(b"graph")
    with pytest.raises(EncoderError) as refused:
        quantise_graph(tmp_path / "broken.onnx", tmp_path / "out.onnx", [], silent)
    assert str(refused.value).startswith("The network cannot be quantised. ONNX Runtime says: ")
    assert "\n" not in str(refused.value)
