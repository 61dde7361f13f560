"""The folder of a run: found, never overwritten, and what it was run on."""

import json
import os
import platform
import re
import sys
import unicodedata
import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from headstart.errors import OutputError
from headstart.rules import available_cores
from headstart.version import __version__

# What can change a result; recorded with every run and every saved model.
PACKAGES = ("numpy", "onnxruntime", "pillow", "scikit-learn", "scipy", "pyarrow", "torch", "timm")
LONGEST_NAME = 80  # bytes: file systems stop at 255, and Windows at 260 for a whole path
RESERVED_ON_WINDOWS = {"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(1, 10))}


def safe_name(name: str) -> str:
    """Turn any name into one that is a good folder name on every system; letters of every script stay.

    Examples
    --------
    >>> safe_name("my flowers/2024: best?"), safe_name("水果"), safe_name("..")
    ('my-flowers-2024-best', '水果', 'run')
    """
    composed = unicodedata.normalize("NFC", name)
    kept = "".join(character if character.isalnum() or character in "._-" else "-" for character in composed)
    short = kept.encode(errors="ignore")[:LONGEST_NAME].decode(errors="ignore")
    plain = re.sub("-{2,}", "-", short).strip("-.") or "run"
    return f"run-{plain}" if plain.split(".")[0].casefold() in RESERVED_ON_WINDOWS else plain


def new_run_folder(base: Path, name: str) -> Path:
    """Make the folder ``base/<name>-N`` with the next free N, counted from 1; two processes never get the same one.

    Raises
    ------
    OutputError
        When the folder cannot be made.

    Examples
    --------
    >>> import tempfile
    >>> base = Path(tempfile.mkdtemp())
    >>> new_run_folder(base, "flowers").name, new_run_folder(base, "flowers").name
    ('flowers-1', 'flowers-2')
    """
    stem = safe_name(name)
    try:
        base.mkdir(parents=True, exist_ok=True)
        number = _last_number(base, stem) + 1
        while True:
            folder = base / f"{stem}-{number}"
            try:
                folder.mkdir()  # fails when another process was faster, so nothing is ever shared
            except FileExistsError:
                number += 1
            else:
                return folder
    except OSError as error:
        raise _refused(base, error) from error


def given_folder(path: Path) -> Path:
    """Make the folder a user asked for, or take it when it is there and empty.

    Raises
    ------
    OutputError
        When it is a file, is not empty, or cannot be made.
    """
    require_free(path)
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _refused(path, error) from error
    return path


def require_free(path: Path) -> None:
    """Refuse a place for output that is a file or a folder with something in it.

    Raises
    ------
    OutputError
        With the path, and what to do.
    """
    if path.is_dir():
        if any(path.iterdir()):
            raise OutputError(
                f"The folder '{path}' is not empty.",
                "Nothing is ever overwritten.",
                "Name a new folder, or empty this one first.",
            )
    elif path.exists() or path.is_symlink():
        raise OutputError(f"'{path}' is a file.", "The output is a folder.", "Name a new folder.")


def package_versions() -> dict[str, str | None]:
    """Look up the versions of Headstart and of what can change a result; None for a package that is not installed.

    Examples
    --------
    >>> package_versions()["numpy"] == __import__("numpy").__version__
    True
    """
    from importlib.metadata import PackageNotFoundError, version  # only here: it costs time at start

    versions: dict[str, str | None] = {"headstart": __version__}
    for package in PACKAGES:
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            versions[package] = None
    return versions


def study_header(kind: str, now: datetime, command: Sequence[str]) -> dict[str, Any]:
    """Give what the JSON file of a study begins with: its kind, when it was made, by which command and on what."""
    return {"kind": kind, "created": now.isoformat(timespec="seconds"), "environment": environment(now, command)}


def environment(now: datetime, command: Sequence[str]) -> dict[str, Any]:
    """Describe what a run or a study was run on; neither user nor host name is in it.

    Examples
    --------
    >>> environment(datetime(2026, 1, 2), ["headstart", "fit", "flowers"])["command"]
    ['headstart', 'fit', 'flowers']
    """
    return {
        "started": now.isoformat(timespec="seconds"),
        "command": list(command),
        "python": platform.python_version(),
        "implementation": sys.implementation.name,
        "platform": platform.platform(),
        "machine": platform.machine(),
        "cores": available_cores(),
        "packages": package_versions(),
    }


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
        raise _refused(path, error) from error


@dataclass(frozen=True, slots=True)
class RunLog:
    """The file ``log.txt`` of a run: what was said to the user, with times.

    Every line is written at once, so that it is there after an interruption.
    """

    path: Path
    clock: Callable[[], datetime]

    def write(self, lines: Iterable[str]) -> None:
        """Append lines; raises OutputError when they cannot be written."""
        time = self.clock().isoformat(sep=" ", timespec="seconds")
        text = "".join(f"{time}  {line}\n" for line in lines)
        try:
            with self.path.open("ab") as file:
                file.write(text.encode("utf-8", errors="backslashreplace"))
        except OSError as error:
            raise _refused(self.path, error) from error


def _last_number(base: Path, stem: str) -> int:
    pattern = re.compile(re.escape(stem) + r"-([1-9][0-9]{0,8})", re.IGNORECASE)
    matches = (pattern.fullmatch(unicodedata.normalize("NFC", entry.name)) for entry in base.iterdir())
    return max((int(match[1]) for match in matches if match), default=0)


def _refused(path: Path, error: OSError) -> OutputError:
    return OutputError(
        f"'{path}' cannot be written.",
        f"The system says: {error.strerror or error}.",
        "Check the rights and the free space, or name another place.",
    )
