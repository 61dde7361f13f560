"""Whatever moves no weights runs where torch, timm and torchvision are not installed."""

import http.client
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

HIDDEN = ("torch", "torchvision", "timm", "onnxscript", "accelerate", "captum")
# Loaded by every interpreter of this environment: for it, the packages are not installed.
HIDE = f"""
import importlib.machinery, importlib.metadata

def hide(owner, name, hidden, answer):
    ask = getattr(owner, name).__func__
    def asked(cls, what, *more):
        return answer(what) if what.partition(".")[0] in hidden else ask(cls, what, *more)
    setattr(owner, name, classmethod(asked))

def missing(name):
    raise importlib.metadata.PackageNotFoundError(name)

hide(importlib.machinery.PathFinder, "find_spec", {HIDDEN}, lambda name: None)
hide(importlib.metadata.Distribution, "from_name", {HIDDEN}, missing)
"""


class Place:
    """A folder with pictures, and what runs in it without torch."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "hidden").mkdir()
        (folder / "hidden" / "sitecustomize.py").write_text(HIDE)
        self.environment = {
            **os.environ,
            "PYTHONPATH": str(folder / "hidden"),
            "HEADSTART_CACHE": str(folder / "cache"),
        }
        draw = np.random.default_rng(0)
        for label, colour in (("red", (200, 40, 40)), ("green", (40, 200, 40)), ("blue", (40, 40, 200))):
            (folder / "data" / label).mkdir(parents=True)
            for number in range(8):
                pixels = np.clip(draw.normal(colour, 40, size=(40, 50, 3)), 0, 255).astype(np.uint8)
                Image.fromarray(pixels).save(folder / "data" / label / f"{number}.png")

    def python(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run Python there."""
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            encoding="utf-8",
            check=False,
        )

    def headstart(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run the command there."""
        return self.python("-m", "headstart", *arguments)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """A folder whose first model was fitted without torch."""
    made = Place(tmp_path_factory.mktemp("without"))
    fitted = made.headstart("fit", "data", "--encoder", "efficientnet_lite0@64", "--head", "logistic", "--out", "run")
    assert fitted.returncode == 0, fitted.stderr
    return made


def test_torch_is_not_there(place):
    code = "import importlib.util as u; print([u.find_spec(n) for n in ('torch', 'timm')]); import torch"
    answer = place.python("-c", code)
    assert answer.stdout == "[None, None]\n" and "No module named 'torch'" in answer.stderr


VERBS = {
    "fit of all heads": ("fit", "data", "--out", "all"),
    "fit in folds": ("fit", "data", "--folds", "2", "--head", "ridge", "--out", "folds"),
    "fit of stages": ("fit", "data", "--encoder", "efficientnet_lite0[:3]@64", "--head", "knn", "--out", "part"),
    "fit on an encoder of 8 bits": ("fit", "data", "--precision", "int8", "--head", "centroid", "--out", "int8"),
    "dry run": ("fit", "data", "--dry-run"),
    "check": ("check", "data"),
    "compare": ("compare", "data", "--shots", "2", "--draws", "1", "--encoder", "efficientnet_lite0@64"),
    "rank": ("rank", "data", "--stages", "2", "--sizes", "64"),
    "distance": ("distance", "data", "data"),
    "search": ("search", "data", "data/red/0.png"),
    "evaluate": ("evaluate", "run", "data"),
    "predict": ("predict", "run", "data/red/0.png"),
    "embed": ("embed", "data", "--out", "table.csv"),
    "explain": ("explain", "run", "data/red/0.png", "--quick", "--out", "exact"),
    "explain with checks": ("explain", "run", "data/red/0.png", "--method", "gradcam", "--out", "checked"),
    "explain by occlusion": ("explain", "run", "data/red/0.png", "--quick", "--method", "occlusion", "--out", "dark"),
    "export": ("export", "run", "--to", "onnx", "--out", "model.onnx"),
    "export in 8 bits": ("export", "run", "--to", "onnx", "--int8", "--force", "--out", "small.onnx"),
    "benchmark": ("benchmark", "run", "--forms", "onnx", "--seconds", "0.01"),
    "report": ("report", "run"),
    "encoders": ("encoders",),
    "doctor": ("doctor",),
}  # fmt: skip


@pytest.mark.parametrize("arguments", VERBS.values(), ids=VERBS)
def test_it_runs(arguments, place):
    answer = place.headstart(*arguments)
    assert answer.returncode == 0, answer.stderr


class Visitor:
    """Sends pictures to a server and keeps its cookie."""

    def __init__(self, port: int) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self.cookie = ""

    def post(self, path: str, file: Path | None = None, **texts: str) -> dict:
        """Post a form; the answer has to be a good one."""
        parts = [f'name="{name}"\r\n\r\n{text}'.encode() for name, text in texts.items()]
        if file is not None:
            parts.append(f'name="files"; filename="{file.name}"\r\n\r\n'.encode() + file.read_bytes())
        body = b"".join(b"--x\r\nContent-Disposition: form-data; " + part + b"\r\n" for part in parts) + b"--x--\r\n"
        headers = {"content-type": "multipart/form-data; boundary=x", "cookie": self.cookie}
        self.connection.request("POST", path, body, headers)
        answer = self.connection.getresponse()
        content = answer.read()
        assert answer.status == 200, content
        self.cookie = (answer.getheader("set-cookie") or self.cookie).partition(";")[0]
        return json.loads(content)


def test_a_server_answers_explains_and_is_taught(place):
    command = [sys.executable, "-m", "headstart", "serve", "run", "--encoder", "efficientnet_lite0@64", "--port", "0"]
    server = subprocess.Popen(
        [*command, "--json"], cwd=place.folder, env=place.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    try:
        visitor = Visitor(int(json.loads(server.stdout.readline())["address"].rsplit(":", 1)[1].strip("/")))
        data = place.folder / "data"
        answer = visitor.post("/predict", data / "red" / "0.png")
        assert answer["predictions"][0]["label"] == "red"
        assert visitor.post("/explain", data / "red" / "0.png")
        for label in ("red", "blue"):
            for number in range(4):
                visitor.post("/teach/pictures", data / label / f"{number}.png", label=label)
        assert visitor.post("/teach/learn")["pictures"] == 8
        visitor.connection.close()
    finally:
        server.kill()
        server.communicate()


@pytest.mark.parametrize("method", ["lpft", "full", "last:1", "scratch", "lora"])
def test_a_method_that_moves_weights_says_what_is_missing_before_anything_is_computed(method, place):
    answer = place.headstart("fit", "data", "--method", method, "--out", "moved")
    assert answer.returncode == 1
    assert answer.stderr.splitlines()[-1] == (
        "Error: The package 'torch' is not installed. It is needed to move weights, as the method "
        f"'{method}' does. Install it with: pip install \"headstart[train]\""
    )
    assert not (place.folder / "moved").exists()


def test_a_preset_leaves_out_the_moving_of_weights_and_says_so(place):
    answer = place.headstart("fit", "data", "--preset", "balanced", "--head", "ridge", "--out", "preset")
    assert answer.returncode == 0, answer.stderr
    said = (
        "Moving weights, as the preset 'balanced' wants it, was left out: the package 'torch' is not installed. "
        'pip install "headstart[train]" brings it.'
    )
    assert said in answer.stdout + answer.stderr
    assert 'preset = "fast"' in (place.folder / "preset" / "recipe.toml").read_text()


@pytest.mark.parametrize(
    ("arguments", "purpose"),
    [
        (("compare", "data", "--arms", "probe", "full"), "for the arms full"),
        (("export", "run", "--to", "torch", "--out", "x"), "to prove this form of a model"),
        (("explain", "run", "data/red/0.png", "--method", "gradients", "--out", "y"), "to look into the network"),
        (("fit", "data", "--encoder", "resnet18@weights.pth", "--out", "z"), "to turn a checkpoint into a graph"),
    ],
)
def test_what_does_need_torch_says_so(arguments, purpose, place):
    (place.folder / "weights.pth").write_bytes(b"")
    answer = place.headstart(*arguments)
    assert answer.returncode == 1
    assert answer.stderr.splitlines()[-1] == (
        f"Error: The package 'torch' is not installed. It is needed {purpose}. "
        'Install it with: pip install "headstart[train]"'
    )


def test_doctor_says_that_all_is_well_and_what_more_would_bring(place):
    found = json.loads(place.headstart("doctor", "--json").stdout)
    assert found["problems"] == [] and "headstart[train]" in found["offers"][0]
