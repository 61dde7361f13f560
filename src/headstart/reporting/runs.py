"""The folder of a run: found, never overwritten, and what it was run on."""

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import Any

from headstart.runtime.environment import environment
from headstart.runtime.files import require_free, write_errors

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
    """Create the folder ``base/<name>-N`` with the next free N, counted from 1; two processes never get the same one.

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
    with write_errors(path=base):
        base.mkdir(parents=True, exist_ok=True)
        for number in count(_last_number(base, stem) + 1):
            with suppress(FileExistsError):  # another process was faster: nothing is ever shared
                (base / f"{stem}-{number}").mkdir()
                break
    return base / f"{stem}-{number}"


def given_folder(path: Path) -> Path:
    """Create the folder a user asked for, or take it when it is there and empty.

    Raises
    ------
    OutputError
        When it is a file, is not empty, or cannot be made.
    """
    require_free(path)
    with write_errors(path=path):
        path.mkdir(parents=True, exist_ok=True)
    return path


def study_header(kind: str, now: datetime, command: Sequence[str]) -> dict[str, Any]:
    """Return what the JSON file of a study begins with: its kind, when it was made, by which command and on what."""
    return {"kind": kind, "created": now.isoformat(timespec="seconds"), "environment": environment(now, command)}


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
        with write_errors(path=self.path), self.path.open("ab") as file:
            file.write(text.encode("utf-8", errors="backslashreplace"))


def _last_number(base: Path, stem: str) -> int:
    pattern = re.compile(re.escape(stem) + r"-([1-9][0-9]{0,8})", re.IGNORECASE)
    matches = (pattern.fullmatch(unicodedata.normalize("NFC", entry.name)) for entry in base.iterdir())
    return max((int(match[1]) for match in matches if match), default=0)
