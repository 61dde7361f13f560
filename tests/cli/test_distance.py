"""``headstart distance`` on pixels of thumbnails."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageOps

from fakes import FAKE_SPEC, FakeNetwork
from headstart.studies.class_distance import Labelled, _class_alignment
from pictures import save_flowers


class GrayNetwork(FakeNetwork):
    """Sees no colours."""

    def encode(self, batch):
        return np.repeat(batch.mean(axis=1).reshape(len(batch), -1), 3, axis=1).astype(np.float32)


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


def test_two_folders_of_one_name_are_told_apart_by_where_they_lie(headstart, sets):
    for name in ("flowers", "negatives"):
        (sets / f"{name}-set").mkdir()
        (sets / name).rename(sets / f"{name}-set" / "val")
    answer = headstart("distance", sets / "flowers-set" / "val", sets / "negatives-set" / "val")
    assert answer.exit_code == 0, answer.stderr
    lines = answer.stdout.splitlines()
    assert lines[0] == "flowers-set/val (60 pictures) and negatives-set/val (60), as fake sees them:"
    (across,) = [line for line in lines if line.startswith("A probe that learned from flowers-set/val")]
    assert " on negatives-set/val (3 classes in common)" in across


def test_pictures_without_labels_have_distances_and_no_accuracy(headstart, sets):
    flat = sets / "flat"
    flat.mkdir()
    for number, path in enumerate(sorted((sets / "flowers").glob("*/*"))):
        (flat / f"{number}{path.suffix}").write_bytes(path.read_bytes())
    answer = headstart("distance", sets / "negatives", flat, "--json")
    assert answer.exit_code == 0, answer.stderr
    assert json.loads(answer.stdout)["across"] is None


def test_one_set_is_compared_through_several_encoders(headstart, sets, monkeypatch):
    gray = replace(FAKE_SPEC, name="gray", weights_digest="1" * 64)
    networks = {"fake": FakeNetwork(), "gray": GrayNetwork(gray)}
    monkeypatch.setattr("headstart.encoders.loading.load_encoder", lambda name, **_: networks[name])
    answer = headstart("distance", sets / "flowers", "--encoders", "fake", "gray", "--json")
    assert answer.exit_code == 0, answer.stderr
    found = json.loads(answer.stdout)
    (pair,) = found["pairs"]
    assert (pair["one"], pair["other"], found["count"]) == ("fake", "gray", 60)
    assert 0 < pair["alignment"]["low"] <= pair["alignment"]["value"] <= pair["alignment"]["high"] <= 1
    lines = headstart("distance", sets / "flowers", "--encoders", "fake", "gray").stdout.splitlines()
    assert lines[0].startswith("Centred kernel alignment on 60 pictures of flowers")
    assert lines[-1] == "Encoders that see pictures alike need not be equally good at them: headstart rank says that."


@pytest.mark.parametrize("rest", [(), ("negatives", "--encoders", "a", "b"), ("--encoders", "fake")])
def test_a_distance_is_between_two_things(headstart, sets, rest):
    answer = headstart("distance", sets / "flowers", *rest)
    assert answer.exit_code == 1
    one = "One encoder has nothing to be compared with. Name two or more after --encoders."
    assert answer.stderr.startswith(f"Error: {one}" if rest == ("--encoders", "fake") else "Error: A distance is one")


def test_classes_that_lie_to_each_other_in_the_same_way_are_aligned():
    random = np.random.default_rng(0)
    centres = random.normal(size=(8, 20)) * 5
    labels = np.repeat(np.arange(8), 20)
    near, turned, other = (
        (made[labels] + random.normal(size=(160, 20))).astype(np.float32)
        for made in (
            centres,
            centres @ np.linalg.qr(random.normal(size=(20, 20)))[0] + 3,
            random.normal(size=(8, 20)) * 5,
        )
    )
    part = Labelled(np.arange(160), labels)
    assert _class_alignment((near, turned), (part, part), 8) > 0.95
    assert _class_alignment((near, other), (part, part), 8) < 0.6
    few = Labelled(np.arange(80), labels[:80])
    assert _class_alignment((near, turned), (few, part), 8) is None


def test_too_few_pictures_are_refused(headstart, sets):
    save_flowers(Path("few"), 2)
    answer = headstart("distance", sets / "flowers", "few")
    assert answer.exit_code == 1
    assert "'few' has 6 readable pictures. A distance needs at least 20 of each set." in answer.stderr


def test_classes_of_the_second_set_get_the_names_of_the_first(headstart, sets):
    (sets / "negatives" / "rose").rename(sets / "negatives" / "Rose ")
    found = json.loads(headstart("distance", sets / "flowers", sets / "negatives", "--json").stdout)
    assert len(found["across"]["classes"]) == 3
