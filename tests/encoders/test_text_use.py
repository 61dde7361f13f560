"""The Universal Sentence Encoder from its package: the same numbers as by hand, and no file is believed."""

import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from headstart import registry
from headstart.encoders.text.engine import TextEncoder
from headstart.encoders.text.loading import prepare_text_encoder
from headstart.encoders.text.sentencepiece_file import read_sentencepiece
from headstart.encoders.text.use_multilingual import ARCHITECTURE
from headstart.encoders.weights import Weights
from headstart.errors import EncoderError
from headstart.runtime.hashing import sha256_of_file
from headstart.runtime.progress import silent

PARTS, ROWS, WIDE, CHANNELS, INNER = 3, 9, 8, 4, 6
SPANS = {2: 0, 3: 1, 5: 2}
PIECES = [
    ("<unk>", 2),
    ("<s>", 3),
    ("</s>", 3),
    *((piece, 1) for piece in ["\u2581", "\u2581a", *"abcdefgh", "\u4f60"]),
]


@pytest.fixture(autouse=True)
def text_is_known(monkeypatch):
    monkeypatch.setitem(registry.TABLES["modalities"], "text", "tiny_transformers:ROW")


def draw_tensors() -> dict[str, np.ndarray]:
    draw = np.random.default_rng(0)
    wider = WIDE + 3 * CHANNELS
    shapes = {"scale": (PARTS,), "lo": (PARTS,), "ln_g": (wider,), "ln_b": (wider,), "cnn_W": (wider, WIDE)}
    shapes |= {"cnn_b": (WIDE,), "d0": (WIDE, INNER), "d1": (INNER, INNER), "p1": (WIDE, INNER)}
    shapes |= {"d2": (INNER, WIDE), "p3": (INNER, WIDE), "d3": (WIDE, WIDE)}
    for span in SPANS:
        shapes |= {f"{name}{span}": (CHANNELS,) for name in ("proj_b", "ln_g", "ln_b", "b1_", "b2_")}
        shapes |= {f"proj{span}": (WIDE, CHANNELS), f"w1_{span}": (span * CHANNELS, CHANNELS)}
        shapes[f"w2_{span}"] = (span * CHANNELS, CHANNELS)
    tensors = {name: draw.normal(0, 0.5, shape).astype(np.float32) for name, shape in shapes.items()}
    tensors |= {f"q{part + 1}": draw.integers(0, 256, (ROWS, WIDE), np.uint8) for part in range(PARTS)}
    tensors["scale"] = np.abs(tensors["scale"]) / 100
    return tensors | {"eps": np.float64(1e-6), "bits": np.array([8], np.int8)}


def normal(rows: np.ndarray, gain: np.ndarray, shift: np.ndarray) -> np.ndarray:
    centred = rows - rows.mean(axis=1, keepdims=True)
    return centred / np.sqrt((centred**2).mean(axis=1, keepdims=True) + 1e-6) * gain + shift


def by_hand(tensors: dict[str, np.ndarray], ids: list[int]) -> np.ndarray:
    """One document, token by token, in double precision."""
    t = {name: tensor.astype(np.float64) for name, tensor in tensors.items()}
    vectors = np.stack([t[f"q{i % PARTS + 1}"][i // PARTS] * t["scale"][i % PARTS] + t["lo"][i % PARTS] for i in ids])
    joined = {name: np.concatenate([t[f"{name}{span}"] for span in SPANS]) for name in ("proj_b", "ln_g", "ln_b")}
    projection = np.concatenate([t[f"proj{span}"] for span in SPANS], axis=1)
    projected = normal(vectors @ projection + joined["proj_b"], joined["ln_g"], joined["ln_b"])
    features = [vectors]
    for place, (span, left) in enumerate(SPANS.items()):
        states = projected[:, place * CHANNELS : (place + 1) * CHANNELS]
        for number in (1, 2):
            padded = np.pad(states, ((left, span - 1 - left), (0, 0)))
            windows = np.stack([padded[at : at + span].ravel() for at in range(len(ids))])
            made = windows @ t[f"w{number}_{span}"] + t[f"b{number}_{span}"]
            states = np.maximum(made, 0) + states
        features.append(states)
    rows = normal(np.concatenate(features, axis=1), t["ln_g"], t["ln_b"])
    mean = (rows @ t["cnn_W"] + t["cnn_b"]).sum(axis=0) / np.sqrt(len(ids))
    first = np.maximum(mean @ t["d0"], 0)
    second = np.maximum(mean @ t["p1"] + first @ t["d1"], 0)
    third = np.maximum(second @ t["d2"], 0)
    last = np.tanh(second @ t["p3"] + third @ t["d3"])
    return last / np.linalg.norm(last)


def model_bytes(pieces: list[tuple[str, int]] = PIECES) -> bytes:
    content = b""
    for number, (piece, kind) in enumerate(pieces):
        letters = piece.encode()
        score = struct.pack("<f", -float(number) if kind == 1 else 0.0)
        inner = bytes([10, len(letters)]) + letters + b"\x15" + score + (b"" if kind == 1 else bytes([24, kind]))
        content += bytes([10, len(inner)]) + inner
    return content + bytes([18, 2, 8, 1])  # how it was trained: left aside


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("use")
    np.savez(folder / "weights.npz", **draw_tensors())
    (folder / "sp.model").write_bytes(model_bytes())
    return folder


def opened(folder: Path, cache: Path) -> TextEncoder:
    path, other = folder / "weights.npz", folder / "sp.model"
    others = ((other, sha256_of_file(other)),)
    weights = Weights("tiny", path, sha256_of_file(path), ARCHITECTURE, "MIT", "here", "package", others=others)
    prepared = prepare_text_encoder(weights, cache, silent)
    return TextEncoder(prepared.spec, prepared.files)


def test_the_graph_computes_what_the_paper_says_for_every_length(home, tmp_path):
    encoder = opened(home, tmp_path)
    assert (encoder.spec.dimension, encoder.preprocessing.piece, encoder.preprocessing.layers) == (WIDE, 254, 1)
    for document in ("a", "", "a bad cab", "abcdefgh " * 30):
        tokens = encoder.preprocess(document)
        expected = by_hand(draw_tensors(), encoder.preprocessing.pieces(tokens)[0].tolist())
        np.testing.assert_allclose(encoder.encode([tokens])[0], expected, rtol=0, atol=1e-5)


def test_a_document_has_the_same_bits_in_every_batch(home, tmp_path):
    encoder = opened(home, tmp_path)
    inputs = [encoder.preprocess(document) for document in ("a", "b", "a bad cab", "", "a bed cab", "cab " * 200)]
    alone = np.concatenate([encoder.encode([tokens]) for tokens in inputs])
    np.testing.assert_array_equal(encoder.encode(inputs), alone)


def test_hidden_tokens_have_no_weight(home, tmp_path):
    encoder = opened(home, tmp_path)
    (piece,) = encoder.preprocessing.pieces(encoder.preprocess("a bad cab"))
    ids, mask = np.pad(piece, (0, 7), constant_values=5)[None], np.pad(np.ones_like(piece), (0, 7))[None]
    (rows,) = encoder._open().run(None, {"input_ids": ids, "attention_mask": mask})
    np.testing.assert_allclose(rows, encoder.encode([encoder.preprocess("a bad cab")]), rtol=0, atol=1e-6)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"d1": None}, "They lack 'q1', 'proj2' and 'd1'."),
        ({"w2_5": None}, "They lack 'w2_5'."),
        ({"more": np.zeros(3)}, "It has no 'more'."),
        ({"cnn_b": np.zeros(5)}, "'cnn_b' should have the shape (8,); it is float64 (5,)."),
        ({"q2": np.zeros((9, 8))}, "'q2' should have the shape (9, 8); it is float64 (9, 8)."),
    ],
)
def test_a_tensor_that_does_not_fit_is_named(changes, said, home, tmp_path):
    tensors = {name: one for name, one in (draw_tensors() | changes).items() if one is not None}
    np.savez(tmp_path / "weights.npz", **tensors)
    (tmp_path / "sp.model").write_bytes(model_bytes())
    with pytest.raises(EncoderError) as caught:
        opened(tmp_path, tmp_path / "cache")
    assert caught.value.reason == said


def test_a_vocabulary_is_read_with_its_special_pieces(home):
    pieces, scores, special = read_sentencepiece(home / "sp.model")
    assert pieces == [piece for piece, _ in PIECES] and scores[3:5] == [-3.0, -4.0]
    assert special == {"unk": 0, "bos": 1, "eos": 2}


@pytest.fixture(scope="module")
def scratch(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("scratch") / "hostile.model"


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cut=st.integers(0, 60), noise=st.binary(max_size=40))
def test_a_damaged_vocabulary_is_refused_or_read(scratch, cut, noise):
    scratch.write_bytes(model_bytes()[:cut] + noise)
    try:
        pieces, scores, special = read_sentencepiece(scratch)
    except EncoderError:
        return
    assert len(pieces) == len(scores) and {"unk", "bos", "eos"} <= special.keys()
