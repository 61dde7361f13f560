"""What is measured of a picture is what its name says."""

import numpy as np
import pytest
from PIL import Image, ImageEnhance, ImageFilter
from scipy.ndimage import laplace
from scipy.stats import entropy

from headstart.audit.quality.image import KINDS, MEASURES, Quality, find_poor
from planted import photographs


def measured(picture):
    encoder = Quality()
    return dict(zip(MEASURES, encoder.encode(encoder.preprocess(picture)[None])[0].tolist(), strict=True))


def test_measures_equal_those_of_scipy():
    picture = photographs()[0]
    grey = np.asarray(picture.convert("L"), dtype=np.float64)
    found = measured(picture)
    assert found["information"] == pytest.approx(entropy(np.bincount(grey.astype(int).ravel(), minlength=256), base=2))
    assert found["sharpness"] == pytest.approx(laplace(grey)[1:-1, 1:-1].std() / grey.std(), rel=1e-4)
    assert (found["dark_end"], found["bright_end"]) == pytest.approx(tuple(np.percentile(grey, [5, 95])))
    assert found["mean"] == pytest.approx(grey.mean())


def test_a_large_picture_is_measured_like_a_small_one():
    picture = photographs()[5].resize((256, 256))
    small, large = measured(picture), measured(picture.resize((1024, 1024)))
    assert large["sharpness"] == pytest.approx(small["sharpness"], rel=0.3)
    assert large["mean"] == pytest.approx(small["mean"], abs=2)


def test_each_fault_shows_in_its_measure():
    for picture in photographs()[:8]:
        plain = measured(picture)
        assert measured(picture.filter(ImageFilter.GaussianBlur(3)))["sharpness"] < 0.5 * plain["sharpness"]
        assert measured(ImageEnhance.Brightness(picture).enhance(0.2))["bright_end"] < 0.3 * plain["bright_end"]
        assert measured(picture.quantize(4).convert("RGB"))["information"] <= 2
    assert measured(Image.new("RGB", (200, 50)))["shape"] == 2


GOOD = (20.0, 220.0, 120.0, 7.3, 0.5, 0.2)  # dark end, bright end, mean, information, sharpness, shape


def measures(count, **changes):
    rows = np.tile(np.array(GOOD), (count, 1)) * np.random.default_rng(0).normal(1, 0.02, (count, 6))
    for row, (column, value) in changes.values():
        rows[row, column] = value
    return rows.astype(np.float32)


@pytest.mark.parametrize(
    ("kind", "column", "value"),
    [("blurry", 4, 0.03), ("dark", 1, 30), ("bright", 0, 230), ("low_information", 3, 1.0), ("odd_shaped", 5, 2.5)],
)
def test_one_poor_picture_is_found_as_what_it_is(kind, column, value):
    found = find_poor(measures(100, one=(17, (column, value))))
    assert {name: places.tolist() for name, places in found.items() if len(places)} == {kind: [17]}
    assert tuple(found) == KINDS


def test_what_all_pictures_are_is_no_fault():
    night = measures(100)
    night[:, 1] = np.random.default_rng(3).normal(40, 3, 100)  # all of them are dark
    assert not len(find_poor(night)["dark"])


def test_no_picture_has_no_fault():
    assert all(not len(places) for places in find_poor(np.empty((0, 6), dtype=np.float32)).values())
    assert all(not len(places) for places in find_poor(np.full((3, 6), np.nan, dtype=np.float32)).values())
