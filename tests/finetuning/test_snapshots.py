"""The best and the last epoch of a training stay in its folder, each as a network that opens."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import timm
import torch
from safetensors.torch import load_file

from headstart.finetuning.build import assemble, hold_out_validation
from headstart.finetuning.checkpoint import LAST
from headstart.finetuning.loop import Training
from headstart.finetuning.resume import find_checkpoint
from headstart.finetuning.snapshots import write_best_and_last
from headstart.runtime.context import RunContext
from headstart.settings.rules import training_plan
from training import ONE, quiet_hooks, training_inputs


def opened(folder: Path, inputs: torch.Tensor) -> torch.Tensor:
    """What timm alone makes of a folder."""
    network = timm.create_model(f"local-dir:{folder}", pretrained=True).eval()
    with torch.no_grad():
        return network(inputs)


@pytest.mark.parametrize("method", ["lpft", "last:1", "lora"])
def test_timm_opens_the_best_and_the_last_epoch_with_their_scores(method, tmp_path):
    ground = training_inputs("convolutions", tmp_path, method=method, epochs=2, lr=0.005)
    ground = replace(
        ground, encoder=replace(ground.encoder, spec=replace(ground.encoder.spec, classifier="fc", licence="MIT"))
    )
    plan = training_plan(ground.recipe, len(ground.labels), ground.target.names)
    inputs = torch.from_numpy(ground.sample())
    with assemble(ground, plan, hold_out_validation(ground), ONE, RunContext(cache=tmp_path / "cache")) as made:
        moving = made.task.moving
        start = {name: tensor.clone() for name, tensor in moving.tensors().items()}
        outcome = replace(Training(made.task, ONE, quiet_hooks()).run(), tensors=start)  # as if nothing got better
        expected = {}
        for name, tensors in (("best", outcome.tensors), ("last", outcome.last)):
            moving.load(tensors)
            with torch.no_grad():
                expected[name] = moving.classifier.eval()(inputs)
        write_best_and_last(ground, made.task, outcome, tmp_path / "training")
        with torch.no_grad():  # the network itself is as it was
            torch.testing.assert_close(moving.classifier.eval()(inputs), expected["last"], rtol=0, atol=0)
    assert not torch.allclose(expected["best"], expected["last"], atol=1e-3)
    for name, scores in expected.items():
        torch.testing.assert_close(opened(tmp_path / "training" / name, inputs), scores, rtol=1e-4, atol=1e-4)
    config = json.loads((tmp_path / "training" / "last" / "config.json").read_text())
    assert config["label_names"] == ["red", "green", "blue"]


def test_a_network_without_a_classifier_layer_is_kept_without_its_head(tmp_path):
    ground = training_inputs("convolutions", tmp_path, method="last:1", epochs=1)
    plan = training_plan(ground.recipe, len(ground.labels), ground.target.names)
    with assemble(ground, plan, hold_out_validation(ground), ONE, RunContext(cache=tmp_path / "cache")) as made:
        write_best_and_last(ground, made.task, Training(made.task, ONE, quiet_hooks()).run(), tmp_path)
        assert (
            load_file(tmp_path / "last" / "model.safetensors").keys()
            == made.task.moving.classifier.encoder.state_dict().keys()
        )
    assert json.loads((tmp_path / "last" / "config.json").read_text()) == ground.encoder.files.config


def test_what_a_killed_writer_left_half_written_is_removed_before_going_on(tmp_path):
    ground = training_inputs("convolutions", tmp_path / "network", method="last:1")
    (tmp_path / f".{LAST}.0a1b2c3d.partial").write_bytes(b"half of it")
    (tmp_path / "profile").mkdir()
    assert find_checkpoint(ground, RunContext(run_folder=tmp_path)) is None
    assert len(list(tmp_path.iterdir())) == 3
    assert find_checkpoint(ground, RunContext(run_folder=tmp_path, resume=True)) is None
    assert sorted(path.name for path in tmp_path.iterdir()) == ["network", "profile"]
