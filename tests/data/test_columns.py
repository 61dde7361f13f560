"""Which column of a table is what: by names, and by what stands in the cells."""

import json

import pytest

from headstart.data.columns import TableOptions
from headstart.data.sources import read_dataset
from headstart.errors import DataError


@pytest.fixture
def folder(put):
    return put("a.png", "b.png", "deep/c.png")


def read(place, text, **options):
    (place / "t.csv").write_text(text, "utf-8")
    return read_dataset(place / "t.csv", table=TableOptions(**options))


def said(dataset):
    return [str(notice) for notice in dataset.notices]


@pytest.mark.parametrize(
    "path",
    [
        "path",
        "file_name",
        "File Name",
        "filepath",
        "image",
        "img",
        "IMAGE_PATH",
        "image_id",
        "图片",
        "文件名",
        "picture",
    ],
)
@pytest.mark.parametrize("label", ["label", "Labels", "fine_label", "category", "class name", "标签", "类别", "target"])
def test_columns_are_known_by_many_names(folder, path, label):
    dataset = read(folder, f"{path},{label}\na.png,x\nb.png,y\n")
    assert ([one.name for one in dataset.examples], dataset.classes) == (["a.png", "b.png"], ("x", "y"))
    assert said(dataset) == [f"Columns: path from '{path}', label from '{label}'."]


def test_of_several_columns_for_paths_the_one_that_names_files_is_taken(folder):
    dataset = read(folder, "image_id,file,label\n7,a.png,x\n8,b.png,y\n")
    assert said(dataset)[0] == "Columns: path from 'file', label from 'label'; not used: 'image_id'."


def test_a_column_of_files_is_one_whatever_it_is_called(folder):
    assert said(read(folder, "where,label\na.png,x\nb.png,y\n"))[0] == "Columns: path from 'where', label from 'label'."


def test_what_the_user_names_is_taken(folder):
    dataset = read(folder, "file,other,label,kind\na.png,b.png,x,1\nb.png,a.png,y,2\n", path_column="other")
    assert [one.name for one in dataset.examples] == ["b.png", "a.png"]
    dataset = read(folder, "file,label,kind\na.png,x,1\nb.png,y,2\n", label_column="kind")
    assert dataset.classes == ("1", "2")
    with pytest.raises(
        DataError, match=r"has no column 'kinds'\. Its columns are 'file', 'label' and 'kind'\. Did you"
    ):
        read(folder, "file,label,kind\na.png,x,1\nb.png,y,2\n", label_column="kinds")


def test_several_columns_that_could_be_the_label_are_said(folder):
    dataset = read(folder, "path,coarse_label,fine_label\na.png,u,x\nb.png,v,y\n")
    assert dataset.classes == ("x", "y")
    assert said(dataset)[1] == (
        "The column 'coarse_label' could be the label as well as 'fine_label', which was taken; "
        "--label-column names another."
    )


def test_a_column_called_group_is_used_only_when_it_is_asked_for_and_that_is_said(folder):
    text = "path,label,Group\na.png,x,g1\nb.png,y,g2\n"
    dataset = read(folder, text)
    assert {one.group for one in dataset.examples} == {None}
    assert said(dataset)[1] == (
        "The column 'Group' is not used for groups; --group-by Group keeps each of its values on one side of a split."
    )
    assert [one.group for one in read(folder, text, group_by="Group").examples] == ["g1", "g2"]


@pytest.mark.parametrize(
    "name", ["split", "Subset", "set", "fold", "phase", "usage", "data_split", "partition", "划分"]
)
@pytest.mark.parametrize(
    ("train", "other", "split"),
    [
        ("train", "test", "test"), ("Training", "Testing", "test"), ("TRAIN", "valid", "validation"),
        ("train", "dev", "validation"), ("train", "eval", "test"), ("train", "holdout", "test"),
        ("训练集", "测试集", "test"),
    ],
)  # fmt: skip
def test_parts_are_known_by_many_names(folder, name, train, other, split):
    dataset = read(folder, f"path,label,{name}\na.png,x,{train}\nb.png,y,{other}\n")
    assert [one.split for one in dataset.examples] == ["train", split]


def test_a_column_of_yes_and_no_is_a_part(folder):
    dataset = read(folder, "fname,label,is_valid\na.png,x,False\nb.png,y,True\n")
    assert [one.split for one in dataset.examples] == ["train", "validation"]


def test_a_column_of_other_words_is_no_part(folder):
    dataset = read(folder, "path,label,fold,set\na.png,x,1,old\nb.png,y,2,new\n")
    assert {one.split for one in dataset.examples} == {None}
    assert said(dataset)[0] == "Columns: path from 'path', label from 'label'; not used: 'fold' and 'set'."


def test_an_empty_column_of_parts_is_none(folder):
    assert {one.split for one in read(folder, "path,label,split\na.png,x,\nb.png,y,\n").examples} == {None}


def test_one_column_for_each_class_is_understood(folder):
    dataset = read(folder, "filename,disc,square\na.png,1,0\nb.png,0,1\ndeep/c.png,1.0,0.0\n")
    assert [one.label for one in dataset.examples] == ["disc", "square", "disc"]
    assert said(dataset) == [
        "Columns: path from 'filename'.",
        "The label of each row is the one of the 2 columns 'disc' and 'square' that holds a 1.",
    ]


def test_columns_of_which_a_row_has_several_are_no_classes(folder):
    assert read(folder, "filename,disc,red\na.png,1,1\nb.png,1,0\n").classes == ()


@pytest.mark.parametrize("cell", ["deep\\c.png", " deep/c.png ", "deep/c", "./deep/c.png", "deep\\c"])
def test_paths_are_found_however_they_are_written(folder, cell):
    dataset = read(folder, f'path,label\n"{cell}",x\na.png,y\n')
    assert dataset.examples[0].source in (
        str(folder / "deep" / "c.png"),
        str(folder / "." / "deep/c.png"),
        f"{folder}/{cell}",
    )
    assert "c.png" in dataset.examples[0].name


def test_paths_are_relative_to_the_folder_that_is_named(folder):
    dataset = read(folder, "path,label\nc.png,x\nc,y\n", folder=str(folder / "deep"))
    assert [one.source for one in dataset.examples] == [str(folder / "deep" / "c.png")] * 2
    assert dataset.root == folder / "deep"
    with pytest.raises(DataError, match=r"There is no folder 'nowhere'\."):
        read(folder, "path,label\nc.png,x\n", folder="nowhere")


def test_paths_that_lead_nowhere_are_found_by_name_and_class(put):
    folder = put("pics/disc/1.png", "pics/square/1.png", "pics/square/2.png")
    dataset = read(folder, "image_id,label\n1,disc\n1,square\n2,square\n")
    assert [one.name for one in dataset.examples] == ["pics/disc/1.png", "pics/square/1.png", "pics/square/2.png"]
    assert said(dataset)[1] == (
        f"The paths in the table lead nowhere as they are; 3 pictures were found in '{folder}' by name, "
        "and by class where several have one name."
    )
    dataset = read(folder, "image,choice\n/data/upload/3/0a1b2c3d-2.png,square\n")
    assert [one.name for one in dataset.examples] == ["pics/square/2.png"]
    dataset = read(
        folder, "path,label\nC:\\\\old\\\\disc\\\\1.png,b\nC:\\\\old\\\\square\\\\1.png,a\n".replace("\\\\", "\\")
    )
    assert [one.name for one in dataset.examples] == ["pics/disc/1.png", "pics/square/1.png"]


def test_a_missing_file_is_not_replaced_by_another_of_its_name(put):
    folder = put("disc/1.png", "square/2.png")
    dataset = read(folder, "path,label\ndisc/1.png,disc\ndisc/2.png,disc\n")
    assert dataset.examples[1].source == str(folder / "disc" / "2.png")


def test_the_columns_of_a_table_are_refused_where_there_is_none(put):
    root = put("disc/1.png", "square/1.png")
    with pytest.raises(DataError, match=r"'kind' cannot be used here\. Only tables and Hugging Face datasets have"):
        read_dataset(root, table=TableOptions(label_column="kind"))


def test_the_paths_of_a_run_are_relative_to_its_data(put):
    root = put("data/disc/1.png", "data/square/1.png", "run/plot.png")
    (root / "run" / "environment.json").write_text(json.dumps({"data": str(root / "data")}), "utf-8")
    (root / "run" / "data.csv").write_text("path,label\ndisc/1.png,disc\nsquare/1.png,square\n", "utf-8")
    dataset = read_dataset(root / "run" / "data.csv")
    assert [one.source for one in dataset.examples] == [str(root / "data" / one.name) for one in dataset.examples]
    assert dataset.root == root / "data"


def test_a_column_whose_words_are_parts_is_one_whatever_it_is_called(folder):
    dataset = read(folder, "path,label,where used\na.png,x,train\nb.png,y,test\n")
    assert [one.split for one in dataset.examples] == ["train", "test"]
    assert {one.split for one in read(folder, "path,label,where used\na.png,x,train\nb.png,y,bus\n").examples} == {None}


def test_a_column_that_is_always_one_is_no_class(folder):
    assert read(folder, "filename,seen,disc,square\na.png,1,1,0\nb.png,1,0,1\n").classes == ("disc", "square")


def test_a_table_without_a_label_says_which_columns_it_has(folder):
    assert said(read(folder, "path,how\na.png,x\nb.png,y\n"))[1] == (
        "No column is taken for the label: not the column 'how'. --label-column names it."
    )


def test_of_files_of_one_name_that_in_the_part_of_the_table_is_meant(put):
    folder = put("train_images/a.png", "test_images/a.png")
    (folder / "test.csv").write_text("image_id,label\na,x\n", "utf-8")
    assert [one.name for one in read_dataset(folder / "test.csv").examples] == ["test_images/a.png"]


def test_a_folder_without_classes_names_the_table_beside_the_pictures(folder):
    (folder / "metadata.csv").write_text("file_name,label\na.png,x\n", "utf-8")
    (folder / "deep" / "c.png").unlink()
    assert said(read_dataset(folder))[-1] == (
        "There are no folders of classes; the labels may stand in the table "
        f"'{folder}/metadata.csv': give it instead of the folder."
    )
