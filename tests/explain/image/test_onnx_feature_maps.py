"""The maps before the pooling, cut out of ONNX graphs without onnx; onnx itself is the judge."""

from pathlib import Path

import numpy as np
import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnx import TensorProto, helper

from headstart.encoders.onnx_engine import open_session
from headstart.explain.image.onnx_feature_maps import as_grid, graph_maps, pooled_tensor, with_output


def graph_of(*kinds: str) -> bytes:
    """A graph of these operations in a row, the tensors between them numbered."""
    nodes = [helper.make_node(kind, [f"t{n}"], [f"t{n + 1}"]) for n, kind in enumerate(kinds)]
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in ("t0", f"t{len(kinds)}")]
    return helper.make_model(helper.make_graph(nodes, "g", ends[:1], ends[1:])).SerializeToString()


@pytest.mark.parametrize(
    ("kinds", "name"),
    [
        (("Relu", "GlobalAveragePool", "Flatten"), "t1"),
        (("Relu", "Relu", "ReduceMean", "Reshape", "Identity"), "t2"),
        (("ReduceMean",), "t0"),
        (("GlobalAveragePool", "Relu"), None),  # what follows the pooling bends the features
        (("Relu",), None),
        (("Flatten",), None),
    ],
)
def test_the_tensor_that_is_pooled_is_found(kinds, name):
    assert pooled_tensor(graph_of(*kinds)) == name


def test_the_maps_of_the_default_encoder_have_the_features_as_their_mean(lite0, cat_pixels):
    found = graph_maps(lite0, cat_pixels)
    assert found.maps.shape == (1280, 7, 7)
    np.testing.assert_allclose(found.maps.mean(axis=(1, 2)), found.features, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(found.features, lite0.encode(cat_pixels[None])[0], rtol=1e-4, atol=1e-6)


def test_onnx_reads_the_added_output_and_nothing_else_has_changed(lite0):
    content = Path(lite0.files.graph).read_bytes()
    before, after = onnx.load_from_string(content), onnx.load_from_string(with_output(content, "hardtanh_32"))
    assert [one.name for one in after.graph.output] == [*(one.name for one in before.graph.output), "hardtanh_32"]
    del after.graph.output[-1]
    assert after == before


@given(st.text(min_size=1, max_size=300))
def test_an_output_of_any_name_can_be_added(name):
    added = onnx.load_from_string(with_output(graph_of("Relu"), name))
    assert added.graph.output[-1].name == name


def test_the_changed_graph_runs_from_memory():
    content = with_output(graph_of("Relu", "Neg"), "t1")
    outputs = open_session(content, threads=1).run(None, {"t0": np.array([-1.0, 2.0], dtype=np.float32)})
    assert [one.tolist() for one in outputs] == [[-0.0, -2.0], [0.0, 2.0]]


def test_pooled_tokens_become_a_map_row_by_row():
    tokens = np.arange(8, dtype=np.float32).reshape(4, 2)
    assert as_grid(tokens)[0].tolist() == [[0, 2], [4, 6]]
    assert as_grid(np.zeros((5, 2), dtype=np.float32)) is None


def test_what_changes_in_the_picture_is_seen_where_it_is(lite0):
    """Strides and paddings could move the maps against the picture; cells are taken to lie side by side, evenly."""
    generator, places, probes = np.random.default_rng(0), [], []
    for row in np.linspace(0.3, 0.7, 4):
        for column in np.linspace(0.3, 0.7, 4):
            top, left = int(224 * row) - 8, int(224 * column) - 8
            probe = np.zeros((3, 224, 224), dtype=np.float32)
            probe[:, top : top + 16, left : left + 16] = generator.normal(size=(3, 16, 16))
            places.append((top + 8, left + 8))
            probes.append(graph_maps(lite0, probe).maps)
    change = np.abs(np.stack(probes) - graph_maps(lite0, np.zeros((3, 224, 224), dtype=np.float32)).maps).sum(axis=1)
    weight = np.clip(change - np.median(change, axis=(1, 2), keepdims=True), 0, None) ** 2
    weight /= weight.sum(axis=(1, 2), keepdims=True)
    centres = (np.arange(7) + 0.5) * 32
    seen = np.stack([weight.sum(axis=2) @ centres, weight.sum(axis=1) @ centres], axis=1)
    assert np.abs((np.array(places) - seen).mean(axis=0)).max() < 6  # a cell has 32 pixels
