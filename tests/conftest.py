"""What several tests share: one encoder that is prepared once, pictures of flowers, a fake network."""

from pathlib import Path

import pytest

from fakes import FakeNetwork
from headstart.encoders.loading import load_encoder
from headstart.encoders.onnx_engine import OnnxEncoder
from headstart.errors import MODALITY
from pictures import save_flowers


@pytest.fixture(autouse=True)
def _errors_speak_of_pictures() -> None:
    """Forget what kind of examples the test before has read last."""
    MODALITY.set("image")


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
    monkeypatch.setattr("headstart.encoders.loading.load_encoder", lambda *_, **__: network)
    for module in ("headstart.workflows.model", "headstart.workflows.fit_stages"):
        monkeypatch.setattr(f"{module}.open_saved", lambda *_: network)
    monkeypatch.setenv("HEADSTART_CACHE", str(tmp_path / "cache"))
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    return network
