"""Results become pictures: confusion matrix, reliability diagram and the worst mistakes, as PNG files.

They are drawn with Pillow alone: importing a plotting library would take longer than drawing all three.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageOps

from headstart.errors import HeadstartError
from headstart.metrics.values import Evaluation
from headstart.reporting.drawing import (
    FAINT,
    GREY,
    INK,
    MARGIN,
    NOTE,
    ORANGE,
    TITLE_HEIGHT,
    Canvas,
    blank_canvas,
    save_png,
    shorten,
    text_width,
    write,
    write_title,
)
from headstart.reporting.fonts import FontBook, drawable_names, drawable_part, font_folders
from headstart.reporting.plots.confusion import confusion_picture
from headstart.reporting.plots.reliability import reliability_picture

MOST_MISTAKES = 24

_COLUMNS, _SIDE, _GAP, _TEXT = 6, 240, 28, 92
_HEAD = TITLE_HEIGHT - 24  # of a title with one line below
_NAME_SIZE = 15


@dataclass(frozen=True, slots=True)
class Mistake:
    """One wrong prediction.

    Attributes
    ----------
    picture
        The picture, upright and in any mode, or a function that loads it.
    true, predicted
        Class names.
    probability
        Of the predicted class.
    name
        Of the file.
    """

    picture: Image.Image | Callable[[], Image.Image]
    true: str
    predicted: str
    probability: float
    name: str


def draw_confusion_matrix(evaluation: Evaluation, path: Path, fonts: FontBook | None = None) -> tuple[str, ...]:
    """Draw the confusion matrix (see :func:`headstart.reporting.plots.confusion.confusion_picture`) into a PNG file.

    Returns
    -------
    Sentences for the user: class names that no font of this machine can draw, and what helps.

    Raises
    ------
    OutputError
        When the file cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np
    >>> from headstart.metrics.evaluation import evaluate
    >>> evaluation = evaluate(np.array([0, 1]), np.array([[0.9, 0.1], [0.6, 0.4]]), ["cat", "dog"])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     draw_confusion_matrix(evaluation, Path(folder, "confusion_matrix.png"))
    ()
    """
    picture = confusion_picture(evaluation, fonts or FontBook(font_folders()))
    save_png(picture.image, path)
    return picture.notices


def draw_reliability(evaluation: Evaluation, path: Path, fonts: FontBook | None = None) -> tuple[str, ...]:
    """Draw the reliability diagram (see :mod:`headstart.reporting.plots.reliability`) into a PNG file.

    Returns
    -------
    Sentences for the user; none, because there are no names to draw.

    Raises
    ------
    OutputError
        When the file cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np
    >>> from headstart.metrics.evaluation import evaluate
    >>> evaluation = evaluate(np.array([0, 1]), np.array([[0.9, 0.1], [0.6, 0.4]]), ["cat", "dog"])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     draw_reliability(evaluation, Path(folder, "reliability.png"))
    ()
    """
    picture = reliability_picture(evaluation, fonts or FontBook(font_folders()))
    save_png(picture.image, path)
    return picture.notices


def draw_mistakes(
    mistakes: Sequence[Mistake], path: Path, classes: Sequence[str], fonts: FontBook | None = None
) -> tuple[str, ...]:
    """Draw the most confident mistakes, at most 24, the most confident first; without any, a sheet that says so.

    Parameters
    ----------
    mistakes
        In any order; only those that are drawn are loaded.
    classes
        All class names, in the order of the confusion matrix: a name that cannot be drawn becomes its number there.

    Returns
    -------
    Sentences for the user: class names that no font of this machine can draw, and pictures that could not be read.

    Raises
    ------
    OutputError
        When the file cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> picture = Image.new("RGB", (32, 32))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     draw_mistakes([Mistake(picture, "cat", "dog", 0.93, "a.png")], Path(folder, "x.png"), ["cat", "dog"])
    ()
    """
    fonts = fonts or FontBook(font_folders())
    drawable = drawable_names(classes, fonts)
    shown = dict(zip(classes, drawable.names, strict=True))
    worst = sorted(mistakes, key=lambda mistake: (-mistake.probability, mistake.name))[:MOST_MISTAKES]
    columns, rows = min(_COLUMNS, max(2, len(worst))), -(-len(worst) // _COLUMNS)
    width = 2 * MARGIN + columns * (_SIDE + _GAP) - _GAP
    canvas = blank_canvas(width, _HEAD + max(0, rows * (_SIDE + _TEXT + _GAP) - _GAP) + MARGIN // 2, fonts)
    write_title(canvas, "Most confident mistakes" if worst else "No mistakes", [_note(len(worst), len(mistakes))])
    notices = list(drawable.notices)
    for place, mistake in enumerate(worst):
        row, column = divmod(place, _COLUMNS)
        corner = (MARGIN + column * (_SIDE + _GAP), _HEAD + row * (_SIDE + _TEXT + _GAP))
        notices += _paste_picture(canvas, corner, mistake)
        _write_caption(canvas, (corner[0], corner[1] + _SIDE), mistake, shown)
    save_png(canvas.image, path)
    return tuple(notices)


def _note(drawn: int, count: int) -> str:
    if count == 0:
        return "Every example was predicted as what it is."
    which = "the only one" if count == 1 else f"all {count}" if drawn == count else f"the first {drawn} of {count}"
    return f"True class, predicted class, its probability: {which}."


def _paste_picture(canvas: Canvas, corner: tuple[int, int], mistake: Mistake) -> list[str]:
    """Fit a picture into its square; one that can no longer be read leaves the square empty and gives a sentence."""
    left, top = corner
    canvas.pen.rectangle((left, top, left + _SIDE - 1, top + _SIDE - 1), FAINT)
    try:
        picture = mistake.picture if isinstance(mistake.picture, Image.Image) else mistake.picture()
        # A copy, because thumbnail works in place; before any conversion, so that a JPEG is decoded small.
        picture = picture.copy() if picture is mistake.picture else picture
        picture.thumbnail((_SIDE, _SIDE), Image.Resampling.BICUBIC)
        picture = ImageOps.contain(picture.convert("RGB"), (_SIDE, _SIDE), Image.Resampling.BICUBIC)
    except (HeadstartError, OSError) as error:
        write(canvas, (left + _SIDE / 2, top + _SIDE / 2), "cannot be read", NOTE, GREY, "mm")
        return [f"The picture '{mistake.name}' could not be read for the sheet of mistakes: {error}"]
    canvas.image.paste(picture, (left + (_SIDE - picture.width) // 2, top + (_SIDE - picture.height) // 2))
    return []


def _write_caption(canvas: Canvas, corner: tuple[int, int], mistake: Mistake, shown: dict[str, str]) -> None:
    left, top = corner
    probability = f"{mistake.probability:.2f}"
    room = _SIDE - 34 - text_width(canvas.fonts, probability, NOTE)
    write(canvas, (left, top + 22), shorten(canvas.fonts, shown[mistake.true], NOTE, _SIDE), NOTE, INK, "lm")
    _draw_arrow(canvas, left, top + 49)
    predicted = shorten(canvas.fonts, shown[mistake.predicted], NOTE, room)
    write(canvas, (left + 26, top + 48), predicted, NOTE, ORANGE, "lm")
    write(canvas, (left + _SIDE, top + 48), probability, NOTE, ORANGE, "rm")
    name = shorten(canvas.fonts, drawable_part(mistake.name, canvas.fonts), _NAME_SIZE, _SIDE)
    write(canvas, (left, top + 74), name, _NAME_SIZE, GREY, "lm")


def _draw_arrow(canvas: Canvas, left: int, middle: int) -> None:
    """Draw the arrow, which Pillow's own font lacks."""
    tip = left + 18
    canvas.pen.line([(left, middle), (tip, middle)], ORANGE, 2)
    canvas.pen.line([(tip - 6, middle - 5), (tip, middle), (tip - 6, middle + 5)], ORANGE, 2)
