"""The confusion matrix as a picture.

Drawn with Pillow alone, like the other pictures: importing a plotting library would take ten times as long as drawing.
Blue is right and orange is wrong, which colour-blind readers can tell apart; neither is ever the only sign.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image

from headstart.metrics.values import Evaluation
from headstart.reporting.drawing import (
    BLUE,
    CAPTION,
    FAINT,
    GREY,
    INK,
    MARGIN,
    NOTE,
    TITLE_HEIGHT,
    WHITE,
    Canvas,
    Colour,
    Picture,
    Point,
    blank_canvas,
    counted,
    score_text,
    shorten,
    text_width,
    write,
    write_title,
    write_upwards,
)
from headstart.reporting.fonts import FontBook, drawable_names

Integers = npt.NDArray[np.int64]

# Cells, in pixels: from which size on they hold a count, and a share as well.
_COUNTED, _ROOMY = 24, 56
_WRONG: Colour = (232, 110, 0)  # brighter than orange text, because most of these cells are pale


@dataclass(frozen=True, slots=True)
class _Grid:
    """Where the cells of a matrix lie, and the names along it."""

    left: int
    top: int
    cell: int
    size: int
    names: tuple[str, ...]
    upright: bool
    widest: float

    @property
    def side(self) -> int:
        return self.cell * len(self.names)

    @property
    def foot(self) -> float:
        """Height of the names below the matrix."""
        return self.widest if self.upright else self.size

    def middle(self, number: int) -> float:
        return (number + 0.5) * self.cell


def confusion_picture(evaluation: Evaluation, fonts: FontBook) -> Picture:
    """Draw the confusion matrix: a row per true class, a column per predicted class.

    The colour of a cell is its share of the row. Large cells show count and share, smaller ones the count, very small
    ones only the colour. From about 110 classes on not every class is named.

    Examples
    --------
    >>> from headstart.metrics.evaluation import evaluate
    >>> evaluation = evaluate(np.array([0, 1]), np.array([[0.9, 0.1], [0.6, 0.4]]), ["cat", "dog"])
    >>> confusion_picture(evaluation, FontBook(folders=())).notices
    ()
    """
    drawable = drawable_names(evaluation.classes, fonts)
    grid = _lay_grid(drawable.names, fonts)
    inside = "A cell shows its count and its share of the row." if grid.cell >= _ROOMY else ""
    notes = (
        f"{counted(evaluation.count, 'example')}, accuracy {score_text(evaluation.accuracy)}",
        f"Rows are true classes. Colour: share of the row; blue is right, orange is wrong. {inside}".rstrip(),
    )
    width = max(grid.left + grid.side + 70, *(text_width(fonts, note, NOTE) + MARGIN for note in notes)) + MARGIN
    canvas = blank_canvas(width, grid.top + grid.side + grid.foot + 56 + MARGIN, fonts)
    write_title(canvas, "Confusion matrix", notes)
    confusion = np.array(evaluation.confusion, dtype=np.int64)
    _draw_cells(canvas, grid, confusion)
    _write_names(canvas, grid, confusion.sum(axis=1).tolist())
    return Picture(canvas.image, drawable.notices)


def _lay_grid(names: tuple[str, ...], fonts: FontBook) -> _Grid:
    cell = max(2, min(160, 1200 // len(names)))
    size = max(11, min(22, cell - 1))
    shown = tuple(shorten(fonts, name, size, 280) for name in names)
    widest = max(text_width(fonts, name, size) for name in shown)
    return _Grid(round(MARGIN + 50 + widest), TITLE_HEIGHT + 20, cell, size, shown, widest > cell - 10, widest)


def _draw_cells(canvas: Canvas, grid: _Grid, confusion: Integers) -> None:
    support = confusion.sum(axis=1)
    shares = confusion / np.maximum(support, 1)[:, None]
    # The root makes a rare confusion visible; an empty cell stays nearly white.
    depth = np.where(confusion > 0, 0.1 + 0.9 * np.sqrt(shares), 0.0)[:, :, None]
    right = np.eye(len(confusion), dtype=bool)[:, :, None]
    tints = FAINT + depth * (np.where(right, BLUE, _WRONG) - np.array(FAINT))
    picture = Image.fromarray(np.round(tints).astype(np.uint8))
    canvas.image.paste(picture.resize((grid.side, grid.side), Image.Resampling.NEAREST), (grid.left, grid.top))
    if grid.cell >= 8:
        for number in range(len(confusion) + 1):
            shift = number * grid.cell
            canvas.pen.line([(grid.left + shift, grid.top), (grid.left + shift, grid.top + grid.side)], WHITE, 2)
            canvas.pen.line([(grid.left, grid.top + shift), (grid.left + grid.side, grid.top + shift)], WHITE, 2)
    if grid.cell < _COUNTED:
        return
    for true, predicted in np.argwhere(confusion > 0).tolist():
        centre = (grid.left + grid.middle(predicted), grid.top + grid.middle(true))
        colour = WHITE if depth[true, predicted, 0] > 0.5 else INK
        _write_cell(
            canvas, grid.cell, centre, (int(confusion[true, predicted]), float(shares[true, predicted])), colour
        )


def _write_cell(canvas: Canvas, cell: int, centre: Point, content: tuple[int, float], colour: Colour) -> None:
    count, share = content
    large = min(34, cell * 3 // 10) if cell >= _ROOMY else min(20, cell // 2)
    # A count of many digits gets smaller letters rather than running out of its cell.
    while large > 8 and text_width(canvas.fonts, f"{count}", large) > cell - 6:
        large -= 1
    if cell < _ROOMY:
        write(canvas, centre, f"{count}", large, colour, "mm")
        return
    across, down = centre
    write(canvas, (across, down - cell * 0.1), f"{count}", large, colour, "mm")
    write(canvas, (across, down + cell * 0.2), f"{share:.0%}", max(12, large * 5 // 8), colour, "mm")


def _write_names(canvas: Canvas, grid: _Grid, support: list[int]) -> None:
    # Where the rows are lower than the letters, only every second or third class is named.
    step = -(-(grid.size + 1) // grid.cell)
    bottom, right = grid.top + grid.side, grid.left + grid.side
    for number in range(0, len(grid.names), step):
        name, middle = grid.names[number], grid.middle(number)
        write(canvas, (grid.left - 12, grid.top + middle), name, grid.size, INK, "rm")
        if grid.upright:
            write_upwards(canvas, (grid.left + middle, bottom + 12), name, grid.size, INK)
        else:
            write(canvas, (grid.left + middle, bottom + 12), name, grid.size, INK, "ma")
        if grid.cell >= _COUNTED:
            write(canvas, (right + 14, grid.top + middle), f"{support[number]}", min(17, grid.size), GREY, "lm")
    if grid.cell >= _COUNTED:
        write(canvas, (right + 14, grid.top - 16), "n", min(17, grid.size), GREY, "lm")
    write(canvas, (grid.left + grid.side / 2, bottom + grid.foot + 44), "predicted class", CAPTION, GREY, "mm")
    end = grid.top + grid.side / 2 - text_width(canvas.fonts, "true class", CAPTION) / 2
    write_upwards(canvas, (MARGIN + 8, end), "true class", CAPTION, GREY)
