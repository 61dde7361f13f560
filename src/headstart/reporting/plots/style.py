"""How a chart looks, wherever it is written: one palette, one text size, Matplotlib without pyplot.

Of the lighter libraries that draw charts, pygal is under the LGPL, and leather has neither intervals nor logarithmic
axes. Sizes are points: CSS pixels of the page, about two pixels of a PNG file.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from headstart.reporting.render.fonts import FontBook

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.font_manager import FontProperties

# The colours of the page in the light (``page/templates/style.css``). Series differ for every kind of colour blindness,
# and in marker or line too: no colour is ever the only sign.
INK, QUIET, LINE, FIELD, PAPER, WARN, WRONG = (
    *("#1a2028", "#57616c", "#dfe4ea", "#f5f7f9", "#ffffff", "#a63d00", "#d95f02"),
)
SERIES = ("#0b5cad", "#b35900", "#6b7580", "#00796b", "#7b3fa0", "#b3261e", "#8a6d00", "#2f4b7c")
RIGHT = SERIES[0]
TEXT = 13
WIDTH = 440  # a phone shows it at 0.8 of its size, a desk at 1.2
_MARKERS = {"circle": "o", "square": "s", "triangle": "^", "diamond": "D", "none": ""}
_SETTINGS = {
    "svg.fonttype": "none",  # texts stay texts
    "svg.hashsalt": "headstart",  # the same chart is the same file
    "font.family": "DejaVu Sans",  # which Matplotlib carries
    "axes.unicode_minus": False,
    "text.parse_math": False,  # a name may hold dollars
    "path.simplify": False,
    "text.hinting": "none",  # letters of a PNG file are large enough without, and drawn faster
}


@contextmanager
def chart_style() -> Iterator[None]:
    """Draw in the one style inside, whatever the user's own settings of Matplotlib are, and leave them as they were."""
    log = logging.getLogger("matplotlib")
    level = log.level
    log.setLevel(logging.ERROR)  # it speaks of its font cache, and of a home that cannot be written to; nobody asked
    try:
        import matplotlib  # only where something is drawn: it costs time

        standard = {key: value for key, value in matplotlib.rcParamsDefault.items() if key != "backend"}
        with matplotlib.rc_context({**standard, **_SETTINGS}):  # type: ignore[dict-item]  # its stubs know fewer keys
            yield
    finally:
        log.setLevel(level)


def new_figure(width: float, height: float) -> "Figure":
    """Return an empty figure of this size."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width / 72, height / 72), dpi=72)


def add_axes(figure: "Figure", box: tuple[float, float, float, float]) -> "Axes":
    """Add axes to a figure; ``box`` is the left, top, right and bottom margin."""
    width, height = figure.get_size_inches() * 72
    left, top, right, bottom = box
    axes = figure.add_axes(
        (left / width, bottom / height, (width - left - right) / width, (height - top - bottom) / height)
    )
    axes.set_facecolor("none")
    for side, spine in axes.spines.items():
        spine.set_visible(side == "bottom")
        spine.set_color(QUIET)
        spine.set_linewidth(1)
    axes.tick_params(which="both", length=0, pad=6, labelsize=TEXT, labelcolor=QUIET)
    axes.grid(True, which="major", color=LINE, linewidth=1)
    axes.set_axisbelow(True)
    return axes


def extend_figure(figure: "Figure", margins: tuple[float, float, float, float]) -> None:
    """Enlarge a figure by margins on the left, top, right and bottom; its axes keep their size."""
    old = figure.get_size_inches() * 72
    left, top, right, bottom = margins
    new = old[0] + left + right, old[1] + top + bottom
    boxes = [(axes, axes.get_position()) for axes in figure.axes]
    figure.set_size_inches(new[0] / 72, new[1] / 72)
    for axes, box in boxes:
        start, size = (old * (box.x0, box.y0) + (left, bottom)) / new, old * (box.width, box.height) / new
        axes.set_position((*start, *size))


def label_axes(axes: "Axes", across: str = "", up: str = "") -> None:
    """Write below and beside axes what they mean."""
    axes.set_xlabel(across, fontsize=TEXT, color=INK, labelpad=8)
    axes.set_ylabel(up, fontsize=TEXT, color=INK, labelpad=10, rotation_mode="anchor")


def series_tint(number: int) -> str:
    """Return the colour of a number: of a series of a chart, and of its entry in the legend."""
    return SERIES[number % len(SERIES)]


def series_style(hue: int, marker: str, *, dashed: bool = False) -> dict[str, Any]:
    """Return how Matplotlib is to draw a series."""
    return {
        "color": series_tint(hue),
        "marker": _MARKERS[marker],
        "markersize": 7,
        "markeredgecolor": PAPER,
        "markeredgewidth": 1.2,
        "linewidth": 2.2,
        "linestyle": (0, (5, 3)) if dashed else "-",
    }


def chart_font(fonts: FontBook, text: str, size: float) -> "FontProperties":
    """Return the font of this machine that a name is written in."""
    from matplotlib import font_manager

    face = fonts.face_for(text)
    if face is None or face.path is None:
        return font_manager.FontProperties(size=size)
    return font_manager.FontProperties(fname=font_manager.FontPath(str(face.path), face.index), size=size)


def text_width(font: "FontProperties", text: str) -> float:
    """Return how wide a text is in a font."""
    from matplotlib import font_manager

    face = font_manager.get_font(font_manager.findfont(font))
    face.set_size(font.get_size_in_points(), 720)  # of tenths of points: what is rounded to whole ones is too wide
    face.set_text(text)
    return face.get_width_height()[0] / 640


def percent_label(share: float) -> str:
    """Return a share as the axes of charts show it.

    Examples
    --------
    >>> percent_label(0.75), percent_label(0.9750000001)
    ('75 %', '97.5 %')
    """
    return f"{100 * share:g} %"
