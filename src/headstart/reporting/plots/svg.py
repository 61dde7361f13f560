"""A chart becomes SVG that belongs to the page: its colours, its font, its language, and no style attribute.

The page's security policy forbids styles inside elements, and colours are the page's CSS variables, so that they follow
light, dark and print.
"""

from collections.abc import Iterator
from xml.etree import ElementTree

from headstart.reporting.plots.drawing import CORNERS, Area, Dot, Drawing, Line, Mark, Point, Word
from headstart.reporting.plots.style import BORDER, INK, LINE, PAPER, QUIET, SERIES, WARN

_VARIABLES = {
    INK: "var(--ink)",
    QUIET: "var(--quiet)",
    LINE: "var(--line)",
    PAPER: "var(--paper)",
    WARN: "var(--warn)",
    **{tint: f"var(--c{number})" for number, tint in enumerate(SERIES)},
}
_BASELINE = 0.35  # of the size of a text: how far its line lies below the middle of its letters


def to_svg(drawing: Drawing, name: str, title: str, description: str) -> str:
    """Return a drawing as an ``svg`` element for the page.

    ``name`` is unlike that of any other drawing of the page; ``title`` and ``description`` are for those who do not see
    it, and may hold anything.
    """
    svg = ElementTree.Element(
        "svg",
        {
            "viewBox": f"0 0 {drawing.width:g} {drawing.height:g}",
            "role": "img",
            "aria-labelledby": f"{name}-title {name}-words",
            "class": "drawing",
        },
    )
    ElementTree.SubElement(svg, "title", {"id": f"{name}-title"}).text = title
    ElementTree.SubElement(svg, "desc", {"id": f"{name}-words"}).text = description
    svg.extend(element for mark in drawing.marks for element in _elements(mark))
    return ElementTree.tostring(svg, encoding="unicode")


def _elements(mark: Mark) -> Iterator[ElementTree.Element]:
    tint, (x, y) = _VARIABLES[mark.tint], mark.points[0]
    match mark:
        case Line():
            shape = {"fill": "none", "stroke": tint, "stroke-width": _number(mark.width)}
            dash = {"stroke-dasharray": " ".join(map(_number, mark.dash))} if mark.dash else {}
            ends = {"stroke-linecap": "round"} if mark.rounded else {}
            opacity = {"stroke-opacity": _number(mark.opacity)} if mark.opacity < 1 else {}
            yield ElementTree.Element("path", {"d": _path(mark.points), **shape, **dash, **ends, **opacity})
        case Area():
            shape = {"fill": tint, "fill-opacity": _number(mark.opacity)}
            yield ElementTree.Element("path", {"d": f"{_path(mark.points)} Z", **shape})
        case Dot():
            yield _dot(mark, {"fill": tint, "stroke": "var(--paper)", "stroke-width": _number(BORDER)})
        case Word():
            place = {"x": _number(x), "y": _number(y + _BASELINE * mark.size)}
            turn = {"transform": f"rotate(-90 {_number(x)} {_number(y)})"} if mark.turned else {}
            look = {"fill": tint, "font-size": _number(mark.size), "text-anchor": mark.anchor}
            text = ElementTree.Element("text", {**place, **turn, **look})
            text.text = mark.text
            yield text


def _dot(dot: Dot, look: dict[str, str]) -> ElementTree.Element:
    (x, y), half = dot.points[0], dot.size / 2
    if dot.shape == "circle":
        return ElementTree.Element("circle", {"cx": _number(x), "cy": _number(y), "r": _number(half), **look})
    corners = [(x + half * right, y + half * down) for right, down in CORNERS[dot.shape]]
    return ElementTree.Element("path", {"d": f"{_path(corners)} Z", **look})


def _path(points: tuple[Point, ...] | list[Point]) -> str:
    return "M " + " L ".join(f"{_number(x)} {_number(y)}" for x, y in points)


def _number(value: float) -> str:
    """Write a number with two decimals: finer than any screen."""
    return f"{value:.2f}".rstrip("0").rstrip(".")
