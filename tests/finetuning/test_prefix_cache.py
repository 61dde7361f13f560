"""Stages, frozen ones, and the cache of what enters the first moving one."""

from dataclasses import replace

import numpy as np
import pytest
import timm
import torch
from safetensors.torch import load_file

from headstart.encoders.graphs import compare_outputs, export_module
from headstart.encoders.stages import find_stages
from headstart.finetuning.build import assemble, hold_out_validation
from headstart.finetuning.fine_tuning import fine_tune
from headstart.finetuning.freezing import norm_parameters, set_training
from headstart.finetuning.loop import Training
from headstart.finetuning.prefix_cache import cut
from headstart.runtime.context import RunContext
from headstart.settings.rules import training_plan
from training import ONE, quiet_hooks, training_inputs

FAMILIES = {
    "tf_efficientnet_lite0": 64, "resnet18": 64, "convnext_atto": 64, "mobilenetv3_small_050": 64, "regnetx_002": 64,
    "test_vit": 160, "test_resnet": 64,
}  # fmt: skip


def network_of(name: str) -> torch.nn.Module:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return timm.create_model(name, pretrained=False, num_classes=0).eval()


@pytest.mark.parametrize("name", FAMILIES)
def test_every_parameter_is_in_exactly_one_stage_and_the_order_is_that_of_the_network(name):
    network = network_of(name)
    stages = find_stages(network)
    names = [parameter for stage in stages for parameter in stage.parameters]
    assert sorted(names) == sorted(parameter for parameter, _ in network.named_parameters())
    assert len(stages) >= 4
    buffers = [buffer for stage in stages for buffer in stage.buffers]
    assert sorted(buffers) == sorted(buffer for buffer, _ in network.named_buffers())
    assert any(parameter in stages[0].parameters for parameter, _ in list(network.named_parameters())[:3])


def test_the_stages_of_lite0_are_stem_and_blocks_and_the_last_convolution_belongs_to_the_last_stage():
    stages = find_stages(network_of("tf_efficientnet_lite0"))
    assert [stage.name for stage in stages] == ["conv_stem", *(f"blocks.{number}" for number in range(7))]
    assert "conv_head.weight" in stages[-1].parameters


@pytest.mark.parametrize("name", FAMILIES)
@pytest.mark.parametrize("from_end", [1, 2])
def test_prefix_and_suffix_give_what_the_network_gives(name, from_end):
    network = network_of(name)
    stages = find_stages(network)
    pictures = torch.randn(3, 3, FAMILIES[name], FAMILIES[name], generator=torch.Generator().manual_seed(1))
    before = {key: tensor.clone() for key, tensor in network.state_dict().items()}
    found = cut(network, stages, len(stages) - from_end, pictures)
    assert found is not None
    with torch.no_grad():
        activations = found.prefix(pictures)
        torch.testing.assert_close(found.suffix(activations), network(pictures), rtol=1e-4, atol=1e-5)
    assert activations.shape[1:] == found.shape
    assert all(torch.equal(before[key], tensor) for key, tensor in network.state_dict().items())
    moving = {id(dict(network.named_parameters())[key]) for stage in stages[-from_end:] for key in stage.parameters}
    assert moving <= {id(parameter) for parameter in found.suffix.parameters()}  # the very same, not copies


def test_a_network_that_cannot_be_cut_is_said_to_be_so():
    class Skipping(torch.nn.Module):
        """The last stage needs the input again, which a cut would have to keep as well."""

        def __init__(self):
            super().__init__()
            self.one, self.two = torch.nn.Linear(4, 4), torch.nn.Linear(4, 4)

        def forward(self, inputs):
            return self.two(self.one(inputs)) + inputs

    network = Skipping()
    assert cut(network, find_stages(network), 1, torch.randn(2, 4)) is None


def test_the_graph_of_a_prefix_computes_the_prefix_and_holds_nothing_of_the_rest(tmp_path):
    network = network_of("test_resnet")
    pictures = torch.randn(3, 3, 64, 64)
    found = cut(network, find_stages(network), 2, pictures)
    export_module(found.prefix, pictures[:2], tmp_path / "prefix.onnx", "prefix")
    assert compare_outputs(found.prefix, tmp_path / "prefix.onnx", pictures, "the prefix") < 1e-5
    export_module(network, pictures[:2], tmp_path / "whole.onnx", "network")
    assert (tmp_path / "prefix.onnx").stat().st_size < 0.7 * (tmp_path / "whole.onnx").stat().st_size


@pytest.mark.parametrize("kind", ["convolutions", "transformer"])
def test_training_from_the_cache_has_the_losses_and_weights_of_training_without(tmp_path, kind):
    ground = training_inputs(kind, tmp_path, method="last:1", epochs=4, views=2)

    def trained(cached):
        recipe = ground.recipe.replace(prefix_cache=cached)
        here = replace(ground, recipe=recipe)
        plan = training_plan(recipe, len(here.labels), here.target.names)
        assert plan.cached is cached
        with assemble(here, plan, hold_out_validation(here), ONE, RunContext(cache=tmp_path / "cache")) as made:
            assert made.notices == ()
            return Training(made.task, ONE, quiet_hooks()).run()

    cached, uncached = trained(True), trained(False)
    for one, other in zip(cached.history, uncached.history, strict=True):
        assert one.loss == pytest.approx(other.loss, abs=1e-5)
        assert one.validation_loss == pytest.approx(other.validation_loss, abs=1e-5)
    assert cached.tensors.keys() == uncached.tensors.keys()
    for name, tensor in cached.tensors.items():
        torch.testing.assert_close(tensor, uncached.tensors[name], rtol=1e-3, atol=1e-4)


def test_batchnorm_of_frozen_stages_stays_in_evaluation_and_droppath_with_it():
    network = timm.create_model("test_resnet", pretrained=False, num_classes=0, drop_path_rate=0.3)
    stages = find_stages(network)
    set_training(network, stages[-1:], trained_statistics=True)
    for number, stage in enumerate(stages):
        for path in stage.modules:
            assert all(child.training is (number == len(stages) - 1) for child in network.get_submodule(path).modules())


def test_norm_parameters_are_those_of_normalisation_and_the_biases():
    network = network_of("test_resnet")
    names = norm_parameters(network)
    expected = {
        f"{path}.{name}"
        for path, child in network.named_modules()
        if isinstance(child, torch.nn.BatchNorm2d)
        for name in ("weight", "bias")
    }
    expected |= {name for name, _ in network.named_parameters() if name.endswith(".bias")}
    assert set(names) == expected


def test_lora_merged_computes_what_it_computed_before_merging(tmp_path):
    from headstart.finetuning.lora import merge_matrices

    ground = training_inputs("transformer", tmp_path, method="lora", epochs=2)
    plan = training_plan(ground.recipe, len(ground.labels), ground.target.names)
    with assemble(ground, plan, hold_out_validation(ground), ONE, RunContext(cache=tmp_path / "cache")) as made:
        Training(made.task, ONE, quiet_hooks()).run()
        encoder = made.task.moving.classifier.encoder.eval()
        pictures = torch.from_numpy(ground.sample())
        with torch.no_grad():
            before = encoder(pictures)
            merge_matrices(encoder)
            after = encoder(pictures)
    torch.testing.assert_close(before, after, rtol=1e-4, atol=1e-5)
    original = load_file(ground.encoder.files.weights)
    assert encoder.state_dict().keys() == original.keys()
    assert any(not np.array_equal(original[name], tensor) for name, tensor in encoder.state_dict().items())


def test_a_share_of_lora_is_that_share_of_what_is_added_to_the_weights(tmp_path):
    ends = {}
    for wise in ("", "0.25", "0.5"):
        ground = training_inputs("convolutions", tmp_path / f"at-{wise}", method="lora", epochs=2, wise=wise)
        plan = training_plan(ground.recipe, len(ground.labels), ground.target.names)
        tuned = fine_tune(ground, plan, RunContext(cache=tmp_path / "cache"))
        ends[wise] = load_file(tuned.encoder.files.weights)
    start, whole = load_file(ground.encoder.files.weights), ends.pop("")
    moved = [name for name in start if not torch.equal(start[name], whole[name])]
    assert moved
    for share, end in ends.items():
        for name in moved:
            expected = torch.lerp(start[name], whole[name], float(share))
            torch.testing.assert_close(end[name], expected, rtol=1e-4, atol=1e-6)
