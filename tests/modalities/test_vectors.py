"""Rows of a table as a second modality: read, scaled, fitted, scored, saved and asked like pictures."""

import json
import re
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sklearn.datasets import load_wine
from sklearn.feature_selection import f_classif
from sklearn.preprocessing import RobustScaler

import headstart as hs
from headstart.cli.app import app
from headstart.data.readers.vectors import VectorRow, VectorTable, find_rows, size_line
from headstart.data.sources import read_dataset
from headstart.encoders.preprocess.vectors import NORMAL, VectorPreprocessing
from headstart.encoders.spec import EncoderSpec
from headstart.errors import DataError, EncoderError, ExampleError, ExportError
from headstart.heads.best_column import BestColumnFamily
from headstart.heads.training_set import TrainingSet
from headstart.runtime.context import RunContext
from headstart.runtime.findings import sentences
from headstart.workflows.benchmark import BenchmarkRequest, run_benchmark
from headstart.workflows.report import write_page_again

WINE = load_wine()
CLASSES = [f"cultivar {number}" for number in WINE.target]


def write_csv(path: Path, columns: dict[str, list]) -> Path:
    lines = [",".join(columns), *(",".join(map(str, row)) for row in zip(*columns.values(), strict=True))]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def wine_columns() -> dict[str, list]:
    return {**dict(zip(WINE.feature_names, WINE.data.T.tolist(), strict=True)), "label": CLASSES}


@pytest.fixture(scope="module")
def wine(tmp_path_factory) -> Path:
    return write_csv(tmp_path_factory.mktemp("tables") / "wine.csv", wine_columns())


@pytest.fixture(scope="module")
def model(wine, tmp_path_factory) -> hs.Model:
    return hs.fit(wine, cache=tmp_path_factory.mktemp("cache"))


def rows_of(**columns: list) -> list[VectorRow]:
    return find_rows("The table", columns, named=False).sources


# --- reading ----------------------------------------------------------------------------------------------------------


def test_a_table_of_numbers_is_read_row_by_row(wine):
    data = read_dataset(wine)
    assert (data.modality, len(data), data.classes) == ("vectors", 178, ("cultivar 0", "cultivar 1", "cultivar 2"))
    assert data.examples[3].source.table.names == tuple(WINE.feature_names)
    np.testing.assert_allclose(data.examples[3].source.numbers, WINE.data[3], rtol=1e-6)


def test_words_become_categories_and_empty_cells_are_missing():
    first, *_ = rows_of(age=["3", "", "NA", "4"], kind=["cat", "dog", "", "cat"])
    assert np.isnan(first.table.numbers[:, 0]).tolist() == [False, True, True, False]
    assert [row.words["kind"] for row in rows_of(age=["3"] * 4, kind=["cat", "dog", "", "cat"])] == [
        *("cat", "dog", "", "cat")
    ]


@pytest.mark.parametrize(
    ("cells", "numbers"),
    [
        (["1,5", "2", "-0,25"], [1.5, 2, -0.25]),
        (["1.234,5", "12,25", ""], [1234.5, 12.25, None]),
        (["1,5", "two"], None),
        (["1,234", "5,678"], None),  # thousands, or three digits behind the comma
    ],
)
def test_the_comma_may_be_the_decimal_mark(cells, numbers):
    table = rows_of(x=cells, y=list(range(len(cells))))[0].table
    assert ("x" in table.names) == (numbers is not None)
    if numbers is not None:
        expected = [np.nan if number is None else number for number in numbers]
        np.testing.assert_array_equal(table.numbers[:, 0], np.array(expected, np.float32))


def test_in_a_table_of_two_new_rows_a_category_is_still_one():
    assert [row.words["kind"] for row in rows_of(age=["3", "4"], kind=["cat", "dog"])] == ["cat", "dog"]


def test_numbers_of_the_rows_and_long_words_are_no_part_of_them(tmp_path):
    count = 40
    columns = {"id": list(range(count)), "name": [f"n{i}" for i in range(count)], "x": [*range(count)]}
    data = read_dataset(write_csv(tmp_path / "t.csv", {**columns, "label": ["a", "b"] * 20}))
    assert data.examples[0].source.table.names == ("x",)
    assert sentences(data.notices) == [
        "Columns: label from 'label'.",
        "Columns that are neither numbers nor categories were left out: name.",
    ]


def test_vectors_of_a_parquet_file_are_columns_of_one_name(tmp_path):
    rows = pa.array(WINE.data[:, :4].tolist(), pa.list_(pa.float32()))
    table = pa.table({"clip": rows, "year": list(range(178)), "label": CLASSES})
    pq.write_table(table, tmp_path / "wine.parquet")
    first = read_dataset(tmp_path / "wine.parquet").examples[0].source
    assert first.table.groups == {"clip": ("clip.0", "clip.1", "clip.2", "clip.3"), "year": ("year",)}


def test_an_array_file_takes_its_labels_from_the_table_of_the_same_name(tmp_path):
    np.save(tmp_path / "wine.npy", WINE.data)
    write_csv(tmp_path / "wine.csv", {"label": CLASSES})
    data = read_dataset(tmp_path / "wine.npy")
    assert (len(data), data.classes[0], data.examples[5].source.numbers.shape) == (178, "cultivar 0", (13,))


def test_an_array_file_that_needs_pickle_is_refused(tmp_path):
    np.save(tmp_path / "odd.npy", np.array([{}, []], dtype=object), allow_pickle=True)
    with pytest.raises(DataError, match="Object arrays cannot be loaded"):
        read_dataset(tmp_path / "odd.npy")


def test_arrays_in_memory_are_rows():
    data = read_dataset((list(WINE.data), CLASSES))
    assert (data.modality, data.examples[0].name) == ("vectors", "#0")


def test_a_table_that_names_files_stays_one_of_files_though_it_holds_vectors(tmp_path, flowers):
    paths = sorted(map(str, flowers.rglob("*.jpg")))
    table = pa.table({"path": paths, "label": ["a", "b"] * (len(paths) // 2), "clip": [[0.0, 1.0]] * len(paths)})
    pq.write_table(table, tmp_path / "pictures.parquet")
    assert read_dataset(tmp_path / "pictures.parquet").modality == "image"


def test_rows_without_a_number_and_infinite_ones_are_left_out(tmp_path):
    columns = {"x": [*map(str, range(20)), "inf", ""], "y": [*map(str, range(20)), "1", ""], "label": ["a", "b"] * 11}
    with pytest.warns(hs.HeadstartWarning, match=r"2 rows are left out because unreadable:\n  #20: .*\n  #21: "):
        model = hs.fit(write_csv(tmp_path / "t.csv", columns), cache=tmp_path / "cache", head="ridge")
    assert sum(model.saved.training.counts.values()) == 20


# --- preprocessing ----------------------------------------------------------------------------------------------------


def test_scaling_is_that_of_scikit_learn():
    rows = [VectorRow(VectorTable(WINE.data.astype(np.float32), tuple(WINE.feature_names)), n) for n in range(178)]
    prepared = np.stack([VectorPreprocessing.fit(rows).prepare(row) for row in rows])
    expected = RobustScaler().fit_transform(WINE.data.astype(np.float32)) * NORMAL
    np.testing.assert_allclose(prepared, expected, rtol=1e-4, atol=1e-5)


def test_a_missing_number_is_the_median_and_a_flag_and_a_word_a_number_of_its_own():
    rows = rows_of(x=[1, None, 3, 5], kind=["cat", "dog", "cat", ""])
    fitted = VectorPreprocessing.fit(rows)
    assert (fitted.flags, fitted.words, fitted.shape) == (("x",), (("kind", ("cat", "dog")),), (4,))
    assert fitted.prepare(rows[1]).tolist() == [0.0, 1.0, 0.0, 1.0]
    assert fitted.prepare(rows[3])[1:].tolist() == [0.0, 0.0, 0.0]


def test_a_constant_column_and_one_that_was_never_filled_are_nothing():
    rows = rows_of(x=[2, 2, 2], y=[None, None, None], z=[0, 1, 2])
    assert VectorPreprocessing.fit(rows).prepare(rows[0])[:2].tolist() == [0.0, 0.0]


def test_columns_are_found_by_name_in_another_order_and_missed_by_name():
    fitted = VectorPreprocessing.fit(rows_of(x=[1, 2, 3], y=[9, 8, 7]))
    (row,) = rows_of(y=[8], x=[3])
    assert fitted.prepare(row)[1] == 0
    with pytest.raises(ExampleError, match="It has no column 'y'"):
        fitted.prepare(rows_of(x=[3])[0])


def test_preprocessing_is_plain_data_in_the_manifest():
    fitted = VectorPreprocessing.fit(rows_of(x=[1, None, 3], kind=["a", "b", "a"]))
    spec = EncoderSpec("columns", "columns", fitted.shape[0], "none", fitted, "none needed", "here", engine="numpy")
    assert EncoderSpec.from_json(json.loads(json.dumps(spec.to_json()))) == spec


def test_the_best_column_is_that_of_an_analysis_of_variance():
    training = TrainingSet(WINE.data, WINE.target, 3)
    head = BestColumnFamily().fit(training)
    assert head.chosen["column"] == f_classif(WINE.data, WINE.target)[0].argmax()
    assert (head.scores(WINE.data).argmax(axis=1) == WINE.target).mean() > 0.75


# --- the verbs --------------------------------------------------------------------------------------------------------


def test_a_model_beats_the_majority_and_the_best_column(model):
    majority, column = (one.accuracy.value for one in model.board.baselines.values())
    assert model.evaluation.accuracy.value > column > majority
    assert list(model.board.baselines) == ["majority", "best_column"]


def test_a_saved_model_answers_the_same_for_a_table_a_mapping_and_an_array(model, wine, tmp_path):
    model.save(tmp_path / "model")
    opened = hs.load(tmp_path / "model")
    np.testing.assert_array_equal(opened.predict_proba(wine), model.predict_proba(wine))
    row = dict(zip(WINE.feature_names, WINE.data[60].tolist(), strict=True))
    assert opened.predict(row).label == opened.predict(WINE.data[60]).label == CLASSES[60]
    with pytest.warns(hs.HeadstartWarning, match="The model knows the rows it was fitted to by their bytes"):
        assert opened.evaluate(wine).count == 178


def test_nothing_of_rows_is_kept_in_the_feature_store(wine, tmp_path):
    hs.fit(wine, cache=tmp_path, head="ridge")
    assert not (tmp_path / "features").exists()


def test_one_vector_of_several_can_be_the_encoder(tmp_path):
    columns = {f"good_{n}": WINE.data[:, n].tolist() for n in range(13)} | {"noise_0": [0] * 178, "noise_1": [1] * 178}
    table = write_csv(tmp_path / "t.csv", {**columns, "label": CLASSES})
    good, noise = (hs.fit(table, encoder=name, cache=tmp_path, head="ridge") for name in ("good", "noise"))
    assert good.evaluation.accuracy.value > 0.9 > 0.5 > noise.evaluation.accuracy.value
    with pytest.raises(EncoderError) as caught:
        hs.fit(table, encoder="god", cache=tmp_path)
    assert str(caught.value) == (
        "There is no column 'god' of numbers, and no vector of that name. There are good, noise. Did you mean 'good'?"
    )


def test_check_finds_the_wrong_label_and_looks_for_no_poor_pictures(tmp_path):
    columns = wine_columns()
    columns["label"] = ["cultivar 2", *columns["label"][1:]]
    found = hs.check(write_csv(tmp_path / "wine.csv", columns), cache=tmp_path)
    assert "#0" in [one["path"] for one in found.to_json()["label_errors"]]
    assert found.to_json()["quality"] == {}


@pytest.mark.parametrize("verb", [hs.check, hs.rank, hs.compare, hs.embed])
def test_a_row_that_cannot_be_used_is_warned_of_by_every_verb(verb, tmp_path):
    columns = wine_columns()
    columns["ash"] = ["inf", *columns["ash"][1:]]
    table = write_csv(tmp_path / "wine.csv", columns)
    with pytest.warns(
        hs.HeadstartWarning, match=r"1 row is left out because unreadable:\n  #0: It holds an inf"
    ) as warned:
        found = verb(table, cache=tmp_path / "cache", **({"shots": ["all"], "draws": 1} if verb is hs.compare else {}))
    assert [one.filename for one in warned] == [__file__]
    assert verb is hs.embed or str(warned[0].message) in map(str, found.findings)


def test_errors_about_a_table_speak_of_rows(wine, model, tmp_path):
    columns = wine_columns()
    with pytest.raises(
        DataError, match=r"one class with readable rows: 'cultivar 0'.*Give each class a name of its own in the column"
    ):
        hs.fit(write_csv(tmp_path / "t.csv", {**columns, "label": ["cultivar 0"] * 178}), cache=tmp_path)
    with pytest.raises(DataError, match=r"The model never saw 'new' \(178 of 178 rows\)"):
        model.evaluate(write_csv(tmp_path / "t.csv", {**columns, "label": ["new"] * 178}))
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="There are no pictures in"):  # it is no table, and the last call is forgotten
        hs.fit(tmp_path / "empty", cache=tmp_path)


def test_what_a_row_lacks_is_said_only_where_a_cell_is_missing():
    full, gaps = {"columns": [3, 3, 3], "missing": [0, 0, 0]}, {"columns": [3, 3, 3], "missing": [0, 0, 2]}
    assert str(size_line(full)) == "3 columns, every cell of which is filled."
    assert str(size_line(gaps)) == "3 columns; cells missing in a row: 2 at most, 0 in the median."


def test_a_run_speaks_of_rows_in_every_place_and_its_model_says_what_it_cannot_do(wine, tmp_path, monkeypatch):
    out = tmp_path / "run"
    monkeypatch.setattr("sys.argv", ["headstart"])  # the page shows the command
    found = hs.fit(wine, out=out, cache=tmp_path / "cache", head="ridge")
    notes = [one.code for one in found.findings]
    assert notes.count("saving.no_network") == 1 and "export.raw_graph" not in notes
    log, card = ((out / name).read_text(encoding="utf-8") for name in ("log.txt", "model/README.md"))
    assert f"Model, tables and drawings: {out}" in log and f"headstart predict {out} TABLE" in log
    assert "pipeline_tag: tabular-classification" in card and 'model.predict("table.csv")' in card
    pages = [(out / "report.html").read_text(encoding="utf-8")]
    pages += [write_page_again(out, language="zh").file.read_text(encoding="utf-8")]
    shown = [re.sub(r"<(style|script).*?</\1>|<[^>]*>", " ", page, flags=re.DOTALL) for page in pages]
    for text in (log, card, *shown):
        assert re.findall(r".*picture.*|.*PICTURE.*|.*图片.*", text) == []
    with pytest.raises(ExportError, match=r"nor to any other form. ONNX Runtime and timm cannot open the model"):
        hs.load(out).export(out=tmp_path / "m.onnx")
    with pytest.raises(ExportError, match=r"There are no forms of this model to measure. Its encoder is no network"):
        run_benchmark(out, BenchmarkRequest(), RunContext())


def test_folds_of_a_table_are_of_rows_and_its_card_says_that_the_numbers_themselves_are_kept(wine, tmp_path):
    hs.fit(wine, folds=3, head="ridge", out=tmp_path / "run")
    metrics = json.loads((tmp_path / "run" / "metrics.json").read_bytes())
    assert "each row was scored" in metrics["split"] and "picture" not in metrics["split"]
    card = (tmp_path / "run" / "model" / "README.md").read_text(encoding="utf-8")
    assert "training rows, which are the numbers of these rows, only scaled: whoever gets the model gets those." in card


def test_a_flag_for_pictures_is_refused_for_a_table(wine, tmp_path):
    from click.testing import CliRunner

    answer = CliRunner().invoke(app, ["fit", str(wine), "--augment", "none", "--cache", str(tmp_path)])
    assert answer.exit_code == 1
    assert "Error: The setting augment is for pictures. The data is of another kind: vectors." in answer.stderr


def test_check_says_nothing_of_near_copies_and_poor_quality_which_no_one_looked_for(wine, tmp_path):
    found = hs.check(wine, cache=tmp_path)
    assert found.counts()["near_duplicates"] is None
    lines = found.lines()
    assert not [one for one in lines if one.startswith(("Near copies", "Poor"))]
    assert "Outliers: none." in lines


def test_arms_that_rows_do_not_have_are_no_factors(wine, tmp_path):
    found = hs.compare(wine, shots=[2, "all"], draws=1, cache=tmp_path)
    assert [one.factor for one in found.factors] == ["size of the data"]
    assert found.to_json()["modality"] == "vectors"
