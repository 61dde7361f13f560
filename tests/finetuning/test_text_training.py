"""Weights of encoders of documents move: in batches of like lengths, from cached states, and back into a graph."""

from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch

from headstart.data.example import Example
from headstart.data.readers.text import Document
from headstart.data.targets.classes import Classes
from headstart.encoders.saved import open_saved
from headstart.encoders.spec import EncoderFiles, EncoderSpec
from headstart.encoders.text.blocks import read_blocks
from headstart.encoders.text.engine import TextEncoder
from headstart.encoders.text.source import require_trainable
from headstart.encoders.text.tokenizer import FILE, describe_preprocessing, write_tokenizer
from headstart.encoders.text.torch_transformer import HIDDEN, TOGETHER, create_network, load_tensors
from headstart.encoders.text.transformer import WORDS, Transformer
from headstart.encoders.text.transformer_graph import write_transformer
from headstart.errors import RecipeError
from headstart.finetuning.build import assemble, hold_out_validation
from headstart.finetuning.checkpoint import read_checkpoint, write_checkpoint
from headstart.finetuning.fine_tuning import fine_tune
from headstart.finetuning.inputs import TrainingInputs
from headstart.finetuning.loop import Training
from headstart.finetuning.losses import supervised_contrastive
from headstart.finetuning.text_views import TokenViews
from headstart.probing.probe import fit_probe
from headstart.runtime.context import RunContext
from headstart.settings.recipe import Recipe
from headstart.settings.rules import examples_at_once, require_pairs, training_plan
from tiny_transformers import config_json, draw_tensors, tokenizer_json
from training import ONE, quiet_hooks

TEXTS = [
    f"{filling} {word} film"
    for word in ("good", "bad", "long")
    for filling in ("the", "a very", "song of", "not", "story about the war and") * 3
]
DENSE = "encoder.layer.1.intermediate.dense.weight"
LONG = "good " + "the war and love " * 40  # 162 tokens: three pieces of 62


@pytest.fixture(scope="module")
def tiny(tmp_path_factory) -> TextEncoder:
    folder = tmp_path_factory.mktemp("tiny")
    network = Transformer.from_config(config_json(), folder)
    draw = np.random.default_rng(1)
    blocks = {}
    for name, size in ((WORDS, 0.05), (DENSE, 0.005)):
        rows = network.shapes()[name][0]
        blocks[name] = draw.integers(0, 256, (rows, 1, 18)).astype(np.uint8)
        blocks[name][:, :, :2] = draw.normal(0, size, (rows, 1, 1)).astype("<f2").view(np.uint8)
    write_transformer(network, draw_tensors(network) | blocks, folder / "encoder.onnx")
    write_tokenizer(tokenizer_json(), folder / FILE)
    preprocessing = describe_preprocessing(folder / FILE, network.positions)
    spec = EncoderSpec("tiny", network.architecture, 64, "0" * 64, preprocessing, "Apache-2.0", "tests")
    files = EncoderFiles(folder / "encoder.onnx", None, network.to_json(), {FILE: folder / FILE})
    return TextEncoder(spec, files)


def inputs_of(tiny: TextEncoder, texts: list[str] = TEXTS, **settings) -> TrainingInputs:
    given = {"head": "logistic", "seed": 1, "batch_size": 6, "epochs": 3, "checkpoint_seconds": 0.0} | settings
    recipe, target = Recipe(**given), Classes(("good", "bad", "long"))
    labels = np.array([next(number for number, word in enumerate(target.names) if word in text) for text in texts])
    features, groups = tiny.encode([tiny.preprocess(text) for text in texts]), np.arange(len(texts))
    examples = tuple(Example(Document(text), f"#{number}") for number, text in enumerate(texts))
    keys = tuple(bytes([number]) * 32 for number in range(len(texts)))
    probe = fit_probe(features, labels, target, groups, recipe)
    return TrainingInputs(recipe, target, tiny, examples, keys, labels, groups, features, probe)


def plan_of(ground):
    return training_plan(ground.recipe, len(ground.labels), ground.target.names, "text")


def trained(ground, folder, hooks=None, resumed=None):
    context = RunContext(cache=folder)
    with assemble(ground, plan_of(ground), hold_out_validation(ground), ONE, context) as made:
        return Training(made.task, ONE, hooks or quiet_hooks(), resumed).run()


def test_a_batch_is_filled_up_to_its_longest_and_epochs_take_turns_with_pieces():
    views = TokenViews([[np.array([1, 5, 2])], [np.array([1, 7, 8, 2]), np.array([1, 9, 2])]])
    assert views.take(np.array([0, 1]), 0).tolist() == [[1, 5, 2, HIDDEN], [1, 7, 8, 2]]
    assert views.take(np.array([1]), 1).tolist() == [[1, 9, 2]]
    assert views.take(np.array([1]), 2).tolist() == [[1, 7, 8, 2]]
    said = "Of 1 texts that are longer than a piece, a training sees one piece at a time; answers are the mean of all."
    assert [str(notice) for notice in views.notices] == [said]


@pytest.mark.parametrize("method", ["full", "lora"])
def test_weights_that_moved_leave_as_a_graph_and_what_did_not_stays_in_its_blocks(tiny, tmp_path, method):
    files = replace(tiny.files, beside={**tiny.files.beside, "beside.json": b"{}"})  # such as the words of the baseline
    texts = [*TEXTS, LONG]
    ground = inputs_of(TextEncoder(tiny.spec, files), texts, method=method, lr=0.003, epochs=6, rank=2)
    tuned = fine_tune(ground, plan_of(ground), RunContext(cache=tmp_path))
    assert tuned.history[-1].loss < tuned.history[0].loss
    assert any("longer than a piece" in str(notice) for notice in tuned.notices)
    assert tuned.encoder.spec.name == f"tiny+{method}"
    assert tuned.encoder.files.read("beside.json") == b"{}"
    before, after = load_tensors(tiny.spec, tiny.files), load_tensors(tuned.encoder.spec, tuned.encoder.files)
    np.testing.assert_array_equal(after[WORDS], before[WORDS])  # blocks
    kept = {one.name for one in onnx.load(tuned.encoder.files.graph).graph.initializer}
    narrow = {f"{DENSE}.left", f"{DENSE}.right", f"{DENSE.removesuffix('.weight')}.bits"}
    assert (narrow <= kept) is (method == "lora")  # what low-rank matrices add stands beside the blocks
    moved = {name for name in before if not np.array_equal(before[name], after[name])}
    query = "encoder.layer.1.attention.self.query.weight"
    assert query in moved
    assert ("encoder.layer.1.output.LayerNorm.weight" in moved) is (method == "full")
    opened = open_saved(tuned.encoder.spec, tuned.encoder.files)
    (piece,) = opened.preprocessing.pieces(opened.preprocess("a good film"))
    with torch.inference_mode():
        expected = create_network(tuned.encoder.files.config, after)(torch.from_numpy(piece)[None]).numpy()
    np.testing.assert_allclose(opened.encode([opened.preprocess("a good film")]), expected, rtol=0, atol=1e-5)
    assert read_blocks(after[WORDS]).shape == (len(before[WORDS]), 32)


@pytest.mark.parametrize(("method", "moving"), [("last:1", "layer.1."), ("lora", "layer.")])
def test_training_from_cached_states_is_training_without_them(tiny, tmp_path, method, moving):
    settings = {"method": method, "lr": 0.003, "views": 2}
    cached, uncached = (
        trained(inputs_of(tiny, [*TEXTS, LONG], prefix_cache=kept, **settings), tmp_path) for kept in (True, False)
    )
    for one, other in zip(cached.history, uncached.history, strict=True):
        assert one.loss == pytest.approx(other.loss, abs=1e-5)
    assert cached.tensors.keys() == uncached.tensors.keys()
    assert all(name.startswith(("head.", f"encoder.encoder.{moving}")) for name in cached.tensors)
    for name, tensor in cached.tensors.items():
        if name.endswith(".key.bias"):
            continue  # it has no influence, so that rounding alone moves it
        torch.testing.assert_close(tensor, uncached.tensors[name], rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("method", ["lora", "last:1"])
def test_a_training_that_is_cut_off_and_resumed_ends_with_the_same_bits(tiny, tmp_path, method):
    ground, file = inputs_of(tiny, method=method), tmp_path / "last.safetensors"

    def pull_the_plug(step, done, total, note=""):
        if done == 6:
            raise KeyboardInterrupt

    whole = trained(ground, tmp_path)
    keeping = quiet_hooks(keep=lambda checkpoint: write_checkpoint(file, checkpoint), progress=pull_the_plug)
    with pytest.raises(KeyboardInterrupt):
        trained(ground, tmp_path, keeping)
    resumed = trained(ground, tmp_path, resumed=read_checkpoint(file))
    assert whole.last.keys() == resumed.last.keys()
    assert all(torch.equal(tensor, resumed.last[name]) for name, tensor in whole.last.items())
    assert [replace(row, seconds=0.0) for row in whole.history] == [
        replace(row, seconds=0.0) for row in resumed.history
    ]


def test_networks_that_are_no_transformers_cannot_move(tmp_path: Path):
    require_trainable("minilm", "lora")
    with pytest.raises(RecipeError, match=r"The weights of use_multilingual cannot be moved\. Its network is"):
        require_trainable("use_multilingual", "lora")
    with pytest.raises(RecipeError, match="has no network, so there is nothing for 'lora' to train"):
        require_trainable("words", "lora")


def test_presets_and_methods_have_rates_of_their_own_for_documents():
    balanced = training_plan(Recipe(preset="balanced"), 1000, ["yes", "no"], "text")
    assert (balanced.method, balanced.batch_size, balanced.epochs, balanced.rate) == ("lora", 16, 3, 2e-3)
    assert (balanced.crop, balanced.from_probe, balanced.regularisation) == (False, True, 1e-3)
    last = training_plan(Recipe(method="last:2"), 1000, ["yes", "no"], "text")
    assert last.cached and last.views == 3
    assert balanced.cached and balanced.views == 3


def by_hand(features, labels):
    """The loss of Khosla et al. 2020 with the sum outside, term by term."""
    unit = features / np.linalg.norm(features, axis=1, keepdims=True)
    losses = []
    for one, label in enumerate(labels):
        others = [row for row in range(len(labels)) if row != one]
        total = sum(np.exp(unit[one] @ unit[row] / 0.1) for row in others)
        alike = [-np.log(np.exp(unit[one] @ unit[row] / 0.1) / total) for row in others if labels[row] == label]
        losses.append(np.mean(alike) if alike else 0.0)
    return losses


def test_the_contrastive_loss_is_the_formula():
    features, labels = np.random.default_rng(0).normal(size=(9, 5)), [0, 1, 0, 2, 1, 1, 0, 3, 2]  # 3 stands alone
    found = supervised_contrastive(torch.from_numpy(features), torch.tensor(labels))
    np.testing.assert_allclose(found.numpy(), by_hand(features, labels), rtol=1e-9)


def test_a_network_learns_from_pairs_and_folds_say_whether_it_helped(tiny, tmp_path):
    told = []
    context = RunContext(cache=tmp_path, progress=lambda step, done, total, note="": told.append((step, done, total)))
    ground = inputs_of(tiny, method="contrastive", batch_size=0, epochs=8, lr=0.003)
    plan = plan_of(ground)
    assert (plan.batch_size, examples_at_once(plan, on_cpu=True)) == (len(TEXTS), len(TEXTS))
    tuned = fine_tune(ground, plan, context)
    assert tuned.history[-1].loss < tuned.history[0].loss and tuned.history[-1].accuracy == 1.0
    assert tuned.encoder.spec.name == "tiny+contrastive" and not len(tuned.validation)
    opened = open_saved(tuned.encoder.spec, tuned.encoder.files)
    features = opened.encode([opened.preprocess(text) for text in TEXTS])
    assert (tuned.head.scores(features).argmax(axis=1) == ground.labels).all()
    assert [part for part in told if part[0] == "Training in folds"] == [
        *(("Training in folds", step, 8) for step in range(1, 5)),
        ("Training in folds", 1, 1),  # the first of two folds was clear enough
    ]
    told.clear()
    blind = replace(ground, labels=np.arange(len(TEXTS)) % 3)  # nothing that a text says
    kept = fine_tune(blind, replace(plan, epochs=2), context)
    assert kept.encoder is None
    assert "it did not help here, and the probe was kept" in str(kept.notices[-1])
    assert told[-1] == ("Training in folds", 2, 2)


def test_many_rows_are_computed_with_those_of_their_length_and_come_back_in_their_order():
    network = create_network(asdict(Transformer("bert", 2, 8, 2, 16, 50, 20, 2, 0, 0, 1e-12)), None)
    lengths = np.random.default_rng(0).integers(1, 19, 2 * TOGETHER + 1)
    ids = torch.tensor([[number % 50 for number in range(length)] + [HIDDEN] * (20 - length) for length in lengths])
    ids[:, 0] = torch.arange(len(lengths))
    with torch.inference_mode():
        torch.testing.assert_close(network(ids), torch.cat([network(row[None]) for row in ids]))


@pytest.mark.parametrize(("counts", "said"), [([1, 5], "has 1, the largest 5"), ([40, 40], "has 40, the largest 40")])
def test_pairs_are_for_few_examples_of_each_class(counts, said):
    with pytest.raises(RecipeError) as error:
        require_pairs(counts)
    assert str(error.value) == (
        f"The method 'contrastive' is for 2 to 32 pictures of each class. In the part to fit the smallest class "
        f"{said}. Where there are more, learn from fewer with --shots 32, or use --method lora."
    )
