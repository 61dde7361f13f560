"""Encoders of documents: the same numbers as transformers', the same bits in any batch, no token left out."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from headstart import registry
from headstart.encoders.preprocess import text_tokens
from headstart.encoders.preprocess.text_tokens import TextPreprocessing, open_tokenizer
from headstart.encoders.saved import open_saved
from headstart.encoders.spec import EncoderSpec
from headstart.encoders.text.engine import MOST_PIECES, MOST_TOKENS, TextEncoder, group_by_length
from headstart.encoders.text.loading import list_names, load_encoder, require_encoder
from headstart.encoders.text.transformer import Transformer
from headstart.errors import EncoderError, MissingExtraError, MissingWeightsError, UnknownNameError
from tiny_transformers import CONFIG, WORDS, config_json, save_transformer, tokenizer_json, vocabulary

LONG = " ".join(WORDS * 8)  # 224 tokens: four pieces of 62


@pytest.fixture(autouse=True)
def text_is_known(monkeypatch):
    monkeypatch.setitem(registry.TABLES["modalities"], "text", "tiny_transformers:ROW")


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return save_transformer(tmp_path_factory.mktemp("text") / "tiny")


@pytest.fixture
def tiny(folder, session_cache) -> TextEncoder:
    return load_encoder(str(folder), cache=session_cache)


def hidden_means(folder: Path, ids: np.ndarray) -> np.ndarray:
    """The unit means of the last two layers, by transformers."""
    from transformers import AutoModel

    model = AutoModel.from_pretrained(folder).eval()
    with torch.inference_mode():
        states = model(torch.tensor(ids)[None], torch.ones(1, len(ids)), output_hidden_states=True).hidden_states
    means = [layer[0].mean(0) for layer in (states[-1], states[-2])]
    return torch.cat([mean / mean.norm() for mean in means]).numpy()


@pytest.mark.parametrize("kind", ["bert", "xlm-roberta", "mpnet", "distilbert"])
def test_a_written_graph_is_the_network_of_transformers(kind, tmp_path):
    encoder = load_encoder(str(save_transformer(tmp_path / kind, kind)), cache=tmp_path)
    assert encoder.spec.architecture == f"{kind}-2x32" and encoder.spec.dimension == 64
    for document in ("a good film", "不 very long story" * 5, "x"):
        tokens = encoder.preprocess(document)
        (piece,) = encoder.preprocessing.pieces(tokens)
        np.testing.assert_allclose(encoder.encode([tokens])[0], hidden_means(tmp_path / kind, piece), rtol=0, atol=1e-5)


def save_electra(folder: Path, **changes: object) -> Path:
    """A network that is not of the BERT family: its embedding is narrower than its layers."""
    from transformers import ElectraConfig, ElectraModel

    sizes = {name: CONFIG[name] for name in CONFIG if name not in ("layer_norm_eps", "hidden_act")}
    ElectraModel(ElectraConfig(vocab_size=len(vocabulary()), embedding_size=16, **sizes)).save_pretrained(folder)
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, **changes}))
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer_json()))
    return folder


def test_a_network_of_another_family_is_opened_by_transformers_and_becomes_a_graph(tmp_path, capfd):
    folder = save_electra(tmp_path / "electra")
    encoder = load_encoder(str(folder), cache=tmp_path)
    assert (encoder.spec.architecture, encoder.spec.dimension) == ("electra-2x32", 64)
    for document in ("a good film", "very long story" * 4):
        tokens = encoder.preprocess(document)
        (piece,) = encoder.preprocessing.pieces(tokens)
        np.testing.assert_allclose(encoder.encode([tokens])[0], hidden_means(folder, piece), rtol=0, atol=1e-5)
    assert str(tmp_path).encode() not in encoder.files.graph.read_bytes()


def test_a_network_of_another_family_is_refused_for_a_plain_reason(tmp_path, monkeypatch):
    folder = save_electra(tmp_path / "own", model_type="own", auto_map={"AutoModel": "own.Own"})
    (folder / "own.py").write_text("raise SystemExit('code of a folder was run')")
    with pytest.raises(EncoderError, match="Code of a folder is never run") as caught:
        load_encoder(str(folder), cache=tmp_path / "cache")
    assert caught.value.problem == f"The folder '{folder}' cannot be opened by transformers."
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    with pytest.raises(EncoderError, match="only from safetensors"):
        require_encoder(str(folder), tmp_path, [])
    monkeypatch.setattr("headstart.encoders.text.foreign.find_spec", lambda name: None)
    with pytest.raises(MissingExtraError) as missing:
        require_encoder(str(folder), tmp_path, [])
    assert missing.value.remedy == 'Install it with: pip install "headstart[transformers]"'


def test_a_document_has_the_same_bits_in_every_batch_and_with_two_threads(tiny, folder, session_cache):
    draw = np.random.default_rng(0)
    documents = [" ".join(draw.choice(WORDS, draw.integers(0, 90))) for _ in range(60)]
    inputs = [tiny.preprocess(document) for document in documents]
    alone = np.concatenate([tiny.encode([tokens]) for tokens in inputs])
    two = load_encoder(str(folder), cache=session_cache, threads=2)
    for encoder in (tiny, two):
        np.testing.assert_array_equal(encoder.encode(inputs), alone)
        np.testing.assert_array_equal(encoder.encode(inputs[::-1]), alone[::-1])


def test_a_batch_that_is_filled_up_gives_the_same_numbers_but_for_their_last_bits(tiny):
    short, long = (tiny.preprocessing.pieces(tiny.preprocess(text))[0] for text in ("a film", "a very good film"))
    ids, mask = np.zeros((2, len(long)), np.int64), np.zeros((2, len(long)), np.int64)
    for row, piece in enumerate((short, long)):
        ids[row, : len(piece)], mask[row, : len(piece)] = piece, 1
    (rows,) = tiny._open().run(None, {"input_ids": ids, "attention_mask": mask})
    alone = tiny.encode([tiny.preprocess("a film"), tiny.preprocess("a very good film")])
    np.testing.assert_allclose(rows, alone, rtol=0, atol=1e-6)


def test_a_long_document_is_the_mean_of_its_pieces_by_their_lengths(tiny):
    tokens = tiny.preprocess(LONG)
    pieces = tiny.preprocessing.pieces(tokens)
    assert [len(piece) - 2 for piece in pieces] == [62, 62, 62, len(tokens) - 186]
    parts = tiny.encode([piece[1:-1].astype(np.int32) for piece in pieces]).astype(np.float64)
    mean = (np.average(parts, axis=0, weights=[62, 62, 62, len(tokens) - 186])).reshape(2, -1)
    expected = (mean / np.linalg.norm(mean, axis=1, keepdims=True)).ravel()
    np.testing.assert_allclose(tiny.encode([tokens])[0], expected, rtol=0, atol=1e-6)


def test_what_stands_behind_the_first_piece_counts(tiny):
    first = " ".join(["story"] * 62)
    same, other = (tiny.encode([tiny.preprocess(f"{first} {word}")])[0] for word in ("love", "war"))
    assert not np.allclose(same, other)


@given(st.lists(st.integers(4, 60), max_size=300), st.integers(1, 40))
def test_pieces_hold_every_token_once_and_in_order(ids, length):
    cut = TextPreprocessing("", before=(2,), after=(3,), unknown=1, piece=length)
    pieces = cut.pieces(np.array(ids, np.int32))
    assert [token for piece in pieces for token in piece[1:-1].tolist()] == ids
    assert all(len(piece) <= length + 2 and piece[0] == 2 and piece[-1] == 3 for piece in pieces)
    assert sum(cut.count_tokens(pieces)) == max(len(ids), 1)


@given(st.lists(st.integers(1, 300), max_size=80))
def test_places_are_grouped_by_length_and_a_run_is_bounded(lengths):
    groups = list(group_by_length(lengths))
    assert sorted(place for group in groups for place in group) == list(range(len(lengths)))
    for group in groups:
        assert len({lengths[place] for place in group}) == 1
        assert len(group) <= MOST_PIECES and len(group) * lengths[group[0]] <= MOST_TOKENS


def test_names_of_special_tokens_are_ordinary_text(tiny):
    tokens = tiny.preprocess("[CLS] a [SEP]").tolist()
    assert len(tokens) > 3 and not {2, 3} & set(tokens)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.text(st.characters(exclude_categories=()), max_size=40))
def test_no_document_is_refused_and_no_frame_comes_from_a_document(tiny, document):
    tokens = tiny.preprocess(document)
    assert tokens.dtype == np.int32 and not {0, 2, 3} & set(tokens.tolist())


def test_nul_and_half_surrogates_become_the_mark_of_the_unreadable(tiny):
    assert tiny.preprocess("a\x00b\ud800").tolist() == tiny.preprocess("a\ufffdb\ufffd").tolist()


def test_an_empty_document_has_features(tiny):
    assert np.isfinite(tiny.encode([tiny.preprocess("")])).all()


def test_the_share_of_unknown_tokens_is_known(tiny):
    inputs = [tiny.preprocess("a film"), tiny.preprocess("文 字")]
    assert tiny.preprocessing.share_unknown(inputs) == 0.5
    assert tiny.preprocessing.share_unknown([]) == 0


def test_an_encoder_is_described_and_opened_again_from_its_files(tiny, monkeypatch):
    data = json.loads(json.dumps(tiny.spec.to_json()))
    assert "file" not in data["preprocessing"]
    spec = EncoderSpec.from_json(data)
    assert spec == tiny.spec and spec.digest == tiny.spec.digest
    opened = open_saved(spec, tiny.files)
    tokens = opened.preprocess("a good film")
    np.testing.assert_array_equal(opened.encode([tokens]), tiny.encode([tokens]))
    before = spec.digest
    assert replace(spec, preprocessing=replace(tiny.preprocessing, tokenizer="0" * 64)).digest != before
    monkeypatch.setattr(text_tokens, "version", lambda name: "0.0")
    assert spec.digest != before


def test_what_was_prepared_is_opened_again_and_made_again_when_it_is_damaged(folder, tmp_path):
    first = load_encoder(str(folder), cache=tmp_path)
    made = first.files.graph.stat().st_mtime_ns
    assert load_encoder(str(folder), cache=tmp_path).files.graph.stat().st_mtime_ns == made
    first.files.beside["tokenizer.json"].write_text("{}")
    again = load_encoder(str(folder), cache=tmp_path)
    open_tokenizer.cache_clear()
    assert again.preprocess("a film").tolist() == first.preprocess("a film").tolist()


def test_a_nested_folder_and_weights_of_torch_are_taken(tmp_path, folder):
    save_transformer(tmp_path / "whole" / "0_Transformer")
    expected = load_encoder(str(folder), cache=tmp_path)
    tensors = {"bert." + name: torch.tensor(value) for name, value in _tensors(folder).items()}
    (tmp_path / "whole" / "0_Transformer" / "model.safetensors").unlink()
    torch.save(tensors, tmp_path / "whole" / "0_Transformer" / "pytorch_model.bin")
    encoder = load_encoder(str(tmp_path / "whole"), cache=tmp_path)
    tokens = encoder.preprocess("a good film")
    np.testing.assert_array_equal(encoder.encode([tokens]), expected.encode([tokens]))


def _tensors(folder: Path) -> dict[str, np.ndarray]:
    from safetensors.numpy import load_file

    return load_file(folder / "model.safetensors")


BIAS = "encoder.layer.1.output.dense.bias"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({BIAS: None}, f"They lack '{BIAS}'."),
        ({"encoder.layer.2.bias": np.zeros(3, np.float32)}, "It has no 'encoder.layer.2.bias'."),
        ({BIAS: np.zeros(31, np.float32)}, f"'{BIAS}' should have the shape (32,); it is float32 (31,)."),
        ({BIAS: np.zeros(32, np.int64)}, f"'{BIAS}' should have the shape (32,); it is int64 (32,)."),
    ],
)
def test_a_tensor_that_is_missing_foreign_or_of_another_shape_is_named(changes, said, tmp_path):
    folder = save_transformer(tmp_path / "tiny", **changes)
    with pytest.raises(EncoderError) as caught:
        load_encoder(str(folder), cache=tmp_path / "cache")
    assert caught.value.reason == said
    assert str(folder / "model.safetensors") in caught.value.problem


def test_parts_that_give_no_features_are_left_out(tmp_path):
    more = {"pooler.dense.weight": np.zeros((32, 32), np.float32), "cls.predictions.bias": np.zeros(9, np.float32)}
    assert load_encoder(str(save_transformer(tmp_path / "tiny", **more)), cache=tmp_path).spec.dimension == 64


@pytest.mark.parametrize(
    ("file", "content", "problem"),
    [
        ("config.json", "{", "The file '{}' does not describe a network."),
        ("config.json", "[]", "The file '{}' does not describe a network."),
        ("config.json", '{"model_type": "t5"}', "The network of '{}' is of a kind that is not read."),
        ("config.json", json.dumps({**config_json(), "hidden_size": 0}), "The file '{}' does not describe a network."),
        ("config.json", json.dumps({**config_json(), "hidden_size": 33}), "The file '{}' does not describe a network."),
        ("config.json", json.dumps({**config_json(), "num_hidden_layers": None}), "The file '{}' does not describe"),
        ("tokenizer.json", "{}", "The tokenizer '{}' cannot be opened."),
        ("tokenizer.json", '{"model": {"vocab": {}}}', "The tokenizer '"),
    ],
)
def test_a_damaged_file_of_a_folder_is_named(file, content, problem, tmp_path):
    folder = save_transformer(tmp_path / "tiny")
    (folder / file).write_text(content)
    with pytest.raises(EncoderError) as caught:
        load_encoder(str(folder), cache=tmp_path / "cache")
    assert caught.value.problem.startswith(problem.format(folder / file))


@pytest.mark.parametrize(
    ("file", "said"),
    [
        ("config.json", "The folder '{}' holds no encoder of documents. It has no config.json."),
        ("tokenizer.json", "The folder '{}' holds no tokenizer. It has no tokenizer.json."),
        ("model.safetensors", "The folder '{}' holds no weights."),
    ],
)
def test_a_file_that_a_folder_lacks_is_named(file, said, tmp_path):
    folder = save_transformer(tmp_path / "tiny")
    (folder / file).unlink()
    with pytest.raises(EncoderError) as caught:
        require_encoder(str(folder), tmp_path, [])
    assert str(caught.value).startswith(said.format(folder))


def test_names_are_known_missing_or_unknown(tmp_path):
    with pytest.raises(MissingWeightsError) as missing:
        require_encoder("minilm", tmp_path, [])
    assert missing.value.remedy == "Bring them with: headstart encoders get minilm"
    with pytest.raises(UnknownNameError) as unknown:
        require_encoder("minilmm", tmp_path, [])
    assert unknown.value.problem == "There is no encoder 'minilmm' for documents."
    assert unknown.value.remedy == "Did you mean 'minilm'?"
    assert list_names(tmp_path, []) == ()


def test_the_device_is_the_cpu(tmp_path):
    with pytest.raises(EncoderError, match="does not run on a CUDA device"):
        load_encoder("minilm", cache=tmp_path, device="cuda")


def test_without_the_library_that_tokenises_it_is_said_what_brings_it(tmp_path, monkeypatch):
    monkeypatch.setattr(text_tokens, "find_spec", lambda name: None)
    with pytest.raises(MissingExtraError) as caught:
        require_encoder("minilm", tmp_path, [])
    assert "pip install" in str(caught.value) and "headstart[text]" in str(caught.value)


def test_an_encoder_whose_frame_fills_its_positions_is_refused(tmp_path):
    folder = save_transformer(tmp_path / "tiny")
    config = {**config_json(), "max_position_embeddings": 2}
    (folder / "config.json").write_text(json.dumps(config))
    tensors = _tensors(folder)
    from safetensors.numpy import save_file

    tensors["embeddings.position_embeddings.weight"] = np.zeros((2, 32), np.float32)
    save_file(tensors, folder / "model.safetensors")
    assert Transformer.from_config(config, folder).positions == 2
    with pytest.raises(EncoderError, match="does not fit its network"):
        load_encoder(str(folder), cache=tmp_path / "cache")
