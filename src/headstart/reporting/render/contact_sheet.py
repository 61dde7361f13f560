"""Many examples on one sheet, with a line or two below each: mistakes, or what a check found, to be looked at."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from headstart.errors import HeadstartError
from headstart.reporting.plots.style import INK, QUIET, WARN
from headstart.reporting.render.canvas import MARGIN, NOTE, TITLE_HEIGHT, Canvas, fit_text, save_png, text_width
from headstart.reporting.render.fonts import FontBook, drawable_names, drawable_part, font_folders
from headstart.runtime.findings import Finding

MOST_CARDS = 24
SIDE, _GAP, _LINE, _ROOM = 240, 28, 26, 1580


@dataclass(frozen=True, slots=True)
class Caption:
    """A line below an example: a text from the left, perhaps behind an arrow, and one that ends at the right."""

    text: str
    tint: str = QUIET
    right: str = ""
    arrow: bool = False
    size: int = NOTE


def captions(*texts: str) -> tuple[Caption, ...]:
    """Return small lines, the first of them in ink."""
    return tuple(Caption(text, QUIET if row else INK, size=16) for row, text in enumerate(texts))


@dataclass(frozen=True, slots=True)
class Card:
    """One or two examples, loaded when they are drawn, the lines below, and what to say when one cannot be read."""

    examples: tuple[Callable[[], Image.Image], ...]
    lines: tuple[Caption, ...]
    unreadable: str = "reporting.sheet_gone"


@dataclass(frozen=True, slots=True)
class Mistake:
    """One wrong prediction.

    Attributes
    ----------
    example
        Loads the example, upright and in any mode.
    true, predicted
        Class names.
    probability
        Of the predicted class.
    name
        Of the file.
    """

    example: Callable[[], Image.Image]
    true: str
    predicted: str
    probability: float
    name: str


def draw_sheet(
    title: str, notes: Sequence[str], cards: Sequence[Card], path: Path, fonts: FontBook | None = None
) -> tuple[Finding, ...]:
    """Draw cards, in their order, into a PNG file; return which examples cannot be read.

    Raises
    ------
    OutputError
        When the file cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> plain = lambda: Image.new("RGB", (32, 32))
    >>> copies = Card((plain, plain), captions("a.png", "b.png"))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     draw_sheet("Copies", ["Two of them."], [copies], Path(folder, "x.png"))
    ()
    """
    fonts = fonts or FontBook(font_folders())
    wide = SIDE * max((len(card.examples) for card in cards), default=1)
    columns = max(1, min(len(cards), (_ROOM + _GAP) // (wide + _GAP)))
    tall = SIDE + _LINE * max((len(card.lines) for card in cards), default=0) + _GAP
    head = TITLE_HEIGHT - 52 + 28 * len(notes)
    noted = max(text_width(fonts, NOTE, note) for note in notes)
    width = 2 * MARGIN + max(columns * (wide + _GAP) - _GAP, noted, 804)
    canvas = Canvas.blank(width, head + -(-len(cards) // columns) * tall + MARGIN // 2, fonts)
    canvas.write_title(title, notes)
    notices: list[Finding] = []
    for number, card in enumerate(cards):
        row, column = divmod(number, columns)
        notices += draw_card(canvas, (MARGIN + column * (wide + _GAP), head + row * tall), card)
    save_png(canvas.sheet, path)
    return tuple(notices)


def draw_card(canvas: Canvas, corner: tuple[int, int], card: Card, side: int = SIDE) -> list[Finding]:
    """Draw one card; an example that cannot be read leaves its square empty and is named."""
    left, top = corner
    notices = []
    inner = side if len(card.examples) == 1 else side - 4  # a gap between two
    for place, load in enumerate(card.examples):
        start = left + place * side
        try:
            canvas.paste_fitted((start, top), load(), inner)
        except (HeadstartError, OSError) as error:
            canvas.paste_fitted((start, top), None, inner)
            canvas.write((start + side / 2, top + side / 2), "cannot be read", NOTE, QUIET, "mm")
            notices.append(Finding(card.unreadable, {"name": card.lines[-1].text, "error": error}))
    for row, line in enumerate(card.lines):
        _write_caption(canvas, (left, top + side + round(_LINE * (row + 0.8))), line, side * len(card.examples))
    return notices


def draw_mistakes(
    mistakes: Sequence[Mistake], path: Path, classes: Sequence[str], fonts: FontBook | None = None
) -> tuple[Finding, ...]:
    """Draw the most confident mistakes, at most 24, the most confident first; without any, a sheet that says so.

    Parameters
    ----------
    mistakes
        In any order; only those that are drawn are loaded.
    classes
        All class names, in the order of the confusion matrix: a name that cannot be drawn becomes its number there.

    Returns
    -------
    What the user should know: class names that no font of this machine can draw, and examples that could not be read.

    Raises
    ------
    OutputError
        When the file cannot be written.
    """
    fonts = fonts or FontBook(font_folders())
    drawable = drawable_names(classes, fonts)
    shown = dict(zip(classes, drawable.names, strict=True))
    worst = sorted(mistakes, key=lambda mistake: (-mistake.probability, mistake.name))[:MOST_CARDS]
    cards = [
        Card(
            (one.example,),
            (
                Caption(shown[one.true], INK),
                Caption(shown[one.predicted], WARN, f"{one.probability:.2f}", arrow=True),
                Caption(one.name, size=15),
            ),
            "reporting.mistake_gone",
        )
        for one in worst
    ]
    title = "Most confident mistakes" if worst else "No mistakes"
    notices = draw_sheet(title, [_note(len(worst), len(mistakes))], cards, path, fonts)
    return (*drawable.notices, *notices)


def _note(drawn: int, count: int) -> str:
    if count == 0:
        return "Every example was predicted as what it is."
    which = "the only one" if count == 1 else f"all {count}" if drawn == count else f"the first {drawn} of {count}"
    return f"True class, predicted class, its probability: {which}."


def _write_caption(canvas: Canvas, at: tuple[int, int], line: Caption, width: int) -> None:
    left, middle = at
    start = 26 if line.arrow else 0
    taken = start + (text_width(canvas.fonts, line.size, line.right) + 8 if line.right else 0)
    text = fit_text(canvas.fonts, drawable_part(line.text, canvas.fonts), line.size, width - taken)
    canvas.write((left + start, middle), text, line.size, line.tint)
    canvas.write((left + width, middle), line.right, line.size, line.tint, "rm")
    if line.arrow:  # Pillow's own font has none
        tip = left + 18
        canvas.pen.line([(left, middle), (tip, middle)], line.tint, 2)
        canvas.pen.line([(tip - 6, middle - 5), (tip, middle), (tip - 6, middle + 5)], line.tint, 2)
