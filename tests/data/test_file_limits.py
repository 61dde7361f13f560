"""The limits of libraries are ours to set: what they refuse although nothing is missing is read, and said."""

import io

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from headstart.data.inspection import inspect_dataset
from headstart.data.inspection_report import inspection_findings
from headstart.data.readers import image_limits
from headstart.data.readers.base import set_reading
from headstart.data.readers.image import inspect_example, open_example
from headstart.data.readers.image_jpeg import missing_share
from headstart.data.sources import read_dataset
from headstart.errors import ExampleError
from headstart.settings.recipe import Recipe

SOFT = Image.fromarray(np.random.default_rng(0).integers(0, 256, (6, 8, 3), dtype=np.uint8)).resize((256, 192))
CUT = "The file is truncated: the end of the picture is missing."


@pytest.fixture(autouse=True)
def _usual_limit():
    yield
    image_limits.allow(0)


def encode(image=SOFT, format="JPEG", **options):
    buffer = io.BytesIO()
    image.save(buffer, format, **options)
    return buffer.getvalue()


def problem(data):
    """Why a picture is refused, by inspecting and by opening it."""
    found = inspect_example(data).problem
    try:
        open_example(data)
    except ExampleError as error:
        assert found in (None, error.why)
        return str(error.why)
    assert found is None
    return None


# ---- texts and profiles of PNG


def texts(**chunks):
    info = PngImagePlugin.PngInfo()
    for kind, text in chunks.items():
        if kind == "itxt":
            info.add_itxt("Comment", text, zip=True)
        elif kind == "xmp":
            info.add_itxt("XML:com.adobe.xmp", text)
        else:
            info.add_text("Comment", text, zip=kind == "ztxt")
    return info


@pytest.mark.parametrize("kind", ["text", "ztxt", "itxt"])
def test_a_png_with_megabytes_of_text_is_read(kind):
    data = encode(format="PNG", pnginfo=texts(**{kind: "a" * 3_000_000}))
    assert problem(data) is None
    assert np.array_equal(np.asarray(open_example(data)), np.asarray(SOFT))


def test_a_png_with_a_large_profile_is_read():
    assert problem(encode(format="PNG", icc_profile=bytes(5_000_000))) is None


def test_text_behind_the_pixels_is_left_out_as_well():
    plain, long = encode(format="PNG"), encode(format="PNG", pnginfo=texts(ztxt="a" * 3_000_000))
    start = long.index(b"zTXt") - 4
    chunk = long[start : start + 12 + int.from_bytes(long[start : start + 4], "big")]
    assert problem(plain[:-12] + chunk + plain[-12:]) is None


def test_a_long_description_that_pillow_takes_stays_as_it_turns_the_picture():
    xmp = '<x:xmpmeta xmlns:tiff="http://ns.adobe.com/tiff/1.0/" tiff:Orientation="6">' + " " * 5000 + "</x:xmpmeta>"
    data = encode(format="PNG", pnginfo=texts(xmp=xmp, ztxt="a" * 3_000_000))
    assert open_example(data).size == (192, 256)


# ---- the end of a JPEG


@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"subsampling": 0}, {"restart_marker_rows": 1}])
@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_a_jpeg_without_its_end_marker_is_used_and_said(tmp_path, options, mode):
    data = encode(SOFT.convert(mode), **options)
    assert problem(data[:-2]) is None
    assert np.array_equal(np.asarray(open_example(data[:-2])), np.asarray(open_example(data)))
    (tmp_path / "a.jpg").write_bytes(data[:-2])
    said = [str(one) for one in inspection_findings(inspect_dataset(read_dataset(tmp_path)))]
    assert said == [
        "1 picture has no end marker and is used all the same: nothing of the picture is missing in 'a.jpg'."
    ]


@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"optimize": True}])
@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_a_jpeg_of_which_a_part_is_missing_is_left_out(options, share):
    data = encode(**options)
    assert problem(data[: int(share * len(data))]) == CUT


@pytest.mark.parametrize("share", [0.4, 0.8])
def test_how_much_of_a_jpeg_is_missing_is_known(share):
    data = encode(Image.fromarray(np.random.default_rng(0).integers(0, 256, (192, 256, 3), dtype=np.uint8)))
    assert missing_share(data[: int(share * len(data))]) == pytest.approx(1 - share, abs=0.1)
    assert missing_share(data[:-2]) == 0


# ---- megapixels


def test_more_megapixels_are_read_when_they_are_asked_for(monkeypatch):
    monkeypatch.setattr(image_limits, "MAX_PIXELS", 40_000)
    data = encode(format="PNG")
    assert problem(data) == (
        "It claims more than 40,000 pixels, the limit against decompression bombs; --max-megapixels allows more."
    )
    set_reading(Recipe(max_megapixels=0.05), "image")
    assert problem(data) is None
    set_reading(Recipe(), "image")
    assert problem(data) is not None


def test_pillows_own_limit_does_not_stand_in_the_way(monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1000)
    set_reading(Recipe(max_megapixels=1.0), "image")
    for format in ("PNG", "JPEG", "TIFF", "WEBP", "GIF", "BMP"):
        assert problem(encode(format=format)) is None
    set_reading(Recipe(), "image")
    assert Image.MAX_IMAGE_PIXELS == 1000


def test_a_jpeg_of_more_pixels_is_read_at_a_fraction_and_said(tmp_path, monkeypatch):
    monkeypatch.setattr(image_limits, "MAX_PIXELS", 10_000)
    (tmp_path / "a.jpg").write_bytes(encode())
    found = inspect_dataset(read_dataset(tmp_path))
    assert found.sizes.tolist() == [[256, 192]]
    assert [str(one) for one in inspection_findings(found)] == [
        "1 picture has more pixels than the limit and is read at a fraction of its size: 'a.jpg'. See --max-megapixels."
    ]
    small = open_example(tmp_path / "a.jpg")
    assert small.size == (64, 48)
    assert abs(np.asarray(small).astype(int) - np.asarray(SOFT.reduce(4))).mean() < 4


def test_a_progressive_jpeg_of_more_pixels_is_refused_as_all_of_it_would_be_kept_in_memory(monkeypatch):
    monkeypatch.setattr(image_limits, "MAX_PIXELS", 10_000)
    assert str(problem(encode(progressive=True))).startswith("It claims more than 10,000 pixels")
