"""What every test stands on: a cache folder of its own, and one encoder that is prepared once."""

from pathlib import Path

import pytest

from headstart.encoders.loading import load_encoder
from headstart.encoders.onnx_engine import OnnxEncoder


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
