"""The graphs of :mod:`headstart.encoders.blueprints`, written in ONNX.

They compute what torch's own export of timm's network computes, bit for bit: the normalisation is folded in the same
order and precision. So features that were kept, and models that were saved, stay what they are.
"""

from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import helper, numpy_helper

from headstart.encoders.blueprints import BLUEPRINTS, STRIDES, Blueprint
from headstart.encoders.variants import ALL_STAGES
from headstart.encoders.weight_files import Array

OPSET, IR = 20, 10  # the versions that torch writes


def write_graph(architecture: str, tensors: Mapping[str, Array], stages: int, side: int, path: Path) -> tuple[int, ...]:
    """Write the graph from pixels (N, 3, side, side) to features (N, D), and return the widths that make up D.

    Parameters
    ----------
    tensors
        The weights by timm's names.
    stages
        How many stages, whose output is pooled; 0 is the whole network, -1 each stage and the network's own features.
    """
    graph = _Graph(BLUEPRINTS[architecture], tensors, side)
    outputs = graph.stages()
    if stages > 0:
        kept = [graph.average(next(islice(outputs, stages - 1, None)), "features")]
    elif stages == ALL_STAGES:
        *inner, last = outputs
        kept = [*(graph.average(output, f"{output}_mean") for output in inner), graph.features(last, "last")]
        graph.add("Concat", kept, "features", axis=1)
    else:
        *_, last = outputs
        kept = [graph.features(last, "features")]
    widths = tuple(graph.widths[name] for name in kept)
    path.write_bytes(graph.to_model(sum(widths)).SerializeToString(deterministic=True))
    return widths


class _Graph:
    """A graph that grows; ``side`` is that of the latest maps, ``widths`` are the channels of what is computed."""

    def __init__(self, blueprint: Blueprint, tensors: Mapping[str, Array], side: int) -> None:
        self.blueprint, self.tensors, self.side, self.input_side = blueprint, tensors, side, side
        self.nodes: list[onnx.NodeProto] = []
        self.constants: dict[str, onnx.TensorProto] = {}
        self.widths = {"pixels": 3}

    def keep(self, name: str, value: Any) -> str:  # noqa: ANN401 - what NumPy takes for an array
        self.constants[name] = numpy_helper.from_array(np.asarray(value), name)
        return name

    def add(self, operator: str, inputs: list[str], output: str, **attributes: Any) -> str:  # noqa: ANN401 - of ONNX
        self.nodes.append(helper.make_node(operator, inputs, [output], **attributes))
        self.widths.setdefault(output, self.widths[inputs[0]])
        return output

    def stages(self) -> Iterator[str]:
        """Write one stage after the other; yield what leaves each, and after the last one what is pooled."""
        latest = self.convolve("pixels", "conv_stem", "bn1", stride=2, clipped=True)
        for stage, (count, stride) in enumerate(zip(self.blueprint.repeats, STRIDES, strict=True)):
            yield latest
            for block in range(count):
                latest = self.block(latest, f"blocks.{stage}.{block}", stride if block == 0 else 1)
        yield self.convolve(latest, "conv_head", "bn2", clipped=True)

    def block(self, source: str, name: str, stride: int) -> str:
        expands = f"{name}.conv_pwl.weight" in self.tensors  # the first block does not
        wide = self.convolve(source, f"{name}.conv_pw", f"{name}.bn1", clipped=True) if expands else source
        narrow, norms = ("conv_pwl", ("bn2", "bn3")) if expands else ("conv_pw", ("bn1", "bn2"))
        seen = self.convolve(wide, f"{name}.conv_dw", f"{name}.{norms[0]}", stride=stride, clipped=True)
        made = self.convolve(seen, f"{name}.{narrow}", f"{name}.{norms[1]}")
        if stride == 1 and self.widths[made] == self.widths[source]:
            return self.add("Add", [made, source], f"{name}.add")
        return made

    def convolve(self, source: str, layer: str, norm: str, stride: int = 1, clipped: bool = False) -> str:
        """Add a convolution with its normalisation folded in, in the order and precision of torch's export."""
        weight = self.tensors[f"{layer}.weight"]
        gain, shift, mean, variance = (
            self.tensors[f"{norm}.{part}"] for part in ("weight", "bias", "running_mean", "running_var")
        )
        scale = gain / np.sqrt(variance + self.blueprint.epsilon)
        width, per_group, kernel, _ = weight.shape
        inputs = [
            source,
            self.keep(f"{layer}.weight", weight * scale[:, None, None, None]),
            self.keep(f"{layer}.bias", (0 - mean) * scale + shift),
        ]
        self.widths[layer] = width
        self.add(
            "Conv",
            inputs,
            layer,
            group=self.widths[source] // per_group,
            kernel_shape=[kernel, kernel],
            pads=self.pads(kernel, stride),
            strides=[stride, stride],
        )
        if not clipped:
            return layer
        bounds = [self.keep("lowest", np.float32(0)), self.keep("highest", np.float32(6))]
        return self.add("Clip", [layer, *bounds], f"{layer}.clip")

    def pads(self, kernel: int, stride: int) -> list[int]:
        """Return the padding above, left, below and right, and take the maps to their new side."""
        size, self.side = self.side, -(-self.side // stride)
        if self.blueprint.even_padding:
            return [kernel // 2] * 4
        missing = max((self.side - 1) * stride + kernel - size, 0)
        return [missing // 2] * 2 + [missing - missing // 2] * 2

    def average(self, source: str, output: str) -> str:
        return self.add("ReduceMean", [source, self.keep("places", [2, 3])], output, keepdims=0)

    def features(self, source: str, output: str) -> str:
        """Add the mean over places as the network itself takes it: first a map of one place, then a vector."""
        mean = self.add("ReduceMean", [source, self.keep("last_places", [-1, -2])], "mean", keepdims=1)
        shape = self.keep("shape", [-1, self.widths[source]])
        return self.add("Reshape", [mean, shape], output, allowzero=1)

    def to_model(self, dimension: int) -> onnx.ModelProto:
        kind, side = onnx.TensorProto.FLOAT, self.input_side
        given = helper.make_tensor_value_info("pixels", kind, ["batch", 3, side, side])
        features = helper.make_tensor_value_info("features", kind, ["batch", dimension])
        graph = helper.make_graph(self.nodes, "encoder", [given], [features], [*self.constants.values()])
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR)
