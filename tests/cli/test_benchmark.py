"""``headstart benchmark``: forms of a model beside each other."""

import json
import shutil

import numpy as np
import pytest
from click.testing import CliRunner

from headstart.cli.app import app
from headstart.export.preprocess.image import samples
from headstart.runtime.findings import Finding
from headstart.studies.benchmark_report import BenchmarkReport, MeasuredForm
from headstart.studies.format_timing import BATCHES, FormatTiming, Opened, measure_form
from headstart.workflows.model import load


def benchmark(*arguments: str):
    return CliRunner().invoke(app, ["benchmark", *arguments], prog_name="headstart")


def test_every_form_is_measured_in_a_process_of_its_own(finished):
    answer = benchmark(str(finished / "run"), "--seconds", "0.01", "--forms", "library", "onnx", "onnx-half", "--json")
    assert answer.exit_code == 0, answer.stderr
    found = json.loads(answer.stdout)
    assert [form["form"] for form in found] == ["library", "onnx", "onnx-half"]
    assert found[0]["speed"] == 1.0
    for form in found:
        assert form["bytes"] > 1000 and form["load_seconds"] > 0 and form["memory"] > 10
        assert 0 < form["p50"] <= form["p95"]
        assert sorted(map(int, form["throughput"])) == list(BATCHES)
        assert form["gflop"] == pytest.approx(2 * 49 * (12 * 27 + 24 * 108) / 1e9)
    assert not (finished / "run" / "model" / "model.half.onnx").exists()


def figures(milliseconds: float) -> FormatTiming:
    rates = {size: 1000 / milliseconds + size for size in BATCHES}
    return FormatTiming(0.25, milliseconds, 2 * milliseconds, 100, rates, 123.4)


def test_the_table_has_ratios_and_the_arithmetic():
    forms = (
        MeasuredForm("library", "m", "fp32", 13_600_000, figures(10)),
        MeasuredForm("onnx-int8", "m/model.int8.onnx", "int8", 3_800_000, figures(5)),
    )
    failed = Finding("workflows.form_failed", {"name": "openvino", "error": "It could not be measured."})
    assert BenchmarkReport(forms, 770_000_000, 2, 3.0, (failed,)).lines() == [
        "One picture of 640 x 480 pixels, decoded, to probabilities; 2 threads; each form in a process of its own.",
        "form         MB  load s  p50 ms  p95 ms  speed  n=1/s  n=8/s  n=32/s  peak MB  GFLOP/s",
        "library    13.6    0.25    10.0    20.0   1.00    101    108     132      123      102",
        "onnx-int8   3.8    0.25     5.0    10.0   2.00    201    208     232      123      179",
        "The network needs 0.77 GFLOP for a picture; GFLOP/s: what the best batch reaches.",
        "The machine was busy (load 3.0): every form is faster where nothing else runs.",
        "openvino: It could not be measured.",
    ]


def test_different_pictures_are_asked_about_in_a_batch():
    seen = []
    measure_form(lambda: Opened(lambda picture: None, seen.append), None, samples(32), 0.001)
    largest = max(seen, key=len)
    assert np.shape(largest) == (32, 480, 640, 3)
    assert len({picture.tobytes() for picture in largest}) == 32


def test_a_form_that_there_is_not_is_refused(finished):
    answer = benchmark(str(finished / "run"), "--forms", "tflite")
    assert answer.exit_code == 1
    assert answer.stderr == (
        "Error: There is no form 'tflite'. It can be library, onnx, onnx-half, onnx-int8, openvino, openvino-half, "
        "openvino-int8, torch.\n"
    )


def test_a_changed_byte_is_noticed(finished, tmp_path):
    shutil.copytree(finished / "run", tmp_path / "run")
    path = tmp_path / "run" / "model" / "model.onnx"
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    answer = benchmark(str(tmp_path / "run"))
    assert answer.exit_code == 1
    assert f"'{path}' has changed since it was written" in answer.stderr


def test_a_model_fitted_in_int8_ships_the_graph_its_head_was_fitted_on(finished):
    import numpy as np
    import onnx
    import onnxruntime
    from PIL import Image

    model = load(finished / "int8")
    assert model.encoder.spec.precision == "int8"
    assert {node.op_type for node in onnx.load(model.files.graph).graph.node} >= {"QuantizeLinear", "DequantizeLinear"}
    session = onnxruntime.InferenceSession(
        finished / "int8" / "model" / "model.onnx", providers=["CPUExecutionProvider"]
    )
    for path in sorted((finished / "flowers" / "rose").iterdir())[:5]:
        picture = Image.open(path).convert("RGB")
        (got,) = session.run(None, {"picture": np.asarray(picture)})
        np.testing.assert_allclose(got, model.predict_proba([str(path)])[0], atol=0.02)
    card = (finished / "int8" / "model" / "README.md").read_text(encoding="utf-8")
    assert "its encoder computes in int8" in card
