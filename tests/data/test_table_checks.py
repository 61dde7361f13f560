"""What is no table, or none that can be understood, is refused by name and taken for nothing else."""

import pytest

from headstart.data.sources import read_dataset
from headstart.errors import DataError
from pictures import save_noise


def refusal(folder, content):
    for name in ("a.png", "b.png"):
        save_noise(folder / name, (200, 30, 30), 0)
    table = folder / "t.csv"
    table.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(DataError) as caught:
        read_dataset(table)
    assert str(table) in str(caught.value)
    return str(caught.value).partition("'t.csv'")[2] or str(caught.value)


@pytest.mark.parametrize("content", ["a.png,cat\nb.png,dog\n", "cat,a.png\ndog,b.png\n"])
def test_a_first_line_that_names_a_picture_is_no_header(tmp_path, content):
    said = refusal(tmp_path, content)
    assert "no line with the names of its columns. Its first line names a picture, 'a.png'." in said


def test_a_column_may_be_called_like_a_picture_that_is_not_there(tmp_path):
    save_noise(tmp_path / "path.png", (200, 30, 30), 0)
    table = tmp_path / "t.csv"
    table.write_text("path,c.png\npath,cat\n")
    assert [one.name for one in read_dataset(table).examples] == ["path.png"]


@pytest.mark.parametrize(
    "content",
    [
        "path label\na.png cat\nb.png dog\n",
        "path，label\na.png，cat\nb.png，dog\n",
        "# made by a tool\npath,label\na.png,cat\nb.png,dog\n",
        "My pictures,\npath,label\na.png,cat\nb.png,dog\n",
    ],
)
def test_rows_that_name_pictures_are_no_documents(tmp_path, content):
    said = refusal(tmp_path, content)
    assert "names files, but its columns are not found." in said and "a row begins 'a.png" in said


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (b"PK\x03\x04" + bytes(range(200)), "an archive"),
        ("<!DOCTYPE html>\n<html><body>Sign in, please</body></html>\n", "a web page"),
        ("version https://git-lfs.github.com/spec/v1\noid sha256:aa\nsize 12\n", "a pointer of git-lfs"),
    ],
)
def test_what_another_file_is_under_the_name_of_a_table_is_said(tmp_path, content, name):
    said = refusal(tmp_path, content)
    assert f"is no table. It is {name}" in said


def test_documents_that_mention_a_picture_stay_documents(tmp_path):
    table = tmp_path / "t.csv"
    table.write_text("text,label\nsee a.png here,x\nno name at all,y\nnor is one here,x\n")
    assert read_dataset(table).modality == "text"


def test_a_one_may_be_written_with_a_decimal_comma(tmp_path):
    for name in ("a.png", "b.png"):
        save_noise(tmp_path / name, (200, 30, 30), 0)
    table = tmp_path / "t.csv"
    table.write_text("image;cat;dog\na.png;1,0;0,0\nb.png;0,0;1,0\n")
    assert [one.label for one in read_dataset(table).examples] == ["cat", "dog"]


def test_a_table_beside_a_folder_of_pictures_is_named(tmp_path):
    (tmp_path / "images").mkdir()
    save_noise(tmp_path / "images" / "a.png", (200, 30, 30), 0)
    (tmp_path / "labels.csv").write_text("image,label\na.png,cat\n")
    found = read_dataset(tmp_path)
    assert found.classes == () and "data.table_beside" in [one.code for one in found.notices]
