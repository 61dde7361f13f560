"""The rows of a table that a run has kept: those of ``data.csv`` beside its model."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from headstart.data.example import OF_RUN
from headstart.data.readers.base import row_readers
from headstart.errors import DataError


def read_run_rows(table: Path, modality: str) -> Mapping[bytes, Any]:
    """Read the examples that ``data.csv`` of a run holds, as sources by their digests; none where it names files."""
    from headstart.data.tables import read_cells, the_table  # only where there may be rows

    reader = row_readers(modality).get(modality)
    if reader is None:
        return {}
    try:
        cells = read_cells(table, the_table(table)).columns
        digests = [bytes.fromhex(one) for one in cells["sha256"]]
    except (DataError, KeyError, TypeError, ValueError):  # edited by somebody
        return {}
    own = {name: cell for name, cell in cells.items() if name not in OF_RUN}
    rows = reader.find_rows("", own, named=False, text_column="") if own else None
    return dict(zip(digests, rows.sources, strict=True)) if rows else {}
