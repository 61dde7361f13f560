"""What a page is read from, and what is said of files that are no such files."""

import json
import shutil
from pathlib import Path

import pytest

from headstart.errors import DataError
from headstart.reporting.page.reading import read_page


def write(folder: Path, **files: str) -> Path:
    folder.mkdir(exist_ok=True)
    for name, text in files.items():
        (folder / name.replace("_json", ".json").replace("_csv", ".csv")).write_text(text, encoding="utf-8")
    return folder


def test_a_run_is_read_whole(odd_run):
    page = read_page(odd_run)
    assert page.run is not None
    assert page.name == "run"
    assert len(page.run.answers) == page.run.metrics["evaluation"]["count"]
    assert sum(page.run.counts.parts.values()) == 40
    assert sum(page.run.counts.fitted.values()) == page.run.metrics["counts"]["fit"]
    assert page.run.recipe["head"] == "centroid"
    assert page.run.history == ()
    assert len(page.previews) == len(list((odd_run / "gallery").glob("*.jpg"))) > 0


def test_of_a_run_only_the_scores_are_needed(odd_run, tmp_path):
    shutil.copy(odd_run / "metrics.json", tmp_path)
    page = read_page(tmp_path)
    assert page.run is not None
    assert (page.run.answers, page.run.environment, page.run.recipe, page.previews) == ((), {}, {}, {})


def test_a_history_is_read_with_gaps_where_nothing_was_validated(tmp_path):
    write(tmp_path, metrics_json="{}", history_csv="epoch,loss,validation_loss\n1,0.5,\n2,0.25,0.75\n")
    assert read_page(tmp_path).run.history == (
        {"epoch": 1.0, "loss": 0.5, "validation_loss": None},
        {"epoch": 2.0, "loss": 0.25, "validation_loss": 0.75},
    )


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (
            lambda folder: folder.mkdir(),
            "It holds none of metrics.json, compare.json, rank.json, check.json and search.json.",
        ),
        (lambda folder: None, "There is no such folder."),
        (lambda folder: folder.write_text("x"), "It is no folder."),
    ],
)
def test_where_there_is_nothing_the_error_says_what_a_run_holds(tmp_path, make, reason):
    folder = tmp_path / "empty"
    make(folder)
    with pytest.raises(DataError) as caught:
        read_page(folder)
    assert str(caught.value) == (
        f"There is nothing to report in '{folder}'. {reason} Name the folder of a run, such as runs/flowers-1."
    )


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("metrics_json", "{", "Expecting property name enclosed in double quotes: line 1 column 2 (char 1)."),
        ("compare_json", "[1]", "it holds no object."),
        ("predictions_csv", "path,label\na,b\n", "a row is cut: not enough values to unpack (expected 4, got 2)."),
        ("data_csv", "path,sha256,label,split,group,part\na,b\n", "a row has 2 cells instead of 6."),
        ("history_csv", "epoch,loss\n1,much\n", "could not convert string to float: 'much'."),
    ],
)  # fmt: skip
def test_a_damaged_file_is_named_with_the_reason(tmp_path, name, text, reason):
    folder = write(tmp_path / "run", **{"metrics_json": "{}", name: text})
    with pytest.raises(DataError) as caught:
        read_page(folder)
    file = folder / name.replace("_json", ".json").replace("_csv", ".csv")
    assert str(caught.value) == (
        f"'{file}' cannot be read. {reason} Take it out of the folder, or make it again with the same command."
    )


def test_a_file_that_is_no_text_is_named(tmp_path):
    (tmp_path / "metrics.json").write_bytes(b"\xff\xfe")
    with pytest.raises(DataError, match=r"metrics.json' cannot be read. 'utf-8' codec"):
        read_page(tmp_path)


def test_names_that_are_no_unicode_find_their_pictures(tmp_path):
    """A file name of undecodable bytes is written into the tables as an escape."""
    from headstart.reporting.page.gallery import file_name

    assert file_name("rose-\udce9.jpg") == file_name(r"rose-\udce9.jpg")


def test_numbers_in_json_are_kept(odd_run):
    assert read_page(odd_run).run.metrics == json.loads((odd_run / "metrics.json").read_text(encoding="utf-8"))
