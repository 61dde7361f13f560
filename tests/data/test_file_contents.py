"""What a file is decides, not what it is called: what cannot be read is named, with what to do."""

import io
import os
import socket
import struct

import numpy as np
import pillow_heif
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, features

from headstart.data.inspection import inspect_dataset
from headstart.data.inspection_report import inspection_findings
from headstart.data.readers import image_heic
from headstart.data.readers.image import inspect_example, name_other, open_example
from headstart.data.readers.image_formats import recognise
from headstart.data.sources import list_examples, read_dataset
from headstart.errors import DataError, ExampleError

SOFT = Image.fromarray(np.random.default_rng(0).integers(0, 256, (3, 4, 3), dtype=np.uint8)).resize((64, 48))


def encode(image, format="PNG", **options):
    buffer = io.BytesIO()
    image.save(buffer, format, **options)
    return buffer.getvalue()


def reason(data, name="x.jpg"):
    """Why a picture is refused; inspecting and opening must agree."""
    with pytest.raises(ExampleError) as caught:
        open_example(data, name)
    assert caught.value.why == inspect_example(data, name).problem
    return caught.value.reason


def tiff(*tags, below=()):
    """A TIFF file of directories without pixels: (number, value) of the first page, and of one below it."""
    first = [*tags, *([(330, 200)] if below else [])]
    data = b"II*\0" + struct.pack("<IH", 8, len(first))
    data += b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in first) + bytes(4)
    data = data.ljust(200, b"\0") + struct.pack("<H", len(below))
    return data + b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in below) + bytes(100)


CONTENTS = {
    "It is a pointer of git-lfs": b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n",
    "It is a pointer of git-annex": b"/annex/objects/SHA256E-s123--4d7a.png\n",
    "It is text (XML or JSON)": b'<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>',
    "It is a web page": b"\xef\xbb\xbf\n<!DOCTYPE html><html><body>404</body></html>",
    "It is an SVG drawing": b'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg"></svg>',
    "It is a PDF document": b"%PDF-1.7\n",
    "It is an archive": b"PK\x03\x04\x14\0\0\0",
    "It is compressed by gzip": b"\x1f\x8b\x08\0\0\0",
    "It is what the sensor of a camera saw (RAW)": tiff((50706, 4)),
    "It is a film": b"\0\0\0\x18ftypisom\0\0\2\0isomiso2",
    "It is a JPEG XL picture": b"\xff\x0a\xfa\x7f",
    "It is a Photoshop document": b"8BPS\0\1",
    "It is an icon": b"\0\0\1\0\1\0",
    "It is a NIfTI volume": b"\x5c\1\0\0" + bytes(340) + b"n+1\0" + bytes(8),
    "It is a NumPy array": b"\x93NUMPY\1\0",
    "It is a MATLAB file": b"MATLAB 5.0 MAT-file, Platform: GLNXA64",
    "It is an HDF5 file": b"\x89HDF\r\n\x1a\n",
    "It is a FITS file": b"SIMPLE  =                    T",
    "It is a DICOM file without a picture in it": bytes(128) + b"DICM",
}


@pytest.mark.parametrize("said", CONTENTS)
def test_a_file_that_is_no_picture_is_named_whatever_its_suffix_is(said):
    assert reason(CONTENTS[said]).startswith(said)


@pytest.mark.parametrize(
    "start",
    [
        b"II*\0\x10\0\0\0CR\x02\0" + bytes(20),  # Canon CR2
        b"\0\0\0\x18ftypcrx \0\0\0\1crx isom",  # Canon CR3
        tiff((262, 2), below=((262, 32803),)),  # Nikon NEF, Sony ARW: a preview, and the mosaic below it
        b"FUJIFILMCCD-RAW 0201",
    ],
)
def test_raw_photographs_of_several_cameras_are_told_from_other_tiff_files(start):
    assert reason(start).startswith("It is what the sensor of a camera saw (RAW)")


def test_a_tiff_file_is_no_raw_photograph():
    assert open_example(encode(SOFT, "TIFF")).size == SOFT.size


@given(st.binary(max_size=700))
def test_any_bytes_have_at_most_one_name_and_no_error(data):
    assert recognise(data) is not None or name_other(data) is None or str(name_other(data)).startswith("It is ")


def test_a_file_that_is_no_picture_beside_pictures_is_named_in_what_is_left_out(tmp_path):
    for label in "ab":
        (tmp_path / label).mkdir()
        SOFT.save(tmp_path / label / "1.png")
        (tmp_path / label / "2.nef").write_bytes(tiff((262, 2), below=((262, 32803),)))
        (tmp_path / label / "notes.txt").write_text("roses")
    assert [str(notice) for notice in read_dataset(tmp_path).notices] == [
        "4 files without a picture's suffix (2 .nef, 2 .txt) were left out.",
        "The .nef files, such as 'a/2.nef': It is what the sensor of a camera saw (RAW): develop it, as JPEG or TIFF "
        "for instance.",
    ]


def test_a_folder_of_nothing_but_films_says_what_to_do(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "walk.mov").write_bytes(b"\0\0\0\x14ftypqt  \0\0\0\0qt  ")
    with pytest.raises(DataError) as caught:
        read_dataset(tmp_path)
    assert "'a/walk.mov': It is a film: write single frames of it as pictures" in str(caught.value)


def test_a_picture_without_a_suffix_or_named_by_numbers_is_found_by_what_it_holds(tmp_path):
    for label, name in (("a", "0001"), ("b", "1.2.840.113619")):
        (tmp_path / label).mkdir()
        (tmp_path / label / name).write_bytes(encode(SOFT))
        (tmp_path / label / "LICENSE").write_text("free")
    dataset = read_dataset(tmp_path)
    assert (len(dataset), dataset.classes) == (2, ("a", "b"))
    assert str(dataset.notices[0]) == "2 files without a picture's suffix (2 no suffix) were left out."


def test_pipes_and_sockets_are_left_out_and_keep_nobody_waiting(tmp_path):
    (tmp_path / "a").mkdir()
    SOFT.save(tmp_path / "a" / "1.png")
    os.mkfifo(tmp_path / "a" / "2.png")
    (tmp_path / "a" / "3.png").symlink_to(tmp_path / "a" / "2.png")
    (tmp_path / "a" / "4").symlink_to(tmp_path / "a" / "2.png")
    with socket.socket(socket.AF_UNIX) as one:
        one.bind(str(tmp_path / "a" / "5.png"))
        dataset = read_dataset(tmp_path)
    assert [example.name for example in dataset.examples] == ["a/1.png", "a/3.png"]
    assert str(dataset.notices[0]) == "3 files without a picture's suffix (2 no file, 1 no suffix) were left out."
    assert reason(tmp_path / "a" / "3.png") == "It is a pipe, a socket or a device, not a file."
    assert reason("/dev/zero") == "It is a pipe, a socket or a device, not a file."


def test_a_folder_that_is_called_like_a_picture_is_a_folder(tmp_path):
    (tmp_path / "a" / "roses.jpg").mkdir(parents=True)
    SOFT.save(tmp_path / "a" / "roses.jpg" / "1.png")
    assert [example.name for example in read_dataset(tmp_path).examples] == ["a/roses.jpg/1.png"]


# ---- HEIC


def heic(image=SOFT, **options):
    buffer = io.BytesIO()
    pillow_heif.from_pillow(image).save(buffer, quality=95, **options)
    return buffer.getvalue()


def test_a_heic_photograph_is_read_as_its_own_library_reads_it():
    data = heic()
    assert recognise(data) == "HEIC"
    assert inspect_example(data, "IMG_0001.HEIC").sizes == (64, 48)
    expected = np.asarray(pillow_heif.open_heif(io.BytesIO(data)).to_pillow().convert("RGB"))
    assert np.array_equal(np.asarray(open_example(data)), expected)
    assert abs(expected.astype(int) - np.asarray(SOFT)).mean() < 6


def test_a_heic_photograph_is_turned_once():
    exif = Image.Exif()
    exif[274] = 6
    turned = pillow_heif.from_pillow(SOFT)
    turned.info["exif"] = exif.tobytes()
    buffer = io.BytesIO()
    turned.save(buffer, quality=95)
    upright = np.asarray(SOFT.transpose(Image.Transpose.ROTATE_270)).astype(int)
    assert abs(np.asarray(open_example(buffer.getvalue())).astype(int) - upright).mean() < 6


def test_heic_is_registered_with_nobody():
    before = dict(Image.OPEN)  # other packages of this process may have registered it
    open_example(heic())
    assert before == Image.OPEN


def test_a_class_of_heic_photographs_is_a_class(tmp_path):
    for label, suffix in (("a", "HEIC"), ("b", "jpg")):
        (tmp_path / label).mkdir()
        for number in range(3):
            (tmp_path / label / f"{number}.{suffix}").write_bytes(heic())
    dataset = read_dataset(tmp_path)
    assert (dataset.classes, len(dataset), dataset.notices) == (("a", "b"), 6, ())
    said = [str(finding) for finding in inspection_findings(inspect_dataset(dataset))]
    assert (
        "3 pictures have the suffix of another format, which does no harm: 'b/0.jpg', 'b/1.jpg' and 'b/2.jpg'." in said
    )
    assert len(list_examples(tmp_path)) == 6


def test_a_heic_photograph_without_its_package_says_which(monkeypatch):
    monkeypatch.setattr(image_heic, "find_spec", lambda _: None)
    assert reason(heic()) == (
        'It is a HEIC photograph, as an iPhone takes them; pip install "headstart[heic]" reads it, or save it as JPEG.'
    )


def test_a_damaged_heic_photograph_is_called_one():
    assert reason(heic()[:60]).startswith("It is a damaged HEIC file (")


@pytest.mark.parametrize(("major", "others", "format"), [
    (b"mif1", b"mif1heicmiaf", "HEIC"), (b"heic", b"mif1heic", "HEIC"), (b"mif1", b"mif1avifmiaf", "AVIF"),
    (b"avif", b"avifmif1", "AVIF"), (b"mif1", b"mif1", "AVIF"), (b"isom", b"isomheic", None),
])  # fmt: skip
def test_the_family_of_heif_is_told_apart_by_all_its_names(major, others, format):
    start = struct.pack(">I", 16 + len(others)) + b"ftyp" + major + bytes(4) + others
    assert recognise(start + b"mdat") == format


def test_avif_without_a_reader_says_what_reads_it(monkeypatch):
    data = encode(SOFT, "AVIF")
    monkeypatch.setattr(features, "check", lambda _: False)
    assert reason(data).startswith("It is an AVIF picture, which the Pillow here cannot read")


# ---- more than one picture in a file


def said_of(folder):
    return [str(finding) for finding in inspection_findings(inspect_dataset(read_dataset(folder)))]


def test_pages_and_frames_that_are_not_used_are_said(tmp_path):
    turned = SOFT.rotate(180)
    SOFT.save(tmp_path / "pages.tif", save_all=True, append_images=[turned, turned])
    SOFT.save(tmp_path / "one.tif")
    for suffix in ("gif", "webp", "png"):
        SOFT.save(tmp_path / f"film.{suffix}", save_all=True, append_images=[turned])
        SOFT.save(tmp_path / f"still.{suffix}")
    said = said_of(tmp_path)
    assert "1 picture has several pages, of which the first is used: 'pages.tif'." in said
    assert (
        "3 pictures are animations, of which the first frame is used: 'film.gif', 'film.png' and 'film.webp'." in said
    )


def test_smaller_copies_of_the_first_page_are_no_pages(tmp_path):
    small = SOFT.resize((32, 24))
    small.encoderinfo = {"tiffinfo": {254: 1}}
    SOFT.save(tmp_path / "pyramid.tif", save_all=True, append_images=[small])
    with Image.open(tmp_path / "pyramid.tif") as image:
        assert image.n_frames == 2
    assert not any("pages" in line for line in said_of(tmp_path))
