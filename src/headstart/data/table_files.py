"""Files that a table names: where they lie, however their paths are written."""

import json
import os
import re
from collections import defaultdict
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from headstart.data.name_bytes import find_path
from headstart.data.name_checks import printable
from headstart.data.part_names import plain_splits
from headstart.data.readers.base import suffix_of
from headstart.data.same_names import canonical
from headstart.errors import DataError
from headstart.runtime.findings import Finding

_UPLOADED = re.compile(r"[0-9a-f]{8}-")  # what Label Studio puts before the name of a file


@dataclass(frozen=True, slots=True)
class FoundFiles:
    """The path of each row's file, there or not, what people call it, and what is to be said."""

    sources: list[str]
    names: list[str]
    notices: list[Finding]


@dataclass
class FileFinder:
    """Finds the files of a table.

    Attributes
    ----------
    folders
        What its paths may be relative to; the first is what is said.
    suffixes
        Of examples: a name without one is given one of these.
    called
        What the table is called: of several files of one name those in a folder of the same part are meant.
    """

    folders: Sequence[Path]
    suffixes: Container[str]
    called: str = ""
    _listed: dict[str, dict[str, list[str]]] = field(default_factory=dict)

    @property
    def root(self) -> Path:
        """Return the folder that names are relative to."""
        return self.folders[0]

    def find(self, cell: str) -> str | None:
        """Return the path of the file that a cell names; None where there is none.

        Blanks around it, backslashes, a missing suffix and the other form of Unicode do no harm.
        """
        for text in _spellings(cell):
            for folder in self.folders:
                path = os.path.join(folder, text)
                path = path if os.path.isfile(path) else find_path(folder, text)
                if os.path.isfile(path):
                    return path
        if suffix_of(cell.strip()) in self.suffixes:
            return None
        paths = (os.path.join(folder, text) for text in _spellings(cell) for folder in self.folders)
        return next((found for path in paths if (found := self._with_suffix(path))), None)

    def find_all(self, where: Finding, cells: Sequence[str], labels: Sequence[str | None]) -> FoundFiles:
        """Find the file of each row; where none lies where it should, by its name anywhere in the folder.

        Of several files of one name, the one in the folder of the row's label is meant.

        Raises
        ------
        DataError
            When there is none at all.
        """
        found = [self.find(cell) for cell in cells]
        notices = []
        if not any(found):
            found = list(self._by_name(cells, labels))
            values = {"count": sum(map(bool, found)), "folder": printable(str(self.root))}
            notices = [Finding("data.found_by_name", values)]
        if not any(found):
            names = [printable(cell) for cell in cells]
            raise DataError("data.files_missing", where=where, count=len(names), names=names)
        sources = [path or os.path.join(self.root, cell) for path, cell in zip(found, cells, strict=True)]
        return FoundFiles(sources, [*map(self._name, sources, cells)], notices)

    def _name(self, source: str, cell: str) -> str:
        """Name a file so that it is found from the root."""
        if os.path.join(self.root, cell) == source:
            return printable(cell)
        inside = os.path.relpath(source, self.root)
        return printable(source if inside.startswith("..") else Path(inside).as_posix())

    def _with_suffix(self, path: str) -> str | None:
        """Return the one file of this path and the suffix of an example."""
        folder, stem = os.path.split(path)
        if folder not in self._listed:
            self._listed[folder] = _by_stem(os.listdir(folder) if os.path.isdir(folder) else (), self.suffixes)
        several = self._listed[folder].get(stem, [])
        return os.path.join(folder, several[0]) if len(several) == 1 else None

    def _by_name(self, cells: Sequence[str], labels: Sequence[str | None]) -> Iterator[str | None]:
        from headstart.data.folders import list_files  # only where paths lead nowhere

        try:
            files = list_files(self.root, self.suffixes).files
        except DataError:  # a folder that may not be listed: what lies there cannot be meant
            files = ()
        named: dict[str, list[str]] = defaultdict(list)
        for path in files:
            name = PurePosixPath(path)
            for key in {name.name, name.stem}:
                named[key].append(path)
        for cell, label in zip(cells, labels, strict=True):
            wanted = cell.strip().replace("\\", "/")
            last = wanted.rpartition("/")[2]
            several = named.get(last) or named.get(_UPLOADED.sub("", last, count=1)) or []
            likely = _likeliest(several, wanted, (_is_part_of(self.called), _is_called(label)))
            yield likely and os.path.join(self.root, *likely.split("/"))


def root_beside(table: Path) -> Path | None:
    """Return what the paths in a table of a run or of an audit are relative to; None for any other table."""
    for name, key in (("environment.json", "data"), ("check.json", "root")):
        try:
            root = json.loads((table.parent / name).read_bytes())[key]
        except (OSError, ValueError, KeyError, TypeError):
            continue  # no run, one of an older Headstart, or a damaged file
        if isinstance(root, str) and root:
            return Path(root)
    return None


def _likeliest(paths: Sequence[str], wanted: str, hints: Iterable[Callable[[str], bool]]) -> str | None:
    """Return the path that ends most like what is wanted, and of such the one with a folder that a hint is true of."""

    def alike(path: str) -> int:
        pairs = zip(reversed(path.split("/")[:-1]), reversed(wanted.split("/")[:-1]), strict=False)
        return next((depth for depth, (one, other) in enumerate(pairs) if one != other), 99)

    most = max(map(alike, paths), default=0)
    best = [path for path in paths if alike(path) == most]
    for hint in hints:
        best = [path for path in best if len(best) == 1 or any(map(hint, path.split("/")[:-1]))] or best
    return best[0] if len(best) == 1 else None


def _is_called(label: str | None) -> Callable[[str], bool]:
    return lambda folder: label is not None and canonical(folder) == canonical(label)


def _is_part_of(called: str) -> Callable[[str], bool]:
    """Return whether a folder is named after the part that a table is named after."""
    own = plain_splits([called])

    def is_same(folder: str) -> bool:
        return bool(own) and set(plain_splits([folder]).values()) == set(own.values())

    return is_same


def _spellings(cell: str) -> list[str]:
    """Return the ways in which a path may be meant, as it is written first."""
    texts = [cell, cell.strip()]
    texts += [text.replace("\\", "/") for text in texts if "\\" in text]
    return list(dict.fromkeys(texts))


def _by_stem(names: Sequence[str], suffixes: Container[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for name in names:
        if suffix_of(name) in suffixes:
            found[os.path.splitext(name)[0]].append(name)
    return found
