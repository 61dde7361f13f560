"""Rows for one purpose: which examples, with which labels and groups."""

import numpy as np
import pytest

from headstart.data.example import Dataset, Example, known_label
from headstart.errors import DataError
from headstart.probing.rows import Sample, require_some, select_sample

EXAMPLES = tuple(
    Example(name, name, known_label(label), group=group)
    for name, label, group in (("a", "cat", None), ("b", "dog", "x"), ("c", "cat", "x"), ("d", "dog", None))
)
DATA = Dataset("toy", EXAMPLES)


def test_examples_come_in_the_order_asked_for_without_those_left_out():
    sample = select_sample(DATA, np.array([3, 0, 1]), np.array([7, 8, 9, 6]), left_out={0})
    assert sample.positions.tolist() == [3, 1]
    assert sample.labels.tolist() == [1, 1]
    assert sample.groups.tolist() == [6, 8]
    assert len(sample) == 2


def test_an_example_without_a_group_is_a_group_of_its_own():
    sample = select_sample(DATA, np.arange(4), np.arange(4), ())
    assert sample.user_groups.tolist() == [0, 1, 1, 2]


def test_a_group_that_is_called_like_no_group_stays_apart():
    data = Dataset("toy", (*EXAMPLES[:1], Example("e", "e", {"label": "cat"}, group="")))
    assert select_sample(data, np.arange(2), np.arange(2), ()).user_groups.tolist() == [0, 1]


def test_without_groups_there_are_none():
    assert select_sample(DATA, np.array([0, 3]), np.arange(4), ()).user_groups is None


def test_an_empty_sample_is_empty():
    sample = select_sample(DATA, np.arange(4), np.arange(4), range(4))
    assert (len(sample), sample.user_groups, sample.positions.dtype) == (0, None, np.int64)


def test_a_part_to_score_needs_a_picture():
    one = np.array([0])
    require_some(Sample(one, one, one, None))
    with pytest.raises(DataError, match=r"^There is nothing to score\."):
        require_some(Sample(one[:0], one[:0], one[:0], None))


def test_copies_inside_a_sample_are_one_unit_of_its_intervals():
    data = Dataset("toy", tuple(Example(name, name, {"label": "a"}) for name in "abcd"))
    assert select_sample(data, np.arange(4), np.array([0, 1, 0, 2]), ()).user_groups.tolist() == [0, 1, 0, 2]
    assert select_sample(data, np.array([0, 1, 3]), np.array([0, 1, 0, 2]), ()).user_groups is None
