import numpy as np
import pytest
from PIL import Image

from headstart.data.example import Dataset, Example
from headstart.data.sources import fingerprint, is_one_example, list_examples, read_dataset
from headstart.errors import DataError


def refusal(function, *arguments, **options):
    with pytest.raises(DataError) as caught:
        function(*arguments, **options)
    return str(caught.value)


def names(examples):
    return [example.name for example in examples]


# ---- list_examples


def test_files_folders_and_patterns_are_listed_as_given(put, monkeypatch):
    monkeypatch.chdir(put("one.png", "many/10.png", "many/2.png", "many/deep/1.png", "x1.png", "x2.jpg"))
    assert names(list_examples("one.png")) == ["one.png"]
    assert names(list_examples("many")) == ["many/2.png", "many/10.png", "many/deep/1.png"]
    assert names(list_examples("x*")) == ["x1.png", "x2.jpg"]
    assert names(list_examples("**/*.png")) == ["many/2.png", "many/10.png", "many/deep/1.png", "one.png", "x1.png"]
    assert names(list_examples(["x2.jpg", "many", "one.png"])) == ["x2.jpg", *names(list_examples("many")), "one.png"]
    assert {example.label for example in list_examples("many")} == {None}


def test_a_name_with_pattern_characters_that_exists_is_a_file(put):
    root = put("a[1].png", "a1.png")
    assert names(list_examples(root / "a[1].png")) == [str(root / "a[1].png")]


def test_a_named_file_is_taken_whatever_its_suffix(tmp_path):
    (tmp_path / "picture.dat").touch()
    assert len(list_examples(tmp_path / "picture.dat")) == 1


def test_pictures_in_memory_are_numbered():
    image = Image.new("RGB", (2, 2))
    assert names(list_examples(image)) == ["#0"]
    assert names(list_examples(np.zeros((4, 4, 3), np.uint8))) == ["#0"]
    assert names(list_examples([image, b"bytes", np.zeros((4, 4), np.uint8)])) == ["#0", "#1", "#2"]
    assert len(list_examples(np.zeros((7, 4, 4, 3), np.uint8))) == 7


def test_a_path_that_does_not_exist_is_refused(put):
    root = put("rose.png")
    assert refusal(list_examples, [root / "rose.png", root / "rise.png"]) == (
        f"'{root}/rise.png' does not exist. Did you mean '{root}/rose.png'?"
    )


def test_what_holds_no_pictures_is_refused(tmp_path):
    assert (
        refusal(list_examples, tmp_path)
        == f"There are no pictures in '{tmp_path}'. Give a folder with pictures, or a table itself."
    )
    assert refusal(list_examples, tmp_path / "*.png") == (
        f"The pattern '{tmp_path}/*.png' matches no picture. Check the path."
    )
    assert refusal(list_examples, []) == "There are no pictures. The list is empty. Give at least one picture."


def test_one_picture_is_told_from_several(put):
    root = put("a.png", "b[1].png")
    one = [root / "a.png", str(root / "b[1].png"), "missing.png", b"bytes", Image.new("L", (1, 1)), np.zeros((2, 2))]
    several = [root, root / "*.png", [root / "a.png"], (b"bytes",), np.zeros((5, 2, 2, 3))]
    assert [is_one_example(inputs) for inputs in one] == [True] * len(one)
    assert [is_one_example(inputs) for inputs in several] == [False] * len(several)


# ---- read_dataset


def test_one_picture_or_a_pattern_is_a_dataset_without_classes(put):
    root = put("rose.png", "x1.png", "x2.png")
    assert (read_dataset(root / "rose.png").name, len(read_dataset(root / "rose.png"))) == ("rose", 1)
    dataset = read_dataset(f"{root}/x*.png")
    assert (dataset.name, len(dataset), dataset.classes) == ("x", 2, ())
    assert len(read_dataset([root / "rose.png", str(root / "x1.png")])) == 2


def test_a_file_that_is_neither_table_nor_picture_is_refused(tmp_path):
    (tmp_path / "flowers.zip").touch()
    assert refusal(read_dataset, tmp_path / "flowers.zip") == (
        f"'{tmp_path}/flowers.zip' is neither a table nor a picture. Tables end in .csv, .tsv, .jsonl, .parquet. "
        "Give a folder of pictures or a table; unpack an archive first."
    )


def test_the_name_can_be_given(put):
    root = put("a/1.png", "b/1.png")
    assert read_dataset(root, name="flowers").name == "flowers"


def test_a_dataset_passes_as_it_is(put):
    dataset = read_dataset(put("Rose/1.png", "rose/1.png"))
    assert read_dataset(dataset) == dataset
    assert len(dataset.notices) == 1


# ---- groups


@pytest.fixture
def patients(put):
    return put("a/p1_1.png", "a/p1_2.png", "a/p2_1.png", "b/p2_2.png", "b/other.png")


@pytest.mark.parametrize("pattern", ["(p[0-9])_", "p[0-9]"])
def test_a_pattern_on_the_path_names_the_groups(patients, pattern):
    dataset = read_dataset(patients, group_pattern=pattern)
    assert [example.group for example in dataset.examples] == ["p1", "p1", "p2", None, "p2"]
    assert tuple(map(str, dataset.notices)) == (
        f"The pattern '{pattern}' makes 2 groups of 4 pictures. 1 picture without a match forms a group alone.",
    )


def test_a_pattern_that_is_no_regular_expression_is_refused(patients):
    assert refusal(read_dataset, patients, group_pattern="(p[0-9") == (
        "The group pattern '(p[0-9' is not a regular expression. Unterminated character set at position 2. "
        "Write for instance '(patient[0-9]+)'."
    )


def test_a_pattern_that_matches_nothing_is_refused_with_an_example(patients):
    assert refusal(read_dataset, patients, group_pattern="site") == (
        "The group pattern 'site' matches no picture. The first one is called 'a/p1_1.png'. "
        "Change the pattern; it is searched in names like this one."
    )


def test_a_group_column_needs_columns(patients):
    assert refusal(read_dataset, patients, group_by="patient") == (
        "The group column 'patient' cannot be used here. Only tables and Hugging Face datasets have columns. "
        "Use a group pattern on the path instead, such as --group-pattern '(patient[0-9]+)'."
    )


def test_two_ways_to_group_at_once_are_refused(patients):
    assert refusal(read_dataset, patients, group_by="x", group_pattern="y") == (
        "Both a group column and a group pattern are given. One of them must name the groups. Leave one out."
    )


# ---- fingerprint


def test_the_fingerprint_sees_content_label_split_group_and_order():
    first, second = Example("a", "a", {"label": "cat"}, "train", "g"), Example("b", "b", {"label": "dog"})

    def digest(examples, keys):
        return fingerprint(Dataset("x", tuple(examples)), keys)

    base = digest([first, second], [bytes(32), bytes([1]) * 32])
    assert len(base) == 64
    others = [
        digest([second, first], [bytes(32), bytes([1]) * 32]),
        digest([first, second], [bytes([2]) * 32, bytes([1]) * 32]),
        digest([Example("a", "a", {"label": "dog"}, "train", "g"), second], [bytes(32), bytes([1]) * 32]),
        digest([Example("a", "a", {"label": "cat"}, "test", "g"), second], [bytes(32), bytes([1]) * 32]),
        digest([Example("a", "a", {"label": "cat"}, "train", None), second], [bytes(32), bytes([1]) * 32]),
    ]
    assert len({base, *others}) == 6
    renamed = [Example("elsewhere/a", "other name", {"label": "cat"}, "train", "g"), second]
    assert digest(renamed, [bytes(32), bytes([1]) * 32]) == base


def test_brackets_in_the_name_of_a_folder_are_no_pattern(put):
    root = put("new [2024]/1.png", "new [2024]/deep [1]/2.png", "new 2/3.png")
    assert [example.name for example in list_examples(str(root / "new [2024]" / "*.png"))] == [
        str(root / "new [2024]" / "1.png")
    ]
    assert len(list_examples(str(root / "new [2024]" / "**" / "*.png"))) == 2
    assert len(list_examples(str(root / "new [0-9]" / "*.png"))) == 1
    assert len(read_dataset(str(root / "new [2024]" / "deep [1]" / "[0-9].png"))) == 1


def test_a_pattern_passes_over_what_network_drives_leave_behind(put):
    root = put("a/1.png", "a/@eaDir/1.png")
    assert len(list_examples(str(root / "**" / "*.png"))) == 1
    assert len(list_examples(str(root / "a" / "@eaDir" / "*.png"))) == 1
