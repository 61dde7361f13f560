"""Data in two places: what is learned from, and what it is scored on."""

import pytest

from headstart.data.sources import read_dataset
from headstart.data.test_part import with_test_part
from headstart.errors import DataError
from headstart.settings.recipe import Recipe
from headstart.workflows.embed import read_as


def read(data, test, **settings):
    return read_as(data, Recipe(test=str(test), **settings), "classification")


def test_a_second_folder_is_the_test_part(put):
    root = put("train/a/1.png", "train/b/1.png", "test/a/2.png", "test/b/2.png")
    dataset = read(root / "train", root / "test")
    assert [(one.name, one.split, one.label) for one in dataset.examples] == [
        ("train/a/1.png", "train", "a"), ("train/b/1.png", "train", "b"),
        ("test/a/2.png", "test", "a"), ("test/b/2.png", "test", "b"),
    ]  # fmt: skip
    assert dataset.root == root
    assert str(dataset.notices[-1]) == "Scored is 'test', 2 pictures."


def test_a_validation_part_stays_one(put):
    root = put("data/train/a/1.png", "data/train/b/1.png", "data/val/a/2.png", "more/a/3.png")
    assert [one.split for one in read(root / "data", root / "more").examples] == [
        "train",
        "train",
        "validation",
        "test",
    ]


def test_tables_may_be_given_for_both(put):
    root = put("a.png", "b.png", "c.png")
    (root / "train.csv").write_text("file,what\na.png,x\nb.png,y\n", "utf-8")
    (root / "test.csv").write_text("file,what\nc.png,x\n", "utf-8")
    dataset = read(root / "train.csv", root / "test.csv", label_column="what")
    assert [(one.name, one.split) for one in dataset.examples] == [
        ("a.png", "train"), ("b.png", "train"), ("c.png", "test"),
    ]  # fmt: skip


def test_of_test_data_with_parts_only_those_to_score_are_taken(put):
    root = put("one/a/1.png", "one/b/1.png", "two/train/a/2.png", "two/test/b/2.png")
    assert [one.name for one in read(root / "one", root / "two").examples][2:] == ["two/test/b/2.png"]


def test_class_names_follow_the_rule_for_the_same_name(put):
    root = put("train/Cr\u00e8me/1.png", "train/b/1.png", "test/Cre\u0300me/2.png", "test/B/2.png")
    assert set(read(root / "train", root / "test").classes) == {"Cr\u00e8me", "b"}


def test_test_data_without_labels_is_refused_with_the_way_to_predict_it(put):
    root = put("train/a/1.png", "train/b/1.png", "test/2.png")
    with pytest.raises(DataError) as caught:
        read(root / "train", root / "test")
    assert str(caught.value) == (
        "What is to be scored, 'test', has no classes. A score needs the right answers. "
        "Leave it out, and predict it with the model: headstart predict."
    )


def test_two_test_parts_are_refused(put):
    root = put("data/train/a/1.png", "data/train/b/1.png", "data/test/a/2.png", "more/a/3.png")
    with pytest.raises(DataError, match=r"The data has a test part of its own, and 'more' is given as another\."):
        read(root / "data", root / "more")


def test_lists_are_joined_as_they_are(put):
    root = put("a.png", "b.png", "c.png")
    lists = ([(str(root / name), "x") for name in names] for names in (["a.png", "b.png"], ["c.png"]))
    joined = with_test_part(*map(read_dataset, lists))
    assert [one.split for one in joined.examples] == ["train", "train", "test"]
    assert joined.root is None
