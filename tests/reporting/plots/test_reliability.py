"""The reliability diagram."""

import numpy as np
import pytest
from PIL import Image

from headstart.metrics.classification.evaluation import evaluate
from headstart.metrics.classification.values import ReliabilityBin
from headstart.reporting.plots.class_charts import draw_confusion_matrix, draw_reliability
from headstart.reporting.plots.drawing import Dot, Line
from headstart.reporting.plots.reliability import calibrate_bin, reliability_chart
from headstart.reporting.plots.style import RIGHT, WARN


@pytest.mark.parametrize("groups", [None, list("ab") * 100])
def test_a_reliability_diagram_is_drawn_with_bars_or_for_groups_without(evaluation_of, groups, tmp_path):
    draw_reliability(evaluation_of("abc", groups=groups), tmp_path / "reliability.png")
    with Image.open(tmp_path / "reliability.png") as picture:
        assert 1200 < picture.width < 1800 and 700 < picture.height < 1100


def test_a_bin_that_is_surely_wrong_is_an_orange_diamond_and_one_that_may_be_right_a_blue_circle():
    rows = [ReliabilityBin(400, 0.99, 0.5), ReliabilityBin(40, 0.5, 0.5)]
    drawing = reliability_chart([calibrate_bin(row, independent=True) for row in rows], "sure", "right")
    dots = [mark for mark in drawing.marks if isinstance(mark, Dot)]
    assert [(dot.tint, dot.shape) for dot in dots] == [(WARN, "diamond"), (RIGHT, "circle")]
    bars = [mark for mark in drawing.marks if isinstance(mark, Line) and mark.tint in (WARN, RIGHT)]
    assert [(bar.tint, bar.points[0][0]) for bar in bars] == [(dot.tint, dot.points[0][0]) for dot in dots]
    without = reliability_chart([calibrate_bin(row, independent=False) for row in rows], "sure", "right")
    assert not any(isinstance(mark, Line) and mark.tint in (WARN, RIGHT) for mark in without.marks)


def test_a_bin_is_called_by_the_side_of_the_diagonal_it_surely_lies_on():
    verdicts = [
        calibrate_bin(ReliabilityBin(count, confidence, 0.75), independent=True).verdict
        for count, confidence in ((400, 0.9), (400, 0.6), (400, 0.76), (4, 0.9))
    ]
    assert verdicts == ["overconfident", "underconfident", "", ""]


@pytest.mark.parametrize("accuracy", [0.0, 0.37, 0.96])
def test_all_that_is_drawn_lies_between_the_ends_of_the_axes(accuracy):
    one = calibrate_bin(ReliabilityBin(12, 0.9, accuracy), independent=True)
    drawing = reliability_chart([one], "sure", "right")
    places = [point for mark in drawing.marks if isinstance(mark, Line | Dot) for point in mark.points]
    assert all(76 <= x <= drawing.width - 18 and 10 <= y <= drawing.height - 56 for x, y in places)
    (bar,) = (mark.points for mark in drawing.marks if isinstance(mark, Line) and mark.tint in (WARN, RIGHT))
    assert bar[0][1] > bar[1][1]


def test_a_single_example_has_its_charts_too(tmp_path):
    evaluation = evaluate(np.array([0]), np.array([[0.7, 0.3]]), ["a", "b"], resamples=100)
    draw_reliability(evaluation, tmp_path / "reliability.png")
    draw_confusion_matrix(evaluation, tmp_path / "matrix.png")
    assert len(list(tmp_path.iterdir())) == 2
