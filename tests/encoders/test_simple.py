import numpy as np
from PIL import Image

from headstart.encoders.simple.image import ColourHistogram


def rows(*pictures: Image.Image) -> np.ndarray:
    encoder = ColourHistogram()
    return encoder.encode(np.stack([encoder.preprocess(picture) for picture in pictures]))


def test_frequencies_are_those_of_numpys_histogram(photographs):
    encoder = ColourHistogram()
    inputs = encoder.preprocess(photographs["coffee"])
    pixels = np.rint(inputs * 255).reshape(3, -1).T
    expected, _ = np.histogramdd(pixels, bins=[np.arange(0, 257, 32)] * 3)
    np.testing.assert_allclose(rows(photographs["coffee"])[0] ** 2 * 64 * 64, expected.ravel(), atol=1e-3)


def test_every_byte_falls_into_its_eighth():
    greys = [Image.new("RGB", (64, 64), (value,) * 3) for value in range(256)]
    bins = rows(*greys).argmax(axis=1)
    np.testing.assert_array_equal(bins, np.arange(256) // 32 * (64 + 8 + 1))


def test_rows_have_length_one_and_512_numbers(photographs):
    features = rows(*photographs.values())
    assert (features.shape, features.dtype) == ((7, 512), np.float32)
    np.testing.assert_allclose(np.linalg.norm(features, axis=1), 1, rtol=1e-5)
    assert ColourHistogram().spec.dimension == 512


def test_the_order_of_the_pixels_does_not_matter_but_their_colours_do(photographs):
    cat = photographs["cat"]
    turned, other = cat.transpose(Image.Transpose.ROTATE_180), photographs["rocket"]
    same, different = rows(cat, turned), rows(cat, other)
    assert same[0] @ same[1] > 0.97
    assert different[0] @ different[1] < 0.8


def test_any_shape_is_taken():
    for size in ((1, 1), (1, 5000), (5000, 1), (127, 129), (1000, 900)):
        assert rows(Image.new("RGB", size, (9, 99, 199))).max() == 1
