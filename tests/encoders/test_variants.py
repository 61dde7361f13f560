"""Variants by name: the first stages of a network, and smaller pictures."""

import json

import numpy as np
import pytest
import timm
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from safetensors.torch import load_file

from headstart.encoders.loading import load_encoder
from headstart.encoders.networks import create_network
from headstart.encoders.stages import find_stages
from headstart.encoders.torch_engine import TorchEncoder
from headstart.encoders.variants import ALL_STAGES, Variant, candidates_of, read_variant
from headstart.errors import EncoderError, UnknownNameError
from training import save_timm_folder


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    place = tmp_path_factory.mktemp("variants")
    for kind in ("convolutions", "transformer"):
        save_timm_folder(kind, place / kind)
    return place


def pictures():
    random = np.random.default_rng(0)
    return [Image.fromarray(random.integers(0, 255, size=(40, 50, 3), dtype=np.uint8)) for _ in range(3)]


def encoded(name, place):
    encoder = load_encoder(name, cache=place / "cache", device="cpu")
    return encoder, encoder.encode(np.stack([encoder.preprocess(picture) for picture in pictures()]))


@given(st.from_regex(r"[a-z@./_]{1,12}", fullmatch=True), st.integers(-1, 99), st.sampled_from([0, 32, 160, 2048]))
def test_a_name_is_read_as_it_is_written(base, stages, size):
    variant = Variant(base, stages, size)
    assert read_variant(variant.name) == variant


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("resnet18[:0]", "The encoder 'resnet18[:0]' has no stage left. Write [:1] or more."),
        ("resnet18@7", "The encoder 'resnet18@7' cannot be had. Sizes are 32 to 2048 pixels."),
    ],
)
def test_what_cannot_be_had_is_said(name, message):
    with pytest.raises(EncoderError) as caught:
        read_variant(name)
    assert str(caught.value) == message


def test_candidates_are_listed_once_behind_their_network():
    found = candidates_of(["a", "a[:2]", "b@64"], [2, 3], [64])
    assert found == ("a", "a[:2]", "a[:3]", "a@64", "a[:2]@64", "b@64", "b[:2]@64", "b[:3]@64")


@pytest.mark.parametrize("kind", ["convolutions", "transformer"])
def test_the_features_of_a_stage_are_the_mean_of_what_leaves_it(kind, place):
    name = str(place / kind)
    encoder, features = encoded(f"{name}[:3]", place)
    network = create_network(json.loads((place / kind / "config.json").read_text()), load_file(encoder.files.weights))
    seen = []
    entrance = find_stages(network)[3].modules[0]
    network.get_submodule(entrance).register_forward_pre_hook(lambda module, inputs: seen.append(inputs[0]))
    with torch.no_grad():
        network(torch.from_numpy(np.stack([encoder.preprocess(picture) for picture in pictures()])))
    expected = seen[0].mean(dim=(2, 3) if kind == "convolutions" else 1).numpy()
    assert np.allclose(features, expected, rtol=1e-4, atol=1e-5)
    assert features.shape[1] == encoder.spec.dimension


def test_all_stages_are_the_stages_one_behind_the_other_and_the_features_last(place):
    name = str(place / "convolutions")
    every, features = encoded(f"{name}[:*]", place)
    widths = every.files.config["widths"]
    parts = np.split(features, np.cumsum(widths)[:-1], axis=1)
    for number, part in enumerate(parts[:-1], start=1):
        assert np.allclose(encoded(f"{name}[:{number}]", place)[1], part, rtol=1e-5, atol=1e-6)
    assert np.allclose(encoded(name, place)[1], parts[-1], rtol=1e-4, atol=1e-5)


def test_a_graph_of_a_part_holds_that_part_alone_and_torch_gives_the_same(place):
    name = str(place / "convolutions")
    encoder, features = encoded(f"{name}[:2]", place)
    whole, _ = encoded(name, place)
    assert encoder.files.graph.stat().st_size < whole.files.graph.stat().st_size
    in_torch = TorchEncoder(encoder.spec, encoder.files, "cpu")
    batch = np.stack([encoder.preprocess(picture) for picture in pictures()])
    assert np.allclose(in_torch.encode(batch), features, rtol=1e-4, atol=1e-5)
    digests = {encoded(one, place)[0].spec.digest for one in (name, f"{name}[:2]", f"{name}[:3]", f"{name}@48")}
    assert len(digests) == 4


@pytest.mark.parametrize("kind", ["convolutions", "transformer"])
def test_another_size_is_that_of_timm(kind, place):
    encoder, features = encoded(f"{place / kind}@48", place)
    batch = np.stack([encoder.preprocess(picture) for picture in pictures()])
    assert batch.shape == (3, 3, 48, 48)
    more = {"img_size": 48, "patch_size": 8} if kind == "transformer" else {}
    name = "test_vit" if kind == "transformer" else "test_resnet"
    network = timm.create_model(name, num_classes=0, **more).eval()
    network.load_state_dict(load_file(encoder.files.weights))
    with torch.no_grad():
        expected = network(torch.from_numpy(batch)).numpy()
    assert np.allclose(features, expected, rtol=1e-4, atol=1e-5)


def test_more_stages_than_there_are_and_unknown_networks_are_refused(place):
    with pytest.raises(EncoderError) as caught:
        encoded(f"{place / 'convolutions'}[:5]", place)
    assert str(caught.value).endswith(
        "cannot be had. test_resnet has 5 stages; a part of it has 1 to 4. Name fewer stages, or the network as it is."
    )
    with pytest.raises(UnknownNameError, match="There is no encoder 'resnet'"):
        encoded("resnet[:2]", place)
    assert read_variant("a[:*]").stages == ALL_STAGES
