"""The command line in this process, with a fake encoder: what it prints where, and how it ends."""

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from fakes import FakeNetwork
from pictures import save_flowers

Command = Callable[..., Result]


@pytest.fixture
def headstart(fake_network: FakeNetwork) -> Command:
    """Run ``headstart ARGUMENTS`` in an empty folder; pictures become the pixels of their thumbnails."""
    from headstart.cli.app import app

    runner = CliRunner()
    return lambda *arguments: runner.invoke(app, [str(argument) for argument in arguments], prog_name="headstart")


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with ``flowers/`` and ``run/``: a run on them with a small network; nobody changes it."""
    from graphs import CONVOLUTIONS_SPEC, save_convolutions
    from headstart.cli.app import app
    from headstart.encoders.onnx_engine import OnnxEncoder
    from headstart.encoders.spec import EncoderFiles

    place = tmp_path_factory.mktemp("finished")
    save_flowers(place / "flowers", 30)
    encoder = OnnxEncoder(CONVOLUTIONS_SPEC, EncoderFiles(save_convolutions(place / "encoder.onnx"), None, {}))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("headstart.encoders.loading.load_encoder", lambda *_, **__: encoder)
        patch.setenv("HEADSTART_CACHE", str(place / "cache"))
        arguments = ["fit", str(place / "flowers"), "--out", str(place / "run"), "--head", "ridge"]
        answer = CliRunner().invoke(app, arguments, prog_name="headstart")
        assert answer.exit_code == 0, answer.stderr
        again = [*arguments[:3], str(place / "int8"), *arguments[4:], "--precision", "int8"]
        answer = CliRunner().invoke(app, again, prog_name="headstart")
    assert answer.exit_code == 0, answer.stderr
    return place
