import os
import pickle
from collections import OrderedDict

import numpy as np
import pytest
import timm
import torch
from safetensors.torch import save_file

from headstart.encoders.catalogue import MOBILENETV2
from headstart.encoders.checkpoints import read_checkpoint, with_timm_names
from headstart.encoders.weights import find_weights
from headstart.errors import EncoderError

TENSORS = {"a.weight": torch.arange(6.0).reshape(2, 3), "a.bias": torch.ones(2)}


def assert_same(got: dict, expected: dict) -> None:
    """Arrays and tensors have the same names, types, shapes and numbers; NumPy has no bfloat16."""
    assert list(got) == list(expected)
    for name, tensor in expected.items():
        expected_array = tensor.float().numpy() if tensor.dtype == torch.bfloat16 else tensor.numpy()
        assert got[name].dtype == expected_array.dtype
        np.testing.assert_array_equal(got[name], expected_array)


@pytest.mark.parametrize(
    "wrapped",
    [
        TENSORS,
        {"state_dict": TENSORS, "epoch": 3},
        {"model": TENSORS},
        {"model": {"state_dict": TENSORS}},
        {"state_dict": {f"module.{name}": tensor for name, tensor in TENSORS.items()}},
        OrderedDict(TENSORS),
    ],
)
def test_the_tensors_are_found_in_the_wrappings_of_training_scripts(wrapped, tmp_path):
    torch.save(wrapped, tmp_path / "weights.pth")
    assert_same(read_checkpoint(tmp_path / "weights.pth"), TENSORS)


def test_safetensors_are_read(tmp_path):
    save_file(TENSORS, tmp_path / "weights.safetensors")
    got = read_checkpoint(tmp_path / "weights.safetensors")
    assert_same(dict(sorted(got.items())), dict(sorted(TENSORS.items())))


class Malicious:
    def __reduce__(self):
        return os.mkdir, ("pwned",)


def test_a_pickle_that_would_run_code_is_refused_and_runs_none(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    torch.save({"state_dict": Malicious()}, "weights.pth")
    with pytest.raises(EncoderError) as caught:
        read_checkpoint(tmp_path / "weights.pth")
    assert str(caught.value) == (
        f"The file of weights '{tmp_path / 'weights.pth'}' was not opened. It is a pickle that holds more than tensors "
        "or is damaged; loading it could run foreign code. Save the weights alone: "
        "safetensors.torch.save_file(model.state_dict(), 'weights.safetensors')"
    )
    assert not (tmp_path / "pwned").exists()


def test_a_plain_pickle_is_refused_too(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "weights.pt").write_bytes(pickle.dumps(Malicious()))
    with pytest.raises(EncoderError, match="loading it could run foreign code"):
        read_checkpoint(tmp_path / "weights.pt")
    assert not (tmp_path / "pwned").exists()


@pytest.mark.parametrize("name", ["weights.safetensors", "weights.pth"])
def test_a_truncated_file_is_named(name, tmp_path):
    path = tmp_path / name
    save_file(TENSORS, path) if name.endswith("safetensors") else torch.save(TENSORS, path)
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(EncoderError) as caught:
        read_checkpoint(path)
    assert str(caught.value).startswith(
        f"The file of weights '{path}' cannot be read. It is damaged or of another kind"
    )
    assert str(caught.value).endswith("Get it again.")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ([1, 2], "It holds a list."),
        ({}, "It holds a dict."),
        ({"a": 1}, "Its entry 'a' is no tensor."),
        (torch.ones(2), "It holds a Tensor."),
    ],
)
def test_a_file_without_tensors_by_name_is_refused(content, reason, tmp_path):
    torch.save(content, tmp_path / "weights.pth")
    with pytest.raises(EncoderError) as caught:
        read_checkpoint(tmp_path / "weights.pth")
    assert str(caught.value) == (
        f"The file '{tmp_path / 'weights.pth'}' does not hold weights. {reason} "
        "Give a file of tensors by name, as torch.save(model.state_dict(), path) writes it."
    )


def test_the_lite_package_has_timms_tensors_in_timms_order(tmp_path):
    tensors = read_checkpoint(find_weights("efficientnet_lite0", tmp_path).path)
    network = timm.create_model("tf_efficientnet_lite0")
    renamed = with_timm_names(tensors, list(timm.create_model("tf_efficientnet_lite0", num_classes=0).state_dict()))
    assert list(renamed) == list(network.state_dict())
    assert [tensor.shape for tensor in renamed.values()] == [t.shape for t in network.state_dict().values()]


def test_the_mobilenet_package_layout_maps_onto_timms_tensors_in_order():
    # The layout of that file, written down by hand: 17 blocks between features.0 and features.18.
    layers = ["features.0.0", "features.0.1"]
    for block in range(1, 18):
        layers += [f"features.{block}.conv.{k}" for k in ((0, 1, 3, 4) if block == 1 else (0, 1, 3, 4, 6, 7))]
    layers += ["features.18.0", "features.18.1"]
    ours = timm.create_model(MOBILENETV2.architecture, num_classes=0).state_dict()
    tensors_of_norm = ("weight", "bias", "running_mean", "running_var", "num_batches_tracked")
    names = [f"{layer}.{t}" for n, layer in enumerate(layers) for t in (tensors_of_norm if n % 2 else ("weight",))]
    assert len(names) == len(ours)
    theirs = dict(zip(names, ours.values(), strict=True))
    renamed = with_timm_names(theirs, list(ours))
    assert list(renamed) == list(ours) and all(renamed[name] is ours[name] for name in ours)


def test_names_of_other_networks_stay_as_they_are():
    assert with_timm_names(TENSORS, ["a.weight", "a.bias"]) is TENSORS
