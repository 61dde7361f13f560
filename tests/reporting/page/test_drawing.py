"""Drawings as parts of a page: texts, colours, descriptions, no style that the page's policy forbids."""

import re
from xml.etree import ElementTree

import pytest

from headstart.errors import MissingExtraError
from headstart.metrics.values import ReliabilityBin, Score
from headstart.reporting.page.drawing import Words, drawing_style
from headstart.reporting.page.figures import (
    Bar,
    Curve,
    interval_drawing,
    reliability_drawing,
    shots_drawing,
    training_drawing,
)
from headstart.reporting.plots.reliability import judge

ODD = '<b>"x" & $y$ @1@ 花</b>'


def curves() -> list[Curve]:
    points = tuple(
        (size, Score(value, value - 0.1, value + 0.1)) for size, value in ((1.0, 0.3), (5.0, 0.5), (60.0, 0.8))
    )
    return [Curve(ODD, points, 0, "circle"), Curve("b", points[:2], 5, "square", dashed=True)]


@pytest.fixture(scope="module")
def drawings() -> dict[str, str]:
    bins = [
        judge(ReliabilityBin(50, 0.95, 0.7), independent=True),
        judge(ReliabilityBin(50, 0.6, 0.62), independent=False),
    ]
    words = Words(ODD, ODD, [ODD, ODD, ODD])
    with drawing_style():
        return {
            "bars": interval_drawing(
                "bars", [Bar(ODD, Score(0.9, 0.8, 0.95), 0), Bar("b", Score(0.1, 0.0, 0.2), 2)], words
            ),
            "bins": reliability_drawing("bins", bins, words),
            "shots": shots_drawing("shots", curves(), [(1, "1"), (60, "all")], words),
            "epochs": training_drawing("epochs", curves(), curves(), 2, words),
        }


@pytest.mark.parametrize("name", ["bars", "bins", "shots", "epochs"])
def test_a_drawing_is_one_described_image_whose_words_are_text(drawings, name):
    root = ElementTree.fromstring(drawings[name])
    assert (root.tag, root.get("role")) == ("svg", "img")
    described = {child.get("id"): child.text for child in root if child.tag in ("title", "desc")}
    assert described == {f"{name}-title": ODD, f"{name}-words": ODD}
    assert root.get("aria-labelledby") == " ".join(described)
    texts = [element.text for element in root.iter("text")]
    assert ODD in texts
    assert not any(re.fullmatch(r"@\d+@", text or "") for text in texts)


@pytest.mark.parametrize("name", ["bars", "bins", "shots", "epochs"])
def test_a_drawing_takes_the_colours_of_the_page_and_carries_no_style(drawings, name):
    root = ElementTree.fromstring(drawings[name])
    elements = list(root.iter())
    assert {element.tag for element in elements} <= {
        "svg",
        "title",
        "desc",
        "g",
        "defs",
        "path",
        "use",
        "text",
        "clipPath",
        "rect",
    }
    assert not any("style" in element.attrib for element in elements)
    paints = {element.get(key) for element in elements for key in ("fill", "stroke")} - {None, "none"}
    assert paints and all(re.fullmatch(r"var\(--\w+\)", paint) for paint in paints), paints


def test_identifiers_belong_to_their_drawing_and_every_reference_has_its_target(drawings):
    found: list[str] = []
    for name, drawing in drawings.items():
        root = ElementTree.fromstring(drawing)
        own = [element.get("id") for element in root.iter() if element.get("id")]
        assert all(one.startswith(f"{name}-") for one in own)
        targets = re.findall(r'href="#([^"]+)"|url\(#([^)]+)\)', drawing)
        assert {one or other for one, other in targets} <= set(own)
        found += own
    assert len(found) == len(set(found))


def test_the_same_numbers_give_the_same_drawing(drawings):
    with drawing_style():
        again = interval_drawing(
            "bars", [Bar(ODD, Score(0.9, 0.8, 0.95), 0), Bar("b", Score(0.1, 0.0, 0.2), 2)], Words(ODD, ODD)
        )
    assert again == drawings["bars"]


def test_points_lie_where_their_numbers_are(drawings):
    """Distances are in proportion: of accuracies upwards, of the logarithms of sizes to the right."""
    root = ElementTree.fromstring(drawings["shots"])
    line = next(e for e in root.iter("path") if e.get("stroke") == "var(--c0)" and e.get("fill") == "none")
    x, y = zip(*[tuple(map(float, pair)) for pair in re.findall(r"[ML] ([\d.]+) ([\d.]+)", line.get("d"))], strict=True)
    assert (y[0] - y[1]) / (y[1] - y[2]) == pytest.approx((0.5 - 0.3) / (0.8 - 0.5), rel=0.01)
    assert (x[1] - x[0]) / (x[2] - x[1]) == pytest.approx(0.69897 / 1.07918, rel=0.01)  # log10(5), log10(12)


def test_without_matplotlib_the_error_says_what_brings_it(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "matplotlib", None)
    with pytest.raises(MissingExtraError) as caught, drawing_style():
        pass
    assert str(caught.value) == (
        "The package 'matplotlib' is not installed. It is needed for the drawings of report.html. "
        'Install it with: pip install "headstart[report]"'
    )
