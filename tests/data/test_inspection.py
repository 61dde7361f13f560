import json
import shutil

import pytest
from PIL import Image

from headstart.data.example import Dataset, Example
from headstart.data.inspection import inspect_dataset
from headstart.data.inspection_report import class_lines, inspection_lines, refuse_unreadable, require_learnable
from headstart.data.readers import image
from headstart.data.readers.base import NO_KEY
from headstart.data.readers.image import content_key
from headstart.data.sources import read_dataset
from headstart.errors import DataError
from headstart.runtime.catalogue import texts_in


def refusal(function, report):
    with pytest.raises(DataError) as caught:
        function(report)
    return str(caught.value)


def copy(root, old, new):
    (root / new).parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(root / old, root / new)


def test_good_data_gets_two_lines(put):
    root = put(*(f"train/{name}/{number}.png" for name in "ab" for number in range(6)), "test/a/9.png")
    assert inspection_lines(inspect_dataset(read_dataset(root))) == [
        "13 pictures, 2 classes: 12 train, 1 test.",
        "Width 8 to 8 pixels (median 8), height 6 to 6 (median 6).",
    ]


def test_counts_are_per_class_and_split(put):
    report = inspect_dataset(read_dataset(put("train/a/1.png", "train/a/2.png", "train/b/1.png", "val/b/2.png")))
    assert report.counts == {"a": {"train": 2}, "b": {"train": 1, "validation": 1}}
    assert report.class_totals == {"a": 2, "b": 2}


def test_keys_and_sizes_are_in_the_order_of_the_examples(put):
    root = put(*(f"a/{number}.png" for number in range(150)), "b/x.png")  # more than two blocks
    Image.new("RGB", (40, 30)).save(root / "a" / "77.png")
    report = inspect_dataset(read_dataset(root))
    assert report.keys == tuple(content_key(example.source) for example in report.dataset.examples)
    assert report.sizes[77].tolist() == [40, 30]
    assert report.to_json()["sizes"] == {"width": [8, 8, 40], "height": [6, 6, 30]}


@pytest.mark.parametrize("threshold", [0.0, 1e9], ids=["threads", "one thread"])
def test_threads_change_nothing(put, monkeypatch, threshold):
    monkeypatch.setattr("headstart.data.inspection._SLOW", threshold)
    dataset = read_dataset(put(*(f"a/{number}.png" for number in range(200))))
    seen = []
    report = inspect_dataset(dataset, lambda *state: seen.append(state), workers=3)
    assert report.keys == tuple(content_key(example.source) for example in dataset.examples)
    assert seen == [("checking pictures", done, 200) for done in (64, 128, 192, 200)]


def test_unreadable_pictures_are_named_with_the_reason_and_left_out(put):
    root = put("a/1.png", "a/2.png", "b/1.png")
    (root / "b" / "bad.jpg").write_bytes(b"no picture")
    (root / "a" / "none.jpg").touch()
    report = inspect_dataset(read_dataset(root))
    assert {index: str(why) for index, why in report.unreadable.items()} == {
        2: "The file is empty: it has 0 bytes.",
        4: "It is not a picture of a known format.",
    }
    assert report.usable.tolist() == [0, 1, 3]
    assert report.keys[2] == report.keys[4] == NO_KEY
    assert report.class_totals == {"a": 2, "b": 1}
    assert inspection_lines(report)[2:5] == [
        "2 pictures are left out because unreadable:",
        "  a/none.jpg: The file is empty: it has 0 bytes.",
        "  b/bad.jpg: It is not a picture of a known format.",
    ]
    assert report.to_json()["unreadable"][0] == {"path": "a/none.jpg", "reason": "The file is empty: it has 0 bytes."}


def test_strict_refuses_unreadable_pictures_and_lists_five(put):
    root = put("a/1.png", "b/1.png")
    for number in range(17):
        (root / "a" / f"bad{number}.png").touch()
    report = inspect_dataset(read_dataset(root))
    text = "'a/bad{}.png': The file is empty: it has 0 bytes. "
    assert refusal(refuse_unreadable, report) == (
        "17 pictures cannot be read. " + "".join(text.format(number) for number in range(5)) + "And 12 more. "
        "Replace them or take them out, or leave 'strict' out to go on without them."
    )
    assert "  and 12 more" in inspection_lines(report)
    refuse_unreadable(inspect_dataset(read_dataset(root / "b")))


def test_two_empty_files_are_no_duplicates(put):
    root = put("a/1.png", "b/1.png")
    (root / "a" / "x.png").touch()
    (root / "b" / "x.png").touch()
    assert inspect_dataset(read_dataset(root)).duplicates == ()


def test_duplicates_within_and_across_splits_and_classes_are_found(put):
    root = put("train/a/1.png", "train/b/1.png", "train/b/3.png", "test/a/1.png")
    copy(root, "train/a/1.png", "train/a/2.png")
    copy(root, "train/a/1.png", "test/a/2.png")
    copy(root, "train/b/1.png", "train/a/3.png")
    report = inspect_dataset(read_dataset(root)).to_json()
    leak, conflict = ["test/a/2.png", "train/a/1.png", "train/a/2.png"], ["train/a/3.png", "train/b/1.png"]
    assert report["duplicates"] == [leak, conflict]
    assert report["duplicates_across_splits"] == [leak]
    assert report["label_conflicts"] == [conflict]
    assert [line for line in inspection_lines(inspect_dataset(read_dataset(root))) if "bytes" in line] == [
        "2 sets of pictures have the same bytes, for instance 'test/a/2.png', 'train/a/1.png' and 'train/a/2.png'.",
        "1 set of pictures has the same bytes in different splits, for instance 'test/a/2.png', 'train/a/1.png' and "
        "'train/a/2.png'.",
        "1 set of pictures has the same bytes under different classes, for instance 'train/a/3.png' and "
        "'train/b/1.png'.",
    ]


def test_tiny_classes_and_imbalance_are_reported(put):
    root = put(*(f"a/{number}.png" for number in range(12)), "b/1.png", "b/2.png")
    report = inspect_dataset(read_dataset(root))
    assert report.tiny_classes == {"b": 2}
    assert report.imbalance == 6
    assert inspection_lines(report)[2:] == [
        "1 class has fewer than 5 pictures: b (2).",
        "The largest class has 6.0 times as many pictures as the smallest; "
        "accuracy alone says little, look at the classes.",
    ]


def test_a_wrong_suffix_is_reported_and_used(put):
    root = put("a/1.png", "b/1.png")
    (root / "a" / "1.png").rename(root / "a" / "1.jpg")
    report = inspect_dataset(read_dataset(root))
    assert report.usable.tolist() == [0, 1]
    assert "1 picture has the suffix of another format, which does no harm: 'a/1.jpg'." in inspection_lines(report)


def test_class_twins_and_the_notices_of_reading_are_passed_on(put):
    report = inspect_dataset(read_dataset(put("Rose/1.png", "rose/1.png")))
    assert report.to_json()["class_twins"] == [["Rose", "rose"]]
    assert inspection_lines(report)[-1] == str(report.dataset.notices[0])


def test_the_report_is_plain_data(put):
    root = put("train/a/1.png", "train/b/1.png", "test/a/1.png")
    (root / "train" / "a" / "bad.png").touch()
    report = inspect_dataset(read_dataset(root, group_pattern="/[ab]/")).to_json()
    assert json.loads(json.dumps(report)) == report
    assert (report["pictures"], report["usable"], report["groups"]) == (4, 3, 2)


def test_one_class_only_is_refused(put):
    root = put("a/1.png", "a/2.png")
    assert refusal(require_learnable, inspect_dataset(read_dataset(root))) == (
        "There is only one class with readable pictures: 'a'. A classifier needs at least two. "
        "Put the pictures of each class into a folder of its own."
    )


def test_an_error_keeps_what_led_to_it(put):
    root = put("a/1.png", "a/2.png")
    (root / "b").mkdir()
    for number in range(8):
        (root / "b" / f"{number}.heif_").touch()
    checked = inspect_dataset(read_dataset(root))
    with pytest.raises(DataError) as caught:
        require_learnable(checked)
    assert str(caught.value) == (
        "There is only one class with readable pictures: 'a'. A classifier needs at least two. "
        "8 files without a picture's suffix (8 .heif_) were left out. 1 class folder holds no pictures: 'b'. "
        "Put the pictures of each class into a folder of its own."
    )
    assert caught.value.findings == checked.dataset.notices
    assert "略去了 8 个没有图片扩展名的文件" in caught.value.render(texts_in("zh"))


def test_behind_a_list_in_an_error_a_new_line_begins(put):
    root = put("a/1.png")
    (root / "b").mkdir()
    (root / "b" / "bad.png").touch()
    assert refusal(require_learnable, inspect_dataset(read_dataset(root))).splitlines()[-3:] == [
        "There is only one class with readable pictures: 'a'. A classifier needs at least two. "
        "1 picture is left out because unreadable:",
        "  b/bad.png: The file is empty: it has 0 bytes.",
        "Put the pictures of each class into a folder of its own.",
    ]


def test_the_classes_are_listed_with_their_parts_the_first_twenty(put):
    root = put(*(f"{part}/c{n}/{part}.png" for part in ("train", "test") for n in range(81)), "train/c0/more.png")
    lines = class_lines(inspect_dataset(read_dataset(root)))
    assert lines[:3] == ["Classes:", "  c0: 2 train, 1 test", "  c1: 1 train, 1 test"]
    assert lines[-2:] == ["  c19: 1 train, 1 test", "  … and 61 more"]


def test_one_folder_too_high_is_recognised(put):
    root = put("flowers/rose/1.png", "flowers/tulip/2.png")
    assert refusal(require_learnable, inspect_dataset(read_dataset(root))).endswith(
        f"If the classes lie inside it, give '{root}/flowers' instead."
    )


def test_a_class_that_is_unreadable_does_not_count(put):
    root = put("a/1.png")
    (root / "b").mkdir()
    (root / "b" / "bad.png").touch()
    assert "only one class with readable pictures: 'a'" in refusal(
        require_learnable, inspect_dataset(read_dataset(root))
    )


def test_pictures_without_classes_are_refused(put):
    assert refusal(require_learnable, inspect_dataset(read_dataset(put("1.png", "2.png")))) == (
        "The pictures have no classes. There is no label for '1.png' and '2.png'. "
        "Put one folder per class, or give a table with the columns path and label."
    )


def test_data_without_a_readable_picture_is_refused(tmp_path):
    for name in "ab":
        (tmp_path / name).mkdir()
        (tmp_path / name / "1.png").touch()
    assert refusal(require_learnable, inspect_dataset(read_dataset(tmp_path))) == (
        "No picture can be read. 'a/1.png': The file is empty: it has 0 bytes. Check the data."
    )


def test_two_classes_are_enough(put):
    require_learnable(inspect_dataset(read_dataset(put("a/1.png", "b/1.png"))))


def test_an_interrupted_walk_does_not_finish_the_rest(monkeypatch):
    looked = []
    monkeypatch.setattr("headstart.data.inspection._SLOW", 0.0)
    inspect = image.inspect_example
    monkeypatch.setattr("headstart.data.readers.image.inspect_example", lambda *a: (looked.append(a), inspect(*a))[1])

    def interrupt(*_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        inspect_dataset(Dataset("x", tuple(Example(b"", str(n)) for n in range(100_000))), interrupt, workers=1)
    assert len(looked) < 100_000


def test_a_table_without_a_row_is_refused_as_such(tmp_path):
    (tmp_path / "none.csv").write_text("label,a,b\n")
    assert refusal(require_learnable, inspect_dataset(read_dataset(tmp_path / "none.csv"))) == (
        "No row can be read. There are none. Check the data."
    )
