"""What goes wrong is told in one line on standard error: what, why or where, what to do; and nothing is left behind."""

import errno
import json
import os
import shutil
from pathlib import Path

import pytest

from headstart.encoders.loading import load_encoder
from headstart.settings.recipe import Recipe
from pictures import save_flowers


def refused(answer) -> str:
    """The one line of an error that was explained."""
    assert (answer.exit_code, answer.stdout) == (1, ""), answer.output
    assert "Traceback" not in answer.stderr
    start, _, message = answer.stderr.removesuffix("\n").partition("Error: ")
    assert (start, message.count("\n")) == ("", 0), answer.stderr
    assert not Path("runs").exists() or list(Path("runs").iterdir()) == []
    return message


# --- data -------------------------------------------------------------------------------------------------------------


def test_a_missing_folder_gets_the_nearest_name(headstart):
    save_flowers(Path("flowers"), 1)
    assert refused(headstart("fit", "flowrs")) == "'flowrs' does not exist. Did you mean 'flowers'?"
    assert refused(headstart("fit", "else/where")) == (
        "'else/where' does not exist. Nor does the folder 'else'. Check the path."
    )


def test_an_empty_folder(headstart):
    Path("empty").mkdir()
    assert refused(headstart("fit", "empty")) == (
        "There are no pictures in 'empty'. The folder is empty. "
        "Put one folder per class into it, with the pictures inside."
    )


def test_a_folder_without_classes(headstart):
    save_flowers(Path("flowers"), 2)
    assert refused(headstart("fit", "flowers/rose")) == (
        "The pictures have no classes. There is no label for '0.jpg' and '1.jpg'. "
        "Put one folder per class, or give a table with the columns path and label."
    )


def test_one_class_only(headstart):
    save_flowers(Path("flowers"), 3)
    shutil.rmtree("flowers/tulip")
    shutil.rmtree("flowers/daisy")
    assert refused(headstart("fit", "flowers")) == (
        "There is only one class with readable pictures: 'rose'. A classifier needs at least two. "
        "Put the pictures of each class into a folder of its own."
    )


def test_no_readable_picture(headstart):
    save_flowers(Path("flowers"), 1)
    for path in Path("flowers").rglob("*.jpg"):
        path.write_bytes(b"")
    assert refused(headstart("fit", "flowers")) == (
        "No picture can be read. 'daisy/0.jpg': The file is empty: it has 0 bytes. Check the data."
    )


def test_one_picture_per_class(headstart):
    save_flowers(Path("flowers"), 1)
    assert refused(headstart("fit", "flowers")) == (
        "No picture can be held out for scoring. No class has two pictures that are neither duplicates nor of one "
        "group. Add pictures, or check the group column or pattern."
    )


def test_a_group_column_that_is_not_there(headstart):
    save_flowers(Path("flowers"), 2)
    Path("t.csv").write_text("path,label,patient\nflowers/rose/0.jpg,rose,1\n", encoding="utf-8")
    assert refused(headstart("fit", "t.csv", "--group-by", "patent")) == (
        "The table 't.csv' has no column 'patent'. Its columns are 'path', 'label' and 'patient'. "
        "Did you mean 'patient'?"
    )


def test_a_group_pattern_that_matches_nothing(headstart):
    save_flowers(Path("flowers"), 2)
    assert refused(headstart("fit", "flowers", "--group-pattern", "patient[0-9]")) == (
        "The group pattern 'patient[0-9]' matches no picture. The first one is called 'daisy/0.jpg'. "
        "Change the pattern; it is searched in names like this one."
    )


# --- settings ---------------------------------------------------------------------------------------------------------


def test_a_misspelt_head(headstart):
    assert refused(headstart("fit", "flowers", "--head", "rigde")) == (
        "The setting head = 'rigde' is not known. It can be auto, logistic, ridge, lda, knn, centroid, mlp, words, "
        "words_logistic or stacked. Did you mean 'ridge'?"
    )


def test_a_misspelt_encoder(headstart):
    save_flowers(Path("flowers"), 2)
    message = refused(headstart("fit", "flowers", "--encoder", "efficientnet_lit1"))
    assert message.startswith("There is no encoder 'efficientnet_lit1'. An encoder is a name such as ")
    assert message.endswith(" Did you mean 'efficientnet_lite1'?")


@pytest.mark.parametrize("verb", [("fit", "flowers"), ("embed", "flowers", "--out", "flowers.parquet")])
def test_weights_that_are_not_here_name_the_command_that_brings_them(verb, headstart, monkeypatch):
    monkeypatch.setattr("headstart.encoders.loading.load_encoder", load_encoder)
    save_flowers(Path("flowers"), 2)
    assert refused(headstart(*verb, "--encoder", "timm:resnet50")) == (
        "The weights of timm:resnet50 are not on this machine. They lie on a model hub, and nothing is downloaded "
        "unasked. Bring them with: headstart encoders get timm:resnet50"
    )
    assert not Path("flowers.parquet").exists()


def test_an_unknown_key_in_a_recipe_gets_the_nearest_name(headstart):
    Path("r.toml").write_text('hed = "lda"\n', encoding="utf-8")
    said = refused(headstart("fit", "flowers", "--recipe", "r.toml"))
    assert said.startswith("The recipe 'r.toml' has an unknown key 'hed'. The keys are task, ")
    assert said.endswith(" and max_megapixels. Did you mean 'head'?")
    assert all(key in said for key in Recipe().to_json())


def test_a_recipe_that_is_not_there(headstart):
    assert refused(headstart("fit", "flowers", "--recipe", "r.toml")) == (
        "The recipe 'r.toml' does not exist. Check the path; a run leaves its own as recipe.toml."
    )


def test_a_recipe_that_is_not_toml(headstart):
    Path("r.toml").write_text("head: lda\n", encoding="utf-8")
    message = refused(headstart("fit", "flowers", "--recipe", "r.toml"))
    assert message.startswith("The recipe 'r.toml' is not TOML. Expected '=' after a key")
    assert message.endswith(' Write lines such as: head = "ridge"')


def test_a_recipe_that_is_a_folder(headstart):
    Path("r.toml").mkdir()
    assert refused(headstart("fit", "flowers", "--recipe", "r.toml")) == (
        "The recipe 'r.toml' cannot be read. Is a directory. Check the path and its rights."
    )


# --- models -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def model(headstart, flowers) -> Path:
    """A saved model to be damaged."""
    assert headstart("fit", flowers, "--head", "lda", "--out", "a/run").exit_code == 0
    return Path("a/run/model")


def test_a_model_that_is_not_there_gets_the_nearest_name(headstart, model):
    assert refused(headstart("predict", "a/rum", "x.jpg")) == (
        "There is no model at 'a/rum'. The folder does not exist. Did you mean 'a/run'?"
    )


def test_a_folder_that_is_no_model(headstart, flowers):
    Path("other").mkdir()
    assert refused(headstart("evaluate", "other", flowers)) == (
        "'other' is not a saved model. The folder has no manifest.json. "
        "Name a folder that 'headstart fit' or Model.save wrote."
    )


def test_a_model_of_a_newer_version(headstart, model):
    manifest = json.loads((model / "manifest.json").read_bytes())
    (model / "manifest.json").write_text(json.dumps({**manifest, "format": 99, "headstart": "9.0"}), encoding="utf-8")
    assert refused(headstart("predict", "a/run", "x.jpg")) == (
        f"The model '{model}' was saved by a newer Headstart (9.0). Its format is 99; this Headstart reads formats up "
        "to 2. Update with: pip install --upgrade headstart"
    )


def test_a_model_with_a_changed_byte(headstart, model):
    content = bytearray((model / "head.safetensors").read_bytes())
    content[-1] ^= 1
    (model / "head.safetensors").write_bytes(content)
    message = refused(headstart("predict", model, "x.jpg"))
    assert message.startswith(
        f"The model '{model}' is damaged. '{model / 'head.safetensors'}' has changed since it was written: "
    )
    assert message.endswith("Copy the model again from where it was saved, or fit it anew.")


def test_classes_the_model_never_saw(headstart, model):
    save_flowers(Path("new"), 1)
    Path("new/rose").rename("new/peony")
    assert refused(headstart("evaluate", model, "new")) == (
        "The model never saw 'peony' (1 of 3 pictures). It knows 'daisy', 'rose' and 'tulip'. "
        "Take these pictures out, rename their class, or fit a model with it."
    )


def test_pictures_to_predict_that_are_not_there(headstart, model):
    Path("rose.jpg").write_bytes(b"")
    assert refused(headstart("predict", model, "rsoe.jpg")) == "'rsoe.jpg' does not exist. Did you mean 'rose.jpg'?"
    assert refused(headstart("predict", model, "*.png")) == "The pattern '*.png' matches no picture. Check the path."


# --- places -----------------------------------------------------------------------------------------------------------


def test_a_run_folder_that_cannot_be_made(headstart, flowers):
    Path("file").write_bytes(b"")
    answer = headstart("fit", flowers, "--out", "file/run", "--json")
    assert (answer.exit_code, answer.stdout) == (1, "")
    assert answer.stderr.splitlines()[-1] == (
        "Error: 'file/run' cannot be written. The system says: Not a directory. "
        "Check the rights and the free space, or name another place."
    )


def test_answers_that_cannot_be_written(headstart, model, flowers):
    Path("none").touch()
    assert refused(headstart("predict", model, flowers / "rose", "--out", "none/answers.csv")) == (
        "'none/answers.csv' cannot be written. The system says: File exists. "
        "Check the rights and the free space, or name another place."
    )


def test_a_table_that_cannot_be_written(headstart, flowers):
    Path("none").touch()
    assert refused(headstart("embed", flowers, "--out", "none/flowers.csv")) == (
        "'none/flowers.csv' cannot be written. The system says: File exists. "
        "Check the rights and the free space, or name another place."
    )


def test_a_disk_that_fills_up_leaves_no_half_written_run(headstart, flowers, monkeypatch):
    def full(self: Path, data: bytes) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "write_bytes", full)
    answer = headstart("fit", flowers, "--head", "lda", "--json")
    assert (answer.exit_code, answer.stdout) == (1, "")
    assert answer.stderr.splitlines()[-1] == (
        "Error: The model cannot be written to 'runs/flowers-1/model'. The system says: No space left on device. "
        "Check the rights and the free space, or name another folder."
    )
    assert list(Path("runs").iterdir()) == []


def test_a_cache_that_cannot_be_used_is_told_and_the_run_goes_on(headstart, flowers):
    Path("file").write_bytes(b"")
    answer = headstart("fit", flowers, "--head", "lda", "--cache", "file")
    assert answer.exit_code == 0
    (line,) = [line for line in answer.stdout.splitlines() if line.startswith("New features are not kept.")]
    assert line == (
        f"New features are not kept. The feature store '{Path('file/features').absolute()}' cannot be used: "
        "Not a directory. "
        "Make room in it or make it writable, or choose another folder with --cache."
    )


# --- all the rest -----------------------------------------------------------------------------------------------------


def test_debug_shows_the_traceback_before_the_line(headstart):
    answer = headstart("fit", "nowhere", "--debug")
    assert (answer.exit_code, answer.stdout) == (1, "")
    first, *_, last = answer.stderr.splitlines()
    assert first == "Traceback (most recent call last):"
    assert last == "Error: 'nowhere' does not exist. Check the path."


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (
            PermissionError(errno.EACCES, "Permission denied", "secret"),
            "The system refused a file operation. Permission denied: secret. Check the path, its rights and the disk.",
        ),
        (MemoryError(), "There is not enough memory. Use fewer pictures or a smaller encoder."),
        (
            KeyError("x"),
            "This is a mistake in Headstart (KeyError: 'x'). Run it again with --debug, and report what that prints.",
        ),
    ],
)
def test_errors_that_nobody_foresaw_are_one_line_too(error, line, headstart, monkeypatch):
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr("headstart.workflows.plan.read_as", fail)
    assert refused(headstart("fit", "flowers")) == line
