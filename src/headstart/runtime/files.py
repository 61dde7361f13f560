"""Files and folders that appear whole or not at all, and places for output that are free."""

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from uuid import uuid4

from headstart.errors import OutputError

OF_FILES = frozenset(".csv .tsv .json .jsonl .parquet .xlsx .html .htm .pdf .txt .md .png .jpg .svg .onnx .zip".split())
PARTIAL_SUFFIX = ".partial"  # of what is not whole yet, and of what a killed process left


@contextmanager
def whole_file(path: Path, *, durable: bool = False) -> Iterator[Path]:
    """Yield the path of a new file beside ``path``, which takes its name and place when the block ends well.

    A reader finds the old file or the new one, and nothing is left behind when the block fails. ``durable``: that holds
    after a power failure, too. Raises OSError when the file cannot be written.
    """
    partial = partial_path(path)
    try:
        yield partial
        if durable:
            with open(partial, "rb+") as file:
                os.fsync(file.fileno())  # the name must not appear before the content
        os.replace(partial, path)
    finally:
        with suppress(OSError):  # the first error is the one to report
            partial.unlink(missing_ok=True)


@contextmanager
def whole_folder(path: Path, *, first_wins: bool = False) -> Iterator[Path]:
    """Yield a new folder beside ``path``, which takes its name when the block ends well; ``path`` is missing or empty.

    ``first_wins``: when another process was faster its folder stays and this one is dropped, as both hold the same;
    otherwise, and when the folder cannot be written, this raises OSError. Nothing is left behind then.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as place:
    ...     with whole_folder(Path(place, "made")) as folder:
    ...         _ = folder.joinpath("a.txt").write_text("a")
    ...     sorted(path.name for path in Path(place).rglob("*"))
    ['a.txt', 'made']
    """
    import shutil  # only here: it loads every compression there is

    partial = partial_path(path)
    try:
        partial.mkdir(parents=True)
        yield partial
        try:
            if path.is_dir():
                path.rmdir()  # empty, or it fails: not every system renames onto an empty folder
            os.rename(partial, path)
        except OSError:
            if not (first_wins and path.is_dir()):
                raise
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def partial_path(path: Path) -> Path:
    """Return a free path beside ``path`` for what will take its name."""
    return path.with_name(f".{path.name[:40]}.{uuid4().hex[:8]}{PARTIAL_SUFFIX}")  # no name is too long with it


@contextmanager
def write_errors(code: str = "runtime.cannot_write", **values: object) -> Iterator[None]:
    """Raise the OutputError of this code for any OSError in the block; ``error`` in its sentences is what it says."""
    try:
        yield
    except OSError as error:
        raise OutputError(code, error=str(error.strerror or error).rstrip("."), **values) from error


def require_free(path: Path) -> None:
    """Refuse a place for output that is a file, is called like one, or is a folder with something in it.

    Raises
    ------
    OutputError
        With the path, and what to do.
    """
    if path.is_dir():
        if any(path.iterdir()):
            raise OutputError("runtime.not_empty", path=path)
    elif path.suffix.lower() in OF_FILES and not path.exists():
        raise OutputError("runtime.name_of_file", path=path)
    elif path.exists() or path.is_symlink():
        raise OutputError("runtime.is_file", path=path)


def require_new_file(path: Path, suffixes: Sequence[str] = ()) -> None:
    """Refuse a place for a file where something lies already, or whose name ends in none of ``suffixes``.

    The folder around it is made, as that around a run is.

    Raises
    ------
    OutputError
        With the path, and what to do.
    """
    if suffixes and path.suffix.lower() not in suffixes:
        raise OutputError("runtime.unknown_suffix", path=path, names=[one for one in suffixes if one])
    if path.exists() or path.is_symlink():
        raise OutputError("runtime.there_already", path=path)
    with write_errors(path=path):
        path.parent.mkdir(parents=True, exist_ok=True)


def json_text(value: Any) -> str:  # noqa: ANN401 - any plain data
    r"""Write plain data as JSON for people: indented, every script in its own letters.

    Raises
    ------
    ValueError
        When a number is not finite: JSON has no word for it.

    Examples
    --------
    >>> json_text({"水果": 1})
    '{\n  "水果": 1\n}\n'
    """
    return json.dumps(value, ensure_ascii=False, indent=2, allow_nan=False) + "\n"


def write_json(path: Path, value: Any) -> None:  # noqa: ANN401 - any plain data
    """Write plain data as JSON; raises like :func:`json_text` and :func:`write_text`."""
    write_text(path, json_text(value))


def write_text(path: Path, text: str) -> None:
    r"""Write a text file in UTF-8, whole or not at all.

    File names that are not Unicode (Python's lone surrogates) are written as ``\udcXX``, which JSON reads back.

    Raises
    ------
    OutputError
        When it cannot be written.
    """
    with write_errors(path=path), whole_file(path) as partial:
        partial.write_bytes(text.encode("utf-8", errors="backslashreplace"))
