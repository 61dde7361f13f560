"""``headstart rank`` on two tiny networks."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

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
        assert {
            "lda",
            "knn",
            "logme",
            "h_score",
            "milliseconds",
            "megabytes",
            "memory_megabytes",
            "top1",
            "pairs",
        } <= row.keys()
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
        "encoder", "probe", "ranks", "first", "LDA", "k-NN", "LogME", "H-score", "ms", "MB", "memory",
    ]  # fmt: skip
    # Of no candidate is the accuracy on ImageNet known: an empty column is left out.
    assert "cannot be told apart" in answer.stdout or "is better than" in answer.stdout


def test_stages_and_sizes_are_candidates_that_fit_takes(place, tmp_path):
    network = str(place / "convolutions")
    answer = rank(place, "--encoders", network, "--stages", "2", "3", "--sizes", "48", "--json")
    assert answer.exit_code == 0, answer.stderr
    found = {row["encoder"]: row for row in json.loads(answer.stdout)}
    assert found.keys() == {network, f"{network}[:2]", f"{network}[:3]", f"{network}@48"}
    assert found[f"{network}[:2]"]["megabytes"] < found[network]["megabytes"]
    if Path("/proc/self/status").exists():
        assert all(row["memory_megabytes"] > 0 for row in found.values())
    fixed = ("--head", "ridge", "--cache", str(place / "cache"), "--json")
    command = ["fit", str(place / "pictures"), "--encoder", f"{network}[:3]", "--out", str(tmp_path / "run"), *fixed]
    run = CliRunner().invoke(app, command)
    assert run.exit_code == 0, run.stderr
    fitted = json.loads(run.stdout)
    assert fitted["features"]["dimension"] == found[f"{network}[:3]"]["dimension"] == 48
    assert any("has no classifier layer to put the head in" in notice for notice in fitted["notices"])
    picture = next((place / "pictures" / "red").iterdir())
    said = CliRunner().invoke(app, ["predict", str(tmp_path / "run"), str(picture), "--format", "json"])
    assert said.exit_code == 0, said.stderr


def test_the_weights_of_a_part_are_not_moved(place):
    network = str(place / "convolutions")
    for verb in (("fit", "--method", "lpft"), ("compare", "--arms", "probe", "lpft")):
        command = [verb[0], str(place / "pictures"), *verb[1:], "--encoder", f"{network}[:2]"]
        answer = CliRunner().invoke(app, [*command, "--cache", str(place / "cache")])
        assert answer.exit_code == 1
        assert answer.stderr.endswith(
            f"Error: The weights of '{network}[:2]' cannot be moved by lpft. It is a part of a network: what lies "
            "behind it is left out. Take the whole network, or fit a probe.\n"
        )


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


def test_a_ranking_is_kept_in_a_folder_with_a_page_of_its_own(place, tmp_path):
    names = [str(place / kind) for kind in ("convolutions", "transformer")]
    answer = rank(place, "--encoders", *names, "--out", str(tmp_path / "study"))
    assert answer.exit_code == 0, answer.stderr
    assert (
        answer.stdout.splitlines()[-1] == f"Written: {tmp_path / 'study/rank.json'}, {tmp_path / 'study/report.html'}"
    )
    kept = json.loads((tmp_path / "study/rank.json").read_text(encoding="utf-8"))
    assert list(kept) == ["kind", "created", "environment", "ranking"]
    assert {row["encoder"] for row in kept["ranking"]} == set(names)
    assert '<section id="ranking"' in (tmp_path / "study/report.html").read_text(encoding="utf-8")
    again = rank(place, "--encoders", *names, "--out", str(tmp_path / "study"))
    assert again.exit_code == 1
    assert again.stderr == (
        f"Error: '{tmp_path / 'study/rank.json'}' is there already. Nothing is ever overwritten. Name another folder.\n"
    )
