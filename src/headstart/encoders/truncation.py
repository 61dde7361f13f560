"""Parts of a network made into encoders: in torch, and by cutting the graph of all stages."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import onnx
import torch

from headstart.encoders.networks import Network
from headstart.encoders.staged import Staged
from headstart.encoders.stages import find_stages
from headstart.encoders.variants import ALL_STAGES
from headstart.errors import EncoderError


def first_stages(network: Network, count: int, name: str) -> Network:
    """Return the network up to a stage; its ``config.json`` says so, and it has no classifier to replace.

    Raises
    ------
    EncoderError
        When there are not so many stages.
    """
    there = len(find_stages(network.module))
    if count >= there or there < 2:
        raise EncoderError(
            "encoders.too_many_stages",
            name=name,
            architecture=network.config["architecture"],
            count=there,
            most=there - 1,
        )
    staged = Staged(network.module, count).eval()
    size = (1, *network.preprocessing.shape)
    with torch.inference_mode():
        dimension = int(staged(torch.zeros(size)).shape[1])
        single = [Staged(network.module, number) for number in range(1, there)] if count == ALL_STAGES else []
        widths = [int(one(torch.zeros(size)).shape[1]) for one in single]
    config: dict[str, Any] = {**network.config, "stages": count, "num_features": dimension}
    if widths:
        config["widths"] = [*widths, network.dimension]
    return replace(network, module=staged, dimension=dimension, classifier="", config=config)


def cut_graph(source: Path, number: int, width: int, target: Path) -> None:
    """Cut the graph of all stages behind stage ``number``, of so many features; without torch, in no time."""
    model = onnx.load(source)
    makers = {output: node for node in model.graph.node for output in node.output}
    joined = makers["features"]
    while joined.op_type != "Concat":
        joined = makers[joined.input[0]]
    wanted = joined.input[number - 1]
    _keep_only(model, _needed(makers, [wanted]))
    del model.graph.output[:]
    model.graph.output.append(onnx.helper.make_tensor_value_info(wanted, onnx.TensorProto.FLOAT, ["batch", width]))
    _rename_output(model, wanted)
    target.write_bytes(model.SerializeToString(deterministic=True))


def _needed(makers: "dict[str, onnx.NodeProto]", tensors: Sequence[str]) -> set[str]:
    """Find everything these tensors are made from, themselves included."""
    found: set[str] = set()
    waiting = list(tensors)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += makers[name].input if name in makers else ()
    return found


def _keep_only(model: onnx.ModelProto, needed: set[str]) -> None:
    nodes = [node for node in model.graph.node if any(output in needed for output in node.output)]
    weights = [tensor for tensor in model.graph.initializer if tensor.name in needed]
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    del model.graph.initializer[:]
    model.graph.initializer.extend(weights)


def _rename_output(model: onnx.ModelProto, name: str) -> None:
    for node in model.graph.node:
        for place, output in enumerate(node.output):
            if output == name:
                node.output[place] = "features"
        for place, read in enumerate(node.input):
            if read == name:
                node.input[place] = "features"
    model.graph.output[0].name = "features"
