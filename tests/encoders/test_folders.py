import os
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from headstart.encoders.folders import new_cache_folder, set_aside
from headstart.errors import OutputError

REMEDY = "Free some space, or choose another folder with --cache DIR or the variable HEADSTART_CACHE."


def test_nothing_is_left_when_the_work_breaks_off(tmp_path):
    with pytest.raises(KeyboardInterrupt), new_cache_folder(tmp_path / "made") as place:
        (place / "half").write_text("half")
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == []


def test_one_of_many_at_once_wins_and_nothing_else_is_left(tmp_path):
    barrier = Barrier(8)

    def make(number: int) -> None:
        with new_cache_folder(tmp_path / "made") as place:
            (place / "a").write_text(str(number))
            (place / "b").write_text(str(number))
            barrier.wait()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(make, range(8)))
    assert [path.name for path in tmp_path.iterdir()] == ["made"]
    assert (tmp_path / "made" / "a").read_text() == (tmp_path / "made" / "b").read_text()


@pytest.mark.parametrize("number", [28, 30])  # no space left on device; read-only file system
def test_a_full_disk_or_a_read_only_cache_is_explained(number, tmp_path):
    with pytest.raises(OutputError) as caught, new_cache_folder(tmp_path / "made"):
        raise OSError(number, os.strerror(number))
    assert str(caught.value) == (
        f"The encoder cannot be kept in the cache. Writing to '{tmp_path}' failed: {os.strerror(number)}. {REMEDY}"
    )
    assert list(tmp_path.iterdir()) == []


def test_a_cache_that_is_a_file_is_explained(tmp_path):
    (tmp_path / "cache").write_text("")
    with pytest.raises(OutputError) as caught, new_cache_folder(tmp_path / "cache" / "made"):
        pass
    assert caught.value.problem == "The encoder cannot be kept in the cache."


def test_other_errors_are_not_called_errors_of_the_cache(tmp_path):
    with pytest.raises(FileNotFoundError), new_cache_folder(tmp_path / "made"):
        (tmp_path / "nowhere").read_text()


def test_a_damaged_folder_makes_way_and_is_kept(tmp_path):
    (tmp_path / "made").mkdir()
    (tmp_path / "made" / "a").write_text("a")
    aside = set_aside(tmp_path / "made")
    assert aside.name.startswith("made.damaged-")
    assert (aside / "a").read_text() == "a"
    assert not (tmp_path / "made").exists()


def test_a_damaged_folder_that_another_process_has_set_aside_is_no_error(tmp_path):
    assert set_aside(tmp_path / "made") == tmp_path / "made"
