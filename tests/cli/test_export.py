"""``headstart export``: a run becomes a file, and only one that answers the same."""

import json
import shutil
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from click.testing import CliRunner
from PIL import Image

from headstart.cli.app import app
from headstart.saving.bundle import verify_bundle
from headstart.workflows.model import load
from pictures import save_flowers


@pytest.fixture
def run(finished, tmp_path) -> Path:
    """A copy of a run, to be changed."""
    shutil.copytree(finished / "run", tmp_path / "run")
    return tmp_path / "run"


def export_cli(*arguments: str):
    return CliRunner().invoke(app, list(arguments), prog_name="headstart")


def test_a_run_is_exported_and_proven_on_the_pictures_it_set_apart(run):
    answer = export_cli("export", str(run), "--to", "onnx", "--json")
    assert answer.exit_code == 0, answer.stderr
    found = json.loads(answer.stdout)
    assert found["file"] == str(run / "model" / "model.onnx")
    assert found["agreement"] == 1.0
    assert 0 <= found["max_difference"] < 1e-4
    assert found["gate"]["passed"] is True
    assert found["pictures"] == 18
    assert found["accuracies"]["only_library"] == found["accuracies"]["only_exported"] == 0
    manifest = json.loads((run / "model" / "manifest.json").read_text(encoding="utf-8"))
    (record,) = manifest["exports"]
    assert record["file"] == "model.onnx" and record["gate"] == found["gate"]
    assert record["agreement"] == 1.0
    assert load(run).classes == ("daisy", "rose", "tulip")
    assert "model.onnx" in verify_bundle(run)


def test_people_are_told_what_was_compared_and_where_the_file_is(run):
    answer = export_cli("export", str(run))
    lines = answer.stdout.splitlines()
    assert lines[0] == "Pictures: the pictures that the run set apart."
    assert lines[1].startswith("Proof: 18 pictures through the library and through the file. Same label for 18 (100.00")
    assert lines[2].startswith("Accuracy: library ")
    assert lines[3] == (
        "Gate passed: At least 99.5 % of the labels are equal, and no probability differs by more than 0.02."
    )
    assert lines[4].startswith("ONNX graph from one picture to probabilities (fp32), 0.0 MB: ")


def test_a_batched_graph_answers_several_examples_at_once_and_leaves_its_proof_beside_it(run, tmp_path):
    answer = export_cli("export", str(run), "--batched", "--out", str(tmp_path / "out" / "several.onnx"), "--json")
    assert answer.exit_code == 0, answer.stderr
    session = onnxruntime.InferenceSession(tmp_path / "out" / "several.onnx", providers=["CPUExecutionProvider"])
    pictures = np.random.default_rng(0).integers(0, 256, (3, 20, 30, 3), dtype=np.uint8)
    (got,) = session.run(None, {"pictures": pictures})
    expected = load(run).predict_proba([Image.fromarray(pixels) for pixels in pictures])
    np.testing.assert_allclose(got, expected, atol=1e-3)
    proof = json.loads((tmp_path / "out" / "several.proof.json").read_text(encoding="utf-8"))
    assert proof["gate"]["passed"] and proof["batched"]
    (record,) = json.loads((run / "model" / "manifest.json").read_text(encoding="utf-8"))["exports"]
    assert (record["file"], record["inside"]) == ("several.onnx", False)
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["several.onnx", "several.proof.json"]


def break_model(run: Path) -> None:
    """Let the file that was saved answer something else, with a digest that fits."""
    path = run / "model" / "model.onnx"
    graph = onnx.load(path)
    bias = next(one for one in graph.graph.initializer if list(one.dims) == [3] and one.data_type == 1)
    bias.CopyFrom(onnx.numpy_helper.from_array(np.array([9, -9, 0], dtype=np.float32), bias.name))
    onnx.save(graph, path)
    from headstart.runtime.hashing import sha256_of_file
    from headstart.saving.manifest import record_export

    digest = {"bytes": path.stat().st_size, "sha256": sha256_of_file(path)}
    record_export(run / "model", {"file": "model.onnx", "files": {"model.onnx": digest}}, inside=True)


def test_an_export_that_answers_something_else_is_refused_and_nothing_is_recorded(run):
    break_model(run)
    before = (run / "model" / "manifest.json").read_bytes()
    answer = export_cli("export", str(run), "--json")
    assert answer.exit_code == 1
    assert answer.stdout == ""
    assert answer.stderr.startswith(
        "Error: The export is refused: it does not answer as the model does. On the pictures that the run set apart, "
        "only "
    )
    assert answer.stderr.endswith(
        "The gate: At least 99.5 % of the labels are equal, and no probability differs by more than 0.02. Take another "
        "form, name more pictures with --data, or use --force, which the manifest will say.\n"
    )
    assert (run / "model" / "manifest.json").read_bytes() == before
    assert not list((run / "model").glob(".export*"))


def test_a_refused_export_can_be_forced_and_the_manifest_says_so(run):
    break_model(run)
    answer = export_cli("export", str(run), "--force")
    assert answer.exit_code == 0
    assert "Gate NOT passed (only " in answer.stdout
    assert "It was written all the same, as --force asks; the manifest says so." in answer.stdout
    (record,) = json.loads((run / "model" / "manifest.json").read_text(encoding="utf-8"))["exports"]
    assert record["gate"]["passed"] is False and record["gate"]["forced"] is True
    assert record["gate"]["faults"]


def test_a_changed_byte_in_the_file_is_noticed(run):
    path = run / "model" / "model.onnx"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    answer = export_cli("export", str(run))
    assert answer.exit_code == 1
    assert answer.stderr.startswith(
        f"Error: The model '{run / 'model'}' is damaged. '{path}' has changed since it was written: expected SHA-256 "
    )


def test_a_file_that_was_deleted_is_written_again(run):
    content = (run / "model" / "model.onnx").read_bytes()
    (run / "model" / "model.onnx").unlink()
    assert export_cli("export", str(run)).exit_code == 0
    assert (run / "model" / "model.onnx").read_bytes() == content
    assert "model.onnx" in verify_bundle(run)


def test_labelled_pictures_can_be_named(run, tmp_path):
    save_flowers(tmp_path / "others", 4, seed=700)
    found = json.loads(export_cli("export", str(run), "--data", str(tmp_path / "others"), "--json").stdout)
    assert (found["pictures"], found["source"]) == (12, "the pictures of 'others'")
    assert found["accuracies"] is not None


def test_pictures_without_labels_or_that_were_learned_from_prove_answers_and_no_accuracy(run, finished):
    daisies = str(finished / "flowers" / "daisy")
    found = json.loads(export_cli("export", str(run), "--data", daisies, "--json").stdout)
    assert found["accuracies"] is None and found["agreement"] == 1.0


def test_a_model_without_its_run_needs_pictures(run, tmp_path):
    shutil.move(run / "model", tmp_path / "alone")
    answer = export_cli("export", str(tmp_path / "alone"))
    assert answer.exit_code == 1
    assert answer.stderr == (
        "Error: There are no pictures to prove the export on. Around the model "
        f"'{tmp_path / 'alone'}' there is no run that names its pictures. Name labelled pictures that the model was "
        "not fitted to with --data FOLDER.\n"
    )


def test_pictures_that_are_gone_are_said_to_be(run, tmp_path):
    about = json.loads((run / "environment.json").read_text(encoding="utf-8"))
    (run / "environment.json").write_text(json.dumps({**about, "data": str(tmp_path / "gone")}), encoding="utf-8")
    answer = export_cli("export", str(run))
    assert answer.exit_code == 1
    assert answer.stderr == (
        f"Error: There are no pictures to prove the export on. Those of the run '{run}' are not in "
        f"'{tmp_path / 'gone'}' any more. Name labelled pictures that the model was not fitted to with --data FOLDER.\n"
    )


def test_nothing_that_is_there_is_overwritten(run, tmp_path):
    (tmp_path / "there.onnx").write_bytes(b"mine")
    answer = export_cli("export", str(run), "--out", str(tmp_path / "there.onnx"))
    assert answer.exit_code == 1
    assert answer.stderr == (
        f"Error: '{tmp_path / 'there.onnx'}' is there already. Nothing is ever overwritten. Name another file.\n"
    )
    assert (tmp_path / "there.onnx").read_bytes() == b"mine"


def test_a_model_in_memory_is_exported_with_a_place_and_pictures(finished, tmp_path):
    from dataclasses import replace

    model = replace(load(finished / "run"), folder=None)
    report = model.export(out=tmp_path / "m.onnx", data=finished / "flowers")
    assert report.file == tmp_path / "m.onnx" and report.file.is_file()
    with pytest.raises(Exception, match="There is no place for the export"):
        model.export(data=finished / "flowers")
    with pytest.raises(Exception, match="There are no pictures to prove the export on"):
        model.export(out=tmp_path / "n.onnx")


def test_few_pictures_are_not_enough_for_int8_and_force_says_so(run):
    answer = export_cli("export", str(run), "--int8")
    assert answer.exit_code == 1
    start, rest = answer.stderr.split(" On the pictures that the run set apart, ")
    assert start == "Error: The export is refused: it is not shown to be as accurate as the model."
    assert "% sure that the accuracy is not lower by more than 1 point. The gate: The accuracy is not lower" in rest
    assert not (run / "model" / "model.int8.onnx").exists()
    answer = export_cli("export", str(run), "--int8", "--force", "--json")
    assert answer.exit_code == 0, answer.stderr
    found = json.loads(answer.stdout)
    assert found["gate"] == {**found["gate"], "name": "accuracy", "passed": False, "forced": True}
    (record,) = json.loads((run / "model" / "manifest.json").read_text(encoding="utf-8"))["exports"]
    assert (record["file"], record["precision"]) == ("model.int8.onnx", "int8")
    assert "model.int8.onnx" in verify_bundle(run)


def test_int8_passes_with_enough_pictures_and_half_weights_give_the_same_answers(run, finished, tmp_path):
    shutil.copytree(finished / "flowers", tmp_path / "many")  # those it was fitted to calibrate it
    save_flowers(tmp_path / "new", 40, seed=5000)
    for path in (tmp_path / "new").rglob("*.jpg"):
        shutil.copy(path, tmp_path / "many" / path.parent.name / f"new-{path.name}")
    found = json.loads(export_cli("export", str(run), "--int8", "--data", str(tmp_path / "many"), "--json").stdout)
    assert found["gate"]["passed"] and found["precision"] == "int8"
    half = json.loads(export_cli("export", str(run), "--half", "--json").stdout)
    assert half["gate"]["passed"] and 0 < half["max_difference"] < 0.02


def test_two_precisions_at_once_are_a_usage_error(run):
    answer = export_cli("export", str(run), "--int8", "--half")
    assert answer.exit_code == 2
    assert answer.stderr.splitlines()[-1] == "Error: Invalid value: Use one of --half and --int8."


def test_int8_needs_training_pictures(run, tmp_path):
    save_flowers(tmp_path / "others", 2, seed=700)
    answer = export_cli("export", str(run), "--int8", "--data", str(tmp_path / "others"))
    assert answer.exit_code == 1
    assert answer.stderr == (
        "Error: There are no training pictures to calibrate int8 on. Among the pictures of 'others' there is none that "
        "the model was fitted to. Name labelled pictures and those it was fitted to with --data FOLDER.\n"
    )


def test_openvino_answers_the_same_at_the_precision_it_is_told(run):
    found = json.loads(export_cli("export", str(run), "--to", "openvino", "--json").stdout)
    assert found["file"] == str(run / "model" / "model.xml")
    assert found["gate"]["passed"] and found["max_difference"] < 1e-3
    assert {"model.xml", "model.bin"} <= set(verify_bundle(run))
    assert 'inference_precision value="f32"' in (run / "model" / "model.xml").read_text(encoding="utf-8")


def test_a_model_that_timm_cannot_open_is_not_exported_to_torch(run):
    answer = export_cli("export", str(run), "--to", "torch")
    assert answer.exit_code == 1
    assert answer.stderr == (
        "Error: The model cannot be exported to torch. The model cannot be opened by timm: fake has no classifier "
        "layer to put the head in. Try --to onnx.\n"
    )
