"""Text with separators as spreadsheets and programs write it: which separator, which rows, which names of columns."""

import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice

from headstart.data.same_names import canonical
from headstart.errors import DataError
from headstart.runtime.findings import Finding

SEPARATORS = ("\t", ";", "|", ",")  # of equally good ones the first: what text holds least
_SAMPLE = 100  # rows that tell the separator, within the first so many characters
_START = 1_000_000
_END = "\uffff\uffff"  # no character: neither a cell nor a separator
_SEPARATOR_LINE = re.compile(r'\A"?sep=(.)"?[ \t]*(?:\r\n|\r|\n)', re.IGNORECASE)  # what Excel writes and reads


@dataclass(frozen=True, slots=True)
class DelimitedRows:
    """Names of columns, the cells of each row, and the line that each row begins in, as an editor counts."""

    names: list[str]
    rows: list[list[str]]
    lines: list[int]


def read_delimited(text: str, where: Finding) -> DelimitedRows:
    r"""Read the rows of a text.

    Blanks after a separator, rows without content and empty columns at the end are nothing.
    A first line ``sep=;`` names the separator. Otherwise it is the one by which most rows have as many cells as the
    header, and of these the one that makes most columns.

    Raises
    ------
    DataError
        When a row has more cells than the header, a quote is left open, or two columns have one name. ``where`` begins
        the sentence.

    Examples
    --------
    >>> table = read_delimited("path; label\na,1.png; rose\n;\n", Finding("data.the_table", {"path": "t.csv"}))
    >>> table.names, table.rows, table.lines
    (['path', 'label'], [['a,1.png', 'rose']], [2])
    """
    named = _SEPARATOR_LINE.match(text)
    skipped = 1 if named else 0
    text = text[named.end() :] if named else text
    separator = named[1] if named else find_separator(text)
    csv.field_size_limit(max(csv.field_size_limit(), len(text) + 1))  # a cell may be as long as the table
    lines_of_text = chain(io.StringIO(text, newline=""), [_END])  # which is no row of its own inside open quotes
    reader = csv.reader(lines_of_text, delimiter=separator, skipinitialspace=True)
    header, rows, lines = list[str](), list[list[str]](), list[int]()
    try:
        header = next(filter(None, map(_trimmed, reader)), [])
        start = reader.line_num + 1
        for row in chain([header] if header == [_END] else [], reader):
            if row == [_END]:
                break
            cells = _trimmed(row)
            if len(cells) > len(header):
                raise DataError(
                    "data.too_many_cells", where=where, cells=len(cells), line=start + skipped, count=len(header)
                )
            if cells:
                rows.append(cells + [""] * (len(header) - len(cells)))
                lines.append(start + skipped)
            start = reader.line_num + 1
        else:
            raise DataError("data.open_quote", where=where, line=lines[-1] if lines else 1 + skipped)
    except csv.Error as error:
        raise DataError("data.table_not_read", where=where, line=reader.line_num + skipped, error=error) from error
    header = [] if header == [_END] else header
    return DelimitedRows(column_names(where, header), rows, lines)


def find_separator(text: str) -> str:
    r"""Return the separator of a text: the one by which most rows have as many cells as the header.

    Examples
    --------
    >>> find_separator("path;score\na.png;1,5\nb.png;2,5\n")
    ';'
    """
    return max(SEPARATORS, key=lambda separator: (*_fit(text, separator), -SEPARATORS.index(separator)))


def column_names(where: Finding, header: Sequence[str]) -> list[str]:
    """Return the names of columns in the form in which names are compared; one without a name gets its place.

    Raises
    ------
    DataError
        When two columns have one name.
    """
    stripped = [canonical(name).strip() for name in header]
    names = [name or (f"Unnamed: {place}" if place else "") for place, name in enumerate(stripped)]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise DataError("data.columns_twice", where=where, names=twice, columns=names)
    return names


def _fit(text: str, separator: str) -> tuple[bool, float, int]:
    """Measure how well a separator divides the first rows: any columns, share of rows like the header, columns."""
    rows = list(islice(_sample(text, separator), _SAMPLE + 1))
    columns = len(rows[0]) if rows else 0
    if columns < 2:
        return False, 0.0, 0
    alike = sum(len(row) == columns for row in rows[1:])
    return True, alike / max(1, len(rows) - 1), columns


def _sample(text: str, separator: str) -> Iterator[list[str]]:
    reader = csv.reader(io.StringIO(text[:_START], newline=""), delimiter=separator, skipinitialspace=True)
    try:
        yield from filter(None, map(_trimmed, reader))
    except csv.Error:
        return  # whoever reads the whole text says so


def _trimmed(row: list[str]) -> list[str]:
    """Leave out empty cells at the end."""
    end = next((place for place in range(len(row), 0, -1) if row[place - 1].strip()), 0)
    return row[:end]
