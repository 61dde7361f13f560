"""What a call says of its data: a second folder to score, the columns and the folder of a table."""

import json
from pathlib import Path

from headstart.data.sources import read_dataset
from pictures import save_flowers


def test_the_second_of_two_folders_is_scored(headstart):
    train, test = save_flowers(Path("train"), 6), save_flowers(Path("test"), 2, seed=500)
    answer = headstart("fit", train, test, "--head", "centroid", "--out", "run", "--json")
    assert answer.exit_code == 0, answer.stderr
    found = json.loads(answer.stdout)
    assert (found["classes"], found["counts"]["fit"], found["counts"]["score"]) == (["daisy", "rose", "tulip"], 18, 6)
    assert {one.name.split("/")[0] for one in read_dataset("run/predictions.csv").examples} == {"test"}
    again = headstart("fit", train, "--test", test, "--head", "centroid", "--dry-run")
    assert "Parts: 18 pictures to fit, 6 to score." in again.stdout
    assert 'test = "test"' in Path("run/recipe.toml").read_text("utf-8")


def test_a_table_is_predicted_and_its_columns_may_be_named(headstart):
    save_flowers(Path("flowers"), 6)
    assert headstart("fit", "flowers", "--head", "centroid", "--out", "run").exit_code == 0
    Path("new.csv").write_text("what,where\n1,rose/0.jpg\n2,tulip\\1.jpg\n3,rose/gone.jpg\n", "utf-8")
    answer = headstart("predict", "run", "new.csv", "--path-column", "where", "--images", "flowers", "--json")
    assert answer.exit_code == 0, answer.stderr
    assert [one["label"] for one in json.loads(answer.stdout)] == ["rose", "tulip"]
    assert "rose/gone.jpg" in answer.stderr
    refused = headstart("predict", "run", "new.csv", "--path-column", "where", "--images", "flowers", "--strict")
    assert refused.exit_code == 1


def test_a_column_that_is_not_there_is_said_with_those_that_are(headstart):
    save_flowers(Path("flowers"), 2)
    Path("t.csv").write_text("path,kind\nflowers/rose/0.jpg,rose\n", "utf-8")
    answer = headstart("fit", "t.csv", "--label-column", "knd")
    assert answer.stderr == (
        "Error: The table 't.csv' has no column 'knd'. Its columns are 'path' and 'kind'. Did you mean 'kind'?\n"
    )
    answer = headstart("fit", "t.csv")
    assert "not the column 'kind'. --label-column names it." in answer.stderr
