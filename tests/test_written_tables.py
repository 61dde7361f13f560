"""What we write we read: the tables of runs, of audits and of predictions, over every kind of data."""

import codecs
import csv
import io
from pathlib import Path

import numpy as np
import pytest

import headstart as hs
from headstart.data.columns import TableOptions
from headstart.data.sources import read_dataset
from pictures import save_noise

CLASSES = {"玫瑰": (200, 30, 30), " tulip, red": (30, 200, 30), 'da"isy': (30, 30, 200)}


def make_folder(place: Path) -> Path:
    for number, (name, colour) in enumerate(CLASSES.items()):
        for picture in range(8):
            save_noise(place / "花" / name / f" {picture}, a.jpg", colour, 100 * number + picture)
    return place / "花"


def make_parts(place: Path) -> Path:
    folder = make_folder(place)
    for name in CLASSES:
        for picture in range(8):
            old, part = folder / name / f" {picture}, a.jpg", "Testing" if picture < 3 else "Training"
            (folder / part / name).mkdir(parents=True, exist_ok=True)
            old.rename(folder / part / name / old.name)
        (folder / name).rmdir()
    return folder


def make_table(place: Path) -> Path:
    folder = make_folder(place)
    text = io.StringIO(newline="")
    table = csv.writer(text, delimiter=";")
    table.writerow(("file_name", "类别", "split"))
    table.writerows(
        (path.relative_to(place).as_posix(), path.parent.name, "") for path in sorted(folder.rglob("*.jpg"))
    )
    (place / "t.csv").write_bytes(text.getvalue().encode("gb18030"))
    return place / "t.csv"


def make_rows(place: Path) -> Path:
    random = np.random.default_rng(0)
    lines = ["width;kind;height;label"]
    for number, name in enumerate(("玫瑰", "tulip", "daisy")):
        for _ in range(12):
            width, height = random.normal(number, 0.1, 2)
            lines.append(f"{width:.4f};{'wild' if number else 'garden'};{height:.4f};{name}".replace(".", ","))
    (place / "rows.csv").write_text("\n".join(lines), "utf-8")
    return place / "rows.csv"


def labels(dataset) -> set[tuple[object, object]]:
    """Return content and label of each example."""
    if dataset.modality == "vectors":
        return {
            (tuple(one.source.numbers.tolist()), tuple(one.source.words.items()), one.label) for one in dataset.examples
        }
    return {(Path(one.source).read_bytes(), one.label) for one in dataset.examples}


@pytest.mark.filterwarnings("ignore::headstart.HeadstartWarning")  # that an encoding was guessed
@pytest.mark.parametrize("make", [make_folder, make_parts, make_table, make_rows])
def test_what_is_written_for_people_is_read_again(make, tmp_path, request):
    if make is not make_rows:
        request.getfixturevalue("fake_network")
    data, options = make(tmp_path), {"head": "centroid", "cache": tmp_path / "cache"}
    whole = labels(read_dataset(data))
    model = hs.fit(data, out=tmp_path / "run", **options)
    hs.check(data, out=tmp_path / "check", export=tmp_path / "clean", **options)
    (tmp_path / "answers").mkdir()

    table = tmp_path / "clean" / "cleaned.csv"
    assert table.read_bytes().startswith(codecs.BOM_UTF8)
    cleaned = read_dataset(table, group_by="group")
    assert labels(cleaned) <= whole
    assert all(one.group for one in cleaned.examples)
    hs.fit(table, group_by="group", **options)
    hs.fit(tmp_path / "run" / "data.csv", **options)
    again = read_dataset(tmp_path / "run" / "data.csv")
    assert labels(again) == whole
    assert again.classes == model.classes
    assert {one.split for one in again.examples} == {one.split for one in read_dataset(data).examples}
    if make is not make_rows:  # rows are in none of these
        assert labels(read_dataset(tmp_path / "run" / "predictions.csv")) <= whole
        assert labels(read_dataset(tmp_path / "check" / "check.csv")) == whole


def test_names_in_ascii_need_no_mark(tmp_path, fake_network):
    for number, name in enumerate(("a", "b")):
        for picture in range(4):
            save_noise(tmp_path / "data" / name / f"{picture}.jpg", (90 * number, 30, 30), 10 * number + picture)
    hs.fit(tmp_path / "data", out=tmp_path / "run", head="centroid")
    for name in ("data.csv", "predictions.csv", "per_class.csv"):
        assert not (tmp_path / "run" / name).read_bytes().startswith(codecs.BOM_UTF8)


def test_a_table_of_new_pictures_is_predicted(tmp_path, fake_network):
    folder = make_folder(tmp_path)
    model = hs.fit(folder, head="centroid")
    (tmp_path / "test.csv").write_text('id,file_name\n1,"花\\玫瑰\\ 0, a.jpg"\n2,"花/玫瑰/ 1, a"\n', "utf-8")
    assert [one.label for one in model.predict(tmp_path / "test.csv")] == ["玫瑰", "玫瑰"]


def test_columns_that_are_named_are_used_by_every_call(tmp_path, fake_network):
    make_folder(tmp_path)
    rows = [
        (path.name, path.parent.name, f"{path.parent.name}/{path.name}") for path in (tmp_path / "花").rglob("*.jpg")
    ]
    with (tmp_path / "t.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("name", "what", "where"), *rows])
    names = {"path_column": "where", "label_column": "what", "images": tmp_path / "花"}
    assert set(hs.fit(tmp_path / "t.csv", head="centroid", **names).classes) == {'da"isy', "tulip, red", "玫瑰"}
    table = TableOptions("where", "what", folder=str(tmp_path / "花"))
    assert len(read_dataset(tmp_path / "t.csv", table=table)) == 24
