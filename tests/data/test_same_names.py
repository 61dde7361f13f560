"""One rule for when two names are the same, wherever names meet."""

import json
import os
import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as some

from headstart.data.example import Dataset, Example, known_label
from headstart.data.labels import match_target, unify_names, with_target
from headstart.data.name_bytes import read_names
from headstart.data.same_names import canonical, match_names, near_key, twins
from headstart.data.sources import read_dataset
from headstart.data.targets.classes import Classes
from headstart.errors import DataError

COMPOSED = ("Crème", "Äpfel", "한국", "Tiếng Việt", "ガラス", "Å")
any_bytes = pytest.mark.skipif(sys.platform != "linux", reason="only Linux lets a file name be any bytes")
APART = [unicodedata.normalize("NFD", name) for name in COMPOSED]


def labelled(*rows):
    """Make a dataset of (label, split)."""
    return Dataset("toy", tuple(Example(f"{n}", f"{n}", known_label(one), part) for n, (one, part) in enumerate(rows)))


def said(dataset):
    return [str(notice) for notice in dataset.notices]


@pytest.mark.parametrize("name", COMPOSED)
def test_the_unicode_form_makes_no_other_name(name):
    assert canonical(unicodedata.normalize("NFD", name)) == unicodedata.normalize("NFC", name)


@pytest.mark.parametrize("blank", [" ", "\t", "\xa0", "\u3000", "\ufeff", "\u200b", "\u2060", "\r\n", "\u202a"])
def test_blanks_around_make_no_other_name(blank):
    assert canonical(f"{blank}ro se{blank}") == "ro se"
    assert canonical(blank) == blank


def test_flags_that_differ_only_in_unseen_tags_stay_two_names():
    england, scotland = ("\U0001f3f4" + "".join(chr(0xE0000 + ord(c)) for c in f"gb{c2}") for c2 in ("eng", "sct"))
    assert len({canonical(england), canonical(scotland), near_key(england), near_key(scotland)}) == 4 - 2


@pytest.mark.parametrize(
    "names",
    [
        ["Rose", "ROSE", "ｒｏｓｅ", "ro se", "ro\xa0se", "ro\u200bse", "ro\u00adse", "rose."],
        ["1", "1.0", "01", "+1", "１", "1.", "True", "TRUE"],
        ["-1.50", "-1.5", "-01.5"],
        ["0", "-0", "0.0", "false"],
        ["İzmir", "izmir", "IZMIR", "ızmır"],
        ["straße", "STRASSE"],
        ["." * 5],
        ["𝟏𝟎", "10"],
    ],
)
def test_names_that_come_near(names):
    assert len({near_key(name) for name in names}) == 1


@pytest.mark.parametrize(
    "names",
    [
        ["1", "-1", "10", "1.5", "15", "1.05", ".5", "v1"],
        ["A", "A-", "A+", "a1"],
        ["creme", "crème"],
        ["", ".", "+", "-", "..."],
        ["1_0", "1e1", "10", "1,0"],
    ],
)
def test_names_that_do_not_come_near(names):
    assert len({near_key(name) for name in names}) == len(names)


@given(some.text(max_size=20))
def test_the_rule_does_not_depend_on_how_often_it_is_applied(name):
    assert canonical(canonical(name)) == canonical(name)
    assert near_key(canonical(name)) == near_key(name)
    assert bool(canonical(name)) == bool(name)


@given(some.lists(some.text(max_size=3), max_size=6), some.lists(some.text(max_size=3), max_size=6))
def test_what_matches_is_known_and_what_is_known_matches_itself(names, known):
    matched = match_names(names, known)
    assert set(matched) <= set(names)
    assert set(matched.values()) <= set(known)
    assert all(canonical(matched[name]) == canonical(name) for name in names if name in known)


def test_a_name_is_matched_where_there_is_no_other_candidate():
    known = ("Rose", "1", "cat", "CAT")
    assert match_names(["rose", "1.0"], known) == {"rose": "Rose", "1.0": "1"}
    assert match_names(["Cat"], known) == {}  # of two known ones
    assert match_names(["rose", "ROSE"], known) == {}  # two of the data
    assert match_names(["Rose", "rose"], known) == {"Rose": "Rose"}
    assert match_names(["cat"], known) == {"cat": "cat"}


def test_folders_in_two_unicode_forms_are_one_class(put):
    root = put(*(f"{name}/{number}.png" for number, name in enumerate((*COMPOSED, *APART))))
    dataset = read_dataset(root)
    assert set(dataset.classes) == {unicodedata.normalize("NFC", name) for name in COMPOSED}
    assert said(dataset)[0].startswith("6 names are written in several ways that differ only in Unicode form")


def test_parts_in_two_unicode_forms_have_the_same_classes(put):
    files = [f"train/{name}/{number}.png" for number, name in enumerate(COMPOSED)]
    dataset = read_dataset(put(*files, *(f"test/{name}/{number}.png" for number, name in enumerate(APART))))
    assert len(dataset.classes) == len(COMPOSED)
    assert {one.label for one in dataset.examples if one.split == "test"} == set(dataset.classes)


def test_a_table_and_pairs_follow_the_same_rule(put):
    root = put("a.png", "b.png", "c.png")
    (root / "t.csv").write_text("path,label\na.png,Crème\nb.png,Cre\u0300me\u3000\nc.png,\ufeffrose\n", "utf-8")
    assert read_dataset(root / "t.csv").classes == ("Crème", "rose")
    assert read_dataset([("a.png", "Crème"), ("b.png", " Cre\u0300me"), ("c.png", "rose")]).classes == ("Crème", "rose")


def test_groups_follow_the_same_rule(put):
    root = put("a.png", "b.png")
    (root / "t.csv").write_text("path,label,group\na.png,x,Rene\u0301 \nb.png,y,René\n", "utf-8")
    assert {one.group for one in read_dataset(root / "t.csv", group_by="group").examples} == {"René"}


def test_near_names_in_one_part_are_kept_apart_and_said():
    dataset = unify_names(labelled(("Rose", None), ("rose", None), ("1", None), ("1.0", None), ("tulip", None)))
    assert len(dataset.classes) == 5
    assert said(dataset) == [
        f"The classes {pair} differ only by case, width, spaces or the form of a number; they are kept apart."
        for pair in ("'1' and '1.0'", "'Rose' and 'rose'")
    ]


def test_the_number_one_the_text_one_and_true():
    pairs = [("a.png", 1), ("b.png", "1"), ("c.png", 1.0), ("d.png", True), ("e.png", "two")]
    dataset = read_dataset(pairs)
    assert dataset.classes == ("1", "1.0", "True", "two")
    assert said(dataset) == [
        "The classes '1', '1.0' and 'True' differ only by case, width, spaces or the form of a number; "
        "they are kept apart."
    ]


def test_a_class_of_the_scored_part_alone_is_that_of_the_fitted_part_that_comes_near():
    dataset = unify_names(labelled(("Rose", "train"), ("1", "train"), ("rose", "test"), ("1.0", "test")))
    assert dataset.classes == ("1", "Rose")
    assert said(dataset) == [
        "2 classes are taken for the one whose name differs only by case, width, spaces or the form of a number: "
        "'rose' for 'Rose', '1.0' for '1'."
    ]


def test_names_that_both_stand_in_the_scored_part_are_kept_apart():
    dataset = unify_names(labelled(("Rose", "train"), ("x", "train"), ("rose", "test"), ("Rose", "test")))
    assert dataset.classes == ("Rose", "rose", "x")


def test_a_part_that_lacks_a_class_changes_no_name():
    dataset = unify_names(labelled(("a", "train"), ("b", "train"), ("a", "test")))
    assert (dataset.classes, dataset.notices) == (("a", "b"), ())


def test_new_data_gets_the_names_of_the_model():
    model = Classes(("0", "1", "Cre\u0300me", "Hund"))
    data = unify_names(labelled(("hund", None), ("Crème", None), ("1.0", None)))
    matched = match_target(data, model)
    assert matched.classes == ("1", "Cre\u0300me", "Hund")
    assert said(matched) == [
        "2 classes are taken for the one whose name differs only by case, width, spaces or the form of a number: "
        "'1.0' for '1', 'hund' for 'Hund'."
    ]
    assert with_target(data, model).labels.tolist() == [3, 2, 1]


def test_truth_values_get_the_names_of_the_model():
    assert with_target(labelled(("True", None), ("False", None)), Classes(("0", "1"))).labels.tolist() == [1, 0]


def test_new_data_with_two_names_near_one_of_the_model_is_refused():
    with pytest.raises(DataError, match="The model never saw 'DOG' and 'Dog'"):
        with_target(labelled(("Dog", None), ("DOG", None)), Classes(("cat", "dog")))


def test_class_twins_are_found_by_the_same_key():
    assert twins(["a", "A.", "b"]) == [["a", "A."]]


def foreign(text, encoding):
    """Show the bytes of a name as Python shows a file's name."""
    return os.fsdecode(text.encode(encoding))


@any_bytes
def test_folders_in_gbk_get_their_names(put):
    files = [f"{foreign(name, 'gbk')}/{n}.png" for name in ("狗", "马", "鸡", "猫") for n in range(2)]
    dataset = read_dataset(put(*files))
    assert set(dataset.classes) == {"狗", "马", "鸡", "猫"}
    assert all(os.path.exists(one.source) for one in dataset.examples)
    assert {one.name for one in dataset.examples} >= {"狗/0.png", "猫/1.png"}
    assert said(dataset) == ["4 names are not UTF-8 and read as GBK: '狗', '鸡', '马' and '猫'."]


@any_bytes
def test_a_part_in_gbk_has_the_classes_of_one_in_utf8(put):
    root = put(*(f"train/{name}/1.png" for name in "狗猫"), *(f"test/{foreign(name, 'gbk')}/1.png" for name in "狗猫"))
    assert set(read_dataset(root).classes) == {"狗", "猫"}  # the bytes of the cat are those of "è" in UTF-8


@any_bytes
def test_a_word_of_the_west_beside_names_in_gbk_stays_as_it_is(put):
    root = put(*(f"{name}/1.png" for name in (foreign("狗", "gbk"), foreign("马", "gbk"), "caf\udce9", "école", "é")))
    assert set(read_dataset(root).classes) == {"狗", "马", r"caf\udce9", "école", "é"}


@any_bytes
@pytest.mark.parametrize(
    ("names", "encoding"),
    [
        (("café", "cafè"), "latin-1"),
        (("créée", "crèée"), "latin-1"),
        (("Größe", "Grüße"), "latin-1"),
        (("кошка", "собака", "Лист"), "cp1251"),
        (("кошка", "собака"), "cp866"),
        (("いぬ", "ねこ"), "shift-jis"),
        (("狗", "貓"), "big5"),
    ],
)
def test_names_in_no_clear_encoding_are_kept_apart_and_said(put, names, encoding):
    dataset = read_dataset(put(*(f"{foreign(name, encoding)}/1.png" for name in names), "plain/1.png"))
    assert len(dataset.classes) == len(names) + 1
    assert all(name.isprintable() for name in dataset.classes)
    assert said(dataset)[0].startswith(f"{len(names)} names are not UTF-8, and in which encoding is not clear")


@any_bytes
def test_files_whose_names_print_alike_stay_two(put):
    dataset = read_dataset(put("a/caf\udce9.png", "a/caf\udce8.png", "b/1.png"))
    assert len({one.name for one in dataset.examples}) == 3


@any_bytes
def test_a_table_finds_files_by_their_bytes_their_printed_and_their_decoded_names(put):
    root = put(f"{foreign('狗', 'gbk')}/1.png", "caf\udce9.png", "b.png", "Cre\u0300me.png")
    rows = [("caf\udce9.png", "\udcb9\udcb7"), ("caf\\udce9.png", "狗"), ("狗/1.png", "b"), ("Crème.png", "b")]
    lines = [json.dumps({"path": path, "label": label}) for path, label in rows]
    (root / "t.jsonl").write_text("\n".join(lines), "utf-8")
    dataset = read_dataset(root / "t.jsonl")
    assert dataset.classes == ("b", "狗")
    assert all(os.path.exists(one.source) for one in dataset.examples)


def test_labels_that_are_bytes_follow_the_same_rule():
    pairs = [("a.png", "狗".encode("gbk")), ("b.png", "狗"), ("c.png", b"cat "), ("d.png", b"caf\xe9")]
    assert set(read_dataset(pairs).classes) == {"狗", "cat", r"caf\udce9"}


@given(some.lists(some.text(some.characters(categories=None), max_size=4), max_size=4))
def test_any_names_are_read_as_names_that_can_be_printed(names):
    read = read_names(names)
    assert all(read.path(name).encode("utf-8") or not name for name in names)
    assert set(read.texts) | set(read.unclear) <= set(names)
    unify_names(labelled(*((name, None) for name in names)))


def test_a_surrogate_that_stands_for_no_byte_hides_no_other_name():
    assert set(read_names(["\ud83d", "\udcb9\udcb7"]).texts.values()) == {"狗"}
