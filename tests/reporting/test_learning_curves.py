"""Learning curves, the picture of a range test, the history as a table."""

import csv
import math

import numpy as np
import pytest
from PIL import Image

from headstart.finetuning.history import Epoch
from headstart.finetuning.lr_range_test import find_rate, range_rates
from headstart.reporting.history_table import history_lines, history_to_json, write_history
from headstart.reporting.plots.learning_curves import draw_learning_curve, draw_rate_test, ticks


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
    assert ((204, 85, 0) in colours) is validated  # the line of the validation


def test_values_that_differ_by_rounding_are_drawn_at_one_height(tmp_path):
    rows = [Epoch(number, number, 1e-3, 0.5, 1.0, 0.5, 1.0 - 1e-16, 1.0) for number in (1, 2, 3)]
    draw_learning_curve(rows, 1, tmp_path / "curve.png")
    with Image.open(tmp_path / "curve.png") as picture:
        pixels = np.asarray(picture.convert("RGB")).astype(int)
    right = pixels[300:, pixels.shape[1] // 2 :]  # the accuracy, below its legend
    heights = [np.flatnonzero((right == colour).all(axis=2).any(axis=1)) for colour in ((0, 94, 162), (204, 85, 0))]
    assert not len(heights[0]) or abs(heights[0].mean() - heights[1].mean()) < 12


def test_no_epoch_draws_nothing_and_says_so(tmp_path):
    assert draw_learning_curve([], 0, tmp_path / "curve.png")[0].startswith("There is no learning curve")
    assert not (tmp_path / "curve.png").exists()


def test_a_loss_that_is_no_number_is_left_out_of_the_curve(tmp_path):
    broken = [*history(3), Epoch(4, 40, 1e-3, math.nan, 0.5, math.nan, 0.5, 1.0)]
    assert draw_learning_curve(broken, 3, tmp_path / "curve.png") == ()


def test_the_range_test_is_drawn_with_and_without_a_choice(tmp_path):
    rates = range_rates()
    for losses in (2 - 1 / (1 + 1e-3 / rates), np.ones(60)):
        assert draw_rate_test(find_rate(rates, losses), tmp_path / "rate.png") == ()
        with Image.open(tmp_path / "rate.png") as picture:
            assert picture.width > 500


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


@pytest.mark.parametrize(("low", "high"), [(0.0, 1.0), (0.93, 0.94), (1.0, 500.0), (0.0, 1e-5)])
def test_ticks_are_round_and_inside(low, high):
    found = ticks(low, high)
    assert 3 <= len(found) <= 7
    assert all(low - 1e-12 <= tick <= high + 1e-12 for tick in found)
