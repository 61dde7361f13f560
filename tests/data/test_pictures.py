import io
import struct
import warnings
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from headstart.data.readers import image_files
from headstart.data.readers.base import NO_KEY, Deferred
from headstart.data.readers.image import content_key, inspect_example, open_example
from headstart.data.readers.image_formats import recognise
from headstart.data.readers.image_limits import MAX_PIXELS
from headstart.errors import ExampleError

NOISE = np.random.default_rng(0).integers(0, 256, (24, 32, 3), dtype=np.uint8)
CUT = "The file is truncated: the end of the picture is missing."


def encode(image, format="PNG", **options):
    buffer = io.BytesIO()
    image.save(buffer, format, **options)
    return buffer.getvalue()


def first_pixel(source):
    return open_example(source).getpixel((0, 0))


def png_chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_of_size(width, height):
    """A PNG of a few hundred bytes that claims a size."""
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    body = zlib.compress(bytes(1000))
    return b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", header) + png_chunk(b"IDAT", body) + png_chunk(b"IEND", b"")


def reason(source, name="x.jpg"):
    """Why a picture is refused; inspecting and opening must agree."""
    problem = inspect_example(source, name).problem
    with pytest.raises(ExampleError) as caught:
        open_example(source, name)
    assert caught.value.reason == str(problem)
    return str(problem)


# ---- ordinary pictures, in every kind of source


@pytest.mark.parametrize("wrap", [str, Path], ids=["str", "Path"])
def test_a_jpeg_is_read_from_a_path_as_pillow_reads_it(tmp_path, wrap):
    file = tmp_path / "a.jpg"
    Image.fromarray(NOISE).save(file, quality=95)
    opened = open_example(wrap(file))
    assert opened.mode == "RGB"
    assert np.array_equal(np.asarray(opened), np.asarray(Image.open(file)))


def test_bytes_images_and_arrays_give_the_same_pixels():
    image = Image.fromarray(NOISE)
    for source in (encode(image), image, NOISE, NOISE.astype(np.uint16) * 257, NOISE / 255, Deferred(lambda: NOISE)):
        assert np.array_equal(np.asarray(open_example(source)), NOISE)


def test_an_upright_rgb_image_is_not_copied():
    image = Image.fromarray(NOISE)
    assert open_example(image) is image


@pytest.mark.parametrize("format", ["JPEG", "PNG", "GIF", "BMP", "WEBP", "TIFF", "PPM", "JPEG2000", "AVIF"])
def test_every_common_format_is_inspected_and_opened(format):
    data = encode(Image.fromarray(NOISE), format)
    facts = inspect_example(data)
    assert (facts.sizes, recognise(data), facts.problem) == ((32, 24), format, None)
    assert open_example(data).size == (32, 24)


@pytest.mark.parametrize("shape", [(3, 4), (3, 4, 1), (3, 4, 3), (3, 4, 4)])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.bool_, np.float32, np.float64])
def test_arrays_of_every_accepted_shape_and_type_become_white_at_their_top_value(shape, dtype):
    top = {np.uint8: 255, np.uint16: 65535}.get(dtype, 1)
    picture = open_example(np.full(shape, top, dtype=dtype))
    assert picture.size == (4, 3)
    assert picture.getextrema() == ((255, 255),) * 3


@pytest.mark.parametrize(
    ("array", "text"),
    [
        (
            np.zeros((2, 2, 2), np.uint8),
            "Its shape is (2, 2, 2); expected (height, width) or (height, width, 1, 3 or 4 channels).",
        ),
        (
            np.zeros((0, 2), np.uint8),
            "Its shape is (0, 2); expected (height, width) or (height, width, 1, 3 or 4 channels).",
        ),
        (
            np.zeros((2, 2), np.int64),
            "Its values are int64; expected uint8, uint16, bool, or floating point from 0 to 1.",
        ),
        (np.array([[-1.0, 2.0]]), "Its values are float64 from -1 to 2; floating point must lie in 0 to 1."),
        (np.array([[0.0, np.nan]]), "Its values are float64 from nan to nan; floating point must lie in 0 to 1."),
    ],
)
def test_an_array_that_is_no_picture_is_refused_with_what_was_expected(array, text):
    assert reason(array) == text


def test_an_object_that_is_no_picture_is_refused_with_its_type():
    assert reason({"a": 1}) == "It is of the type dict; expected a path, bytes, a PIL image or an array."


def test_an_error_of_the_users_own_dataset_is_a_reason_and_not_a_crash():
    def fail():
        raise RuntimeError("disk on fire")

    assert reason(Deferred(fail)) == "Its dataset did not give it (RuntimeError: disk on fire)."


# ---- upright, and rightly converted


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_exif_rotation_is_applied(format, orientation):
    # Four fields of colour, so that every turn and mirror image looks different.
    upright = Image.fromarray(np.array([[[250, 0, 0], [0, 250, 0]], [[0, 0, 250], [250, 250, 250]]], np.uint8))
    upright = upright.resize((64, 32), Image.Resampling.NEAREST)
    undo = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}  # orientation -> Image.Transpose that undoes it
    stored = upright if orientation == 1 else upright.transpose(Image.Transpose(undo[orientation]))
    exif = Image.Exif()
    exif[274] = orientation
    opened = open_example(encode(stored, format, exif=exif))
    assert opened.size == upright.size
    assert np.abs(np.asarray(opened).astype(int) - np.asarray(upright).astype(int))[4:12, 4:28].max() < 40


def test_damaged_exif_data_does_not_spoil_the_picture():
    data = encode(Image.fromarray(NOISE), "JPEG", exif=b"Exif\0\0II*\0\x08\0\0\0\xff\xff\x12\x01\x03")
    assert inspect_example(data).problem is None
    assert open_example(data).size == (32, 24)


@pytest.mark.parametrize("format", ["PNG", "TIFF"])
def test_sixteen_bit_grey_is_scaled_by_its_depth_and_never_clipped(format):
    values = np.array([[0, 128, 129, 257, 1000, 32768, 65406, 65407, 65535]], dtype=np.uint16)
    opened = np.asarray(open_example(encode(Image.fromarray(values), format)))
    assert opened[0, :, 0].tolist() == np.rint(values[0] / 257).astype(int).tolist()


def test_a_dark_sixteen_bit_picture_stays_dark():
    # Scaling by the values present would make it white.
    assert first_pixel(encode(Image.fromarray(np.full((2, 2), 300, np.uint16)))) == (1, 1, 1)


def test_big_endian_sixteen_bit_tiff_is_read():
    values = np.array([[0, 65535, 32768]], dtype=">u2")
    image = Image.frombytes("I;16B", (3, 1), values.tobytes())
    assert np.asarray(open_example(encode(image, "TIFF")))[0, :, 0].tolist() == [0, 255, 128]


def test_a_sixteen_bit_pgm_is_scaled_by_its_depth():
    data = b"P5 2 1 65535\n" + struct.pack(">HH", 65535, 257)
    assert np.asarray(open_example(data))[0, :, 0].tolist() == [255, 1]


def test_sixteen_bit_grey_in_memory_is_scaled():
    for mode in ("I;16", "I;16B", "I"):
        image = Image.new(mode, (2, 2), 65535 if mode == "I" else 0)
        assert first_pixel(image) == ((255,) * 3 if mode == "I" else (0,) * 3)


def tiff(bits, photometric, strip):
    """A TIFF of 2 x 1 grey pixels, written by hand because Pillow writes neither depth nor white-is-zero."""
    entries = [(256, 3, 2), (257, 3, 1), (258, 3, bits), (259, 3, 1), (262, 3, photometric), (273, 4, 200)]
    entries += [(277, 3, 1), (278, 3, 1), (279, 4, len(strip))]
    table = b"".join(struct.pack("<HHII", tag, kind, 1, value) for tag, kind, value in entries)
    head = b"II*\0" + struct.pack("<IH", 8, len(entries)) + table + bytes(4)
    return head.ljust(200, b"\0") + strip


def test_a_twelve_bit_tiff_is_scaled_by_twelve_bits():
    data = tiff(12, 1, bytes([0xFF, 0xF0, 0x10]))  # 4095 and 16, packed
    assert np.asarray(open_example(data))[0, :, 0].tolist() == [255, 1]


def test_a_sixteen_bit_tiff_in_which_zero_is_white_is_inverted():
    data = tiff(16, 0, struct.pack("<HH", 0, 65535))
    assert np.asarray(open_example(data))[0, :, 0].tolist() == [255, 0]


def test_thirty_two_bit_integers_have_no_known_range():
    image = Image.fromarray(np.array([[0, 70000]], dtype=np.int32))
    assert reason(image) == "Its 16-bit values, 0 to 70000, have no known range; expected 0 to 65535."


def test_a_float_tiff_between_zero_and_one_is_read_and_another_refused():
    assert first_pixel(encode(Image.new("F", (2, 2), 1.0), "TIFF")) == (255, 255, 255)
    with pytest.raises(ExampleError, match="float32 from 7 to 7; floating point must lie in 0 to 1"):
        open_example(encode(Image.new("F", (2, 2), 7.0), "TIFF"))


def test_cmyk_is_converted():
    assert first_pixel(encode(Image.new("CMYK", (16, 16), (0, 255, 255, 0)), "JPEG"))[0] > 230  # red, not its negative
    assert first_pixel(encode(Image.new("CMYK", (16, 16), (0, 255, 255, 0)), "TIFF")) == (255, 0, 0)


def test_a_palette_is_resolved():
    image = Image.new("P", (2, 2), 1)
    image.putpalette([0, 0, 0, 10, 20, 30])
    assert first_pixel(encode(image)) == (10, 20, 30)
    assert first_pixel(encode(image, "GIF")) == (10, 20, 30)


def test_a_transparent_palette_entry_becomes_white():
    image = Image.new("P", (2, 2), 1)
    image.putpalette([0, 0, 0, 10, 20, 30])
    image.putpixel((1, 1), 0)
    opened = open_example(encode(image, transparency=1))
    assert (opened.getpixel((0, 0)), opened.getpixel((1, 1))) == ((255, 255, 255), (0, 0, 0))


@pytest.mark.parametrize(
    ("mode", "pixel", "expected"),
    [
        ("RGBA", (200, 0, 0, 0), (255, 255, 255)),
        ("RGBA", (200, 0, 0, 255), (200, 0, 0)),
        ("RGBA", (0, 0, 0, 51), (204, 204, 204)),
        ("LA", (100, 255), (100, 100, 100)),
        ("LA", (100, 0), (255, 255, 255)),
    ],
)
def test_transparency_is_laid_on_white(mode, pixel, expected):
    assert first_pixel(encode(Image.new(mode, (2, 2), pixel))) == expected
    assert first_pixel(Image.new(mode, (2, 2), pixel)) == expected


def test_a_transparent_colour_of_an_rgb_png_becomes_white():
    assert first_pixel(encode(Image.new("RGB", (2, 2), (1, 2, 3)), transparency=(1, 2, 3))) == (255, 255, 255)


def test_one_channel_and_one_bit_become_three_channels():
    assert first_pixel(encode(Image.new("L", (2, 2), 77))) == (77, 77, 77)
    assert first_pixel(encode(Image.new("L", (8, 8), 77), "JPEG")) == (77, 77, 77)
    assert first_pixel(encode(Image.new("1", (2, 2), 1))) == (255, 255, 255)


@pytest.mark.parametrize("format", ["GIF", "PNG", "WEBP", "TIFF"])
def test_of_an_animation_the_first_frame_is_taken(format):
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue")]
    opened = open_example(
        encode(
            frames[0],
            format,
            save_all=True,
            append_images=frames[1:],
            **({"lossless": True} if format == "WEBP" else {}),
        )
    )
    assert opened.getpixel((0, 0)) == (255, 0, 0)


# ---- damage


def test_a_zero_byte_file_is_named(tmp_path):
    file = tmp_path / "nothing.jpg"
    file.touch()
    with pytest.raises(ExampleError) as caught:
        open_example(file)
    assert str(caught.value) == (
        f"The picture '{file}' cannot be read. The file is empty: it has 0 bytes. Replace it or take it out."
    )


def test_a_text_file_is_no_picture():
    assert reason(b"It is a rose.") == "It is not a picture of a known format."


@pytest.mark.parametrize("format", ["JPEG", "PNG", "GIF", "BMP", "WEBP"])
@pytest.mark.parametrize("share", [0.5, 0.9])
def test_a_truncated_file_is_found_without_decoding(format, share):
    data = encode(Image.fromarray(NOISE), format)
    assert reason(data[: int(len(data) * share)]) == CUT


@pytest.mark.parametrize("format", ["TIFF", "PPM", "JPEG2000", "AVIF"])
def test_a_truncated_file_of_a_rarer_format_is_found_at_the_latest_when_it_is_opened(format):
    data = encode(Image.fromarray(NOISE), format)
    with pytest.raises(ExampleError):
        open_example(data[: len(data) // 2])


def test_a_thumbnail_does_not_hide_that_a_jpeg_is_truncated():
    exif = b"Exif\0\0II*\0\x08\0\0\0\0\0\0\0\0\0" + encode(Image.fromarray(NOISE), "JPEG")
    data = encode(Image.fromarray(NOISE), "JPEG", exif=exif)
    assert inspect_example(data).problem is None
    assert reason(data[:-400]) == CUT


@pytest.mark.parametrize("padding", [bytes(100), b"\xff" * 3, b"SEFT trailer of a phone", b"\r\n"])
def test_what_a_camera_writes_behind_the_end_of_a_jpeg_does_no_harm(padding):
    data = encode(Image.fromarray(NOISE), "JPEG") + padding
    assert inspect_example(data).problem is None
    assert open_example(data).size == (32, 24)


def test_a_progressive_jpeg_is_whole_or_truncated_like_any_other():
    data = encode(Image.fromarray(NOISE), "JPEG", progressive=True)
    assert inspect_example(data).problem is None
    assert reason(data[: len(data) * 2 // 3]) == CUT


def test_a_wrong_checksum_in_a_png_is_found():
    data = bytearray(encode(Image.fromarray(NOISE)))
    data[data.index(b"IDAT") + 50] ^= 1
    assert reason(bytes(data)) == "It is damaged: the checksum of its IDAT chunk is wrong."


def test_a_header_that_makes_no_sense_is_damage():
    assert reason(b"\x00\x00\x00\x0cjP  \r\n\x87\n" + bytes(100)) == "It is damaged: its header makes no sense."


@pytest.mark.parametrize("size", [(13_400, 13_400), (100_000, 100_000), (2**31 - 1, 2**31 - 1)])
def test_a_decompression_bomb_is_refused_by_its_header(size):
    limit = "It claims more than 178,956,970 pixels, the limit against decompression bombs"
    assert reason(png_of_size(*size)) == f"{limit}; --max-megapixels allows more."


@pytest.mark.parametrize("limit", [None, 10**12])
def test_the_limit_against_bombs_holds_where_a_program_has_lifted_pillows_own(monkeypatch, limit):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", limit)
    assert reason(png_of_size(20_000, 20_000)).startswith(f"It claims more than {MAX_PIXELS:,} pixels")


def test_a_limit_that_a_program_has_lowered_holds_too(monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    assert reason(png_of_size(20, 20)).startswith("It claims more than 200 pixels")


def test_a_large_picture_below_the_limit_gives_no_warning():
    # 100 million pixels: Pillow warns, and this test suite makes warnings errors.
    assert inspect_example(png_of_size(10_000, 10_000)).problem is None


def test_a_missing_file_a_folder_and_a_forbidden_file_say_so(tmp_path, monkeypatch):
    assert reason(tmp_path / "none.jpg") == "The file does not exist."
    assert reason(tmp_path) == "It is a folder."
    assert reason("a\0b.jpg") == "The file cannot be opened (embedded null byte)."
    assert reason(tmp_path / ("x" * 300)) == "The file cannot be opened (File name too long)."

    def refuse(*_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(image_files, "open", refuse, raising=False)
    assert reason(tmp_path / "secret.jpg") == "Permission to read the file is denied."
    assert inspect_example(tmp_path / "secret.jpg").key == NO_KEY


def test_a_suffix_that_lies_is_noticed_and_the_picture_is_read(tmp_path):
    file = tmp_path / "really-a-png.jpg"
    file.write_bytes(encode(Image.fromarray(NOISE)))
    facts = inspect_example(file, "really-a-png.jpg")
    assert facts.problem is None
    assert [str(notice) for notice in facts.notices] == [
        "1 picture has the suffix of another format, which does no harm: 'really-a-png.jpg'."
    ]
    assert np.array_equal(np.asarray(open_example(file)), NOISE)


def test_a_right_suffix_in_capitals_is_not_noticed(tmp_path):
    file = tmp_path / "A.JPG"
    Image.fromarray(NOISE).save(file, "JPEG")
    assert inspect_example(file).notices == ()


# ---- keys


def test_the_key_of_a_file_is_the_sha256_of_its_bytes(tmp_path):
    import hashlib

    data = encode(Image.fromarray(NOISE))
    file = tmp_path / "a.png"
    file.write_bytes(data)
    expected = hashlib.sha256(data).digest()
    assert content_key(file) == content_key(str(file)) == content_key(data) == inspect_example(file).key == expected


def test_pictures_in_memory_have_the_key_of_their_pixels():
    image = Image.fromarray(NOISE)
    assert content_key(image) == content_key(NOISE) == inspect_example(image).key == inspect_example(NOISE).key
    assert content_key(NOISE) != content_key(NOISE.reshape(32, 24, 3))
    assert content_key(NOISE) != content_key(encode(image))


def test_the_key_of_a_palette_image_depends_on_its_palette():
    first, second = Image.new("P", (2, 2), 0), Image.new("P", (2, 2), 0)
    first.putpalette([1, 2, 3])
    second.putpalette([3, 2, 1])
    assert content_key(first) != content_key(second)


def test_the_key_of_a_missing_file_is_an_error_that_names_it(tmp_path):
    with pytest.raises(ExampleError, match=r"The picture '.*none\.jpg' cannot be read\. The file does not exist\."):
        content_key(tmp_path / "none.jpg")


# ---- threads and warnings


def test_the_filters_of_the_program_are_left_as_they_were():
    before = list(warnings.filters)
    open_example(NOISE)
    inspect_example(b"")
    assert warnings.filters == before


def test_a_picture_that_pillow_warns_of_is_read_in_silence():
    data = bytearray(encode(Image.fromarray(NOISE), "TIFF"))
    offset = struct.unpack_from("<I", data, 4)[0]
    for entry in range(struct.unpack_from("<H", data, offset)[0]):
        position = offset + 2 + 12 * entry
        if struct.unpack_from("<H", data, position)[0] == 277:  # samples per pixel: three values where one belongs
            struct.pack_into("<I", data, position + 4, 2)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        inspect_example(bytes(data))
    assert caught == []


def test_one_lazy_image_may_be_opened_by_many_threads(tmp_path):
    file = tmp_path / "a.png"
    Image.fromarray(np.tile(NOISE, (20, 20, 1))).save(file)
    for _ in range(5):
        lazy = Image.open(file)
        with ThreadPoolExecutor(8) as pool:
            results = list(pool.map(content_key, [lazy] * 8))
        assert len(set(results)) == 1
