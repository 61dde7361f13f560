"""Columns of a table or of a Hugging Face dataset: which one is what, and what stands in their cells."""

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from headstart.data.example import SplitName
from headstart.data.one_hot import NO, YES
from headstart.data.part_names import KNOWN_PARTS, plain_splits
from headstart.data.reading import is_missing
from headstart.data.same_names import canonical
from headstart.errors import DataError
from headstart.registry import nearest
from headstart.runtime.findings import NOTE, Finding, did_you_mean

# What a column may be called, in any case, with or without what joins its words; of several the first is taken.
SYNONYMS: dict[str, tuple[str, ...]] = {
    use: tuple(names.split())
    for use, names in {
        "path": "path file filename image_path image file_path image_file image_file_name image_file_path image_name "
        "img img_path img_file img_name picture picture_path photo pic relative_path full_path absolute_path fname "
        "image_id img_id 路径 文件 文件名 文件路径 图片 图像 图片路径 图像路径 图片名 图片名称 图像名称",
        "label": "label class target category labels class_name class_label label_name classes category_name "
        "true_label ground_truth gt tag fine_label fine_labels coarse_label coarse_labels class_id label_id "
        "category_id choice annotation species breed disease emotion sentiment polarity intent topic "
        "finding_labels diagnosis dx 标签 类别 分类 类 种类 类别名称 标注 情感 意图 主题",
        "split": "split subset partition set part fold phase usage data_split train_test dataset_split 划分 数据划分 "
        "子集 集合 用途",
        "group": "group",
    }.items()
}
_SHOWN = 5  # of these names, in an error
# Columns of yes and no, as fastai writes them: the part of a yes, and of a no.
_FLAGS: dict[str, tuple[SplitName, SplitName]] = {
    **dict.fromkeys(("isvalid", "isval", "isvalidation"), ("validation", "train")),
    **dict.fromkeys(("istest", "isholdout"), ("test", "train")),
    **dict.fromkeys(("istrain", "istraining"), ("train", "test")),
}
_TRIED = 20  # cells that tell what is in a column
_JOINTS = re.compile(r"[\s_./-]+")


@dataclass(frozen=True, slots=True)
class TableOptions:
    """What the user says of a table; "" for what is to be found out.

    Attributes
    ----------
    path_column, label_column, text_column, group_by
        Names of columns.
    folder
        What its paths are relative to.
    """

    path_column: str = ""
    label_column: str = ""
    text_column: str = ""
    group_by: str = ""
    folder: str = ""


@dataclass(frozen=True, slots=True)
class Columns:
    """Names of the columns that were found; "" for one that is not there.

    Attributes
    ----------
    unused
        Names of those that are for nothing.
    rivals
        Names of those that could be the label as well.
    group_seen
        One that is called ``group`` and was not asked for.
    text
        The one whose cells are the examples, where the user says so.
    """

    path: str
    label: str
    split: str
    group: str
    unused: tuple[str, ...] = ()
    rivals: tuple[str, ...] = ()
    group_seen: str = ""
    text: str = ""

    def notices(self, *, of_rows: bool = False, labelled: bool = True) -> list[Finding]:
        """Return what was taken for what, for people.

        ``of_rows``: what is left makes the examples, and is not listed; ``labelled``: something tells the labels.
        """
        taken = {use: getattr(self, use) for use in SYNONYMS}
        uses = [Finding("data.column", {"use": use, "name": name}) for use, name in taken.items() if name]
        unused = Finding("data.columns_unused", {"names": self.unused}) if self.unused and not of_rows else ""
        found = [Finding("data.columns", {"columns": uses, "unused": unused}, NOTE)] if uses or unused else []
        if self.unused and not labelled:
            found.append(Finding("data.no_label_column", {"names": self.unused, "count": len(self.unused)}))
        if self.rivals and not of_rows:
            found.append(
                Finding("data.label_rivals", {"names": self.rivals, "count": len(self.rivals), "name": self.label})
            )
        if self.group_seen:
            found.append(Finding("data.group_unused", {"name": self.group_seen}))
        return found


def find_columns(
    where: object,
    cells: Mapping[str, Any] | Sequence[str],
    options: TableOptions = TableOptions(),
    is_file: Callable[[str], bool] | None = None,
) -> Columns:
    """Find the columns by their usual names, and by their cells where these are given.

    Parameters
    ----------
    cells
        The cells of each column by its name, or the names alone.
    options
        What the user says of them.
    is_file
        Tells whether a cell names a file that is there.

    Raises
    ------
    DataError
        When there is no column of a name that the user gives.

    Examples
    --------
    >>> found = find_columns("The table 't.csv'", ["File", "Category", "patient"], TableOptions(group_by="patient"))
    >>> found.path, found.label, found.group
    ('File', 'Category', 'patient')
    """
    names = list(cells)
    asked = {
        "path": options.path_column,
        "label": options.label_column,
        "group": options.group_by,
        "text": options.text_column,
    }
    taken = {use: _require(where, name, names) for use, name in asked.items() if name}
    known = cells if isinstance(cells, Mapping) else {}
    free = [name for name in names if name not in taken.values()]
    if "path" not in taken:
        taken["path"] = _find_path(free, known, is_file)
    free = [name for name in free if name != taken["path"]]
    labels = [name for name in _called("label", free) if not known or any(map(_text, known[name]))]
    rivals = labels[1:] if "label" not in taken else []
    taken.setdefault("label", labels[0] if labels else "")
    free = [name for name in free if name not in (taken["label"], *rivals)]
    taken["split"] = _find_split(free, known)
    seen = [name for name in _called("group", free) if any(map(_text, known.get(name, ())))]
    return Columns(
        taken["path"],
        taken["label"],
        taken["split"],
        taken.get("group", ""),
        unused=tuple(name for name in names if name and name not in taken.values()),
        rivals=tuple(rivals),
        group_seen=seen[0] if seen else "",
        text=taken.get("text", ""),
    )


def missing_column(where: object, wanted: str, names: Iterable[str]) -> DataError:
    """Create the error for a column that is not there; it lists those that are."""
    names = list(names)
    near = nearest(wanted, names)
    accepted = SYNONYMS.get(wanted, ())[1:_SHOWN]
    there = Finding("data.its_columns" if names else "data.no_columns", {"names": names})
    hint = Finding("data.add_column" if accepted else "data.name_column", {"names": accepted})
    return DataError("data.missing_column", where=where, column=wanted, columns=there, hint=did_you_mean(near, hint))


def cell_text(value: object) -> str | None:
    """Turn a cell into text; None for an empty one.

    Examples
    --------
    >>> cell_text(3), cell_text("  "), cell_text(float("nan"))
    ('3', None, None)
    """
    if is_missing(value):
        return None
    text = str(value)
    return text if text.strip() else None


def require_cells(where: object, column: str, values: Iterable[object], rows: Sequence[int] | None = None) -> list[str]:
    """Turn the cells of a column into text.

    Raises
    ------
    DataError
        When some are empty; names the first five rows. ``rows`` are the numbers that a person gives them.
    """
    texts = [cell_text(value) for value in values]
    numbers = rows or range(1, len(texts) + 1)
    empty = [str(row) for row, text in zip(numbers, texts, strict=True) if text is None]
    if empty:
        raise DataError("data.empty_cells", where=where, count=len(empty), column=column, rows=empty)
    return [text for text in texts if text is not None]


def parse_splits(where: object, values: Iterable[str], column: str = "split") -> list[SplitName]:
    """Turn the words of a split column into splits; ``column`` is its name.

    Raises
    ------
    DataError
        When a word is no split.

    Examples
    --------
    >>> parse_splits("The table 't.csv'", ["Train", "val"]), parse_splits("It", ["True", "False"], "is_valid")
    (['train', 'validation'], ['validation', 'train'])
    """
    values = [value.strip() for value in values]
    meant = _meant(column, set(values))
    unknown = sorted({value for value in values if value not in meant})
    if unknown:
        raise DataError("data.unknown_splits", where=where, found=unknown, known=list(KNOWN_PARTS))
    return [meant[value] for value in values]


def _require(where: object, wanted: str, names: Sequence[str]) -> str:
    found = next((name for name in names if canonical(name) == canonical(wanted)), None)
    if found is None:
        raise missing_column(where, wanted, names)
    return found


def _find_path(names: Sequence[str], cells: Mapping[str, Any], is_file: Callable[[str], bool] | None) -> str:
    """Find the column of paths: of those with a usual name, and then of all, the first that names a file."""
    called = _called("path", names)

    def names_files(name: str, enough: Callable[[Iterable[bool]], bool]) -> bool:
        texts = list(islice(filter(None, map(_text, cells[name])), _TRIED))
        return is_file is not None and bool(texts) and enough(map(is_file, texts))

    if cells and is_file is not None:
        found = next((name for name in called if names_files(name, any)), "")
        found = found or next((name for name in names if name not in called and names_files(name, all)), "")
        if found:
            return found
    return called[0] if called else ""


def _find_split(names: Sequence[str], cells: Mapping[str, Any]) -> str:
    """Find the column whose words are all parts; one called ``split`` is one whatever it holds."""
    flags = [name for name in names if _squeeze(name) in _FLAGS]
    for name in (*_called("split", names), *flags):
        words = _words(cells, name)
        if words and (_squeeze(name) == "split" or words <= set(_meant(name, words))):
            return name
    # A column of any name is one where all its words are parts, and not all the same part.
    for name in names:
        first = next(filter(None, map(_text, cells.get(name, ()))), "")
        words = _words(cells, name) if plain_splits([first]) else set()
        meant = plain_splits(words)
        if len(meant) == len(words) and len(set(meant.values())) > 1:
            return name
    return ""


def _words(cells: Mapping[str, Any], name: str) -> set[str]:
    return {text.strip() for text in map(_text, cells.get(name, ())) if text}


def _meant(column: str, words: Iterable[str]) -> dict[str, SplitName]:
    """Return the split of each word that is one, in a column of this name."""
    flag = _FLAGS.get(_squeeze(column))
    if flag is None:
        return plain_splits(words)
    return {word: flag[word.casefold() in NO] for word in words if word.casefold() in YES | NO}


def _called(use: str, names: Sequence[str]) -> list[str]:
    """Return the names that are usual for a use, the plainest first."""
    squeezed: dict[str, list[str]] = {}
    for name in names:
        squeezed.setdefault(_squeeze(name), []).append(name)
    return [name for word in SYNONYMS[use] for name in squeezed.get(_squeeze(word), ())]


def _squeeze(name: str) -> str:
    return _JOINTS.sub("", unicodedata.normalize("NFKC", name).casefold())


def _text(cell: Any) -> str | None:  # noqa: ANN401 - a cell of any kind
    return None if getattr(cell, "ndim", 0) else cell_text(cell)
