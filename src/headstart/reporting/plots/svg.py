"""A chart becomes SVG that belongs to the page: its colours, its font, its language.

What Matplotlib writes is changed in three ways. Colours become the page's CSS variables, so that they follow light,
dark and print. ``style`` attributes become plain attributes, because the page's security policy forbids them.
Identifiers get the figure's name in front, so that several charts live on one page.
"""

import io
import re
import warnings
from collections.abc import Mapping
from typing import TYPE_CHECKING
from xml.etree import ElementTree

from headstart.reporting.plots.style import INK, LINE, PAPER, QUIET, SERIES, WARN

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_VARIABLES = {
    INK: "var(--ink)",
    QUIET: "var(--quiet)",
    LINE: "var(--line)",
    PAPER: "var(--paper)",
    WARN: "var(--warn)",
    **{tint: f"var(--c{number})" for number, tint in enumerate(SERIES)},
}
_SVG = "{http://www.w3.org/2000/svg}"
_LINK = "{http://www.w3.org/1999/xlink}href"


def to_svg(figure: "Figure", name: str, title: str, description: str) -> str:
    """Return a figure as an ``svg`` element for the page.

    ``name`` is unlike that of any other figure of the page; ``title`` and ``description`` are for those who do not see
    it, and may hold anything.
    """
    content = io.StringIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of characters that its font lacks: texts stay texts
        figure.savefig(content, format="svg", metadata={"Date": None}, transparent=True)
    width, height = figure.get_size_inches() * 72
    svg = ElementTree.Element(
        "svg",
        {
            "viewBox": f"0 0 {width:g} {height:g}",
            "role": "img",
            "aria-labelledby": f"{name}-title {name}-words",
            "class": "drawing",
        },
    )
    ElementTree.SubElement(svg, "title", {"id": f"{name}-title"}).text = title
    ElementTree.SubElement(svg, "desc", {"id": f"{name}-words"}).text = description
    for child in ElementTree.fromstring(content.getvalue()):
        if child.tag in (f"{_SVG}g", f"{_SVG}defs"):
            svg.append(_cleaned(child, name))
    return ElementTree.tostring(svg, encoding="unicode", short_empty_elements=True)


def _cleaned(element: ElementTree.Element, name: str) -> ElementTree.Element:
    """Copy an element without namespaces, style attributes, style sheets and identifiers that nobody refers to."""
    tag = element.tag.removeprefix(_SVG)
    clean = ElementTree.Element(tag, _attributes(element.attrib, tag, name))
    clean.text = (element.text or "").strip() or None
    clean.extend(_cleaned(child, name) for child in element if child.tag not in (f"{_SVG}style", f"{_SVG}metadata"))
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
