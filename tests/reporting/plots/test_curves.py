"""Learning curves, the chart of a range test, the history as a table."""

import csv
import math

import numpy as np
import pytest
from PIL import Image

from headstart.finetuning.history import Epoch
from headstart.finetuning.lr_range_test import find_rate, range_rates
from headstart.reporting.history_table import history_lines, history_to_json, write_history
from headstart.reporting.plots.charts import Curve, Panel, curves_chart
from headstart.reporting.plots.drawing import Dot, Line, Word
from headstart.reporting.plots.run import draw_learning_curve, draw_rate_test
from headstart.reporting.plots.style import QUIET, SERIES


def numbers_beside(drawing):
    """The numbers of the vertical axis, the lowest first."""
    return [mark for mark in drawing.marks if isinstance(mark, Word) and mark.anchor == "end" and mark.tint == QUIET]


def history(count, validated=True):
    return [
        Epoch(
            number, number * 10, 1e-3, 2 / number, 1 - 0.8 / number,
            2.2 / number if validated else None, 1 - 0.9 / number if validated else None, 1.5,
        )
        for number in range(1, count + 1)
    ]  # fmt: skip


@pytest.mark.parametrize("count", [1, 2, 12, 100])
@pytest.mark.parametrize("validated", [True, False])
def test_a_learning_curve_is_drawn_for_any_length(tmp_path, count, validated):
    assert draw_learning_curve(history(count, validated), count, tmp_path / "curve.png") == ()
    with Image.open(tmp_path / "curve.png") as picture:
        colours = {colour for _, colour in picture.convert("RGB").getcolors(10**6)}
        assert picture.width > picture.height
    assert (tuple(bytes.fromhex(SERIES[1][1:])) in colours) is validated  # the line of the validation


def test_values_that_differ_by_rounding_are_drawn_at_one_height():
    curves = tuple(Curve(name, ((1.0, y), (2.0, y)), 0, "circle") for name, y in (("a", 1.0), ("b", 1.0 - 1e-16)))
    drawing = curves_chart([Panel("epoch", "accuracy", curves, share=True)])
    heights = {round(mark.points[0][1], 3) for mark in drawing.marks if isinstance(mark, Dot)}
    assert len(heights) == 1


def test_no_epoch_draws_nothing_and_says_so(tmp_path):
    assert str(draw_learning_curve([], 0, tmp_path / "curve.png")[0]).startswith("There is no learning curve")
    assert not (tmp_path / "curve.png").exists()


def test_a_loss_that_is_no_number_is_left_out_of_the_curve(tmp_path):
    broken = [*history(3), Epoch(4, 40, 1e-3, math.nan, 0.5, math.inf, 0.5, 1.0)]
    assert draw_learning_curve(broken, 3, tmp_path / "curve.png") == ()
    curve = Curve("a", ((1.0, 1.0), (2.0, math.nan), (3.0, 0.5)), 0, "circle")
    for curves in ((curve,), (Curve("none", ((1.0, math.nan),), 0, "circle"),)):
        drawing = curves_chart([Panel("epoch", "loss", curves)])
        assert all(np.isfinite(mark.points).all() for mark in drawing.marks)
        assert len([mark for mark in drawing.marks if isinstance(mark, Dot)]) == (2 if curves == (curve,) else 0)


@pytest.mark.parametrize(("low", "high"), [(0.0, 1.0), (0.93, 0.94), (1.0, 500.0), (0.0, 1e-5)])
@pytest.mark.parametrize("beside", [True, False])
def test_the_numbers_beside_a_curve_are_round_few_and_inside(low, high, beside):
    drawing = curves_chart([Panel("x", "y", (Curve("a", ((1.0, low), (2.0, high)), 0, "circle"),))], beside=beside)
    ticks = [(mark.points[0][1], float(mark.text)) for mark in numbers_beside(drawing)]
    first, last, *_ = (mark.points[0][1] for mark in drawing.marks if isinstance(mark, Dot))
    assert 2 <= len(ticks) <= 8
    assert all(10 <= height <= drawing.height - 56 for height, _ in ticks)
    # Every number stands at its height: the two points of the curve are the scale.
    assert [low + (high - low) * (height - first) / (last - first) for height, _ in ticks] == pytest.approx(
        [number for _, number in ticks], rel=1e-6, abs=1e-9
    )


def test_no_share_above_100_percent_and_no_loss_far_below_zero_is_written():
    perfect = (Curve("a", ((1.0, 0.4), (2.0, 1.0)), 0, "circle"),)
    shares = curves_chart([Panel("x", "y", perfect, share=True)])
    assert numbers_beside(shares)[-1].text == "100 %"
    zero = curves_chart([Panel("x", "y", (Curve("a", ((1.0, 0.0), (2.0, 1.0)), 0, "circle"),))])
    assert numbers_beside(zero)[0].text == "0"
    assert zero.height - 56 - 20 < next(mark for mark in zero.marks if isinstance(mark, Dot)).points[0][1]


def test_the_range_test_is_drawn_with_and_without_a_choice(tmp_path):
    rates = range_rates()
    for losses in (2 - 1 / (1 + 1e-3 / rates), np.ones(60)):
        assert draw_rate_test(find_rate(rates, losses), tmp_path / "rate.png") == ()
        with Image.open(tmp_path / "rate.png") as picture:
            assert picture.width > 500


def test_a_step_that_blew_up_does_not_flatten_all_the_others():
    curve = Curve("loss of a step", ((1e-3, 2.0), (1e-2, 1.0), (1e-1, 1e9)), 2, "none")
    drawing = curves_chart([Panel("learning rate", "loss", (curve,), 1e-2, logarithmic=True)])
    assert 7 < float(numbers_beside(drawing)[-1].text) <= 8
    lines = [mark for mark in drawing.marks if isinstance(mark, Line)]
    (drawn,) = (line.points for line in lines if line.tint == SERIES[2])
    assert min(y for _, y in drawn) == 10 and len(drawn) == 3  # cut off at the upper edge
    (marked,) = (line.points for line in lines if line.dash)
    assert {x for x, _ in marked} == {drawn[1][0]}


def test_the_history_as_a_table_comes_back(tmp_path):
    write_history(tmp_path / "history.csv", history(3))
    rows = list(csv.DictReader((tmp_path / "history.csv").read_text().splitlines()))
    assert [int(row["epoch"]) for row in rows] == [1, 2, 3]
    assert [float(row["loss"]) for row in rows] == [row["loss"] for row in history_to_json(history(3))]
    write_history(tmp_path / "history.csv", history(1, validated=False))
    lines = (tmp_path / "history.csv").read_text().splitlines()
    assert next(csv.DictReader(lines))["validation_loss"] == ""


def test_a_long_history_is_shown_in_a_few_lines_with_first_and_last():
    lines = history_lines(history(100))
    assert len(lines) == 13
    assert lines[1].split()[0] == "1"
    assert lines[-1].split()[0] == "100"
