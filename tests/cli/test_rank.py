"""``headstart rank`` on two tiny networks."""

import json

import pytest
from typer.testing import CliRunner

from headstart.cli.app import app
from training import noise, save_timm_folder


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    place = tmp_path_factory.mktemp("rank")
    for kind in ("convolutions", "transformer"):
        save_timm_folder(kind, place / kind)
    for label, name in enumerate(("red", "green", "blue")):
        (place / "pictures" / name).mkdir(parents=True)
        for number in range(12):
            noise(label, number).save(place / "pictures" / name / f"{number}.png")
    return place


def rank(place, *arguments):
    cache = ("--cache", str(place / "cache"))
    return CliRunner().invoke(app, ["rank", str(place / "pictures"), *arguments, *cache], prog_name="headstart")


def test_two_encoders_are_ranked_with_all_scores(place):
    names = [str(place / kind) for kind in ("convolutions", "transformer")]
    answer = rank(place, "--encoders", *names, "--json")
    assert answer.exit_code == 0, answer.stderr
    found = json.loads(answer.stdout)
    assert sorted(row["encoder"] for row in found) == sorted(names)
    assert [row["rank"] for row in found] == [1, 2]
    for row in found:
        assert 0 <= row["accuracy"]["low"] <= row["accuracy"]["value"] <= row["accuracy"]["high"] <= 1
        assert {"lda", "knn", "logme", "h_score", "milliseconds", "megabytes", "top1", "pairs"} <= row.keys()
    assert found[0]["accuracy"]["value"] >= found[1]["accuracy"]["value"]
    assert rank(place, "--encoders", *names, "--json").exit_code == 0


def test_people_are_told_what_was_looked_at_and_what_the_order_is_worth(place):
    answer = rank(place, "--encoders", *(str(place / kind) for kind in ("convolutions", "transformer")))
    lines = answer.stdout.splitlines()
    assert lines[0] == (
        "Encoders by the accuracy of a ridge probe on 30 pictures to learn from, cross-validated; the pictures to "
        "score were not looked at."
    )
    assert lines[1].split() == [
        "encoder", "probe", "ranks", "first", "LDA", "k-NN", "LogME", "H-score", "ImageNet", "ms", "MB",
    ]  # fmt: skip
    assert "cannot be told apart" in answer.stdout or "is better than" in answer.stdout


def test_too_few_pictures_are_refused(place, tmp_path):
    for label, name in enumerate(("red", "green")):
        (tmp_path / "few" / name).mkdir(parents=True)
        for number in range(2):
            noise(label, number).save(tmp_path / "few" / name / f"{number}.png")
    answer = CliRunner().invoke(app, ["rank", str(tmp_path / "few"), "--encoders", str(place / "transformer")])
    assert answer.exit_code == 1
    assert "There are too few pictures to compare anything on." in answer.stderr


def test_an_unknown_encoder_is_named_before_anything_is_computed(place):
    answer = rank(place, "--encoders", "efficientnet_lite9")
    assert answer.exit_code == 1
    assert answer.stderr.startswith("Error: There is no encoder 'efficientnet_lite9'.")
