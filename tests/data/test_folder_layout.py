"""Where classes and parts stand in folders as people have them."""

import pytest

from headstart.data.folder_layout import find_layout
from headstart.data.folders import read_folder
from headstart.data.part_names import part_name, plain_splits

TWO = ("disc", "square")


def tree(*folders: str) -> list[str]:
    return [f"{folder}/{number}.png" for folder in folders for number in range(2)]


def below(*parts: str, classes: tuple[str, ...] = TWO) -> list[str]:
    return tree(*(f"{part}/{name}" for part in parts for name in classes))


def read(files: list[str], name: str = "data") -> dict[str | None, set[str | None]]:
    """Return the classes of each split; files beside the parts are passed over."""
    layout = find_layout(files, name)
    found: dict[str | None, set[str | None]] = {}
    for place in filter(None, map(layout.place, files)):
        found.setdefault(place.split, set()).add(place.label)
    return found


BOTH = {"train": {*TWO}, "test": {*TWO}}


@pytest.mark.parametrize(
    ("train", "test"),
    [
        ("train", "test"), ("Training", "Testing"), ("TRAIN", "TEST"), ("train_data", "test_data"),
        ("Train Images", "Test Images"), ("training_set", "test_set"), ("trainset", "testset"),
        ("train2017", "test2017"), ("1_train", "2_test"), ("seg_train", "seg_test"), ("train_another", "test_another"),
        ("seg_train/seg_train", "seg_test/seg_test"), ("training_set/training_set", "test_set/test_set"),
        ("images/train", "images/test"), ("archive/train", "archive/test"), ("data/data/Train", "data/data/Test"),
        ("train/images", "test/images"), ("Dataset/TrainData", "Dataset/TestData"), ("训练集", "测试集"),
        ("train", "holdout"), ("train", "eval"), ("flowers-train", "flowers-test"), ("trainval", "test"),
    ],
)  # fmt: skip
def test_parts_are_known_in_every_spelling_and_depth(train, test):
    assert read(below(train, test)) == BOTH


@pytest.mark.parametrize("word", ["validation", "val", "Valid", "dev", "validation_data", "验证集"])
def test_validation_has_as_many_names(word):
    assert read(below("training", word, "testing")) == {**BOTH, "validation": {*TWO}}


def test_evaluation_is_for_validation_where_there_is_a_test_part():
    assert read(below("train", "eval", "test")) == {**BOTH, "validation": {*TWO}}


def test_parts_may_have_other_classes():
    files = [*below("train", classes=("disc", "square", "star")), *below("val", classes=("disc",)), *below("test")]
    assert read(files) == {"train": {"disc", "square", "star"}, "validation": {"disc"}, "test": {*TWO}}


def test_a_part_with_one_class_keeps_its_deeper_folders_in_the_class():
    files = [*below("train/disc", "train/square", classes=("left", "right")), *below("test/disc", classes=("left",))]
    assert read(files) == {"train": {*TWO}, "test": {"disc"}}


def test_a_folder_called_train_with_pictures_beside_other_such_folders_is_a_class():
    assert read(tree("bus", "car", "train")) == {None: {"bus", "car", "train"}}
    assert read(tree("bus", "test", "train")) == {None: {"bus", "test", "train"}}
    assert read(tree("rose", "test")) == {None: {"rose", "test"}}
    assert read([*tree("bus", "car"), *below("train", classes=("old", "new"))]) == {None: {"bus", "car", "train"}}


def test_a_class_called_train_inside_parts_is_one():
    files = below("train", "test", classes=("bus", "train"))
    assert read(files) == {"train": {"bus", "train"}, "test": {"bus", "train"}}


def test_names_with_the_word_of_a_part_are_classes():
    assert read(tree("bullet train", "bus", "tram")) == {None: {"bullet train", "bus", "tram"}}
    files = below("train station", "bus station", classes=("day 1", "day 2"))
    assert read(files) == {None: {"train station", "bus station"}}


def test_parts_may_lie_in_the_folders_of_the_classes():
    assert read(below(*TWO, classes=("train", "test"))) == BOTH
    assert read(below(*TWO, classes=("left", "right"))) != BOTH


def test_pictures_without_classes_in_a_part_have_none():
    files = [*below("train"), *tree("test/test")]
    assert read(files) == {"train": {*TWO}, "test": {None}}


def test_folders_that_hold_the_same_folders_are_no_classes_and_that_is_said():
    layout = find_layout(below("hospital a", "hospital b"))
    assert read(below("hospital a", "hospital b")) == {None: {*TWO}}
    assert [str(one) for one in layout.notices] == [
        "All of the folders 'hospital a' and 'hospital b' hold the folders 'disc' and 'square': these are taken "
        "for the classes. If they are not, give a table with the columns path and label."
    ]


def test_numbered_pieces_of_data_are_no_classes_though_some_lack_a_class():
    files = [*below("fold1", "fold2", classes=("a", "b", "c")), *below("fold3", classes=("a", "b"))]
    assert read(files) == {None: {"a", "b", "c"}}


def test_classes_that_hold_the_same_dates_stay_classes():
    assert read(below("rose", "tulip", classes=("2019", "2020"))) == {None: {"rose", "tulip"}}
    assert read(below("benign", "malignant", classes=("40X", "100X"))) == {None: {"benign", "malignant"}}


def test_a_folder_that_only_wraps_the_classes_is_entered_and_said():
    assert read(below("images")) == {None: {*TWO}}
    assert read(below("flowers"), name="flowers") == {None: {*TWO}}
    assert [str(one) for one in find_layout(below("images")).notices] == ["The classes lie in 'images'."]
    assert read(below("rose", classes=("red", "white"))) == {None: {"rose"}}  # nothing says that it is no class


def test_the_pictures_of_parts_are_preferred_to_their_masks():
    files = below("images/train", "images/test", "masks/train", "masks/test")
    assert read(files) == BOTH


@pytest.mark.parametrize("name", ["rose", "contest", "trainer", "validated", "attest", "latest", "devil", "train test"])
def test_words_that_only_contain_a_part_are_none(name):
    assert part_name(name) is None


def test_a_name_that_says_more_than_a_part_is_no_plain_one():
    assert plain_splits(["seg_train", "Val", "holdout set"]) == {"Val": "validation", "holdout set": "test"}


def test_what_systems_and_network_drives_leave_behind_is_no_data(put):
    litter = (
        "@eaDir",
        "$RECYCLE.BIN",
        "lost+found",
        "__MACOSX",
        "System Volume Information",
        "#recycle",
        ".Trash-1000",
    )
    root = put("disc/1.png", "square/1.png", *(f"{name}/x/1.png" for name in litter), "disc/@eaDir/1.png/thumb.jpg")
    dataset = read_folder(root)
    assert [example.name for example in dataset.examples] == ["disc/1.png", "square/1.png"]
    assert dataset.notices == ()


def test_folders_that_wrap_the_classes_of_each_piece_are_skipped():
    assert read(below("amazon/images", "dslr/images")) == {None: {*TWO}}


@pytest.mark.parametrize(
    "folders",
    [
        ("disc_train", "disc_test", "square_train", "square_test"),
        ("train_disc", "train_square", "test_disc", "test_square"),
        ("trainDisc", "trainSquare", "testDisc", "testSquare"),
        ("1 disc-Training", "1 disc-Testing", "2 disc-Training", "2 disc-Testing"),
    ],
)
def test_the_name_of_a_folder_may_tell_both_the_class_and_the_part(folders):
    layout = find_layout(tree(*folders))
    found = read(tree(*folders))
    assert set(found) == {"train", "test"} and found["train"] == found["test"] and len(found["test"]) == 2
    assert layout.has_parts and [one.code for one in layout.notices] == ["data.named_parts"]


@pytest.mark.parametrize(
    "folders",
    [
        ("disc_train", "disc_test"),
        ("disc_train", "disc_test", "square_train"),
        ("disc_train", "disc_test", "square_train", "square_test", "star"),
        ("train1", "train2", "test1", "test2"),
        ("train_disc", "train_square"),
        ("valid", "invalid"),
        ("disc_val", "disc_test", "square_val", "square_test"),
    ],
)
def test_a_word_in_the_names_of_some_classes_makes_no_parts(folders):
    assert not find_layout(tree(*folders)).named


@pytest.mark.parametrize("wrap", ["archive", "archive/data", "my-flowers/v2/final"])
def test_folders_that_only_wrap_the_parts_are_no_class(wrap):
    assert read(below(f"{wrap}/train", f"{wrap}/test")) == BOTH


def test_pictures_in_one_folder_that_says_nothing_have_no_class():
    assert read(tree("images")) == {None: {None}}
    assert read(tree("roses")) == {None: {"roses"}}


def test_folders_inside_all_the_classes_are_said():
    (note,) = find_layout(below("benign", "malignant", classes=("40X", "100X"))).notices
    assert str(note) == (
        "The folders of the classes hold 2 folders: '40X' and '100X'. What lies there counts to the class above; "
        "if these are the classes, give a table with the columns path and label."
    )
    assert find_layout([*below("benign", classes=("40X",)), *tree("malignant")]).notices == ()
