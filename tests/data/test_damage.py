"""Damaged files of every format: each is read or reported, none crashes, and no warning escapes."""

import io
import warnings

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from headstart.data.readers import image_limits
from headstart.data.readers.image import inspect_example, open_example
from headstart.errors import ExampleError


@pytest.fixture(autouse=True, scope="module")
def _small_limit():
    """A changed byte can make a picture claim 100 million pixels, which is allowed but slow."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(image_limits, "MAX_PIXELS", 1_000_000)
        yield


def encode(mode, format, **options):
    noise = np.random.default_rng(1).integers(0, 256, (20, 24, 3), dtype=np.uint8)
    image = Image.fromarray(noise).resize((48, 40)).convert(mode)
    exif = Image.Exif()
    exif[274], exif[271] = 6, "Maker"
    buffer = io.BytesIO()
    image.save(buffer, format, **({"exif": exif} if format in ("JPEG", "PNG", "WEBP") else {}), **options)
    return buffer.getvalue()


GOOD = {
    "jpeg": encode("RGB", "JPEG"),
    "progressive jpeg": encode("L", "JPEG", progressive=True),
    "cmyk jpeg": encode("CMYK", "JPEG"),
    "png": encode("RGBA", "PNG"),
    "palette png": encode("P", "PNG", transparency=3),
    "16-bit png": encode("I;16", "PNG"),
    "gif": encode("P", "GIF", save_all=True, append_images=[Image.new("P", (48, 40))]),
    "bmp": encode("RGB", "BMP"),
    "webp": encode("RGB", "WEBP"),
    "tiff": encode("RGB", "TIFF"),
    "lzw tiff": encode("RGB", "TIFF", compression="tiff_lzw"),
    "float tiff": encode("F", "TIFF"),
    "ppm": encode("RGB", "PPM"),
    "jpeg 2000": encode("RGB", "JPEG2000"),
    "avif": encode("RGB", "AVIF"),
}


def read_or_report(data):
    """Open damaged bytes under filters that show every warning; a problem found by inspecting is final."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        facts = inspect_example(data, "x.jpg")
        try:
            picture = open_example(data, "x.jpg")
        except ExampleError as error:
            assert error.problem == "The picture 'x.jpg' cannot be read."
            assert error.reason.endswith(".")
            assert facts.problem in (None, error.why)
        else:
            assert facts.problem is None
            assert picture.mode == "RGB"
    assert caught == []


@pytest.mark.parametrize("kind", [kind for kind in GOOD if kind != "float tiff"])
def test_the_undamaged_files_are_read(kind):
    assert open_example(GOOD[kind]).mode == "RGB"
    assert inspect_example(GOOD[kind]).problem is None


@pytest.mark.parametrize("kind", GOOD)
@given(share=st.floats(0, 1))
@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_a_cut_file_is_read_or_reported(kind, share):
    read_or_report(GOOD[kind][: int(share * len(GOOD[kind]))])


@pytest.mark.parametrize("kind", GOOD)
@given(flips=st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(1, 255)), min_size=1, max_size=8))
@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_a_file_with_changed_bytes_is_read_or_reported(kind, flips):
    data = bytearray(GOOD[kind])
    for place, change in flips:
        # Half of the changes go into the first bytes, where the structure is.
        position = int(place * 2 * len(data)) if place < 0.5 else int((place - 0.5) * 2 * min(200, len(data)))
        data[position] ^= change
    read_or_report(bytes(data))


@given(start=st.sampled_from(sorted(GOOD)), length=st.integers(2, 40), rest=st.binary(max_size=200))
@settings(max_examples=200, deadline=None)
def test_a_good_beginning_with_anything_behind_it_is_read_or_reported(start, length, rest):
    read_or_report(GOOD[start][:length] + rest)


@given(st.binary(max_size=100))
def test_any_bytes_are_read_or_reported(data):
    read_or_report(data)
