"""Files that appear whole or not at all, and places for output that are free."""

import json
import os
import uuid
from pathlib import Path
from typing import Any

from headstart.errors import OutputError


def require_free(path: Path) -> None:
    """Refuse a place for output that is a file or a folder with something in it.

    Raises
    ------
    OutputError
        With the path, and what to do.
    """
    if path.is_dir():
        if any(path.iterdir()):
            raise OutputError("runtime.not_empty", path=path)
    elif path.exists() or path.is_symlink():
        raise OutputError("runtime.is_file", path=path)


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
    partial = path.with_name(f".{path.name[:40]}.{uuid.uuid4().hex[:8]}.partial")
    try:
        try:
            partial.write_bytes(text.encode("utf-8", errors="backslashreplace"))
            os.replace(partial, path)
        finally:
            partial.unlink(missing_ok=True)
    except OSError as error:
        raise cannot_write(path, error) from error


def cannot_write(path: Path, error: OSError) -> OutputError:
    """Turn an error of the system into one that says what to do."""
    return OutputError("runtime.cannot_write", path=path, error=error.strerror or error)
