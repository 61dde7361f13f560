"""``headstart distance`` on pixels of thumbnails."""

import json
from pathlib import Path

import pytest
from PIL import Image, ImageOps

from pictures import save_flowers


@pytest.fixture
def sets(tmp_path):
    """Flowers, and their negatives, which lie elsewhere."""
    save_flowers(tmp_path / "flowers", 20)
    for path in (tmp_path / "flowers").glob("*/*"):
        target = tmp_path / "negatives" / path.parent.name / path.name
        target.parent.mkdir(parents=True, exist_ok=True)
        with Image.open(path) as picture:
            ImageOps.invert(picture.convert("RGB")).save(target.with_suffix(".png"))
    return tmp_path


def test_negatives_lie_elsewhere_and_a_probe_loses_on_the_way(headstart, sets):
    answer = headstart("distance", sets / "flowers", sets / "negatives", "--json")
    assert answer.exit_code == 0, answer.stderr
    found = json.loads(answer.stdout)
    assert found["counts"] == [60, 60]
    assert found["proxy"]["value"] > 1
    assert found["proxy"]["p"] < 0.01
    assert found["discrepancy"]["p"] < 0.01
    assert found["frechet"]["value"] > found["frechet"]["within"]
    assert found["across"]["inside"]["value"] > found["across"]["across"]["value"]


def test_people_are_warned(headstart, sets):
    lines = headstart("distance", sets / "flowers", sets / "negatives").stdout.splitlines()
    assert lines[0] == "flowers (60 pictures) and negatives (60), as fake sees them:"
    assert lines[-1] == "None of these distances alone predicts what a model loses from one to the other."


def test_pictures_without_labels_have_distances_and_no_accuracy(headstart, sets):
    flat = sets / "flat"
    flat.mkdir()
    for number, path in enumerate(sorted((sets / "flowers").glob("*/*"))):
        (flat / f"{number}{path.suffix}").write_bytes(path.read_bytes())
    answer = headstart("distance", sets / "negatives", flat, "--json")
    assert answer.exit_code == 0, answer.stderr
    assert json.loads(answer.stdout)["across"] is None


def test_too_few_pictures_are_refused(headstart, sets):
    save_flowers(Path("few"), 2)
    answer = headstart("distance", sets / "flowers", "few")
    assert answer.exit_code == 1
    assert "'few' has 6 readable pictures. A distance needs at least 20 of each set." in answer.stderr
