import json

from headstart.encoders.preprocess import image
from headstart.encoders.preprocess.image import ImagePreprocessing
from headstart.encoders.spec import EncoderSpec

SPEC = EncoderSpec(
    "a", "resnet18.a1_in1k", 512, "ab" * 32,
    ImagePreprocessing(224, 224, "bicubic", 0.875, "center", (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
    "mit", "here",
)  # fmt: skip


def test_features_that_were_stored_by_an_older_version_are_found_again(monkeypatch):
    """The digest was computed by the version before preprocessing had kinds."""
    monkeypatch.setattr(image, "pillow_version", "12.0.0")
    assert SPEC.digest == "0f9b8db1382c293c41eb415d338a8758e12cd7dc0ff6f74355ec0800f7d52fd7"


def test_another_version_of_the_library_that_makes_the_inputs_is_another_digest(monkeypatch):
    monkeypatch.setattr(image, "pillow_version", "0.0.1")
    assert SPEC.digest != "0f9b8db1382c293c41eb415d338a8758e12cd7dc0ff6f74355ec0800f7d52fd7"


def test_the_manifest_of_a_picture_model_names_no_kind_and_is_read_without_one():
    written = json.loads(json.dumps(SPEC.to_json()))
    assert written["preprocessing"] == {
        "height": 224, "width": 224, "interpolation": "bicubic", "crop_fraction": 0.875, "crop_mode": "center",
        "mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225],
    }  # fmt: skip
    assert EncoderSpec.from_json(written) == SPEC
    assert SPEC.modality == "image"
