import csv
import errno
import inspect
import os
from pathlib import Path

import numpy as np
import pyarrow
import pyarrow.parquet
import pytest

from features.pictures import key, rows
from headstart.data.example import Example, known_label
from headstart.errors import OutputError
from headstart.features.table_export import table_format, write_table
from headstart.features.values import Block

NAMES = ["a/1.png", 'say "x", y.png', "花\n2.png", "bad\udcff.png", "broken.png"]
EXAMPLES = [
    Example(name, name, known_label(label)) for name, label in zip(NAMES, ["a", None, "花", "a", "a"], strict=True)
]
KEYS = [key(n) for n in range(5)]
PRINTED = ["a/1.png", 'say "x", y.png', "花\n2.png", "bad\\udcff.png"]


def blocks():
    broken = np.concatenate([rows([2, 3]), np.full((1, 48), np.nan, np.float32)])
    yield Block(0, (rows([0, 1]),), {}, 2, 0)
    yield Block(2, (broken,), {4: "it is empty"}, 2, 0)


def test_a_parquet_table_has_one_row_per_readable_picture(tmp_path):
    path = tmp_path / "table.parquet"
    assert write_table(path, blocks(), EXAMPLES, KEYS, 48) == 4
    table = pyarrow.parquet.read_table(path)
    assert table.schema.names == ["path", "sha256", "label", "vector"]
    assert table.schema.field("vector").type == pyarrow.list_(pyarrow.float32(), 48)
    assert table["path"].to_pylist() == PRINTED
    assert table["sha256"].to_pylist() == [k.hex() for k in KEYS[:4]]
    assert table["label"].to_pylist() == ["a", None, "花", "a"]
    np.testing.assert_array_equal(np.array(table["vector"].to_pylist(), np.float32), rows([0, 1, 2, 3]))
    assert os.listdir(tmp_path) == ["table.parquet"]


def test_a_csv_table_holds_the_same_numbers_exactly(tmp_path):
    path = tmp_path / "table.csv"
    assert write_table(path, blocks(), EXAMPLES, KEYS, 48) == 4
    with path.open(encoding="utf-8", newline="") as file:
        header, *lines = csv.reader(file)
    assert header == ["path", "sha256", "label", *map(str, range(48))]
    assert [line[0] for line in lines] == PRINTED
    assert [line[2] for line in lines] == ["a", "", "花", "a"]
    np.testing.assert_array_equal(np.array([line[3:] for line in lines], np.float32), rows([0, 1, 2, 3]))


def test_a_table_without_a_readable_picture_has_its_columns(tmp_path):
    empty = Block(0, (np.full((1, 48), np.nan, np.float32),), {0: "it is empty"}, 0, 0)
    assert write_table(tmp_path / "t.parquet", [empty], EXAMPLES, KEYS, 48) == 0
    assert pyarrow.parquet.read_table(tmp_path / "t.parquet").num_rows == 0


def never():
    raise AssertionError("a block was asked for")
    yield


@pytest.mark.parametrize(
    ("name", "remedy"), [("t.parqet", " Did you mean 't.parquet'?"), ("t.xlsx", ""), ("table", "")]
)
def test_an_unknown_format_is_refused_before_any_work(name, remedy):
    with pytest.raises(OutputError) as caught:
        write_table(Path(name), never(), EXAMPLES, KEYS, 48)
    assert str(caught.value) == (
        f"The format of the table '{name}' is not known. The name must end in .parquet or .csv.{remedy}"
    )


def test_the_format_is_told_by_the_name_in_either_case():
    assert table_format(Path("a.csv.PARQUET")) == "parquet"


def test_a_missing_folder_is_refused_before_any_work(tmp_path):
    path = tmp_path / "missing" / "t.csv"
    with pytest.raises(OutputError) as caught:
        write_table(path, never(), EXAMPLES, KEYS, 48)
    assert str(caught.value) == (
        f"The table '{path}' cannot be written. No such file or directory. Choose another place, or make room there."
    )


def test_a_folder_with_the_name_of_the_table_is_refused_before_any_work(tmp_path):
    path = tmp_path / "t.csv"
    path.mkdir()
    with pytest.raises(OutputError, match=r"cannot be written\. Is a directory\."):
        write_table(path, never(), EXAMPLES, KEYS, 48)


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
@pytest.mark.parametrize("stop", [RuntimeError("stop"), KeyboardInterrupt(), GeneratorExit()])
def test_an_error_under_way_leaves_the_table_that_was_there_and_nothing_else(tmp_path, suffix, stop):
    path = tmp_path / f"t.{suffix}"
    path.write_text("before")

    def interrupted():
        yield next(blocks())
        raise stop

    with pytest.raises(type(stop)):
        write_table(path, interrupted(), EXAMPLES, KEYS, 48)
    assert path.read_text() == "before"
    assert os.listdir(tmp_path) == [path.name]


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_a_full_disk_is_an_error_that_says_so_and_leaves_nothing(tmp_path, monkeypatch, suffix):
    class Full:
        def __init__(self, file):
            self.file = file

        def __enter__(self):
            return self

        def __exit__(self, *error):
            self.file.close()

        def __getattr__(self, name):
            return getattr(self.file, name)

        def write(self, data):
            if self.file.tell() > 1000:
                raise OSError(errno.ENOSPC, "No space left on device")
            return self.file.write(data)

    monkeypatch.setattr("headstart.features.table_export.open", lambda *a: Full(open(*a)), raising=False)
    path = tmp_path / f"t.{suffix}"
    with pytest.raises(OutputError) as caught:
        write_table(path, many_blocks(), EXAMPLES, KEYS, 48)
    assert str(caught.value) == (
        f"The table '{path}' cannot be written. No space left on device. Choose another place, or make room there."
    )
    assert os.listdir(tmp_path) == []


def many_blocks():
    for _ in range(100):
        yield Block(0, (rows([0, 1]),), {}, 2, 0)


def test_after_an_error_in_writing_the_walk_is_closed_at_once(tmp_path, monkeypatch):
    def broken(*settings):
        raise KeyboardInterrupt

    monkeypatch.setattr("headstart.features.table_export._rows", broken)
    walk = blocks()
    with pytest.raises(KeyboardInterrupt):
        write_table(tmp_path / "t.csv", walk, EXAMPLES, KEYS, 48)
    assert inspect.getgeneratorstate(walk) == inspect.GEN_CLOSED
