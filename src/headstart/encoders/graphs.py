"""A module of torch becomes an ONNX graph, and the two are compared."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch

from headstart.encoders.onnx_engine import first_line, open_session
from headstart.errors import EncoderError

TOLERANCE = 1e-4  # relative, of an ONNX graph against torch; 1e-6 is usual


def export_module(module: torch.nn.Module, example: torch.Tensor, path: Path, name: str) -> None:
    """Write a module as one ONNX file that takes batches of any length.

    ``example`` is a batch of at least two inputs; ``name`` is what an error calls the module.

    Raises
    ------
    EncoderError
        When the module cannot be exported.
    """
    try:
        with torch.no_grad(), _disable_inplace(module):
            program = torch.onnx.export(
                module,
                (example,),
                dynamo=True,
                dynamic_shapes=({0: torch.export.Dim("batch", min=1)},),
                input_names=["pixels"],
                output_names=["features"],
                verbose=False,
            )
        assert program is not None  # it is None for the older exporter alone
        graph = remove_exporter_notes(program.model_proto)
    except Exception as error:  # the exporter's own classes derive from Exception alone
        raise EncoderError("encoders.not_exported", name=name, error=first_line(error)) from error
    path.write_bytes(graph.SerializeToString(deterministic=True))


@contextmanager
def _disable_inplace(module: torch.nn.Module) -> Iterator[None]:
    """Let activations make a new tensor inside the block: the exporter takes a third longer to undo work in place."""
    changed = [child for child in module.modules() if getattr(child, "inplace", False) is True]
    for child in changed:
        setattr(child, "inplace", False)  # noqa: B010 - torch types no such attribute on Module
    try:
        yield
    finally:
        for child in changed:
            setattr(child, "inplace", True)  # noqa: B010


def compare_outputs(module: torch.nn.Module, path: Path, batch: torch.Tensor, name: str) -> float:
    """Compare a graph with the module on inputs, one alone and the others at once; return the largest relative error.

    Raises
    ------
    EncoderError
        When it is above 1e-4 for a row.
    """
    session = open_session(path, threads=1)
    errors = []
    for inputs in (batch[:1], batch[1:]) if len(batch) > 1 else (batch,):
        with torch.inference_mode():
            expected = module(inputs).numpy().reshape(len(inputs), -1)
        (got,) = session.run(None, {"pixels": inputs.numpy()})
        difference = np.linalg.norm(got.reshape(len(inputs), -1) - expected, axis=1)
        errors.append(difference / np.linalg.norm(expected, axis=1).clip(1e-12))
    worst = float(np.concatenate(errors).max())
    if not worst <= TOLERANCE:  # written so that "not a number" is refused too
        raise EncoderError("encoders.graph_differs", name=name, worst=worst, most=TOLERANCE)
    return worst


def remove_exporter_notes(model: Any) -> Any:  # noqa: ANN401 - an onnx.ModelProto, which has no types for mypy
    """Take out the exporter's notes: they hold the paths of this machine, and make the graph slower to open."""
    for part in (*model.graph.node, *model.graph.input, *model.graph.output, *model.graph.initializer):
        part.ClearField("metadata_props")
        part.ClearField("doc_string")
    for function in model.functions:
        for part in (function, *function.node):
            part.ClearField("metadata_props")
    del model.graph.value_info[:]
    model.graph.ClearField("metadata_props")
    return model
