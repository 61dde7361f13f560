"""What is to be predicted: read from the columns of examples, kept with a model."""

import numpy as np
import pytest

from headstart.data.example import Dataset, Example, known_label
from headstart.data.targets.classes import Classes
from headstart.errors import DataError


def data(*labels):
    return Dataset("toy", tuple(Example(str(n), str(n), known_label(label)) for n, label in enumerate(labels)))


def test_a_dataset_has_the_classes_of_its_examples_in_natural_order():
    found = data("class 10", "class 2", None, "class 10")
    assert found.target == Classes(("class 2", "class 10"))
    assert found.labels.tolist() == found.strata.tolist() == [1, 0, -1, 1]


def test_a_part_of_a_dataset_keeps_the_classes_of_the_whole():
    part = data("a", "b", "c").take(np.array([2]))
    assert (part.classes, part.labels.tolist()) == (("a", "b", "c"), [2])


def test_examples_with_one_label_share_their_targets_and_an_example_can_be_hashed():
    one, other = (Example(name, name, known_label("cat")) for name in "ab")
    assert one.targets is other.targets
    assert len({one, other}) == 2


def test_classes_are_counted_also_those_without_an_example_and_the_constant_answer_has_their_shares():
    target = Classes(("a", "b", "c"))
    summary = target.summarise(np.array([0, 0, 2, 0]))
    assert summary == {"counts": [3, 0, 1]}
    assert target.constant(summary).tolist() == [0.75, 0.0, 0.25]


@pytest.mark.parametrize(
    ("labels", "problem"),
    [
        ([1, 1], "The part to fit has readable pictures of one class only: 'dog'."),
        ([], "The part to fit has no readable picture."),
    ],
)
def test_a_part_to_fit_needs_two_classes(labels, problem):
    with pytest.raises(DataError) as caught:
        Classes(("cat", "dog")).require_part(np.array(labels, dtype=np.int64))
    assert str(caught.value) == (
        f"{problem} A classifier needs at least two classes. Add pictures of the others to the training part."
    )
    Classes(("cat", "dog")).require_part(np.array([1, 0]))
