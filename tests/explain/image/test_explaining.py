"""An explanation whole: what a program that shows one relies on."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageColor
from sklearn.neighbors import NearestNeighbors

from headstart.errors import EncoderError, RecipeError, UnknownNameError
from headstart.explain.image.faithfulness import Faithfulness
from headstart.explain.image.overlay import heat_colours, overlay
from headstart.explain.image.randomisation import Randomisation, Similarity
from headstart.explain.image.values import HeatChecks
from headstart.features.neighbours import unit_rows
from headstart.heads.knn import KnnHead
from headstart.heads.mlp import MlpHead
from headstart.reporting.explanations.image_figure import explanation_sheet
from headstart.reporting.explanations.report import Explained
from headstart.reporting.plots.style import WARN
from headstart.reporting.render.fonts import FontBook, font_folders


def test_an_explanation_goes_with_the_prediction(fitted, cat):
    explanation = fitted.explain(cat)
    assert explanation.prediction.label == fitted.predict(cat).label == explanation.target
    assert explanation.prediction.probability == pytest.approx(fitted.predict(cat).probability, abs=1e-5)
    assert explanation.picture_size == cat.size == (451, 300)


def test_an_explanation_carries_what_the_guard_says(fitted, cat):
    sure = fitted.asking(abstain=0.999, coverage=0.99)
    said, told = sure.predict(cat), sure.explain(cat).prediction
    assert said.novelty is not None and len(said.prediction_set) > 0
    assert told.novelty == pytest.approx(said.novelty, abs=1e-4)
    assert (told.prediction_set, told.unfamiliar) == (said.prediction_set, said.unfamiliar)
    assert (told.abstained, told.reason) == (said.abstained, said.reason)


def test_a_picture_of_another_kind_and_a_map_of_chance_are_marked_in_the_lines_and_on_the_sheet(fitted, cat):
    found = fitted.explain(cat, neighbours=0)
    assert found.prediction.unfamiliar  # a cat is no flower
    plain = replace(found, prediction=replace(found.prediction, unfamiliar=False))
    chance = Faithfulness(0.5, 0.5, 0.5, 0.5, 12, 20, True, "blur")
    odd = replace(found, checks=HeatChecks(chance, Randomisation((Similarity("head", 0.1, 0.1),), whole=False)))
    lines, before = (Explained(one, Path("a.png"), Path("b.png")).lines() for one in (odd, plain))
    assert (lines[1], before[1][:8]) == ("  I don't know this kind of picture.", "  heat: ")
    sheets = [np.asarray(explanation_sheet(one, cat, [], FontBook(font_folders()))[0]) for one in (odd, plain)]
    orange = [(sheet == ImageColor.getrgb(WARN)).all(axis=2) for sheet in sheets]
    assert orange[0][:80, 600:].any() and orange[0][640:, :520].any()
    assert not orange[1][:80, 600:].any() and not orange[1][640:, :520].any()


def test_the_heat_map_has_the_size_of_the_picture_and_lies_between_nothing_and_one(fitted, cat):
    heat = fitted.explain(cat).heat_map()
    assert (heat.shape, heat.dtype) == ((300, 451), np.float32)
    assert np.nanmin(heat) >= 0 and np.nanmax(heat) == pytest.approx(1, abs=0.02)
    # timm resizes the shorter side to 256 and cuts out the middle 224: one eighth of 300 is lost above and below.
    assert np.isnan(heat[:18]).all() and np.isnan(heat[-18:]).all()
    assert not np.isnan(heat[20:-20, 100:-100]).any()


def test_a_smaller_heat_map_shows_the_same(fitted, cat):
    explanation = fitted.explain(cat)
    whole = Image.fromarray(np.nan_to_num(explanation.heat_map())).resize((226, 150), Image.Resampling.BOX)
    small = explanation.heat_map((226, 150))
    seen = np.isfinite(small)
    assert np.abs(np.asarray(whole)[seen] - small[seen]).mean() < 0.01


def test_the_nearest_examples_are_those_of_scikit_learn(fitted, cat):
    explanation = fitted.explain(cat, neighbours=7)
    references = fitted.saved.references
    search = NearestNeighbors(n_neighbors=7, metric="cosine").fit(references.features.astype(np.float32))
    distances, rows = search.kneighbors(fitted.embed(cat))
    assert [one.name for one in explanation.neighbours] == [references.names[row] for row in rows[0]]
    np.testing.assert_allclose([one.distance for one in explanation.neighbours], distances[0], atol=1e-5)
    assert [one.label for one in explanation.neighbours] == [fitted.classes[references.labels[row]] for row in rows[0]]


def test_a_training_picture_is_its_own_nearest_example(fitted, flowers):
    name = next(name for name in fitted.saved.references.names if name.endswith("rose/3.jpg") or "rose" in name)
    nearest = fitted.explain(name, neighbours=1).neighbours[0]
    assert (nearest.name, nearest.label) == (name, "rose")
    assert nearest.distance == pytest.approx(0, abs=1e-3)  # features are kept in half precision


@pytest.mark.parametrize("kind", ["neighbours", "perceptron"])
def test_a_head_that_bends_gets_grad_cam_from_the_same_maps(kind, fitted, cat):
    random, known = np.random.default_rng(0), fitted.saved.references
    hidden = random.normal(size=(5, 1280)).astype(np.float32) / 36
    output = random.normal(size=(3, 5)).astype(np.float32)
    heads = {
        "neighbours": KnnHead(
            unit_rows(known.features.astype(np.float32)), known.labels, np.ones(3, dtype=np.float32), 9
        ),
        "perceptron": MlpHead(hidden, hidden[:, 0], output, output[:, 0], "tanh", 1.0),
    }
    model = replace(fitted, saved=replace(fitted.saved, head=heads[kind]))
    explanation = model.explain(cat)
    assert (explanation.method, explanation.found.exact) == ("gradcam", False)
    assert explanation.found.grid.shape == (7, 7)
    assert explanation.found.grid.min() >= 0
    with pytest.raises(EncoderError) as caught:
        model.explain(cat, method="cam")
    assert str(caught.value).startswith(
        "There is no exact class activation map for this model. The head "
        f"({kind}) is not a linear function of the features."
    )


@pytest.mark.parametrize("method", ["gradcam", "gradcam++", "layercam"])
def test_the_family_of_grad_cam_needs_no_more_than_the_graph(method, fitted, cat):
    explanation = fitted.explain(cat, method=method)
    assert explanation.method == method
    exact = fitted.explain(cat)
    weight = fitted.saved.head.weight[fitted.classes.index(exact.target)]
    assert explanation.found.grid.shape == exact.found.grid.shape
    if method == "gradcam":
        bias = exact.logit - float(weight @ fitted.embed(cat)[0])
        raw = np.maximum(exact.found.grid - bias / 49, 0)
        np.testing.assert_allclose(explanation.found.grid, raw, rtol=1e-3, atol=1e-6)


def test_a_class_the_model_does_not_know_is_named_with_the_nearest_one(fitted, cat):
    with pytest.raises(UnknownNameError) as caught:
        fitted.explain(cat, target="roses")
    assert str(caught.value) == ("The model has no class 'roses'. It knows daisy, rose, tulip. Did you mean 'rose'?")


def test_an_unknown_method_is_refused(fitted, cat):
    with pytest.raises(RecipeError) as caught:
        fitted.explain(cat, method="grad-cam")
    assert str(caught.value) == (
        "There is no method 'grad-cam' to explain with. "
        "Known are auto, cam, gradcam, gradcam++, layercam, gradients, occlusion, words."
    )


def test_the_colours_get_lighter_with_the_heat_in_grey_too():
    colours = heat_colours(np.linspace(0, 1, 256, dtype=np.float32))
    grey = np.asarray(Image.fromarray(colours[None]).convert("L")).astype(int)[0]
    assert (np.diff(grey) >= 0).all() and grey[-1] - grey[0] > 150


def test_the_overlay_is_brightest_where_the_heat_is(fitted, cat):
    explanation = fitted.explain(cat)
    grey = np.asarray(overlay(cat, explanation, 451).convert("L")).astype(float)
    heat = explanation.heat_map()
    assert grey[np.nan_to_num(heat) > 0.9].mean() > grey[np.nan_to_num(heat) < 0.3].mean() + 40
