"""How texts come in: the columns and the encodings that a user names, and what is said of what was guessed."""

import pytest

from headstart.data.columns import TableOptions
from headstart.data.encodings import choose_encoding
from headstart.data.inspection import inspect_dataset
from headstart.data.inspection_report import used_findings
from headstart.data.readers.text import open_example
from headstart.data.sources import is_one_example, read_dataset
from headstart.errors import DataError

ROWS = "id,body,remark,kind\n1,one fine day,said by me,x\n2,two dull days,said by you,y\n"


@pytest.fixture
def encoding():
    """Choose an encoding; it is that of the whole process, and is given up again."""
    yield choose_encoding
    choose_encoding("")


def test_the_column_of_texts_can_be_named_where_a_row_holds_several(tmp_path):
    (tmp_path / "t.csv").write_text(ROWS)
    dataset = read_dataset(tmp_path / "t.csv", table=TableOptions(text_column="remark", label_column="kind"))
    assert [one.source.text for one in dataset.examples] == ["said by me", "said by you"]
    assert dataset.classes == ("x", "y")
    with pytest.raises(DataError, match="has no column 'remarks'"):
        read_dataset(tmp_path / "t.csv", table=TableOptions(text_column="remarks"))
    with pytest.raises(DataError, match="'text'"):
        read_dataset(tmp_path, table=TableOptions(text_column="text"))


def test_texts_whose_labels_are_called_otherwise_are_told_how_to_name_them(tmp_path):
    (tmp_path / "t.csv").write_text("text,kind\none fine day,x\ntwo dull days,y\n")
    assert "No column is taken for the label: not the column 'kind'. --label-column names it." in map(
        str, read_dataset(tmp_path / "t.csv").notices
    )


def test_a_hugging_face_dataset_of_texts_is_read_with_the_names_of_its_classes():
    datasets = pytest.importorskip("datasets")
    kinds = {"sentence": datasets.Value("string"), "label": datasets.ClassLabel(names=["bad", "good"])}
    train, test = (
        datasets.Dataset.from_dict({"sentence": texts, "label": labels}, features=datasets.Features(kinds))
        for texts, labels in ((["one fine day", "two dull days"], [1, 0]), (["a third day"], [1]))
    )
    dataset = read_dataset(datasets.DatasetDict(train=train, test=test))
    assert dataset.modality == "text"
    assert [(one.name, one.source.text, one.label, one.split) for one in dataset.examples] == [
        ("train/#0", "one fine day", "good", "train"),
        ("train/#1", "two dull days", "bad", "train"),
        ("test/#0", "a third day", "good", "test"),
    ]


def test_a_named_encoding_is_that_of_tables_and_of_files(tmp_path, encoding):
    (tmp_path / "t.csv").write_bytes("text,label\n玫瑰 很好看,花\n椅子 很舒服,物\n".encode("big5"))
    (tmp_path / "a.txt").write_bytes("玫瑰 很好看".encode("big5"))
    encoding("big5")
    dataset = read_dataset(tmp_path / "t.csv")
    assert [one.source.text for one in dataset.examples] == ["玫瑰 很好看", "椅子 很舒服"]
    assert open_example(tmp_path / "a.txt") == "玫瑰 很好看"
    encoding("ascii")
    with pytest.raises(DataError, match=r"is not ASCII text\. The first wrong byte stands in line 2\."):
        read_dataset(tmp_path / "t.csv")
    with pytest.raises(DataError, match="There is no encoding 'bog5'"):
        encoding("bog5")


def test_what_was_guessed_or_replaced_in_files_is_said_with_their_names(tmp_path):
    contents = {"a": "这朵花很漂亮，香味也好".encode("gb18030"), "b": b"caf\xe9 cr\xe8me", "c": b"a\x00b"}
    for name, content in contents.items():
        (tmp_path / f"{name}.txt").write_bytes(content)
    said = [str(one) for one in used_findings(inspect_dataset(read_dataset(tmp_path)))]
    assert said == [
        "1 text is not UTF-8 and was read as GB18030: 'a.txt'. --encoding names another.",
        "1 text is not UTF-8 and was read as Windows-1252: 'b.txt'. --encoding names another.",
        "1 text holds NUL or halves of characters, which were replaced by U+FFFD: 'c.txt'.",
    ]


@pytest.mark.parametrize("text", ["[SEP] hi", "really?", "5 * 3", "*"])
def test_a_text_with_the_signs_of_a_pattern_is_one_text(text):
    assert is_one_example(text, "text")
