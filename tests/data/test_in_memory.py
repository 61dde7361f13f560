import numpy as np
import pytest
from PIL import Image

from headstart.data.in_memory import read_pairs
from headstart.data.readers.image import content_key, open_example
from headstart.data.sources import read_dataset
from headstart.errors import DataError

RED, BLUE = (np.zeros((6, 5, 3), np.uint8) + np.array(colour, np.uint8) for colour in ((255, 0, 0), (0, 0, 255)))


class Items:
    """What torchvision's datasets look like from outside."""

    def __init__(self, items, **attributes):
        self.items = items
        self.__dict__.update(attributes)

    def __len__(self):
        return len(self.items)

    def __getitem__(self, index):
        return self.items[index]


class Tensor:
    """What a tensor looks like from outside."""

    def __init__(self, array):
        self.array = array

    def detach(self):
        return self

    cpu = detach

    def numpy(self):
        return self.array


def refusal(source, **options):
    with pytest.raises(DataError) as caught:
        read_dataset(source, **options)
    return str(caught.value)


def pixel(example):
    return open_example(example.source).getpixel((0, 0))


def test_pairs_of_picture_and_label_are_a_dataset(tmp_path):
    dataset = read_dataset([(RED, "red"), (Image.fromarray(BLUE), "blue"), (tmp_path / "x.png", "red")])
    assert dataset.classes == ("blue", "red")
    assert [example.name for example in dataset.examples] == ["#0", "#1", str(tmp_path / "x.png")]
    assert [pixel(example) for example in dataset.examples[:2]] == [(255, 0, 0), (0, 0, 255)]


def test_two_lists_are_a_dataset_too():
    assert read_dataset(([RED, BLUE], ["r", "b"])).labels.tolist() == [1, 0]
    assert read_dataset((np.stack([RED, BLUE]), np.array([1, 0]))).classes == ("0", "1")


def test_pictures_without_labels_are_a_dataset_without_classes():
    for source in ([RED, BLUE], np.stack([RED, BLUE])):
        dataset = read_dataset(source)
        assert (len(dataset), dataset.classes) == (2, ())


@pytest.mark.parametrize(
    "labels", [["10", "9"], [10, 9], np.array([10, 9]), np.array(["10", "9"]), [np.int64(10), np.int64(9)]]
)
def test_labels_of_any_kind_become_text(labels):
    assert read_pairs([RED, BLUE], labels).classes == ("9", "10")


def test_missing_labels_and_unequal_lengths_are_refused():
    with pytest.raises(DataError) as caught:
        read_pairs([RED, BLUE, RED], ["a", None, float("nan")])
    assert str(caught.value) == (
        "2 pictures have no label. Missing: '#1' and '#2'. Give a label, or leave these pictures out."
    )
    with pytest.raises(DataError) as caught:
        read_pairs([RED, BLUE], ["a"])
    assert str(caught.value) == (
        "There are 2 pictures but 1 label. Every picture needs one label. Give two lists of the same length."
    )


@pytest.mark.parametrize("source", [[], Items([]), ([], [])])
def test_an_empty_list_is_refused(source):
    assert refusal(source).startswith("There are no pictures. The ")


@pytest.mark.parametrize("source", [None, 7, {"a": RED}, {"a": None}, {}, b"bytes", max])
def test_what_is_no_dataset_is_refused_with_its_type(source):
    assert refusal(source) == (
        f"This cannot become a dataset. It is of the type {type(source).__name__}. "
        "Give a folder, a table, a list of (picture, label) pairs, a data frame, or an object that gives such pairs."
    )


# ---- torchvision's kind


def test_class_names_of_a_dataset_object_are_used():
    dataset = read_dataset(Items([(RED, 1), (BLUE, np.int64(0))], classes=["sea", "fire"]))
    assert [example.label for example in dataset.examples] == ["fire", "sea"]


def test_a_label_without_a_name_is_refused():
    assert refusal(Items([(RED, 0), (BLUE, 2)], classes=["sea", "fire"])) == (
        "The label 2 of picture '#1' has no name. The dataset names 2 classes: 'sea' and 'fire'. "
        "Correct the label, or leave the picture out."
    )


def test_text_labels_stay_although_there_are_class_names():
    assert read_dataset(Items([(RED, "a"), (BLUE, "b")], classes=["x"])).classes == ("a", "b")


def test_a_dataset_that_lists_its_files_is_read_from_them_when_needed(put):
    root = put("a/1.png", "b/1.png")

    class Folder(Items):
        def __getitem__(self, index):
            raise AssertionError("the pictures must not be loaded here")

    samples = [(str(root / "a" / "1.png"), 0), (str(root / "b" / "1.png"), 1)]
    dataset = read_dataset(Folder(samples, samples=samples, classes=["a", "b"]))
    assert [(example.source, example.label) for example in dataset.examples] == [
        (samples[0][0], "a"),
        (samples[1][0], "b"),
    ]


def test_each_item_of_another_object_is_read_once():
    reads = []

    class Counting(Items):
        def __getitem__(self, index):
            reads.append(index)
            return self.items[index]

    read_dataset(Counting([(RED, 0), (BLUE, 1)]))
    assert reads == [0, 1]


@pytest.mark.parametrize(
    "array",
    [
        RED.transpose(2, 0, 1),
        RED.transpose(2, 0, 1).astype(np.float32) / 255,
        RED,
        RED.astype(np.float64) / 255,
    ],
    ids=["chw uint8", "chw float", "hwc uint8", "hwc float"],
)
def test_tensors_are_turned_to_pictures(array):
    source = read_dataset([(Tensor(array), "red"), (BLUE, "blue")]).examples[0].source
    assert source.dtype == np.uint8
    assert np.array_equal(source, RED)


def test_a_tensor_of_one_channel_and_an_ambiguous_one_are_channels_first():
    grey = read_dataset([(Tensor(np.full((1, 4, 5), 1.0, np.float32)), "a")]).examples[0].source
    assert open_example(grey).size == (5, 4)
    ambiguous = np.zeros((3, 4, 3), np.uint8)
    ambiguous[0] = 255
    assert np.asarray(open_example(read_dataset([(Tensor(ambiguous), "a")]).examples[0].source)).shape == (4, 3, 3)


def test_real_torch_tensors_are_accepted():
    torch = pytest.importorskip("torch")
    red = torch.tensor(RED.transpose(2, 0, 1).copy())
    dataset = read_dataset([(red, torch.tensor(1)), (red.float() / 255, torch.tensor(0))])
    assert dataset.classes == ("0", "1")
    assert np.array_equal(dataset.examples[0].source, dataset.examples[1].source)


def test_a_normalised_tensor_is_refused():
    tensor = Tensor(np.array([[[-2.0, 2.5]]], np.float32))
    assert refusal([(RED, "a"), (tensor, "b")]) == (
        "The values of picture '#1' lie outside 0 to 1. They go from -2 to 2.5. "
        "Leave normalisation out of the dataset's transforms; the encoder brings its own."
    )


# ---- Hugging Face's


@pytest.fixture
def hub(tmp_path):
    datasets = pytest.importorskip("datasets")

    def make(labels=(0, 1, 0), features=None, **columns):
        images = [Image.fromarray(array) for array in (RED, BLUE, RED)][: len(labels)]
        kinds = {"picture": datasets.Image(), "label": datasets.ClassLabel(names=["sea", "fire"]), **(features or {})}
        return datasets.Dataset.from_dict(
            {"picture": images, "label": list(labels), **columns}, features=datasets.Features(kinds)
        )

    make.module = datasets
    return make


def test_a_hugging_face_dataset_is_read_by_its_types(hub):
    dataset = read_dataset(hub())
    assert dataset.classes == ("fire", "sea")
    assert [(example.name, example.label, example.split) for example in dataset.examples] == [
        ("#0", "sea", None),
        ("#1", "fire", None),
        ("#2", "sea", None),
    ]
    assert [pixel(example) for example in dataset.examples] == [(255, 0, 0), (0, 0, 255), (255, 0, 0)]
    assert tuple(map(str, dataset.notices)) == ("Columns: path from 'picture', label from 'label'.",)


def test_equal_pictures_of_a_hugging_face_dataset_have_equal_keys(hub):
    keys = [content_key(example.source) for example in read_dataset(hub()).examples]
    assert keys[0] == keys[2] != keys[1]


def test_the_parts_of_a_dataset_dict_are_splits(hub):
    parts = hub.module.DatasetDict(train=hub(), validation=hub((1,)), unsupervised=hub((0,)))
    dataset = read_dataset(parts)
    assert [(example.name, example.split) for example in dataset.examples] == [
        ("train/#0", "train"),
        ("train/#1", "train"),
        ("train/#2", "train"),
        ("validation/#0", "validation"),
    ]
    assert str(dataset.notices[0]) == "Of the dataset's splits 'unsupervised' was left out."


def test_a_dataset_dict_without_known_parts_is_refused(hub):
    assert refusal(hub.module.DatasetDict(all=hub())) == (
        "The dataset has no known split. It has 'all'; expected train, validation or test. "
        "Give one of them: dataset['...']."
    )


def test_groups_come_from_a_column_of_a_hugging_face_dataset(hub):
    source = hub(patient=["p1", "p2", "p1"], features={"patient": hub.module.Value("string")})
    assert [example.group for example in read_dataset(source, group_by="patient").examples] == ["p1", "p2", "p1"]
    assert "The dataset has no column 'doctor'." in refusal(source, group_by="doctor")


def test_a_shuffled_selection_keeps_pictures_and_labels_together(hub):
    dataset = read_dataset(hub().select([1, 0]))
    assert [(pixel(example), example.label) for example in dataset.examples] == [
        ((0, 0, 255), "fire"),
        ((255, 0, 0), "sea"),
    ]


def test_hidden_labels_are_refused(hub):
    assert refusal(hub.module.DatasetDict(train=hub(), test=hub((-1, -1)))) == (
        "2 of 2 pictures in 'test' have no label. See '#0' and '#1'. "
        "Leave them out: dataset.select(...) or dataset.filter(...)."
    )


def test_several_columns_of_classes_are_refused(hub):
    kind = hub.module.ClassLabel(names=["x", "y"])
    source = hub(coarse=[0, 1, 0], features={"coarse": kind}).rename_column("label", "fine")
    assert refusal(source) == (
        "The dataset has several columns of classes. They are 'fine' and 'coarse'. "
        "Rename the one that is meant: dataset.rename_column('...', 'label')."
    )


def test_a_dataset_without_pictures_is_refused(hub):
    assert "The dataset has no column 'image'. Its columns are 'label'." in refusal(hub().remove_columns("picture"))


def test_a_streamed_dataset_is_refused(hub):
    assert refusal(hub().to_iterable_dataset()) == (
        "The dataset is streamed. It has no length and no order. Load it with streaming=False, or take a part."
    )


def test_pictures_kept_as_paths_are_read_from_there(hub, put):
    root = put("a.png", "b.png")
    source = hub.module.Dataset.from_dict({"image": [str(root / "a.png"), str(root / "b.png")], "label": ["x", "y"]})
    for form in (source, source.cast_column("image", hub.module.Image())):
        dataset = read_dataset(form)
        assert dataset.classes == ("x", "y")
        assert content_key(dataset.examples[1].source) == content_key(root / "b.png")
