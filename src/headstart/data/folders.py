"""Folders of examples: one folder per class, train/ and test/ folders of those, or examples without classes."""

import os
from collections import Counter
from collections.abc import Container, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from headstart.data.columns import SPLIT_WORDS
from headstart.data.example import Dataset, Example, SplitName, known_label
from headstart.data.name_checks import natural_key, printable
from headstart.data.readers.base import one_modality, suffix_of
from headstart.errors import DataError
from headstart.modalities.base import modalities_by_suffix
from headstart.runtime.findings import Finding

SPLIT_FOLDERS = {word: split for word, split in SPLIT_WORDS.items() if not word.endswith("ing")}
# The folder of a run lies beside the classes when someone works inside the data folder; its files are no data.
_RUN_FILES = {"recipe.toml", "metrics.json"}
_LITTER = {"__macosx", "thumbs.db", "desktop.ini"}  # what operating systems leave behind; names with a dot too


@dataclass(frozen=True, slots=True)
class Walk:
    """What lies in a folder: paths relative to it, with ``/`` between the parts, in natural order.

    Attributes
    ----------
    files
        Files with the suffix of an example.
    folders
        Folders of the first and the second level.
    others
        How many other files there are of each suffix.
    """

    files: tuple[str, ...]
    folders: tuple[str, ...]
    others: Counter[str]


@dataclass(slots=True)
class _Finds:
    known: Container[str]  # suffixes of examples
    files: list[str] = field(default_factory=list)
    folders: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    others: Counter[str] = field(default_factory=Counter)
    seen: set[tuple[int, int]] = field(default_factory=set)


def list_files(root: Path, suffixes: Container[str]) -> Walk:
    """List the files with these suffixes under a folder; each real folder is entered once: links lead in no circles.

    Real folders come before links to folders: a file is listed under its own place if that is under ``root`` too.
    Hidden files and folders, what operating systems leave behind and the folders of earlier runs are passed over.

    Raises
    ------
    DataError
        When a folder may not be listed.
    """
    finds = _Finds(suffixes)
    _enter(root, "", finds)
    while finds.links:
        links = sorted(finds.links, key=natural_key)
        finds.links = []
        for link in links:
            _enter(root, link, finds)
    return Walk(
        tuple(sorted(finds.files, key=natural_key)), tuple(sorted(finds.folders, key=natural_key)), finds.others
    )


def _enter(root: Path, start: str, finds: _Finds) -> None:
    """Walk from ``start``, a path relative to ``root``, through real folders; links to folders are only noted."""
    waiting = [start]
    while waiting:
        inside = waiting.pop()
        try:
            status = os.stat(root / inside)
            if (status.st_dev, status.st_ino) in finds.seen:
                continue
            finds.seen.add((status.st_dev, status.st_ino))
            with os.scandir(root / inside) as found:
                entries = list(found)
            if inside and {entry.name for entry in entries} >= _RUN_FILES:
                finds.folders = [folder for folder in finds.folders if folder not in (inside, os.path.dirname(inside))]
                continue
            for entry in entries:
                if not (entry.name.startswith(".") or entry.name.casefold() in _LITTER):
                    _sort_entry(entry, f"{inside}/{entry.name}" if inside else entry.name, finds, waiting)
        except OSError as error:
            raise DataError(
                "data.folder_not_listed", folder=printable(str(root / inside)), error=error.strerror
            ) from error


def _sort_entry(entry: os.DirEntry[str], path: str, finds: _Finds, waiting: list[str]) -> None:
    if entry.is_dir():
        if path.count("/") < 2:
            finds.folders.append(path)
        (finds.links if entry.is_symlink() else waiting).append(path)
    elif entry.is_file() or entry.is_symlink():  # a link that leads nowhere is reported later as unreadable
        suffix = suffix_of(entry.name)
        if suffix in finds.known:
            finds.files.append(path)
        else:
            finds.others[suffix or "no suffix"] += 1


def read_folder(root: Path) -> Dataset:
    """Read a dataset from a folder.

    With a ``train`` folder inside, the folders ``train``, ``val`` (or ``valid``, ``validation``) and ``test``, in any
    case, are the splits, and the folders inside those the classes. Otherwise the folders inside are the classes. A
    file in a deeper folder counts to the class. A folder with files and no folders has no classes.

    Raises
    ------
    DataError
        When the folder holds no examples, or those of several modalities, or has a test or validation folder but no
        train folder.
    """
    walk = list_files(root, modalities_by_suffix())
    if not walk.files:
        raise DataError(
            "data.folder_without_pictures",
            folder=printable(str(root)),
            reason=Finding("data.holds", {"others": _count_others(walk.others)})
            if walk.others
            else Finding("data.empty_folder"),
        )
    splits = _split_folders(root, walk)
    examples = _examples(root, walk.files, splits)
    notices = [*_other_notices(walk.others), *_left_out_notices(walk, splits, examples), *_empty_notices(walk, splits)]
    return Dataset(
        name=printable(root.resolve().name) or "data",
        examples=tuple(examples),
        root=root,
        notices=tuple(notices),
        modality=one_modality(
            (example.source for example in examples), Finding("data.the_folder", {"path": printable(str(root))})
        ),
    )


def _split_folders(root: Path, walk: Walk) -> dict[str, SplitName]:
    """Find the folders that are splits: name of the folder to the split; empty when there are none."""
    top = [folder for folder in walk.folders if "/" not in folder]
    splits = {folder: SPLIT_FOLDERS[folder.casefold()] for folder in top if folder.casefold() in SPLIT_FOLDERS}
    if splits and "train" not in splits.values() and len(splits) == len(top):
        raise DataError(
            "data.no_train",
            folder=printable(str(root)),
            names=list(splits),
            other=printable(str(root / next(iter(splits)))),
        )
    return splits if "train" in splits.values() else {}


def _examples(root: Path, files: Iterable[str], splits: dict[str, SplitName]) -> list[Example]:
    """Create an example of each file that lies where a class or a split is; the folders decide label and split."""
    base = str(root)
    examples = []
    placed = [(path, path.split("/")) for path in files]
    # Files without class folders are a dataset without labels; beside class folders they are left out.
    depth = 1 if splits else 0
    labelled = any(len(parts) > depth + 1 and (not splits or parts[0] in splits) for _, parts in placed)
    for path, parts in placed:
        if (splits and parts[0] not in splits) or (labelled and len(parts) < depth + 2):
            continue
        examples.append(
            Example(
                source=os.path.join(base, *parts),
                name=printable(path),
                targets=known_label(printable(parts[depth]) if labelled else None),
                split=splits[parts[0]] if splits else None,
            )
        )
    return examples


def _left_out_notices(walk: Walk, splits: dict[str, SplitName], examples: list[Example]) -> list[Finding]:
    left_out = len(walk.files) - len(examples)
    code = "data.outside_parts" if splits else "data.outside"
    return [Finding(code, {"count": left_out})] if left_out else []


def _empty_notices(walk: Walk, splits: dict[str, SplitName]) -> list[Finding]:
    """Name the class folders without an example."""
    if splits:
        candidates = [folder for folder in walk.folders if folder.count("/") == 1 and folder.split("/")[0] in splits]
    else:
        candidates = [folder for folder in walk.folders if "/" not in folder]
    depth = 2 if splits else 1
    filled = {"/".join(path.split("/")[:depth]) for path in walk.files}
    empty = [printable(folder) for folder in candidates if folder not in filled]
    return [Finding("data.empty_classes", {"count": len(empty), "names": empty})] if empty else []


def _other_notices(others: Counter[str]) -> list[Finding]:
    values = {"count": others.total(), "others": _count_others(others)}
    return [Finding("data.others_left_out", values)] if others else []


def _count_others(others: Counter[str]) -> Finding:
    ranked = sorted(others, key=lambda suffix: (-others[suffix], suffix))
    kinds = [f"{others[suffix]:,} {suffix}" for suffix in ranked[:5]] + ["..."] * (len(others) > 5)
    return Finding("data.others", {"count": others.total(), "kinds": kinds})
