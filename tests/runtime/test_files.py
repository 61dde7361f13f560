import json
from contextlib import nullcontext
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headstart.errors import OutputError
from headstart.runtime.files import (
    json_text,
    require_free,
    require_new_file,
    whole_file,
    whole_folder,
    write_json,
    write_text,
)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_what_is_written_as_json_is_read_back(value: object) -> None:
    assert json.loads(json_text(value).encode("utf-8", "backslashreplace")) == value


def test_names_stay_readable_in_json_files(tmp_path: Path) -> None:
    write_json(tmp_path / "a.json", {"水果": "🍐"})
    assert (tmp_path / "a.json").read_text(encoding="utf-8") == '{\n  "水果": "🍐"\n}\n'


def test_a_file_name_that_is_not_unicode_survives_json(tmp_path: Path) -> None:
    write_json(tmp_path / "a.json", ["caf\udce9.jpg"])
    (tmp_path / "a.json").read_bytes().decode("utf-8")
    assert json.loads((tmp_path / "a.json").read_bytes()) == ["caf\udce9.jpg"]


def test_a_number_that_is_not_finite_never_reaches_json(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="JSON compliant"):
        write_json(tmp_path / "a.json", [float("nan")])
    assert list(tmp_path.iterdir()) == []


def test_an_interrupted_write_leaves_the_old_file_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_text(tmp_path / "a.txt", "old")

    def interrupted(*arguments: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("os.replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_text(tmp_path / "a.txt", "new")
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"a.txt": "old"}


def test_a_file_that_cannot_be_written_is_explained(tmp_path: Path) -> None:
    with pytest.raises(OutputError) as caught:
        write_text(tmp_path / "missing" / "a.txt", "")
    assert str(caught.value) == (
        f"'{tmp_path / 'missing' / 'a.txt'}' cannot be written. The system says: No such file or directory. "
        "Check the rights and the free space, or name another place."
    )


def test_a_file_with_a_very_long_name_is_written(tmp_path: Path) -> None:
    name = "水" * 80 + ".json"  # 245 bytes: nothing may be added to it
    write_text(tmp_path / name, "whole")
    assert [path.name for path in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize("durable", [False, True])
def test_a_durable_file_is_on_the_disk_before_it_gets_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, durable: bool
) -> None:
    done = []
    monkeypatch.setattr("os.fsync", lambda descriptor: done.append("on the disk"))
    monkeypatch.setattr("os.replace", lambda partial, path: done.append("renamed"))
    with whole_file(tmp_path / "a.bin", durable=durable) as partial:
        partial.write_bytes(b"a")
    assert done == ["on the disk", "renamed"][not durable :]


@pytest.mark.parametrize("there", [False, True])
def test_a_folder_takes_a_free_name_or_that_of_an_empty_folder(tmp_path: Path, there: bool) -> None:
    if there:
        (tmp_path / "made").mkdir()
    with whole_folder(tmp_path / "made") as folder:
        (folder / "a").touch()
        assert not (tmp_path / "made" / "a").exists()
    assert [path.name for path in tmp_path.rglob("*")] == ["made", "a"]


@pytest.mark.parametrize("first_wins", [False, True])
def test_the_folder_of_a_faster_process_stays_and_only_an_equal_one_is_no_error(
    tmp_path: Path, first_wins: bool
) -> None:
    expectation = nullcontext() if first_wins else pytest.raises(OSError, match="not empty")
    with expectation, whole_folder(tmp_path / "made", first_wins=first_wins) as folder:
        (folder / "mine").touch()
        (tmp_path / "made").mkdir()
        (tmp_path / "made" / "theirs").touch()
    assert [path.name for path in tmp_path.rglob("*")] == ["made", "theirs"]


@pytest.mark.parametrize("name", ["results.csv", "report.HTML", "model.onnx"])
def test_a_folder_for_output_is_not_called_like_a_file(tmp_path: Path, name: str) -> None:
    with pytest.raises(OutputError, match="is called like a file"):
        require_free(tmp_path / name)
    (tmp_path / name).mkdir()
    require_free(tmp_path / name)
    require_free(tmp_path / "runs" / "v1.2")


def test_the_folder_of_a_new_file_is_made(tmp_path: Path) -> None:
    require_new_file(tmp_path / "a" / "b" / "c.csv", (".csv",))
    write_text(tmp_path / "a" / "b" / "c.csv", "x")
    with pytest.raises(OutputError, match="is there already"):
        require_new_file(tmp_path / "a" / "b" / "c.csv", (".csv",))
