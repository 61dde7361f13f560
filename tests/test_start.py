"""Starting costs little: the heavy libraries are loaded when they are needed, and not before."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

HEAVY = (
    *("torch", "torchvision", "timm", "captum", "sklearn", "scipy", "matplotlib", "pyarrow", "pandas", "onnx"),
    *("onnxscript", "openvino", "fastapi", "uvicorn", "jinja2", "pydantic"),
)

REPORT = f"print(json.dumps([name for name in {HEAVY} if name in sys.modules]), file=sys.stderr)"


def loaded_after(code: str) -> list[str]:
    """Heavy libraries that a fresh interpreter has loaded after running this code."""
    answer = subprocess.run(
        [sys.executable, "-c", f"import json, sys\n{code}\n{REPORT}"], capture_output=True, text=True, check=False
    )
    assert answer.returncode == 0, answer.stderr
    return json.loads(answer.stderr.splitlines()[-1])


def loaded_by_command(*arguments: str) -> list[str]:
    """Heavy libraries that ``headstart ARGUMENTS`` has loaded when it ends well."""
    return loaded_after(
        f"sys.argv = {['headstart', *arguments]!r}\n"
        "from headstart.__main__ import main\n"
        "try:\n    main()\n"
        "except SystemExit as end:\n    assert not end.code, end.code"
    )


def test_a_library_that_is_loaded_is_noticed():
    assert loaded_after("import scipy") == ["scipy"]


def test_import_headstart_loads_no_heavy_library():
    assert loaded_after("import headstart") == []


def test_import_headstart_does_not_even_load_numpy():
    assert loaded_after("import headstart; assert 'numpy' not in sys.modules") == []


@pytest.mark.parametrize("arguments", [("--help",), ("--version",), ("fit", "--help"), ("predict", "--help")])
def test_help_loads_no_heavy_library(arguments):
    assert loaded_by_command(*arguments) == []


@pytest.fixture(scope="module")
def saved_model(tmp_path_factory: pytest.TempPathFactory, session_cache: Path) -> Path:
    """A small model that was fitted and saved in a process of its own."""
    folder = tmp_path_factory.mktemp("start")
    draw = np.random.default_rng(0)
    for label, colour in (("red", (200, 30, 30)), ("blue", (30, 30, 200))):
        (folder / "pictures" / label).mkdir(parents=True)
        for number in range(8):
            pixels = np.clip(draw.normal(colour, 25, size=(40, 50, 3)), 0, 255).astype(np.uint8)
            Image.fromarray(pixels).save(folder / "pictures" / label / f"{number}.png")
    subprocess.run(
        [
            sys.executable,
            "-c",
            "import sys, headstart\nheadstart.fit(sys.argv[1], head='centroid', cache=sys.argv[3]).save(sys.argv[2])",
            str(folder / "pictures"),
            str(folder / "model"),
            str(session_cache),
        ],
        check=True,
    )
    return folder


def test_predict_with_a_saved_model_loads_no_heavy_library(saved_model):
    picture = str(saved_model / "pictures" / "red" / "0.png")
    assert loaded_by_command("predict", str(saved_model / "model"), picture) == []


def test_fit_of_a_probe_loads_no_torch(saved_model, session_cache):
    place = ("--cache", str(session_cache), "--out", str(saved_model / "run"))
    loaded = loaded_by_command("fit", str(saved_model / "pictures"), "--head", "ridge", "--resamples", "100", *place)
    assert not {"torch", "torchvision", "timm", "captum"} & set(loaded)


def test_load_and_predict_in_python_load_no_heavy_library(saved_model):
    picture = str(saved_model / "pictures" / "blue" / "0.png")
    code = (
        f"import headstart\nanswer = headstart.load({str(saved_model / 'model')!r}).predict({picture!r})\n"
        f"assert answer.label == 'blue'"
    )
    assert loaded_after(code) == []


# Runs the code of its first argument and prints every network socket that the process had open meanwhile.
WATCHED = """
import os, sys, threading, time
seen, done = set(), threading.Event()
def watch():
    while not done.wait(0.001):
        for number in os.listdir("/proc/self/fd"):
            try:
                target = os.readlink(f"/proc/self/fd/{number}")
            except OSError:
                continue
            if target.startswith("socket:"):
                seen.add(target)
thread = threading.Thread(target=watch)
thread.start()
try:
    exec(sys.argv[1])
finally:
    time.sleep(1.5)  # telemetry is sent a little later than it is gathered
    done.set()
    thread.join()
    print(sorted(seen), file=sys.stderr)
"""


def traces_of(code: str, home: Path) -> tuple[list[str], list[Path]]:
    """The sockets that this code opened, and the files it left under a home folder that was empty."""
    home.mkdir()
    private = {"HOME": str(home), "XDG_CACHE_HOME": str(home / ".cache")}
    # ONNX Runtime sends nothing where it believes to be tested, and neither would a user's machine say that it is.
    unset = ("CI", "ORT_DISABLE_TELEMETRY", "ORT_TELEMETRY_DISABLED", "GITHUB_ACTIONS", "TF_BUILD", "BUILD_BUILDID")
    environment = {name: value for name, value in os.environ.items() if name not in unset} | private
    done = subprocess.run(
        [sys.executable, "-c", WATCHED, code], env=environment, capture_output=True, text=True, check=True
    )
    return json.loads(done.stderr.splitlines()[-1].replace("'", '"')), [*home.rglob("*")]


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="sockets are counted in /proc, which is not here")
def test_predict_leaves_no_file_under_home_and_opens_no_socket(saved_model, tmp_path):
    model, picture = saved_model / "model", saved_model / "pictures" / "red" / "0.png"
    sockets, files = traces_of(
        f"import headstart; assert headstart.load({str(model)!r}).predict({str(picture)!r}).label == 'red'",
        tmp_path / "home",
    )
    assert (sockets, files) == ([], [])


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="sockets are counted in /proc, which is not here")
def test_a_socket_and_a_file_would_be_noticed(tmp_path):
    code = "import pathlib, socket; held = socket.socket(); (pathlib.Path.home() / 'id').write_text('1')"
    sockets, files = traces_of(code, tmp_path / "home")
    assert len(sockets) == 1 and [file.name for file in files] == ["id"]
