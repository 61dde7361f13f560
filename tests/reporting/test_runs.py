import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headstart.errors import OutputError
from headstart.reporting.runs import RESERVED_ON_WINDOWS, RunLog, given_folder, new_run_folder, safe_name

NOON = datetime(2026, 3, 4, 12, 0, 5)


def test_runs_of_a_name_are_counted_from_one(tmp_path: Path) -> None:
    base = tmp_path / "not" / "yet" / "there"
    assert [new_run_folder(base, "fruit") for _ in range(3)] == [base / f"fruit-{n}" for n in (1, 2, 3)]


def test_the_number_goes_on_after_the_last_run_even_when_an_earlier_one_was_deleted(tmp_path: Path) -> None:
    for name in ("fruit-2", "fruit-9", "fruit-10", "fruits-70", "fruit-x", "fruit-020"):
        (tmp_path / name).mkdir()
    assert new_run_folder(tmp_path, "fruit").name == "fruit-11"


def test_a_run_folder_is_never_one_that_exists_already(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Another process makes flowers-1 after the numbers were looked up.
    monkeypatch.setattr("headstart.reporting.runs._last_number", lambda base, stem: 0)
    (tmp_path / "flowers-1").mkdir()
    (tmp_path / "flowers-1" / "kept.txt").write_text("kept")
    assert new_run_folder(tmp_path, "flowers") == tmp_path / "flowers-2"
    assert (tmp_path / "flowers-1" / "kept.txt").read_text() == "kept"


def test_processes_that_start_together_get_different_run_folders(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from headstart.reporting.runs import new_run_folder\n"
        "print(*[new_run_folder(Path(sys.argv[1]), 'x').name for _ in range(40)])"
    )
    processes = [
        subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    names = [name for process in processes for name in process.communicate()[0].split()]
    assert len(names) == 120
    assert len(set(names)) == 120


@given(st.text(max_size=300))
def test_any_text_becomes_a_good_folder_name(name: str) -> None:
    safe = safe_name(name)
    assert safe
    assert len(safe.encode()) <= 90
    assert not set(safe) & set('/\\:*?"<>| \t\n\0')
    assert safe[0] not in "-." and safe[-1] not in "-."
    assert safe.split(".")[0].casefold() not in RESERVED_ON_WINDOWS
    assert safe_name(safe) == safe


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("水果 照片", "水果-照片"),
        ("../../etc/passwd", "etc-passwd"),
        ("con", "run-con"),
        ("NUL.txt", "run-NUL.txt"),
        ("", "run"),
        ("-rf", "rf"),
        ("e\u0301te\u0301", "été"),
        ("猫" * 100, "猫" * 26),
    ],
)
def test_names_are_made_safe_without_losing_their_letters(name: str, expected: str) -> None:
    assert safe_name(name) == expected


def test_a_given_folder_is_used_as_it_is(tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    assert given_folder(empty) == empty
    assert given_folder(tmp_path / "a" / "b").is_dir()


def test_a_given_folder_that_holds_something_is_refused(tmp_path: Path) -> None:
    (tmp_path / "old.txt").write_text("old")
    with pytest.raises(OutputError) as caught:
        given_folder(tmp_path)
    assert str(caught.value) == (
        f"The folder '{tmp_path}' is not empty. Nothing is ever overwritten. "
        "Name a new folder, or empty this one first."
    )


def test_a_file_in_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("kept")
    with pytest.raises(OutputError) as caught:
        given_folder(file)
    assert str(caught.value) == f"'{file}' is a file. The output is a folder. Name a new folder."
    assert file.read_text() == "kept"


def test_a_place_that_cannot_be_written_is_explained(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("")
    for attempt in (lambda: given_folder(file / "sub"), lambda: new_run_folder(file / "runs", "x")):
        with pytest.raises(
            OutputError, match=r"cannot be written\. The system says: Not a directory\. Check the rights"
        ):
            attempt()


def test_the_log_keeps_every_line_with_its_time(tmp_path: Path) -> None:
    log = RunLog(tmp_path / "log.txt", lambda: NOON)
    log.write(["first", "玫瑰"])
    log.write(["caf\udce9.jpg"])
    assert (tmp_path / "log.txt").read_text(encoding="utf-8") == (
        "2026-03-04 12:00:05  first\n2026-03-04 12:00:05  玫瑰\n2026-03-04 12:00:05  caf\\udce9.jpg\n"
    )


def test_a_log_that_cannot_be_written_is_explained(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="The system says: Is a directory"):
        RunLog(tmp_path, lambda: NOON).write(["line"])
