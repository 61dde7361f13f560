"""Labels that look like sets or like measurements are said."""

import pytest

from headstart.data.label_shapes import label_findings
from headstart.data.sources import read_dataset


def codes(*classes, count=24):
    return [finding.code for finding in label_findings(classes, count)]


@pytest.mark.parametrize(
    "classes",
    [
        ("disc", "disc;red"),
        ("a|b", "c"),
        ("['a', 'b']", "['a']"),
        ('["a"]', '["b"]'),
        ("[a, b]", "c"),
        ("{'a', 'b'}", "c"),
        ("a,b", "a", "b"),
        ("a, b", "b, c", "c, a"),
    ],
)
def test_labels_that_look_like_sets(classes):
    assert codes(*classes) == ["data.sets_of_labels"]


@pytest.mark.parametrize(
    "classes",
    [
        ("a", "b"),
        ("Paris, Texas", "London, Texas"),
        ("[other]", "rose"),
        ("a;", ";b"),
        ("sports & news", "and/or", "x+y"),
        ("1", "2", "3", "4", "5", "6"),
        tuple(map(str, range(12))),
    ],
)
def test_labels_that_are_classes(classes):
    assert codes(*classes) == []


@pytest.mark.parametrize("form", ["{:.2f}", "{:e}", "-{:.1f}", "{:.3f}e-3"])
def test_numbers_nearly_all_different_look_like_measurements(form):
    assert codes(*(form.format(1.37 * n) for n in range(20))) == ["data.measured_labels"]


def test_numbers_with_a_decimal_comma_are_measurements_and_no_sets():
    assert codes(*(f"{n},5" for n in range(20))) == ["data.measured_labels"]


def test_it_is_said_of_a_dataset():
    dataset = read_dataset([(f"{n}.png", 1.37 * n) for n in range(8)])
    assert [str(one) for one in dataset.notices] == [
        "The labels look like measured numbers: 8 different ones for 8 pictures. "
        "Each is taken for a class of its own: put them into a few ranges, such as low, middle and high."
    ]


@pytest.mark.parametrize("name", ["nan", "NaN", "None", "null", "#N/A", "<NA>", "NaT"])
def test_a_class_called_like_a_missing_value_is_said(name):
    assert codes("rose", name) == ["data.missing_labels"]


@pytest.mark.parametrize("name", ["cat\nb.png,dog", "c\x00at"])
def test_a_class_with_a_line_break_is_said(name):
    assert codes("rose", name) == ["data.broken_labels"]
