"""The forms a model can leave in, each beside the library."""

import runpy
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
from PIL import Image
from skimage.data import chelsea, rocket

from graphs import CONVOLUTIONS_SPEC, save_convolutions
from headstart.encoders.onnx_engine import OnnxEncoder
from headstart.encoders.spec import EncoderFiles
from headstart.errors import ExportError, MissingExtraError
from headstart.export.end_to_end_graph import batched_graph, raw_graph
from headstart.export.formats import ExportFormat, Source, require_form
from headstart.export.fp16 import halve_weights
from headstart.export.parity_data import ParityData
from headstart.export.predictors import open_onnx_batch
from headstart.heads.linear import LinearHead
from headstart.runtime.progress import silent
from headstart.saving.values import SavedModel


@pytest.fixture
def source(model: SavedModel, tmp_path: Path) -> Source:
    """A linear model on a small network with convolutions."""
    files = EncoderFiles(save_convolutions(tmp_path / "encoder.onnx"), None, {})
    random = np.random.default_rng(4)
    head = LinearHead(random.normal(size=(5, 24)).astype(np.float32), np.zeros(5, dtype=np.float32))
    return Source(
        replace(model, spec=CONVOLUTIONS_SPEC, head=head),
        OnnxEncoder(CONVOLUTIONS_SPEC, files),
        files,
        ParityData.empty(),
    )


def library(source: Source, picture: Image.Image) -> np.ndarray:
    return source.model.predictor.outputs(source.encoder.encode(source.encoder.preprocess(picture)[None]))[0]


@pytest.mark.parametrize(
    ("form", "tolerance"),
    [
        (ExportFormat(), 1e-4),
        (ExportFormat(batched=True), 1e-4),
        (ExportFormat(precision="fp16"), 2e-3),
        (ExportFormat("openvino"), 1e-3),
        (ExportFormat("openvino", "fp16", batched=True), 3e-3),
    ],
    ids=lambda value: getattr(value, "file", None),
)
def test_every_form_answers_as_the_library(
    form: ExportFormat, tolerance: float, source: Source, tmp_path: Path
) -> None:
    require_form(form, source.model, source.files)
    file = tmp_path / "out" / form.file
    file.parent.mkdir()
    form.exporter.write(file, form, source, silent)
    ask = form.exporter.open(file, 1)
    for pixels in (chelsea(), rocket()[:, 250:330], chelsea()[:40, :30]):
        picture = Image.fromarray(pixels)
        np.testing.assert_allclose(ask(picture), library(source, picture), atol=tolerance)
    written = {path.name for path in file.parent.iterdir()}
    assert written == {form.file, *form.companions(form.file)} - {f"{file.stem}.proof.json"}


def test_the_torch_form_answers_as_the_library_and_its_script_runs(
    on_network: SavedModel, network: OnnxEncoder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys
) -> None:
    model = replace(on_network, head=replace(on_network.head, weight=on_network.head.weight * np.float32(0.1)))
    form = ExportFormat("torch")
    (tmp_path / "out").mkdir()
    source = Source(model, network, network.files, ParityData.empty())
    form.exporter.write(tmp_path / "out" / form.file, form, source, silent)
    picture = Image.fromarray(chelsea())
    expected = model.predictor.outputs(network.encode(network.preprocess(picture)[None]))[0]
    np.testing.assert_allclose(form.exporter.open(tmp_path / "out" / form.file, 1)(picture), expected, atol=1e-4)
    picture.save(tmp_path / "cat.png")
    script = tmp_path / "out" / "predict_with_torch.py"
    monkeypatch.setattr(sys, "argv", [str(script), str(tmp_path / "cat.png")])
    runpy.run_path(str(script), run_name="__main__")
    probability, label = capsys.readouterr().out.rstrip("\n").split(" ", 1)
    assert (round(float(probability), 3), label) == (round(expected.max(), 3), model.classes[expected.argmax()])


def test_half_weights_take_half_the_room_and_what_float16_cannot_hold_stays(source: Source) -> None:
    assert source.files.graph is not None
    graph = raw_graph(source.model, source.files)
    second = next(one for one in graph.graph.initializer if one.name == "second")
    large = onnx.numpy_helper.to_array(second).copy()
    halved = {one.name: one for one in halve_weights(raw_graph(source.model, source.files)).graph.initializer}
    assert halved["second/half"].data_type == onnx.TensorProto.FLOAT16
    assert len(halved["second/half"].raw_data) * 2 == large.nbytes
    assert halved["first"].data_type == onnx.TensorProto.FLOAT  # too small to be worth it
    large[0, 0, 0, 0] = 1e6
    second.CopyFrom(onnx.numpy_helper.from_array(large, "second"))
    kept = {one.name for one in halve_weights(graph).graph.initializer}
    assert "second" in kept and "second/half" not in kept


def test_a_graph_for_one_picture_becomes_the_graph_for_several(source: Source, tmp_path: Path) -> None:
    assert source.files.graph is not None
    one = raw_graph(source.model, source.files)
    onnx.save(one, tmp_path / "one.onnx")
    onnx.checker.check_model(batched_graph(one), full_check=True)
    pictures = np.random.default_rng(0).integers(0, 256, (3, 30, 20, 3), dtype=np.uint8)
    expected = [library(source, Image.fromarray(pixels)) for pixels in pictures]
    np.testing.assert_allclose(open_onnx_batch(tmp_path / "one.onnx")(pictures), expected, atol=1e-4)


def test_what_there_is_not_is_refused(source: Source) -> None:
    with pytest.raises(ExportError, match=r"There is no form 'tflite'\. It can be onnx, openvino, torch\."):
        ExportFormat("tflite")
    with pytest.raises(ExportError, match=r"There is no form 'int4'"):
        ExportFormat("onnx", "int4")  # type: ignore[arg-type]
    with pytest.raises(ExportError, match=r"There is no such form for torch"):
        ExportFormat("torch", "int8")
    whole = replace(source.model, spec=replace(source.model.spec, precision="int8"))
    with pytest.raises(ExportError) as refused:
        require_form(ExportFormat("onnx", "int8"), whole, source.files)
    assert str(refused.value) == (
        "The model cannot be exported as int8. Its encoder is int8 already, and its head was fitted on that. Leave "
        "--half and --int8 out."
    )


def test_without_openvino_its_form_says_how_to_get_it(source: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("headstart.export.openvino.find_spec", lambda name: None)
    with pytest.raises(MissingExtraError) as refused:
        require_form(ExportFormat("openvino"), source.model, source.files)
    assert str(refused.value) == (
        "The package 'openvino' is not installed. It is needed for this form of a model. Install it with: pip install "
        '"headstart[openvino]"'
    )
