"""Class activation maps: against the score, against captum, by hand."""

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

import headstart as hs
from headstart.explain.image.cam import (
    class_activation_map,
    grad_cam,
    grad_cam_plus_plus,
    layer_cam,
    score_gradient,
)
from headstart.heads.knn import KnnHead
from headstart.heads.linear import LinearHead
from headstart.heads.mlp import MlpHead
from headstart.heads.nearest_centroid import CentroidHead

RANDOM = np.random.default_rng(0)


def normal(*shape: int) -> np.ndarray:
    return RANDOM.normal(size=shape).astype(np.float32)


HEADS = {
    "linear": LinearHead(normal(3, 8), normal(3)),
    "centroid": CentroidHead(normal(8), normal(3, 8), normal(3)),
    "relu": MlpHead(normal(5, 8), normal(5), normal(3, 5), normal(3), "relu", 1.0),
    "tanh": MlpHead(normal(5, 8), normal(5), normal(3, 5), normal(3), "tanh", 1.0),
    "neighbours": KnnHead(np.eye(8, dtype=np.float32), np.array([0, 1, 2, 0, 1, 2, 0, 1]), np.ones(3, np.float32), 8),
}


def test_the_exact_map_of_the_default_encoder_sums_to_the_score(fitted, cat):
    check_sums(fitted, cat)


@pytest.mark.parametrize("name", ["centroid", "relu"])
def test_so_do_the_maps_of_other_heads_that_are_affine_at_a_picture(name, fitted, cat):
    centre = fitted.embed(cat)[0]
    hidden = normal(5, 1280) / 36
    heads = {
        "centroid": CentroidHead(centre + normal(1280) / 36, normal(3, 1280) / 36, normal(3)),
        "relu": MlpHead(hidden, -hidden @ centre + normal(5), normal(3, 5), normal(3), "relu", 1.0),
    }
    check_sums(replace(fitted, saved=replace(fitted.saved, head=heads[name])), cat)


def check_sums(model: hs.Model, picture: Image.Image) -> None:
    score = model.saved.head.scores(model.embed(picture))[0]
    for number, target in enumerate(model.classes):
        explanation = model.explain(picture, target=target)
        assert (explanation.method, explanation.found.exact) == ("cam", True)
        assert explanation.found.grid.shape == (7, 7)
        np.testing.assert_allclose(explanation.logit, score[number], atol=1e-4)
        np.testing.assert_allclose(explanation.found.grid.sum(dtype=np.float64), score[number], atol=1e-4)
        np.testing.assert_allclose(explanation.heat.sum(dtype=np.float64), score[number], atol=1e-4)


@pytest.mark.parametrize("name", ["linear", "centroid", "relu"])
def test_the_affine_part_of_a_head_gives_its_score(name):
    for features in normal(5, 8):
        for target in range(3):
            affine = HEADS[name].affine(features, target)
            expected = HEADS[name].scores(features[None])[0, target]
            np.testing.assert_allclose(affine.weight @ features + affine.bias, expected, rtol=1e-4, atol=1e-4)


def test_heads_that_bend_have_no_affine_part():
    assert [HEADS[name].affine(normal(8), 0) for name in ("tanh", "neighbours")] == [None, None]


@pytest.mark.parametrize("name", HEADS)
def test_the_gradient_of_a_score_foretells_a_small_move(name):
    features = np.abs(normal(8)) + 1
    gradient = score_gradient(HEADS[name], features, 1)
    for step in np.eye(8) * 0.02:
        ahead, behind = HEADS[name].scores(np.stack([features + step, features - step]).astype(np.float32))[:, 1]
        np.testing.assert_allclose(2 * gradient @ step, ahead - behind, rtol=0.02, atol=1e-4)


def test_grad_cam_of_a_pooled_linear_network_is_the_exact_map_up_to_a_factor_and_the_bias():
    maps = np.abs(normal(8, 4, 5))
    affine = HEADS["linear"].affine(maps.mean(axis=(1, 2)), 2)
    exact = class_activation_map(maps, affine) - affine.bias / 20
    slope = np.broadcast_to((affine.weight / 20).astype(np.float32)[:, None, None], maps.shape)
    np.testing.assert_allclose(grad_cam(maps, slope), np.maximum(exact, 0), rtol=1e-4, atol=1e-5)


def test_the_family_of_grad_cam_follows_its_formulas_place_by_place():
    maps, gradients = np.abs(normal(3, 2, 2)).astype(float), normal(3, 2, 2).astype(float)
    plain, plus, layer = np.zeros((2, 2)), np.zeros((2, 2)), np.zeros((2, 2))
    for channel, slope in zip(maps, gradients, strict=True):
        plain += slope.mean() * channel
        weight = 0.0
        for row in range(2):
            for column in range(2):
                g = slope[row, column]
                weight += g**2 / (2 * g**2 + channel.sum() * g**3) * max(g, 0)
                layer[row, column] += max(g, 0) * channel[row, column]
        plus += weight * channel
    arrays = maps.astype(np.float32), gradients.astype(np.float32)
    np.testing.assert_allclose(grad_cam(*arrays), np.maximum(plain, 0), rtol=1e-5)
    np.testing.assert_allclose(grad_cam_plus_plus(*arrays), np.maximum(plus, 0), rtol=1e-4)
    np.testing.assert_allclose(layer_cam(*arrays), layer, rtol=1e-5)
