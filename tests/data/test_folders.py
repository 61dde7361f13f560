import os
import sys

import pytest

from headstart.data.folders import list_files, read_folder
from headstart.data.sources import read_dataset
from headstart.errors import DataError


def names(dataset):
    return [example.name for example in dataset.examples]


def refusal(source, **options):
    with pytest.raises(DataError) as caught:
        read_dataset(source, **options)
    return str(caught.value)


def test_the_folders_are_the_classes(put):
    root = put("rose/1.png", "tulip/1.png", "tulip/2.png")
    dataset = read_dataset(root)
    assert dataset.classes == ("rose", "tulip")
    assert names(dataset) == ["rose/1.png", "tulip/1.png", "tulip/2.png"]
    assert dataset.labels.tolist() == [0, 1, 1]
    assert {example.split for example in dataset.examples} == {None}
    assert (dataset.name, dataset.root, dataset.notices) == (root.name, root, ())
    assert dataset.examples[0].source == str(root / "rose" / "1.png")


def test_a_string_and_a_path_give_the_same(put):
    root = put("rose/1.png", "tulip/1.png")
    assert read_dataset(str(root)) == read_dataset(root)


def test_classes_and_files_are_in_natural_order(put):
    root = put("class 10/img10.png", "class 10/img9.png", "class 2/b.png", "class 2/A.png")
    dataset = read_dataset(root)
    assert dataset.classes == ("class 2", "class 10")
    assert names(dataset) == ["class 2/A.png", "class 2/b.png", "class 10/img9.png", "class 10/img10.png"]


def test_a_picture_in_a_deeper_folder_counts_to_the_class(put):
    dataset = read_dataset(put("rose/red/old/1.png", "tulip/1.png"))
    assert [(example.name, example.label) for example in dataset.examples] == [
        ("rose/red/old/1.png", "rose"),
        ("tulip/1.png", "tulip"),
    ]


@pytest.mark.parametrize("word", ["val", "valid", "validation", "VAL", "Validation"])
def test_train_validation_and_test_folders_are_splits(put, word):
    dataset = read_dataset(put("Train/a/1.png", "Train/b/1.png", f"{word}/a/2.png", "test/b/3.png"))
    assert [(example.split, example.label) for example in dataset.examples] == [
        ("test", "b"),
        ("train", "a"),
        ("train", "b"),
        ("validation", "a"),
    ]
    assert dataset.classes == ("a", "b")


def test_a_train_folder_alone_is_a_split(put):
    dataset = read_dataset(put("train/a/1.png", "train/b/1.png"))
    assert {example.split for example in dataset.examples} == {"train"}
    assert dataset.classes == ("a", "b")


def test_split_folders_without_train_are_refused(put):
    root = put("val/a/1.png", "test/a/1.png")
    assert refusal(root) == (
        f"The folder '{root}' has no 'train' folder. It has 'test' and 'val'. "
        f"Add 'train', or give one folder: '{root}/test'."
    )


def test_a_class_may_be_called_test_when_there_are_others(put):
    assert read_dataset(put("test/1.png", "rose/1.png")).classes == ("rose", "test")


def test_a_flat_folder_has_no_classes(put):
    dataset = read_dataset(put("2.png", "10.png"))
    assert names(dataset) == ["2.png", "10.png"]
    assert dataset.classes == ()
    assert dataset.labels.tolist() == [-1, -1]


def test_pictures_beside_the_class_folders_are_left_out_with_a_notice(put):
    dataset = read_dataset(put("a/1.png", "b/1.png", "stray.png", "stray2.png"))
    assert names(dataset) == ["a/1.png", "b/1.png"]
    assert tuple(map(str, dataset.notices)) == ("2 pictures lie in no class folder and are left out.",)


def test_pictures_outside_the_split_folders_are_left_out_with_a_notice(put):
    dataset = read_dataset(put("train/a/1.png", "train/b/1.png", "train/x.png", "extra/c/1.png"))
    assert names(dataset) == ["train/a/1.png", "train/b/1.png"]
    assert tuple(map(str, dataset.notices)) == (
        "2 pictures lie outside the train, validation and test folders and their classes and are left out.",
    )


def test_hidden_files_and_folders_are_passed_over_in_silence(put):
    root = put("a/1.png", "b/1.png", "a/.hidden.png", "a/._1.png", ".ipynb_checkpoints/1.png", "__MACOSX/a/1.png")
    (root / "a" / "Thumbs.db").write_bytes(b"x")
    (root / "b" / "desktop.ini").write_bytes(b"x")
    (root / ".DS_Store").write_bytes(b"x")
    dataset = read_dataset(root)
    assert names(dataset) == ["a/1.png", "b/1.png"]
    assert dataset.classes == ("a", "b")
    assert tuple(map(str, dataset.notices)) == ()


def test_files_that_are_not_pictures_are_counted_by_suffix(put):
    root = put("a/1.png", "b/1.JPEG")
    for name in ("a/notes.txt", "b/more.TXT", "README", "a/phone.heics"):
        (root / name).touch()
    assert tuple(map(str, read_dataset(root).notices)) == (
        "4 files without a picture's suffix (2 .txt, 1 .heics, 1 no suffix) were left out.",
    )


def test_an_empty_class_folder_is_noticed(put):
    root = put("a/1.png", "b/1.png")
    (root / "c" / "deeper").mkdir(parents=True)
    dataset = read_dataset(root)
    assert dataset.classes == ("a", "b")
    assert tuple(map(str, dataset.notices)) == ("1 class folder holds no pictures: 'c'.",)


def test_an_empty_class_folder_inside_a_split_is_noticed(put):
    root = put("train/a/1.png", "train/b/1.png", "test/a/1.png")
    (root / "test" / "b").mkdir()
    assert tuple(map(str, read_dataset(root).notices)) == ("1 class folder holds no pictures: 'test/b'.",)


def test_class_names_that_differ_only_by_case_width_or_spaces_are_noticed(put):
    root = put("Rose/1.png", "Ｒｏｓｅ/1.png", "ro se/1.png", "tulip/1.png")
    dataset = read_dataset(root)
    assert len(dataset.classes) == 4
    assert tuple(map(str, dataset.notices)) == (
        "The classes 'ro se', 'Rose' and 'Ｒｏｓｅ' differ only by case, width, spaces or the form of a number; "
        "they are kept apart.",
    )


def test_any_unicode_and_very_long_names_are_read(put):
    long = "ж" * 100 + ".png"
    root = put("café ☕/ñ'\"\n.png", f"玫瑰/{long}", "emoji 🌹/1.png")
    dataset = read_dataset(root)
    assert set(dataset.classes) == {"café ☕", "玫瑰", "emoji 🌹"}
    assert f"玫瑰/{long}" in names(dataset)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux lets a file name be any bytes")
def test_a_name_that_is_not_utf8_is_read_and_printable(put):
    root = put("a/1.png", "b/1.png")
    os.rename(os.fsencode(root / "a" / "1.png"), os.fsencode(root / "a") + b"/\xe9t\xe9.png")
    dataset = read_dataset(root)
    assert names(dataset)[0] == r"a/\udce9t\udce9.png"
    assert os.path.exists(dataset.examples[0].source)


def test_symbolic_links_in_circles_are_survived(put):
    root = put("a/1.png", "b/1.png")
    (root / "a" / "up").symlink_to(root)
    (root / "a" / "self").symlink_to(root / "a")
    (root / "b" / "other").symlink_to(root / "a")
    (root / "broken").symlink_to(root / "nowhere")
    assert names(read_dataset(root)) == ["a/1.png", "b/1.png"]


def test_a_linked_folder_from_elsewhere_is_entered_once_and_linked_files_are_taken(put):
    root = put("data/a/1.png", "elsewhere/2.png", "elsewhere/deep/3.png") / "data"
    (root / "b").symlink_to(root.parent / "elsewhere")
    (root / "c").symlink_to(root.parent / "elsewhere")
    (root / "a" / "linked.png").symlink_to(root / "a" / "1.png")
    dataset = read_dataset(root)
    assert names(dataset) == ["a/1.png", "a/linked.png", "b/2.png", "b/deep/3.png"]
    assert tuple(map(str, dataset.notices)) == ("1 class folder holds no pictures: 'c'.",)


def test_a_real_folder_is_not_robbed_by_a_link_that_sorts_before_it(put):
    root = put("b/1.png", "c/1.png")
    (root / "a").symlink_to(root / "b")
    assert read_dataset(root).classes == ("b", "c")


def test_a_link_that_leads_nowhere_is_kept_to_be_reported(put):
    root = put("a/1.png", "b/1.png")
    (root / "a" / "gone.png").symlink_to(root / "nowhere.png")
    assert "a/gone.png" in names(read_dataset(root))


def test_a_pipe_is_no_file(put):
    root = put("a/1.png", "b/1.png")
    os.mkfifo(root / "a" / "pipe.png")
    assert names(read_dataset(root)) == ["a/1.png", "b/1.png"]


def test_a_missing_folder_is_named_with_the_nearest_name(put):
    root = put("flowers/a/1.png")
    assert refusal(root / "flower") == f"'{root}/flower' does not exist. Did you mean '{root}/flowers'?"
    assert refusal(root / "none" / "deep") == (
        f"'{root}/none/deep' does not exist. Nor does the folder '{root}/none'. Check the path."
    )


def test_an_empty_folder_is_refused(tmp_path):
    assert refusal(tmp_path) == (
        f"There are no pictures in '{tmp_path}'. The folder is empty. "
        "Put one folder per class into it, with the pictures inside."
    )


def test_a_folder_without_pictures_says_what_it_holds(tmp_path):
    (tmp_path / "notes.txt").touch()
    assert refusal(tmp_path) == (
        f"There are no pictures in '{tmp_path}'. It holds 1 file without a picture's suffix (1 .txt). "
        "Put one folder per class into it, with the pictures inside."
    )


def test_a_folder_that_may_not_be_listed_is_named(put, monkeypatch):
    root = put("a/1.png")

    def refuse(path):
        raise PermissionError(13, "Permission denied", path)

    monkeypatch.setattr("headstart.data.folders.os.scandir", refuse)
    with pytest.raises(DataError) as caught:
        list_files(root, {".png"})
    assert str(caught.value) == (
        f"The folder '{root}' cannot be listed. Permission denied. Change its permissions, or take it out of the data."
    )


def test_the_current_folder_has_its_own_name(put, monkeypatch):
    monkeypatch.chdir(put("flowers/a/1.png", "flowers/b/1.png") / "flowers")
    assert read_folder(read_dataset(".").root).name == "flowers"


def test_the_runs_of_someone_working_inside_the_data_folder_are_not_a_class(put):
    run = "runs/flowers-1"
    root = put("rose/1.png", "tulip/1.png", f"{run}/mistakes.png")
    for name in ("recipe.toml", "metrics.json"):
        (root / run / name).touch()
    dataset = read_dataset(root)
    assert dataset.classes == ("rose", "tulip")
    assert tuple(map(str, dataset.notices)) == ()


def test_a_class_that_happens_to_be_called_runs_is_kept(put):
    assert read_dataset(put("runs/1.png", "walks/1.png")).classes == ("runs", "walks")
