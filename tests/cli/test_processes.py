"""Ctrl-C, a reader that goes away, an old encoding: real processes, with an encoder slow enough to interrupt."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pictures import save_flowers

PROGRAM = """
import signal, sys, time
from pathlib import Path

sys.path.insert(0, sys.argv.pop(1))
signal.signal(signal.SIGINT, signal.default_int_handler)  # a background shell may have switched it off
from fakes import FakeNetwork
from headstart.encoders import loading
from headstart.__main__ import main


class Slow(FakeNetwork):
    def encode(self, batch):
        Path("encoding").touch()
        time.sleep(PAUSE)
        return super().encode(batch)


network = Slow()
loading.load_encoder = lambda *_, **__: network
main()
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with flowers, and a cache folder in it."""
    save_flowers(tmp_path / "flowers", 40)
    monkeypatch.setenv("HEADSTART_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def start(*arguments: str, pause: float) -> subprocess.Popen[str]:
    tests = Path(__file__).parent.parent
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM.replace("PAUSE", str(pause)), str(tests), *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )


def interrupt_while_encoding(*arguments: str) -> subprocess.CompletedProcess[str]:
    process = start(*arguments, pause=0.1)
    deadline = time.monotonic() + 60
    while not Path("encoding").exists():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    stdout, stderr = process.communicate(timeout=60)
    return subprocess.CompletedProcess(process.args, process.returncode, stdout, stderr)


def test_an_interrupted_fit_says_so_keeps_its_features_and_goes_on_afterwards(here):
    answer = interrupt_while_encoding("fit", "flowers", "--head", "lda", "--json")
    assert (answer.returncode, answer.stdout) == (130, "")
    assert "Traceback" not in answer.stderr
    assert answer.stderr.splitlines()[-1] == (
        "Interrupted. Features computed so far are kept; run the same command again to go on."
    )
    assert list((here / "runs").iterdir()) == []
    stdout, _ = start("fit", "flowers", "--head", "lda", "--json", pause=0).communicate(timeout=60)
    features = json.loads(stdout)["features"]
    assert features["computed"] + features["cached"] == 120
    assert 0 < features["cached"] < 120


def test_nothing_is_promised_where_nothing_is_kept(here):
    answer = interrupt_while_encoding("fit", "flowers", "--no-cache")
    assert (answer.returncode, answer.stderr) == (130, "Interrupted.\n")
    assert not (here / "cache").exists()


def test_names_that_the_systems_encoding_lacks_are_written_as_utf_8(here):
    answer = subprocess.run(
        [sys.executable, "-m", "headstart", "fit", "玫瑰"],
        env={**os.environ, "PYTHONUTF8": "0", "PYTHONIOENCODING": "cp1252"},
        capture_output=True,
        check=False,
    )
    assert answer.stderr.decode("utf-8") == "Error: '玫瑰' does not exist. Check the path.\n".replace("\n", os.linesep)
    assert answer.returncode == 1


def test_a_reader_that_goes_away_is_no_error_of_ours(here):
    reading, writing = os.pipe()
    os.close(reading)
    try:
        answer = subprocess.run(
            [sys.executable, "-m", "headstart", "encoders"], stdout=writing, stderr=subprocess.PIPE, check=False
        )
    finally:
        os.close(writing)
    assert answer.stderr == b""
