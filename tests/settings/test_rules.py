"""The rules that turn data and machine into defaults."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headstart.errors import RecipeError
from headstart.runtime.machine import available_cores
from headstart.settings.parallelism import ExtractionPlan, algebra_threads, extraction_plan
from headstart.settings.recipe import Recipe
from headstart.settings.rules import fold_count, given_settings, idle_settings, training_plan


@given(st.integers(0, 10**6), st.integers(1, 256), st.sampled_from(["onnxruntime", "torch", "numpy"]))
def test_a_walk_keeps_every_core_busy_and_none_twice(count, cores, engine):
    plan = extraction_plan(count, cores, engine)
    assert plan.workers * plan.threads_per_worker == cores
    assert plan.batch_size == (64 if engine == "torch" else 8)


def test_few_pictures_get_the_threads_inside_the_encoder():
    assert extraction_plan(3, 4, "onnxruntime") == ExtractionPlan(workers=1, batch_size=8, threads_per_worker=4)
    assert extraction_plan(4, 4, "onnxruntime") == ExtractionPlan(workers=4, batch_size=8, threads_per_worker=1)


@given(st.integers(2, 100), st.integers(0, 1000))
def test_folds_are_at_least_two_and_never_more_than_wanted(wanted, typical):
    assert 2 <= fold_count(wanted, typical) <= wanted
    assert fold_count(wanted, typical) in (2, typical, wanted)


def test_small_matrices_get_one_thread():
    assert algebra_threads(9_999_999, 8) == 1
    assert algebra_threads(10_000_000, 8) == 8


@pytest.mark.parametrize(
    ("quota", "cores"),
    [("max 100000", 6), ("200000 100000", 2), ("150000 100000", 2), ("1000 100000", 1), ("900000 100000", 6), ("", 6)],
)
def test_cores_are_those_the_process_may_use(quota, cores, monkeypatch):
    monkeypatch.setattr("headstart.runtime.machine.os.sched_getaffinity", lambda process: set(range(6)), raising=False)
    monkeypatch.setattr("headstart.runtime.machine.Path.read_text", lambda path: quota)
    assert available_cores() == cores


def test_cores_are_counted_where_there_are_no_quotas(monkeypatch):
    def missing(path: object) -> str:
        raise FileNotFoundError

    monkeypatch.setattr("headstart.runtime.machine.Path.read_text", missing)
    monkeypatch.delattr("headstart.runtime.machine.os.sched_getaffinity", raising=False)
    monkeypatch.setattr("headstart.runtime.machine.os.cpu_count", lambda: 3)
    assert available_cores() == 3
    monkeypatch.setattr("headstart.runtime.machine.os.cpu_count", lambda: None)
    assert available_cores() == 1


@pytest.mark.parametrize(
    ("pictures", "wanted", "batch"), [(719, 0, 32), (48, 0, 12), (5, 0, 2), (48, 32, 32), (48, 4, 4)]
)
def test_a_batch_that_is_asked_for_is_taken_and_otherwise_an_epoch_has_four_steps(pictures, wanted, batch):
    assert training_plan(Recipe(method="full", batch_size=wanted), pictures, ["ant", "bee"]).batch_size == batch


def test_settings_that_can_have_no_effect_are_those_of_the_training_and_of_a_modality():
    given = {"validation_fraction": 0.3, "checkpoint_seconds": 3.0, "head": "ridge", "epochs": 3, "flip": "none"}
    assert idle_settings(Recipe(**given)) == ("epochs", "flip")  # the others choose, stop, or are for the probe
    assert idle_settings(Recipe()) == ()
    assert idle_settings(Recipe(preset="best", mixup=0.2)) == ()
    assert idle_settings(Recipe(preset="fast", mixup=0.2, wise="auto")) == ("mixup", "wise")


def test_a_recipe_may_be_a_mapping_and_anything_else_is_refused():
    assert given_settings(Recipe(head="ridge"))["head"] == "ridge"
    with pytest.raises(RecipeError, match="Expected Recipe, got str"):
        given_settings("ridge")
