import json

import pytest

from headstart.data.inspection import inspect_dataset
from headstart.data.inspection_report import refuse_unreadable
from headstart.data.sources import read_dataset
from headstart.errors import DataError


def refusal(source, **options):
    with pytest.raises(DataError) as caught:
        read_dataset(source, **options)
    return str(caught.value)


@pytest.fixture
def folder(put):
    return put("a.png", "b.png", "sub/c.png")


def said(dataset):
    return [str(notice) for notice in dataset.notices]


def rows(dataset):
    return [(e.name, e.label, e.split, e.group) for e in dataset.examples]


ROWS = [
    {"path": "a.png", "label": "cat", "split": "train", "group": "g1"},
    {"path": "b.png", "label": "dog", "split": "val", "group": "g1"},
    {"path": "sub/c.png", "label": "cat", "split": "TEST", "group": "g2"},
]
EXPECTED = [
    ("a.png", "cat", "train", "g1"),
    ("b.png", "dog", "validation", "g1"),
    ("sub/c.png", "cat", "test", "g2"),
]


def delimited(separator):
    return "\n".join([separator.join(ROWS[0]), *(separator.join(row.values()) for row in ROWS)])


@pytest.mark.parametrize("kind", [".csv", ".tsv", ".jsonl", ".parquet", "; .csv", ".CSV"])
def test_every_kind_of_table_gives_the_same_dataset(folder, kind):
    table = folder / f"data{kind.removeprefix('; ')}"
    if kind == ".parquet":
        import pyarrow as pa
        import pyarrow.parquet as pq

        pq.write_table(pa.Table.from_pylist(ROWS), table)
    elif kind == ".jsonl":
        table.write_text("\n".join(map(json.dumps, ROWS)) + "\n\n")
    else:
        table.write_text(delimited({".tsv": "\t", "; .csv": ";"}.get(kind, ",")))
    dataset = read_dataset(table, group_by="group")
    assert rows(dataset) == EXPECTED
    assert (dataset.name, dataset.classes, dataset.root) == ("data", ("cat", "dog"), folder)
    assert said(dataset) == ["Columns: path from 'path', label from 'label', split from 'split', group from 'group'."]
    assert dataset.examples[2].source == str(folder / "sub" / "c.png")


def write(folder, text, name="t.csv", encoding="utf-8"):
    (folder / name).write_bytes(text.encode(encoding))
    return folder / name


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_utf8_is_read_with_and_without_a_mark_and_with_either_line_end(folder, encoding, newline):
    text = newline.join(["path,label", "a.png,玫瑰", 'b.png,"rose, red"', ""])
    dataset = read_dataset(write(folder, text, encoding=encoding))
    assert set(dataset.classes) == {"玫瑰", "rose, red"}


def test_bytes_of_no_known_encoding_are_refused_with_the_line(folder):
    table = folder / "t.csv"
    table.write_bytes(b"path,label\na.png,ros\x81\n")
    assert refusal(table) == (
        f"The table '{table}' is not UTF-8 text. The first wrong byte stands in line 2. "
        "Save it as UTF-8 (in a spreadsheet: 'CSV UTF-8'), or name its encoding: --encoding big5."
    )


@pytest.mark.parametrize(
    ("encoding", "label", "guess"),
    [
        ("utf-16", "玫瑰", ""),
        ("gb18030", "玫瑰", "GB18030"),
        ("gb18030", "鹦鹉", "GB18030"),
        ("cp1252", "rosé", "CP1252"),
    ],
)
def test_what_spreadsheets_write_in_other_encodings_is_read_and_a_guess_is_said(folder, encoding, label, guess):
    table = write(folder, f"path,label\na.png,{label}\nb.png,tulip\n", encoding=encoding)
    dataset = read_dataset(table)
    assert {example.label for example in dataset.examples} == {label, "tulip"}
    told = f"The table '{table}' is not UTF-8; it was read as {guess}. Look at the names"
    assert any(one.startswith(told) for one in said(dataset)) == bool(guess)


def test_synonyms_are_accepted_and_the_choice_is_said(folder):
    dataset = read_dataset(write(folder, "File,Category\na.png,x\nb.png,y\n"))
    assert dataset.classes == ("x", "y")
    assert tuple(map(str, dataset.notices)) == ("Columns: path from 'File', label from 'Category'.",)


def test_of_several_synonyms_the_plainest_wins(folder):
    dataset = read_dataset(write(folder, "image,path,class,label\nzzz,a.png,u,x\nzzz,b.png,v,y\n"))
    assert rows(dataset) == [("a.png", "x", None, None), ("b.png", "y", None, None)]


def test_a_table_without_labels_gives_a_dataset_without_classes(folder):
    dataset = read_dataset(write(folder, "path\na.png\nb.png\n"))
    assert dataset.classes == ()


def test_group_by_names_the_column_of_the_groups(folder):
    table = write(folder, "path,label,patient\na.png,x,7\nb.png,y,\n")
    assert [e.group for e in read_dataset(table, group_by="patient").examples] == ["7", None]
    assert [e.group for e in read_dataset(table).examples] == [None, None]


def test_a_missing_group_column_gets_the_nearest_name(folder):
    table = write(folder, "path,label,patient\na.png,x,7\n")
    assert refusal(table, group_by="pacient") == (
        f"The table '{table}' has no column 'pacient'. Its columns are 'path', 'label' and 'patient'. "
        "Did you mean 'patient'?"
    )


def test_a_missing_path_column_is_named_with_what_would_do(folder):
    table = write(folder, "url,label\nhttp://a.org/a.png,x\n")
    assert refusal(table) == (
        f"The table '{table}' has no column 'path'. Its columns are 'url' and 'label'. "
        "Add it; file, filename, image_path, image would do too. --path-column names another column."
    )


def test_empty_label_cells_are_named_by_row(folder):
    table = write(folder, "path,label\na.png,x\nb.png,\nsub/c.png,  \n")
    assert refusal(table) == (
        f"The table '{table}' has 2 empty cells in the column 'label'. See rows 3, 4. "
        "Fill them in, or take these rows out."
    )


def test_many_empty_cells_are_counted(folder):
    table = write(folder, "path,label\n" + "a.png,\n" * 9 + "a.png,x\n")
    assert "See rows 2, 3, 4, 5, 6 and 4 more." in refusal(table)


def test_missing_files_are_left_out_and_listed_as_unreadable_ones_are(folder):
    dataset = read_dataset(write(folder, "path,label\na.png,x\nb.png,y\ngone.png,x\n"))
    found = inspect_dataset(dataset)
    assert {dataset.examples[place].name: str(why) for place, why in found.unreadable.items()} == {
        "gone.png": "The file does not exist."
    }
    with pytest.raises(DataError, match=r"1 picture cannot be read\. 'gone.png': The file does not exist\."):
        refuse_unreadable(found)


def test_a_table_of_which_no_file_exists_is_refused_with_five_of_them(folder):
    table = write(folder, "path,label\n" + "".join(f"no{n}.png,x\n" for n in range(17)))
    assert refusal(table) == (
        f"The table '{table}' names 17 files that do not exist. "
        "Missing: 'no0.png', 'no1.png', 'no2.png', 'no3.png', 'no4.png' and 12 more. "
        "Paths must be absolute, or relative to the folder of the table; --images names another folder."
    )


def test_one_missing_file_is_in_the_singular(folder):
    table = write(folder, "path,label\ngone.png,x\n")
    assert f"The table '{table}' names 1 file that does not exist. Missing: 'gone.png'." in refusal(table)


def test_an_absolute_path_is_taken_as_it_is(folder):
    (folder / "tables").mkdir()
    dataset = read_dataset(write(folder / "tables", f"path,label\n{folder / 'a.png'},x\n"))
    assert dataset.examples[0].source == str(folder / "a.png")


def test_an_unknown_split_is_refused_with_the_known_words(folder):
    table = write(folder, "path,label,split\na.png,x,training\nb.png,y,later\n")
    assert refusal(table) == (
        f"The table '{table}' has unknown splits. Found 'later'; expected 'train', 'training', 'val', 'valid', "
        "'validation', 'dev', 'test', 'testing', 'holdout' and 'eval'. "
        "Change these words, or leave the column 'split' out and let Headstart split."
    )


def test_an_empty_table_is_refused(folder):
    table = write(folder, "path,label\n")
    assert refusal(table) == f"The table '{table}' has no rows. It names no picture. Add one row per picture."
    assert "has no column 'path'. It has no columns." in refusal(write(folder, "", "empty.csv"))


def test_a_row_with_too_many_cells_is_refused_with_its_line(folder):
    table = write(folder, "path,label\na.png,rose, red\n")
    assert refusal(table) == (
        f"The table '{table}' has 3 cells in line 2. Its header has 2 columns. "
        "Put a cell that contains the separator into double quotes."
    )


def test_a_row_with_too_few_cells_has_an_empty_label(folder):
    assert "has 1 empty cell in the column 'label'. See row 2." in refusal(write(folder, "path,label\na.png\nb.png,x"))


def test_a_long_cell_with_an_open_quote_is_refused(folder):
    table = write(folder, 'path,label\na.png,"' + "x" * 200_000)
    assert refusal(table).startswith(f"The table '{table}' has a quote that is not closed.")


def test_a_line_that_is_not_json_is_refused_with_its_number(folder):
    table = write(folder, '{"path": "a.png", "label": "x"}\n["b.png"]\n', "t.jsonl")
    assert refusal(table) == (
        f"The table '{table}' has no JSON object in line 2. The line begins with '[\"b.png\"]'. "
        'Write one object per line, such as {"path": "a.jpg", "label": "rose"}.'
    )


def test_numbers_and_truth_values_become_class_names_in_natural_order(folder):
    table = write(folder, '{"path": "a.png", "label": 10}\n{"path": "b.png", "label": 9}\n', "t.jsonl")
    assert read_dataset(table).classes == ("9", "10")


def test_a_file_that_is_not_parquet_is_refused(folder):
    table = write(folder, "PAR1 but not really", "t.parquet")
    assert refusal(table).startswith(f"The table '{table}' is not a Parquet file. ")


def test_class_twins_in_a_table_are_noticed(folder):
    dataset = read_dataset(write(folder, "path,label\na.png,cat\nb.png,Cat \n"))
    assert said(dataset)[1:] == [
        "The classes 'Cat' and 'cat' differ only by case, width, spaces or the form of a number; they are kept apart."
    ]


def test_a_table_that_cannot_be_opened_is_named(folder, monkeypatch):
    table = write(folder, "path,label\n")

    def refuse(_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("pathlib.Path.read_bytes", refuse)
    assert refusal(table) == f"The table '{table}' cannot be opened. Permission denied. Check its permissions."
