"""Drawings as parts of a page: texts, colours, descriptions, no style that the page's policy forbids."""

import re
from xml.etree import ElementTree

import pytest

from headstart.metrics.classification.values import ReliabilityBin
from headstart.metrics.values import Score
from headstart.reporting.page.rendering import page_part
from headstart.reporting.plots import style as look
from headstart.reporting.plots.charts import Bar, Curve, Panel, curves_chart, interval_chart, shots_chart
from headstart.reporting.plots.reliability import calibrate_bin, reliability_chart
from headstart.reporting.plots.svg import to_svg

ODD = '<b>"x" & $y$ @1@ 花</b>'
BARS = [Bar(ODD, Score(0.9, 0.8, 0.95), 0), Bar("b", Score(0.1, 0.0, 0.2), 2)]


def curves() -> tuple[Curve, ...]:
    points = ((1.0, 0.3), (5.0, 0.5), (60.0, 0.8))
    band = tuple((y - 0.1, y + 0.1) for _, y in points)
    return Curve(ODD, points, 0, "circle", False, band), Curve("b", points[:2], 5, "square", dashed=True)


@pytest.fixture(scope="module")
def drawings() -> dict[str, str]:
    bins = [
        calibrate_bin(ReliabilityBin(50, 0.95, 0.7), independent=True),
        calibrate_bin(ReliabilityBin(50, 0.6, 0.62), independent=False),
    ]
    panels = (Panel("epoch", ODD, curves(), 2), Panel("epoch", "accuracy", curves(), 2, share=True))
    charts = {
        "bars": interval_chart(BARS),
        "bins": reliability_chart(bins, ODD, "right"),
        "shots": shots_chart(curves(), [(1, "1"), (60, ODD)], "shots", "accuracy"),
        "epochs": curves_chart(panels),
    }
    return {name: to_svg(chart, name, ODD, ODD) for name, chart in charts.items()}


@pytest.mark.parametrize("name", ["bars", "bins", "shots", "epochs"])
def test_a_drawing_is_one_described_image_whose_words_are_text(drawings, name):
    root = ElementTree.fromstring(drawings[name])
    assert (root.tag, root.get("role")) == ("svg", "img")
    described = {child.get("id"): child.text for child in root if child.tag in ("title", "desc")}
    assert described == {f"{name}-title": ODD, f"{name}-words": ODD}
    assert root.get("aria-labelledby") == " ".join(described)
    assert ODD in [element.text for element in root.iter("text")]


@pytest.mark.parametrize("name", ["bars", "bins", "shots", "epochs"])
def test_a_drawing_takes_the_colours_of_the_page_and_carries_no_style(drawings, name):
    root = ElementTree.fromstring(drawings[name])
    elements = list(root.iter())
    assert {element.tag for element in elements} <= {"svg", "title", "desc", "path", "circle", "text"}
    assert not any("style" in element.attrib for element in elements)
    paints = {element.get(key) for element in elements for key in ("fill", "stroke")} - {None, "none"}
    assert paints and all(re.fullmatch(r"var\(--\w+\)", overlay_heat) for overlay_heat in paints), paints


def test_identifiers_belong_to_their_drawing_and_nothing_refers_to_others(drawings):
    for name, drawing in drawings.items():
        own = [element.get("id") for element in ElementTree.fromstring(drawing).iter() if element.get("id")]
        assert own == [f"{name}-title", f"{name}-words"]
        assert "href" not in drawing and "url(" not in drawing


def test_the_same_numbers_give_the_same_drawing(drawings):
    assert to_svg(interval_chart(BARS), "bars", ODD, ODD) == drawings["bars"]


def test_names_of_any_characters_are_texts_of_the_drawing_and_nobody_is_warned():
    names = ["玫瑰", "שלום", "two\nlines", "a\x00\x07\u202eb", "\udcff.jpg", "W" * 400]
    drawing = to_svg(interval_chart([Bar(name, Score(0.5, 0.4, 0.6), 0) for name in names]), "x", "t", "d")
    texts = [element.text for element in ElementTree.fromstring(drawing).iter("text")]
    shown = ["玫瑰", "שלום", r"two\nlines", r"a\x00\x07\u202eb", r"\udcff.jpg", "W" * 400]
    assert [text for text in texts if text in shown] == shown


def test_the_colours_of_charts_are_those_of_the_page_in_the_light():
    light = dict(re.findall(r"--(\w+): (#[0-9a-f]{6})", page_part("style.css").partition("@media")[0]))
    names = {"ink": look.INK, "quiet": look.QUIET, "line": look.LINE, "paper": look.PAPER, "warn": look.WARN}
    assert {name: light[name] for name in names} == names
    assert tuple(light[f"c{number}"] for number in range(8)) == look.SERIES
    wrong = re.search(r"--wrong: (\d+), (\d+), (\d+)", page_part("style.css"))
    assert "#" + bytes(map(int, wrong.groups())).hex() == look.WRONG


def test_points_lie_where_their_numbers_are(drawings):
    """Distances are in proportion: of accuracies upwards, of the logarithms of sizes to the right."""
    root = ElementTree.fromstring(drawings["shots"])
    line = next(e for e in root.iter("path") if e.get("stroke") == "var(--c0)" and e.get("fill") == "none")
    x, y = zip(*[tuple(map(float, pair)) for pair in re.findall(r"[ML] ([\d.]+) ([\d.]+)", line.get("d"))], strict=True)
    assert (y[0] - y[1]) / (y[1] - y[2]) == pytest.approx((0.5 - 0.3) / (0.8 - 0.5), rel=0.01)
    assert (x[1] - x[0]) / (x[2] - x[1]) == pytest.approx(0.69897 / 1.07918, rel=0.01)  # log10(5), log10(12)
