"""``headstart predict``: pictures, folders and patterns in; a table, CSV or JSON out."""

import csv
import io
import json
import shutil
from pathlib import Path

import pytest

from pictures import save_flowers


@pytest.fixture
def model(headstart, flowers) -> str:
    """A run whose model is asked."""
    assert headstart("fit", flowers, "--head", "lda", "--out", "run").exit_code == 0
    return "run"


@pytest.fixture
def new(model, tmp_path) -> Path:
    """New pictures, in the folder where the test runs."""
    return save_flowers(Path("new"), 2, seed=900)


def test_a_table_for_people_is_the_default(headstart, model, new):
    quiet = ("--false-alarms", "0.001")  # of thirty held-out pictures none can be so rare
    answer = headstart("predict", model, "new/rose/0.jpg", "new/tulip/1.jpg", "--top", "1", *quiet)
    assert (answer.exit_code, answer.stderr) == (0, "")
    head, *rows = answer.stdout.splitlines()
    assert head.split() == ["picture", "class", "probability", "then"]
    assert [row.split()[:2] for row in rows] == [["new/rose/0.jpg", "rose"], ["new/tulip/1.jpg", "tulip"]]


def test_json_is_a_list_of_objects_with_path_label_probability_and_top(headstart, model, new):
    answer = headstart("predict", model, new, "--json", "--top", "2")
    found = json.loads(answer.stdout)
    assert [one["path"] for one in found] == [
        f"new/{name}/{number}.jpg" for name in ("daisy", "rose", "tulip") for number in (0, 1)
    ]
    for one in found:
        assert set(one) == {
            *("path", "label", "probability", "top", "prediction_set"),
            *("abstained", "reason", "unfamiliar", "familiarity", "novelty"),
        }
        assert one["prediction_set"] == [one["label"]]
        assert one["label"] == one["path"].split("/")[1]
        assert len(one["top"]) == 2
        assert one["top"][0] == {"label": one["label"], "probability": one["probability"]}
    assert headstart("predict", model, new, "--format", "json", "--top", "2").stdout == answer.stdout


def test_csv_has_one_row_per_picture(headstart, model, new):
    rows = list(csv.DictReader(io.StringIO(headstart("predict", model, new, "--format", "csv").stdout)))
    assert list(rows[0]) == [
        *("path", "label", "probability", "label_2", "probability_2", "label_3", "probability_3"),
        *("prediction_set", "abstained", "reason", "unfamiliar", "familiarity", "novelty"),
    ]
    assert [row["label"] for row in rows] == ["daisy", "daisy", "rose", "rose", "tulip", "tulip"]


def test_a_pattern_gives_the_pictures_that_match(headstart, model, new):
    found = json.loads(headstart("predict", model, "new/*/1.jpg", "--json").stdout)
    assert [one["path"] for one in found] == ["new/daisy/1.jpg", "new/rose/1.jpg", "new/tulip/1.jpg"]


@pytest.mark.parametrize("form", ["table", "csv", "json"])
def test_out_takes_what_standard_output_would_have_got(form, headstart, model, new):
    printed = headstart("predict", model, new, "--format", form).stdout
    answer = headstart("predict", model, new, "--format", form, "--out", "answers")
    assert (answer.stdout, answer.stderr) == ("", "6 predictions written to answers\n")
    assert Path("answers").read_bytes().decode() == printed


@pytest.mark.parametrize(("name", "form"), [("answers.csv", "csv"), ("answers.JSON", "json"), ("answers.txt", "table")])
def test_the_suffix_of_out_chooses_the_format_when_none_is_given(name, form, headstart, model, new):
    headstart("predict", model, new, "--out", name)
    assert Path(name).read_text(encoding="utf-8") == headstart("predict", model, new, "--format", form).stdout


def test_out_is_a_new_file_of_a_known_kind(headstart, model, new, monkeypatch):
    Path("mine.csv").write_text("mine", encoding="utf-8")
    refused = headstart("predict", model, new, "--out", "mine.csv")
    assert refused.stderr == "Error: 'mine.csv' is there already. Nothing is ever overwritten. Name a new file.\n"
    assert Path("mine.csv").read_text(encoding="utf-8") == "mine"
    refused = headstart("predict", model, new, "--out", "answers.xlsx")
    assert refused.stderr == (
        "Error: The name 'answers.xlsx' does not say how the file is to be written. "
        "Known endings are .csv, .json and .txt. Change the end of the name.\n"
    )
    assert refused.exit_code == 1
    monkeypatch.setenv("HOME", str(Path.cwd()))
    assert headstart("predict", model, new, "--out=~/home.csv").exit_code == 0
    assert Path("home.csv").is_file()


def test_an_unreadable_picture_among_good_ones_is_named_and_the_others_are_predicted(headstart, model, new):
    Path("new/rose/empty.jpg").write_bytes(b"")
    answer = headstart("predict", model, new, "--json")
    assert answer.exit_code == 0
    assert len(json.loads(answer.stdout)) == 6
    assert answer.stderr == "Left out, unreadable: new/rose/empty.jpg (The file is empty: it has 0 bytes.)\n"


def test_files_of_a_folder_that_are_no_pictures_are_said(headstart, model, new):
    (new / "IMG_1.xyz").write_bytes(b"%PDF-1.7")
    answer = headstart("predict", model, new)
    assert (answer.exit_code, answer.stderr.splitlines()) == (
        0,
        [
            "1 file without a picture's suffix (1 .xyz) was left out.",
            "The .xyz files, such as 'IMG_1.xyz': It is a PDF document: export its pictures, as PNG for instance.",
        ],
    )


def test_strict_refuses_an_unreadable_picture(headstart, model, new):
    Path("new/rose/empty.jpg").write_bytes(b"")
    answer = headstart("predict", model, new, "--strict")
    assert (answer.exit_code, answer.stdout) == (1, "")
    assert answer.stderr == (
        "Error: The picture 'new/rose/empty.jpg' cannot be read. The file is empty: it has 0 bytes. Leave it out.\n"
    )


def test_when_no_picture_can_be_read_that_is_an_error(headstart, model):
    Path("a.jpg").write_bytes(b"")
    answer = headstart("predict", model, "a.jpg")
    assert (answer.exit_code, answer.stdout) == (1, "")
    assert answer.stderr == (
        "Error: None of the pictures can be read. 'a.jpg': The file is empty: it has 0 bytes. Check the files.\n"
    )
    chinese = headstart("--lang", "zh", "predict", model, "a.jpg").stderr
    assert chinese == "错误：没有一张图片可以读取。“a.jpg”：文件是空的：0 字节。请检查文件。\n"


def test_names_in_every_script_are_predicted_by_name(headstart, model, new):
    shutil.copy("new/rose/0.jpg", "红 玫瑰 🌹.jpg")
    answer = headstart("predict", model, "红 玫瑰 🌹.jpg")
    assert answer.stdout.splitlines()[1].startswith("红 玫瑰 🌹.jpg  rose")


def test_the_run_folder_or_the_model_folder_in_it_can_be_named(headstart, model, new):
    answers = [headstart("predict", folder, new, "--json").stdout for folder in ("run", "run/model")]
    assert answers[0] == answers[1]


def test_nothing_is_kept_of_a_prediction(headstart, model, new, tmp_path):
    before = sorted((tmp_path / "cache").rglob("*"))
    headstart("predict", model, new)
    assert sorted((tmp_path / "cache").rglob("*")) == before
