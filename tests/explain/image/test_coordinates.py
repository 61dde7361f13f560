"""Heat lies on the picture where the network saw it: a picture prepared and laid back is itself."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from headstart.encoders.preprocess.image import ImagePreprocessing, prepare, seen_box
from headstart.explain.image.coordinates import enlarge, place, sum_cells

PLAIN = (0.0, 0.0, 0.0), (1.0, 1.0, 1.0)


def preparing(mode: str, crop: float = 0.875, height: int = 64, width: int = 64) -> ImagePreprocessing:
    return ImagePreprocessing(height, width, "bilinear", crop, mode, *PLAIN)


def ramps(width: int, height: int) -> Image.Image:
    """Red grows from left to right, green from top to bottom: the colour tells the place."""
    red = np.tile(np.linspace(0, 255, width), (height, 1))
    green = np.tile(np.linspace(0, 255, height)[:, None], (1, width))
    return Image.fromarray(np.stack([red, green, 0 * red], axis=2).round().astype(np.uint8))


@pytest.mark.parametrize("mode", ["center", "squash", "border"])
@pytest.mark.parametrize("size", [(300, 200), (200, 300), (64, 64), (40, 30), (64, 200)])
@pytest.mark.parametrize("preprocessing", [{}, {"crop": 1.0}, {"height": 48, "width": 80}])
def test_a_picture_prepared_and_laid_back_is_itself(mode, size, preprocessing):
    chosen = preparing(mode, **preprocessing)
    picture = ramps(*size)
    back = np.stack([place(channel, seen_box(size, chosen), size) for channel in prepare(picture, chosen)])
    seen = np.isfinite(back[0])
    assert seen.any()
    expected = np.asarray(picture, dtype=np.float32).transpose(2, 0, 1) / 255
    error = np.abs(back - expected)[:2, seen]
    assert np.median(error) < 0.01  # rounding to 8 bits; single pixels at an added border mix with it
    assert np.quantile(error, 0.8) < 0.03


def test_what_was_cut_off_is_not_a_number():
    placed = place(np.ones((64, 64), dtype=np.float32), seen_box((200, 100), preparing("center", 1.0)), (200, 100))
    assert np.isnan(placed[:, :49]).all() and np.isnan(placed[:, 151:]).all()
    assert (placed[:, 51:149] == 1).all()


@given(st.integers(1, 9), st.integers(1, 9), st.integers(1, 7), st.integers(1, 7), st.integers(0, 99))
@settings(max_examples=60, deadline=None)
def test_a_map_that_is_enlarged_by_whole_numbers_keeps_its_sum(height, width, down, across, seed):
    grid = np.random.default_rng(seed).normal(size=(height, width)).astype(np.float32)
    larger = enlarge(grid, height * down, width * across)
    np.testing.assert_allclose(larger.sum(dtype=np.float64), grid.sum(dtype=np.float64), atol=1e-4)


@given(st.integers(1, 20), st.integers(1, 20), st.integers(1, 9), st.integers(1, 9), st.integers(0, 99))
@settings(max_examples=60, deadline=None)
def test_a_map_that_is_shrunk_keeps_its_sum(height, width, rows, columns, seed):
    heat = np.random.default_rng(seed).normal(size=(height, width)).astype(np.float32)
    smaller = sum_cells(heat, rows, columns)
    np.testing.assert_allclose(smaller.sum(dtype=np.float64), heat.sum(dtype=np.float64), atol=1e-3)
