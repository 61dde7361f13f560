"""The recipe: every value checked once, with the exact words, and to TOML and back."""

import re
import tomllib
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headstart.errors import RecipeError
from headstart.registry import TABLES
from headstart.settings.fields import last_stages, seconds_of
from headstart.settings.keys import all_settings, require_modality, section_types
from headstart.settings.recipe import Recipe
from headstart.settings.recipe_file import flatten
from headstart.settings.rules import training_plan
from headstart.settings.section import Setting

BOUNDED = [one.key for one in all_settings().values() if one.low is not None]


def values_of(setting: Setting) -> st.SearchStrategy:
    """Every value that a setting can have by itself."""
    if get_args(setting.kind):
        return st.sampled_from(get_args(setting.kind))
    if setting.low is not None:
        return {int: st.integers, float: st.floats}[setting.kind](setting.low, setting.high)
    return {str: st.text(), bool: st.booleans()}[setting.kind]


VALUES = {key: values_of(one) for key, one in all_settings().items() if one.check is None} | {
    "labels": st.just(()),  # with names of classes little else goes: tests/modalities/test_text_zero_shot.py
    "shots": st.integers(1, 10**6),
    "task": st.sampled_from([*TABLES["tasks"]]),
    "head": st.sampled_from(["auto", *TABLES["heads"]]),
    "method": st.sampled_from(["probe", "lpft", "full", "last:1", "last:12", "gradual", "norm", "lora", "scratch"]),
    "folds": st.sampled_from([0, 0, 2, 100]),
    "time_limit": st.sampled_from(["", "90s", "10m", "1.5h"]),
    "batch_size": st.integers(2, 65536),
    "wise": st.sampled_from(["", "auto", "0.5", "1"]),
}


METHODS_ARE = "It can be probe, lpft, full, last:N, gradual, norm, lora, contrastive or scratch."


def test_a_task_is_one_of_the_registry():
    with pytest.raises(RecipeError) as caught:
        Recipe(task="classifikation")
    assert str(caught.value) == (
        "The setting task = 'classifikation' is not known. It can be classification. Did you mean 'classification'?"
    )


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


@pytest.mark.parametrize("name", BOUNDED)
def test_a_setting_outside_its_range_is_refused(name):
    setting = all_settings()[name]
    for value in (setting.low - 1, setting.high + 1):
        with pytest.raises(RecipeError, match=f"The setting {name} = .* is out of range"):
            Recipe(**{name: setting.kind(value)})


def go_together(values):
    moving = values.get("method", "probe") != "probe" or values.get("preset", "") not in ("", "fast")
    if values.get("folds", 0) == 0:
        folded = values.get("repeats", 1) == 1
    else:
        folded = not moving and values.get("shots", -1) < 0
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
    assert Recipe.from_mapping(recipe.to_json()) == Recipe(**recipe.changed()) == recipe


@given(st.fixed_dictionaries({}, optional=VALUES).filter(go_together))
def test_a_recipe_without_sections_is_read_with_a_warning(tmp_path_factory, values):
    recipe = Recipe(**values)
    sections = tomllib.loads(recipe.to_toml())
    assert Recipe.from_mapping(flatten(sections)) == recipe
    lines = [line for line in recipe.to_toml().split("\n") if line and line[0] != "["]
    path = tmp_path_factory.mktemp("recipe") / "recipe.toml"
    names = iter(("encoder", "head"))  # the two settings that are called "name" in their sections
    flat = [re.sub("^name =", lambda _: f"{next(names)} =", line) for line in lines]
    path.write_text("\n".join(flat), encoding="utf-8")
    with pytest.warns(UserWarning, match="has settings outside of sections, as older versions wrote them"):
        assert Recipe.from_toml(path) == recipe


def test_a_file_may_have_sections_and_settings_outside_of_them(tmp_path):
    path = tmp_path / "recipe.toml"
    path.write_text('seed = 4\n[head]\nname = "lda"\n', encoding="utf-8")
    with pytest.warns(UserWarning) as caught:
        assert Recipe.from_toml(path) == Recipe(head="lda", seed=4)
    assert str(caught[0].message) == (
        f"The recipe '{path}' has settings outside of sections, as older versions wrote them; they are read all the "
        "same."
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "[heads]\nhidden = 3",
            "has an unknown section [heads]. The sections are data, split, encoder, head, training, uncertainty, run "
            "and image. Did you mean 'head'?",
        ),
        (
            "[head]\nhiden = 3",
            "has an unknown key 'hiden' in [head]. Its keys are name, activation, hidden, balance and inner_folds. Did "
            "you mean 'hidden'?",
        ),
        (
            "[head]\nseed = 3",
            "has an unknown key 'seed' in [head]. Its keys are name, activation, hidden, balance and inner_folds. "
            "Write seed in [run].",
        ),
        (
            '[head]\nhead = "lda"',
            "has an unknown key 'head' in [head]. Its keys are name, activation, hidden, balance and inner_folds. "
            "Write name in [head].",
        ),
        ("[image]\nflip = 3", "The setting flip = 3 is not known. It can be auto, none or horizontal."),
    ],
)
def test_a_key_or_a_section_that_does_not_exist_says_where_and_names_the_nearest(tmp_path, text, message):
    path = tmp_path / "recipe.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(RecipeError) as caught:
        Recipe.from_toml(path)
    assert str(caught.value).removeprefix(f"The recipe '{path}' ") == message


def test_every_setting_stands_in_one_section():
    keys = [one.key for section in section_types().values() for one in section.settings()]
    assert len(keys) == len(set(keys)) == len(VALUES)
    assert list(Recipe().to_json()) == keys


def test_a_setting_for_another_kind_of_examples_says_for_which():
    require_modality(["seed", "flip", "augment"], "image")
    require_modality(["seed"], "text")
    with pytest.raises(RecipeError) as caught:
        require_modality(["seed", "flip"], "text")
    assert str(caught.value) == ("The setting flip is for pictures. The data is of another kind: text. Leave it out.")


def test_every_default_is_valid_and_written():
    assert Recipe().to_toml().splitlines()[:36] == [
        "[data]",
        'task = "classification"',
        'path_column = ""',
        'label_column = ""',
        'text_column = ""',
        'encoding = ""',
        "labels = []",
        'images = ""',
        "strict = false",
        "",
        "[split]",
        'test = ""',
        "test_fraction = 0.2",
        "shots = -1",
        "folds = 0",
        "repeats = 1",
        'group_by = ""',
        'group_pattern = ""',
        "keep_duplicates_together = true",
        "validation_fraction = 0.2",
        "",
        "[encoder]",
        'name = "efficientnet_lite0"',
        'precision = "fp32"',
        "",
        "[head]",
        'name = "auto"',
        'activation = "relu"',
        "hidden = 128",
        "balance = false",
        "inner_folds = 5",
        "",
        "[training]",
        'method = "probe"',
        'preset = ""',
        'time_limit = ""',
    ]
    assert Recipe().changed() == {}


def test_a_recipe_cannot_be_changed():
    with pytest.raises(AttributeError):
        Recipe().run = 1
    with pytest.raises(AttributeError):
        Recipe().run.seed = 1


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
            "It can be auto, logistic, ridge, lda, knn, centroid, mlp, words, words_logistic or stacked. "
            "Did you mean 'logistic'?",
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
    "The keys are task, path_column, label_column, text_column, encoding, labels, images, strict, test, "
    "test_fraction, shots, folds, repeats, group_by, group_pattern, keep_duplicates_together, validation_fraction, "
    "encoder, precision, head, activation, hidden, balance, inner_folds, method, preset, time_limit, epochs, "
    "batch_size, optimizer, lr, weight_decay, layer_decay, schedule, warmup, label_smoothing, mixup, cutmix, views, "
    "prefix_cache, clip, accumulate, ema, wise, l2sp, patience, batch_norm, rank, resamples, coverage, sets, abstain, "
    "novelty, false_alarms, reject_unlike, seed, device, checkpoint_seconds, augment, flip, range and max_megapixels."
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
    path.write_text('# mine\n[head]\nname = "lda"\n[run]\nseed = 4\n', encoding="utf-8")
    assert Recipe.from_toml(path, seed=5) == Recipe(head="lda", seed=5)


def test_a_file_with_a_byte_order_mark_is_read(tmp_path):
    path = tmp_path / "recipe.toml"
    path.write_bytes(b'\xef\xbb\xbf[head]\r\nname = "lda"\r\n')
    assert Recipe.from_toml(path).head.name == "lda"


def test_a_file_that_cannot_be_read_says_why(tmp_path):
    for name, content, text in (
        ("not.toml", b"head = ridge", "is not TOML. Invalid value (at line 1, column 8). Write lines such as:"),
        ("latin.toml", b'encoder = "\xe9"', "is not TOML. 'utf-8' codec can't decode byte 0xe9 in position 11:"),
        ("number.toml", b"[head]\nname = 1", "The setting head = 1 has the wrong type. Expected str, got int."),
    ):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(RecipeError) as caught:
            Recipe.from_toml(tmp_path / name)
        assert text in str(caught.value)
