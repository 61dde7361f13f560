import errno
import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fakes import FAKE_SPEC
from features.pictures import OTHER_SPEC, key, rows
from headstart.encoders.spec import EncoderSpec
from headstart.errors import StoreError
from headstart.features import shards
from headstart.features.store import EncoderRows, FeatureStore
from headstart.runtime.findings import sentences

TESTS = Path(__file__).parents[1]


def fill(folder: Path, *numbers: int) -> Path:
    """Write one shard and return its path."""
    shelf = FeatureStore(folder).open(FAKE_SPEC)
    before = set(files(folder))
    shelf.append([key(n) for n in numbers], rows(list(numbers)))
    shelf.flush()
    (path,) = [path for path in set(files(folder)) - before if path.suffix == ".npy"]
    return path


def files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def found(shelf: EncoderRows, *numbers: int) -> list[bool]:
    return shelf.find([key(n) for n in numbers]).tolist()


@settings(max_examples=50, deadline=None)
@given(
    appends=st.lists(st.tuples(st.lists(st.integers(0, 30), max_size=8), st.booleans()), max_size=8),
    order=st.permutations(range(31)),
)
def test_whatever_is_appended_in_whatever_order_comes_back(appends, order):
    with TemporaryDirectory() as folder:
        shelf = FeatureStore(Path(folder)).open(FAKE_SPEC)
        for numbers, flushed in appends:
            shelf.append([key(n) for n in numbers], rows(numbers) if numbers else np.empty((0, 48), np.float32))
            if flushed:
                shelf.flush()
        known = {number for numbers, _ in appends for number in numbers}
        wanted = [number for number in order if number in known]

        def check(shelf):
            assert found(shelf, *order) == [number in known for number in order]
            expected = rows(wanted) if wanted else np.empty((0, 48))
            np.testing.assert_array_equal(shelf.read([key(n) for n in wanted]), expected)

        check(shelf)
        shelf.flush()
        check(shelf)
        store = FeatureStore(Path(folder))
        check(store.open(FAKE_SPEC))
        assert store.notices == []


@given(st.lists(st.binary(min_size=32, max_size=32), min_size=1, max_size=5, unique=True))
@settings(max_examples=30, deadline=None)
def test_keys_with_any_bytes_come_back(keys):
    keys = [*keys, bytes(32), b"a" + bytes(31), b"a" + bytes(30) + b"\n"]
    keys = list(dict.fromkeys(keys))
    with TemporaryDirectory() as folder:
        shelf = FeatureStore(Path(folder)).open(FAKE_SPEC)
        shelf.append(keys, rows(list(range(len(keys)))))
        shelf.flush()
        again = FeatureStore(Path(folder)).open(FAKE_SPEC)
        assert again.find([*keys, b"b" * 32]).tolist() == [True] * len(keys) + [b"b" * 32 in keys]
        np.testing.assert_array_equal(again.read(keys), rows(list(range(len(keys)))))


def test_a_row_may_be_asked_for_twice(tmp_path):
    fill(tmp_path, 0, 1, 2, 3)
    wanted = [3, 0, 0, 1, 2, 3]
    shelf = FeatureStore(tmp_path).open(FAKE_SPEC)
    np.testing.assert_array_equal(shelf.read([key(n) for n in wanted]), rows(wanted))


def test_numpy_opens_a_shard_without_pickle(tmp_path):
    content = np.load(fill(tmp_path, 7, 8), allow_pickle=False)
    assert content["keys"].tobytes() == key(7) + key(8)
    np.testing.assert_array_equal(content["vectors"], rows([7, 8]))


def test_the_folder_of_an_encoder_describes_it(tmp_path):
    import json

    description = fill(tmp_path, 1).with_name("encoder.json")
    assert description.parent == tmp_path / "features" / FAKE_SPEC.digest
    assert EncoderSpec.from_json(json.loads(description.read_text(encoding="utf-8"))) == FAKE_SPEC


def test_encoders_do_not_see_each_others_rows(tmp_path):
    fill(tmp_path, 1)
    assert found(FeatureStore(tmp_path).open(OTHER_SPEC), 1) == [False]


def test_opening_and_looking_writes_nothing(tmp_path):
    shelf = FeatureStore(tmp_path).open(FAKE_SPEC)
    assert found(shelf, 1) == [False]
    shelf.flush()
    assert list(tmp_path.iterdir()) == []


def test_the_same_row_from_two_processes_does_no_harm(tmp_path):
    one, two = (FeatureStore(tmp_path).open(FAKE_SPEC) for _ in range(2))
    one.append([key(1), key(2)], rows([1, 2]))
    two.append([key(2), key(3)], rows([2, 3]))
    one.flush()
    two.flush()
    store = FeatureStore(tmp_path)
    np.testing.assert_array_equal(store.open(FAKE_SPEC).read([key(n) for n in (3, 2, 1)]), rows([3, 2, 1]))
    assert store.notices == []


WRITER = """
import sys
from pathlib import Path
from fakes import FAKE_SPEC
from features.pictures import key, rows
from headstart.features.store import FeatureStore
folder, start, stop = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
store = FeatureStore(folder)
shelf = store.open(FAKE_SPEC)
sys.stdin.readline()  # both begin together
for number in range(start, stop):
    shelf.append([key(number)], rows([number]))
    if number % 5 == 0:
        shelf.flush()
shelf.flush()
print(store.notices)
"""


def test_two_processes_write_at_once_and_nothing_is_lost(tmp_path):
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, str(tmp_path), *span],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(TESTS)},
            text=True,
        )
        for span in (("0", "300"), ("200", "500"))
    ]
    for writer in writers:
        writer.stdin.write("\n")
        writer.stdin.flush()
    for writer in writers:
        assert writer.communicate(timeout=60)[0] == "[]\n"
    store = FeatureStore(tmp_path)
    np.testing.assert_array_equal(store.open(FAKE_SPEC).read([key(n) for n in range(500)]), rows(list(range(500))))
    assert store.notices == []
    assert {path.suffix for path in files(tmp_path)} == {".npy", ".json"}


def assert_set_aside(folder: Path, path: Path, numbers: tuple[int, ...], reason: str | None = None) -> None:
    """The shard is named, set aside, its rows are gone, and they can be written again."""
    content = path.read_bytes()
    store = FeatureStore(folder)
    shelf = store.open(FAKE_SPEC)
    assert found(shelf, *numbers) == [False] * len(numbers)
    (notice,) = store.notices
    aside = path.with_name(path.name + ".damaged")
    assert str(notice).startswith(f"The feature file '{path}' is damaged: {reason or ''}")
    assert str(notice).endswith(f" It was set aside as '{aside.name}'; its features are computed again.")
    assert aside.read_bytes() == content
    assert not path.exists()
    fill(folder, *numbers)
    again = FeatureStore(folder)
    np.testing.assert_array_equal(again.open(FAKE_SPEC).read([key(n) for n in numbers]), rows(list(numbers)))
    assert again.notices == []


SIZE = 256 + 3 * (32 + 48 * 4)  # three rows


@pytest.mark.parametrize(
    "length", [0, 1, 6, 9, 10, 200, 255, 256, 257, 256 + 32, 256 + 96, 256 + 97, SIZE - 224, SIZE - 1]
)
def test_a_shard_that_ends_too_early_is_set_aside(tmp_path, length):
    path = fill(tmp_path, 1, 2, 3)
    os.truncate(path, length)
    assert_set_aside(tmp_path, path, (1, 2, 3))


@settings(max_examples=60, deadline=None)
@given(place=st.integers(0, SIZE - 1), flip=st.integers(1, 255))
def test_a_shard_with_any_byte_changed_is_set_aside(place, flip):
    with TemporaryDirectory() as folder:
        path = fill(Path(folder), 1, 2, 3)
        content = bytearray(path.read_bytes())
        assert len(content) == SIZE
        content[place] ^= flip
        path.write_bytes(content)
        assert_set_aside(Path(folder), path, (1, 2, 3))


@settings(max_examples=60, deadline=None)
@given(content=st.binary(max_size=600))
def test_a_file_of_any_other_content_is_set_aside(content):
    with TemporaryDirectory() as folder:
        path = fill(Path(folder), 1)
        path.write_bytes(content)
        assert_set_aside(Path(folder), path, (1,))


def test_a_shard_with_rows_appended_by_somebody_is_set_aside(tmp_path):
    path = fill(tmp_path, 1)
    path.write_bytes(path.read_bytes() + bytes(224))
    assert_set_aside(tmp_path, path, (1,), "its header does not announce 2 rows of 48 numbers.")


def test_a_shard_of_another_dimension_is_set_aside(tmp_path):
    path = fill(tmp_path, 1)
    path.unlink()
    path = shards.write_shard(path.parent, [key(1)], np.ones((1, 12), dtype=np.float32)).path
    assert_set_aside(tmp_path, path, (1,), f"its size of {256 + 32 + 48} bytes does not fit rows of 48 numbers.")


def test_a_file_with_a_foreign_name_is_set_aside(tmp_path):
    path = fill(tmp_path, 1).rename(tmp_path / "features" / FAKE_SPEC.digest / "mine.npy")
    assert_set_aside(tmp_path, path, (1,), "its name is not a checksum.")


def test_the_notice_about_a_changed_byte_says_all(tmp_path):
    path = fill(tmp_path, 1)
    path.write_bytes(path.read_bytes()[:-1] + b"\x00")
    store = FeatureStore(tmp_path)
    store.open(FAKE_SPEC).find([key(1)])
    assert sentences(store.notices) == [
        f"The feature file '{path}' is damaged: its content does not match the checksum in its name. "
        f"It was set aside as '{path.name}.damaged'; its features are computed again."
    ]


def test_a_folder_in_place_of_a_shard_is_set_aside(tmp_path):
    path = fill(tmp_path, 1)
    path.unlink()
    path.mkdir()
    store = FeatureStore(tmp_path)
    assert found(store.open(FAKE_SPEC), 1) == [False]
    assert str(store.notices[0]).startswith(f"The feature file '{path}' is damaged: it cannot be read: Is a directory.")


def test_other_shards_stay_when_one_is_damaged(tmp_path):
    path = fill(tmp_path, 1, 2)
    fill(tmp_path, 3)
    path.write_bytes(path.read_bytes()[:-1] + b"\x00")
    shelf = FeatureStore(tmp_path).open(FAKE_SPEC)
    assert found(shelf, 1, 2, 3) == [False, False, True]
    np.testing.assert_array_equal(shelf.read([key(3)]), rows([3]))


def test_a_damaged_shard_that_cannot_be_renamed_is_left_out(tmp_path, monkeypatch):
    path = fill(tmp_path, 1)
    os.truncate(path, 100)

    def refuse(*paths):
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(os, "replace", refuse)
    store = FeatureStore(tmp_path)
    assert found(store.open(FAKE_SPEC), 1) == [False]
    assert sentences(store.notices) == [
        f"The feature file '{path}' is damaged: its size of 100 bytes does not fit rows of 48 numbers. "
        "It was left out (it cannot be renamed: Read-only file system); its features are computed again."
    ]
    assert path.exists()


def test_a_shard_that_another_process_took_away_is_simply_missing(tmp_path):
    path = fill(tmp_path, 1)
    store = FeatureStore(tmp_path)
    shelf = store.open(FAKE_SPEC)
    path.unlink()
    assert found(shelf, 1) == [False]
    assert store.notices == []


def test_a_shard_taken_away_while_the_store_is_opened_is_simply_missing(tmp_path, monkeypatch):
    def gone(path, dimension):
        raise FileNotFoundError(errno.ENOENT, "No such file or directory")

    fill(tmp_path, 1)
    monkeypatch.setattr("headstart.features.store.open_shard", gone)
    store = FeatureStore(tmp_path)
    assert found(store.open(FAKE_SPEC), 1) == [False]
    assert store.notices == []


def test_a_shard_is_checked_once_and_only_when_its_rows_are_wanted(tmp_path, monkeypatch):
    wanted, _ = fill(tmp_path, 1, 2), fill(tmp_path, 3)
    checked = []
    monkeypatch.setattr("headstart.features.store.check_shard", lambda shard: checked.append(shard.path))
    shelf = FeatureStore(tmp_path).open(FAKE_SPEC)
    shelf.find([key(9)])
    assert checked == []
    shelf.find([key(1), key(2)])
    shelf.find([key(2)])
    assert checked == [wanted]


def test_every_row_is_written_once(tmp_path):
    shelf = FeatureStore(tmp_path).open(FAKE_SPEC)
    for numbers in ([1, 2], [2, 3], [3]):
        shelf.append([key(n) for n in numbers], rows(numbers))
        shelf.flush()
    stored = [np.load(path)["keys"].tobytes() for path in tmp_path.rglob("*.npy")]
    assert sorted(stored) == sorted([key(1) + key(2), key(3)])


def test_a_shard_taken_away_under_way_is_an_error_that_says_so(tmp_path):
    path = fill(tmp_path, 1)
    shelf = FeatureStore(tmp_path).open(FAKE_SPEC)
    assert found(shelf, 1) == [True]
    path.unlink()
    with pytest.raises(StoreError) as caught:
        shelf.read([key(1)])
    assert str(caught.value) == (
        "A file of the feature store changed while it was in use. "
        f"'{path}' could be read before, and not now (No such file or directory). "
        "Start again: what is lost is computed again."
    )


def test_a_shard_cut_short_under_way_is_an_error(tmp_path):
    path = fill(tmp_path, 1, 2)
    shelf = FeatureStore(tmp_path).open(FAKE_SPEC)
    assert found(shelf, 1, 2) == [True, True]
    os.truncate(path, SIZE - 224 - 10)
    with pytest.raises(StoreError, match="changed while it was in use"):
        shelf.read([key(1), key(2)])


def refuse_to_write(path, *, durable):
    raise OSError(errno.EROFS, "Read-only file system", str(path))


def test_a_read_only_folder_is_read_and_gets_one_notice(tmp_path, monkeypatch):
    fill(tmp_path, 1)
    before = files(tmp_path)
    for module in ("shards", "store"):
        monkeypatch.setattr(f"headstart.features.{module}.whole_file", refuse_to_write)
    store = FeatureStore(tmp_path)
    shelves = [store.open(FAKE_SPEC), store.open(OTHER_SPEC)]
    for shelf in shelves:
        shelf.append([key(2)], rows([2]))
        shelf.flush()
        shelf.append([key(3)], rows([3]))
        shelf.flush()
        np.testing.assert_array_equal(shelf.read([key(3), key(2)]), rows([3, 2]))
    np.testing.assert_array_equal(shelves[0].read([key(1)]), rows([1]))
    assert sentences(store.notices) == [
        f"New features are not kept. The feature store '{tmp_path / 'features'}' cannot be used: "
        "Read-only file system. Make room in it or make it writable, or choose another folder with --cache."
    ]
    assert files(tmp_path) == before


def test_a_full_disk_leaves_no_partial_file_and_gets_one_notice(tmp_path, monkeypatch):
    fill(tmp_path, 1)
    before = files(tmp_path)
    partial = []

    def no_space(descriptor):
        partial.extend(path for path in files(tmp_path) if path.suffix == ".partial")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", no_space)
    store = FeatureStore(tmp_path)
    shelf = store.open(FAKE_SPEC)
    for number in (2, 3):
        shelf.append([key(number)], rows([number]))
        shelf.flush()
    np.testing.assert_array_equal(shelf.read([key(3), key(1), key(2)]), rows([3, 1, 2]))
    (notice,) = store.notices
    assert "cannot be used: No space left on device." in str(notice)
    assert len(partial) == 1
    assert files(tmp_path) == before


def test_a_file_in_place_of_the_cache_folder_gets_one_notice(tmp_path):
    (tmp_path / "cache").write_text("")
    store = FeatureStore(tmp_path / "cache")
    shelf = store.open(FAKE_SPEC)
    shelf.append([key(1)], rows([1]))
    shelf.flush()
    np.testing.assert_array_equal(shelf.read([key(1)]), rows([1]))
    (notice,) = store.notices
    assert "cannot be used: Not a directory." in str(notice)


def test_rows_that_cannot_be_kept_can_be_released(tmp_path):
    (tmp_path / "cache").write_text("")
    shelf = FeatureStore(tmp_path / "cache").open(FAKE_SPEC)
    shelf.append([key(1), key(2)], rows([1, 2]))
    shelf.release([key(1)])
    assert found(shelf, 1, 2) == [False, True]


def test_rows_that_will_be_kept_are_not_released(tmp_path):
    shelf = FeatureStore(tmp_path).open(FAKE_SPEC)
    shelf.append([key(1)], rows([1]))
    shelf.release([key(1)])
    shelf.flush()
    assert found(FeatureStore(tmp_path).open(FAKE_SPEC), 1) == [True]


def test_rows_are_written_when_there_are_enough_of_them(tmp_path):
    shelf = FeatureStore(tmp_path).open(FAKE_SPEC)
    shelf.append([key(n) for n in range(255)], rows(list(range(255))))
    assert found(FeatureStore(tmp_path).open(FAKE_SPEC), 0) == [False]
    shelf.append([key(255)], rows([255]))
    assert found(FeatureStore(tmp_path).open(FAKE_SPEC), 0, 255) == [True, True]


def test_rows_are_written_when_ten_seconds_have_passed(tmp_path):
    now = 1000.0
    shelf = FeatureStore(tmp_path, clock=lambda: now).open(FAKE_SPEC)
    now += 9
    shelf.append([key(1)], rows([1]))
    assert found(FeatureStore(tmp_path).open(FAKE_SPEC), 1) == [False]
    now += 1
    shelf.append([key(2)], rows([2]))
    assert found(FeatureStore(tmp_path).open(FAKE_SPEC), 1, 2) == [True, True]
    shelf.append([key(3)], rows([3]))  # and then it takes another ten
    assert found(FeatureStore(tmp_path).open(FAKE_SPEC), 3) == [False]


@pytest.mark.parametrize("suffix", [".partial", ".tmp"])  # the second is what earlier versions left
def test_old_leftovers_of_killed_processes_are_removed_and_young_ones_stay(tmp_path, suffix):
    folder = fill(tmp_path, 1).parent
    old, young = folder / f".old.npy.0{suffix}", folder / f".young.npy.0{suffix}"
    for path, age in ((old, 3700), (young, 3500)):
        path.write_bytes(b"half a sh")
        os.utime(path, (1_000_000 - age,) * 2)
    store = FeatureStore(tmp_path, clock=lambda: 1_000_000)
    store.open(FAKE_SPEC)
    assert not old.exists()
    assert young.exists()
    assert store.notices == []


def test_an_unknown_key_is_a_key_error(tmp_path):
    with pytest.raises(KeyError):
        FeatureStore(tmp_path).open(FAKE_SPEC).read([key(1)])


def test_a_store_without_a_folder_keeps_rows_in_memory_until_they_are_released():
    store = FeatureStore(None)
    shelf = store.open(FAKE_SPEC)
    for number in range(300):  # more than a shard holds
        shelf.append([key(number)], rows([number]))
    shelf.flush()
    assert store.folder is None
    np.testing.assert_array_equal(shelf.read([key(7)]), rows([7]))
    shelf.release([key(7)])
    assert shelf.find([key(7), key(8)]).tolist() == [False, True]
    assert store.open(FAKE_SPEC).find([key(8)]).tolist() == [False]
    assert store.notices == []
