"""Which pictures a page shows, and how small they are."""

import base64
import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from headstart.errors import OutputError
from headstart.reporting.page.gallery import SIDE, file_name, most_confident, read_gallery, worst, write_gallery
from headstart.reporting.page.values import Answer

ANSWERS = st.lists(
    st.builds(Answer, st.text(max_size=3), st.sampled_from("ab"), st.sampled_from("ab"), st.floats(0.5, 1.0)),
    max_size=40,
)


@given(ANSWERS)
def test_the_worst_are_wrong_and_no_wrong_one_left_out_is_surer(answers):
    shown = worst(answers)
    wrong = sorted((one.probability for one in answers if one.label != one.predicted), reverse=True)
    assert [one.probability for one in shown] == wrong[:12]
    assert not any(one.correct for one in shown)


@given(ANSWERS)
def test_the_surest_hits_show_every_class_that_has_one(answers):
    shown = most_confident(answers)
    right = [one for one in answers if one.label == one.predicted]
    assert len(shown) == min(12, len(right))
    assert {one.label for one in shown} == {one.label for one in right}
    best = {
        label: max(one.probability for one in right if one.label == label) for label in {one.label for one in right}
    }
    assert {one.probability for one in shown[: len(best)]} == set(best.values())


def decoded(uri: str) -> Image.Image:
    head, _, data = uri.partition(",")
    assert head == "data:image/jpeg;base64"
    return Image.open(io.BytesIO(base64.b64decode(data)))


def test_copies_are_small_upright_jpegs_of_files_bytes_and_images(tmp_path):
    turned = Image.new("RGB", (1600, 800), "red")
    exif = Image.Exif()
    exif[274] = 6  # to be turned by 90 degrees
    turned.save(tmp_path / "turned.jpg", exif=exif)
    content = io.BytesIO()
    Image.new("L", (90, 60), 200).save(content, format="PNG")
    sources = {
        "turned": str(tmp_path / "turned.jpg"),
        "bytes": content.getvalue(),
        "array": np.full((500, 400), 65535, np.uint16),
    }
    write_gallery(tmp_path, [*sources, "turned", "unknown"], sources, "image")
    found = read_gallery(tmp_path)
    assert set(found) == {file_name(name) for name in sources}
    small = {name: decoded(found[file_name(name)]) for name in sources}
    assert {name: image.size for name, image in small.items()} == {
        "turned": (SIDE // 2, SIDE),
        "bytes": (90, 60),
        "array": (176, SIDE),
    }
    assert small["turned"].getpixel((50, 100))[0] > 240
    assert small["array"].convert("L").getextrema() == (255, 255)


def test_a_picture_that_cannot_be_read_is_left_out(tmp_path):
    write_gallery(
        tmp_path, ["gone", "damaged"], {"gone": str(tmp_path / "none.jpg"), "damaged": b"no picture"}, "image"
    )
    assert read_gallery(tmp_path) == {}


def test_noise_of_any_size_stays_below_the_bound(tmp_path):
    noise = np.random.default_rng(0).integers(0, 256, size=(900, 900, 3), dtype=np.uint8)
    write_gallery(tmp_path, ["noise"], {"noise": noise}, "image")
    (uri,) = read_gallery(tmp_path).values()
    assert len(uri) < 60_000


def test_a_place_that_cannot_be_written_to_is_named(tmp_path):
    (tmp_path / "gallery").write_text("in the way")
    with pytest.raises(OutputError) as caught:
        write_gallery(tmp_path, ["a"], {"a": b""}, "image")
    assert str(caught.value) == (
        f"The small pictures in '{tmp_path / 'gallery'}' cannot be written. File exists. "
        "Free some space or choose another folder."
    )
