import csv
import io
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from headstart.data.example import Dataset, Example
from headstart.metrics.classification.values import ClassEvaluation, ClassRow
from headstart.metrics.values import Score
from headstart.probing.class_prediction import Choice, Prediction, predictions_from
from headstart.reporting.class_tables import (
    predictions_to_csv,
    predictions_to_text,
    write_per_class,
    write_predictions,
)
from headstart.reporting.tables import aligned, csv_text, predictions_to_json, write_data_table
from headstart.runtime.text import escape_control_characters


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_the_data_table_says_what_each_picture_was_used_for(tmp_path: Path) -> None:
    examples = (
        Example("x", "rose/1.jpg", {"label": "rose"}, "train", "garden 1"),
        Example("y", "玫瑰, red/2.jpg", {"label": "玫瑰, red"}, "test"),
        Example("z", "broken.jpg"),
    )
    write_data_table(
        tmp_path / "data.csv",
        Dataset("flowers", examples),
        [b"\x01" * 32, b"\xff" * 32, b""],
        ["fit", "score", "left out"],
    )
    assert (tmp_path / "data.csv").read_text(encoding="utf-8-sig") == (
        "path,sha256,label,split,group,part\n"
        f"rose/1.jpg,{'01' * 32},rose,train,garden 1,fit\n"
        f'"玫瑰, red/2.jpg",{"ff" * 32},"玫瑰, red",test,,score\n'
        "broken.jpg,,,,,left out\n"
    )


def test_a_table_with_missing_parts_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="shorter"):
        write_data_table(tmp_path / "data.csv", Dataset("d", (Example("x", "x"),)), [b""], [])
    assert list(tmp_path.iterdir()) == []


@given(st.lists(st.lists(st.text(st.characters(codec="utf-8")), min_size=2, max_size=2)))
def test_any_names_come_back_from_csv_as_they_were(rows: list[list[str]]) -> None:
    text = csv_text(("a", "b"), rows)
    assert list(csv.reader(io.StringIO(text, newline=""))) == [["a", "b"], *rows]


def test_the_first_column_has_its_plain_name_for_every_reader(tmp_path: Path) -> None:
    write_data_table(tmp_path / "data.csv", Dataset("d", ()), [], [])
    assert (tmp_path / "data.csv").read_bytes() == b"path,sha256,label,split,group,part\n"


def evaluation_of(rows: tuple[ClassRow, ...]) -> ClassEvaluation:
    score = Score(0.5, 0.25, 0.75)
    scores = {name: score for name, kind in ClassEvaluation.__annotations__.items() if kind is Score}
    return ClassEvaluation(
        count=4,
        classes=tuple(row.name for row in rows),
        top_k={},
        reliability=(),
        per_class=rows,
        confusion=(),
        **scores,
    )


def test_the_per_class_table_has_every_score_with_its_interval(tmp_path: Path) -> None:
    score, undefined = Score(0.5, 0.25, 0.75), Score(float("nan"), float("nan"), float("nan"))
    row = ClassRow('rose "red"', 3, 2, score, Score(1 / 3, 0.0, 1.0), score, undefined, score)
    write_per_class(tmp_path / "per_class.csv", evaluation_of((row,)))
    (found,) = rows_of(tmp_path / "per_class.csv")
    assert found["class"] == 'rose "red"'
    assert (found["support"], found["predicted"]) == ("3", "2")
    assert (found["precision"], found["precision_low"], found["precision_high"]) == ("0.500000", "0.250000", "0.750000")
    assert found["recall"] == "0.333333"
    assert (found["roc_auc"], found["roc_auc_low"], found["roc_auc_high"]) == ("", "", "")
    assert list(found)[-1] == "average_precision_high"


def test_the_predictions_table_has_one_probability_per_class(tmp_path: Path) -> None:
    examples = [
        Example("a", "a.jpg", {"label": "玫瑰"}),
        Example("b", "b.jpg", {"label": "path"}),
        Example("c", "c.jpg"),
    ]
    probabilities = np.array([[0.25, 0.75], [0.5, 0.5], [1.0, 0.0]], dtype=np.float32)
    write_predictions(tmp_path / "predictions.csv", examples, probabilities, ("path", "玫瑰"))
    rows = rows_of(tmp_path / "predictions.csv")
    assert rows[0] == {
        "path": "a.jpg", "label": "玫瑰", "predicted": "玫瑰", "probability": "0.750000", "correct": "true",
        "p(path)": "0.250000", "p(玫瑰)": "0.750000",
    }  # fmt: skip
    assert [row["correct"] for row in rows] == ["true", "true", ""]
    assert rows[1]["predicted"] == "path"  # of equal ones the first, as in predictions_from


def test_a_wrong_prediction_is_called_false(tmp_path: Path) -> None:
    write_predictions(tmp_path / "p.csv", [Example("a", "a.jpg", {"label": "x"})], np.array([[0.1, 0.9]]), ("x", "y"))
    assert rows_of(tmp_path / "p.csv")[0]["correct"] == "false"


def test_predictions_name_the_likeliest_classes_in_order() -> None:
    (first, second) = predictions_from(["a", "b"], np.array([[0.2, 0.5, 0.3], [0.4, 0.2, 0.4]]), ["x", "y", "z"], top=2)
    assert first == Prediction("a", "y", 0.5, (Choice("y", 0.5), Choice("z", 0.3)))
    assert second.top == (Choice("x", 0.4), Choice("z", 0.4))
    assert type(first.probability) is float


def test_equal_classes_stay_in_their_order_however_many() -> None:
    names = [str(number) for number in range(100)]
    (only,) = predictions_from(["a"], np.full((1, 100), 0.01), names, top=100)
    assert [choice.label for choice in only.top] == names


def test_more_choices_than_classes_give_all_classes() -> None:
    (only,) = predictions_from(["a"], np.array([[0.9, 0.1]]), ["x", "y"], top=7)
    assert [choice.label for choice in only.top] == ["x", "y"]


PREDICTIONS = predictions_from(
    ["画/rose, red.jpg", "b.jpg"], np.array([[0.75, 0.25], [0.0, 1.0]]), ["玫瑰", 'tulip "t"'], top=2
)


def test_predictions_as_a_table_are_aligned_also_in_chinese() -> None:
    assert predictions_to_text(PREDICTIONS) == (
        "picture           class      probability  then\n"
        '画/rose, red.jpg  玫瑰            75.0 %  tulip "t" 25.0 %\n'
        'b.jpg             tulip "t"      100.0 %  玫瑰 0.0 %\n'
    )


def test_predictions_as_csv_have_one_row_per_picture() -> None:
    assert predictions_to_csv(PREDICTIONS) == (
        "path,label,probability,label_2,probability_2\n"
        '"画/rose, red.jpg",玫瑰,0.750000,"tulip ""t""",0.250000\n'
        'b.jpg,"tulip ""t""",1.000000,玫瑰,0.000000\n'
    )


def test_predictions_as_json_have_the_promised_keys() -> None:
    assert json.loads(predictions_to_json(PREDICTIONS))[0] == {
        "path": "画/rose, red.jpg",
        "label": "玫瑰",
        "probability": 0.75,
        "top": [{"label": "玫瑰", "probability": 0.75}, {"label": 'tulip "t"', "probability": 0.25}],
        "prediction_set": [],
        "abstained": False,
        "reason": "",
        "unfamiliar": False,
        "familiarity": None,
        "novelty": None,
    }


def test_no_predictions_are_still_a_table_a_csv_and_a_list() -> None:
    assert predictions_to_text([]) == "picture  class  probability  then\n"
    assert predictions_to_csv([]) == "path,label,probability\n"
    assert predictions_to_json([]) == "[]\n"


def test_a_file_name_cannot_write_over_the_terminal() -> None:
    line = predictions_to_text([Prediction("\x1b[2J\n\u202egpj.exe", "x", 1.0, ())]).splitlines()[1]
    assert line.startswith(r"\x1b[2J\n\u202egpj.exe")


@given(st.lists(st.tuples(st.text(), st.text()), min_size=1))
def test_the_second_column_begins_at_one_place_whatever_the_names(rows: list[tuple[str, str]]) -> None:
    lines = aligned([(name, f"#{end}") for name, end in rows]).splitlines()
    width = max(cell_len(escape_control_characters(name)) for name, _ in rows)
    assert len(lines) == len(rows)
    for line, (name, _) in zip(lines, rows, strict=True):
        start = escape_control_characters(name)
        assert line.startswith(start + " " * (width - cell_len(start)) + "  #")


@pytest.mark.parametrize("name", ["玫瑰", "a\u3000b", "क्\u200dष", "👨\u200d👩", "é"])
def test_ordinary_words_of_any_script_are_shown_as_they_are(name: str) -> None:
    assert escape_control_characters(name) == name
