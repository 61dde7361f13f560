"""New data for a saved model: the part that is scored, and labels matched by name."""

import numpy as np
import pytest

from headstart.data.example import Dataset, Example, known_label
from headstart.data.labels import split_to_score, with_target
from headstart.data.targets.classes import Classes
from headstart.errors import DataError


def dataset(*labels: str | None) -> Dataset:
    examples = tuple(Example(str(number), f"{number}.png", known_label(label)) for number, label in enumerate(labels))
    return Dataset("toy", examples)


def divided(*splits: str | None) -> Dataset:
    return Dataset("toy", tuple(Example(str(number), str(number), split=split) for number, split in enumerate(splits)))


def test_labels_get_the_numbers_of_the_model_by_name():
    data = dataset("dog", "ant", "dog")
    assert data.labels.tolist() == [1, 0, 1]
    matched = with_target(data, Classes(("wolf", "ant", "cat", "dog")))
    assert matched.labels.tolist() == [3, 1, 3]
    assert matched.classes == ("wolf", "ant", "cat", "dog")
    assert matched.examples == data.examples


@pytest.mark.parametrize(
    ("labels", "text"),
    [
        (
            ["cat", "emu", "emu"],
            "The model never saw 'emu' (2 of 3 pictures). It knows 'cat' and 'dog'. "
            "Take these pictures out, rename their class, or fit a model with it.",
        ),
        (
            ["Cat", "emu"],
            "The model never saw 'emu' (1 of 2 pictures). It knows 'cat' and 'dog'. "
            "Take these pictures out, rename their class, or fit a model with it.",
        ),
        (
            ["cat", None],
            "Some pictures have no class. There is no label for '1.png'. "
            "Put one folder per class, or give a table with the columns path and label.",
        ),
    ],
)
def test_what_the_model_cannot_know_is_refused(labels, text):
    with pytest.raises(DataError) as caught:
        with_target(dataset(*labels), Classes(("cat", "dog")))
    assert str(caught.value) == text


@pytest.mark.parametrize(
    ("splits", "positions", "name"),
    [
        (["train", "test", "validation", "test"], [1, 3], "test"),
        (["train", "validation"], [1], "validation"),
        (["train", "train"], [0, 1], ""),
        (["test", "test"], [0, 1], ""),
        (["validation", "validation"], [0, 1], ""),
        ([None, None, None], [0, 1, 2], ""),
        (["validation", "test"], [1], "test"),
    ],
)
def test_the_part_that_is_there_for_scoring_is_scored(splits, positions, name):
    chosen = split_to_score(divided(*splits), np.arange(len(splits)))
    assert chosen.positions.tolist() == positions
    assert str(chosen.rule or "") == (
        f"The data brings its own split: only its {name} part was scored." if name else ""
    )


def test_unusable_pictures_are_not_scored():
    chosen = split_to_score(divided("train", "test", "test"), np.array([0, 2]))
    assert chosen.positions.tolist() == [2]
