"""A chart becomes pixels: shapes with smooth edges, texts in a font that has their letters."""

import math
from collections.abc import Callable, Sequence

import numpy as np
from PIL import Image, ImageDraw

from headstart.reporting.plots.drawing import CORNERS, Area, Cells, Dot, Drawing, Line, Mark, Point, Word, dashes_of
from headstart.reporting.plots.style import BORDER, PAPER
from headstart.reporting.render.canvas import Anchor, Canvas

_FINE = 4  # a pixel of an edge is a mean over so many places in each direction
_ANCHORS: dict[str, Anchor] = {"start": "lm", "middle": "mm", "end": "rm"}

Corners = list[Point]
Pen = Callable[[ImageDraw.ImageDraw, Corners, int], object]


def paint_drawing(drawing: Drawing, canvas: Canvas, scale: float) -> None:
    """Paint a drawing onto a canvas, ``scale`` pixels a point."""
    for mark in drawing.marks:
        places = [(x * scale, y * scale) for x, y in mark.points]
        match mark:
            case Word():
                size, anchor = max(1, round(mark.size * scale)), _ANCHORS[mark.anchor]
                canvas.write(places[0], mark.text, size, mark.tint, anchor, turned=mark.turned)
            case Cells():
                _paste_cells(mark, canvas, places[0], scale)
            case Line() if _is_plain(mark):
                _rule(mark, canvas, places, scale)
            case _:
                _paint_mark(mark, canvas, places, scale)


def _paint_mark(mark: Mark, canvas: Canvas, places: Corners, scale: float) -> None:
    match mark:
        case Line():
            dashed = dashes_of(places, mark.dash[0] * scale, mark.dash[1] * scale) if mark.dash else (places,)
            for piece in dashed:
                _smooth(canvas, list(piece), mark.width * scale, (mark.tint, mark.opacity), _stroke(mark, scale))
        case Area():
            _smooth(canvas, places, 0, (mark.tint, mark.opacity), _fill)
        case Dot():
            for tint, size in ((PAPER, mark.size + BORDER), (mark.tint, mark.size - BORDER)):
                _smooth(canvas, _outline(mark, places[0], size * scale / 2), 0, (tint, 1.0), _fill)


def _smooth(canvas: Canvas, places: Sequence[Point], reach: float, paint: tuple[str, float], draw: Pen) -> None:
    """Paint a shape in a colour of some opacity; ``reach`` is how far it goes beyond its places."""
    tint, opacity = paint
    xs, ys = zip(*places, strict=True)
    left, top = math.floor(min(xs) - reach - 1), math.floor(min(ys) - reach - 1)
    width, height = math.ceil(max(xs) + reach + 1) - left, math.ceil(max(ys) + reach + 1) - top
    mask = Image.new("L", (width * _FINE, height * _FINE))
    # Pillow's whole numbers are the middles of its pixels.
    fine = [((x - left) * _FINE - 0.5, (y - top) * _FINE - 0.5) for x, y in places]
    draw(ImageDraw.Draw(mask), fine, round(255 * opacity))
    canvas.sheet.paste(tint, (left, top), mask.reduce(_FINE))


def _fill(pen: ImageDraw.ImageDraw, corners: Corners, depth: int) -> None:
    pen.polygon(corners, fill=depth)


def _stroke(line: Line, scale: float) -> Pen:
    width = max(1, round(line.width * scale * _FINE))

    def draw(pen: ImageDraw.ImageDraw, places: Corners, depth: int) -> None:
        pen.line(places, fill=depth, width=width, joint="curve")
        for x, y in (places[0], places[-1]) if line.rounded else ():
            pen.ellipse((x - width / 2, y - width / 2, x + width / 2, y + width / 2), fill=depth)

    return draw


def _outline(dot: Dot, middle: Point, half: float) -> Corners:
    """Return the corners of a dot; a circle has so many that it is round."""
    turns = [math.tau * part / 48 for part in range(48)]
    corners = CORNERS.get(dot.shape) or tuple((math.cos(turn), math.sin(turn)) for turn in turns)
    return [(middle[0] + half * x, middle[1] + half * y) for x, y in corners]


def _is_plain(line: Line) -> bool:
    """Return whether a line is upright or level, so that whole pixels draw it best."""
    xs, ys = zip(*line.points, strict=True)
    return (len(set(xs)) == 1 or len(set(ys)) == 1) and not (line.rounded or line.dash) and line.opacity == 1


def _rule(line: Line, canvas: Canvas, places: Corners, scale: float) -> None:
    xs, ys = zip(*places, strict=True)
    width = max(1, round(line.width * scale))
    upright = max(xs) == min(xs)
    left, top = (round(min(xs) - upright * width / 2), round(min(ys) - (not upright) * width / 2))
    right, bottom = (left + width, round(max(ys))) if upright else (round(max(xs)), top + width)
    canvas.pen.rectangle((left, top, max(left, right - 1), max(top, bottom - 1)), line.tint)


def _paste_cells(cells: Cells, canvas: Canvas, corner: Point, scale: float) -> None:
    side = round(cells.side * scale)
    grid = cells.tints.repeat(side, axis=0).repeat(side, axis=1)
    if cells.side >= 4:  # smaller ones would be nothing but gaps
        for axis in (0, 1):
            within = np.arange(grid.shape[axis]) % side
            edge = (within == 0) | (within == side - 1)
            grid[edge if axis == 0 else (slice(None), edge)] = 255
    canvas.sheet.paste(Image.fromarray(grid), (round(corner[0]), round(corner[1])))
