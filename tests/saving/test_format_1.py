"""A model folder of format 1, saved before tasks and modalities were named in it, opens and answers as it did then."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import headstart as hs
from headstart.errors import ModelFileError
from headstart.saving.manifest import read_manifest, record_export

FOLDER = Path(__file__).parent / "data" / "format-1"
CLASSES = ("clay", "moss", "sky")
# What the Headstart that saved it answered to pictures of each class.
PROBABILITIES = [
    [0.9718605710504757, 0.011119033683822123, 0.017020395265702003],
    [0.018862373476842102, 0.9653065427537106, 0.015831083769447342],
    [0.008073797678245776, 0.00871693817341438, 0.9832092641483399],
]
LOG_LOSS = 0.030


def picture(label: int, number: int) -> Image.Image:
    """Draw noise in the colour of a class."""
    colour = np.where(np.arange(3) == label, 90.0, 0.0)
    noise = np.random.default_rng([label, number]).integers(0, 160, (8, 8, 3))
    return Image.fromarray((noise + colour).astype(np.uint8))


def test_it_predicts_the_same_numbers() -> None:
    model = hs.load(FOLDER)
    pictures = [picture(label, 100) for label in range(3)]
    np.testing.assert_allclose(model.predict_proba(pictures), PROBABILITIES, atol=1e-5)
    first = model.predict(pictures)[0]
    assert (first.label, first.prediction_set, first.abstained) == ("clay", ("clay",), False)
    assert first.novelty == pytest.approx(0.11357369273900986, abs=1e-5)


def test_it_evaluates_with_its_baselines() -> None:
    data = [(picture(label, 100 + number), CLASSES[label]) for label in range(3) for number in range(4)]
    model = hs.load(FOLDER)
    assert model.evaluate(data).log_loss.value == pytest.approx(LOG_LOSS, abs=5e-4)
    assert model.evaluate_guard(data) is not None


def test_it_is_saved_again_in_the_format_of_today(tmp_path: Path) -> None:
    model = hs.load(FOLDER)
    model.save(tmp_path / "m")
    manifest, again = json.loads((tmp_path / "m" / "manifest.json").read_bytes()), hs.load(tmp_path / "m")
    assert (manifest["format"], manifest["task"], manifest["modality"]) == (2, "classification", "image")
    assert again.saved.decoding == model.saved.decoding
    assert again.saved.fitted_labels == model.saved.fitted_labels == {"counts": [11, 11, 11]}
    np.testing.assert_array_equal(again.predict_proba(picture(1, 100)), model.predict_proba(picture(1, 100)))


def test_an_export_is_recorded_in_the_format_of_today(tmp_path: Path) -> None:
    shutil.copytree(FOLDER, tmp_path / "m")
    record_export(tmp_path / "m", {"file": "model.xml", "files": {}}, inside=False)
    assert read_manifest(tmp_path / "m")["exports"][0]["file"] == "model.xml"
    assert hs.load(tmp_path / "m").classes == CLASSES


def test_one_that_lacks_something_is_damaged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(FOLDER, tmp_path / "m")
    manifest = json.loads((tmp_path / "m" / "manifest.json").read_bytes())
    del manifest["temperature"]
    (tmp_path / "m" / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    monkeypatch.setattr("headstart.saving.manifest.sha256_of_json", lambda plain: manifest["digest"])
    with pytest.raises(ModelFileError, match=r"does not fit its files: KeyError\('temperature'\)"):
        hs.load(tmp_path / "m")
