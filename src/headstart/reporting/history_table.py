"""The history of a training as a file and as lines."""

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from headstart.finetuning.history import Epoch
from headstart.reporting.tables import indented
from headstart.runtime.catalogue import ENGLISH, Texts
from headstart.runtime.files import write_text

LONGEST = 12  # rows on a terminal


def write_history(path: Path, history: Sequence[Epoch]) -> None:
    """Write one row per epoch as CSV; a cell is empty where nothing was validated."""
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=list(Epoch.__slots__), lineterminator="\n")
    writer.writeheader()
    writer.writerows(row.to_json() for row in history)
    write_text(path, text.getvalue())


def history_to_json(history: Sequence[Epoch]) -> list[dict[str, Any]]:
    """Return plain data, one object per epoch."""
    return [row.to_json() for row in history]


def history_lines(history: Sequence[Epoch], texts: Texts = ENGLISH) -> list[str]:
    """Show the epochs as a table; of a long training the first, the last and some between.

    Examples
    --------
    >>> history_lines([Epoch(1, 10, 1e-3, 0.7, 0.5, None, None, 2.0)])[1].split()
    ['1', '0.700', '0.500', '1.0e-03', '2.0']
    """
    table = [texts.columns("reporting.history")]
    for row in _some(history):
        table.append(
            (
                str(row.epoch),
                f"{row.loss:.3f}",
                f"{row.accuracy:.3f}",
                "" if row.validation_loss is None else f"{row.validation_loss:.3f}",
                "" if row.validation_accuracy is None else f"{row.validation_accuracy:.3f}",
                f"{row.rate:.1e}",
                f"{row.seconds:.1f}",
            )
        )
    return indented(table, right=range(7))


def _some(history: Sequence[Epoch]) -> list[Epoch]:
    if len(history) <= LONGEST:
        return list(history)
    step = (len(history) - 1) / (LONGEST - 1)
    return [history[round(number * step)] for number in range(LONGEST)]
