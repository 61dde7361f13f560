"""The line from a folder of pictures to a run: what is written, what is chosen where, what stays apart."""

import csv
import json
import shutil
from collections import Counter, defaultdict
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import headstart as hs
from fakes import FakeNetwork
from headstart.data.readers.image import open_example
from headstart.data.sources import read_dataset
from headstart.errors import DataError, OutputError, RecipeError
from headstart.metrics.classification.evaluation import evaluate
from headstart.probing import baseline
from headstart.reporting.report import RunReport
from headstart.runtime.context import RunContext
from headstart.serving.predictor import Predictor
from headstart.settings.recipe import Recipe
from headstart.workflows.fit import run_fit
from headstart.workflows.plan import estimate_time, plan_fit
from pictures import FLOWERS, damage_pixels, save_flowers, save_noise

FILES = {
    *("recipe.toml", "environment.json", "data.csv", "metrics.json", "per_class.csv", "predictions.csv", "log.txt"),
    *("confusion_matrix.png", "reliability.png", "mistakes.png", "report.html"),
    *(f"model/{name}" for name in ("README.md", "manifest.json", "encoder.onnx", "head.safetensors")),
    *(f"model/{name}" for name in ("baseline.safetensors", "fitted.safetensors", "model.safetensors", "config.json")),
    *(f"model/{name}" for name in ("references.safetensors", "references.json", "guard.safetensors", "model.onnx")),
}
TIMES = ("run", "model", "seconds")


@pytest.fixture(scope="module")
def finished_run(flowers, lite0, session_cache, tmp_path_factory) -> Path:
    """A run of the default encoder, with five pictures under a wrong class."""
    data = tmp_path_factory.mktemp("confused") / "data"
    shutil.copytree(flowers, data)
    for number in range(5):
        (data / "rose" / f"{number}.jpg").rename(data / "tulip" / f"wrong-{number}.jpg")
    out = data.parent / "run"
    hs.fit(data, out=out, cache=session_cache, head="logistic")
    return out


@pytest.fixture
def divided(tmp_path: Path) -> Path:
    """Pictures that bring a split of their own: train, validation and test."""
    for place, (folder, count) in enumerate((("train", 8), ("val", 4), ("test", 4))):
        save_flowers(tmp_path / "divided" / folder, count, seed=100 * place)
    return tmp_path / "divided"


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def run(data: object, **settings: object) -> RunReport:
    context = RunContext()
    return run_fit(plan_fit(data, Recipe(**settings), context), context).report


def heads_are_equal(one: hs.Model, other: hs.Model) -> bool:
    arrays, others = one.saved.head.arrays(), other.saved.head.arrays()
    return one.saved.head.settings() == other.saved.head.settings() and all(
        np.array_equal(arrays[name], others[name]) for name in arrays
    )


# --- what a run leaves ----------------------------------------------------------------------------------------------


def test_a_run_leaves_every_promised_file_and_nothing_else(finished_run):
    found = {path.relative_to(finished_run).as_posix() for path in finished_run.rglob("*") if path.is_file()}
    small = {name for name in found if name.startswith("gallery/")}
    assert found - small == FILES
    assert small and all(name.endswith(".jpg") for name in small)


def test_the_tables_of_a_run_agree_with_each_other(finished_run):
    data, predictions = rows_of(finished_run / "data.csv"), rows_of(finished_run / "predictions.csv")
    metrics = json.loads((finished_run / "metrics.json").read_text(encoding="utf-8"))
    assert len(data) == 36
    assert {row["path"] for row in data if row["part"] == "score"} == {row["path"] for row in predictions}
    right = sum(row["correct"] == "true" for row in predictions)
    assert metrics["evaluation"]["accuracy"]["value"] == right / len(predictions) < 1
    assert metrics["counts"]["score"] == metrics["evaluation"]["count"] == len(predictions)
    confusion = Counter((row["label"], row["predicted"]) for row in predictions)
    classes = metrics["classes"]
    assert metrics["evaluation"]["confusion"] == [[confusion[true, said] for said in classes] for true in classes]
    assert [row["class"] for row in rows_of(finished_run / "per_class.csv")] == classes
    assert metrics["data_digest"] == hs.load(finished_run).saved.training.data_fingerprint
    assert metrics["data_digest"] in (finished_run / "report.html").read_text(encoding="utf-8")


def test_the_pictures_of_a_run_are_pictures(finished_run):
    for name in ("confusion_matrix", "reliability", "mistakes"):
        assert open_example(finished_run / f"{name}.png").width > 200


def test_the_log_holds_what_was_said(finished_run):
    lines = [line[27:] for line in (finished_run / "log.txt").read_text(encoding="utf-8").splitlines()]
    assert lines[0] == "36 pictures, 3 classes."
    assert lines[-1] == f"Try it: headstart predict {finished_run} PICTURE"


def test_nothing_is_overwritten(finished_run, flowers, session_cache):
    before = {path: path.read_bytes() for path in finished_run.rglob("*") if path.is_file()}
    with pytest.raises(OutputError) as caught:
        hs.fit(flowers, out=finished_run, cache=session_cache)
    assert str(caught.value) == (
        f"The folder '{finished_run}' is not empty. Nothing is ever overwritten. "
        "Name a new folder, or empty this one first."
    )
    assert {path: path.read_bytes() for path in finished_run.rglob("*") if path.is_file()} == before


def test_runs_without_a_folder_are_numbered(fake_network, flowers):
    folders = [run(flowers, head="centroid").folder for _ in range(2)]
    assert folders == [Path("runs/flowers-1"), Path("runs/flowers-2")]


def test_a_place_that_cannot_be_written_to_is_found_before_anything_is_computed(fake_network, flowers, tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(OutputError) as caught:
        hs.fit(flowers, out=tmp_path / "file" / "run")
    assert str(caught.value).startswith(f"'{tmp_path / 'file' / 'run'}' cannot be written. The system says: ")
    assert fake_network.seen == []


def test_without_out_nothing_is_written(fake_network, flowers):
    hs.fit(flowers, head="centroid")
    assert list(Path.cwd().iterdir()) == []


# --- the same seed, the same result -----------------------------------------------------------------------------------


def test_the_same_seed_gives_the_same_run_bit_for_bit(fake_network, flowers, tmp_path):
    for name in ("one", "two"):
        hs.fit(flowers, out=tmp_path / name, head="auto", cache=tmp_path / name / ".." / f"cache {name}")
    same = [name for name in FILES if name.endswith((".csv", ".toml", ".png", "head.safetensors", "line.safetensors"))]
    assert len(same) == 9
    for name in same:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes(), name
    metrics = [json.loads((tmp_path / name / "metrics.json").read_bytes()) for name in ("one", "two")]
    for found in metrics:
        for key in TIMES:
            del found[key]
        del found["features"]["seconds"]
    assert metrics[0] == metrics[1]


def test_another_seed_divides_otherwise(fake_network, flowers):
    scored = [{row["path"] for row in rows_of(run(flowers, seed=seed, head="lda").folder / "predictions.csv")}
              for seed in (0, 1)]  # fmt: skip
    assert scored[0] != scored[1]


def test_seed_and_resamples_reach_the_intervals(fake_network, divided):
    model = hs.fit(divided, head="lda", seed=7, resamples=300)
    labels = read_dataset(divided / "test").labels
    probabilities = model.predict_proba(divided / "test")
    assert model.evaluation == evaluate(labels, probabilities, model.classes, seed=7, resamples=300)
    assert model.evaluation != evaluate(labels, probabilities, model.classes, seed=0, resamples=300)


def test_the_recipe_of_a_run_repeats_it(fake_network, flowers):
    settings = {"head": "ridge", "seed": 3, "inner_folds": 3, "balance": True, "test_fraction": 0.4, "resamples": 200}
    first = run(flowers, **settings).folder
    again = run(flowers, **Recipe.from_toml(first / "recipe.toml").to_json()).folder
    for name in ("recipe.toml", "data.csv", "predictions.csv", "per_class.csv", "model/head.safetensors"):
        assert (first / name).read_bytes() == (again / name).read_bytes(), name


def test_settings_given_one_by_one_win_over_the_recipe(fake_network, flowers):
    model = hs.fit(flowers, Recipe(head="lda", seed=5, inner_folds=3), head="centroid")
    recipe = model.saved.training.recipe
    assert (recipe["head"], recipe["seed"], recipe["inner_folds"]) == ("centroid", 5, 3)
    assert model.saved.head.kind == "centroid"


def test_an_unknown_setting_names_the_nearest(flowers):
    with pytest.raises(RecipeError, match=r"has an unknown key 'hed'\. .*Did you mean 'head'\?"):
        hs.fit(flowers, hed="ridge")


# --- what is scored was never used to choose --------------------------------------------------------------------------


def test_with_train_and_val_the_validation_part_is_scored_and_the_output_says_so(fake_network, divided):
    shutil.rmtree(divided / "test")
    report = run(divided)
    assert str(report.plan.parts.rule) == (
        "The data's own split: train was fitted, validation was scored; nothing was chosen on it."
    )
    assert any(str(report.plan.parts.rule) in line for line in report.plan.lines())
    assert (report.plan.counts()["fit"], report.plan.counts()["score"]) == (24, 12)


def test_a_test_part_wins_over_a_validation_part(fake_network, divided):
    report = run(divided, head="lda")
    assert {row["path"].split("/")[0] for row in rows_of(report.folder / "predictions.csv")} == {"test"}
    assert report.plan.counts()["fit"] == 36
    assert str(report.plan.parts.rule) == "The data's own split: train and validation were fitted, test was scored."


def test_labels_of_the_scored_part_change_neither_head_nor_settings(fake_network, divided):
    shutil.rmtree(divided / "test")
    honest = hs.fit(divided)
    (divided / "val" / "rose").rename(divided / "val" / "other")
    (divided / "val" / "tulip").rename(divided / "val" / "rose")
    (divided / "val" / "other").rename(divided / "val" / "tulip")
    fooled = hs.fit(divided)
    assert heads_are_equal(honest, fooled)
    assert honest.saved.decoding == fooled.saved.decoding
    assert honest.evaluation.accuracy.value == 1 > fooled.evaluation.accuracy.value


def test_groups_of_a_pattern_stay_on_one_side(fake_network, tmp_path):
    for place, (name, colour) in enumerate(FLOWERS.items()):
        for number in range(12):
            save_noise(tmp_path / "data" / name / f"plant{number // 3}-{number}.png", colour, 100 * place + number)
    report = run(tmp_path / "data", head="lda", group_pattern="[a-z]+/plant[0-9]+")
    sides = defaultdict(set)
    for row in rows_of(report.folder / "data.csv"):
        sides[row["group"]].add(row["part"])
    assert len(sides) == 12
    assert {len(parts) for parts in sides.values()} == {1}
    assert report.board.evaluation.groups == len([1 for parts in sides.values() if parts == {"score"}]) == 3


def test_groups_of_a_column_stay_on_one_side(fake_network, flowers, tmp_path):
    lines = [f"{flowers}/{name}/{number}.jpg,{name},{number // 4}" for name in FLOWERS for number in range(12)]
    (tmp_path / "table.csv").write_text("path,label,site\n" + "\n".join(lines), encoding="utf-8")
    report = run(tmp_path / "table.csv", head="lda", group_by="site")
    sides = {(row["group"], row["part"]) for row in rows_of(report.folder / "data.csv")}
    assert sorted(group for group, _ in sides) == ["0", "1", "2"]


def test_groups_and_duplicates_stay_together_in_the_cross_validation_too(fake_network, divided, monkeypatch):
    seen = []

    def spy(training, classes, groups, *rest, **more):
        seen.append(groups.tolist())
        return select_head(training, classes, groups, *rest, **more)

    select_head = baseline.select_head
    monkeypatch.setattr(baseline, "select_head", spy)
    shutil.rmtree(divided / "val")
    shutil.copy(divided / "train" / "daisy" / "0.jpg", divided / "train" / "daisy" / "5.jpg")
    hs.fit(divided, head="lda", group_pattern="train/(rose)/[01]")
    assert len(seen) == 2  # the head, and the baseline
    for groups in seen:
        daisies, roses = groups[:8], groups[8:16]
        assert daisies[0] == daisies[5]  # the same bytes
        assert roses[0] == roses[1]  # the same group
        assert len(set(groups)) == 22


def test_files_with_the_same_bytes_stay_on_one_side(fake_network, flowers, tmp_path):
    data = tmp_path / "data"
    shutil.copytree(flowers, data)
    for number in range(6):
        shutil.copy(data / "rose" / f"{number}.jpg", data / "rose" / f"copy-{number}.jpg")
    report = run(data, head="lda", test_fraction=0.4)
    sides = defaultdict(set)
    for row in rows_of(report.folder / "data.csv"):
        sides[row["sha256"]].add(row["part"])
    assert len(sides) == 36
    assert {len(parts) for parts in sides.values()} == {1}


def test_a_split_that_leaks_is_kept_and_scored_with_and_without_the_leaked_files(fake_network, divided):
    shutil.rmtree(divided / "val")
    wrong = divided / "test" / "rose" / "leaked.jpg"
    shutil.copy(divided / "train" / "tulip" / "0.jpg", wrong)
    report = run(divided, head="lda")
    assert "rose/leaked.jpg" in "".join(row["path"] for row in rows_of(report.folder / "predictions.csv"))
    assert (report.board.leaked, report.board.evaluation.count, report.board.without_leaked.count) == (1, 13, 12)
    assert report.board.evaluation.accuracy.value == 12 / 13
    assert report.board.without_leaked.accuracy.value == 1
    said = "\n".join([*report.plan.lines(), *report.lines()])
    assert "Scores on 13 pictures, 1 of them not new to the model, with 95 % intervals:" in said
    assert "1 of the 13 scored pictures is in the fitted part too, as the same picture or the same group" in said
    assert f"  Accuracy without it: {report.board.without_leaked.accuracy}. Trust this number." in said

    model = hs.load(report.model)  # and whoever gets the model alone learns the same
    answers = Predictor(model.encoder, model.saved, "0" * 64).describe()
    assert answers["scores"]["accuracy"]["value"] == 1
    assert answers["pictures"]["score"] == 12
    card = (report.model / "README.md").read_text(encoding="utf-8")
    assert "in one group with it: 1 of the pictures.** Trust the column without them." in card
    assert "| score | this model | on the 12 that did not leak |" in card


# --- pictures that cannot be read -------------------------------------------------------------------------------------


def test_unreadable_pictures_are_left_out_and_named(fake_network, flowers, tmp_path):
    shutil.copytree(flowers, tmp_path / "data")
    (tmp_path / "data" / "rose" / "empty.jpg").write_bytes(b"")
    report = run(tmp_path / "data", head="lda")
    assert "  rose/empty.jpg: The file is empty: it has 0 bytes." in report.plan.lines()
    parts = {row["path"]: row["part"] for row in rows_of(report.folder / "data.csv")}
    assert parts["rose/empty.jpg"] == "left out"
    assert Counter(parts.values()) == {"fit": 30, "score": 6, "left out": 1}


def test_strict_refuses_unreadable_pictures_before_anything_is_computed(fake_network, flowers, tmp_path):
    shutil.copytree(flowers, tmp_path / "data")
    (tmp_path / "data" / "rose" / "empty.jpg").write_bytes(b"")
    with pytest.raises(DataError) as caught:
        hs.fit(tmp_path / "data", strict=True)
    assert str(caught.value) == (
        "1 picture cannot be read. 'rose/empty.jpg': The file is empty: it has 0 bytes. "
        "Replace them or take them out, or leave 'strict' out to go on without them."
    )
    assert fake_network.seen == []


@pytest.fixture
def pixels_damaged(flowers: Path, tmp_path: Path) -> Path:
    """Flowers and one picture that is found to be damaged only when it is decoded."""
    shutil.copytree(flowers, tmp_path / "data")
    damage_pixels(tmp_path / "data" / "rose" / "damaged.tiff")
    return tmp_path / "data"


def test_damage_that_only_decoding_finds_is_named_and_left_out(fake_network, pixels_damaged):
    report = run(pixels_damaged, head="lda")
    (name,) = report.to_json()["features"]["failures"]
    assert name == "rose/damaged.tiff"
    assert any(line.startswith("Left out, unreadable: rose/damaged.tiff (It is damaged") for line in report.lines())
    counts = report.to_json()["counts"]
    assert counts["fit"] + counts["score"] == 36
    assert counts["per_class"]["rose"]["fit"] + counts["per_class"]["rose"]["score"] == 12
    parts = {row["path"]: row["part"] for row in rows_of(report.folder / "data.csv")}
    assert parts["rose/damaged.tiff"] == "left out"


def test_strict_refuses_damage_that_only_decoding_finds(fake_network, pixels_damaged, tmp_path):
    with pytest.raises(DataError, match=r"^1 picture cannot be read\. 'rose/damaged\.tiff': It is damaged"):
        hs.fit(pixels_damaged, strict=True, out=tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_training_part_of_one_class_is_refused(fake_network, divided):
    for name in ("rose", "tulip"):
        shutil.rmtree(divided / "train" / name)
        shutil.rmtree(divided / "val" / name)
    with pytest.raises(DataError) as caught:
        hs.fit(divided)
    assert str(caught.value) == (
        "The part to fit has readable pictures of one class only: 'daisy'. A classifier needs at least two classes. "
        "Add pictures of the others to the training part."
    )
    assert fake_network.seen == []


def test_a_class_that_turns_out_to_be_unreadable_is_refused_too(fake_network, tmp_path):
    save_flowers(tmp_path / "train", 4)
    save_flowers(tmp_path / "test", 2, seed=50)
    for name in ("rose", "tulip"):
        shutil.rmtree(tmp_path / "train" / name)
    damage_pixels(tmp_path / "train" / "rose" / "0.tiff")
    with pytest.raises(DataError, match=r"^The part to fit has readable pictures of one class only: 'daisy'\."):
        hs.fit(tmp_path)


def test_a_part_to_score_that_turns_out_to_be_unreadable_is_refused(fake_network, tmp_path):
    save_flowers(tmp_path / "train", 4)
    damage_pixels(tmp_path / "test" / "rose" / "0.tiff")
    with pytest.raises(DataError) as caught:
        hs.fit(tmp_path)
    assert str(caught.value) == ("There is nothing to score. None of the pictures to score can be read. Replace them.")


# --- encode once ------------------------------------------------------------------------------------------------------


def test_the_second_fit_computes_nothing(fake_network, flowers):
    first, second = run(flowers, head="lda").extraction, run(flowers, head="ridge", seed=1).extraction
    assert (first.computed, first.cached) == (36, 0)
    assert (second.computed, second.cached) == (0, 36)
    assert sum(fake_network.seen) == 36


def test_an_interrupted_fit_leaves_no_run_and_the_next_one_goes_on(fake_network, flowers, tmp_path):
    def interrupt(step: str, done: int, total: int) -> None:
        if step == "encoding":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        hs.fit(flowers, out=tmp_path / "run", progress=interrupt)
    assert not (tmp_path / "run").exists()
    encoded = sum(fake_network.seen)
    assert 0 < encoded
    again = run(flowers, head="lda").extraction
    assert again.cached == encoded
    assert again.computed == 36 - encoded


def test_an_empty_folder_of_the_users_is_still_there_after_a_failure(fake_network, flowers, tmp_path):
    def interrupt(step: str, done: int, total: int) -> None:
        raise KeyboardInterrupt

    (tmp_path / "mine").mkdir()
    planned = plan_fit(flowers, Recipe(), RunContext())
    with pytest.raises(KeyboardInterrupt):
        run_fit(planned, RunContext(progress=interrupt), out=tmp_path / "mine")
    assert list((tmp_path / "mine").iterdir()) == []


def test_a_plan_and_its_estimate_compute_nothing_that_is_kept(fake_network, flowers, tmp_path):
    context = RunContext()
    planned = plan_fit(flowers, Recipe(), context)
    assert fake_network.seen == []
    estimate = estimate_time(planned, context)
    assert (estimate.examples, estimate.stored) == (36, 0)
    assert estimate.seconds > 0
    hs.fit(flowers, head="lda")
    after = estimate_time(planned, context)
    assert (after.stored, after.seconds) == (36, 0)
    assert after.lines() == [
        "Encoder: fake. 36 of 36 pictures have stored features already.",
        "Estimated time: less than a minute (0 s). A dry run: nothing was fitted, nothing written.",
    ]


# --- what goes in -----------------------------------------------------------------------------------------------------


class Pairs:
    """Anything with a length and items."""

    def __init__(self, pairs: list) -> None:
        self.pairs = pairs

    def __len__(self) -> int:
        return len(self.pairs)

    def __getitem__(self, position: int) -> tuple:
        return self.pairs[position]


def in_another_form(form: str, folder: Path, tmp_path: Path) -> object:
    dataset = read_dataset(folder)
    if form == "dataset":
        return dataset
    if form == "csv":
        rows = [f"{example.source},{example.label}" for example in dataset.examples]
        (tmp_path / "flowers.csv").write_text("path,label\n" + "\n".join(rows), encoding="utf-8")
        return tmp_path / "flowers.csv"
    pictures = [open_example(example.source) for example in dataset.examples]
    labels = [example.label for example in dataset.examples]
    if form == "arrays":
        return list(zip(map(np.asarray, pictures), labels, strict=True))
    pairs = list(zip(pictures, labels, strict=True))
    return Pairs(pairs) if form == "object" else pairs


@pytest.mark.parametrize("form", ["dataset", "csv", "arrays", "pictures", "object"])
def test_the_same_pictures_in_another_form_give_the_same_model(form, fake_network: FakeNetwork, flowers, tmp_path):
    model, other = hs.fit(flowers, head="lda"), hs.fit(in_another_form(form, flowers, tmp_path), head="lda")
    assert heads_are_equal(model, other)
    assert model.evaluation == other.evaluation


def test_a_setting_for_another_kind_of_examples_is_refused_before_anything_is_computed(fake_network, flowers):
    words = replace(read_dataset(flowers), modality="text")
    with pytest.raises(RecipeError) as caught:
        hs.fit(words, flip="horizontal")
    assert str(caught.value) == "The setting flip is for pictures. The data is of another kind: text. Leave it out."
    assert fake_network.seen == []
