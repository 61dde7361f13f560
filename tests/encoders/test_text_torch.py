"""The network of documents in torch: the same numbers as its graph, read back from that."""

import numpy as np
import pytest
import torch

from headstart.encoders.text.graph_tensors import read_graph
from headstart.encoders.text.torch_transformer import HIDDEN, build_transformer, create_network
from headstart.encoders.text.transformer import WORDS, Transformer
from headstart.encoders.text.transformer_graph import write_transformer
from headstart.errors import EncoderError
from tiny_transformers import config_json, draw_tensors


def drawn_blocks(shape: tuple[int, int], seed: int) -> np.ndarray:
    draw = np.random.default_rng(seed)
    blocks = draw.integers(0, 256, (shape[0], shape[1] // 32, 18)).astype(np.uint8)
    blocks[:, :, :2] = draw.normal(0, 0.05, (*blocks.shape[:2], 1)).astype("<f2").view(np.uint8)
    return blocks


@pytest.mark.parametrize("kind", ["bert", "xlm-roberta", "mpnet", "blocks"])
def test_the_network_computes_what_its_graph_computes_and_is_read_back_from_it(kind, tmp_path):
    import onnxruntime

    network = Transformer.from_config(config_json("bert" if kind == "blocks" else kind), tmp_path)
    tensors = draw_tensors(network)
    if kind == "blocks":
        query = "encoder.layer.1.attention.self.query.weight"
        tensors |= {WORDS: drawn_blocks((network.vocabulary, 32), 1), query: drawn_blocks((32, 32), 2)}
    write_transformer(network, tensors, tmp_path / "graph.onnx")
    ids = np.random.default_rng(0).integers(0, network.vocabulary, (3, 9))
    ids[1, 5:] = HIDDEN
    mask = (ids != HIDDEN).astype(np.int64)
    session = onnxruntime.InferenceSession(str(tmp_path / "graph.onnx"), providers=["CPUExecutionProvider"])
    (expected,) = session.run(None, {"input_ids": np.maximum(ids, 0), "attention_mask": mask})
    read = read_graph(network, tmp_path / "graph.onnx")
    assert [name for name in tensors if tensors[name].dtype == np.uint8] == [
        name for name in read if read[name].dtype == np.uint8 and np.array_equal(read[name], tensors[name])
    ]
    with torch.inference_mode():
        for made in (build_transformer(network, tensors), create_network(network.to_json(), read)):
            np.testing.assert_allclose(made(torch.from_numpy(ids)), expected, rtol=0, atol=1e-5)
        states = made.hidden_states(torch.from_numpy(np.maximum(ids, 0)), torch.from_numpy(mask))
    assert [tuple(one.shape) for one in states] == [(3, 9, 32)] * 3


def test_a_tensor_that_is_missing_or_of_another_shape_is_named(tmp_path):
    network = Transformer.from_config(config_json(), tmp_path)
    tensors = draw_tensors(network)
    with pytest.raises(EncoderError, match="word_embeddings"):
        build_transformer(network, {name: tensor for name, tensor in tensors.items() if name != WORDS})
    (tmp_path / "broken.onnx").write_bytes(b"no graph")
    with pytest.raises(EncoderError, match=r"broken\.onnx"):
        read_graph(network, tmp_path / "broken.onnx")
