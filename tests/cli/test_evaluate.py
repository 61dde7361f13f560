"""``headstart evaluate``: a saved model on labelled pictures."""

import json
from pathlib import Path

import pytest

from pictures import save_flowers


@pytest.fixture
def model(headstart, flowers) -> str:
    """A run whose model is scored."""
    assert headstart("fit", flowers, "--head", "lda", "--out", "run").exit_code == 0
    return "run"


@pytest.fixture
def new(model, tmp_path) -> Path:
    """New pictures, in the folder where the test runs."""
    return save_flowers(Path("new"), 2, seed=900)


def test_json_is_one_object_with_an_evaluation(headstart, model, new):
    answer = headstart("evaluate", model, new, "--json")
    found = json.loads(answer.stdout)
    assert (answer.exit_code, answer.stderr) == (0, "")
    assert found["evaluation"]["accuracy"]["value"] == 1
    assert found["evaluation"]["count"] == 6
    assert set(found["baselines"]) == {"majority", "colour_histogram"}
    assert (found["data"], found["failures"], found["leaked"]["count"]) == ("new", {}, 0)


def test_people_are_told_the_scores_with_intervals_and_baselines(headstart, model, new):
    lines = headstart("evaluate", model, new).stdout.splitlines()
    assert lines[:4] == [
        "6 pictures, 3 classes.",
        "Width 60 to 60 pixels (median 60), height 48 to 48 (median 48).",
        "3 classes have fewer than 5 pictures: daisy (2), rose (2), tulip (2).",
        "Scores on 6 pictures of new, with 95 % intervals:",
    ]
    assert [name.strip() for name in lines[4].split("  ") if name] == [
        "this model",
        "majority class",
        "colour histogram",
    ]
    assert lines[5].split()[:2] == ["accuracy", "1.000"]


def test_groups_of_a_column_widen_the_intervals(headstart, model, new):
    lines = [f"{new}/{name}/{number}.jpg,{name},{name}" for name in ("daisy", "rose", "tulip") for number in (0, 1)]
    Path("new.csv").write_text("path,label,garden\n" + "\n".join(lines), encoding="utf-8")
    found = json.loads(headstart("evaluate", model, "new.csv", "--group-by", "garden", "--json").stdout)
    assert found["evaluation"]["groups"] == 3
    assert found["evaluation"]["accuracy"]["method"] == "group bootstrap"


def test_the_seed_draws_the_intervals_and_is_checked(headstart, model, new):
    (new / "rose" / "0.jpg").rename(new / "tulip" / "wrong.jpg")
    found = [json.loads(headstart("evaluate", model, new, "--json", "--seed", seed).stdout)["evaluation"]
             for seed in (0, 0, 1)]  # fmt: skip
    assert found[0] == found[1]
    assert found[0]["log_loss"] != found[2]["log_loss"]
    refused = headstart("evaluate", model, new, "--seed", "-1")
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert refused.stderr == "Error: The setting seed = -1 is out of range. It can be 0 to 4294967295.\n"


def test_strict_refuses_unreadable_pictures(headstart, model, new):
    Path("new/rose/empty.jpg").write_bytes(b"")
    answer = headstart("evaluate", model, new, "--strict")
    assert (answer.exit_code, answer.stdout) == (1, "")
    assert answer.stderr.startswith("Error: 1 picture cannot be read. 'rose/empty.jpg': The file is empty")


def test_classes_whose_names_come_near_those_of_the_model_are_scored_as_these_and_said(headstart, model, new):
    (new / "rose").rename(new / "ROSE")
    (new / "tulip").rename(new / "ｔｕｌｉｐ")
    answer = headstart("evaluate", model, new)
    assert answer.exit_code == 0
    assert (
        "2 classes are taken for the one whose name differs only by case, width, spaces or the form of a number: "
        "'ROSE' for 'rose', 'ｔｕｌｉｐ' for 'tulip'."
    ) in answer.stdout.splitlines()
    assert json.loads(headstart("evaluate", model, new, "--json").stdout)["evaluation"]["accuracy"]["value"] == 1
