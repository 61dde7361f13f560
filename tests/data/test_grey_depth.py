"""Grey pictures of 16 bits that use a small part of their range are said, and spread when that is asked for."""

import io
import json
import warnings

import numpy as np
import pytest
from PIL import Image

import headstart as hs
from headstart.audit.quality.image import Quality, find_poor
from headstart.audit.similarity.image_thumbnails import Thumbnail
from headstart.data.inspection import inspect_dataset
from headstart.data.readers.image import content_key, open_example, open_preview
from headstart.data.sources import read_dataset
from headstart.encoders.preprocess.image import ImagePreprocessing, prepare
from headstart.encoders.simple.image import ColourHistogram
from headstart.encoders.spec import EncoderSpec, adapt
from headstart.finetuning.augment.image import augment
from headstart.finetuning.views import Augmentation
from headstart.runtime.context import RunContext
from headstart.settings.recipe import Recipe
from headstart.workflows.plan import plan_fit

PLAIN = ImagePreprocessing(48, 48, "bicubic", 1.0, "squash", (0.0, 0.0, 0.0), (1.0, 1.0, 1.0))
SPREAD = ImagePreprocessing(48, 48, "bicubic", 1.0, "squash", (0.0, 0.0, 0.0), (1.0, 1.0, 1.0), (100.0, 1100.0))


def dark(number, top=1000, square=False):
    """A bright disc or square on noise, in values of 16 bits of which few are used."""
    random = np.random.default_rng(number)
    place = random.integers(14, 34, 2)
    away = np.abs(np.indices((48, 48)) - place[:, None, None])
    inside = (away.max(axis=0) if square else np.hypot(*away)) < 9
    return np.clip(np.where(inside, 0.8, 0.2) * top + random.normal(0, top / 30, (48, 48)), 0, top).astype(np.uint16)


def encode(values, format="PNG"):
    buffer = io.BytesIO()
    Image.fromarray(values).save(buffer, format)
    return buffer.getvalue()


@pytest.fixture
def folder(tmp_path):
    for number in range(20):
        place = tmp_path / "data" / ("disc", "square")[number % 2] / f"{number:02}.png"
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(encode(dark(number, square=number % 2 == 1)))
    return tmp_path / "data"


def test_a_small_range_is_said(folder):
    (said,) = inspect_dataset(read_dataset(folder)).notices
    assert said.severity == "warning"
    values = np.concatenate([dark(number, square=number % 2 == 1).ravel() for number in range(20)])
    ends = np.quantile(values, [1e-4, 1 - 1e-4])
    assert [said.values["low"], said.values["high"]] == pytest.approx(ends.tolist(), abs=10)
    assert str(said).endswith("a network sees about 3 of 256 shades. --range data spreads these from black to white.")


@pytest.mark.parametrize("top", [25_000, 65_535])
def test_a_range_that_is_mostly_used_is_not_said(tmp_path, top):
    (tmp_path / "a.png").write_bytes(encode(dark(1, top)))
    Image.new("RGB", (40, 40)).save(tmp_path / "b.png")
    assert inspect_dataset(read_dataset(tmp_path)).notices == ()


@pytest.mark.parametrize("source", ["array", "png", "tiff", "big-endian tiff", "pillow"])
def test_values_of_every_kind_of_source_are_spread_alike(source):
    values = dark(3)
    made = {
        "array": lambda: values,
        "png": lambda: encode(values),
        "tiff": lambda: encode(values, "TIFF"),
        "big-endian tiff": lambda: encode(values.astype(">u2"), "TIFF"),
        "pillow": lambda: Image.fromarray(values),
    }[source]()
    picture = open_example(made)
    assert np.array_equal(np.asarray(picture)[:, :, 0], np.rint(values / 257))
    expected = np.rint(np.clip((values - 100.0) / 1000, 0, 1) * 255) / 255
    assert np.allclose(prepare(picture, SPREAD)[0], expected, atol=1e-6)
    assert np.array_equal(prepare(picture, PLAIN)[0], prepare(Image.fromarray(np.asarray(picture)), PLAIN)[0])
    unchanged = Augmentation(crop=False, flip=False)
    assert np.array_equal(augment(picture, SPREAD, unchanged, 0), prepare(picture, SPREAD))


def test_pictures_of_eight_bits_are_never_spread():
    picture = open_example(np.arange(48 * 48, dtype=np.uint16).reshape(48, 48).astype(np.uint8))
    assert np.array_equal(prepare(picture, SPREAD), prepare(picture, PLAIN))


def test_the_digest_is_what_it_was_where_no_range_is_chosen():
    assert "value_range" not in PLAIN.to_json()
    plain, spread = (EncoderSpec("a", "a", 3, "none", one, "", "") for one in (PLAIN, SPREAD))
    assert plain.digest != spread.digest
    for one in (plain, spread):
        assert EncoderSpec.from_json(json.loads(json.dumps(one.to_json()))) == one


def test_dark_arrays_that_differ_in_fine_values_alone_are_different_pictures():
    one = np.full((8, 8), 500, dtype=np.uint16)
    other = one + np.eye(8, dtype=np.uint16)
    assert np.array_equal(np.asarray(open_example(one)), np.asarray(open_example(other)))
    assert content_key(one) != content_key(other)


def test_a_model_keeps_the_range_of_the_data_it_was_fitted_to(folder, tmp_path, session_cache):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        model = hs.fit(folder, range="data", head="centroid", out=tmp_path / "run", cache=session_cache)
    assert not any("small" in str(one.message) or "shades" in str(one.message) for one in caught)
    limits = model.encoder.spec.preprocessing.value_range
    assert 0 <= limits[0] < 250
    assert 800 < limits[1] <= 1000
    again = hs.load(tmp_path / "run")
    assert again.encoder.spec.preprocessing.value_range == limits
    assert again.saved.baseline.spec.preprocessing.value_range == limits
    assert np.array_equal(again.predict_proba(str(folder / "disc")), model.predict_proba(str(folder / "disc")))
    assert not (tmp_path / "run" / "model" / "model.onnx").exists()


def test_a_baseline_sees_the_range_as_well():
    picture = open_example(dark(2))
    plain, spread = ColourHistogram(), adapt(ColourHistogram(), {"value_range": (0.0, 1000.0)})
    counts = [int((one.encode(one.preprocess(picture)[None]) > 0).sum()) for one in (plain, spread)]
    assert counts[0] == 1
    assert counts[1] > 3
    assert ColourHistogram.spec.preprocessing.value_range is None


def test_asking_for_the_range_of_data_without_any_is_said(tmp_path, session_cache):
    for number in range(12):
        place = tmp_path / "ab"[number % 2] / f"{number}.png"
        place.parent.mkdir(exist_ok=True)
        Image.fromarray(dark(number).astype(np.uint8)).save(place)
    plan = plan_fit(tmp_path, Recipe(range="data"), RunContext(cache=session_cache))
    assert "--range data has no effect: no picture has more than 8 bits." in plan.lines()
    assert not any("No weight moves" in line for line in plan.lines())


# ---- copies and quality


def test_near_copies_of_dark_pictures_are_found(folder, session_cache):
    values = dark(0)
    (folder / "disc" / "copy.png").write_bytes(encode((values * 0.9).astype(np.uint16)))
    plan = plan_fit(folder, Recipe(), RunContext(cache=session_cache))
    names = [plan.inspection.names_of(found) for found in plan.inspection.copies]
    assert names == [["disc/00.png", "disc/copy.png"]]


def test_a_preview_of_a_dark_picture_shows_something():
    shown = np.asarray(open_preview(dark(0)))
    assert shown.min() == 0
    assert shown.max() == 255
    assert Thumbnail().preprocess(open_preview(dark(0))).std() > 30


def test_the_quality_of_dark_pictures_is_measured_in_their_own_fine_values():
    encoder = Quality()

    def measured(values):
        return encoder.encode(encoder.preprocess(open_example(values))[None])[0]

    usual = [measured(dark(number)) for number in range(40)]
    mean, information, sharpness = usual[0][2], usual[0][3], usual[0][4]
    assert mean == pytest.approx(dark(0).mean() / 257, rel=1e-3)
    assert information > 4
    bright = np.clip(dark(0).astype(float) * 65.535, 0, 65535).astype(np.uint16)
    assert measured(bright)[4] == pytest.approx(sharpness, rel=0.05)
    rows = np.stack([*usual, measured(dark(99, top=60))])
    assert find_poor(rows)["dark"].tolist() == [40]
