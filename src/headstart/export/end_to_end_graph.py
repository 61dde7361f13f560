"""``model.onnx``: one file from the bytes of a picture to outputs such as probabilities, which ONNX Runtime runs alone.

The network's own graph stays as it is, bit for bit: nodes that prepare a picture are put before it, nodes of the head
behind it.
"""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from headstart.encoders.onnx_engine import first_line
from headstart.encoders.spec import EncoderFiles
from headstart.errors import EncoderError
from headstart.export.graph_parts import FLOAT, GraphParts, RawInput
from headstart.heads.head import Node
from headstart.modalities.base import load_modality
from headstart.runtime.findings import Finding
from headstart.runtime.hashing import sha256_of_parts
from headstart.saving.tensors import tensors_to_bytes
from headstart.saving.values import SavedModel
from headstart.version import __version__

RAW_GRAPH = "model.onnx"
OLDEST_OPERATORS = 18  # the version of ONNX's operators in which Resize learned to antialias


def raw_obstacle(model: SavedModel, files: EncoderFiles) -> Finding | None:
    """Return why there can be no graph from raw examples, or None when there can."""
    if not model.spec.is_network:
        return Finding("saving.no_network", severity="note")
    if files.graph is None:
        return Finding("export.raw_graph", severity="note")
    if not hasattr(load_modality(model.spec.modality), "graph"):
        return Finding("export.prepared_outside", severity="note")
    return raw_input(model.spec.modality).obstacle(model.spec.preprocessing) or _head_obstacle(model)


def raw_input(modality: str) -> RawInput:
    """Load how a graph takes examples of a modality as they come."""
    found: RawInput = load_modality(modality).graph
    return found


def _head_obstacle(model: SavedModel) -> Finding | None:
    if _head_graph(model) is not None:
        return None
    return Finding("export.raw_head", {"kind": model.head.kind}, "note")


def _head_graph(model: SavedModel) -> Node | None:
    """Return the outputs as operations on features; None when they cannot be exported."""
    scores = model.head.whole_graph()
    return None if scores is None else model.decoding.graph(scores)


def raw_graph(model: SavedModel, files: EncoderFiles, *, batched: bool = False) -> Any:  # noqa: ANN401 - an onnx.ModelProto
    """Build the graph of ``model.onnx``; :func:`raw_obstacle` must have said None.

    Parameters
    ----------
    files
        Of its encoder; ``graph`` is the network: a batch of inputs, such as (N, 3, H, W), to features (N, D).
    batched
        False: one example as it comes gives outputs (C,), such as ``probabilities``. True: several of one size give
        (N, C), as always where the network's own inputs stay. What examples are called, and their shape, is for
        their modality to say: :class:`headstart.export.graph_parts.RawInput`.

    Raises
    ------
    EncoderError
        When the graph cannot be read.
    """
    from onnx import helper

    assert files.graph is not None, "raw_obstacle said so"
    network = _read(files.graph)
    inputs, features = network.graph.input[0].name, network.graph.output[0].name
    raw, output = raw_input(model.spec.modality), model.decoding.output
    before, behind = GraphParts(f"headstart/{raw.ONE}"), GraphParts("headstart/head")
    batched = batched or not raw.ONE
    given = [*network.graph.input]
    if not raw.ONE:
        joined = raw.join(behind, features, model, files)
        given += [helper.make_tensor_value_info(name, kind, sides) for name, kind, sides in joined.inputs]
        _add_head(behind, joined.features, model, output, joined.terms)
    elif batched:
        given = [helper.make_tensor_value_info(f"{raw.ONE}s", raw.TYPE, ["count", *raw.SHAPE])]
        raw.add_preparation(before, given[0].name, model.spec.preprocessing, inputs)
        _add_head(behind, features, model, output)
    else:
        given = [helper.make_tensor_value_info(raw.ONE, raw.TYPE, [*raw.SHAPE])]
        one = before.add("Unsqueeze", raw.ONE, before.whole(0))
        raw.add_preparation(before, one, model.spec.preprocessing, inputs)
        _add_head(behind, features, model, f"{output}/row")
        behind.add("Squeeze", f"{output}/row", behind.whole(0), output=output)
    shape: list[str | int | None] = ["count", model.target.width] if batched else [model.target.width]
    _join(network, before, behind, given, helper.make_tensor_value_info(output, FLOAT, shape))
    helper.set_model_props(network, metadata_of(model, batched))
    return network


def _add_head(parts: GraphParts, features: str, model: SavedModel, output: str, terms: str | None = None) -> None:
    """Add the way from features (N, D) to what the model puts out."""
    graph = _head_graph(model)
    assert graph is not None, "raw_obstacle said so"
    parts.add_graph(graph, features, output, terms)


def batched_graph(model: Any) -> Any:  # noqa: ANN401 - an onnx.ModelProto
    """Turn a graph of :func:`raw_graph` into one for several examples, if it is for one; it is changed and returned."""
    from onnx import helper

    graph, one, outputs = model.graph, model.graph.input[0], model.graph.output[0]
    if len(outputs.type.tensor_type.shape.dim) > 1:
        return model
    first = next(node for node in graph.node if one.name in node.input)  # adds the axis of the batch
    last = next(node for node in graph.node if outputs.name in node.output)  # takes it away
    several = f"{one.name}s"
    renamed = {first.output[0]: several, last.input[0]: outputs.name}
    kept = [node for node in graph.node if node.name not in (first.name, last.name)]
    for node in kept:
        for names in (node.input, node.output):
            names[:] = [renamed.get(name, name) for name in names]
    sides = [side.dim_value or side.dim_param for side in one.type.tensor_type.shape.dim]
    given = helper.make_tensor_value_info(several, one.type.tensor_type.elem_type, ["count", *sides])
    width = outputs.type.tensor_type.shape.dim[0].dim_value
    answer = helper.make_tensor_value_info(outputs.name, FLOAT, ["count", width])
    for part, values in (("node", kept), ("input", [given]), ("output", [answer])):
        graph.ClearField(part)
        getattr(graph, part).extend(values)
    return model


def metadata_of(model: SavedModel, batched: bool) -> dict[str, str]:
    """Describe a model in the strings that an ONNX file can carry; lists and tables are JSON.

    ``classes`` names the columns of ``probabilities``; ``head_sha256`` is the digest of ``head.safetensors``.
    """
    spec = model.spec
    return {
        "headstart": __version__,
        **({"classes": json.dumps(list(model.classes), ensure_ascii=False)} if model.classes else {}),
        "input": raw_input(spec.modality).describe_input(batched),
        "output": model.decoding.output + (", in the order of classes" if model.classes else ""),
        "preprocessing": json.dumps(spec.preprocessing.to_json()),
        **{name: repr(value) for name, value in asdict(model.decoding).items()},
        "head": model.head.kind,
        "head_sha256": sha256_of_parts([tensors_to_bytes(model.head.arrays())]),
        "encoder": spec.architecture,
        "encoder_sha256": spec.weights_digest,
        "precision": spec.precision,
        "data_sha256": model.training.data_fingerprint,
        "licence": spec.licence,
        "source": spec.source,
    }


def _read(graph: Path) -> Any:  # noqa: ANN401 - an onnx.ModelProto
    import onnx

    try:
        network = onnx.load(graph)
    except Exception as error:  # protobuf's own DecodeError derives from Exception alone
        raise EncoderError("export.graph_not_read", graph=graph, error=first_line(error)) from error
    version = next((found.version for found in network.opset_import if found.domain in ("", "ai.onnx")), 0)
    if version < OLDEST_OPERATORS or not network.graph.input or not network.graph.output:
        raise EncoderError("export.graph_too_old", graph=graph, version=version, oldest=OLDEST_OPERATORS)
    return network


def _join(network: Any, before: GraphParts, behind: GraphParts, given: Any, answer: Any) -> None:  # noqa: ANN401 - onnx
    nodes = [*before.nodes, *network.graph.node, *behind.nodes]
    for part, values in (("node", nodes), ("input", given), ("output", [answer])):
        network.graph.ClearField(part)
        getattr(network.graph, part).extend(values)
    network.graph.initializer.extend([*before.constants, *behind.constants])
    _leave_out_unused(network.graph)
    network.producer_name, network.producer_version = "headstart", __version__


def _leave_out_unused(graph: Any) -> None:  # noqa: ANN401 - an onnx.GraphProto
    """Leave out what does not lead to the output: all of the network, where a head looks at words alone."""
    needed = {graph.output[0].name}
    for place in reversed(range(len(graph.node))):
        if needed & set(graph.node[place].output):
            needed |= set(graph.node[place].input)
        else:
            del graph.node[place]
    for part in (graph.input, graph.initializer):
        for place in reversed(range(len(part))):
            if part[place].name not in needed:
                del part[place]
