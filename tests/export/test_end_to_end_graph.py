"""The graph from raw pictures, beside Pillow, timm and the library itself."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from skimage.data import astronaut, camera, chelsea, coffee, rocket

from fakes import FAKE_SPEC
from graphs import save_flattening
from headstart.encoders.onnx_engine import OnnxEncoder
from headstart.encoders.preprocess.image import ImagePreprocessing, prepare
from headstart.encoders.spec import EncoderFiles
from headstart.errors import EncoderError
from headstart.export.end_to_end_graph import raw_graph, raw_obstacle
from headstart.export.graph_parts import FLOAT, UINT8, GraphParts
from headstart.export.onnx_form import save_onnx
from headstart.export.preprocess.image import add_preparation
from headstart.heads.head import Head
from headstart.runtime.findings import sentences
from headstart.saving.bundle import save_bundle
from headstart.saving.values import SavedModel

HALF = ((0.5, 0.5, 0.5), (0.5, 0.5, 0.5))
IMAGENET = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
PHOTOGRAPHS = {
    "large": astronaut(),
    "wide": coffee(),
    "odd": chelsea()[:299, :257],
    "tall": rocket()[:, 100:260],
    "grey": np.asarray(Image.fromarray(camera()).convert("RGB")),
    "smaller than the network's input": coffee()[100:160, 200:290],
    "a strip": coffee()[:5, :450],
    "one column of 300 pixels": chelsea()[:, 100:101],
    "one row of 90 pixels": chelsea()[100:101, :90],
    "one pixel": chelsea()[:1, :1],
}
PREPARATIONS = {
    "timm's usual": ImagePreprocessing(224, 224, "bicubic", 0.875, "center", *HALF),
    "another fraction": ImagePreprocessing(96, 96, "bilinear", 0.9, "center", *IMAGENET),
    "not square": ImagePreprocessing(64, 96, "bicubic", 0.95, "center", *IMAGENET),
    "squash": ImagePreprocessing(64, 96, "bicubic", 0.9, "squash", *IMAGENET),
    "border": ImagePreprocessing(80, 64, "bilinear", 1.0, "border", *IMAGENET),
    "border and crop": ImagePreprocessing(64, 64, "bicubic", 0.8, "border", *IMAGENET),
    "a crop larger than the picture": ImagePreprocessing(64, 64, "bicubic", 1.3, "center", *IMAGENET),
    "nearest": ImagePreprocessing(64, 64, "nearest", 0.875, "center", *IMAGENET),
}


def session_of(model: onnx.ModelProto) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])


def preparation(preprocessing: ImagePreprocessing) -> onnxruntime.InferenceSession:
    """Only the part of the graph that prepares a picture."""
    parts = GraphParts("test")
    add_preparation(parts, "pictures", preprocessing, "prepared")
    given = onnx.helper.make_tensor_value_info("pictures", UINT8, ["n", "h", "w", 3])
    answer = onnx.helper.make_tensor_value_info("prepared", FLOAT, ["n", 3, "height", "width"])
    graph = onnx.helper.make_graph(parts.nodes, "preparation", [given], [answer], parts.constants)
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 18)], ir_version=9)
    onnx.checker.check_model(model, full_check=True)
    return session_of(model)


def levels_apart(
    session: onnxruntime.InferenceSession, pixels: np.ndarray, preprocessing: ImagePreprocessing
) -> np.ndarray:
    """Differences between graph and Pillow, in levels of 256."""
    expected = prepare(Image.fromarray(pixels), preprocessing)
    (got,) = session.run(None, {"pictures": np.ascontiguousarray(pixels)[None]})
    assert got.shape == (1, *expected.shape)
    return np.abs(got[0] - expected) * 255 * np.array(preprocessing.std)[:, None, None]


@pytest.mark.parametrize("name", PREPARATIONS)
def test_photographs_of_any_shape_are_prepared_as_pillow_does(name: str) -> None:
    session, preprocessing = preparation(PREPARATIONS[name]), PREPARATIONS[name]
    differences = np.concatenate(
        [levels_apart(session, pixels, preprocessing).ravel() for pixels in PHOTOGRAPHS.values()]
    )
    if preprocessing.interpolation == "nearest":  # where a centre falls between two pixels, Pillow's rounding decides
        assert (differences > 0.001).mean() < 0.005
    else:
        assert differences.mean() < 0.002
        assert differences.max() < 1.001


def test_a_picture_much_longer_than_wide_loses_its_ends_before_it_is_resized() -> None:
    preprocessing = ImagePreprocessing(32, 32, "bicubic", 0.875, "center", *HALF)
    strip = np.random.default_rng(0).integers(0, 256, (3, 1001, 3), dtype=np.uint8)
    assert levels_apart(preparation(preprocessing), strip, preprocessing).max() < 1.001


SMALL = ImagePreprocessing(24, 24, "bicubic", 0.875, "center", *IMAGENET)
SMALL_SESSION = preparation(SMALL)


SQUASHED = replace(SMALL, height=20, width=40, crop_mode="squash", crop_fraction=1.0)
SQUASHED_SESSION = preparation(SQUASHED)


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 90), st.integers(1, 90), st.integers(0, 2**32 - 1))
def test_noise_of_any_size_is_prepared_as_pillow_does(height: int, width: int, seed: int) -> None:
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    # A byte that is rounded the other way after the first direction can count twice, with the cubic's weight above 1.
    assert levels_apart(SMALL_SESSION, pixels, SMALL).max() < 2.001
    assert levels_apart(SQUASHED_SESSION, pixels, SQUASHED).max() < 2.001


def test_every_kind_of_head_gives_the_librarys_probabilities(
    model: SavedModel, head: Head, files: EncoderFiles
) -> None:
    assert files.graph is not None
    model = replace(model, head=head)
    one, several = (session_of(raw_graph(model, files, batched=batched)) for batched in (False, True))
    pictures = np.random.default_rng(3).integers(0, 256, (5, 9, 7, 3), dtype=np.uint8)
    inputs = [prepare(Image.fromarray(pixels), FAKE_SPEC.preprocessing).ravel() for pixels in pictures]
    expected = model.predictor.outputs(np.stack(inputs))
    (got,) = several.run(None, {"pictures": pictures})
    np.testing.assert_allclose(got, expected, atol=2e-5)
    np.testing.assert_array_equal(np.stack([one.run(None, {"picture": pixels})[0] for pixels in pictures]), got)


def test_a_network_of_timm_answers_as_timm_and_as_the_library(
    on_network: SavedModel, network: OnnxEncoder, tmp_path: Path
) -> None:
    import timm
    import torch

    # Scores of the size a fitted head gives: those of the fixture are so large that its softmax sees only one class.
    model = replace(on_network, head=replace(on_network.head, weight=on_network.head.weight * np.float32(0.1)))
    save_bundle(tmp_path / "m", model, network.files)
    session = session_of(onnx.load(tmp_path / "m" / "model.onnx"))
    module = timm.create_model(f"local-dir:{tmp_path / 'm'}", pretrained=True).eval()
    transform = timm.data.create_transform(**timm.data.resolve_model_data_config(module))
    for name in ("large", "wide", "grey", "smaller than the network's input"):
        picture = Image.fromarray(PHOTOGRAPHS[name])
        (got,) = session.run(None, {"picture": np.asarray(picture)})
        with torch.inference_mode():
            (expected,) = module(transform(picture)[None]).softmax(1).numpy()
        features = network.encode(network.preprocess(picture)[None])
        np.testing.assert_allclose(got, expected, atol=2e-3)
        np.testing.assert_allclose(got, model.predictor.outputs(features)[0], atol=2e-3)


def test_the_file_passes_the_checker_and_says_what_it_is(
    model: SavedModel, files: EncoderFiles, tmp_path: Path
) -> None:
    save_bundle(tmp_path / "m", model, files)
    graph = onnx.load(tmp_path / "m" / "model.onnx")
    onnx.checker.check_model(graph, full_check=True)
    said = {one.key: one.value for one in graph.metadata_props}
    manifest = json.loads((tmp_path / "m" / "manifest.json").read_text(encoding="utf-8"))
    assert tuple(json.loads(said["classes"])) == model.classes
    assert json.loads(said["preprocessing"]) == manifest["encoder"]["preprocessing"]
    assert said["head_sha256"] == manifest["files"]["head.safetensors"]["sha256"]
    assert said["encoder_sha256"] == FAKE_SPEC.weights_digest
    assert said["data_sha256"] == model.training.data_fingerprint
    assert float(said["temperature"]) == model.decoding.temperature
    assert said["input"] == "RGB, uint8, (height, width, 3), of any size, upright"
    assert "model.onnx" in manifest["files"]


def test_the_same_model_gives_the_same_bytes(model: SavedModel, files: EncoderFiles, tmp_path: Path) -> None:
    assert files.graph is not None
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        assert save_onnx(tmp_path / name, model, files) is None
    assert (tmp_path / "one" / "model.onnx").read_bytes() == (tmp_path / "two" / "model.onnx").read_bytes()


@pytest.mark.parametrize("interpolation", ["lanczos", "box", "hamming"])
def test_a_filter_that_onnx_has_not_is_named(interpolation: str, model: SavedModel, files: EncoderFiles) -> None:
    preprocessing = replace(FAKE_SPEC.preprocessing, interpolation=interpolation)
    other = replace(model, spec=replace(FAKE_SPEC, preprocessing=preprocessing))
    assert str(raw_obstacle(other, files)) == (
        f"The model has no model.onnx. ONNX has no operator that resizes with the filter '{interpolation}'."
    )


def test_a_network_without_a_graph_has_no_graph_from_pictures(model: SavedModel, tmp_path: Path) -> None:
    nothing = EncoderFiles(None, None)
    assert "The model has no model.onnx: its network has no ONNX graph." in sentences(
        save_bundle(tmp_path / "m", model, nothing)
    )
    assert not (tmp_path / "m" / "model.onnx").exists()
    card = (tmp_path / "m" / "README.md").read_text(encoding="utf-8")
    assert "its network has no ONNX graph" in card and "onnxruntime.InferenceSession" not in card


def test_a_graph_with_operators_from_before_antialiasing_is_refused(model: SavedModel, tmp_path: Path) -> None:
    old = save_flattening(tmp_path / "old.onnx", opset=17)
    with pytest.raises(EncoderError) as refused:
        raw_graph(model, EncoderFiles(old))
    assert str(refused.value) == (
        f"The graph '{old}' is too old to put a picture before it. Its operators are of version 17; 18 or newer are "
        "needed. Make it again with the installed torch."
    )


def test_a_damaged_graph_is_named(model: SavedModel, tmp_path: Path) -> None:
    (tmp_path / "broken.onnx").write_bytes(b"graph")
    with pytest.raises(EncoderError, match=r"broken.onnx' cannot be read"):
        raw_graph(model, EncoderFiles(tmp_path / "broken.onnx"))
