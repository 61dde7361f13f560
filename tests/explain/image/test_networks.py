"""Gradients through networks of torch; captum, torch alone and loops by hand are the judges."""

from dataclasses import replace

import captum.attr
import numpy as np
import pytest
import timm
import torch
from PIL import Image

from headstart.encoders.spec import EncoderFiles
from headstart.errors import EncoderError, MissingExtraError
from headstart.explain.explained_model import ExplainedModel
from headstart.explain.image import methods
from headstart.explain.image.coordinates import sum_cells
from headstart.explain.image.explaining import encode_picture
from headstart.explain.image.layers import Shape, choose_layer
from headstart.explain.image.methods import EncoderOutput, compute_attribution
from headstart.explain.image.networks import Network, open_network, view_layer
from headstart.explain.torch_graph import torch_scores
from subjects import SIDE, noise, subject_of_kind


@pytest.fixture(scope="module")
def subjects(tmp_path_factory) -> dict[str, ExplainedModel]:
    folder = tmp_path_factory.mktemp("subjects")
    return {kind: subject_of_kind(kind, folder) for kind in ("convolutions", "registers")}


def seen_of(subject: ExplainedModel, seed: int = 0) -> EncoderOutput:
    pixels = noise(seed)
    return EncoderOutput(pixels, subject.encoder.encode(pixels[None])[0], None)


class Whole(torch.nn.Module):
    """Network and head together, as captum wants them."""

    def __init__(self, subject: ExplainedModel) -> None:
        super().__init__()
        self.network = open_network(subject.files, noise()).module
        self.head = torch_scores(subject.head)

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        return self.head(self.network(pixels))


# --- the layer --------------------------------------------------------------------------------------------------------


def test_the_last_maps_of_a_convolutional_network_are_chosen(subjects):
    network = open_network(subjects["convolutions"].files, noise())
    assert network.layer.name == "layer4"
    assert network.layer.shape == Shape("channels first", 2, 2)


def test_of_a_transformer_with_a_class_token_the_input_of_the_last_attention_is_chosen(subjects):
    network = open_network(subjects["registers"].files, noise())
    assert network.layer.name == "blocks.5.norm1"
    assert network.layer.shape == Shape("tokens", 4, 4, prefix=5)


def test_class_and_register_tokens_are_dropped(subjects):
    subject = subjects["registers"]
    network = open_network(subject.files, noise())
    view = view_layer(network, torch_scores(subject.head), noise(), 1)
    vit = network.module
    with torch.no_grad():
        tokens = vit.norm_pre(vit.patch_drop(vit._pos_embed(vit.patch_embed(torch.from_numpy(noise()[None])))))
        assert tokens.shape == (1, 1 + 4 + 16, 64)
        for block in vit.blocks[:5]:
            tokens = block(tokens)
        expected = vit.blocks[5].norm1(tokens)[0, 5:].reshape(4, 4, 64)
    np.testing.assert_allclose(view.maps, expected.permute(2, 0, 1).numpy(), rtol=1e-4, atol=1e-5)


def test_the_output_of_the_last_block_would_not_do():
    """What the rule is for: the patches of the last block do not reach the class token any more."""
    vit = timm.create_model("test_vit", num_classes=0, img_size=SIDE, patch_size=16).eval()
    kept = []

    def keep(_module, _inputs, output):
        output.retain_grad()
        kept.append(output)

    vit.blocks[5].register_forward_hook(keep)
    vit(torch.from_numpy(noise()[None]))[0, 3].backward()
    assert kept[0].grad[0, 1:].abs().max() == 0
    assert kept[0].grad[0, 0].abs().max() > 0


class Overwriting(torch.nn.Module):
    """Its last maps are changed in place by what follows them."""

    num_features = 4

    def __init__(self) -> None:
        super().__init__()
        self.maps = torch.nn.Conv2d(3, 4, 3)
        self.after = torch.nn.Sequential(torch.nn.ReLU(inplace=True), torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten())

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        return self.after(self.maps(pixels))


def test_a_layer_that_works_in_place_does_not_change_what_is_kept():
    network = Overwriting().eval()
    layer = choose_layer(network, torch.from_numpy(noise()[None]))
    assert layer.name == "after.0"  # the ReLU: its output is a map too
    before = replace(layer, name="maps")
    view = view_layer(Network(network, before), lambda features: features, noise(), 2)
    expected = network.maps(torch.from_numpy(noise()[None]))[0].detach().numpy()
    assert expected.min() < 0
    np.testing.assert_allclose(view.maps, expected, rtol=1e-5)
    np.testing.assert_allclose(view.gradients[2], (expected[2] > 0) / expected[2].size, rtol=1e-5)


def test_a_network_without_maps_is_refused():
    flat = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(3 * SIDE * SIDE, 4))
    with pytest.raises(EncoderError) as caught:
        choose_layer(flat, torch.from_numpy(noise()[None]))
    assert str(caught.value) == (
        "The network has no layer to look at. None of its layers gives maps. Use --method occlusion."
    )


# --- the methods ------------------------------------------------------------------------------------------------------


def test_grad_cam_is_that_of_captum(subjects):
    subject = subjects["convolutions"]
    whole = Whole(subject)
    inputs = torch.from_numpy(noise()[None])
    for target in range(3):
        expected = captum.attr.LayerGradCam(whole, whole.network.layer4).attribute(
            inputs, target, relu_attributions=True
        )
        heat = compute_attribution(subject, seen_of(subject), target, "gradcam")
        assert heat.layer == "layer layer4"
        np.testing.assert_allclose(heat.grid, expected[0, 0].detach().numpy(), rtol=1e-4, atol=1e-6)


def test_grad_cam_of_a_transformer_follows_its_formula(subjects):
    subject = subjects["registers"]
    view = view_layer(open_network(subject.files, noise()), torch_scores(subject.head), noise(), 0)
    tokens, slopes = view.maps.reshape(64, 16), view.gradients.reshape(64, 16)
    assert np.abs(slopes).max() > 0
    expected = np.maximum((slopes.mean(axis=1)[:, None] * tokens).sum(axis=0), 0).reshape(4, 4)
    np.testing.assert_allclose(
        compute_attribution(subject, seen_of(subject), 0, "auto").grid, expected, rtol=1e-3, atol=1e-5
    )


def test_integrated_gradients_are_those_of_captum_and_sum_to_the_difference(subjects):
    for subject in subjects.values():
        whole = Whole(subject)
        inputs = torch.from_numpy(noise()[None])
        expected = captum.attr.IntegratedGradients(whole).attribute(inputs, target=2, n_steps=50)
        heat = compute_attribution(subject, seen_of(subject), 2, "gradients")
        expected_cells = sum_cells(expected[0].sum(dim=0).detach().numpy().astype(np.float32), 8, 8)
        np.testing.assert_allclose(heat.grid, expected_cells, rtol=1e-3, atol=1e-4)
        difference = (whole(inputs) - whole(torch.zeros_like(inputs)))[0, 2].item()
        assert heat.grid.sum() == pytest.approx(difference, rel=0.05, abs=0.02)
        assert "50 steps from the mean colour, completeness error" in heat.layer


def test_occlusion_is_what_a_loop_by_hand_finds(subjects):
    subject = subjects["convolutions"]
    pixels, window = noise(), 8
    corners = [(top, left) for top in range(0, SIDE - 7, 4) for left in range(0, SIDE - 7, 4)]
    hidden = np.repeat(pixels[None], len(corners), axis=0)
    for row, (top, left) in enumerate(corners):
        hidden[row, :, top : top + window, left : left + window] = 0
    scores = subject.head.scores(subject.encoder.encode(np.concatenate([pixels[None], hidden])))[:, 1]
    total, times = np.zeros((SIDE, SIDE)), np.zeros((SIDE, SIDE))
    for (top, left), score in zip(corners, scores[1:], strict=True):
        total[top : top + window, left : left + window] += scores[0] - score
        times[top : top + window, left : left + window] += 1
    heat = compute_attribution(subject, seen_of(subject), 1, "occlusion")
    np.testing.assert_allclose(heat.grid, sum_cells((total / times).astype(np.float32), 8, 8), rtol=1e-3, atol=1e-4)
    assert heat.layer == "squares of 8 x 8 pixels behind the mean colour"


def test_a_pooled_network_in_torch_has_an_exact_map_too(subjects):
    subject = subjects["convolutions"]
    picture = np.random.default_rng(1).integers(0, 256, (40, 50, 3), dtype=np.uint8)
    seen = encode_picture(subject, Image.fromarray(picture))
    assert seen.pooled is not None
    heat = compute_attribution(subject, seen, 1, "auto")
    assert (heat.method, heat.exact) == ("cam", True)
    score = subject.head.scores(subject.encoder.encode(seen.pixels[None]))[0, 1]
    assert heat.grid.sum(dtype=np.float64) == pytest.approx(score, rel=1e-5)


def test_a_transformer_with_a_class_token_has_no_exact_map(subjects):
    subject = subjects["registers"]
    with pytest.raises(EncoderError) as caught:
        compute_attribution(subject, seen_of(subject), 0, "cam")
    assert str(caught.value) == (
        "There is no exact class activation map for this model. "
        "The features of tiny are not the mean of the last maps of the network. Use --method gradcam or occlusion."
    )


def test_without_weights_the_network_cannot_be_built(subjects):
    subject = replace(subjects["registers"], files=EncoderFiles(None, None, {}))
    with pytest.raises(EncoderError) as caught:
        compute_attribution(subject, seen_of(subject), 0, "gradcam")
    assert str(caught.value) == (
        "The network cannot be built in torch. Its weights were not saved with the model; they are for linear heads "
        "only. Use --method auto or occlusion, or fit the model with a linear head."
    )


def test_a_missing_package_is_named_with_the_extra_that_brings_it(subjects, monkeypatch):
    monkeypatch.setattr(methods, "find_spec", lambda name: None if name == "captum" else name)
    with pytest.raises(MissingExtraError) as caught:
        compute_attribution(subjects["registers"], seen_of(subjects["registers"]), 0, "gradients")
    assert str(caught.value) == (
        "The package 'captum' is not installed. It is needed to look into the network. "
        'Install it with: pip install "headstart[explain]"'
    )
