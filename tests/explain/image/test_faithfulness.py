"""Checks of heat maps: against a model whose reasons are known, scikit-image, SciPy, and a classifier of chance."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image
from scipy.stats import spearmanr
from skimage.metrics import structural_similarity as skimage_similarity

from headstart.errors import RecipeError
from headstart.explain.base import ExplanationRequest
from headstart.explain.image import sanity_checks as checking
from headstart.explain.image.cascading_randomisation import shuffled_stages
from headstart.explain.image.coordinates import enlarge
from headstart.explain.image.explaining import explain_example
from headstart.explain.image.faithfulness import STEPS, fill_of, hiding_order, measure_faithfulness
from headstart.explain.image.methods import EncoderOutput, compute_attribution
from headstart.explain.image.networks import open_network
from headstart.explain.image.randomisation import Randomisation, Similarity
from headstart.explain.image.sanity_checks import randomise
from headstart.explain.image.similarity import structural_similarity
from headstart.explain.shuffling import rank_correlation, shuffled_head
from subjects import noise, subject_of_kind

SIDE = 28


def corner(inputs: np.ndarray) -> np.ndarray:
    """A model that looks at the upper left quarter alone."""
    return 1 / (1 + np.exp(-8 * inputs[:, 0, : SIDE // 2, : SIDE // 2].mean(axis=(1, 2)) + 4))


BRIGHT = np.ones((3, SIDE, SIDE), dtype=np.float32)


def grid_of(*hot: tuple[int, int]) -> np.ndarray:
    grid = np.zeros((4, 4), dtype=np.float32)
    for place in hot:
        grid[place] = 1
    return grid


QUARTER = grid_of((0, 0), (0, 1), (1, 0), (1, 1))


def test_the_map_that_shows_the_reason_beats_every_random_map():
    found = measure_faithfulness(QUARTER, BRIGHT, corner, "mean", seed=0)
    assert (found.beaten, found.maps, found.convincing, found.beats_centre) == (20, 20, True, True)
    assert found.deletion < found.random_deletion and found.random_insertion < found.insertion
    assert len(found.lines()) == 1
    assert "better than 20 of 20 random maps and than a spot in the middle" in found.lines()[0]


def test_a_map_that_points_elsewhere_is_called_no_better_than_chance():
    elsewhere = grid_of((2, 2), (2, 3), (3, 2), (3, 3))
    found = measure_faithfulness(elsewhere, BRIGHT, corner, "mean", seed=0)
    assert found.beaten < 19 and not found.convincing
    numbers = f"better than {found.beaten} of 20 random maps but not than a spot in the middle"
    assert found.lines()[0].endswith(f"{numbers}; hidden behind the mean colour")
    assert found.lines()[1] == "This map is not clearly better than chance: read nothing into it."


def test_random_maps_are_beaten_as_often_as_chance_has_it():
    generator = np.random.default_rng(7)
    beaten = [
        measure_faithfulness(generator.random((4, 4), dtype=np.float32), BRIGHT, corner, "mean", seed).beaten
        for seed in range(30)
    ]
    assert 7 < np.mean(beaten) < 13  # ten of twenty, with a standard error of 1.1


def test_the_areas_are_those_of_a_loop_by_hand():
    order = hiding_order(QUARTER, (SIDE, SIDE))
    turns = np.kron(order, np.ones((2, 2)))
    hot = [turns < 196 * step / STEPS for step in range(STEPS + 1)]
    down = [corner(np.where(part, 0, BRIGHT).astype(np.float32)[None])[0] for part in hot]
    up = [corner(np.where(part, BRIGHT, 0).astype(np.float32)[None])[0] for part in hot]
    found = measure_faithfulness(QUARTER, BRIGHT, corner, "mean", seed=0)
    for area, curve in ((found.deletion, down), (found.insertion, up)):
        expected = sum((left + right) / 2 / STEPS for left, right in pairwise(curve))
        assert area == pytest.approx(expected, rel=1e-6)


def test_what_is_hidden_becomes_the_mean_colour_or_blurred():
    picture = np.random.default_rng(0).normal(size=(3, 64, 64)).astype(np.float32)
    assert (fill_of(picture, "mean") == 0).all()
    blurred = fill_of(picture, "blur")
    assert blurred.std() < 0.2 * picture.std()
    np.testing.assert_allclose(blurred.mean(), picture.mean(), atol=0.02)


def test_an_unknown_fill_is_refused():
    with pytest.raises(RecipeError) as caught:
        ExplanationRequest(fill="black")
    assert str(caught.value) == "There is no fill 'black'. Known are blur, mean."


# --- similarity -------------------------------------------------------------------------------------------------------

MAPS = arrays(np.float32, (5, 6), elements=st.floats(-5, 5, width=16))


@given(MAPS, MAPS)
@settings(max_examples=50, deadline=None)
def test_the_rank_correlation_is_that_of_scipy(one, other):
    if np.ptp(one) > 0 and np.ptp(other) > 0:
        expected = spearmanr(one.ravel(), other.ravel()).statistic
        assert rank_correlation(one, other) == pytest.approx(expected, abs=1e-9)
    else:
        assert rank_correlation(one, other) == 0


def test_the_structural_similarity_is_that_of_scikit_image():
    generator = np.random.default_rng(0)
    for _ in range(5):
        one, other = (generator.normal(size=(7, 7)).astype(np.float32) for _ in range(2))
        larger = [enlarge(grid, 64, 64).astype(np.float64) for grid in (one, other)]
        first, second = (grid / np.abs(grid).max() for grid in larger)
        expected = skimage_similarity(
            first, second, data_range=2, gaussian_weights=True, sigma=1.5, use_sample_covariance=False
        )
        assert structural_similarity(one, other) == pytest.approx(expected, abs=1e-5)
        assert structural_similarity(one, one) == pytest.approx(1)


# --- shuffled weights -------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def subjects(tmp_path_factory):
    folder = tmp_path_factory.mktemp("subjects")
    return {kind: subject_of_kind(kind, folder) for kind in ("convolutions", "registers")}


def test_shuffling_goes_stage_by_stage_and_leaves_the_network_as_it_was(subjects):
    module = open_network(subjects["convolutions"].files, noise()).module
    before = {name: tensor.clone() for name, tensor in module.state_dict().items()}
    changed, stages = set(), []
    for stage in shuffled_stages(module, seed=0):
        now = {name for name, tensor in module.state_dict().items() if not torch.equal(tensor, before[name])}
        assert changed < now
        changed = now
        stages.append(stage)
        for name in now:
            assert torch.equal(module.state_dict()[name].flatten().sort().values, before[name].flatten().sort().values)
    assert {name for name, _ in module.named_parameters() if "weight" in name and "bn" not in name} <= changed
    assert len(stages) >= 5
    assert all(torch.equal(tensor, before[name]) for name, tensor in module.state_dict().items())


@pytest.mark.parametrize("kind", ["convolutions", "registers"])
def test_the_map_is_made_again_from_the_head_to_the_input(kind, subjects):
    subject = subjects[kind]
    pixels = noise()
    seen = EncoderOutput(pixels, subject.encoder.encode(pixels[None])[0], None)
    found = randomise(subject, seen, 1, compute_attribution(subject, seen, 1, "gradcam"), seed=0)
    assert found.whole and found.steps[0].what == "head" and found.steps[-1].what == "everything"
    assert all(-1 <= step.rank_correlation <= 1 and -1 <= step.structural_similarity <= 1 for step in found.steps)
    assert found == randomise(subject, seen, 1, compute_attribution(subject, seen, 1, "gradcam"), seed=0)


def test_without_torch_the_head_alone_is_shuffled(subjects, monkeypatch):
    monkeypatch.setattr(checking, "find_spec", lambda name: None)
    subject = subjects["convolutions"]
    seen = EncoderOutput(noise(), subject.encoder.encode(noise()[None])[0], None)
    found = randomise(subject, seen, 1, compute_attribution(subject, seen, 1, "gradcam"), seed=0)
    assert [step.what for step in found.steps] == ["head"] and not found.whole


def test_a_map_that_ignores_the_weights_is_not_to_be_trusted():
    found = Randomisation((Similarity("head", 0.9, 0.8), Similarity("everything", 0.75, 0.6)), whole=True)
    assert found.lines() == [
        "rank correlation after shuffling weights: head 0.90 (SSIM 0.80); everything 0.75 (SSIM 0.60)",
        "This map hardly depends on what the model has learnt: do not trust it.",
    ]
    assert len(replace(found, steps=(Similarity("head", 0.9, 0.8), Similarity("everything", 0.1, 0.1))).lines()) == 1
    by_chance = (Similarity("head", -0.2, 0.0), Similarity("everything", 0.6, -0.4))
    assert len(replace(found, steps=by_chance).lines()) == 1


def test_a_shuffled_head_keeps_its_numbers(subjects):
    head = subjects["convolutions"].head
    shuffled = shuffled_head(head, np.random.default_rng(0))
    assert np.array_equal(np.sort(shuffled.weight, axis=1), np.sort(head.weight, axis=1))
    assert not np.array_equal(shuffled.weight, head.weight)


# --- together ---------------------------------------------------------------------------------------------------------


def test_an_explanation_carries_its_checks(subjects):
    picture = Image.fromarray(np.random.default_rng(3).integers(0, 256, (50, 60, 3), dtype=np.uint8))
    for kind, method in (("convolutions", "cam"), ("registers", "gradcam")):
        data = explain_example(subjects[kind], picture, "a.png", ExplanationRequest(checks=True)).to_json()
        assert data["method"] == method
        assert data["faithfulness"]["maps"] == 20 and 0 <= data["faithfulness"]["beaten"] <= 20
        assert data["faithfulness"]["fill"] == "blur"
        assert data["randomisation"]["whole"] and len(data["randomisation"]["steps"]) > 4
    assert explain_example(subjects[kind], picture, "a.png", ExplanationRequest()).to_json()["faithfulness"] is None
