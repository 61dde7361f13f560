"""A few examples are learned from, or none, and all others are scored."""

from types import SimpleNamespace

import numpy as np
import pytest

from headstart.data.example import Dataset, Example
from headstart.data.few_shots import parts_of_names, parts_of_shots
from headstart.errors import RecipeError
from headstart.runtime.catalogue import texts_in
from headstart.settings.recipe import Recipe
from headstart.workflows.plan import divide

EVERYONE = np.arange(20)


def data(split=lambda number: None):
    return Dataset("toy", tuple(Example(f"{n}", f"{n}", {"label": "ab"[n % 2]}, split=split(n)) for n in range(20)))


def test_all_are_scored_that_are_neither_drawn_nor_copies_of_what_was_drawn():
    parts = parts_of_shots(data(), EVERYONE, EVERYONE, 3, seed=1)
    assert np.bincount(parts.fit % 2).tolist() == [3, 3]
    assert sorted([*parts.fit, *parts.score]) == [*range(20)]
    assert (
        str(parts.rule) == "3 pictures of each class, drawn with seed 1, are learned from, and all others are scored."
    )
    twins = EVERYONE // 2  # one of each class
    parts = parts_of_shots(data(), twins, EVERYONE, 3, seed=1)
    assert not np.isin(twins[parts.score], twins[parts.fit]).any()
    left_out = 20 - 6 - len(parts.score)
    assert left_out > 0 and f"but {left_out} that belong to one of them" in str(parts.rule)
    one = str(parts_of_shots(data(), twins, EVERYONE, 1, seed=1).rule)
    assert one.startswith("1 picture of each class, drawn with seed 1, is learned from")
    single = str(parts_of_shots(data(), np.minimum(EVERYONE, 18), EVERYONE, 9, seed=1).rule)
    assert single.startswith("9 pictures of each class")  # though one more is left out


def test_of_data_with_parts_the_draw_is_in_the_one_and_only_what_was_drawn_can_leak():
    brought = data(lambda number: "test" if number >= 16 else "train")
    twins = EVERYONE % 16  # the first four lie in the test part, too
    parts = parts_of_shots(brought, twins, EVERYONE, 2, seed=0)
    assert parts.fit.max() < 16 and parts.score.tolist() == [16, 17, 18, 19]
    assert parts.leaked.tolist() == [row for row in parts.score if row - 16 in parts.fit]
    assert "2 pictures of each class, drawn with seed 0 from the data's own train, are learned from" in str(parts.rule)
    assert parts.rule.render(texts_in("zh")).startswith("从数据自带的训练集中每类抽取 2 张图片")


def test_with_names_alone_nothing_is_held_out_and_what_is_seen_has_no_labels():
    parts = parts_of_names(data(), EVERYONE, EVERYONE)
    assert (len(parts.fit), len(parts.score), parts.seen.tolist()) == (0, 20, [*range(20)])
    brought = parts_of_names(data(lambda number: "test" if number >= 16 else "train"), EVERYONE % 16, EVERYONE)
    assert (len(brought.fit), brought.score.tolist(), len(brought.leaked)) == (0, [16, 17, 18, 19], 0)
    assert brought.seen.tolist() == [*range(16)]


def test_folds_and_shots_do_not_go_together():
    with pytest.raises(RecipeError, match="The setting folds = 5 does not go with shots = 2"):
        Recipe(folds=5, shots=2)
    checked = SimpleNamespace(dataset=data(), together=EVERYONE, usable=EVERYONE)
    assert len(divide(checked, Recipe(shots=2)).fit) == 4
