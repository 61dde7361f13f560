"""The little that is drawn with Pillow: sheets of examples, with text in the right font."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal, Self

from PIL import Image, ImageDraw

from headstart.errors import OutputError
from headstart.reporting.plots.style import FIELD, INK, PAPER, QUIET
from headstart.reporting.render.fonts import Font, FontBook, load_font, shorten
from headstart.runtime.files import write_errors

Point = tuple[float, float]
# Horizontal then vertical, as Pillow names them: left, middle or right; here always the middle of the line.
Anchor = Literal["lm", "mm", "rm"]

MARGIN = 48
TITLE_HEIGHT = 150  # of a title with two lines below, margin included
TITLE, NOTE = 34, 19  # sizes of text


@dataclass(frozen=True, slots=True)
class Canvas:
    """A sheet, the pen that draws on it, and the fonts to write on it with."""

    sheet: Image.Image
    pen: ImageDraw.ImageDraw
    fonts: FontBook

    @classmethod
    def blank(cls, width: float, height: float, fonts: FontBook) -> Self:
        """Return a white sheet of this size in pixels.

        Examples
        --------
        >>> canvas = Canvas.blank(40, 20, FontBook(folders=()))
        >>> canvas.write((20, 10), "rose", 12, INK, "mm")
        >>> canvas.sheet.size
        (40, 20)
        """
        sheet = Image.new("RGB", (round(width), round(height)), PAPER)
        return cls(sheet, ImageDraw.Draw(sheet), fonts)

    def write(self, at: Point, text: str, size: int, tint: str, anchor: Anchor = "lm", *, turned: bool = False) -> None:
        """Write one line of text; ``turned`` by a quarter, it is read from below."""
        font = _font_of(self.fonts, text, size)
        if not turned:
            self.pen.text(at, text, fill=tint, font=font, anchor=anchor)
            return
        strip = Image.new("L", (math.ceil(font.getlength(text)), 2 * size))
        ImageDraw.Draw(strip).text((0, size), text, 255, font, "lm")
        top = at[1] - strip.width * {"lm": 1, "mm": 0.5, "rm": 0}[anchor]
        self.sheet.paste(tint, (round(at[0]) - size, round(top)), strip.transpose(Image.Transpose.ROTATE_90))

    def write_title(self, title: str, notes: Sequence[str]) -> None:
        """Write a title and the lines that explain the sheet into its upper left corner."""
        self.write((MARGIN - 2, MARGIN), title, TITLE, INK)
        for row, note in enumerate(notes):
            self.write((MARGIN, MARGIN + 40 + 28 * row), note, NOTE, QUIET)

    def paste_fitted(self, corner: tuple[int, int], drawing: Image.Image | None, side: int) -> None:
        """Paste an example into the middle of a square, as large as it fits; None leaves the square empty."""
        left, top = corner
        self.pen.rectangle((left, top, left + side - 1, top + side - 1), FIELD)
        if drawing is not None:
            width, height = (max(1, round(edge * side / max(drawing.size))) for edge in drawing.size)
            fitted = drawing.convert("RGB").resize((width, height), Image.Resampling.LANCZOS, reducing_gap=2.0)
            self.sheet.paste(fitted, (left + (side - fitted.width) // 2, top + (side - fitted.height) // 2))


def text_width(fonts: FontBook, size: int, text: str) -> float:
    """Return how many pixels wide a text is.

    Examples
    --------
    >>> text_width(FontBook(folders=()), 12, "")
    0.0
    """
    return float(_font_of(fonts, text, size).getlength(text))


def fit_text(fonts: FontBook, text: str, size: int, width: float) -> str:
    """Return a text without its middle where it is wider than ``width`` pixels.

    Examples
    --------
    >>> fit_text(FontBook(folders=()), "a-very-long-name-of-a-class-12", 12, 100)
    'a-very-l...class-12'
    """
    return shorten(text, width, partial(text_width, fonts, size))


def save_png(sheet: Image.Image, path: Path) -> None:
    """Write a PNG file.

    Raises
    ------
    OutputError
        When the file cannot be written.
    """
    with write_errors("runtime.cannot_write.plot", path=path):
        sheet.save(path, format="PNG", compress_level=2)


def _font_of(fonts: FontBook, text: str, size: int) -> Font:
    face = fonts.face_for(text)
    font = load_font(face, size) if face else None
    if font is None:
        raise OutputError("reporting.no_font", text=text)
    return font
