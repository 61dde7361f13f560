"""Weights of documents in 4 bits with their vocabulary: read whole, computed as what they stand for, or refused."""

import json
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.numpy import save_file

from headstart import registry
from headstart.encoders.text.blocks import read_blocks
from headstart.encoders.text.e5_file import read_e5
from headstart.encoders.text.engine import TextEncoder
from headstart.encoders.text.loading import load_encoder, prepare_text_encoder
from headstart.encoders.text.tokenizer import write_tokenizer
from headstart.encoders.text.transformer import Transformer
from headstart.encoders.weights import Weights
from headstart.errors import EncoderError
from headstart.runtime.hashing import sha256_of_file
from headstart.runtime.progress import silent
from tiny_transformers import CONFIG, draw_tensors

SPECIAL = ["<s>", "<pad>", "</s>", "<unk>"]
PIECES = [*SPECIAL, *"abcdefghij", "\u2581", "\u2581a", "\u2581good", "\uff5e", "~", "\u4f60", "<mask>"]
SCORES = [0.0] * 4 + [-float(number) for number in range(1, len(PIECES) - 4)] + [0.0]
ROWS = len(PIECES) + 3  # the table of words has rows for no piece
NETWORK = Transformer.from_config({**CONFIG, "model_type": "bert", "vocab_size": ROWS, "type_vocab_size": 1}, Path())
SHORT = {
    "self.query": "q",
    "self.key": "k",
    "self.value": "v",
    "output.LayerNorm": "aln",
    "output.dense": "ao",
}


@pytest.fixture(autouse=True)
def text_is_known(monkeypatch):
    monkeypatch.setitem(registry.TABLES["modalities"], "text", "tiny_transformers:ROW")


def their_name(name: str) -> str:
    parts = name.split(".")
    end = {"weight": "w", "bias": "b"}[parts[-1]]
    if parts[0] == "embeddings":
        kind = parts[1].split("_")[0]
        short = {"word": "word", "position": "pos", "token": "type", "LayerNorm": f"ln.{end}"}[kind]
        return f"emb.{short}"
    inside = ".".join(parts[3:-1])
    named = {"intermediate.dense": "fi", "output.dense": "fo", "output.LayerNorm": "oln"}
    short = named.get(inside) or SHORT[inside.removeprefix("attention.")]
    return f"l{parts[2]}.{short}.{end}"


def quantise(tensor: np.ndarray) -> np.ndarray:
    """Blocks of 18 bytes: a scale, then 16 bytes of two numbers each, written number by number."""
    rows, wide = tensor.shape
    blocks = np.zeros((rows, wide // 32, 18), np.uint8)
    for row in range(rows):
        for number in range(wide // 32):
            values = tensor[row, 32 * number : 32 * number + 32]
            scale = np.float16(max(np.abs(values).max() / 7, 1e-3))
            rounded = np.clip(np.round(values / np.float32(scale)), -8, 7).astype(int) + 8
            blocks[row, number, :2] = np.frombuffer(scale.tobytes(), np.uint8)
            for place in range(16):
                blocks[row, number, 2 + place] = rounded[place] | rounded[16 + place] << 4
    return blocks


def is_in_blocks(name: str) -> bool:
    return name.endswith("weight") and "LayerNorm" not in name and "position" not in name and "type" not in name


def e5_bytes(tensors: dict[str, np.ndarray]) -> bytes:
    head = b"E5S1" + struct.pack("<I7ifi", 1, 32, 2, 4, 64, ROWS, 64, 1, 1e-6, 32)
    letters = [piece.encode() for piece in PIECES]
    offsets = np.cumsum([0, *map(len, letters)]).astype("<u4")
    words = struct.pack("<5iQ", len(PIECES), 0, 2, 1, 3, int(offsets[-1])) + offsets.tobytes()
    words += np.array(SCORES, "<f4").tobytes() + b"".join(letters)
    characters = struct.pack("<iI", 1, 9) + struct.pack("<IBI", 9, 1, 32)
    contents = [tensor.tobytes() for tensor in tensors.values()]
    entries = []
    size = sum(2 + len(their_name(name)) + 21 for name in tensors)
    at = len(head) + len(words) + len(characters) + 4 + size
    for (name, tensor), content in zip(tensors.items(), contents, strict=True):
        short = their_name(name).encode()
        count = tensor.size if tensor.dtype != np.uint8 else tensor.shape[0] * tensor.shape[1] * 32
        row = struct.pack("<BIQQ", tensor.dtype == np.uint8, count, at, len(content))
        entries.append(struct.pack("<H", len(short)) + short + row)
        at += len(content)
    return head + words + characters + struct.pack("<i", len(tensors)) + b"".join(entries) + b"".join(contents)


@pytest.fixture(scope="module")
def packed() -> dict[str, np.ndarray]:
    return {
        name: quantise(tensor) if is_in_blocks(name) else tensor.astype("<f4")
        for name, tensor in draw_tensors(NETWORK).items()
    }


@pytest.fixture(scope="module")
def file(tmp_path_factory, packed) -> Path:
    path = tmp_path_factory.mktemp("e5") / "tiny.bin"
    path.write_bytes(e5_bytes(packed))
    return path


def opened(path: Path, architecture: str, cache: Path) -> TextEncoder:
    weights = Weights("tiny", path, sha256_of_file(path), architecture, "MIT", "here", "package")
    prepared = prepare_text_encoder(weights, cache, silent)
    return TextEncoder(prepared.spec, prepared.files)


@pytest.fixture(scope="module")
def prepared(file, tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def e5(file, prepared) -> TextEncoder:
    return opened(file, "multilingual-e5-small", prepared)


def test_a_file_is_read_with_its_network_its_vocabulary_and_its_tensors(file, packed):
    found = read_e5(file)
    assert (found.network, found.pieces, found.scores) == (NETWORK, PIECES, SCORES)
    assert found.special == {"bos": 0, "eos": 2, "pad": 1, "unk": 3, "mask": len(PIECES) - 1}
    assert found.tensors.keys() == NETWORK.shapes().keys()
    assert all((found.tensors[name] == tensor).all() for name, tensor in packed.items())


def test_a_graph_of_blocks_computes_what_they_stand_for(e5, packed, tmp_path):
    plain = {name: read_blocks(one) if one.dtype == np.uint8 else one for name, one in packed.items()}
    save_file(plain, tmp_path / "model.safetensors")
    config = {**CONFIG, "model_type": "bert", "vocab_size": ROWS, "type_vocab_size": 1}
    (tmp_path / "config.json").write_text(json.dumps(config))
    write_tokenizer(json.loads(e5.files.read("tokenizer.json")), tmp_path / "tokenizer.json")
    reference = load_encoder(str(tmp_path), cache=tmp_path / "cache")
    inputs = [e5.preprocess(document) for document in ("good", "a good bad face", "abcdefghij" * 9)]
    np.testing.assert_allclose(e5.encode(inputs), reference.encode(inputs), rtol=0, atol=1e-5)
    assert e5.files.graph.stat().st_size < 0.6 * reference.files.graph.stat().st_size


def test_the_bits_of_a_document_in_blocks_do_not_depend_on_its_company(e5):
    inputs = [e5.preprocess("good " * count) for count in (1, 2, 3, 3, 2, 1, 70)]
    alone = np.concatenate([e5.encode([tokens]) for tokens in inputs])
    np.testing.assert_array_equal(e5.encode(inputs), alone)


def pieces_of(encoder: TextEncoder, document: str) -> list[str]:
    return [PIECES[number] for number in encoder.preprocess(document)]


def test_documents_are_normalised_as_sentencepiece_does_and_frames_do_not_come_from_them(e5):
    assert e5.preprocessing.before == (0,) and e5.preprocessing.after == (2,) and e5.preprocessing.unknown == 3
    assert pieces_of(e5, "good  \u200b\uff41\x02\tgood") == ["\u2581good", "\u2581a", "\u2581good"]
    assert pieces_of(e5, "\uff5e") == ["\u2581", "\uff5e"]  # NFKC would make it ~
    assert not {0, 1, 2} & set(e5.preprocess("<s> a </s> <pad> <mask>").tolist())
    assert e5.preprocess("\u2603\u2603 a").tolist() == [PIECES.index("\u2581"), 3, PIECES.index("\u2581a")]


def test_a_tensor_that_is_missing_foreign_or_of_another_size_is_named(packed, tmp_path):
    name = "encoder.layer.1.output.dense.bias"
    foreign = name.replace("1", "2")
    cases = [
        ({key: one for key, one in packed.items() if key != name}, f"They lack '{name}'."),
        (packed | {foreign: packed[name]}, f"It has no '{foreign}'."),
        (packed | {name: packed[name][:31]}, f"'{name}' should have the shape (32,); it is 124 bytes."),
    ]
    for number, (tensors, said) in enumerate(cases):
        path = tmp_path / f"{number}.bin"
        path.write_bytes(e5_bytes(tensors))
        with pytest.raises(EncoderError) as caught:
            read_e5(path)
        assert caught.value.reason == said


@pytest.fixture(scope="module")
def scratch(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("scratch") / "hostile.bin"


def refused_or_whole(path: Path) -> None:
    try:
        found = read_e5(path)
    except EncoderError:
        return
    assert found.tensors.keys() == found.network.shapes().keys()


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)
@given(data=st.data())
def test_a_file_that_ends_early_or_lies_is_refused_and_nothing_else_happens(file, scratch, data):
    content = bytearray(file.read_bytes())
    head = content.index(b"emb.word")
    if data.draw(st.booleans()):
        scratch.write_bytes(content[: data.draw(st.integers(0, len(content) - 1))])
        with pytest.raises(EncoderError):
            read_e5(scratch)
        return
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(4, head + 400))
        content[place : place + 4] = data.draw(st.binary(min_size=4, max_size=4))
    scratch.write_bytes(content)
    refused_or_whole(scratch)


@pytest.mark.parametrize("place", [8, 12, 16, 20, 24, 28, 32, 44, 64])
@pytest.mark.parametrize("count", [-1, 0, 2**31 - 1])
def test_a_size_that_cannot_be_is_refused_without_taking_memory(file, scratch, place, count):
    content = bytearray(file.read_bytes())
    content[place : place + 4] = struct.pack("<i", count)
    scratch.write_bytes(content)
    with pytest.raises(EncoderError):
        read_e5(scratch)
