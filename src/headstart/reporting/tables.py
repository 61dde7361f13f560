"""Results become tables: the CSV files of a run, and predictions as text, CSV or JSON.

The CSV files are UTF-8, and their lines end with a line feed. Where a name is not ASCII they begin with a byte-order
mark, without which Excel shows names in other letters than they have (``encoding="utf-8-sig"`` passes over it).

Names are written exactly as they are, also when they begin with ``=``, ``+``, ``-`` or ``@``: tables are joined on
paths and class names, and a changed name would match nothing. A spreadsheet may take such a name for a formula: when
the examples come from a stranger, import these columns as text.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Literal

from headstart.data.example import OF_RUN, Dataset
from headstart.data.readers.base import row_readers
from headstart.runtime.catalogue import ENGLISH, Texts
from headstart.runtime.files import json_text, write_text
from headstart.runtime.text import escape_control_characters

MOST_CELLS = 64  # of a row, in data.csv: more would be a copy of the data in every run
Part = Literal["fit", "score", "fit and score", "left out"]


def write_data_table(path: Path, dataset: Dataset, keys: Sequence[bytes], parts: Sequence[Part]) -> None:
    """Write ``data.csv``: which examples the run saw, and what each was used for.

    ``keys`` are the SHA-256 digests of the files (32 bytes each; empty where a file could not be read), ``parts`` what
    became of each example; both in the order of the dataset. ``split`` is the part the user put it in, empty when there
    was none. Rows of a table bring their cells along, unless these are very many. Raises OutputError when it cannot be
    written.
    """
    names, cells = row_cells(dataset)
    names = names if len(names) <= MOST_CELLS else ()
    rows = (
        (
            example.name,
            key.hex(),
            example.label or "",
            example.split or "",
            example.group or "",
            part,
            *own[: len(names)],
        )
        for example, key, part, own in zip(dataset.examples, keys, parts, cells, strict=True)
    )
    write_csv(path, csv_text((*OF_RUN, *names), rows))


def row_cells(dataset: Dataset) -> tuple[tuple[str, ...], Iterator[tuple[object, ...]]]:
    """Return the columns of examples that are rows of a table, and the cells of each; none of other examples.

    Examples
    --------
    >>> row_cells(Dataset("pictures", ()))[0]
    ()
    """
    reader = row_readers(dataset.modality).get(dataset.modality)
    if reader is None:
        return (), (() for _ in dataset.examples)
    names = tuple(dict.fromkeys(name for one in dataset.examples for name in reader.cells_of(one.source)))
    cells = (reader.cells_of(example.source) for example in dataset.examples)
    return names, (tuple(own.get(name, "") for name in names) for own in cells)


def write_csv(path: Path, text: str) -> None:
    """Write what :func:`csv_text` returns into a file that spreadsheets open; raises OutputError.

    The mark that tells Excel the encoding is written only where it matters: ``csv.DictReader``, R and awk take it for a
    part of the first column's name.
    """
    write_text(path, text if text.isascii() else "\ufeff" + text)


def csv_text(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    r"""Write rows as CSV, quoted only where it must be.

    Examples
    --------
    >>> csv_text(("path", "label"), [("a,b.png", "cat")])
    'path,label\n"a,b.png",cat\n'
    """
    return "".join(",".join(map(_csv_cell, row)) + "\n" for row in (header, *rows))


def plain_text(predictions: Sequence[Any], texts: Texts = ENGLISH) -> str:
    """Write predictions of any kind as a table for people, a column for each of their values."""
    rows = [prediction.to_json() for prediction in predictions]
    return aligned([[*rows[0]], *(list(map(_cell_text, row.values())) for row in rows)] if rows else [])


def plain_csv(predictions: Sequence[Any]) -> str:
    """Write predictions of any kind as CSV, a column for each of their values."""
    rows = [prediction.to_json() for prediction in predictions]
    return csv_text([*rows[0]], [list(map(_cell_text, row.values())) for row in rows]) if rows else ""


def _cell_text(value: object) -> str:
    return number_text(value) if isinstance(value, float) else str(value)


def predictions_to_json(predictions: Sequence[Any]) -> str:
    """Write predictions as a JSON list of objects; see :class:`headstart.probing.class_prediction.Prediction`."""
    return json_text([prediction.to_json() for prediction in predictions])


def aligned(rows: Sequence[Sequence[str]], right: Sequence[int] = ()) -> str:
    r"""Lay rows out in columns two spaces apart; the columns in ``right`` end at the same place.

    Control characters are shown as escapes, so that no file name can write over the terminal.

    Examples
    --------
    >>> aligned([("name", "count"), ("玫瑰", "7")], right=(1,))
    'name  count\n玫瑰      7\n'
    """
    shown = [[escape_control_characters(cell) for cell in row] for row in rows]
    measure: Callable[[str], int] = len
    if not all(cell.isascii() for row in shown for cell in row):
        from rich.cells import cell_len as measure  # only here: it costs time at start
    widths = [max(map(measure, column)) for column in zip(*shown, strict=True)]
    lines = []
    for row in shown:
        gaps = [" " * (width - measure(cell)) for cell, width in zip(row, widths, strict=True)]
        cells = [gap + cell if n in right else cell + gap for n, (cell, gap) in enumerate(zip(row, gaps, strict=True))]
        lines.append("  ".join(cells).rstrip() + "\n")
    return "".join(lines)


def indented(rows: Sequence[Sequence[str]], right: Sequence[int] = ()) -> list[str]:
    """Lay rows out as :func:`aligned` does, as lines that begin with two spaces."""
    return [f"  {line}" for line in aligned(rows, right).splitlines()]


def _csv_cell(value: object) -> str:
    # Not by csv.writer: with line feeds as line ends it leaves a carriage return bare, and readers end the line there.
    text = str(value)
    quoted = text != text.strip() or any(character in text for character in ',"\r\n')
    return '"' + text.replace('"', '""') + '"' if quoted else text


def number_text(value: float) -> str:
    """Write a number into a cell of a table for programs; nothing where it is not defined."""
    return f"{value:.6f}" if math.isfinite(value) else ""
