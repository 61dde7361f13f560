import json
import logging
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from headstart.encoders import graph_cache as prepared
from headstart.encoders import graphs, networks
from headstart.encoders.catalogue import EFFICIENTNET_LITE0
from headstart.encoders.graph_cache import open_prepared, prepare_encoder, prepared_folder
from headstart.encoders.loading import load_encoder
from headstart.encoders.torch_engine import TorchEncoder
from headstart.encoders.weights import Weights, locate_weights
from headstart.errors import DigestError, EncoderError, MissingExtraError, OutputError
from headstart.runtime.progress import silent

# Every process makes the folder, at about the same time; the making itself is a copy.
AT_ONCE = """
import shutil, sys, time
from pathlib import Path
from headstart.encoders import graph_cache as prepared
from headstart.encoders.loading import load_encoder

def make(weights, place):
    shutil.copytree(sys.argv[3], place, dirs_exist_ok=True)
    time.sleep(0.3)

prepared._make = make
print(load_encoder(sys.argv[1], cache=Path(sys.argv[2]), device="cpu").spec.digest)
"""
COMMAND = """
import sys
from pathlib import Path
from headstart.encoders.loading import load_encoder
print(load_encoder(sys.argv[1], cache=Path(sys.argv[2]), device="cpu").spec.digest, "torch" in sys.modules)
"""


@pytest.fixture
def weights(tiny_file: Path, tmp_path: Path) -> Weights:
    return locate_weights(f"test_resnet@{tiny_file}", tmp_path)


@pytest.fixture
def cache(tiny, session_cache: Path, weights: Weights, tmp_path: Path) -> Path:
    """A cache of its own that holds the prepared tiny ResNet."""
    folder = prepared_folder(weights, tmp_path / "cache")
    shutil.copytree(prepared_folder(weights, session_cache), folder)
    return tmp_path / "cache"


def test_a_prepared_folder_holds_spec_graph_and_weights(cache, weights, tiny):
    folder = prepared_folder(weights, cache)
    assert sorted(path.name for path in folder.iterdir()) == ["encoder.json", "encoder.onnx", "weights.safetensors"]
    opened = open_prepared(folder, weights)
    assert opened is not None
    assert opened.spec == tiny.spec
    assert opened.notice is None
    assert opened.files.config["architecture"] == "test_resnet"
    assert opened.files.weights == folder / "weights.safetensors"


def test_the_prepared_weights_have_timms_names_and_no_classifier(cache, weights, random_network):
    from safetensors.numpy import load_file

    kept = load_file(prepared_folder(weights, cache) / "weights.safetensors")
    expected = random_network("test_resnet").state_dict()
    assert set(kept) == {name for name in expected if not name.startswith("fc.")}
    assert all(np.array_equal(kept[name], expected[name].numpy()) for name in kept)


def test_a_prepared_encoder_is_opened_and_not_made_again(cache, weights, monkeypatch):
    monkeypatch.setattr(prepared, "_make", lambda *given: pytest.fail("made again"))
    steps = []
    prepare_encoder(weights, cache, lambda *step: steps.append(step))
    assert steps == []


@pytest.mark.parametrize("file", ["encoder.onnx", "weights.safetensors", "encoder.json"])
def test_a_changed_byte_sets_the_folder_aside_and_prepares_again(file, cache, weights, monkeypatch, session_cache):
    folder = prepared_folder(weights, cache)
    good = prepared_folder(weights, session_cache)
    content = bytearray((folder / file).read_bytes())
    content[0 if file == "encoder.json" else 5000] ^= 1
    (folder / file).write_bytes(content)
    monkeypatch.setattr(prepared, "_make", lambda _, place: shutil.copytree(good, place, dirs_exist_ok=True))
    steps = []
    again = prepare_encoder(weights, cache, lambda *step: steps.append(step))
    assert again.spec.name == weights.name
    assert steps == [("Preparing", 0, 1, weights.name), ("Preparing", 1, 1, weights.name)]
    (aside,) = (path for path in folder.parent.iterdir() if ".damaged-" in path.name)
    assert (aside / file).read_bytes() == bytes(content)
    assert (folder / file).read_bytes() == (good / file).read_bytes()


def test_a_missing_file_prepares_again(cache, weights, session_cache, monkeypatch):
    (prepared_folder(weights, cache) / "encoder.onnx").unlink()
    good = prepared_folder(weights, session_cache)
    monkeypatch.setattr(prepared, "_make", lambda _, place: shutil.copytree(good, place, dirs_exist_ok=True))
    assert prepare_encoder(weights, cache, silent).files.graph.is_file()


def test_a_folder_that_another_process_finishes_first_is_taken(weights, tmp_path, session_cache, tiny, monkeypatch):
    good, folder = prepared_folder(weights, session_cache), prepared_folder(weights, tmp_path / "cache")

    def slow(weights: Weights, place: Path) -> None:
        shutil.copytree(good, place, dirs_exist_ok=True)
        shutil.copytree(good, folder)  # the other process, in the meantime

    monkeypatch.setattr(prepared, "_make", slow)
    assert prepare_encoder(weights, tmp_path / "cache", silent).spec == tiny.spec
    assert [path.name for path in folder.parent.iterdir()] == [folder.name]


def test_four_processes_may_prepare_at_once(cache, weights, tiny, tmp_path):
    good, other = prepared_folder(weights, cache), tmp_path / "other"
    command = [sys.executable, "-c", AT_ONCE, weights.name, str(other), str(good)]
    starting = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(4)]
    outputs = [process.communicate() for process in starting]
    assert outputs == [(f"{tiny.spec.digest}\n", "")] * 4
    assert [path.name for path in (other / "encoders").iterdir()] == [good.name]


def test_preparing_makes_the_files_and_no_library_says_a_word(weights, tmp_path, tiny, noise, capfd, caplog):
    made = prepare_encoder(weights, tmp_path / "cache", silent)
    assert capfd.readouterr() == ("", "")
    assert [record for record in caplog.records if record.levelno > logging.DEBUG] == []
    assert made.spec == tiny.spec
    assert made.files.graph.read_bytes() == tiny.files.graph.read_bytes()


def test_a_prepared_encoder_opens_in_a_fresh_interpreter_without_torch(lite0, session_cache):
    command = [sys.executable, "-c", COMMAND, "efficientnet_lite0", str(session_cache)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout == f"{lite0.spec.digest} False\n"
    assert done.stderr == ""


def test_the_folder_depends_on_weights_network_configuration_and_versions(weights, tmp_path, monkeypatch):
    (tmp_path / "config.json").write_text("{}")
    others = [
        weights,
        replace(weights, sha256="1" * 64),
        replace(weights, architecture="test_vit"),
        replace(weights, config=tmp_path / "config.json"),
    ]
    folders = [prepared_folder(other, tmp_path) for other in others]
    (tmp_path / "config.json").write_text("{} ")
    folders.append(prepared_folder(others[-1], tmp_path))
    monkeypatch.setattr(prepared, "version", lambda package: "0.0")
    folders.append(prepared_folder(weights, tmp_path))
    assert len(set(folders)) == 6


def test_the_same_weights_under_another_name_share_the_folder(cache, weights, tiny_file, tmp_path):
    copy = shutil.copyfile(tiny_file, tmp_path / "copy.safetensors")
    other = locate_weights(f"test_resnet@{copy}", cache)
    assert prepared_folder(other, cache) == prepared_folder(weights, cache)
    opened = prepare_encoder(other, cache, silent)
    assert (opened.spec.name, opened.spec.source) == (f"test_resnet@{copy}", "file copy.safetensors")


def test_a_network_that_cannot_be_exported_runs_in_torch_and_says_so(tiny, tiny_file, tmp_path, noise, monkeypatch):
    def refuse(*args: object, **kwargs: object) -> None:
        raise RuntimeError("an operator is not known")

    monkeypatch.setattr(networks.torch.onnx, "export", refuse)
    encoder = load_encoder(f"test_resnet@{tiny_file}", cache=tmp_path, device="cpu")
    assert isinstance(encoder, TorchEncoder)
    assert str(encoder.notice) == (
        "The network test_resnet cannot be exported to ONNX. It runs in torch instead, which is slower. "
        "an operator is not known."
    )
    assert (encoder.spec.engine, encoder.files.graph) == ("torch", None)
    np.testing.assert_allclose(encoder.encode(noise), tiny.encode(noise), rtol=1e-4, atol=1e-5)
    again = load_encoder(f"test_resnet@{tiny_file}", cache=tmp_path, device="cpu")
    assert again.notice == encoder.notice


def test_a_graph_that_differs_from_the_network_is_not_kept(weights, tiny, tmp_path, monkeypatch):
    monkeypatch.setattr(networks, "export_graph", lambda network, path: shutil.copyfile(tiny.files.graph, path))
    monkeypatch.setattr(graphs, "TOLERANCE", 0.0)
    with pytest.raises(EncoderError, match="does not compute what the network computes"):
        prepare_encoder(weights, tmp_path / "cache", silent)
    assert list((tmp_path / "cache" / "encoders").iterdir()) == []


def test_without_torch_the_missing_package_is_named(weights, tmp_path, monkeypatch):
    monkeypatch.setattr(prepared, "find_spec", lambda package: None if package == "torch" else package)
    with pytest.raises(MissingExtraError) as caught:
        prepare_encoder(weights, tmp_path, silent)
    assert str(caught.value) == (
        "The package 'torch' is not installed. It is needed to turn a checkpoint into a graph. "
        'Install it with: pip install "headstart[train]"'
    )


def test_weights_that_are_not_the_right_ones_are_never_prepared(tmp_path, monkeypatch):
    monkeypatch.setattr("headstart.encoders.catalogue.EFFICIENTNET_LITE0", replace(EFFICIENTNET_LITE0, sha256="0" * 64))
    with pytest.raises(DigestError):
        load_encoder("efficientnet_lite0", cache=tmp_path, device="cpu")
    assert list(tmp_path.iterdir()) == []


def test_a_cache_that_cannot_be_written_is_explained(weights, tmp_path):
    (tmp_path / "encoders").write_text("a file where a folder should be")
    with pytest.raises(OutputError) as caught:
        prepare_encoder(weights, tmp_path, silent)
    assert caught.value.problem == "The encoder cannot be kept in the cache."
    assert str(tmp_path / "encoders") in caught.value.reason


def test_the_description_is_plain_json_with_digests(cache, weights):
    data = json.loads((prepared_folder(weights, cache) / "encoder.json").read_text())
    assert sorted(data) == ["config", "files", "notice", "spec"]
    assert sorted(data["files"]) == ["encoder.onnx", "weights.safetensors"]
