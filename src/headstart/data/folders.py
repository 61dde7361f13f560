"""Folders of examples: what lies in them, and what their layout makes of it."""

import os
from collections import Counter
from collections.abc import Container, Iterable
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

from headstart.data.example import Dataset, Example, known_label
from headstart.data.folder_layout import Layout, Tree, find_layout, missing_train
from headstart.data.name_bytes import ReadNames, read_names, readable
from headstart.data.name_checks import natural_key, printable
from headstart.data.readers.base import holds_example, name_other, one_modality, suffix_of
from headstart.errors import DataError
from headstart.modalities.base import load_modality, modalities_by_suffix
from headstart.runtime.findings import Finding

# The folder of a run lies beside the classes when someone works inside the data folder; its files are no data.
_RUN_FILES = {"recipe.toml", "metrics.json"}
_NAMED = 5  # suffixes of other files
# What operating systems and network drives leave behind; names with a dot too.
_LITTER = set("__macosx thumbs.db desktop.ini @eadir @tmp @recycle #recycle #snapshot $recycle.bin lost+found".split())
_LITTER |= {"system volume information", "recycler", "@synoresource", "lost.dir"}


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
    samples
        One of these of each suffix.
    """

    files: tuple[str, ...]
    folders: tuple[str, ...]
    others: Counter[str]
    samples: dict[str, str]


@dataclass(slots=True)
class _Finds:
    known: Container[str]  # suffixes of examples
    files: list[str] = field(default_factory=list)
    folders: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    others: Counter[str] = field(default_factory=Counter)
    samples: dict[str, str] = field(default_factory=dict)
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
    files, folders = (tuple(sorted(found, key=natural_key)) for found in (finds.files, finds.folders))
    return Walk(files, folders, finds.others, finds.samples)


def is_litter(name: str) -> bool:
    """Return whether a file or folder is hidden, or one that operating systems leave behind.

    Examples
    --------
    >>> is_litter("@eaDir"), is_litter("roses")
    (True, False)
    """
    return name.startswith(".") or name.casefold() in _LITTER


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
                if not is_litter(entry.name):
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
        # Scanners, and caches of downloads, name files by numbers: what these hold is known by their first bytes alone.
        if suffix in finds.known or ((not suffix or suffix[1:].isdigit()) and holds_example(entry.path)):
            finds.files.append(path)
        else:
            finds.others[suffix or "no suffix"] += 1
            finds.samples.setdefault(suffix or "no suffix", path)
    else:  # a pipe, a socket or a device
        finds.others["no file"] += 1


def read_folder(root: Path) -> Dataset:
    """Read a dataset from a folder.

    Folders called after parts, in any spelling, are the splits, and the folders inside those the classes; otherwise
    the folders inside are the classes: see :func:`headstart.data.folder_layout.find_layout`. A file in a deeper folder
    counts to the class. A folder with files and no folders has no classes.

    Raises
    ------
    DataError
        When the folder holds no examples, or those of several modalities, or has a test or validation folder but no
        train folder.
    """
    walk = _leave_out_companions(list_files(root, modalities_by_suffix()))
    if not walk.files:
        raise DataError(
            "data.folder_without_pictures",
            folder=printable(str(root)),
            reason=[Finding("data.holds", {"others": _count_others(walk.others)}), *_named_others(root, walk)]
            if walk.others
            else [Finding("data.empty_folder")],
        )
    _require_train(root, walk)
    layout = find_layout(walk.files, root.resolve().name)
    read = read_names(part for path in walk.files if not path.isascii() for part in path.split("/"))
    examples = _examples(root, walk.files, layout, read)
    left_out = [*read.findings(), *_other_notices(walk.others), *_named_others(root, walk)]
    left_out += [*_left_out_notices(walk, layout, examples)]
    return Dataset(
        name=readable(root.resolve().name) or "data",
        examples=tuple(examples),
        root=root,
        notices=(*left_out, *_empty_notices(walk, layout, read), *layout.notices),
        modality=one_modality(
            (example.source for example in examples), Finding("data.the_folder", {"path": printable(str(root))})
        ),
    )


def _leave_out_companions(walk: Walk) -> Walk:
    """Leave out files that only accompany others, such as notes beside pictures, unless most files are such."""
    kinds = modalities_by_suffix()
    companions = {suffix for suffix, kind in kinds.items() if getattr(load_modality(kind), "accompanies", False)}
    examples = tuple(path for path in walk.files if suffix_of(path) not in companions)
    beside = Counter(suffix_of(path) for path in walk.files if suffix_of(path) in companions)
    if not examples and beside.total() > max(1, walk.others.total()):
        return walk
    return replace(walk, files=examples, others=walk.others + beside)


def _require_train(root: Path, walk: Walk) -> None:
    parts = missing_train(Tree(walk.files))
    if parts:
        raise DataError(
            "data.no_train", folder=printable(str(root)), names=parts, other=printable(str(root / parts[0]))
        )


def _examples(root: Path, files: Iterable[str], layout: Layout, read: ReadNames) -> list[Example]:
    """Create an example of each file that lies where a class or a split is; the folders decide label and split."""
    base = str(root)
    place_in = cache(layout.place_in)  # once for each folder, not for each of its files
    placed = [(path, place) for path in files if (place := place_in(path.rpartition("/")[0]))]
    # Files without class folders are a dataset without labels; beside class folders they are left out.
    labelled = any(place.label is not None for _, place in placed)
    return [
        Example(
            source=os.path.join(base, *path.split("/")),
            name=read.path(path),
            targets=known_label(place.label and read.path(place.label)),
            split=place.split,
        )
        for path, place in placed
        if place.label is not None or not labelled
    ]


def _left_out_notices(walk: Walk, layout: Layout, examples: list[Example]) -> list[Finding]:
    left_out = len(walk.files) - len(examples)
    code = "data.outside_parts" if layout.has_parts else "data.outside"
    return [Finding(code, {"count": left_out})] if left_out else []


def _empty_notices(walk: Walk, layout: Layout, read: ReadNames) -> list[Finding]:
    """Name the class folders without an example."""
    candidates = [folder for folder in walk.folders if folder.rpartition("/")[0] in layout.bases]
    filled = {"/".join(parts[: depth + 1]) for parts in map(_folders_of, walk.files) for depth in range(len(parts))}
    empty = [read.path(folder) for folder in candidates if folder not in filled and folder not in layout.bases]
    return [Finding("data.empty_classes", {"count": len(empty), "names": empty})] if empty else []


def _folders_of(path: str) -> list[str]:
    return path.split("/")[:-1]


def _other_notices(others: Counter[str]) -> list[Finding]:
    values = {"count": others.total(), "others": _count_others(others)}
    return [Finding("data.others_left_out", values)] if others else []


def left_out_of(inputs: Any, suffixes: Container[str]) -> list[Finding]:  # noqa: ANN401 - whatever the user gives
    """Say how many files without one of these suffixes lie in the folders among the inputs, and what they are.

    Examples
    --------
    >>> left_out_of(["no folder", b"bytes"], {".png"})
    []
    """
    several = inputs if isinstance(inputs, (list, tuple)) else [inputs]
    paths = [os.path.expanduser(os.fsdecode(one)) for one in several if isinstance(one, (str, os.PathLike))]
    walks = {path: list_files(Path(path), suffixes) for path in paths if os.path.isdir(path)}
    named = [one for path, walk in walks.items() for one in _named_others(Path(path), walk)]
    return [*_other_notices(sum((walk.others for walk in walks.values()), Counter())), *named]


def _named_others(root: Path, walk: Walk) -> list[Finding]:
    """Name what other files are, of the suffixes that most of them have, where something can be done about them."""
    found = []
    for suffix, _ in walk.others.most_common(_NAMED):
        name = walk.samples.get(suffix, "")
        content = name_other(root / name) if name else None
        if content is not None:
            found.append(Finding("data.others_are", {"suffix": suffix, "name": printable(name), "content": content}))
    return found


def _count_others(others: Counter[str]) -> Finding:
    ranked = sorted(others, key=lambda suffix: (-others[suffix], suffix))
    kinds = [f"{others[suffix]:,} {suffix}" for suffix in ranked[:5]] + ["..."] * (len(others) > 5)
    return Finding("data.others", {"count": others.total(), "kinds": kinds})
