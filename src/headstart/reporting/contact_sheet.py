"""Many pictures on one sheet, with a line or two below each: what a check found, to be looked at."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageOps

from headstart.errors import HeadstartError
from headstart.reporting.drawing import (
    FAINT,
    GREY,
    INK,
    MARGIN,
    NOTE,
    TITLE_HEIGHT,
    Canvas,
    blank_canvas,
    save_png,
    shorten,
    write,
    write_title,
)
from headstart.reporting.fonts import FontBook, drawable_part, font_folders

MOST_CARDS = 24
_SIDE, _GAP, _LINE, _ROOM = 200, 28, 24, 1500
_HEAD = TITLE_HEIGHT - 24  # of a title with one line below


@dataclass(frozen=True, slots=True)
class Card:
    """One or two pictures, loaded when they are drawn, and the lines below them."""

    pictures: tuple[Callable[[], Image.Image], ...]
    lines: tuple[str, ...]


def draw_sheet(
    title: str, note: str, cards: Sequence[Card], path: Path, fonts: FontBook | None = None
) -> tuple[str, ...]:
    """Draw at most 24 cards, in their order, into a PNG file; return sentences about pictures that cannot be read.

    Raises
    ------
    OutputError
        When the file cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> plain = lambda: Image.new("RGB", (32, 32))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     draw_sheet("Copies", "Two of them.", [Card((plain, plain), ("a.png", "b.png"))], Path(folder, "x.png"))
    ()
    """
    fonts = fonts or FontBook(font_folders())
    shown = cards[:MOST_CARDS]
    wide = max((len(card.pictures) for card in shown), default=1) * _SIDE
    columns = max(1, min(len(shown), (_ROOM + _GAP) // (wide + _GAP)))
    tall = _SIDE + _LINE * max((len(card.lines) for card in shown), default=0) + _GAP
    rows = -(-len(shown) // columns)
    canvas = blank_canvas(max(900, 2 * MARGIN + columns * (wide + _GAP) - _GAP), _HEAD + rows * tall + MARGIN, fonts)
    write_title(canvas, title, [note])
    notices: list[str] = []
    for number, card in enumerate(shown):
        row, column = divmod(number, columns)
        left, top = MARGIN + column * (wide + _GAP), _HEAD + row * tall
        for place, load in enumerate(card.pictures):
            notices += _paste(canvas, (left + place * _SIDE, top), load)
        for line, text in enumerate(card.lines):
            shortened = shorten(fonts, drawable_part(text, fonts), NOTE - 3, wide)
            middle = top + _SIDE + _LINE * (line + 0.6)
            write(canvas, (left, middle), shortened, NOTE - 3, GREY if line else INK, "lm")
    save_png(canvas.image, path)
    return tuple(notices)


def _paste(canvas: Canvas, corner: tuple[int, int], load: Callable[[], Image.Image]) -> list[str]:
    """Fit a picture into its square; one that cannot be read leaves it empty and gives a sentence."""
    left, top = corner
    canvas.pen.rectangle((left, top, left + _SIDE - 3, top + _SIDE - 3), FAINT)
    try:
        picture = ImageOps.contain(load().convert("RGB"), (_SIDE - 2, _SIDE - 2), Image.Resampling.BICUBIC)
    except (HeadstartError, OSError) as error:
        write(canvas, (left + _SIDE / 2, top + _SIDE / 2), "cannot be read", NOTE - 3, GREY, "mm")
        return [f"A picture could not be read for a sheet: {error}"]
    canvas.image.paste(picture, (left + (_SIDE - picture.width) // 2, top + (_SIDE - picture.height) // 2))
    return []
