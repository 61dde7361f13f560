"""Augmentation, mixing, batches and schedules: pure functions of seeds, beside torchvision's and torch's own."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from torchvision.transforms import v2

from headstart.encoders.preprocess.image import ImagePreprocessing, prepare
from headstart.finetuning.augment.image import (
    OPERATIONS,
    Augmentation,
    apply_operation,
    augment,
    choose_rectangle,
    view_seed,
)
from headstart.finetuning.batches import batches, view_of
from headstart.finetuning.class_loss import cross_entropy, logit_adjustment, soft_targets
from headstart.finetuning.losses import l2sp_step
from headstart.finetuning.mixup import mix
from headstart.finetuning.schedules import rate_factor
from training import noise

PIXELS = ImagePreprocessing(32, 32, "bilinear", 0.9, "center", (0.5, 0.5, 0.5), (0.5, 0.5, 0.5))
PICTURE = Image.effect_noise((61, 47), 90).convert("RGB")


def test_a_view_is_a_function_of_picture_and_seed():
    first = augment(PICTURE, PIXELS, Augmentation(trivial=True), 5)
    assert first.shape == (3, 32, 32)
    assert first.dtype == np.float32
    np.testing.assert_array_equal(first, augment(PICTURE, PIXELS, Augmentation(trivial=True), 5))
    assert not np.array_equal(first, augment(PICTURE, PIXELS, Augmentation(trivial=True), 6))


def test_the_seed_of_a_view_depends_on_seed_number_and_pixels():
    seeds = {view_seed(seed, view, noise(label, 0)) for seed in (0, 1) for view in (1, 2) for label in (0, 1)}
    assert len(seeds) == 8


def test_without_crop_and_flip_a_view_is_the_picture_as_it_is():
    plain = augment(PICTURE, PIXELS, Augmentation(crop=False, flip=False), 3)
    np.testing.assert_array_equal(plain, prepare(PICTURE, PIXELS))


def test_half_of_the_views_are_mirrored():
    left = np.zeros((32, 32, 3), np.uint8)
    left[:, :16] = 255
    views = [augment(Image.fromarray(left), PIXELS, Augmentation(crop=False), seed) for seed in range(400)]
    mirrored = sum(bool(view[0, :, :4].mean() < 0) for view in views)
    assert 160 < mirrored < 240


@given(st.integers(1, 400), st.integers(1, 400), st.integers(0, 2**32), st.sampled_from([0.08, 0.35, 1.0]))
def test_a_rectangle_lies_inside_the_picture(width, height, seed, smallest):
    cut = choose_rectangle(width, height, smallest, np.random.default_rng(seed))
    assert cut.left >= 0 <= cut.top
    assert 0 < cut.width <= width - cut.left
    assert 0 < cut.height <= height - cut.top


def test_rectangles_have_the_areas_and_shapes_of_torchvisions():
    random = np.random.default_rng(0)
    ours = [choose_rectangle(200, 150, 0.35, random) for _ in range(4000)]
    torch.manual_seed(0)
    picture = torch.zeros(3, 150, 200)
    transform = v2.RandomResizedCrop(32, scale=(0.35, 1.0))
    theirs = [transform.make_params([picture]) for _ in range(4000)]
    for mine, other in (
        ([cut.width * cut.height for cut in ours], [cut["width"] * cut["height"] for cut in theirs]),
        ([cut.width / cut.height for cut in ours], [cut["width"] / cut["height"] for cut in theirs]),
        ([cut.left for cut in ours], [cut["left"] for cut in theirs]),
    ):
        for share in (0.1, 0.5, 0.9):
            assert np.quantile(mine, share) == pytest.approx(np.quantile(other, share), rel=0.06, abs=1.5)


THEIRS = {
    "identity": "Identity", "shear_x": "ShearX", "shear_y": "ShearY", "translate_x": "TranslateX",
    "translate_y": "TranslateY", "rotate": "Rotate", "brightness": "Brightness", "colour": "Color",
    "contrast": "Contrast", "sharpness": "Sharpness", "posterize": "Posterize", "solarize": "Solarize",
    "autocontrast": "AutoContrast", "equalize": "Equalize",
}  # fmt: skip


@pytest.mark.parametrize("name", OPERATIONS)
@pytest.mark.parametrize("level", [0.0, 0.4, 1.0])
@pytest.mark.parametrize("sign", [-1.0, 1.0])
def test_operations_are_those_of_torchvisions_trivial_augment(name, level, sign):
    transform = v2.TrivialAugmentWide()
    magnitudes, signed = transform._AUGMENTATION_SPACE[THEIRS[name]]
    space = magnitudes(31, 47, 61)
    magnitude = 0.0 if space is None else float(space[round(level * 30)]) * (sign if signed else 1.0)
    expected = transform._apply_image_or_video_transform(
        PICTURE, THEIRS[name], magnitude, interpolation=v2.InterpolationMode.NEAREST, fill={Image.Image: None}
    )
    got = np.asarray(apply_operation(PICTURE, name, level, sign), dtype=int)
    difference = np.abs(got - np.asarray(expected, dtype=int))
    # Where a pixel lies on an edge of two, rounding may fall either way.
    assert (difference > 2).mean() < 0.06


def test_mixup_blends_pictures_and_targets_alike():
    inputs, targets = torch.rand(6, 3, 8, 8), torch.eye(6)
    mixed = mix(inputs, targets, 0.8, 0.0, seed=3)
    order = [int(row.argmax()) if row.max() > 0.5 else -1 for row in mixed.targets]
    assert len(order) == 6
    torch.testing.assert_close(mixed.targets.sum(dim=1), torch.ones(6))
    torch.testing.assert_close(mixed.inputs, torch.einsum("nm,mchw->nchw", mixed.targets, inputs))


def test_cutmix_weighs_targets_by_the_area_that_was_covered():
    inputs = torch.arange(6.0).reshape(6, 1, 1, 1).expand(6, 3, 8, 8).contiguous()
    for seed in range(30):
        mixed = mix(inputs, torch.eye(6), 0.0, 1.0, seed)
        for row in range(6):
            own = float((mixed.inputs[row, 0] == row).float().mean())
            assert float(mixed.targets[row, row]) == pytest.approx(own, abs=1e-6)


def test_one_of_mixup_and_cutmix_is_drawn_and_the_seed_decides():
    inputs, targets = torch.rand(4, 3, 8, 8), torch.eye(4)
    cut = [bool((mix(inputs, targets, 1.0, 1.0, seed).inputs == inputs).flatten(1).any(1).all()) for seed in range(40)]
    assert 5 < sum(cut) < 35
    torch.testing.assert_close(mix(inputs, targets, 1.0, 1.0, 7).inputs, mix(inputs, targets, 1.0, 1.0, 7).inputs)


@given(st.integers(1, 200), st.integers(1, 40), st.integers(1, 8), st.integers(0, 5), st.integers(0, 9))
def test_an_epoch_deals_every_example_once(count, size, smallest, seed, epoch):
    dealt = batches(count, size, smallest, seed, epoch)
    assert sorted(np.concatenate(dealt).tolist()) == list(range(count))
    assert all(len(batch) >= min(smallest, size, count) for batch in dealt)


def test_epochs_are_dealt_differently_and_views_are_used_in_turn():
    assert batches(20, 5, 2, 0, 0)[0].tolist() != batches(20, 5, 2, 0, 1)[0].tolist()
    assert [view_of(epoch, 2) for epoch in range(4)] == [0, 1, 0, 1]


@pytest.mark.parametrize("name", ["cosine", "step", "one-cycle", "constant"])
@given(st.integers(1, 300), st.sampled_from([0.0, 0.1, 0.5]))
def test_a_rate_is_between_nothing_and_its_peak(name, steps, warmup):
    factors = [rate_factor(name, step, steps, warmup) for step in range(steps)]
    assert all(0 <= factor <= 1 + 1e-12 for factor in factors)
    assert factors[0] > 0
    top = factors.index(max(factors))
    assert factors[top:] == sorted(factors[top:], reverse=True)


def test_schedules_are_those_of_torch():
    weight = torch.nn.Parameter(torch.zeros(1))

    def theirs(make, steps):
        optimizer = torch.optim.SGD([weight], lr=1.0)
        schedule, rates = make(optimizer), []
        for _ in range(steps):
            rates.append(optimizer.param_groups[0]["lr"])
            optimizer.step()
            schedule.step()
        return rates

    cosine = theirs(lambda optimizer: torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 50), 50)
    assert [rate_factor("cosine", step, 50, 0.0) for step in range(50)] == pytest.approx(cosine)
    cycle = theirs(lambda optimizer: torch.optim.lr_scheduler.OneCycleLR(optimizer, 1.0, 50), 50)
    assert [rate_factor("one-cycle", step, 50, 0.0) for step in range(50)] == pytest.approx(cycle, abs=1e-6)
    steps = theirs(lambda optimizer: torch.optim.lr_scheduler.MultiStepLR(optimizer, [20, 30]), 40)
    assert [rate_factor("step", step, 40, 0.0) for step in range(40)] == pytest.approx(steps)


@pytest.mark.parametrize("smoothing", [0.0, 0.1, 0.4])
def test_the_loss_is_torchs_cross_entropy(smoothing):
    torch.manual_seed(0)
    scores, labels = torch.randn(9, 5), torch.randint(5, (9,))
    expected = torch.nn.functional.cross_entropy(scores, labels, label_smoothing=smoothing, reduction="none")
    torch.testing.assert_close(cross_entropy(scores, soft_targets(labels, 5, smoothing)), expected)


def test_adjusted_scores_of_a_prior_alone_are_balanced_without_it():
    # The best constant scores under the adjusted loss are equal: the adjustment has taken the prior on itself.
    counts = np.array([90, 9, 1])
    scores = torch.zeros(1, 3, requires_grad=True)
    labels = torch.from_numpy(np.repeat(np.arange(3), counts))
    loss = cross_entropy(scores.expand(100, 3) + logit_adjustment(counts), soft_targets(labels, 3, 0.0)).mean()
    loss.backward()
    torch.testing.assert_close(scores.grad, torch.zeros(1, 3), atol=1e-6, rtol=0)


def test_the_pull_to_the_start_is_the_decoupled_step():
    weight, start = torch.tensor([3.0, -1.0]), torch.tensor([1.0, 1.0])
    expected = weight - 0.1 * 0.5 * (weight - start)
    l2sp_step([weight], [start], rate=0.1, strength=0.5)
    torch.testing.assert_close(weight, expected)


def test_mean_of_log_two_classes_is_log_two():
    assert float(cross_entropy(torch.zeros(1, 2), soft_targets(torch.tensor([0]), 2, 0.0))) == pytest.approx(
        math.log(2)
    )
