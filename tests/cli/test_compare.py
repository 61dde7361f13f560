"""``headstart compare`` with a tiny network: features, trainings, the cells that are kept."""

import json

import pytest
from typer.testing import CliRunner

from headstart.cli.app import app
from headstart.studies import compare as study
from training import noise, save_timm_folder


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    place = tmp_path_factory.mktemp("compare")
    save_timm_folder("convolutions", place / "network")
    for label, name in enumerate(("red", "green", "blue")):
        (place / "pictures" / name).mkdir(parents=True)
        for number in range(15):
            noise(label, number).save(place / "pictures" / name / f"{number}.png")
    return place


def compare(place, *arguments, shots=("2", "all")):
    fixed = ("--encoder", str(place / "network"), "--draws", "2", "--steps", "3", "--cache", str(place / "cache"))
    command = ["compare", str(place / "pictures"), "--shots", *shots, *fixed, *arguments]
    return CliRunner().invoke(app, command, prog_name="headstart")


def test_arms_are_compared_and_what_was_computed_is_not_computed_again(place, monkeypatch):
    first = compare(place, "--arms", "probe", "scratch", "lpft", "--json")
    assert first.exit_code == 0, first.stderr
    found = json.loads(first.stdout)
    assert found["arms"] == ["probe", "scratch", "lpft"]
    assert {(row["arm"], row["shots"], row["draws"]) for row in found["curves"]} == {
        ("probe", "2", 2), ("probe", "all", 1), ("scratch", "2", 2), ("scratch", "all", 2), ("lpft", "2", 2),
        ("lpft", "all", 2),
    }  # fmt: skip
    assert {(row["arm"], row["against"]) for row in found["gain"]} == {("probe", "scratch"), ("lpft", "scratch")}
    assert found["verdict"]

    def refuse(*_):
        raise AssertionError("it is there already")

    monkeypatch.setattr(study, "_answer", refuse)
    again = compare(place, "--arms", "probe", "scratch", "lpft", "--json")
    assert json.loads(again.stdout) == found


def test_people_see_curves_gains_and_the_verdict(place):
    answer = compare(place, "--arms", "majority", "colours", "random", "probe")
    assert answer.exit_code == 0, answer.stderr
    lines = answer.stdout.splitlines()
    assert lines[0] == "Accuracy on 9 pictures, with 95 % intervals over draws and pictures:"
    starts = [line.strip().split("  ")[0] for line in lines[1:6]]
    assert starts == ["examples per class", "majority class", "colour histogram", "random features", "probe"]
    assert lines[-1].startswith("Probe against random features: ")


def test_when_the_time_is_over_the_missing_cells_are_named(place):
    answer = compare(place, "--arms", "probe", "--time-limit", "0.001s", shots=("1", "3", "4", "5"))
    assert answer.exit_code == 0, answer.stderr
    assert "The time was over before" in answer.stdout


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (("--arms", "prob"), "There is no arm 'prob'."),
        (("--shots", "many"), "Examples per class, draws and steps are whole numbers above nothing; or all examples."),
    ],
)
def test_what_cannot_be_compared_is_said(place, flags, message):
    answer = compare(place, *flags)
    assert answer.exit_code == 1
    assert message in answer.stderr
