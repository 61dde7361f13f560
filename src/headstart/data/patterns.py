"""Paths become files: those below a folder, and those that a pattern matches."""

import glob
import os
from collections.abc import Container
from pathlib import Path

from headstart.data.name_checks import natural_key, printable
from headstart.data.readers.base import suffix_of
from headstart.errors import DataError
from headstart.registry import nearest
from headstart.runtime.findings import Finding, did_you_mean


def expand(path: str, suffixes: Container[str]) -> list[str]:
    """Make files of a path: a folder gives all with these suffixes below it, a pattern those it matches."""
    path = os.path.expanduser(path)
    if os.path.isdir(path):
        from headstart.data.folders import list_files

        found = [os.path.join(path, *inside.split("/")) for inside in list_files(Path(path), suffixes).files]
        if not found:
            raise DataError("data.no_pictures_in", path=printable(path))
        return found
    if os.path.exists(path):
        return [path]
    if glob.has_magic(path):
        from headstart.data.folders import is_litter

        litter = {part for part in Path(path).parts if is_litter(part)}  # what the pattern names itself is wanted
        matches = (
            match
            for match in glob.glob(_escape_existing(path), recursive=True)
            if suffix_of(match) in suffixes
            and os.path.isfile(match)
            and all(part in litter or not is_litter(part) for part in Path(match).parts)
        )
        found = sorted(matches, key=natural_key)
        if not found:
            raise DataError("data.glob_matches_nothing", path=printable(path))
        return found
    raise missing_path(path)


def _escape_existing(pattern: str) -> str:
    """Take the folders at the beginning of a pattern that are there as their names: ``new [2024]`` is no choice."""
    folders = Path(pattern).parts[:-1]
    depth = next((n for n in range(len(folders), 0, -1) if os.path.isdir(os.path.join(*folders[:n]))), 0)
    rest = Path(pattern).parts[depth:]
    return os.path.join(*(glob.escape(part) for part in folders[:depth]), *rest)


def missing_path(path: str) -> DataError:
    """Create the error for a path that does not exist; it says how far the path goes and what has a similar name."""
    parent = os.path.dirname(path.rstrip(os.sep)) or "."
    names = os.listdir(parent) if os.access(parent, os.R_OK | os.X_OK) and os.path.isdir(parent) else []
    near = nearest(os.path.basename(path.rstrip(os.sep)), names)
    reason = "" if os.path.isdir(parent) else Finding("data.no_parent", {"folder": printable(parent)})
    hint = did_you_mean(near and printable(os.path.join(os.path.dirname(path), near)), Finding("data.check_path"))
    return DataError("data.does_not_exist", path=printable(path), reason=reason, hint=hint)
