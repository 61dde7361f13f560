"""A drawing becomes SVG that belongs to the page: its colours, its font, its language.

Drawn by matplotlib, without pyplot and without a display. Of the lighter libraries that write SVG, pygal is under the
LGPL, and leather has neither intervals nor logarithmic axes and keeps its look in global variables: all that would have
been ours to write.

What matplotlib writes is changed in four ways. Colours become the page's CSS variables, so that they follow light, dark
and print. Texts stay texts: matplotlib lays out short marks such as ``@3@``, which are replaced by the words of the
page's language; so no font of ours is needed for Chinese, and nothing that a user named passes through matplotlib.
``style`` attributes become plain attributes, because the page's security policy forbids them. Identifiers get the
figure's name in front, so that several drawings live on one page.
"""

import io
import logging
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

from headstart.errors import MissingExtraError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Sheet

# Colours that stand for the page's own: matplotlib needs some colour, and these occur nowhere else.
INK, QUIET, LINE, PAPER, WARN = (f"#00a0{number:02x}" for number in range(1, 6))
COLOURS = tuple(f"#00a1{number:02x}" for number in range(8))
_VARIABLES = {
    INK: "var(--ink)",
    QUIET: "var(--quiet)",
    LINE: "var(--line)",
    PAPER: "var(--paper)",
    WARN: "var(--warn)",
    **{colour: f"var(--c{number})" for number, colour in enumerate(COLOURS)},
}
MARKERS = {"circle": "o", "square": "s", "triangle": "^", "diamond": "D", "none": ""}
TEXT = 13  # points of the page, as everything here
_SVG = "{http://www.w3.org/2000/svg}"
_LINK = "{http://www.w3.org/1999/xlink}href"
_SETTINGS = {
    "svg.fonttype": "none",
    "svg.hashsalt": "headstart",
    "font.family": "DejaVu Sans",
    "axes.unicode_minus": False,
    "text.parse_math": False,
    "text.usetex": False,
    "path.simplify": False,
}


@dataclass(frozen=True, slots=True)
class Words:
    """What the marks of a drawing stand for, and how it is described to those who do not see it."""

    title: str
    description: str
    marks: Sequence[str] = ()


def mark(number: int) -> str:
    """Give the mark that stands for a text."""
    return f"@{number}@"


@contextmanager
def drawing_style() -> Iterator[None]:
    """Draw in the style of the page inside, whatever the user's own settings of matplotlib are.

    Raises
    ------
    MissingExtraError
        When matplotlib is not installed.
    """
    try:
        import matplotlib  # only where something is drawn: it costs time
    except ImportError as error:
        raise MissingExtraError("matplotlib", "report", "for the drawings of report.html") from error
    logging.getLogger("matplotlib").setLevel(logging.ERROR)  # it reports on its font cache; nobody asked
    with matplotlib.rc_context(_SETTINGS):  # type: ignore[arg-type]  # its stubs know fewer keys than it does
        yield


def new_sheet(width: float, height: float) -> "Sheet":
    """Take a sheet of this size in CSS pixels."""
    from matplotlib.figure import Figure

    sheet = Figure(figsize=(width / 72, height / 72), dpi=72)
    sheet.patch.set_visible(False)
    return sheet


def add_axes(sheet: "Sheet", box: tuple[float, float, float, float]) -> "Axes":
    """Add axes; ``box`` is left, top, right and bottom margin in CSS pixels."""
    width, height = sheet.get_size_inches() * 72
    left, top, right, bottom = box
    axes = sheet.add_axes(
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


def label_axes(axes: "Axes", across: int | None, up: int | None) -> None:
    """Put marks on the axes."""
    if across is not None:
        axes.set_xlabel(mark(across), fontsize=TEXT, color=INK, labelpad=8)
    if up is not None:
        axes.set_ylabel(mark(up), fontsize=TEXT, color=INK, labelpad=10, rotation_mode="anchor")


def to_svg(sheet: "Sheet", name: str, words: Words) -> str:
    """Write a drawing as an ``svg`` element for the page.

    Parameters
    ----------
    sheet
        The drawing.
    name
        Of the figure, unlike any other of the page.
    words
        In the language of the page; may hold anything.
    """
    content = io.StringIO()
    sheet.savefig(content, format="svg", metadata={"Date": None}, transparent=True)
    root = ElementTree.fromstring(content.getvalue())
    width, height = sheet.get_size_inches() * 72
    clean = ElementTree.Element(
        "svg",
        {
            "viewBox": f"0 0 {width:g} {height:g}",
            "role": "img",
            "aria-labelledby": f"{name}-title {name}-words",
            "class": "drawing",
        },
    )
    for key, text in (("title", words.title), ("desc", words.description)):
        child = ElementTree.SubElement(clean, key, {"id": f"{name}-{'title' if key == 'title' else 'words'}"})
        child.text = text
    for child in root:
        if child.tag in (f"{_SVG}g", f"{_SVG}defs"):
            clean.append(_cleaned(child, name, words.marks))
    return ElementTree.tostring(clean, encoding="unicode", short_empty_elements=True)


def _cleaned(element: ElementTree.Element, name: str, marks: Sequence[str]) -> ElementTree.Element:
    """Copy an element without namespaces, style attributes, style sheets and identifiers that nobody refers to."""
    tag = element.tag.removeprefix(_SVG)
    clean = ElementTree.Element(tag, _attributes(element.attrib, tag, name))
    text = (element.text or "").strip()
    clean.text = marks[int(text[1:-1])] if re.fullmatch(r"@\d+@", text) else text or None
    for child in element:
        if child.tag in (f"{_SVG}style", f"{_SVG}metadata"):
            continue
        clean.append(_cleaned(child, name, marks))
    return clean


def _attributes(given: Mapping[str, str], tag: str, name: str) -> dict[str, str]:
    kept: dict[str, str] = {}
    for key, value in given.items():
        if key == "style":
            kept |= _from_style(value, tag)
        elif key == _LINK:
            kept["href"] = value.replace("#", f"#{name}-")
        elif key == "id":
            if tag in ("path", "clipPath") and not value.startswith(("line", "patch")):
                kept["id"] = f"{name}-{value}"
        elif key == "clip-path":
            kept[key] = value.replace("url(#", f"url(#{name}-")
        elif key in ("x", "y", "width", "height", "d", "transform"):
            kept[key] = _rounded(value)
        elif not key.startswith("{"):
            kept[key] = value
    return kept


def _from_style(style: str, tag: str) -> dict[str, str]:
    """Turn a style into attributes: a policy that forbids inline styles lets them pass."""
    found: dict[str, str] = {}
    for part in style.split(";"):
        key, _, value = (piece.strip() for piece in part.partition(":"))
        if key == "font":
            found["font-size"] = value.split("px")[0].split()[-1]
        elif key in ("fill", "stroke"):
            found[key] = _VARIABLES.get(value, value)
        elif key and key != "stroke-miterlimit":
            found[key] = value
    if tag == "text":
        found.setdefault("fill", "var(--ink)")
    return found


def _rounded(text: str) -> str:
    """Write coordinates with two decimals: finer than any screen."""
    return re.sub(r"-?\d+\.\d{3,}", lambda match: f"{float(match[0]):.2f}".rstrip("0").rstrip("."), text)


def colour_of(number: int) -> str:
    """Give the colour of a number: of a series of a figure, and of its entry in the legend."""
    return COLOURS[number % len(COLOURS)]


def line_style(colour: int, marker: str, dashed: bool) -> dict[str, Any]:
    """Say to matplotlib how a series looks; neither colour nor marker is ever the only sign."""
    return {
        "color": colour_of(colour),
        "marker": MARKERS[marker],
        "markersize": 7,
        "markeredgecolor": PAPER,
        "markeredgewidth": 1.2,
        "linewidth": 2.2,
        "linestyle": (0, (5, 3)) if dashed else "-",
    }
