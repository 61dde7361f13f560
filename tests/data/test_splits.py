import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.model_selection import StratifiedGroupKFold

from headstart.data.example import Dataset, Example, known_label
from headstart.data.readers.base import NO_KEY
from headstart.data.splits import choose_parts, hold_out, make_folds, merge_groups
from headstart.errors import DataError


def key(number):
    return number.to_bytes(32, "big")


def dataset(labels, splits=None, groups=None):
    count = len(labels)
    rows = zip(labels, splits or [None] * count, groups or [None] * count, strict=True)
    examples = tuple(Example(f"{n}", f"{n}.png", known_label(label), *more) for n, (label, *more) in enumerate(rows))
    return Dataset("toy", examples)


def choose(data, keys=None, seed=0, test_fraction=0.2, usable=None, copies=()):
    keys = keys or [key(n + 1) for n in range(len(data))]
    usable = np.arange(len(data)) if usable is None else np.array(usable)
    together = merge_groups(keys, [example.group for example in data.examples], copies)
    return choose_parts(data, together, usable, seed=seed, test_fraction=test_fraction)


# ---- merged groups


def test_examples_belong_together_by_group_by_bytes_and_by_chains_of_both():
    keys = [key(n) for n in (1, 2, 2, 3, 4, 5)]
    groups = ["x", "x", "y", "y", None, None]
    assert merge_groups(keys, groups).tolist() == [0, 0, 0, 0, 1, 2]


def test_copies_are_joined_to_what_they_belong_to():
    keys = [key(n) for n in range(1, 7)]
    assert merge_groups(keys, [None, None, "x", "x", None, None], [(0, 3), (5, 4)]).tolist() == [0, 1, 0, 0, 2, 2]


def test_near_copies_are_not_divided_by_a_drawn_split_and_leak_in_a_given_one():
    copies = [(n, n + 1) for n in range(0, 40, 2)]
    parts = choose(dataset("aabb" * 10), copies=copies)
    assert not {n // 2 for n in parts.fit.tolist()} & {n // 2 for n in parts.score.tolist()}
    given = choose(dataset("abab", splits=["train", "train", "test", "test"]), copies=[(0, 2)])
    assert given.leaked.tolist() == [2]


def test_examples_without_a_key_do_not_belong_together():
    assert merge_groups([NO_KEY, NO_KEY, NO_KEY], ["x", None, "x"]).tolist() == [0, 1, 0]


@given(st.lists(st.tuples(st.integers(1, 12), st.none() | st.sampled_from("abcdef")), max_size=40))
def test_merged_groups_are_the_connected_components(pairs):
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    keys, groups = [key(number) for number, _ in pairs], [group for _, group in pairs]
    count = len(pairs)
    linked = [
        (i, j) for i in range(count) for j in range(count) if keys[i] == keys[j] or groups[i] == groups[j] is not None
    ]
    found = merge_groups(keys, groups)
    assert found.shape == (count,)
    if count:
        rows, columns = zip(*linked, strict=True)
        expected = connected_components(coo_array((np.ones(len(linked)), (rows, columns)), shape=(count, count)))[1]
        assert all((found[i] == found[j]) == (expected[i] == expected[j]) for i in range(count) for j in range(count))
        assert list(dict.fromkeys(found.tolist())) == list(range(found.max() + 1))


# ---- parts: the user's own split


def test_with_a_test_part_train_and_validation_are_fitted():
    parts = choose(dataset("abababab", ["train", "train", "validation", "validation", "test", "test", "train", "test"]))
    assert parts.fit.tolist() == [0, 1, 2, 3, 6]
    assert parts.score.tolist() == [4, 5, 7]
    assert str(parts.rule) == "The data's own split: train and validation were fitted, test was scored."


def test_with_only_a_validation_part_that_is_scored_and_nothing_is_chosen_on_it():
    parts = choose(dataset("abab", ["train", "train", "validation", "validation"]))
    assert (parts.fit.tolist(), parts.score.tolist()) == ([0, 1], [2, 3])
    assert str(parts.rule) == "The data's own split: train was fitted, validation was scored; nothing was chosen on it."
    assert (parts.leaked.tolist(), parts.notices) == ([], ())


def test_without_train_the_validation_part_is_fitted():
    parts = choose(dataset("abab", ["validation", "validation", "test", "test"]))
    assert str(parts.rule) == "The data's own split: validation was fitted, test was scored."


def test_an_example_without_a_split_among_others_is_fitted():
    assert choose(dataset("ababab", [None, None, "test", "test", "train", "train"])).fit.tolist() == [0, 1, 4, 5]


def test_a_single_part_is_divided():
    parts = choose(dataset("ab" * 10, ["train"] * 20))
    assert len(parts.score) == 4
    assert str(parts.rule) == "20 % of each class, drawn with seed 0, was held out and scored."


def test_unusable_examples_are_in_no_part():
    parts = choose(dataset("ab" * 10), usable=[n for n in range(20) if n != 7])
    assert sorted([*parts.fit, *parts.score]) == [n for n in range(20) if n != 7]


def test_a_users_leaky_split_is_kept_and_reported():
    data = dataset("ababab", ["train", "train", "test", "test", "test", "test"], ["p", None, "p", None, None, None])
    parts = choose(data, keys=[key(n) for n in (1, 2, 3, 2, 5, 6)])
    assert parts.score.tolist() == [2, 3, 4, 5]
    assert parts.leaked.tolist() == [2, 3]
    assert tuple(map(str, parts.notices)) == (
        "2 of the 4 scored pictures are in the fitted part too, as the same picture or the same group; "
        "scores are given with and without them.",
    )


def test_classes_that_are_missing_in_a_part_are_reported():
    parts = choose(dataset("abcbd", ["train", "train", "train", "test", "test"]))
    assert tuple(map(str, parts.notices)) == (
        "The classes 'a' and 'c' are fitted but not scored: the part that is scored has no picture of them.",
        "The class 'd' can never be predicted: the part that is fitted has no picture of it.",
    )


# ---- parts: drawn


def test_a_share_of_each_class_is_held_out():
    parts = choose(dataset("a" * 50 + "b" * 20 + "c" * 10))
    labels = np.array(list("a" * 50 + "b" * 20 + "c" * 10))
    assert [int((labels[parts.score] == name).sum()) for name in "abc"] == [10, 4, 2]


def test_a_class_of_a_single_picture_is_fitted_but_not_scored():
    parts = choose(dataset("aaaaabbbbbc"))
    assert 10 in parts.fit
    assert tuple(map(str, parts.notices)) == (
        "The class 'c' is fitted but not scored: the part that is scored has no picture of it.",
    )


def test_a_class_of_two_has_one_in_each_part():
    for seed in range(5):
        parts = choose(dataset("aaaaaaaabb"), seed=seed, test_fraction=0.1)
        assert len({8, 9} & set(parts.score.tolist())) == 1


def test_groups_and_duplicates_are_not_divided_and_the_rule_says_so():
    data = dataset("ab" * 20, groups=[str(n // 4) for n in range(40)])
    keys = [key(1 + min(n, 38)) for n in range(40)]
    parts = choose(data, keys)
    together = merge_groups(keys, [example.group for example in data.examples])
    assert not set(together[parts.fit]) & set(together[parts.score])
    assert parts.leaked.size == 0
    assert str(parts.rule) == (
        "20 % of each class, drawn with seed 0, was held out and scored; groups and duplicates were not divided."
    )


def test_data_of_one_group_cannot_be_divided():
    with pytest.raises(DataError) as caught:
        choose(dataset("aabb", groups=["g"] * 4))
    assert str(caught.value) == (
        "No picture can be held out for scoring. No class has two pictures that are neither duplicates nor of one "
        "group. Add pictures, or check the group column or pattern."
    )


def test_the_same_seed_draws_the_same_and_another_seed_another():
    data = dataset("ab" * 40)
    assert choose(data, seed=3).score.tolist() == choose(data, seed=3).score.tolist()
    assert len({tuple(choose(data, seed=seed).score.tolist()) for seed in range(10)}) > 5


@st.composite
def labelled_groups(draw, pure):
    """Labels and groups; pure: each group lies in one class."""
    sizes = draw(st.lists(st.tuples(st.integers(0, 4), st.integers(1, 6)), min_size=1, max_size=25))
    labels = np.repeat([label for label, _ in sizes], [size for _, size in sizes])
    groups = np.repeat(np.arange(len(sizes)), [size for _, size in sizes])
    if not pure:
        labels = np.array(draw(st.lists(st.integers(0, 4), min_size=len(groups), max_size=len(groups))))
    order = np.random.default_rng(draw(st.integers(0, 99))).permutation(len(labels))
    return labels[order].astype(np.int64), groups[order].astype(np.int64)


fractions = st.floats(0.05, 0.6)


@given(labelled_groups(pure=False), fractions, st.integers(0, 99))
def test_no_group_is_ever_divided(drawn, fraction, seed):
    labels, groups = drawn
    held = hold_out(labels, groups, fraction, seed)
    assert not set(groups[held]) & set(groups[~held])
    assert np.array_equal(held, hold_out(labels, groups, fraction, seed))


@given(labelled_groups(pure=False), fractions, st.integers(0, 99))
def test_every_class_is_fitted(drawn, fraction, seed):
    labels, groups = drawn
    assert set(labels[~hold_out(labels, groups, fraction, seed)]) == set(labels)


@given(labelled_groups(pure=True), fractions, st.integers(0, 99))
def test_every_class_of_two_groups_is_in_both_parts_and_every_other_only_fitted(drawn, fraction, seed):
    labels, groups = drawn
    held = hold_out(labels, groups, fraction, seed)
    for label in set(labels):
        own = labels == label
        assert (~held[own]).any()
        assert held[own].any() == (len(set(groups[own])) > 1)


@given(st.lists(st.integers(0, 4), min_size=2, max_size=80), fractions, st.integers(0, 99))
def test_without_groups_the_share_is_exact(labels, fraction, seed):
    labels = np.array(labels)
    held = hold_out(labels, np.arange(len(labels)), fraction, seed)
    for label, total in zip(*np.unique(labels, return_counts=True), strict=True):
        expected = min(max(round(total * fraction), 1), total - 1)
        assert held[labels == label].sum() == expected


def test_large_groups_still_give_about_the_wanted_share():
    random = np.random.default_rng(0)
    groups = np.repeat(np.arange(60), random.integers(5, 30, 60))
    labels = random.integers(0, 3, 60)[groups]
    shares = [hold_out(labels, groups, 0.2, seed).mean() for seed in range(20)]
    assert 0.15 < min(shares) <= max(shares) < 0.25


# ---- folds


def check_folds(folds, labels, groups):
    """What makes a cross-validation right; the same is asked of scikit-learn's."""
    held = np.concatenate([fold.held_out for fold in folds])
    assert sorted(held) == list(range(len(labels)))
    for fold in folds:
        assert sorted([*fold.train, *fold.held_out]) == list(range(len(labels)))
        assert not set(groups[fold.train]) & set(groups[fold.held_out])
        assert len(fold.held_out)


@given(labelled_groups(pure=False), st.integers(2, 8), st.integers(0, 99))
def test_folds_hold_out_every_example_once_and_divide_no_group(drawn, count, seed):
    labels, groups = drawn
    if len(set(groups)) < 2:
        with pytest.raises(DataError, match=r"Cross-validation needs at least two groups\."):
            make_folds(labels, groups, count, seed)
        return
    folds = make_folds(labels, groups, count, seed)
    check_folds(folds, labels, groups)
    assert 2 <= len(folds) <= min(count, len(set(groups)))
    again = make_folds(labels, groups, count, seed)
    assert all(np.array_equal(one.held_out, two.held_out) for one, two in zip(folds, again, strict=True))


@given(st.lists(st.integers(0, 4), min_size=2, max_size=100), st.integers(2, 8), st.integers(0, 99))
def test_without_groups_each_class_and_all_together_are_even_within_one(labels, count, seed):
    labels = np.array(labels)
    folds = make_folds(labels, np.arange(len(labels)), count, seed)
    missing = count - len(folds)  # empty folds are left out
    for label in set(labels):
        inside = [int((labels[fold.held_out] == label).sum()) for fold in folds] + [0] * missing
        assert max(inside) - min(inside) <= 1
    sizes = [len(fold.held_out) for fold in folds] + [0] * missing
    assert max(sizes) - min(sizes) <= 1


def unevenness(labels, held_outs):
    """Largest difference between a class's share of a fold and its share of all."""
    shares = np.array([np.bincount(labels[held], minlength=labels.max() + 1) / len(held) for held in held_outs])
    return np.abs(shares - np.bincount(labels) / len(labels)).max()


@pytest.mark.parametrize("seed", range(5))
def test_class_shares_with_groups_are_about_as_even_as_scikit_learns(seed):
    random = np.random.default_rng(seed)
    groups = np.repeat(np.arange(120), random.integers(1, 8, 120))
    labels = np.where(
        random.random(len(groups)) < 0.7, random.integers(0, 4, 120)[groups], random.integers(0, 4, len(groups))
    )
    ours = make_folds(labels, groups, 5, seed)
    check_folds(ours, labels, groups)
    theirs = StratifiedGroupKFold(5, shuffle=True, random_state=seed).split(labels, labels, groups)
    assert (
        unevenness(labels, [fold.held_out for fold in ours]) <= unevenness(labels, [held for _, held in theirs]) + 0.03
    )


def test_another_seed_gives_other_folds():
    labels, groups = np.arange(40) % 4, np.arange(40)
    assert len({tuple(make_folds(labels, groups, 5, seed)[0].held_out.tolist()) for seed in range(10)}) > 5


def test_examples_of_one_group_cannot_be_folded():
    with pytest.raises(DataError) as caught:
        make_folds(np.array([0, 1]), np.array([0, 0]), 5, 0)
    assert str(caught.value) == (
        "Cross-validation needs at least two groups. All pictures are duplicates of each other or belong to one group. "
        "Check the group column or pattern."
    )
