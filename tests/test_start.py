"""Starting costs little: the heavy libraries are loaded when they are needed, and not before."""

import gc
import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import click
import numpy as np
import pytest
from PIL import Image

from headstart.__main__ import leave_garbage
from headstart.cli.app import app

HEAVY = (
    *("torch", "torchvision", "timm", "captum", "sklearn", "scipy", "matplotlib", "pyarrow", "pandas", "onnx"),
    *("onnxruntime", "onnxscript", "openvino", "fastapi", "uvicorn", "jinja2", "pydantic", "rich", "cleanlab"),
    *("datasets", "accelerate", "tensorboard", "statsmodels", "skimage", "requests", "huggingface_hub"),
)

REPORT = f"print(json.dumps([name for name in {HEAVY} if name in sys.modules]), file=sys.stderr)"
COMMAND = """
sys.argv = {arguments!r}
from headstart.__main__ import main
try:
    main()
except SystemExit as end:
    assert (end.code or 0) == {code}, end.code
"""


def loaded_after(code: str) -> list[str]:
    """Heavy libraries that a fresh interpreter has loaded after running this code."""
    answer = subprocess.run(
        [sys.executable, "-c", f"import json, sys\n{code}\n{REPORT}"], capture_output=True, text=True, check=False
    )
    assert answer.returncode == 0, answer.stderr
    return json.loads(answer.stderr.splitlines()[-1])


def command(*arguments: str, code: int = 0) -> str:
    """Python that runs ``headstart ARGUMENTS``, and fails unless it ends with this code."""
    return COMMAND.format(arguments=["headstart", *arguments], code=code)


def loaded_by_command(*arguments: str) -> list[str]:
    """Heavy libraries that ``headstart ARGUMENTS`` has loaded when it ends well."""
    return loaded_after(command(*arguments))


def test_a_library_that_is_loaded_is_noticed():
    assert loaded_after("import scipy") == ["scipy"]


def test_import_headstart_loads_no_heavy_library():
    assert loaded_after("import headstart") == []


def test_import_headstart_does_not_even_load_numpy():
    assert loaded_after("import headstart; assert 'numpy' not in sys.modules") == []


@pytest.mark.parametrize("arguments", [("--help",), ("--version",), ("fit", "--help"), ("predict", "--help")])
def test_help_loads_no_heavy_library(arguments):
    assert loaded_by_command(*arguments) == []


@dataclass(frozen=True)
class Place:
    """A folder with ``data/red``, ``data/blue`` and the ``run`` of a fit, and what that fit loaded."""

    folder: Path
    loaded_by_fit: list[str]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, session_cache: Path) -> Place:
    """A small model that was fitted and saved in a process of its own, with the graph of its encoder already there."""
    folder = tmp_path_factory.mktemp("start")
    draw = np.random.default_rng(0)
    for label, colour in (("red", (200, 30, 30)), ("blue", (30, 30, 200))):
        (folder / "data" / label).mkdir(parents=True)
        for number in range(10):
            pixels = np.clip(draw.normal(colour, 25, size=(40, 50, 3)), 0, 255).astype(np.uint8)
            Image.fromarray(pixels).save(folder / "data" / label / f"{number}.png")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HEADSTART_CACHE", str(session_cache))
        patch.chdir(folder)
        return Place(folder, loaded_by_command("fit", "data", "--resamples", "100", "--out", "run"))


# What each verb may load: what it uses on these pictures, with all extras installed, and no more. No network runs where
# the features are stored, as they are after the fit.
DRAWS = {"jinja2"}
NETWORK = {"onnxruntime"}
GRAPH = {"onnx"}
# pyarrow asks pandas, where that is installed, whether a list is a column of its.
TABLE = {"pyarrow", "pandas"}
# Confident learning: cleanlab loads these; the extra for `check` brings it.
LABEL_NOISE = {"cleanlab", "sklearn", "pandas", "pyarrow", "rich", "datasets", "huggingface_hub"}
SMALL = ("--encoder", "efficientnet_lite0@64")
MAY_LOAD = {
    "evaluate": (("run", "data"), set()),
    "predict": (("run", "data/red/0.png"), NETWORK),
    "embed": (("data", "--out", "table.csv"), TABLE),
    "explain": (("run", "data/red/0.png", "--quick", "--out", "why"), NETWORK),
    "export": (("run", "--to", "onnx", "--out", "model.onnx"), NETWORK | GRAPH),
    "check": (("data",), LABEL_NOISE | {"scipy"}),
    "compare": (("data", "--shots", "2", "--draws", "1", *SMALL), NETWORK | GRAPH),
    "rank": (("data", "--encoders", "efficientnet_lite0", "--sizes", "64"), NETWORK | GRAPH | {"scipy"}),
    "distance": (("data", "data"), {"scipy", "rich"}),
    "search": (("data", "data/red/0.png"), set()),
    "report": (("run",), DRAWS),
    "encoders": ((), set()),
    "doctor": ((), {"rich"}),
}
ELSEWHERE = {
    "fit": "it made the model of the other verbs",
    "serve": "it has to be stopped",
    "benchmark": "it takes long, and runs its forms in processes of their own",
    "pretrain": "it moves weights: it loads torch",
    "demo": "a fit on photographs",
}


def test_each_verb_is_in_the_table():
    assert sorted([*MAY_LOAD, *ELSEWHERE]) == sorted(app.list_commands(click.Context(app)))


@pytest.mark.parametrize("verb", MAY_LOAD)
def test_a_verb_loads_what_it_uses_and_no_more(verb, place, monkeypatch):
    monkeypatch.chdir(place.folder)
    arguments, may = MAY_LOAD[verb]
    assert set(loaded_by_command(verb, *arguments)) - may == set()


def test_a_fit_of_a_probe_loads_what_it_uses_and_no_more(place):
    # No libraries of graphs but the one that joins the encoder's and the head's in model.onnx.
    assert set(place.loaded_by_fit) - (NETWORK | GRAPH | DRAWS) == set()


def test_a_fit_in_python_loads_nothing_beside_what_its_user_loads(place, session_cache, monkeypatch):
    monkeypatch.chdir(place.folder)
    loaded = loaded_after(f"import headstart; headstart.fit('data', resamples=100, cache={str(session_cache)!r})")
    assert not DRAWS & set(loaded)


def test_a_dry_run_draws_nothing_and_writes_no_graph(place, monkeypatch):
    monkeypatch.chdir(place.folder)
    assert set(loaded_by_command("fit", "data", "--dry-run")) - NETWORK == set()


def test_a_server_loads_what_it_uses_and_no_more(place):
    code = f"import json, sys\n{command('serve', 'run', '--port', '0', '--json', code=130)}\n{REPORT}"
    server = subprocess.Popen(
        [sys.executable, "-c", code], cwd=place.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    json.loads(server.stdout.readline())  # it is ready
    server.send_signal(signal.SIGINT)
    loaded = set(json.loads(server.communicate(timeout=60)[1].splitlines()[-1]))
    assert {"fastapi", "uvicorn"} <= loaded
    assert loaded - (NETWORK | {"fastapi", "uvicorn", "pydantic", "jinja2"}) == set()


def test_what_is_left_at_the_end_is_not_looked_through():
    code = """
import atexit, gc, sys
atexit.register(lambda: print(gc.get_freeze_count() > 10_000, file=sys.stderr))
sys.argv = ["headstart", "--version"]
from headstart.__main__ import main
main()
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr == "True\n"


def test_load_and_predict_in_python_load_no_heavy_library_but_that_which_runs_the_network(place):
    picture = str(place.folder / "data" / "blue" / "0.png")
    code = (
        f"import headstart\nanswer = headstart.load({str(place.folder / 'run')!r}).predict({picture!r})\n"
        f"assert answer.label == 'blue'"
    )
    assert loaded_after(code) == ["onnxruntime"]


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
def test_predict_leaves_no_file_under_home_and_opens_no_socket(place, tmp_path):
    model, picture = place.folder / "run", place.folder / "data" / "red" / "0.png"
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


def test_the_end_of_a_command_costs_nothing_but_beside_triton_which_would_print_a_page(monkeypatch):
    frozen = []
    monkeypatch.setattr(gc, "freeze", lambda: frozen.append("everything"))
    monkeypatch.setitem(sys.modules, "triton", gc)
    leave_garbage()
    assert frozen == []
    monkeypatch.delitem(sys.modules, "triton")
    leave_garbage()
    assert frozen == ["everything"]


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="sockets are counted in /proc, which is not here")
def test_openvino_leaves_no_file_under_home_and_opens_no_socket(tmp_path):
    code = "from headstart.export.openvino import load_openvino; load_openvino()"
    assert traces_of(code, tmp_path / "home") == ([], [])
