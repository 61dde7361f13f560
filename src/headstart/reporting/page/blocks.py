"""What a page is built of: sections of blocks, without any HTML.

A section builder turns data into blocks, the template turns blocks into HTML; so nothing that comes from a user is ever
put into HTML by hand.
"""

from dataclasses import dataclass
from typing import ClassVar, Literal

from headstart.metrics.values import Score
from headstart.reporting.plots.drawing import Marker
from headstart.runtime.text import beginning

BEGINNING = 240  # characters of a text among others
Tone = Literal["plain", "quiet", "good", "warning"]


@dataclass(frozen=True, slots=True)
class Paragraph:
    """One or more sentences; ``language`` where it is not that of the page."""

    text: str
    tone: Tone = "plain"
    language: str = ""
    kind: ClassVar[str] = "paragraph"


@dataclass(frozen=True, slots=True)
class Points:
    """A list of sentences."""

    texts: tuple[str, ...]
    tone: Tone = "plain"
    language: str = ""
    kind: ClassVar[str] = "points"


@dataclass(frozen=True, slots=True)
class TableCell:
    """A cell: what stands in it, what stands smaller beside it, the number to sort by, and a share to draw."""

    text: str
    note: str = ""
    value: float | None = None
    bar: Score | None = None


@dataclass(frozen=True, slots=True)
class Column:
    """A column; numbers end at the same place."""

    label: str
    number: bool = True


@dataclass(frozen=True, slots=True)
class Table:
    """A table whose first column names its rows; ``mark`` is the row to stress, counted from 0."""

    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[TableCell, ...], ...]
    sortable: bool = False
    mark: int = -1
    kind: ClassVar[str] = "table"


@dataclass(frozen=True, slots=True)
class Key:
    """One entry of a legend: the number of the colour, the shape of the points, whether the line is dashed."""

    label: str
    hue: int
    marker: Marker = "circle"
    dashed: bool = False


@dataclass(frozen=True, slots=True)
class Figure:
    """A drawing with its numbers as a table, where that does not stand beside it.

    ``name`` is its own on the page, ``svg`` is markup made by us.
    """

    name: str
    caption: str
    svg: str
    numbers: Table | None = None
    keys: tuple[Key, ...] = ()
    kind: ClassVar[str] = "figure"


@dataclass(frozen=True, slots=True)
class Shown:
    """An example: its small copy as a data URI, or its text ("" when there is none), what to say of it, its name."""

    uri: str
    lines: tuple[str, ...]
    name: str
    wrong: bool = False
    text: str = ""

    @property
    def short(self) -> str:
        """The beginning of a text that is too long to stand in a row; "" for a shorter one."""
        return beginning(self.text, BEGINNING) if len(self.text) > BEGINNING else ""


@dataclass(frozen=True, slots=True)
class Gallery:
    """Photographs in rows; ``pairs`` keeps two and two together."""

    title: str
    note: str
    examples: tuple[Shown, ...]
    pairs: bool = False
    kind: ClassVar[str] = "gallery"


@dataclass(frozen=True, slots=True)
class MarkedText:
    """A text as its pieces, each with what it is marked as: None for those between marks, "" for a mark alone."""

    label: str
    pieces: tuple[tuple[str, str | None], ...]


@dataclass(frozen=True, slots=True)
class Marked:
    """A text with its marks, in several ways."""

    title: str
    rows: tuple[MarkedText, ...]
    kind: ClassVar[str] = "marked"


@dataclass(frozen=True, slots=True)
class Facts:
    """Terms, each with what is to be said of it."""

    rows: tuple[tuple[str, str], ...]
    kind: ClassVar[str] = "facts"


@dataclass(frozen=True, slots=True)
class MatrixCell:
    """A cell of a matrix: a count, and how dark it is, from 0 to 10."""

    count: int
    shade: int
    right: bool


@dataclass(frozen=True, slots=True)
class Matrix:
    """A confusion matrix: a row per true class, a column per predicted class."""

    caption: str
    corner: str
    names: tuple[str, ...]
    rows: tuple[tuple[MatrixCell, ...], ...]
    kind: ClassVar[str] = "matrix"


@dataclass(frozen=True, slots=True)
class Code:
    """A text to copy."""

    label: str
    text: str
    kind: ClassVar[str] = "code"


@dataclass(frozen=True, slots=True)
class Fold:
    """Blocks that are shown when asked for."""

    label: str
    blocks: "tuple[Block, ...]"
    kind: ClassVar[str] = "fold"


@dataclass(frozen=True, slots=True)
class Beside:
    """Two blocks beside each other where there is room."""

    first: "Block"
    second: "Block"
    kind: ClassVar[str] = "beside"


Block = Paragraph | Points | Table | Figure | Gallery | Marked | Facts | Matrix | Code | Fold | Beside


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a page under a heading; ``key`` is its anchor."""

    key: str
    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Tile:
    """A number to see at first sight."""

    label: str
    value: str
    note: str
