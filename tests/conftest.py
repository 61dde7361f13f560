"""What every test stands on: a cache folder of its own, and one encoder that is prepared once."""

from pathlib import Path

import pytest

from fakes import FakeNetwork
from headstart.encoders.loading import load_encoder
from headstart.encoders.onnx_engine import OnnxEncoder
from pictures import save_flowers


@pytest.fixture(scope="session")
def session_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One cache folder for the whole run, so that the default encoder's graph is exported once."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(autouse=True)
def _cache_of_its_own(session_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test touches the user's cache folder."""
    monkeypatch.setenv("HEADSTART_CACHE", str(session_cache))


@pytest.fixture(scope="session")
def lite0(session_cache: Path) -> OnnxEncoder:
    """The default encoder, its graph exported once for the whole run."""
    return load_encoder("efficientnet_lite0", cache=session_cache, device="cpu")


@pytest.fixture(scope="session")
def flowers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three classes of coloured noise, twelve pictures each, one folder per class; nobody changes it."""
    return save_flowers(tmp_path_factory.mktemp("pictures") / "flowers", 12)


@pytest.fixture
def fake_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeNetwork:
    """A fake in place of every encoder, with a cache folder of its own; the test runs in an empty folder."""
    network = FakeNetwork()
    monkeypatch.setattr("headstart.pipeline.load_encoder", lambda *_, **__: network)
    monkeypatch.setattr("headstart.pipeline.open_saved", lambda *_: network)
    monkeypatch.setenv("HEADSTART_CACHE", str(tmp_path / "cache"))
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    return network
