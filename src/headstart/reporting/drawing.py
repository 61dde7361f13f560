"""A sheet to draw on: text in the right font, smooth shapes, a PNG file at the end."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from PIL import Image, ImageDraw

from headstart.errors import OutputError
from headstart.metrics.values import Score
from headstart.reporting.fonts import Font, FontBook

Colour = tuple[int, int, int]
Point = tuple[float, float]
# Horizontal then vertical, as Pillow names them: left, middle or right; top (ascender), middle, baseline.
Anchor = Literal["la", "ma", "ra", "lm", "mm", "rm", "ls", "ms", "rs"]

WHITE: Colour = (255, 255, 255)
INK: Colour = (31, 41, 55)
GREY: Colour = (107, 114, 128)
PALE: Colour = (225, 228, 233)
FAINT: Colour = (245, 246, 248)
# Blue and orange stay apart for every kind of colour blindness (Okabe and Ito).
BLUE: Colour = (0, 96, 160)
ORANGE: Colour = (204, 85, 0)

MARGIN = 48
TITLE_HEIGHT = 150  # of a title with two lines below, margin included
TITLE, NOTE, CAPTION = 34, 19, 20  # sizes of text


@dataclass(frozen=True, slots=True)
class Canvas:
    """A sheet, the pen that draws on it, and the fonts to write on it with."""

    image: Image.Image
    pen: ImageDraw.ImageDraw
    fonts: FontBook


@dataclass(frozen=True, slots=True)
class Picture:
    """What was drawn, and sentences for the user about what could not be."""

    image: Image.Image
    notices: tuple[str, ...] = ()


def blank_canvas(width: float, height: float, fonts: FontBook) -> Canvas:
    """Take a white sheet of this size in pixels.

    Examples
    --------
    >>> canvas = blank_canvas(40, 20, FontBook(folders=()))
    >>> write(canvas, (20, 10), "rose", 12, INK, "mm")
    >>> canvas.image.size
    (40, 20)
    """
    image = Image.new("RGB", (round(width), round(height)), WHITE)
    return Canvas(image, ImageDraw.Draw(image), fonts)


def mix(colour: Colour, amount: float, paper: Colour = WHITE) -> Colour:
    """Mix a colour with the paper: 0 is the paper, 1 the colour.

    Examples
    --------
    >>> mix((0, 100, 200), 0.5)
    (128, 178, 228)
    """
    red, green, blue = (round(back + (front - back) * amount) for front, back in zip(colour, paper, strict=True))
    return red, green, blue


def text_font(fonts: FontBook, text: str, size: int) -> Font:
    """Load the font that a text is written in.

    Raises
    ------
    OutputError
        When no font at all can be used.
    """
    font = fonts.font_for(text, size)
    if font is None:
        raise OutputError(
            "The pictures cannot be drawn.",
            f"No font can draw {text!r}.",
            "Install Pillow with FreeType: pip install --force-reinstall pillow",
        )
    return font


def text_width(fonts: FontBook, text: str, size: int) -> float:
    """Measure a text in pixels.

    Examples
    --------
    >>> text_width(FontBook(folders=()), "", 12)
    0.0
    """
    return float(text_font(fonts, text, size).getlength(text))


def shorten(fonts: FontBook, text: str, size: int, width: float) -> str:
    """Take out the middle of a text that is wider than ``width`` pixels: both ends tell names apart.

    Examples
    --------
    >>> shorten(FontBook(folders=()), "a-very-long-name-of-a-class-12", 12, 100)
    'a-very-l...class-12'
    """
    full = text_width(fonts, text, size)
    if full <= width:
        return text
    for kept in range(int(len(text) * width / full), 1, -1):
        shown = f"{text[: (kept + 1) // 2].rstrip()}...{text[len(text) - kept // 2 :].lstrip()}"
        if text_width(fonts, shown, size) <= width:
            return shown
    return text[:1]


def write(canvas: Canvas, at: Point, text: str, size: int, colour: Colour, anchor: Anchor = "la") -> None:
    """Write one line of text."""
    canvas.pen.text(at, text, fill=colour, font=text_font(canvas.fonts, text, size), anchor=anchor)


def write_title(canvas: Canvas, title: str, notes: Sequence[str]) -> None:
    """Write a title and the lines that explain the picture into its upper left corner."""
    write(canvas, (MARGIN - 2, MARGIN), title, TITLE, INK, "lm")
    for row, note in enumerate(notes):
        write(canvas, (MARGIN, MARGIN + 40 + 28 * row), note, NOTE, GREY, "lm")


def write_upwards(canvas: Canvas, end: Point, text: str, size: int, colour: Colour) -> None:
    """Write a text that runs from below to above and ends at a point, which lies on its middle line."""
    font = text_font(canvas.fonts, text, size)
    ascent, descent = font.getmetrics()
    strip = Image.new("L", (int(font.getlength(text)) + 2, ascent + descent), 0)
    ImageDraw.Draw(strip).text((0, 0), text, fill=255, font=font)
    upright = strip.transpose(Image.Transpose.ROTATE_90)
    canvas.image.paste(colour, (round(end[0] - upright.width / 2), round(end[1])), upright)


def score_text(score: Score) -> str:
    """Write a score as people read it.

    Examples
    --------
    >>> score_text(Score(0.5, 0.4, 0.6)), score_text(Score(math.nan, math.nan, math.nan))
    ('0.500 [0.400, 0.600]', 'not defined')
    """
    return "not defined" if math.isnan(score.value) else str(score)


def counted(count: int, noun: str) -> str:
    """Write a count with its noun.

    Examples
    --------
    >>> counted(1, "example"), counted(240, "example")
    ('1 example', '240 examples')
    """
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def save_png(image: Image.Image, path: Path) -> None:
    """Write a PNG file.

    Raises
    ------
    OutputError
        When the file cannot be written.
    """
    try:
        image.save(path, format="PNG", compress_level=2)
    except OSError as error:
        raise OutputError(
            f"The picture '{path}' cannot be written.",
            f"{error.strerror or error}.",
            "Free some space or choose another folder.",
        ) from error
