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
from headstart.reporting.plots.run import draw_learning_curve, draw_rate_test
from headstart.reporting.plots.style import SERIES


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


def test_values_that_differ_by_rounding_are_drawn_at_one_height(style):
    curves = tuple(Curve(name, ((1.0, y), (2.0, y)), 0, "circle") for name, y in (("a", 1.0), ("b", 1.0 - 1e-16)))
    axes = curves_chart([Panel("epoch", "accuracy", curves, share=True)]).axes[0]
    low, high = axes.get_ylim()
    assert high - low > 0.03


def test_no_epoch_draws_nothing_and_says_so(tmp_path):
    assert str(draw_learning_curve([], 0, tmp_path / "curve.png")[0]).startswith("There is no learning curve")
    assert not (tmp_path / "curve.png").exists()


def test_a_loss_that_is_no_number_is_left_out_of_the_curve(tmp_path, style):
    broken = [*history(3), Epoch(4, 40, 1e-3, math.nan, 0.5, math.inf, 0.5, 1.0)]
    assert draw_learning_curve(broken, 3, tmp_path / "curve.png") == ()
    curve = Curve("a", ((1.0, 1.0), (2.0, math.nan), (3.0, 0.5)), 0, "circle")
    for curves in ((curve,), (Curve("none", ((1.0, math.nan),), 0, "circle"),)):
        axes = curves_chart([Panel("epoch", "loss", curves)]).axes[0]
        assert np.isfinite(axes.get_ylim()).all()
        assert np.isfinite(axes.lines[0].get_ydata()).all()


@pytest.mark.parametrize(("low", "high"), [(0.0, 1.0), (0.93, 0.94), (1.0, 500.0), (0.0, 1e-5)])
@pytest.mark.parametrize("beside", [True, False])
def test_the_numbers_beside_a_curve_are_round_few_and_inside(low, high, beside, style):
    axes = curves_chart([Panel("x", "y", (Curve("a", ((1.0, low), (2.0, high)), 0, "circle"),))], beside=beside).axes[0]
    ticks, (start, end) = axes.get_yticks(), axes.get_ylim()
    assert 2 <= len(ticks) <= 8 and all(start <= tick <= end for tick in ticks)
    assert [float(label.get_text()) for label in axes.get_yticklabels()] == pytest.approx(ticks, abs=1e-12)


def test_no_share_above_100_percent_and_no_loss_far_below_zero_is_written(style):
    perfect = (Curve("a", ((1.0, 0.4), (2.0, 1.0)), 0, "circle"),)
    shares, losses = curves_chart([Panel("x", "y", perfect, share=True), Panel("x", "y", perfect)]).axes
    assert shares.get_yticklabels()[-1].get_text() == "100 %"
    zero = curves_chart([Panel("x", "y", (Curve("a", ((1.0, 0.0), (2.0, 1.0)), 0, "circle"),))]).axes[0]
    assert losses.get_ylim()[0] > 0 and -0.05 < zero.get_ylim()[0] <= 0


def test_the_range_test_is_drawn_with_and_without_a_choice(tmp_path):
    rates = range_rates()
    for losses in (2 - 1 / (1 + 1e-3 / rates), np.ones(60)):
        assert draw_rate_test(find_rate(rates, losses), tmp_path / "rate.png") == ()
        with Image.open(tmp_path / "rate.png") as picture:
            assert picture.width > 500


def test_a_step_that_blew_up_does_not_flatten_all_the_others(style):
    curve = Curve("loss of a step", ((1e-3, 2.0), (1e-2, 1.0), (1e-1, 1e9)), 2, "none")
    axes = curves_chart([Panel("learning rate", "loss", (curve,), 1e-2, logarithmic=True)]).axes[0]
    assert 8 <= axes.get_ylim()[1] < 10
    assert [line.get_xdata()[0] for line in axes.lines if len(set(line.get_xdata())) == 1] == [1e-2]


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
