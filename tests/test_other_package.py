"""A small package, installed beside Headstart, adds a row to four tables; they go to the end of the road."""

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from headstart.errors import ModelFileError
from headstart.workflows.model import load
from pictures import save_flowers

PACKAGE = '''\
"""Heads, an encoder, a method and a form that Headstart does not know."""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np

from headstart.encoders.catalogue import CatalogueEntry
from headstart.explain.image.methods import Explainer
from headstart.explain.values import Attribution
from headstart.export.formats import Exporter
from headstart.heads.family import HeadFamily
from headstart.heads.head import FEATURES, Head, Node


@dataclass(frozen=True, eq=False)
class MeansHead(Head):
    """Scores are minus the squared distances from the mean of each class, up to a constant."""

    means: np.ndarray
    sharpness: float
    kind: ClassVar[str] = "means"

    def scores(self, features):
        scores = features @ self.means.T - 0.5 * np.sum(self.means**2, axis=1)
        return (self.sharpness * scores).astype(np.float64)

    def graph(self):
        bias = -0.5 * self.sharpness * np.sum(self.means**2, axis=1)
        return Node("Gemm", (FEATURES, self.sharpness * self.means, bias), {"transB": 1})


class PlainHead(MeansHead):
    kind = "plain"

    def graph(self):
        return None


@dataclass(frozen=True)
class Means(HeadFamily):
    name: ClassVar[str] = "means"
    head: ClassVar[type[Head]] = MeansHead
    grid: ClassVar[tuple[float, ...]] = (0.1, 1.0, 10.0)

    def fit(self, training, setting):
        sums = np.eye(training.class_count)[training.labels].T @ training.features
        means = sums / np.maximum(training.counts, 1)[:, None]
        return self.head(means.astype(np.float32), setting)


class Plain(Means):
    name = "plain"
    head = PlainHead


def middle(model, seen, target):
    grid = np.zeros((3, 3), np.float32)
    grid[1, 1] = 1
    return Attribution("middle", grid, False, "nowhere")


def write_scores(file, form, source, progress):
    np.savez(file, **source.model.head.arrays())


MIDDLE = Explainer("middle", "the middle", middle)
NUMBERS = Exporter("numbers", "Numbers", ".npz", lambda model, files: "They are for reading alone.", write_scores, open)
TINY = CatalogueEntry(
    *("tiny", "test_efficientnet", "theirs", "1.0", "theirs/tiny.safetensors", "DIGEST", "MIT"),
    *(1.4, 256, 160, None, "Random."),
)
'''
ENTRY_POINTS = """\
[headstart.heads]
means = theirs:Means
plain = theirs:Plain
[headstart.encoders]
tiny = theirs:TINY
[headstart.explainers]
middle = theirs:MIDDLE
[headstart.exporters]
numbers = theirs:NUMBERS
"""
SCRIPT = """\
import json, sys
from pathlib import Path
import headstart as hs
from headstart.errors import HeadstartError

run, picture = Path(sys.argv[1]), sys.argv[2]
model = hs.load(run)
found = {"kind": model.saved.head.kind, "settings": model.saved.head.settings(), "encoder": model.encoder.spec.name}
found["label"] = model.predict(picture).label
for to in ("onnx", "torch", "numbers"):
    try:
        found[to] = model.export(to, out=run / f"to-{to}").to_json()
    except HeadstartError as error:
        found[to] = str(error)
for method in ("auto", "middle", "gradients"):
    try:
        explanation = model.explain(picture, method=method)
        found[method] = [explanation.method, explanation.found.layer]
    except HeadstartError as error:
        found[method] = str(error)
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as an installer leaves it: the package, and its metadata beside it."""
    import timm
    import torch
    from safetensors.torch import save

    folder = tmp_path_factory.mktemp("site")
    with torch.random.fork_rng():
        torch.manual_seed(0)
        weights = save(timm.create_model("test_efficientnet").state_dict())
    for name in ("theirs", "theirs-1.0.dist-info"):
        (folder / name).mkdir()
    (folder / "theirs" / "tiny.safetensors").write_bytes(weights)
    text = PACKAGE.replace("DIGEST", hashlib.sha256(weights).hexdigest())
    (folder / "theirs" / "__init__.py").write_text(text, encoding="utf-8")
    (folder / "theirs-1.0.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: theirs\nVersion: 1.0\n")
    (folder / "theirs-1.0.dist-info" / "entry_points.txt").write_text(ENTRY_POINTS)
    return folder


def python(site: Path, cache: Path, *arguments: str) -> str:
    """Run a fresh interpreter that has the package, and return what it prints."""
    path = os.pathsep.join([str(site), os.environ.get("PYTHONPATH", "")])
    answer = subprocess.run(
        [sys.executable, *arguments],
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        env={**os.environ, "PYTHONPATH": path, "HEADSTART_CACHE": str(cache)},
    )
    assert answer.returncode == 0, answer.stderr
    return answer.stdout


@pytest.fixture(scope="module")
def runs(site: Path, session_cache: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict]:
    """What each of its two heads became: fitted by the command line, then loaded and used by the library."""
    place = tmp_path_factory.mktemp("runs")
    flowers = save_flowers(place / "flowers", 12)
    picture = next((flowers / "rose").iterdir())
    found = {}
    for head in ("means", "plain"):
        run = place / head
        arguments = ("--encoder", "tiny", "--head", head, "--resamples", "100", "--out", str(run), "--json")
        fitted = json.loads(python(site, session_cache, "-m", "headstart", "fit", str(flowers), *arguments))
        used = json.loads(python(site, session_cache, "-c", SCRIPT, str(run), str(picture)))
        found[head] = {"run": run, "fitted": fitted, **used}
    return found


@pytest.mark.parametrize("head", ["means", "plain"])
def test_a_head_of_another_package_is_fitted_saved_loaded_and_predicts(runs, head):
    found = runs[head]
    assert (found["fitted"]["head"]["name"], found["fitted"]["head"]["kind"]) == (head, head)
    assert (found["kind"], found["encoder"], found["label"]) == (head, "tiny", "rose")
    assert found["settings"] == found["fitted"]["head"]["settings"] != {}
    assert f'name = "{head}"' in (found["run"] / "recipe.toml").read_text(encoding="utf-8")
    assert (found["run"] / "report.html").is_file()


def test_its_graph_is_exported_and_answers_as_the_head_does(runs):
    assert (runs["means"]["run"] / "model" / "model.onnx").is_file()
    exported = runs["means"]["onnx"]
    assert exported["agreement"] == 1.0 and exported["gate"]["passed"]
    assert exported["max_difference"] < 1e-4


def test_one_linear_layer_gives_it_what_linear_heads_have(runs):
    assert (runs["means"]["run"] / "model" / "model.safetensors").is_file()
    assert runs["means"]["torch"]["agreement"] == 1.0
    assert runs["means"]["gradients"][0] == "gradients"
    assert runs["means"]["auto"] == runs["plain"]["auto"] == ["gradcam", "the last maps, which are pooled"]


def test_a_head_without_a_graph_is_saved_and_says_what_cannot_be(runs):
    model = runs["plain"]["run"] / "model"
    missing = "The model has no model.onnx. Its head (plain) is of a kind that has no graph."
    assert (model / "head.safetensors").is_file() and not (model / "model.onnx").exists()
    assert missing in (model / "README.md").read_text(encoding="utf-8")
    assert runs["plain"]["onnx"] == f"The model cannot be exported to onnx. {missing} Try --to torch."
    assert runs["plain"]["gradients"] == (
        "The network cannot be built in torch. Its weights were not saved with the model; they are for linear heads "
        "only. Use --method auto or occlusion, or fit the model with a linear head."
    )


def test_its_method_and_its_form_are_asked_by_name(runs):
    assert runs["means"]["middle"] == ["middle", "nowhere"]
    assert runs["means"]["numbers"] == (
        "The model cannot be exported to numbers. They are for reading alone. Try --to torch."
    )


def test_without_the_package_its_model_says_what_is_missing(runs):
    with pytest.raises(ModelFileError) as raised:
        load(runs["means"]["run"])
    assert str(raised.value) == (
        "The saved model has a head of an unknown kind 'means'. This version of Headstart knows: linear, neighbours, "
        "centroid, perceptron, words, stacked. Update Headstart, install the package that the head comes from, or save "
        "the model again."
    )
