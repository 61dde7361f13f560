"""The recipe: every value checked once, with the exact words, and to TOML and back."""

from dataclasses import asdict, fields
from typing import get_args, get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headstart.errors import RecipeError
from headstart.settings.fields import (
    RANGES,
    ActivationName,
    AugmentName,
    BatchNormName,
    DeviceName,
    FlipName,
    HeadName,
    NoveltyName,
    OptimizerName,
    PresetName,
    ScheduleName,
    SetName,
    Settings,
    last_stages,
    seconds_of,
)
from headstart.settings.recipe import Recipe
from headstart.settings.rules import training_plan

VALUES = {
    "encoder": st.text(),
    "method": st.sampled_from(["probe", "lpft", "full", "last:1", "last:12", "gradual", "norm", "lora", "scratch"]),
    "head": st.sampled_from(get_args(HeadName)),
    "activation": st.sampled_from(get_args(ActivationName)),
    "hidden": st.integers(1, 65536),
    "balance": st.booleans(),
    "seed": st.integers(0, 2**32 - 1),
    "test_fraction": st.floats(0.01, 0.9),
    "inner_folds": st.integers(2, 100),
    "folds": st.sampled_from([0, 0, 2, 100]),
    "repeats": st.integers(1, 100),
    "group_by": st.text(),
    "group_pattern": st.text(),
    "keep_duplicates_together": st.booleans(),
    "strict": st.booleans(),
    "device": st.sampled_from(get_args(DeviceName)),
    "precision": st.sampled_from(["fp32", "fp32", "int8"]),
    "resamples": st.integers(100, 100_000),
    "coverage": st.floats(0.5, 0.999),
    "sets": st.sampled_from(get_args(SetName)),
    "abstain": st.floats(0.0, 0.999),
    "novelty": st.sampled_from(get_args(NoveltyName)),
    "false_alarms": st.floats(0.001, 0.5),
    "reject_unlike": st.booleans(),
    "preset": st.sampled_from(get_args(PresetName)),
    "time_limit": st.sampled_from(["", "90s", "10m", "1.5h"]),
    "epochs": st.integers(0, 100_000),
    "batch_size": st.integers(2, 65536),
    "optimizer": st.sampled_from(get_args(OptimizerName)),
    "lr": st.floats(0.0, 100.0),
    "weight_decay": st.floats(0.0, 10.0),
    "layer_decay": st.floats(0.0, 1.0),
    "schedule": st.sampled_from(get_args(ScheduleName)),
    "warmup": st.floats(0.0, 0.9),
    "label_smoothing": st.floats(0.0, 0.9),
    "mixup": st.floats(0.0, 10.0),
    "cutmix": st.floats(0.0, 10.0),
    "augment": st.sampled_from(get_args(AugmentName)),
    "flip": st.sampled_from(get_args(FlipName)),
    "views": st.integers(0, 1000),
    "prefix_cache": st.booleans(),
    "clip": st.floats(0.0, 1e6),
    "accumulate": st.integers(1, 4096),
    "ema": st.floats(0.0, 0.99999),
    "wise": st.sampled_from(["", "auto", "0.5", "1"]),
    "l2sp": st.floats(0.0, 10.0),
    "patience": st.integers(0, 100_000),
    "validation_fraction": st.floats(0.0, 0.5),
    "batch_norm": st.sampled_from(get_args(BatchNormName)),
    "rank": st.integers(1, 4096),
    "checkpoint_seconds": st.floats(0.0, 86_400.0),
}


METHODS_ARE = "It can be probe, lpft, full, last:N, gradual, norm, lora or scratch."


def test_a_time_limit_is_a_number_with_its_unit():
    assert [seconds_of(text) for text in ("90s", "10m", "1.5h")] == [90.0, 600.0, 5400.0]
    for wrong in ("10", "m", "-3m", "0s", "10 m", "1d"):
        with pytest.raises(RecipeError, match="is not a time"):
            Recipe(time_limit=wrong)


def test_a_method_with_a_number_of_stages_is_read_and_a_wrong_one_gets_the_nearest_name():
    assert [last_stages(name) for name in ("last:1", "last:12", "lpft", "last:0", "last:x")] == [1, 12, 0, 0, 0]
    with pytest.raises(RecipeError, match=r"Did you mean 'last:1'"):
        Recipe(method="last")


@pytest.mark.parametrize("method", ["full", "scratch"])
def test_no_way_leads_from_the_probe_to_a_head_that_begins_at_random(method):
    with pytest.raises(RecipeError, match="does not go with method"):
        Recipe(method=method, wise="auto")
    plan = training_plan(Recipe(method=method, preset="best"), 100, ["ant", "bee"])
    assert plan.wise == ""


@pytest.mark.parametrize("wise", ["half", "1.5", "-0.1", "nan"])
def test_a_share_of_the_way_is_a_share(wise):
    with pytest.raises(RecipeError, match="a share from 0 to 1"):
        Recipe(wise=wise)


def test_a_batch_of_one_is_refused():
    with pytest.raises(RecipeError, match=r"One picture has no variance; it can be 2 to 65536, or 0\."):
        Recipe(batch_size=1)


@pytest.mark.parametrize("name", RANGES)
def test_a_setting_of_the_training_outside_its_range_is_refused(name):
    low, high = RANGES[name]
    for value in (low - 1, high + 1):
        with pytest.raises(RecipeError, match=f"The setting {name} = .* is out of range"):
            Recipe(**{name: type(getattr(Recipe(), name))(value)})


def go_together(values):
    moving = values.get("method", "probe") != "probe" or values.get("preset", "") not in ("", "fast")
    if values.get("folds", 0) == 0:
        folded = values.get("repeats", 1) == 1
    else:
        folded = not moving
    if values.get("precision") == "int8" and moving:
        return False
    return folded and (not values.get("wise") or values.get("method") not in ("full", "scratch"))


@pytest.mark.parametrize("given", [{"method": "lpft"}, {"preset": "best"}])
def test_a_network_in_whole_numbers_is_not_trained(given):
    with pytest.raises(RecipeError) as caught:
        Recipe(precision="int8", **given)
    assert str(caught.value) == (
        "The setting precision = 'int8' goes with method = 'probe' alone. A network in whole numbers cannot be "
        "trained. Move the weights in fp32, and export the model with --int8."
    )


@pytest.mark.parametrize("given", [{"method": "lpft"}, {"preset": "best"}])
def test_networks_are_not_trained_in_folds(given):
    ((name, value),) = given.items()
    with pytest.raises(RecipeError) as caught:
        Recipe(folds=5, **given)
    assert str(caught.value) == (
        f"The setting folds = 5 does not go with {name} = {value!r}. It would train the network once for every fold, "
        "and once more for the model. Use folds with method = 'probe'; headstart compare trains networks several "
        "times, and says how long."
    )


def test_one_fold_is_none_and_repeats_want_folds():
    for wrong in ({"folds": 1}, {"folds": 101}, {"folds": 5, "repeats": 0}):
        with pytest.raises(RecipeError, match="is out of range"):
            Recipe(**wrong)
    with pytest.raises(RecipeError, match="The setting repeats = 2 goes with folds"):
        Recipe(repeats=2)


@given(st.fixed_dictionaries({}, optional=VALUES).filter(go_together))
def test_every_recipe_survives_toml(tmp_path_factory, values):
    recipe = Recipe(**values)
    path = tmp_path_factory.mktemp("recipe") / "recipe.toml"
    path.write_text(recipe.to_toml(), encoding="utf-8")
    assert Recipe.from_toml(path) == recipe
    assert Recipe.from_mapping(asdict(recipe)) == recipe


def test_the_keywords_of_the_library_are_the_keys_of_the_recipe_with_their_types():
    assert get_type_hints(Settings) == get_type_hints(Recipe)
    assert list(get_type_hints(Settings)) == [field.name for field in fields(Recipe)] == list(VALUES)
    assert Settings.__total__ is False


def test_the_flags_of_fit_are_the_keys_of_the_recipe():
    import inspect

    from headstart.cli.fit import fit

    flags = list(inspect.signature(fit).parameters)
    assert set(VALUES) <= set(flags)
    others = {"data", "recipe", "out", "dry_run", "cache", "no_cache", "lang", "as_json", "debug"}
    assert set(flags) - set(VALUES) == others | {"resume", "no_augment", "find_rate", "tensorboard", "profile"}


def test_every_default_is_valid_and_written():
    lines = Recipe().to_toml().splitlines()
    assert lines == [
        'encoder = "efficientnet_lite0"',
        'method = "probe"',
        'head = "auto"',
        'activation = "relu"',
        "hidden = 128",
        "balance = false",
        "seed = 0",
        "test_fraction = 0.2",
        "inner_folds = 5",
        "folds = 0",
        "repeats = 1",
        'group_by = ""',
        'group_pattern = ""',
        "keep_duplicates_together = true",
        "strict = false",
        'device = "auto"',
        'precision = "fp32"',
        "resamples = 1000",
        "coverage = 0.9",
        'sets = "lac"',
        "abstain = 0.0",
        'novelty = "neighbours"',
        "false_alarms = 0.05",
        "reject_unlike = false",
        *lines[24:],
    ]
    assert [line.split(" = ")[0] for line in lines] == list(VALUES)


def test_a_recipe_cannot_be_changed():
    with pytest.raises(AttributeError):
        Recipe().seed = 1


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("encoder", 1, "Expected str, got int."),
        ("hidden", 1.0, "Expected int, got float."),
        ("hidden", True, "Expected int, got bool."),
        ("balance", 1, "Expected bool, got int."),
        ("balance", "yes", "Expected bool, got str."),
        ("seed", "0", "Expected int, got str."),
        ("seed", None, "Expected int, got NoneType."),
        ("test_fraction", "0.2", "Expected float, got str."),
        ("test_fraction", True, "Expected float, got bool."),
        ("inner_folds", 5.0, "Expected int, got float."),
        ("group_by", None, "Expected str, got NoneType."),
        ("group_pattern", ["a"], "Expected str, got list."),
        ("strict", 0, "Expected bool, got int."),
        ("resamples", 1e3, "Expected int, got float."),
    ],
)
def test_a_wrong_type_says_what_was_expected_and_what_was_got(name, value, reason):
    with pytest.raises(RecipeError) as caught:
        Recipe(**{name: value})
    assert str(caught.value) == f"The setting {name} = {value!r} has the wrong type. {reason}"


@pytest.mark.parametrize(
    ("name", "value", "limits"),
    [
        ("hidden", 0, "1 to 65536"),
        ("hidden", 65537, "1 to 65536"),
        ("seed", -1, "0 to 4294967295"),
        ("seed", 2**32, "0 to 4294967295"),
        ("test_fraction", 0.0, "0.01 to 0.9"),
        ("test_fraction", 1, "0.01 to 0.9"),
        ("test_fraction", float("nan"), "0.01 to 0.9"),
        ("inner_folds", 1, "2 to 100"),
        ("inner_folds", 101, "2 to 100"),
        ("resamples", 99, "100 to 100000"),
        ("resamples", 100_001, "100 to 100000"),
        ("coverage", 1.0, "0.5 to 0.999"),
        ("abstain", 95.0, "0.0 to 0.999"),
        ("false_alarms", 0.0, "0.001 to 0.5"),
    ],
)
def test_a_value_out_of_range_says_the_range(name, value, limits):
    with pytest.raises(RecipeError) as caught:
        Recipe(**{name: value})
    assert str(caught.value) == f"The setting {name} = {value!r} is out of range. It can be {limits}."


@pytest.mark.parametrize(
    ("name", "value", "rest"),
    [
        ("method", "prob", f"{METHODS_ARE} Did you mean 'probe'?"),
        ("method", "magic", METHODS_ARE),
        (
            "head",
            "Logistic",
            "It can be auto, logistic, ridge, lda, knn, centroid or mlp. Did you mean 'logistic'?",
        ),
        ("activation", "gelu", "It can be relu, sigmoid or tanh. Did you mean 'relu'?"),
        ("sets", "lap", "It can be lac, aps or raps. Did you mean 'lac'?"),
        ("novelty", "neighbors", "It can be neighbours, energy, mahalanobis or none. Did you mean 'neighbours'?"),
        ("device", "tpu", "It can be auto, cpu or cuda. Did you mean 'cpu'?"),
        ("precision", "int4", "It can be fp32 or int8. Did you mean 'int8'?"),
        ("device", "mainframe", "It can be auto, cpu or cuda."),
    ],
)
def test_a_value_that_is_none_of_its_choices_lists_them_and_names_the_nearest(name, value, rest):
    with pytest.raises(RecipeError) as caught:
        Recipe(**{name: value})
    assert str(caught.value) == f"The setting {name} = {value!r} is not known. {rest}"


KEYS = (
    "The keys are encoder, method, head, activation, hidden, balance, seed, test_fraction, inner_folds, folds, "
    "repeats, group_by, group_pattern, keep_duplicates_together, strict, device, precision, resamples, coverage, sets, "
    "abstain, novelty, false_alarms, reject_unlike, preset, time_limit, epochs, batch_size, optimizer, "
    "lr, weight_decay, layer_decay, schedule, warmup, label_smoothing, mixup, cutmix, augment, flip, views, "
    "prefix_cache, clip, accumulate, ema, wise, l2sp, patience, validation_fraction, batch_norm, rank and "
    "checkpoint_seconds."
)


def test_an_unknown_key_names_the_nearest(tmp_path):
    with pytest.raises(RecipeError) as caught:
        Recipe.from_mapping({"sead": 1})
    assert str(caught.value) == f"The recipe has an unknown key 'sead'. {KEYS} Did you mean 'seed'?"
    with pytest.raises(RecipeError) as caught:
        Recipe.from_mapping({"colour": 1}, "The command line")
    assert str(caught.value) == f"The command line has an unknown key 'colour'. {KEYS}"


def test_arguments_win_over_the_file_which_wins_over_the_defaults(tmp_path):
    path = tmp_path / "recipe.toml"
    path.write_text('# mine\nhead = "lda"\nseed = 4\n', encoding="utf-8")
    assert Recipe.from_toml(path, seed=5) == Recipe(head="lda", seed=5)


def test_a_file_with_a_byte_order_mark_is_read(tmp_path):
    path = tmp_path / "recipe.toml"
    path.write_bytes(b'\xef\xbb\xbfhead = "lda"\r\n')
    assert Recipe.from_toml(path).head == "lda"


def test_a_file_that_cannot_be_read_says_why(tmp_path):
    for name, content, text in (
        ("not.toml", b"head = ridge", "is not TOML. Invalid value (at line 1, column 8). Write lines such as:"),
        ("latin.toml", b'encoder = "\xe9"', "is not TOML. 'utf-8' codec can't decode byte 0xe9 in position 11:"),
        ("table.toml", b"[head]\nname = 1", "The setting head = {'name': 1} is not known."),
    ):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(RecipeError) as caught:
            Recipe.from_toml(tmp_path / name)
        assert text in str(caught.value)
