import hashlib
import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headstart.data.targets.classes import Classes
from headstart.encoders.onnx_engine import OnnxEncoder
from headstart.encoders.spec import EncoderFiles
from headstart.errors import ModelFileError, OutputError
from headstart.heads.head import Head
from headstart.heads.probabilities import Softmax
from headstart.modalities.base import load_modality
from headstart.saving.bundle import load_bundle, save_bundle, verify_bundle
from headstart.saving.manifest import manifest_of
from headstart.saving.values import SavedModel

FEATURES = np.random.default_rng(5).normal(size=(7, 48)).astype(np.float32)
NOTHING = EncoderFiles(None, None)


def test_what_is_saved_is_loaded(model: SavedModel, files: EncoderFiles, tmp_path: Path) -> None:
    save_bundle(tmp_path / "m", model, files)
    opened = load_bundle(tmp_path / "m")
    assert opened.folder == tmp_path / "m"
    assert opened.files == EncoderFiles(tmp_path / "m" / "encoder.onnx", None, {"architecture": "fake"})
    for name in ("spec", "decoding", "target", "fitted_labels", "training"):
        assert getattr(opened.model, name) == getattr(model, name)
    assert opened.model.baseline is not None
    assert opened.model.baseline.spec.name == "colour_histogram"
    assert opened.model.baseline.decoding.temperature == 0.8


def test_every_kind_of_head_gives_the_same_scores_after_loading(model: SavedModel, head: Head, tmp_path: Path) -> None:
    save_bundle(tmp_path / "m", replace(model, head=head), NOTHING)
    loaded = load_bundle(tmp_path / "m").model.head
    np.testing.assert_array_equal(loaded.scores(FEATURES), head.scores(FEATURES))
    assert loaded.settings() == head.settings()


def test_the_baseline_gives_the_same_scores_after_loading(model: SavedModel, tmp_path: Path) -> None:
    save_bundle(tmp_path / "m", model, NOTHING)
    loaded = load_bundle(tmp_path / "m").model.baseline
    assert loaded is not None and model.baseline is not None
    np.testing.assert_array_equal(loaded.head.scores(FEATURES), model.baseline.head.scores(FEATURES))


def test_a_model_without_baseline_and_without_scores_is_saved_too(model: SavedModel, tmp_path: Path) -> None:
    bare = replace(model, baseline=None, training=replace(model.training, evaluation=None, baselines={}))
    save_bundle(tmp_path / "m", bare, NOTHING)
    loaded = load_bundle(tmp_path / "m").model
    assert loaded.baseline is None
    assert loaded.training == bare.training
    assert not (tmp_path / "m" / "baseline.safetensors").exists()


@given(st.lists(st.text(min_size=1), min_size=2, max_size=4, unique=True))
def test_any_class_names_come_back(tmp_path_factory: pytest.TempPathFactory, names: list[str]) -> None:
    from fakes import FAKE_SPEC
    from headstart.heads.linear import LinearHead
    from headstart.saving.values import TrainingRecord

    head = LinearHead(np.ones((len(names), 48), dtype=np.float32), np.zeros(len(names), dtype=np.float32))
    record = TrainingRecord("d", "f", {}, "rule", {}, "now", versions={})
    folder = tmp_path_factory.mktemp("models") / "m"
    save_bundle(
        folder,
        SavedModel(FAKE_SPEC, head, Softmax(), Classes(tuple(names)), {"counts": [1] * len(names)}, record),
        NOTHING,
    )
    assert load_bundle(folder).model.classes == tuple(names)


def test_the_folder_holds_what_the_design_promises(
    on_network: SavedModel, network: OnnxEncoder, tmp_path: Path
) -> None:
    assert save_bundle(tmp_path / "m", on_network, network.files) == ()
    names = sorted(path.name for path in (tmp_path / "m").iterdir())
    assert names == [
        "README.md", "baseline.safetensors", "config.json", "encoder.onnx", "head.safetensors", "manifest.json",
        "model.onnx", "model.safetensors",
    ]  # fmt: skip
    assert sorted(verify_bundle(tmp_path / "m")) == names


def test_the_manifest_records_what_the_model_was_made_from(
    model: SavedModel, files: EncoderFiles, tmp_path: Path
) -> None:
    save_bundle(tmp_path / "m", model, files)
    text = (tmp_path / "m" / "manifest.json").read_text(encoding="utf-8")
    manifest = json.loads(text)
    assert manifest["format"] == 2
    assert manifest["targets"]["label"]["target"]["names"][0] == "2 玫瑰"
    assert "玫瑰" in text
    assert manifest["head"] == {"kind": "linear", "settings": {"learner": "logistic", "C": 0.1}}
    assert manifest["encoder"]["weights_digest"] == "0" * 64
    assert manifest["encoder"]["licence"] == "Apache-2.0"
    assert manifest["encoder"]["preprocessing"]["height"] == 4
    assert manifest["training"]["data_fingerprint"] == "f" * 64
    assert manifest["training"]["versions"] == {"headstart": "0.1.0", "numpy": "2.3.0", "torch": None}
    graph = (tmp_path / "cache" / "encoder.onnx").read_bytes()
    assert manifest["files"]["encoder.onnx"] == {"bytes": len(graph), "sha256": hashlib.sha256(graph).hexdigest()}


def test_whoever_may_read_one_file_of_a_model_may_read_all(
    on_network: SavedModel, network: OnnxEncoder, tmp_path: Path
) -> None:
    save_bundle(tmp_path / "m", on_network, network.files)
    assert len({path.stat().st_mode for path in (tmp_path / "m").iterdir()}) == 1


def test_a_loaded_model_is_saved_again_byte_for_byte(
    on_network: SavedModel, network: OnnxEncoder, tmp_path: Path
) -> None:
    save_bundle(tmp_path / "one", on_network, network.files)
    first = load_bundle(tmp_path / "one")
    save_bundle(tmp_path / "two", first.model, first.files)
    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes(), path.name


def test_a_network_that_cannot_be_exported_is_saved_by_its_weights(
    on_network: SavedModel, network: OnnxEncoder, tmp_path: Path
) -> None:
    assert network.files.weights is not None
    save_bundle(tmp_path / "m", on_network, replace(network.files, graph=None))
    files = load_bundle(tmp_path / "m").files
    assert files == EncoderFiles(None, tmp_path / "m" / "encoder.safetensors", network.files.config)
    assert (tmp_path / "m" / "encoder.safetensors").read_bytes() == network.files.weights.read_bytes()


def test_a_model_that_timm_cannot_open_says_why(
    on_network: SavedModel, network: OnnxEncoder, head: Head, tmp_path: Path
) -> None:
    no_layer = replace(on_network, spec=replace(on_network.spec, classifier=""))
    notices = save_bundle(tmp_path / "a", no_layer, network.files)
    assert (str(notices[0]),) == (
        "The model cannot be opened by timm: test_efficientnet has no classifier layer to put the head in.",
    )
    assert str(notices[0]).replace("_", "\\_") in (tmp_path / "a" / "README.md").read_text(encoding="utf-8")
    assert not (tmp_path / "a" / "config.json").exists()
    no_weights = replace(network.files, weights=None)
    assert tuple(map(str, save_bundle(tmp_path / "b", on_network, no_weights))) == (
        "The model cannot be opened by timm: the weights of its encoder are not at hand.",
    )
    if head.kind != "linear":
        assert tuple(map(str, save_bundle(tmp_path / "c", replace(on_network, head=head), network.files))) == (
            f"The model cannot be opened by timm: its head is not linear ({head.kind}).",
        )


def test_nothing_is_said_of_timm_where_it_does_not_know_such_examples(
    on_network: SavedModel, network: OnnxEncoder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    no_layer = replace(on_network, spec=replace(on_network.spec, classifier=""))
    monkeypatch.setattr(load_modality("image"), "timm", False)
    assert save_bundle(tmp_path / "m", no_layer, network.files) == ()


def test_a_notice_about_timm_is_not_repeated_when_a_model_is_saved_again(model: SavedModel, tmp_path: Path) -> None:
    save_bundle(tmp_path / "one", model, NOTHING)
    assert save_bundle(tmp_path / "two", load_bundle(tmp_path / "one").model, NOTHING) != ()
    assert load_bundle(tmp_path / "two").model.notices == model.notices


# --- places ----------------------------------------------------------------------------------------------------------


def test_an_empty_folder_and_missing_parents_are_fine(model: SavedModel, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for folder in (tmp_path / "empty", tmp_path / "a" / "b" / "m"):
        save_bundle(folder, model, NOTHING)
        verify_bundle(folder)


def test_a_folder_that_holds_something_is_never_overwritten(model: SavedModel, tmp_path: Path) -> None:
    (tmp_path / "old.txt").write_text("old")
    with pytest.raises(OutputError) as caught:
        save_bundle(tmp_path, model, NOTHING)
    assert str(caught.value) == (
        f"The folder '{tmp_path}' is not empty. Nothing is ever overwritten. "
        "Name a new folder, or empty this one first."
    )
    assert [path.name for path in tmp_path.iterdir()] == ["old.txt"]


@pytest.mark.parametrize("interruption", [KeyboardInterrupt, MemoryError])
def test_an_interrupted_save_leaves_nothing(
    model: SavedModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, interruption: type[BaseException]
) -> None:
    def stop(*arguments: object, **settings: object) -> None:
        raise interruption

    monkeypatch.setattr("headstart.saving.bundle.manifest_of", stop)
    with pytest.raises(interruption):
        save_bundle(tmp_path / "m", model, NOTHING)
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_explained_and_leaves_nothing(
    model: SavedModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*arguments: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pathlib.Path.write_bytes", full)
    with pytest.raises(OutputError) as caught:
        save_bundle(tmp_path / "m", model, NOTHING)
    assert str(caught.value) == (
        f"The model cannot be written to '{tmp_path / 'm'}'. The system says: No space left on device. "
        "Check the rights and the free space, or name another folder."
    )
    assert list(tmp_path.iterdir()) == []


def test_a_parent_that_is_a_file_is_explained(model: SavedModel, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match=r"^The model cannot be written to .* The system says: Not a directory\. "):
        save_bundle(tmp_path / "file" / "m", model, NOTHING)


def test_a_run_folder_leads_to_its_model(model: SavedModel, tmp_path: Path) -> None:
    save_bundle(tmp_path / "x-1" / "model", model, NOTHING)
    assert load_bundle(tmp_path / "x-1").folder == tmp_path / "x-1" / "model"
    assert load_bundle(str(tmp_path / "x-1" / "model")).folder == tmp_path / "x-1" / "model"


# --- damage ----------------------------------------------------------------------------------------------------------


def refusal(path: Path) -> str:
    with pytest.raises(ModelFileError) as caught:
        load_bundle(path)
    return str(caught.value)


def flip_a_byte(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


OPENED = ("encoder.onnx", "head.safetensors", "baseline.safetensors")


@pytest.mark.parametrize("name", OPENED)
def test_a_changed_byte_is_noticed_before_a_file_is_used(
    on_network: SavedModel, network: OnnxEncoder, tmp_path: Path, name: str
) -> None:
    save_bundle(tmp_path / "m", on_network, network.files)
    flip_a_byte(tmp_path / "m" / name)
    text = refusal(tmp_path / "m")
    assert text.startswith(
        f"The model '{tmp_path / 'm'}' is damaged. '{tmp_path / 'm' / name}' has changed since it was written: expected"
    )
    assert text.endswith("Copy the model again from where it was saved, or fit it anew.")


@pytest.mark.parametrize("name", [*OPENED, "README.md", "config.json", "model.safetensors", "manifest.json"])
def test_verifying_notices_a_changed_byte_in_any_file(
    on_network: SavedModel, network: OnnxEncoder, tmp_path: Path, name: str
) -> None:
    save_bundle(tmp_path / "m", on_network, network.files)
    flip_a_byte(tmp_path / "m" / name)
    with pytest.raises(ModelFileError, match=name):
        verify_bundle(tmp_path / "m")


def test_a_changed_file_is_named_with_both_digests(model: SavedModel, files: EncoderFiles, tmp_path: Path) -> None:
    save_bundle(tmp_path / "m", model, files)
    whole = (tmp_path / "m" / "encoder.onnx").read_bytes()
    (tmp_path / "m" / "encoder.onnx").write_bytes(b"grap")
    assert refusal(tmp_path / "m") == (
        f"The model '{tmp_path / 'm'}' is damaged. '{tmp_path / 'm' / 'encoder.onnx'}' has changed since it was "
        f"written: expected SHA-256 {hashlib.sha256(whole).hexdigest()[:12]}... and {len(whole)} bytes, "
        "got 459e09031ee2... and 4 bytes. "
        "Copy the model again from where it was saved, or fit it anew."
    )


def test_a_missing_file_is_named(model: SavedModel, tmp_path: Path) -> None:
    save_bundle(tmp_path / "m", model, NOTHING)
    (tmp_path / "m" / "head.safetensors").unlink()
    assert refusal(tmp_path / "m") == (
        f"The model '{tmp_path / 'm'}' is not complete. '{tmp_path / 'm' / 'head.safetensors'}' is missing. "
        "Copy the model again from where it was saved, or fit it anew."
    )


def test_a_changed_number_in_the_manifest_is_noticed(model: SavedModel, tmp_path: Path) -> None:
    save_bundle(tmp_path / "m", model, NOTHING)
    path = tmp_path / "m" / "manifest.json"
    path.write_text(path.read_text(encoding="utf-8").replace("1.7", "1.6"), encoding="utf-8")
    assert refusal(tmp_path / "m") == (
        f"The model '{tmp_path / 'm'}' is damaged. '{path}' has changed since it was written. "
        "Copy the model again from where it was saved, or fit it anew."
    )


def test_a_torn_manifest_is_refused(model: SavedModel, tmp_path: Path) -> None:
    save_bundle(tmp_path / "m", model, NOTHING)
    path = tmp_path / "m" / "manifest.json"
    path.write_bytes(path.read_bytes()[:1])
    assert refusal(tmp_path / "m") == (
        f"The model '{tmp_path / 'm'}' is damaged. '{path}' is not JSON: Expecting property name enclosed in double "
        "quotes: line 1 column 2 (char 1). Copy the model again from where it was saved, or fit it anew."
    )


@given(cut=st.integers(0, 4000), junk=st.binary(max_size=20))
def test_a_damaged_manifest_is_always_refused_with_an_explanation(
    tmp_path_factory: pytest.TempPathFactory, cut: int, junk: bytes
) -> None:
    folder = tmp_path_factory.mktemp("m")
    whole = json.dumps({"format": 1, "digest": "", "classes": ["a"] * 500}).encode()
    (folder / "manifest.json").write_bytes(whole[:cut] + junk)
    refusal(folder)


def test_a_model_from_a_newer_headstart_says_so(model: SavedModel, tmp_path: Path) -> None:
    save_bundle(tmp_path / "m", model, NOTHING)
    path = tmp_path / "m" / "manifest.json"
    newer = {**json.loads(path.read_bytes()), "format": 3, "headstart": "9.0.0"}
    del newer["targets"]  # whatever it looks like by then
    path.write_text(json.dumps(newer))
    assert refusal(tmp_path / "m") == (
        f"The model '{tmp_path / 'm'}' was saved by a newer Headstart (9.0.0). "
        "Its format is 3; this Headstart reads formats up to 2. Update with: pip install --upgrade headstart"
    )


def test_a_manifest_that_does_not_fit_is_refused(
    model: SavedModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def incomplete(*arguments: object) -> dict[str, object]:
        from headstart.runtime.hashing import sha256_of_json

        manifest = manifest_of(*arguments)  # type: ignore[arg-type]
        del manifest["digest"], manifest["decoding"]
        return {**manifest, "digest": sha256_of_json(manifest)}

    monkeypatch.setattr("headstart.saving.bundle.manifest_of", incomplete)
    save_bundle(tmp_path / "m", model, NOTHING)
    assert refusal(tmp_path / "m") == (
        f"The model '{tmp_path / 'm'}' is damaged. '{tmp_path / 'm' / 'manifest.json'}' does not fit its files: "
        "KeyError('decoding'). Copy the model again from where it was saved, or fit it anew."
    )


@pytest.mark.parametrize("step", ["headstart.saving.manifest.sha256_of_file", "pathlib.Path.read_bytes"])
def test_a_file_that_may_not_be_read_is_explained(
    model: SavedModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    def refuse(path: Path) -> None:
        raise PermissionError(13, "Permission denied")

    save_bundle(tmp_path / "m", model, NOTHING)
    monkeypatch.setattr(step, refuse)
    name = "manifest.json" if step.startswith("pathlib") else "head.safetensors"
    assert refusal(tmp_path / "m") == (
        f"The model '{tmp_path / 'm'}' cannot be opened. '{tmp_path / 'm' / name}': Permission denied. "
        "Check the rights of the file."
    )


# --- not a model -----------------------------------------------------------------------------------------------------


def test_a_folder_that_does_not_exist_gets_the_nearest_name(model: SavedModel, tmp_path: Path) -> None:
    assert refusal(tmp_path / "flowers-1") == (
        f"There is no model at '{tmp_path / 'flowers-1'}'. The folder does not exist. Check the path."
    )
    save_bundle(tmp_path / "flowers-1" / "model", model, NOTHING)
    assert refusal(tmp_path / "flower-1") == (
        f"There is no model at '{tmp_path / 'flower-1'}'. The folder does not exist. "
        f"Did you mean '{tmp_path / 'flowers-1'}'?"
    )


def test_a_folder_of_runs_names_the_newest_model_in_it(model: SavedModel, tmp_path: Path) -> None:
    for number, time in ((1, 3000), (2, 1000)):
        save_bundle(tmp_path / f"x-{number}" / "model", model, NOTHING)
        os.utime(tmp_path / f"x-{number}" / "model" / "manifest.json", (time, time))
    assert refusal(tmp_path) == (
        f"'{tmp_path}' is not a saved model. The folder has no manifest.json. "
        f"Did you mean '{tmp_path / 'x-1' / 'model'}'?"
    )


def test_any_other_folder_is_not_a_model(tmp_path: Path) -> None:
    assert refusal(tmp_path) == (
        f"'{tmp_path}' is not a saved model. The folder has no manifest.json. "
        "Name a folder that 'headstart fit' or Model.save wrote."
    )


def test_a_file_is_not_a_model_but_its_folder_may_be(model: SavedModel, tmp_path: Path) -> None:
    save_bundle(tmp_path / "m", model, NOTHING)
    path = tmp_path / "m" / "head.safetensors"
    assert refusal(path) == (
        f"'{path}' is not a model. It is a file; a saved model is a folder. Did you mean '{tmp_path / 'm'}'?"
    )
    (tmp_path / "rose.jpg").write_bytes(b"")
    assert refusal(tmp_path / "rose.jpg") == (
        f"'{tmp_path / 'rose.jpg'}' is not a model. It is a file; a saved model is a folder. "
        "Name a folder that 'headstart fit' or Model.save wrote."
    )


@pytest.mark.parametrize("content", ["[]", "3", '{"name": "web application"}', '{"format": "1"}'])
def test_the_manifest_of_something_else_is_not_taken_for_a_model(tmp_path: Path, content: str) -> None:
    (tmp_path / "manifest.json").write_text(content)
    assert refusal(tmp_path) == (
        f"'{tmp_path}' is not a saved model. Its manifest.json was not written by Headstart. "
        "Name a folder that 'headstart fit' or Model.save wrote."
    )


# --- start -----------------------------------------------------------------------------------------------------------


def test_opening_a_model_loads_no_heavy_library(model: SavedModel, files: EncoderFiles, tmp_path: Path) -> None:
    save_bundle(tmp_path / "m", model, files)
    code = (
        "import sys; from headstart.saving.bundle import load_bundle; load_bundle(sys.argv[1])\n"
        "print([name for name in ('torch', 'timm', 'sklearn', 'scipy', 'pyarrow', 'pandas', 'matplotlib', 'onnx',"
        " 'rich') if name in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code, str(tmp_path / "m")], capture_output=True, text=True, check=True)
    assert run.stdout == "[]\n"
