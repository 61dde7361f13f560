"""The training loop: it learns, leaves frozen stages alone, resumes bit for bit, stops before it spoils anything."""

import math
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from headstart.encoders.networks import create_network
from headstart.encoders.preprocess.image import prepare
from headstart.errors import EncoderError
from headstart.finetuning.batches import batches
from headstart.finetuning.build import assemble, hold_out_validation
from headstart.finetuning.checkpoint import read_checkpoint, write_checkpoint
from headstart.finetuning.classifier import build_classifier
from headstart.finetuning.distributed import Engine
from headstart.finetuning.loop import Training
from headstart.runtime.context import RunContext
from headstart.settings.rules import training_plan
from training import ONE, quiet_hooks, training_inputs


@contextmanager
def assembled(ground, tmp_path):
    plan = training_plan(ground.recipe, len(ground.labels), ground.target.names)
    with assemble(ground, plan, hold_out_validation(ground), ONE, RunContext(cache=tmp_path / "cache")) as made:
        yield made.task


def trained(ground, tmp_path, hooks=None, resumed=None):
    with assembled(ground, tmp_path) as task:
        return Training(task, ONE, hooks or quiet_hooks(), resumed).run()


def equal(one, other):
    return one.keys() == other.keys() and all(torch.equal(tensor, other[name]) for name, tensor in one.items())


@pytest.mark.parametrize("method", ["lpft", "full", "last:1", "gradual", "norm", "lora", "scratch"])
@pytest.mark.parametrize("kind", ["convolutions", "transformer"])
def test_every_method_lowers_the_loss_and_reaches_a_useful_accuracy(tmp_path, kind, method):
    ground = training_inputs(kind, tmp_path, method=method, epochs=6, lr=0.003, label_smoothing=0.0, prefix_cache=False)
    outcome = trained(ground, tmp_path)
    assert [row.epoch for row in outcome.history] == [1, 2, 3, 4, 5, 6]
    assert outcome.history[-1].loss < outcome.history[0].loss
    assert outcome.history[-1].accuracy > 0.6  # guessing gives 0.33
    assert outcome.stopped is None


@pytest.mark.parametrize("method", ["last:1", "last:2"])
@pytest.mark.parametrize("kind", ["convolutions", "transformer"])
def test_frozen_stages_are_bit_identical_after_training_and_moving_ones_are_not(tmp_path, kind, method):
    ground = training_inputs(kind, tmp_path, method=method, batch_norm="trained", prefix_cache=False)
    with assembled(ground, tmp_path) as task:
        before = {name: tensor.clone() for name, tensor in task.moving.classifier.state_dict().items()}
        Training(task, ONE, quiet_hooks()).run()
        after = task.moving.classifier.state_dict()
        frozen = {f"encoder.{name}" for stage in task.moving.frozen for name in (*stage.parameters, *stage.buffers)}
        assert frozen
        assert all(torch.equal(before[name], after[name]) for name in frozen)
        moved = {name for name in before if not torch.equal(before[name], after[name])}
        assert moved
        assert not moved & frozen
        if kind == "convolutions":
            assert any("running_mean" in name for name in moved)  # the trained statistics did learn


def test_frozen_statistics_do_not_move_while_their_layers_do(tmp_path):
    ground = training_inputs("convolutions", tmp_path, method="full")
    with assembled(ground, tmp_path) as task:
        before = {name: tensor.clone() for name, tensor in task.moving.classifier.state_dict().items()}
        Training(task, ONE, quiet_hooks()).run()
        after = task.moving.classifier.state_dict()
    changed = {name for name in before if not torch.equal(before[name], after[name])}
    assert any(name.endswith("bn1.weight") for name in changed)
    assert not [name for name in changed if "running" in name or "num_batches" in name]


@pytest.mark.parametrize(
    "settings",
    [
        {"method": "lpft"},
        {"method": "full", "optimizer": "sgd", "ema": 0.9, "batch_norm": "trained"},
        {"method": "gradual", "mixup": 0.4, "cutmix": 1.0, "l2sp": 0.1},
        {"method": "lpft", "accumulate": 2, "optimizer": "adam", "augment": "trivial"},
        {"method": "lora", "patience": 2},
    ],
)
@pytest.mark.parametrize("fraction", [0.1, 0.5, 0.85])
def test_a_training_that_is_cut_off_anywhere_and_resumed_ends_with_the_same_bits(tmp_path, settings, fraction):
    ground = training_inputs("convolutions", tmp_path, **settings)
    file = tmp_path / "last.safetensors"
    whole = trained(ground, tmp_path)
    with assembled(ground, tmp_path) as task:
        stop_at = max(1, round(fraction * Training(task, ONE, quiet_hooks()).steps))

    def pull_the_plug(step, done, total, note=""):
        if done == stop_at:
            raise KeyboardInterrupt

    keeping = quiet_hooks(keep=lambda checkpoint: write_checkpoint(file, checkpoint), progress=pull_the_plug)
    with pytest.raises(KeyboardInterrupt):
        trained(ground, tmp_path, keeping)
    resumed = trained(ground, tmp_path, resumed=read_checkpoint(file) if file.exists() else None)
    assert equal(whole.tensors, resumed.tensors)
    assert equal(whole.last, resumed.last)
    assert [replace(row, seconds=0.0) for row in whole.history] == [
        replace(row, seconds=0.0) for row in resumed.history
    ]


def test_two_trainings_with_one_seed_are_equal_and_with_another_seed_are_not(tmp_path):
    first = trained(training_inputs("convolutions", tmp_path, method="lpft"), tmp_path)
    assert equal(first.tensors, trained(training_inputs("convolutions", tmp_path, method="lpft"), tmp_path).tensors)
    other = trained(training_inputs("convolutions", tmp_path, method="lpft", seed=2), tmp_path)
    assert not equal(first.tensors, other.tensors)


def test_accumulation_makes_the_step_of_one_large_batch(tmp_path):
    plain = {"method": "lpft", "validation_fraction": 0.0, "clip": 0.0}
    large = trained(training_inputs("transformer", tmp_path, batch_size=8, **plain), tmp_path)
    small = trained(training_inputs("transformer", tmp_path, batch_size=4, accumulate=2, **plain), tmp_path)
    assert [row.steps for row in large.history] == [row.steps for row in small.history]
    for name, tensor in large.tensors.items():
        torch.testing.assert_close(tensor, small.tensors[name], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("kind", ["convolutions", "transformer"])
def test_without_its_habits_full_fine_tuning_is_a_plain_loop_with_adam(tmp_path, kind):
    habits = {"schedule": "constant", "warmup": 0.0, "label_smoothing": 0.0, "clip": 0.0, "layer_decay": 1.0}
    habits |= {"weight_decay": 0.0, "batch_norm": "trained", "validation_fraction": 0.0, "augment": "none"}
    ground = training_inputs(kind, tmp_path, method="full", optimizer="adam", lr=1e-3, epochs=2, **habits)
    found = trained(ground, tmp_path).tensors
    spec, files = ground.encoder.spec, ground.encoder.files
    network = build_classifier(
        lambda: create_network(files.config, load_file(files.weights)), 3, spec.dimension, ground.recipe.run.seed
    )
    inputs = torch.stack([torch.from_numpy(prepare(one.source, spec.preprocessing)) for one in ground.examples])
    labels = torch.from_numpy(ground.labels)
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-3)
    network.train()
    for epoch in range(2):
        for rows in batches(36, 8, 2, ground.recipe.run.seed, epoch):
            optimizer.zero_grad()
            torch.nn.functional.cross_entropy(network(inputs[rows]), labels[rows]).backward()
            optimizer.step()
    assert found.keys() == network.state_dict().keys()
    for name, tensor in network.state_dict().items():
        torch.testing.assert_close(found[name], tensor, rtol=1e-3, atol=1e-4)


def test_in_a_narrow_number_format_the_weights_stay_in_full_and_learn_the_same(tmp_path):
    class Narrow(Engine):
        """What a GPU does: the forward pass in bfloat16."""

        def precision(self):
            return torch.autocast("cpu", torch.bfloat16)

    ground = training_inputs("transformer", tmp_path, method="lpft", epochs=2, lr=0.003, label_smoothing=0.0)
    with assembled(ground, tmp_path) as task:
        narrow = Training(task, Narrow(), quiet_hooks()).run()
    full = trained(ground, tmp_path)
    assert all(tensor.dtype == full.tensors[name].dtype for name, tensor in narrow.tensors.items())
    assert not equal(narrow.tensors, full.tensors)
    for one, other in zip(narrow.history, full.history, strict=True):
        assert one.loss == pytest.approx(other.loss, abs=0.05)
        assert one.validation_loss == pytest.approx(other.validation_loss, abs=0.05)


def test_a_last_picture_alone_joins_the_batch_before(tmp_path):
    # 36 pictures in batches of 7 would leave one: BatchNorm cannot take the variance of one number per channel.
    ground = training_inputs(
        "convolutions", tmp_path, method="full", batch_size=7, batch_norm="trained", validation_fraction=0.0
    )
    assert [row.steps for row in trained(ground, tmp_path).history] == [5, 10, 15]


def test_short_memory_halves_what_is_taken_at_a_time_and_keeps_the_step(tmp_path):
    ground = training_inputs("transformer", tmp_path, method="lpft", batch_size=8, validation_fraction=0.0)
    plenty = trained(ground, tmp_path)
    with assembled(ground, tmp_path) as task:
        inner = task.forward

        def forward(inputs):
            if len(inputs) > 3:
                raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 99 bytes.")
            return inner(inputs)

        short = Training(replace(task, forward=forward), ONE, quiet_hooks()).run()
    assert short.micro == 2
    assert [row.steps for row in short.history] == [row.steps for row in plenty.history]
    for name, tensor in plenty.tensors.items():
        torch.testing.assert_close(tensor, short.tensors[name], rtol=1e-4, atol=1e-5)


def test_no_memory_for_a_single_picture_is_said(tmp_path):
    with assembled(training_inputs("transformer", tmp_path, method="lpft"), tmp_path) as task:

        def forward(inputs):
            raise MemoryError("out of memory")

        with pytest.raises(EncoderError, match="not enough memory to train, not even on one picture at a time"):
            Training(replace(task, forward=forward), ONE, quiet_hooks()).run()


def test_other_runtime_errors_are_not_taken_for_short_memory(tmp_path):
    with assembled(training_inputs("transformer", tmp_path, method="lpft"), tmp_path) as task:

        def forward(inputs):
            raise RuntimeError("a real mistake")

        with pytest.raises(RuntimeError, match="a real mistake"):
            Training(replace(task, forward=forward), ONE, quiet_hooks()).run()


def test_a_loss_that_is_not_a_number_stops_with_the_last_good_weights(tmp_path):
    ground = training_inputs("convolutions", tmp_path, method="lpft", epochs=4, checkpoint_seconds=1000.0)
    good = trained(replace(ground, recipe=ground.recipe.replace(schedule="constant", epochs=4)), tmp_path)
    with assembled(replace(ground, recipe=ground.recipe.replace(schedule="constant")), tmp_path) as task:
        calls, inner = iter(range(10_000)), task.forward
        per_epoch = math.ceil(len(task.train.labels) / 8)

        def forward(inputs):
            scores = inner(inputs)
            training = torch.is_grad_enabled()
            return scores * float("nan") if training and next(calls) == per_epoch + 1 else scores

        outcome = Training(replace(task, forward=forward), ONE, quiet_hooks()).run()
    assert outcome.best == 1
    assert len(outcome.history) == 1
    assert str(outcome.stopped).startswith(
        f"The training stopped at step {per_epoch + 2}: the loss was not a finite number"
    )
    assert "The weights of epoch 1 were kept." in str(outcome.stopped)
    assert all(bool(torch.isfinite(tensor).all()) for tensor in outcome.tensors.values())
    assert good.best == 4


@pytest.mark.parametrize("ema", [0.0, 0.9])
def test_a_loss_that_explodes_stops_with_the_weights_it_started_from(ema, tmp_path):
    ground = training_inputs(
        "convolutions", tmp_path, method="full", optimizer="sgd", lr=90.0, clip=0.0, warmup=0.0, epochs=8, ema=ema
    )
    with assembled(ground, tmp_path) as task:
        before = {name: tensor.clone() for name, tensor in task.moving.tensors().items()}
        outcome = Training(task, ONE, quiet_hooks()).run()
    assert "Try a smaller --lr." in str(outcome.stopped)
    assert outcome.best == 0
    assert equal(outcome.tensors, before)
    assert equal(outcome.last, before)


def test_an_epoch_that_ends_in_weights_without_meaning_is_not_taken(tmp_path):
    ground = training_inputs("convolutions", tmp_path, method="lpft", epochs=4)
    with assembled(ground, tmp_path) as task:
        looks, inner = iter(range(100)), task.forward

        def forward(inputs):
            scores = inner(inputs)
            broken = not torch.is_grad_enabled() and next(looks) == 1  # the second look at the validation part
            return scores * float("nan") if broken else scores

        outcome = Training(replace(task, forward=forward), ONE, quiet_hooks()).run()
    assert outcome.best == 1
    assert str(outcome.stopped) == (
        "The training stopped after epoch 2: the validation loss was not a finite number. "
        "The weights of epoch 1 were kept. Try a smaller --lr."
    )


def test_it_stops_when_the_validation_loss_no_longer_improves_and_takes_the_best_epoch(tmp_path):
    ground = training_inputs(
        "convolutions", tmp_path, method="lpft", epochs=40, patience=2, lr=0.05, schedule="constant", clip=0.0
    )
    outcome = trained(ground, tmp_path)
    losses = [row.validation_loss for row in outcome.history]
    assert outcome.best == int(np.argmin(losses)) + 1
    assert len(losses) < 40
    assert len(losses) - outcome.best == 2
    assert "did not improve for 2 epochs" in str(outcome.stopped)
    assert not equal(outcome.tensors, outcome.last)


def test_the_validation_part_never_trains(tmp_path):
    ground = training_inputs("convolutions", tmp_path, method="lpft")
    halves = hold_out_validation(ground)
    assert len(halves.validation) == 6
    assert not set(halves.train.tolist()) & set(halves.validation.tolist())
    seen = set()
    with assembled(ground, tmp_path) as task:
        views = task.train.views
        taken = views.views.take

        class Watching:
            def __len__(self):
                return len(views.views)

            def take(self, rows, view):
                seen.update(int(row) for row in rows)
                return taken(rows, view)

            def lengths(self, view):
                return None

        watching = replace(task, train=replace(task.train, views=replace(views, views=Watching())), validation=None)
        Training(watching, ONE, quiet_hooks()).run()
    assert seen == set(halves.train.tolist())


def test_gradual_unfreezing_moves_the_first_stage_last(tmp_path):
    ground = training_inputs("convolutions", tmp_path, method="gradual", epochs=8, validation_fraction=0.0)
    first_stage, stems = [], []
    with assembled(ground, tmp_path) as task:
        stem = task.moving.stages[0].parameters[0]

        def note(checkpoint):
            stems.append(checkpoint.tensors[f"live.encoder.{stem}"].clone())

        start = dict(task.moving.classifier.encoder.named_parameters())[stem].detach().clone()
        Training(task, ONE, quiet_hooks(keep=note)).run()
    first_stage = [torch.equal(start, tensor) for tensor in stems]
    assert first_stage[0]
    assert not first_stage[-1]
    assert first_stage == sorted(first_stage, reverse=True)  # once it moves it goes on moving
