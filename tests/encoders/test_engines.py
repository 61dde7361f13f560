from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
import torch

from headstart.encoders.loading import load_encoder
from headstart.encoders.onnx_engine import OnnxEncoder
from headstart.encoders.saved import open_saved
from headstart.encoders.spec import EncoderFiles
from headstart.encoders.torch_engine import TorchEncoder
from headstart.errors import EncoderError


def relative_error(got: np.ndarray, expected: np.ndarray) -> float:
    return float((np.linalg.norm(got - expected, axis=1) / np.linalg.norm(expected, axis=1)).max())


@pytest.fixture(scope="module")
def batch(lite0, photographs):
    return np.stack([lite0.preprocess(picture) for picture in photographs.values()])


@pytest.mark.parametrize("threads", [1, 2])
def test_a_row_is_the_same_bit_for_bit_whatever_the_batch_and_the_threads(threads, lite0, batch):
    together = lite0.encode(batch)
    assert (together.dtype, together.shape) == (np.float32, (7, 1280))
    other = OnnxEncoder(lite0.spec, lite0.files, threads)
    alone = np.concatenate([other.encode(row[None]) for row in batch])
    turned = other.encode(batch[::-1])[::-1]
    np.testing.assert_array_equal(alone, together)
    np.testing.assert_array_equal(turned, together)


def test_many_threads_at_once_get_the_same_rows(lite0, batch):
    encoder = OnnxEncoder(lite0.spec, lite0.files, threads=1)
    expected = lite0.encode(batch)
    with ThreadPoolExecutor(4) as pool:
        rows = list(pool.map(lambda index: encoder.encode(batch[index % 7][None])[0], range(28)))
    np.testing.assert_array_equal(np.stack(rows), np.tile(expected, (4, 1)))


def test_the_session_is_opened_by_the_first_batch_only_and_once(tiny, noise, monkeypatch):
    from headstart.encoders import onnx_engine

    opened = []
    original = onnx_engine.open_session
    monkeypatch.setattr(onnx_engine, "open_session", lambda *given: opened.append(given) or original(*given))
    encoder = OnnxEncoder(tiny.spec, tiny.files, threads=1)
    assert encoder.preprocess is not None
    assert opened == []
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: encoder.encode(noise), range(8)))
    assert opened == [(tiny.files.graph, 1)]


def test_torch_gives_the_features_of_the_graph(lite0, batch):
    encoder = TorchEncoder(replace(lite0.spec, engine="torch"), lite0.files, "cpu")
    assert relative_error(encoder.encode(batch), lite0.encode(batch)) < 1e-4
    assert encoder.spec.digest != lite0.spec.digest
    np.testing.assert_array_equal(encoder.preprocess(_grey()), lite0.preprocess(_grey()))


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_the_gpu_gives_the_features_of_the_graph(session_cache, lite0, batch):
    encoder = load_encoder("efficientnet_lite0", cache=session_cache, device="cuda")
    assert isinstance(encoder, TorchEncoder)
    assert relative_error(encoder.encode(batch), lite0.encode(batch)) < 1e-4


def test_a_saved_graph_opens_with_its_spec_alone(tiny, noise):
    opened = open_saved(tiny.spec, EncoderFiles(tiny.files.graph, None))
    assert isinstance(opened, OnnxEncoder)
    np.testing.assert_array_equal(opened.encode(noise), tiny.encode(noise))


def test_a_saved_network_without_graph_opens_in_torch(tiny, noise):
    opened = open_saved(replace(tiny.spec, engine="torch"), replace(tiny.files, graph=None))
    assert isinstance(opened, TorchEncoder)
    assert relative_error(opened.encode(noise), tiny.encode(noise)) < 1e-4


def test_a_missing_graph_is_named(tiny, noise, tmp_path):
    with pytest.raises(EncoderError) as caught:
        open_saved(tiny.spec, EncoderFiles(tmp_path / "none.onnx", None)).encode(noise)
    assert caught.value.problem == f"The graph '{tmp_path / 'none.onnx'}' cannot be opened."


@pytest.mark.parametrize("engine", ["onnxruntime", "torch"])
def test_features_that_are_not_finite_are_refused(engine, tiny, noise):
    encoder = tiny if engine == "onnxruntime" else TorchEncoder(tiny.spec, tiny.files, "cpu")
    noise[3, 0, 0, 0] = np.nan
    with pytest.raises(EncoderError) as caught:
        encoder.encode(noise)
    assert caught.value.problem == f"The encoder {tiny.spec.name} gave features that are not finite numbers."


def _grey():
    from PIL import Image

    return Image.new("RGB", (300, 200), (127, 127, 127))
