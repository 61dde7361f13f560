"""``headstart check`` on pictures with planted faults."""

import csv
import json
import re
import sys

import pytest
from PIL import Image

import headstart as library
from planted import save_scenes


@pytest.fixture(scope="module")
def scenes(tmp_path_factory):
    folder = tmp_path_factory.mktemp("scenes") / "scenes"
    return folder, save_scenes(folder, 20)


def read_rows(path):
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_planted_faults_are_found_and_counted(headstart, scenes, tmp_path):
    folder, planted = scenes
    answer = headstart("check", folder, "--out", tmp_path / "audit", "--json")
    assert answer.exit_code == 0, answer.stderr
    found = json.loads(answer.stdout)
    pairs = {(pair["one"], pair["other"]): pair for pair in found["near_duplicates"]}
    assert set(pairs) == set(planted["copies"])
    for pair in pairs.values():
        assert pair["parts"] == ["train", "validation"]
        assert pair["hash_distance"] <= 6
        assert pair["distance"] < 0.05
    assert {one["path"] for one in found["label_errors"]} == set(planted["wrong"])
    assert {one["path"]: one["suggested"] for one in found["label_errors"]} == {
        "train/red/90.png": "blue", "train/green/90.png": "red", "val/blue/90.png": "green"
    }  # fmt: skip
    assert found["quality"]["blurry"] == ["train/red/80.png"]
    assert found["quality"]["dark"] == ["train/blue/82.png"]
    assert found["quality"]["odd_shaped"] == ["train/red/81.png"]
    assert found["counts"]["near_duplicates_across_splits"] == 2
    assert found["counts"]["label_errors"] == 3
    assert found["imbalance"]["counts"]["red"] == 34
    assert found["cleaning"]["low"] <= found["cleaning"]["difference"] <= found["cleaning"]["high"]
    kept = json.loads((tmp_path / "audit" / "check.json").read_text())
    assert kept.pop("kind") == "check"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d", kept["environment"]["started"])
    assert kept.pop("created") == kept.pop("environment")["started"]
    assert kept.pop("root") == str(folder)
    assert found == kept
    assert answer.stderr.splitlines()[-1] == f"Written: {tmp_path / 'audit' / 'report.html'}"
    assert sorted(path.name for path in (tmp_path / "audit").iterdir() if path.suffix != ".png") == [
        "check.csv", "check.json", "gallery", "report.html"
    ]  # fmt: skip
    for name in ("near_duplicates", "label_errors", "poor_pictures"):
        with Image.open(tmp_path / "audit" / f"{name}.png") as sheet:
            assert sheet.width >= 900


def test_people_are_told_in_sentences_and_tables(headstart, scenes):
    answer = headstart("check", scenes[0])
    lines = answer.stdout.splitlines()
    assert "Near copies: 2 pairs, 2 of them in different parts of the data." in lines
    assert "Likely label errors, for review: 3. About half of such suggestions are right." in lines
    assert "1 picture is blurred: 'train/red/80.png'." in lines
    assert "1 picture is dark: 'train/blue/82.png'." in lines
    assert "Classes that are recognised worst:" in lines  # there are no groups here
    assert any(line.startswith("Cleaning: Leaving the ") for line in lines)
    assert lines[-1] == "Nothing was deleted. Look at the pictures before you change anything."


@pytest.mark.parametrize(("language", "tag", "words"), [("en", "en", "in both parts"), ("zh", "zh-Hans", "跨越划分：")])
def test_the_page_shows_pairs_and_suspects_with_their_pictures(headstart, scenes, tmp_path, language, tag, words):
    folder, planted = scenes
    assert headstart("check", folder, "--out", tmp_path / "audit", "--lang", language).exit_code == 0
    html = (tmp_path / "audit" / "report.html").read_text(encoding="utf-8")
    assert f'<html lang="{tag}">' in html
    assert "<h1><bdi>scenes</bdi></h1>" in html
    assert html.count(words) == 4  # both pictures of two pairs
    for name in (*planted["copies"][0], *planted["wrong"], "train/red/80.png", "train/blue/82.png"):
        assert re.search(rf'<img src="data:image/jpeg;base64,[^"]+" alt="{name}">', html), name


def test_the_cleaned_table_can_be_fitted_with_copies_on_one_side(headstart, scenes, tmp_path):
    folder, planted = scenes
    assert headstart("check", folder, "--export", tmp_path / "clean").exit_code == 0
    rows = read_rows(tmp_path / "clean" / "cleaned.csv")
    groups = {row["path"].removeprefix(f"{folder}/"): row["group"] for row in rows}
    assert not set(planted["wrong"]) & set(groups)
    for one, other in planted["copies"]:
        assert groups[one] == groups[other]
    listed = read_rows(tmp_path / "clean" / "label_errors.csv")
    assert {row["path"].removeprefix(f"{folder}/") for row in listed} == set(planted["wrong"])
    answer = headstart("fit", tmp_path / "clean" / "cleaned.csv", "--group-by", "group", "--dry-run")
    assert answer.exit_code == 0, answer.stderr


def test_a_run_folder_gets_the_audit_beside_its_scores(headstart, scenes, tmp_path):
    assert headstart("fit", scenes[0], "--head", "ridge", "--out", tmp_path / "run").exit_code == 0
    assert headstart("check", scenes[0], "--out", tmp_path / "run").exit_code == 0
    assert {"check.json", "metrics.json", "near_duplicates.png", "report.html"} <= {
        path.name for path in (tmp_path / "run").iterdir()
    }
    html = (tmp_path / "run" / "report.html").read_text(encoding="utf-8")
    assert 'id="scores"' in html and "Nearly the same pictures" in html
    again = headstart("check", scenes[0], "--out", tmp_path / "run")
    assert again.exit_code == 1
    assert again.stderr == (
        f"Error: '{tmp_path / 'run' / 'check.json'}' is there already. Nothing is ever overwritten. "
        "Name another folder.\n"
    )


def test_without_cleanlab_the_rest_is_checked_and_the_way_to_get_it_is_said(headstart, scenes, monkeypatch):
    monkeypatch.setitem(sys.modules, "cleanlab", None)
    answer = headstart("check", scenes[0], "--json")
    assert answer.exit_code == 0, answer.stderr
    found = json.loads(answer.stdout)
    assert (found["label_errors"], found["counts"]["label_errors"]) == ([], None)
    assert found["counts"]["near_duplicates"] == 2
    assert found["notices"] == [
        "Label errors were not looked for. The package 'cleanlab' is not installed. It is needed to find labels that "
        'are likely wrong. Install it with: pip install "headstart[check]"'
    ]
    said = headstart("check", scenes[0]).stdout
    assert "Likely label errors" not in said and "Label errors were not looked for." in said


def test_a_folder_that_is_not_free_is_refused_before_anything_is_read(headstart, scenes, tmp_path):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("x")
    answer = headstart("check", scenes[0], "--out", tmp_path / "full")
    assert (answer.exit_code, answer.stderr) == (
        1,
        f"Error: The folder '{tmp_path / 'full'}' is not empty. Nothing is ever overwritten. "
        "Name a new folder, or empty this one first.\n",
    )


def test_the_library_does_the_same(scenes, fake_network):
    with pytest.warns(library.HeadstartWarning, match="different splits"):
        report = library.check(scenes[0], seed=1)
    assert report.counts()["label_errors"] == 3
    assert report.files == ()


def test_one_class_is_refused(headstart, scenes, tmp_path):
    answer = headstart("check", scenes[0] / "train" / "red")
    assert answer.exit_code == 1
    assert answer.stderr.startswith("Error: The pictures have no classes.")
