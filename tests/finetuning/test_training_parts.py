"""Checkpoints, averages, the choice on validation, the range test, TensorBoard and profile, pace."""

import csv
import json
import time
from dataclasses import replace

import numpy as np
import pytest
import torch

from headstart.errors import ModelFileError, OutputError, RecipeError
from headstart.finetuning.batches import batches
from headstart.finetuning.build import assemble, hold_out_validation
from headstart.finetuning.callbacks import TensorBoardCallback, profile
from headstart.finetuning.checkpoint import (
    LAST,
    Checkpoint,
    optimizer_tensors,
    read_checkpoint,
    restore_optimizer,
    write_checkpoint,
)
from headstart.finetuning.classifier import create_optimizer
from headstart.finetuning.ema import interpolate, update_average
from headstart.finetuning.fine_tuning import fine_tune
from headstart.finetuning.history import Epoch
from headstart.finetuning.loop import Training
from headstart.finetuning.lr_range_test import _find_steepest, find_rate, range_rates, run_range_test
from headstart.finetuning.lr_search import search_rate
from headstart.finetuning.step_time import StepTime, measure_pace
from headstart.finetuning.time_budget import epochs_within_limit
from headstart.finetuning.weight_interpolation import choose_share, choose_weights
from headstart.runtime.context import RunContext
from headstart.runtime.progress import silent
from headstart.settings.recipe import Recipe
from headstart.settings.rules import training_plan
from training import ONE, quiet_hooks, training_inputs


def task_of(ground, tmp_path):
    plan = training_plan(ground.recipe, len(ground.labels), ground.target.names)
    return assemble(ground, plan, hold_out_validation(ground), ONE, RunContext(cache=tmp_path / "cache"))


# --- checkpoints


def test_a_checkpoint_comes_back_as_it_was(tmp_path):
    tensors = {"a": torch.randn(3, 4).t(), "b": torch.arange(5), "c": torch.tensor(2.0)}
    write_checkpoint(tmp_path / "x.safetensors", Checkpoint(tensors, {"step": 3, "loss": 0.1 + 0.2, "名": "值"}))
    found = read_checkpoint(tmp_path / "x.safetensors")
    assert found.values == {"step": 3, "loss": 0.1 + 0.2, "名": "值"}
    assert all(torch.equal(found.tensors[name], tensor) for name, tensor in tensors.items())
    assert [path.name for path in tmp_path.iterdir()] == ["x.safetensors"]


@pytest.mark.parametrize("content", [b"", b"not one", b"\x10\0\0\0\0\0\0\0{}"])
def test_a_damaged_checkpoint_is_refused(tmp_path, content):
    (tmp_path / "x.safetensors").write_bytes(content)
    with pytest.raises(ModelFileError, match="cannot be read"):
        read_checkpoint(tmp_path / "x.safetensors")


def test_a_checkpoint_that_cannot_be_written_leaves_the_one_before(tmp_path, monkeypatch):
    path = tmp_path / "x.safetensors"
    write_checkpoint(path, Checkpoint({"a": torch.ones(2)}, {"step": 1}))

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.replace", full)
    with pytest.raises(OutputError, match="No space left on device"):
        write_checkpoint(path, Checkpoint({"a": torch.zeros(2)}, {"step": 2}))
    assert read_checkpoint(path).values == {"step": 1}
    assert [found.name for found in tmp_path.iterdir()] == ["x.safetensors"]


@pytest.mark.parametrize("name", ["adamw", "adam", "sgd"])
def test_an_optimiser_that_is_restored_takes_the_same_next_step(name):
    def begin():
        weight = torch.nn.Parameter(torch.tensor([1.0, 2.0]))
        return weight, create_optimizer(name, [{"params": [weight], "lr": 0.1, "weight_decay": 0.01}])

    def step(weight, optimizer):
        optimizer.zero_grad()
        (weight**2).sum().backward()
        optimizer.step()

    weight, optimizer = begin()
    step(weight, optimizer)
    other, fresh = begin()
    with torch.no_grad():
        other.copy_(weight)
    restore_optimizer(fresh, {key: tensor.clone() for key, tensor in optimizer_tensors(optimizer).items()})
    step(weight, optimizer)
    step(other, fresh)
    assert torch.equal(weight, other)


# --- between weights


def test_the_average_is_that_of_the_formula():
    average, values = {"a": torch.zeros(1)}, [1.0, 2.0, 3.0]
    expected = 0.0
    for step, value in enumerate(values):
        kept = min(0.5, (1 + step) / (10 + step))
        expected = kept * expected + (1 - kept) * value
        update_average(average, {"a": torch.tensor([value])}, 0.5, step)
    assert float(average["a"]) == pytest.approx(expected)


def test_the_ends_of_the_way_are_the_weights_themselves():
    start, end = {"a": torch.rand(3), "n": torch.tensor(1)}, {"a": torch.rand(3), "n": torch.tensor(9)}
    assert torch.equal(interpolate(start, end, 0.0)["a"], start["a"])
    assert torch.equal(interpolate(start, end, 1.0)["a"], end["a"])
    torch.testing.assert_close(interpolate(start, end, 0.3)["a"], 0.7 * start["a"] + 0.3 * end["a"])
    assert int(interpolate(start, end, 0.3)["n"]) == 9


def test_the_share_is_the_smallest_within_one_standard_error_of_the_best():
    random = np.random.default_rng(0)
    base = random.gamma(1.0, size=200)
    losses = np.stack([base + shift + 0.01 * random.normal(size=200) for shift in (0.5, 0.3, 0.0, 0.0, 0.2)])
    assert choose_share(losses) in (2, 3)
    noisy = np.stack([random.gamma(1.0, size=4) for _ in range(2)])
    excess = noisy - noisy[noisy.mean(axis=1).argmin()]
    clear = bool((excess.mean(axis=1) > excess.std(axis=1, ddof=1) / 2)[0])
    assert choose_share(noisy) == int(clear)


@pytest.mark.parametrize(("wise", "share"), [("", 1.0), ("0.25", 0.25)])
def test_a_share_that_is_given_is_taken(tmp_path, wise, share):
    with task_of(training_inputs("convolutions", tmp_path, method="lpft", wise=wise), tmp_path) as made:
        start = {name: tensor.clone() for name, tensor in made.task.moving.tensors().items()}
        training = Training(made.task, ONE, quiet_hooks())
        outcome = training.run()
        choice = choose_weights(training, outcome, start)
    assert choice.share == share
    for name, tensor in choice.tensors.items():
        if tensor.is_floating_point():
            expected = (1 - share) * start[name] + share * outcome.tensors[name]
            torch.testing.assert_close(tensor, expected, rtol=1e-4, atol=1e-6)


def test_without_validation_pictures_it_says_that_nothing_is_calibrated(tmp_path):
    ground = training_inputs("convolutions", tmp_path, method="lpft", wise="auto", validation_fraction=0.0, epochs=1)
    with task_of(ground, tmp_path) as made:
        training = Training(made.task, ONE, quiet_hooks())
        choice = choose_weights(training, training.run(), made.task.moving.tensors())
    assert (choice.share, choice.decoding) == (0.5, None)
    assert "not calibrated" in str(choice.notices[0])


def test_statistics_between_two_networks_are_those_of_the_weights_between(tmp_path):
    ground = training_inputs(
        "convolutions", tmp_path, method="lpft", wise="0.5", batch_norm="trained", lr=0.01, augment="none"
    )
    with task_of(ground, tmp_path) as made:
        start = {name: tensor.clone() for name, tensor in made.task.moving.tensors().items()}
        training = Training(made.task, ONE, quiet_hooks())
        outcome = training.run()
        choice = choose_weights(training, outcome, start)
        chosen = {name: tensor.clone() for name, tensor in choice.tensors.items()}
        classifier, views = made.task.moving.classifier, made.task.train.views
        norm = classifier.encoder.bn1
        seen = []
        norm.register_forward_pre_hook(lambda module, inputs: seen.append(inputs[0]))
        dealt = batches(len(views), made.task.moving.plan.batch_size, 2, ground.recipe.run.seed, 0)
        with torch.no_grad():
            for rows in dealt:
                classifier.train()(torch.from_numpy(views.take(rows, 0)))
    means = torch.stack([one.mean(dim=(0, 2, 3)) for one in seen]).mean(dim=0)
    variances = torch.stack([one.var(dim=(0, 2, 3)) for one in seen]).mean(dim=0)
    torch.testing.assert_close(chosen["encoder.bn1.running_mean"], means, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(chosen["encoder.bn1.running_var"], variances, rtol=1e-4, atol=1e-5)
    between = torch.lerp(start["encoder.bn1.weight"], outcome.tensors["encoder.bn1.weight"], 0.5)
    assert torch.equal(chosen["encoder.bn1.weight"], between)
    assert norm.momentum == 0.1


def test_pictures_of_one_group_do_not_count_as_many():
    # Two groups of ten say the same twice: ten times as sure they are not.
    losses = np.array([[0.5] * 10 + [0.2] * 10, [0.1] * 10 + [0.3] * 10])
    alone, together = np.arange(20), np.repeat([0, 1], 10)
    assert choose_share(losses, np.full(20, 0.05), together) == 0
    steady = np.array([[0.5] * 10 + [0.4] * 10, [0.2] * 10 + [0.1] * 10])
    assert choose_share(steady, np.full(20, 0.05), together) == choose_share(steady, np.full(20, 0.05), alone) == 1
    assert choose_share(losses, None, np.zeros(20, dtype=int)) == 0  # one group has no spread at all
    mean, spread = (losses[0] - losses[1]).mean(), (losses[0] - losses[1]).std(ddof=1) / np.sqrt(20)
    assert choose_share(losses) == int(mean > spread)


def test_with_balance_every_class_counts_alike_on_the_validation_part(tmp_path):
    ground = training_inputs("convolutions", tmp_path, method="lpft", epochs=1)
    rare = np.flatnonzero((ground.labels != 0) | (np.arange(36) < 12))[:24]  # 12, 12 and none: then a few of the third
    rare = np.concatenate([rare, [24, 25, 26, 27]])
    few = replace(
        ground, labels=ground.labels[rare], groups=np.arange(len(rare)), features=ground.features[rare],
        examples=tuple(ground.examples[row] for row in rare), keys=tuple(ground.keys[row] for row in rare),
        recipe=ground.recipe.replace(balance=True),
    )  # fmt: skip
    with task_of(few, tmp_path) as made:
        held = made.task.validation
        assert held.weights.sum() == pytest.approx(1)
        sums = [held.weights[held.labels == label].sum() for label in range(3)]
        assert sums == pytest.approx([1 / 3] * 3)
        always_first = np.tile([5.0, 0.0, 0.0], (len(held.labels), 1))
        assert held.metric(always_first) == pytest.approx(1 / 3)
        assert made.task.loss.adjustment is not None
        assert made.task.loss.adjustment.exp().tolist() == pytest.approx([10 / 23, 10 / 23, 3 / 23])


# --- the whole of it


def test_fine_tuning_ends_with_a_graph_that_gives_what_the_network_gives(tmp_path):
    ground = training_inputs("convolutions", tmp_path, method="lpft", lr=0.003)
    tuned = fine_tune(ground, training_plan(ground.recipe, 36, ground.target.names), RunContext(cache=tmp_path / "c"))
    assert tuned.encoder is not None
    assert tuned.encoder.spec.name == "tiny+lpft"
    assert tuned.encoder.spec.weights_digest != ground.encoder.spec.weights_digest
    from headstart.encoders.onnx_engine import OnnxEncoder
    from headstart.encoders.torch_engine import TorchEncoder

    graph = OnnxEncoder(tuned.encoder.spec, tuned.encoder.files)
    network = TorchEncoder(tuned.encoder.spec, tuned.encoder.files, "cpu")
    pictures = ground.sample()
    np.testing.assert_allclose(graph.encode(pictures), network.encode(pictures), rtol=1e-3, atol=1e-5)
    assert tuned.trained_parameters == tuned.parameters
    assert tuned.decoding.temperature > 0


def test_the_probe_is_kept_when_moving_weights_does_not_help(tmp_path):
    ground = training_inputs("convolutions", tmp_path, method="lpft", wise="auto", lr=1e-9)
    tuned = fine_tune(ground, training_plan(ground.recipe, 36, ground.target.names), RunContext(cache=tmp_path / "c"))
    assert tuned.encoder is None
    assert tuned.share == 0.0
    assert any("fine-tuning did not help here" in str(notice) for notice in tuned.notices)
    assert not (tmp_path / "c" / "tuned").exists()


def test_a_checkpoint_of_another_run_is_refused_with_what_differs(tmp_path):
    ground = training_inputs("convolutions", tmp_path, method="last:1", wise="auto", lr=1e-9)
    context = RunContext(cache=tmp_path / "c", run_folder=tmp_path / "training")
    plan = training_plan(ground.recipe, 36, ground.target.names)
    fine_tune(ground, plan, context)
    assert (tmp_path / "training" / LAST).is_file()
    other = training_inputs("convolutions", tmp_path, method="last:1", wise="auto", lr=1e-9, mixup=0.2)
    with pytest.raises(RecipeError, match=r"It was begun with another mixup\. Use the settings"):
        fine_tune(other, plan, RunContext(cache=tmp_path / "c", run_folder=tmp_path / "training", resume=True))


def test_a_time_limit_shortens_the_training_and_is_announced(tmp_path):
    said = []
    ground = training_inputs(
        "convolutions", tmp_path, method="last:1", wise="auto", lr=1e-9, epochs=10_000, time_limit="14s"
    )
    plan = training_plan(ground.recipe, 36, ground.target.names)
    tuned = fine_tune(ground, plan, RunContext(cache=tmp_path / "c", notify=said.append))
    assert tuned.plan.epochs < 10_000
    epochs = "1 epoch" if tuned.plan.epochs == 1 else f"{tuned.plan.epochs} epochs"  # a slow machine can do one
    assert str(said[0]).startswith(f"Training: last:1, {epochs} of 30 pictures, about ")


def test_a_training_that_went_wrong_at_once_leaves_the_probe(tmp_path):
    ground = training_inputs(
        "convolutions", tmp_path, method="lpft", optimizer="sgd", lr=100.0, clip=0.0, warmup=0.0, ema=0.9
    )
    tuned = fine_tune(ground, training_plan(ground.recipe, 36, ground.target.names), RunContext(cache=tmp_path / "c"))
    assert (tuned.best, tuned.share, tuned.encoder) == (0, 0.0, None)
    assert "The weights it started from were kept. Try a smaller --lr." in str(tuned.notices[0])
    assert str(tuned.notices[-1]) == "The model is the probe: no weight was moved in the end."


def test_short_memory_is_noticed_by_the_timing_and_by_the_range_test_too(tmp_path):
    ground = training_inputs("transformer", tmp_path, method="lpft")
    with task_of(ground, tmp_path) as made:
        inner = made.task.forward

        def forward(inputs):
            if torch.is_grad_enabled() and len(inputs) > 3:
                raise RuntimeError("CUDA out of memory. Tried to allocate 99 GiB.")
            return inner(inputs)

        short = replace(made.task, forward=forward)
        assert measure_pace(short, ONE).step > 0
        plenty = search_rate(made.task, ONE, silent)
        np.testing.assert_allclose(search_rate(short, ONE, silent).losses[:9], plenty.losses[:9], rtol=1e-4)


def test_processes_that_share_a_training_agree_on_the_number_of_epochs(tmp_path):
    class Two:
        """Another process found that 30 epochs fit."""

        world, device = 2, torch.device("cpu")

        def sum(self, tensor):
            return tensor + 30

    recipe = Recipe(method="full", epochs=100, time_limit="1h")
    plan = training_plan(recipe, 100, ["a", "b"])
    pace = StepTime(step=1.0, look=0.0, epoch=200.0)
    alone = epochs_within_limit(plan, recipe, pace, ONE, time.perf_counter())
    assert alone == 17  # (0.95 * 3600 - 12) / 200
    pairs = replace(plan, method="contrastive")  # folds cost half as much again
    assert epochs_within_limit(pairs, recipe, pace, ONE, time.perf_counter()) == 11
    assert epochs_within_limit(plan, recipe, pace, Two(), time.perf_counter()) == (17 + 30) // 2


def test_timing_leaves_no_trace_in_the_network(tmp_path):
    ground = training_inputs("convolutions", tmp_path, method="full", batch_norm="trained")
    with task_of(ground, tmp_path) as made:
        before = {name: tensor.clone() for name, tensor in made.task.moving.classifier.state_dict().items()}
        pace = measure_pace(made.task, ONE)
        after = made.task.moving.classifier.state_dict()
    assert 0 < pace.step < pace.epoch
    assert all(torch.equal(before[name], tensor) for name, tensor in after.items())


# --- the range test


def test_the_rate_lies_where_the_loss_falls_and_well_below_where_it_grows():
    rates = range_rates()
    losses = 2.0 - 1.2 / (1 + (1e-3 / rates) ** 2) + 40 * np.maximum(0, rates - 0.05)
    test = find_rate(rates, losses)
    lowest = rates[test.smoothed.argmin()]
    assert 1e-5 < test.chosen <= lowest / 10
    assert f"{test.chosen:.1e}" in str(test.reason)


@pytest.mark.parametrize("seed", range(5))
def test_a_lucky_batch_at_a_rate_that_moves_nothing_is_no_fall(seed):
    # What a probe on few pictures shows: noise of half the loss, then a fall around 1e-4, then an explosion.
    rates, random = range_rates(), np.random.default_rng(seed)
    level = 0.002 + 0.018 / (1 + (rates / 1e-4) ** 2)
    losses = level * random.uniform(0.5, 1.5, 60) + np.where(rates > 3e-3, 0.5, 0.0)
    test = find_rate(rates[rates < 1e-2], losses[rates < 1e-2])
    assert 2e-5 < test.chosen < 5e-4


def test_the_steepest_stretch_is_that_of_least_squares():
    losses = np.random.default_rng(0).normal(size=40).cumsum()
    slopes = [np.polyfit(np.arange(11), losses[start : start + 11], 1)[0] for start in range(30)]
    assert _find_steepest(losses) == int(np.argmin(slopes)) + 5


def test_a_loss_that_does_not_fall_gives_no_rate_but_a_reason():
    test = find_rate(range_rates(), np.full(60, 0.3))
    assert test.chosen is None
    assert str(test.reason).startswith("The loss did not fall anywhere between 1e-06 and 1e+00")


def test_the_range_test_stops_when_the_loss_explodes_or_is_no_number():
    exploding = run_range_test(lambda rate: 1.0 if rate < 1e-2 else 1e9, range_rates())
    assert len(exploding.losses) < 60
    broken = run_range_test(lambda rate: 1.0 if rate < 1e-2 else float("nan"), range_rates())
    assert np.isfinite(broken.losses).all()


def test_looking_for_the_rate_leaves_no_trace_in_the_network(tmp_path):
    ground = training_inputs("convolutions", tmp_path, method="full", batch_norm="trained")
    with task_of(ground, tmp_path) as made:
        before = {name: tensor.clone() for name, tensor in made.task.moving.classifier.state_dict().items()}
        test = search_rate(made.task, ONE, silent)
        after = made.task.moving.classifier.state_dict()
    assert len(test.losses) > 10
    assert all(torch.equal(before[name], tensor) for name, tensor in after.items())


# --- looking on


def test_tensorboard_files_hold_the_steps_and_epochs(tmp_path):
    watcher = TensorBoardCallback(tmp_path)
    watcher.step(1, {"loss": 0.5})
    watcher.step(2, {"loss": 0.25})
    watcher.epoch(Epoch(1, 2, 1e-3, 0.4, 0.9, None, None, 1.0))
    watcher.close()
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    found = EventAccumulator(str(tmp_path / "tensorboard"))
    found.Reload()
    assert [(event.step, event.value) for event in found.Scalars("step/loss")] == [(1, 0.5), (2, 0.25)]
    assert found.Scalars("epoch/accuracy")[0].step == 2


def test_a_profile_leaves_a_trace_and_the_dearest_operations_and_says_nothing_else(tmp_path, capfd):
    with profile(tmp_path) as profiled:
        for _ in range(9):
            torch.mm(torch.rand(64, 64), torch.rand(64, 64))
            profiled.step()
    trace = json.loads((tmp_path / "profile" / "trace.json").read_text())
    assert trace["traceEvents"]
    rows = list(csv.DictReader((tmp_path / "profile" / "operations.csv").read_text().splitlines()))
    assert 0 < len(rows) <= 10
    times = [float(row["self_cpu_ms"]) for row in rows]
    assert times == sorted(times, reverse=True)
    assert len(profiled.lines) == len(rows) + 1
    assert not any(row["operation"].startswith("ProfilerStep") for row in rows)
    assert capfd.readouterr().err == ""


def test_too_few_steps_to_profile_are_said(tmp_path):
    with profile(tmp_path) as profiled:
        profiled.step()
    assert list(map(str, profiled.lines)) == ["Nothing was profiled: that takes more than 2 steps."]
