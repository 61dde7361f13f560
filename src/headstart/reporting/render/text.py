"""A document is shown by its beginning, written on a card."""

from collections.abc import Iterator
from typing import Any

from PIL import Image

from headstart.data.readers.text import open_example
from headstart.reporting.plots.style import INK
from headstart.reporting.render.canvas import Canvas, text_width
from headstart.reporting.render.fonts import FontBook, drawable_part, font_folders

SIDE, EDGE = 320, 14
SIZE, LINE = 19, 27  # of letters and of lines, in pixels
LINES = (SIDE - 2 * EDGE) // LINE
MOST = 500  # characters that are drawn
WHOLE = 10_000  # characters of a document on a page


def draw(source: Any, name: str = "", side: int = 0) -> Image.Image:  # noqa: ANN401 - a document
    """Write the beginning of a document on a card; raises ExampleError.

    Examples
    --------
    >>> from headstart.data.readers.text import Document
    >>> draw(Document("A stirring film.")).size
    (320, 320)
    """
    fonts = FontBook(font_folders())
    said = drawable_part(open_example(source, name)[:MOST], fonts)
    canvas = Canvas.blank(SIDE, SIDE, fonts)
    lines = [*wrap(said, SIDE - 2 * EDGE, fonts)]
    if len(lines) > LINES:
        lines = [*lines[: LINES - 1], lines[LINES - 1].rstrip()[:-3] + "..."]
    for row, line in enumerate(lines):
        canvas.write((EDGE, EDGE + LINE // 2 + LINE * row), line, SIZE, INK)
    return canvas.sheet


def excerpt(source: Any, name: str = "") -> str:  # noqa: ANN401 - a document
    """Return a document for a page, of a very long one the beginning; raises ExampleError."""
    whole = open_example(source, name).strip()
    return whole if len(whole) <= WHOLE else f"{whole[:WHOLE].rstrip()}…"


def wrap(said: str, width: float, fonts: FontBook) -> Iterator[str]:
    """Break a text into lines no wider than this, at blanks where there are any.

    Examples
    --------
    >>> list(wrap("a stirring film", 60, FontBook(folders=())))
    ['a', 'stirring', 'film']
    """
    rest = said.strip()
    while rest:
        end = len(rest)
        while end > 1 and text_width(fonts, SIZE, rest[:end]) > width:
            end = max(1, min(end - 1, int(end * 1.1 * width / text_width(fonts, SIZE, rest[:end]))))
        blank = rest.rfind(" ", 0, end + 1)
        if end < len(rest) and blank > 0:
            end = blank
        yield rest[:end].rstrip()
        rest = rest[end:].lstrip()
