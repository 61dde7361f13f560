import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from timm.data import create_transform

from headstart.encoders.preprocess.image import ImagePreprocessing, prepare
from headstart.errors import EncoderError

IMAGENET = {"mean": (0.485, 0.456, 0.406), "std": (0.229, 0.224, 0.225)}
HALF = {"mean": (0.5, 0.5, 0.5), "std": (0.5, 0.5, 0.5)}


def config(size=(224, 224), interpolation="bicubic", crop_pct=0.875, crop_mode="center", colours=IMAGENET):
    return {
        "input_size": (3, *size),
        "interpolation": interpolation,
        "crop_pct": crop_pct,
        "crop_mode": crop_mode,
        **colours,
    }


def assert_equal_to_timm(picture: Image.Image, settings: dict) -> None:
    expected = create_transform(**settings, is_training=False)(picture).numpy()
    prepared = prepare(picture, ImagePreprocessing.from_timm(settings))
    assert prepared.dtype == np.float32
    assert prepared.flags.c_contiguous
    np.testing.assert_array_equal(prepared, expected)


CONFIGS = [
    config(colours=HALF),
    config(size=(240, 240), crop_pct=0.882, colours=HALF),
    config(size=(260, 260), crop_pct=0.89, colours=HALF),
    config(interpolation="bilinear", crop_pct=1.0),
    config(crop_pct=0.9, crop_mode="squash"),
    config(crop_mode="squash", crop_pct=1.0, interpolation="bilinear"),
    config(crop_mode="border", crop_pct=1.0),
    config(crop_mode="border", crop_pct=0.95, colours=HALF),
    config(size=(256, 128)),
    config(size=(128, 256), interpolation="bilinear", crop_pct=0.95),
    config(size=(128, 192), crop_mode="squash"),
    config(size=(192, 128), crop_mode="border"),
    config(size=(518, 518), crop_pct=1.0),
]


@pytest.mark.parametrize("settings", CONFIGS)
def test_a_photograph_is_prepared_as_timm_does_it_bit_for_bit(settings, photographs):
    for picture in photographs.values():
        assert_equal_to_timm(picture, settings)


@given(
    width=st.integers(1, 90),
    height=st.integers(1, 90),
    size=st.tuples(st.integers(1, 48), st.integers(1, 48)),
    square=st.booleans(),
    interpolation=st.sampled_from(["nearest", "bilinear", "bicubic", "lanczos", "box", "hamming"]),
    crop_mode=st.sampled_from(["center", "squash", "border"]),
    crop_pct=st.sampled_from([0.5, 0.875, 0.882, 0.89, 0.95, 1.0]),
    seed=st.integers(0, 5),
)
@settings(max_examples=300, deadline=None)
def test_any_size_and_setting_is_prepared_as_timm_does_it(
    width, height, size, square, interpolation, crop_mode, crop_pct, seed
):
    if square:
        size = (size[0], size[0])
    settings = config(size, interpolation, crop_pct, crop_mode)
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    picture = Image.fromarray(pixels)
    if max(width, height) > 64 * min(width, height):
        assert prepare(picture, ImagePreprocessing.from_timm(settings)).shape == (3, *size)
        return
    try:
        assert_equal_to_timm(picture, settings)
    except ValueError as error:  # timm itself: a side of the resized picture rounds to nothing
        assert "height and width must be > 0" in str(error)
        assert prepare(picture, ImagePreprocessing.from_timm(settings)).shape == (3, *size)


def test_every_byte_is_normalised_as_torch_does_it():
    ramp = np.repeat(np.arange(256, dtype=np.uint8)[:, None], 3, axis=1).reshape(16, 16, 3)
    for colours in (IMAGENET, HALF, {"mean": (0.48145466, 0.4578275, 0.40821073), "std": (0.26862954,) * 3}):
        assert_equal_to_timm(Image.fromarray(ramp), config(size=(16, 16), crop_pct=1.0, colours=colours))


def test_a_line_of_pixels_is_prepared_in_bounded_memory():
    line = Image.new("RGB", (20_000, 1), (255, 255, 255))
    prepared = prepare(line, ImagePreprocessing.from_timm(config(colours=HALF)))
    assert prepared.shape == (3, 224, 224)
    assert (prepared == 1).all()


@pytest.mark.parametrize(("width", "height"), [(20_000, 1), (1, 20_000)])
def test_a_line_in_border_mode_keeps_one_row_of_pixels(width, height):
    prepared = prepare(
        Image.new("RGB", (width, height), (255, 255, 255)),
        ImagePreprocessing.from_timm(config(crop_mode="border", crop_pct=1.0, colours=HALF)),
    )
    assert (prepared[0] == 1).sum() == 224


def test_the_filter_called_random_is_the_one_timm_evaluates_with():
    settings = config(interpolation="random")
    assert ImagePreprocessing.from_timm(settings).interpolation == "bicubic"


def test_a_configuration_read_from_json_has_lists_and_gives_the_same():
    as_tuples, as_lists = config(), {**config(), "input_size": [3, 224, 224], "mean": [0.485, 0.456, 0.406]}
    assert ImagePreprocessing.from_timm(as_tuples) == ImagePreprocessing.from_timm(as_lists)
    assert ImagePreprocessing.from_timm(as_tuples) == ImagePreprocessing(
        224, 224, "bicubic", 0.875, "center", (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
    )


def test_other_than_three_channels_are_refused():
    with pytest.raises(EncoderError) as caught:
        ImagePreprocessing.from_timm({**config(), "input_size": (1, 28, 28)})
    assert str(caught.value) == "The network does not take colour pictures. It wants 1 channels instead of 3."


@pytest.mark.parametrize(("key", "value"), list(itertools.product(("interpolation", "crop_mode"), ("sharp",))))
def test_an_unknown_filter_or_crop_is_refused(key, value):
    with pytest.raises(EncoderError) as caught:
        ImagePreprocessing.from_timm({**config(), key: value})
    assert str(caught.value).startswith("The network's configuration asks for 'sharp', which is not known. Known are ")
