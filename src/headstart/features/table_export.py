"""Tables of feature vectors for other programs: one row per example, written as they come."""

import os
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from errno import EISDIR
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Literal, get_args

import numpy as np

from headstart.data.example import Example
from headstart.errors import OutputError
from headstart.features.values import Block
from headstart.registry import nearest
from headstart.runtime.files import whole_file, write_errors
from headstart.runtime.findings import did_you_mean

if TYPE_CHECKING:
    import pyarrow

TableFormat = Literal["parquet", "csv"]
FORMATS: tuple[TableFormat, ...] = get_args(TableFormat)


def table_format(path: Path) -> TableFormat:
    """Return the format of a table from the end of its name.

    Raises
    ------
    OutputError
        When it is none that can be written.

    Examples
    --------
    >>> table_format(Path("flowers.CSV"))
    'csv'
    """
    suffix = path.suffix.lower().removeprefix(".")
    for known in FORMATS:
        if suffix == known:
            return known
    near = nearest(suffix, FORMATS)
    raise OutputError("features.unknown_table", path=path, hint=did_you_mean(near and path.with_suffix(f".{near}")))


def write_table(
    path: Path, blocks: Iterable[Block], examples: Sequence[Example], keys: Sequence[bytes], dimension: int
) -> int:
    """Write the vectors of the first encoder as a table, and return the number of rows.

    The columns are ``path`` (the example's name), ``sha256`` (hexadecimal), ``label`` (empty when not known) and
    ``vector``: in Parquet a list of D float32; in CSV, D columns ``0``, ``1``, ... Unreadable examples are left out.
    The table appears under its name when it is complete; a table that had this name before is replaced.

    Parameters
    ----------
    path
        Where to; the ending chooses the format, see :func:`table_format`. Its folder must exist.
    blocks
        From :meth:`headstart.features.extraction.Walk.stream`; one at a time is held in memory. They are closed at the
        end.
    examples, keys
        What the blocks are about.
    dimension
        Length D of a vector.

    Raises
    ------
    OutputError
        When the format is not known or the file cannot be written; both are tried before the first block is asked for.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> block = Block(0, (np.array([[0.5, 2.0]], dtype=np.float32),), {}, computed=1, cached=0)
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder, "toy.csv")
    ...     write_table(path, [block], [Example("a.png", "a.png", {"label": "cat"})], [b"a" * 32], dimension=2)
    ...     print(path.read_text().replace("61" * 32, "6161..."))
    1
    "path","sha256","label","0","1"
    "a.png","6161...","cat",0.5,2
    <BLANKLINE>
    """
    # Only here: importing pyarrow costs a tenth of a second.
    import pyarrow
    import pyarrow.csv
    import pyarrow.parquet

    kind = table_format(path)
    schema = _schema(kind, dimension)
    count = 0
    with _new_table(path) as file:
        writer = (
            pyarrow.csv.CSVWriter(file, schema)
            if kind == "csv"
            # A dictionary pays for labels only; vectors do not repeat.
            else pyarrow.parquet.ParquetWriter(file, schema, use_dictionary=["label"])
        )
        try:
            with writer:
                for block in blocks:
                    rows = _rows(block, examples, keys, schema)
                    writer.write_table(rows)
                    count += rows.num_rows
        finally:
            if isinstance(blocks, Generator):  # after Ctrl-C finished rows are kept now, not when it is forgotten
                blocks.close()
    return count


def _schema(kind: TableFormat, dimension: int) -> "pyarrow.Schema":
    import pyarrow

    words = [(name, pyarrow.string()) for name in ("path", "sha256", "label")]
    if kind == "csv":
        return pyarrow.schema(words + [(str(column), pyarrow.float32()) for column in range(dimension)])
    return pyarrow.schema([*words, ("vector", pyarrow.list_(pyarrow.float32(), dimension))])


def _rows(
    block: Block, examples: Sequence[Example], keys: Sequence[bytes], schema: "pyarrow.Schema"
) -> "pyarrow.Table":
    """Turn the readable examples of a block into rows of the table."""
    import pyarrow

    matrix = block.matrices[0]
    good = [row for row in range(len(matrix)) if block.start + row not in block.failures]
    here = [examples[block.start + row] for row in good]
    vectors = matrix[good]
    columns = [
        pyarrow.array([_text(example.name) for example in here], pyarrow.string()),
        pyarrow.array([keys[block.start + row].hex() for row in good], pyarrow.string()),
        pyarrow.array([example.label and _text(example.label) for example in here], pyarrow.string()),
    ]
    if "vector" in schema.names:
        flat = pyarrow.array(vectors.reshape(-1), pyarrow.float32())
        columns.append(pyarrow.FixedSizeListArray.from_arrays(flat, matrix.shape[1]))
    else:
        columns.extend(pyarrow.array(np.ascontiguousarray(column)) for column in vectors.T)
    return pyarrow.Table.from_arrays(columns, schema=schema)


def _text(name: str) -> str:
    """Escape a file name that is not UTF-8: tables hold UTF-8 only."""
    return name.encode("utf-8", "backslashreplace").decode("utf-8")


@contextmanager
def _new_table(path: Path) -> Iterator[BinaryIO]:
    # The walk turns errors of its own into StoreError and ExampleError: what is explained here is the table's.
    with write_errors("runtime.cannot_write.table", path=path):
        if path.is_dir():  # the renaming would notice only after all the work
            raise IsADirectoryError(EISDIR, os.strerror(EISDIR))
        with whole_file(path) as partial, open(partial, "xb") as file:
            yield file
