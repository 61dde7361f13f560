"""The pages about taking a model elsewhere: every block runs, and Python and JavaScript give the library's answer."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from headstart.workflows.model import load
from pictures import FLOWERS

ROOT = Path(__file__).parent.parent.parent
PAGES = (ROOT / "docs" / "deploy.md", ROOT / "docs" / "deploy.zh-CN.md")
PICTURES = ["bash", "python", "javascript", "python"]  # blocks of texts follow: tests/export/test_text_graph.py
PACKAGES = ROOT / "tests" / "javascript" / "node_modules"


def blocks(page: Path) -> list[tuple[str, str]]:
    return re.findall(r"^```(\w+)\n(.*?)^```$", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def place(finished, tmp_path_factory) -> Path:
    """A folder with ``runs/flowers`` and ``rose.png``."""
    place = tmp_path_factory.mktemp("deploy")
    shutil.copytree(finished / "run", place / "runs" / "flowers")
    pixels = np.random.default_rng(1).normal(FLOWERS["rose"], 30, (50, 70, 3))
    Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8)).save(place / "rose.png")
    return place


def expected(place: Path) -> np.ndarray:
    return load(place / "runs" / "flowers").predict_proba(str(place / "rose.png"))[0]


def run(command: list[str], place: Path) -> str:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    answer = subprocess.run(
        command, cwd=place, env={**os.environ, "PATH": path}, capture_output=True, text=True, check=False
    )
    assert answer.returncode == 0, answer.stderr
    return answer.stdout


def test_both_languages_have_the_same_blocks_headings_and_tables():
    english, chinese = (page.read_text(encoding="utf-8") for page in PAGES)
    assert blocks(PAGES[0]) == blocks(PAGES[1])
    assert [kind for kind, _ in blocks(PAGES[0])] == [*PICTURES, "bash", "python", "javascript"]
    for text in ("#", "|"):
        assert [line.split()[0] for line in english.splitlines() if line.startswith(text)] == [
            line.split()[0] for line in chinese.splitlines() if line.startswith(text)
        ]


def test_the_blocks_of_python_run_as_they_stand_and_say_what_the_library_says(place):
    said = load(place / "runs" / "flowers").predict(str(place / "rose.png"))
    pictures = blocks(PAGES[0])[: len(PICTURES)]
    (commands,) = (text for kind, text in pictures if kind == "bash")
    run(["bash", "-euc", commands], place)
    for text in (text for kind, text in pictures if kind == "python"):
        label, probability = run([sys.executable, "-c", text], place).split()
        assert label == said.label == "rose"
        assert float(probability) == pytest.approx(said.probability, abs=1e-3)


def test_the_block_of_javascript_runs_as_it_stands_and_gives_the_librarys_probabilities(place):
    if shutil.which("node") is None:
        pytest.skip("node is not installed")
    if not (PACKAGES / "onnxruntime-web").is_dir():
        pytest.skip("the packages of tests/javascript are not installed: make test, or npm ci in that folder")
    if not (place / "node_modules").exists():
        (place / "node_modules").symlink_to(PACKAGES)
    code = next(text for kind, text in blocks(PAGES[0]) if kind == "javascript")
    (place / "classify.mjs").write_text(code + "console.log(JSON.stringify([...probabilities.data]));\n")
    said, numbers = run(["node", "classify.mjs"], place).splitlines()
    label, probability = said.split()
    answer = expected(place)
    assert label == "rose"
    assert float(probability) == pytest.approx(answer.max(), abs=1e-3)
    np.testing.assert_allclose(json.loads(numbers), answer, atol=1e-3)


def test_the_packages_are_pinned_without_addresses():
    lock = (ROOT / "tests" / "javascript" / "package-lock.json").read_text(encoding="utf-8")
    assert "http" not in lock and '"resolved"' not in lock
    pinned = json.loads((ROOT / "tests" / "javascript" / "package.json").read_text(encoding="utf-8"))["dependencies"]
    locked = json.loads(lock)["packages"]
    assert {name: locked[f"node_modules/{name}"]["version"] for name in pinned} == pinned
