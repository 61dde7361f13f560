"""Whatever people hold data in is read as data, or refused with an explanation."""

import collections
import io
import os
import pathlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from headstart.data.columns import TableOptions
from headstart.data.objects import is_single, list_each
from headstart.data.readers.image import open_example
from headstart.data.sources import is_one_example, list_examples, read_dataset, single_example
from headstart.errors import DataError, HeadstartError

RED, BLUE = (np.zeros((6, 5, 3), np.uint8) + np.array(colour, np.uint8) for colour in ((255, 0, 0), (0, 0, 255)))
PICTURES = np.stack([RED, BLUE, RED, BLUE])
LABELS = ["sea", "fire", "sea", "fire"]


def png(array: np.ndarray = RED) -> bytes:
    file = io.BytesIO()
    Image.fromarray(array).save(file, "PNG")
    return file.getvalue()


def labels(source: object, **options: object) -> list[str]:
    return [example.label for example in read_dataset(source, **options).examples]


def refusal(source: object) -> str:
    with pytest.raises(DataError) as caught:
        read_dataset(source)
    return str(caught.value)


@pytest.fixture
def paths(put) -> list[str]:
    """Paths of four pictures in two folders."""
    root = put("fire/1.png", "fire/2.png", "sea/1.png", "sea/2.png")
    return sorted(str(path) for path in root.rglob("*.png"))


# ---- examples and labels


def test_examples_and_labels_come_in_whatever_holds_them(paths):
    for examples in (paths, tuple(paths), np.array(paths), np.array(paths, object), [Path(path) for path in paths]):
        for several in (LABELS, tuple(LABELS), np.array(LABELS), np.array(LABELS, "S"), [x.encode() for x in LABELS]):
            assert labels((examples, several)) == LABELS
    assert labels([paths, LABELS]) == labels(zip(paths, LABELS, strict=True)) == LABELS
    assert labels(pair for pair in zip(paths, LABELS, strict=True)) == LABELS
    assert labels(dict(zip(paths, LABELS, strict=True)).items()) == LABELS
    assert labels(dict(zip(paths, LABELS, strict=True))) == LABELS


def test_two_pairs_are_told_from_two_columns():
    assert labels((("a.png", "x"), ("b.png", "y"))) == labels([["a.png", "x"], ["b.png", "y"]]) == ["x", "y"]
    assert labels((("a.png", "b.png"), ("x", "y"))) == labels([["a.png", "b.png"], ["x", "y"]]) == ["x", "y"]
    assert len(read_dataset([RED, BLUE])) == len(read_dataset((RED, BLUE))) == 2


def test_one_hot_labels_are_classes():
    codes = np.array([[0, 1], [1, 0], [0, 1], [1, 0]])
    for several in (codes, codes.astype(bool), codes.astype(float), codes.tolist(), list(codes)):
        assert labels((PICTURES, several)) == ["1", "0", "1", "0"]
    assert labels((PICTURES, np.array(LABELS)[:, None])) == LABELS
    assert labels(list(zip(PICTURES, codes, strict=True))) == ["1", "0", "1", "0"]


@pytest.mark.parametrize(
    "codes", [np.zeros((4, 2)), np.ones((4, 2)), np.full((4, 2), 0.5), [[0, 1], [1, 0, 0], [0, 1], [1, 0]]]
)
def test_labels_of_no_class_or_of_several_are_refused(codes):
    assert "no single class. In a one-hot code exactly one number is 1" in refusal((PICTURES, codes))


def test_labels_that_are_missing_too_many_or_no_labels_are_refused():
    assert refusal((PICTURES, ["a", None, float("nan"), "b"])).startswith("2 pictures have no label.")
    assert refusal((PICTURES, [*LABELS, "more"])).startswith("There are 4 pictures but 5 labels.")
    for wrong in ({"boxes": []}, Image.new("L", (5, 5)), object(), {1, 2}, len):
        assert "name no class. The first is of the type" in refusal([(RED, wrong), (BLUE, "a")])


def test_parts_come_as_a_mapping_or_as_keras_gives_them():
    for source in (
        {"train": (PICTURES, LABELS), "val": (PICTURES[:2], LABELS[:2])},
        ((PICTURES, np.array([1, 0, 1, 0])), (PICTURES[:2], np.array([1, 0]))),
    ):
        dataset = read_dataset(source)
        assert [example.split for example in dataset.examples[:4]] == ["train"] * 4
        assert {example.split for example in dataset.examples[4:]} < {"validation", "test"}
        assert dataset.examples[4].name == ("val/#0" if isinstance(source, dict) else "test/#0")


def test_a_mapping_from_classes_holds_their_examples(paths):
    by_class = {"fire": paths[:2], "sea": paths[2:]}
    assert labels(by_class) == labels({name: list(map(Image.open, some)) for name, some in by_class.items()})
    folders = {name: str(Path(some[0]).parent) for name, some in by_class.items()}
    assert labels(folders) == ["fire", "fire", "sea", "sea"]
    assert [example.name for example in read_dataset(folders).examples] == [
        *("fire/1.png", "fire/2.png", "sea/1.png", "sea/2.png")
    ]


# ---- examples


def test_open_files_uploads_and_bytes_of_every_kind_are_pictures(tmp_path):
    (tmp_path / "a.png").write_bytes(png())

    class Upload:  # as web frameworks hand them on
        def __init__(self):
            self.file = io.BytesIO(png())

        async def read(self):
            raise AssertionError("nobody waits for it")

    half_read = io.BytesIO(png())
    half_read.read(10)
    with open(tmp_path / "a.png", "rb") as file:
        for one in (half_read, file, Upload(), bytearray(png()), memoryview(png()), {"bytes": png(), "path": None}):
            for example in (single_example(one), single_example([one])):
                assert open_example(example.source).getpixel((0, 0)) == (255, 0, 0)
            assert is_one_example(one)
    assert labels([(io.BytesIO(png()), "a"), (bytearray(png()), "b")]) == ["a", "b"]


def test_files_that_give_no_bytes_are_refused(tmp_path):
    assert refusal([(io.StringIO("text"), "a")]) == (
        "The open file #0 gives no bytes. It gives str. Open it with the mode 'rb', or give its path."
    )
    closed = io.BytesIO()
    closed.close()
    assert refusal([(closed, "a")]).startswith("The open file #0 cannot be read. I/O operation on closed file.")


def test_an_open_table_is_read_like_its_path(put):
    root = put("a.png", "b.png")
    (root / "data.csv").write_text("path,label\na.png,x\nb.png,y\n", encoding="utf-8")
    with open(root / "data.csv", encoding="utf-8") as file:
        assert labels(file) == ["x", "y"]
    assert labels(np.array(str(root / "data.csv"))) == ["x", "y"]


def test_generators_sets_and_views_of_paths_are_lists_of_them(paths):
    folder = Path(paths[0]).parent.parent
    for several in (iter(paths), set(paths), frozenset(paths), collections.deque(paths), folder.rglob("*.png")):
        assert sorted(example.source for example in read_dataset(several).examples) == paths
    assert [example.source for example in read_dataset(set(paths)).examples] == paths  # the same order every time


def test_items_that_are_no_pairs_are_named(paths):
    assert refusal([("a.png", "x"), ("b.png",)]).startswith(
        "Item #1 of the data is no pair of a picture and its label."
    )
    assert refusal([("a.png", "x"), "b.png"]).startswith("Item #1 of the data is no pair")
    assert refusal([("a.png", "x", "train")]).startswith("Item #0 of the data is no pair")
    assert "It has 3 parts." in refusal([("a.png", "x", "train")])
    assert refusal([1, 2, 3]).startswith("Item #0 of the data is no picture. It is of the type int.")


def test_rows_of_numbers_come_as_lists_too():
    dataset = read_dataset(([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], ["a", "b"]))
    assert (dataset.modality, dataset.classes) == ("vectors", ("a", "b"))


def test_paths_are_absolute_once_read(paths, monkeypatch):
    folder = Path(paths[0]).parent.parent
    monkeypatch.chdir(folder.parent)
    relative = [os.path.relpath(path) for path in paths]
    for several in (folder.name, relative, [(path, "a") for path in relative], f"{folder.name}/**/*.png"):
        read, listed = read_dataset(several), list_examples(relative)
        assert {example.source for example in read.examples} == set(paths)
        assert [example.source for example in listed] == paths
        assert [example.name for example in listed] == relative  # but called as they were


# ---- data sets of torch


class Listed:
    """What torchvision's folders look like from outside."""

    classes = ("fire", "sea")

    def __init__(self, paths):
        self.samples = [(path, number // 2) for number, path in enumerate(paths)]

    def __len__(self):
        return len(self.samples)

    def __getitem__(self, number):
        raise AssertionError("the pictures must not be loaded here")


def test_files_and_class_names_are_found_through_what_torch_wraps_around_a_folder(paths):
    data = pytest.importorskip("torch.utils.data")
    folder = Listed(paths)
    one, other = data.random_split(folder, [3, 1])
    for several in (
        data.ConcatDataset([one, other]),
        data.Subset(data.Subset(folder, [3, 2, 1, 0]), range(4)),
        data.DataLoader(folder, batch_size=3, shuffle=True),
        data.DataLoader(data.ConcatDataset([other, one]), sampler=data.WeightedRandomSampler([1.0] * 4, 9)),
    ):
        found = {example.source: example.label for example in read_dataset(several).examples}
        assert found == dict(zip(paths, ["fire", "fire", "sea", "sea"], strict=True))
    part = data.DataLoader(folder, sampler=data.SubsetRandomSampler([0, 3]))  # its other items are for another loader
    assert labels(part) == ["fire", "sea"]
    assert labels({"train": one, "val": other}) != []
    assert len(list_examples(data.Subset(folder, [1, 2]))) == 2


def test_a_data_set_around_another_keeps_its_pictures_and_finds_the_names():
    class Wrapper:
        def __init__(self, subset):
            self.subset = subset

        def __len__(self):
            return 2

        def __getitem__(self, number):
            return PICTURES[number], number

    assert labels(Wrapper(Listed([]))) == ["fire", "sea"]


def test_streams_of_torch_are_read_once(paths):
    data = pytest.importorskip("torch.utils.data")

    class Stream(data.IterableDataset):
        def __iter__(self):
            return iter(zip(paths, LABELS, strict=True))

    assert labels(Stream()) == labels(data.DataLoader(Stream())) == LABELS


def test_tensors_of_labels_are_labels():
    torch = pytest.importorskip("torch")
    pictures = torch.zeros(4, 3, 9, 9, requires_grad=True)
    assert labels((pictures, torch.tensor([1, 0, 1, 0]))) == ["1", "0", "1", "0"]
    assert labels((pictures, torch.eye(2)[[1, 0, 1, 0]])) == ["1", "0", "1", "0"]
    data = pytest.importorskip("torch.utils.data")
    assert labels(data.TensorDataset(pictures, torch.tensor([1, 0, 1, 0]))) == ["1", "0", "1", "0"]


# ---- columns


def test_data_frames_are_tables(paths):
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame({"path": paths, "label": pd.Categorical(LABELS), "patient": [1, 2, 1, 2]}, index=[9, 7, 5, 3])
    assert labels(frame) == LABELS
    assert [example.group for example in read_dataset(frame, group_by="patient").examples] == ["1", "2", "1", "2"]
    assert labels((frame["path"], frame["label"])) == labels((frame[["path"]], LABELS)) == LABELS
    assert labels((frame["path"], pd.get_dummies(frame["label"]))) == LABELS
    assert labels((frame["path"], pd.Series([1, 2, 1, 2], dtype="Int64"))) == ["1", "2", "1", "2"]
    assert [example.source for example in list_examples(frame)] == paths
    numbers = pd.DataFrame({"width": [1.0, 2.0, 3.0, 4.0], "label": LABELS})
    assert (read_dataset(numbers).modality, labels(numbers)) == ("vectors", LABELS)
    assert refusal((frame["path"], pd.Series([1, None, 1, 2], dtype="Int64"))).startswith("1 picture has no label.")
    assert refusal(frame.assign(path=[*paths[:3], None])).startswith("The data frame has 1 empty cell")
    assert refusal(frame[["path", "path"]]).startswith("The data frame has several columns of one name.")
    assert len(read_dataset(frame[["path"]].rename(columns={"path": "what"}))) == 4  # told by its cells
    assert labels(frame.rename(columns={"label": "what"}), table=TableOptions(label_column="what")) == LABELS


def test_other_frames_and_lists_of_rows_are_tables_as_well(paths):
    arrow = pytest.importorskip("pyarrow")
    columns = {"image": paths, "label": LABELS}
    rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]

    class Frame:  # as polars' looks from outside
        columns = ("image", "label")
        shape = (4, 2)

        def __getitem__(self, name):
            return {"image": paths, "label": LABELS}[name]

    for several in (
        columns,
        rows,
        arrow.table(columns),
        Frame(),
        [{**row, "image": {"path": row["image"]}} for row in rows],
    ):
        assert labels(several) == LABELS
        assert [example.source for example in list_examples(several)] == paths
    assert labels([{"image": Image.open(path), "label": "a"} for path in paths]) == ["a"] * 4
    assert refusal({"path": paths, "label": ["a"]}).startswith("The columns are of different lengths.")


def test_a_list_for_scikit_learn_has_one_item_for_each_example(paths):
    pd = pytest.importorskip("pandas")
    assert list_each(pd.DataFrame({"anything": paths})) == list_each(pd.Series(paths)) == paths
    for wrong in ("folder", b"bytes", {"path": paths}, 7, None):
        with pytest.raises(DataError, match="The pictures are no list"):
            list_each(wrong)


# ---- anything


class Angry:
    """Raises whatever it is asked."""

    def __init__(self, error):
        self.error = error

    def __len__(self):
        return 3

    def __getitem__(self, number):
        raise self.error


class Vague:
    """Has every attribute."""

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)


ODD = [
    *(
        None,
        3,
        2.5,
        float("nan"),
        1j,
        True,
        "",
        "cat",
        "nowhere.png",
        "a\0b",
        "x" * 5000,
        "\udce9.png",
        b"",
        b"abc",
        ...,
    ),
    *(
        object(),
        dict,
        len,
        range(5),
        slice(3),
        os,
        ValueError("x"),
        io.BytesIO(b"x"),
        io.StringIO("x"),
        Path("nowhere"),
    ),
    *(Image.new("RGB", (4, 4)), Image.new("I;16", (4, 4)), Vague(), Angry(KeyError("k")), Angry(TypeError("t"))),
    *(Angry(IndexError("i")), np.array(3), np.array([]), np.zeros((5, 5)), np.zeros((2, 5, 5, 3)), np.arange(5.0)),
    *(np.zeros((0, 5, 5, 3)), np.array([None, "a", 3], object), np.zeros((5, 5), complex), np.zeros(3, [("a", int)])),
    *(
        np.array(["2020-01-01"], "datetime64[D]"),
        {},
        {"a": 1},
        {"path": ["a.png"]},
        {"train": 1},
        {1, 2},
        [[1, 2], [3]],
    ),
    *([("a.png",)], collections.Counter("abc"), pathlib.PurePath("x")),
]


def odd_data() -> st.SearchStrategy[object]:
    """Odd things, in each other and in the places where data and labels are expected."""
    return st.recursive(
        st.sampled_from(ODD),
        lambda inner: st.one_of(
            st.lists(inner, max_size=3),
            st.tuples(inner, inner),
            st.tuples(st.just([RED, BLUE]), st.lists(inner, min_size=2, max_size=2)),
            st.lists(st.tuples(st.sampled_from([RED, "a.png"]), inner), max_size=2),
            st.dictionaries(st.sampled_from(["path", "label", "train", "a.png", "cat"]), inner, max_size=2),
        ),
        max_leaves=6,
    )


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(odd_data())
def test_whatever_goes_in_a_dataset_comes_out_or_an_error_that_explains(source):
    for read in (read_dataset, list_examples, lambda data: list_examples(data, "vectors"), list_each):
        try:
            read(source)
        except HeadstartError as error:
            assert len(str(error)) < 2000


def test_an_empty_name_is_not_the_folder_that_the_program_runs_in():
    assert refusal("") == "'' does not exist. Check the path."


@pytest.mark.parametrize("one", [png(), bytearray(png()), io.BytesIO(png()), Image.fromarray(RED)])
def test_one_example_in_memory_is_known_as_one(one):
    assert is_single(one)
    assert not any(map(is_single, ([one], PICTURES, "a.png", pathlib.PurePath("a.png"), None)))
