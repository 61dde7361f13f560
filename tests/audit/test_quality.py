"""What is measured of a picture is what its name says."""

import numpy as np
import pytest
from PIL import Image, ImageEnhance, ImageFilter
from scipy.ndimage import laplace
from scipy.stats import entropy

from headstart.audit.quality.image import MEASURES, Quality
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
