"""The OpenVINO form: ``model.xml`` and ``model.bin``, from a raw example to probabilities, always at a named precision.

OpenVINO computes in bfloat16 by itself where a processor can, which moves features by 2 %; so every session here says
that it wants float32.
"""

import sys
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast

import numpy as np

from headstart.arrays import Singles
from headstart.encoders.onnx_engine import first_line
from headstart.encoders.spec import EncoderFiles
from headstart.errors import ExportError, MissingExtraError
from headstart.export.end_to_end_graph import raw_obstacle
from headstart.export.formats import Exporter, ExportFormat, Source
from headstart.export.onnx_form import form_graph, write_beside
from headstart.export.predictors import Ask, name_inputs
from headstart.runtime.findings import Finding
from headstart.runtime.progress import Progress
from headstart.saving.values import SavedModel

PRECISION = {"INFERENCE_PRECISION_HINT": "f32"}
# OpenVINO has Pillow's own filters, which its reader of ONNX does not use.
ANTIALIASED = {"cubic": "bicubic_pillow", "linear": "bilinear_pillow", "linear_onnx": "bilinear_pillow"}


def require_openvino() -> None:
    """Raise MissingExtraError when OpenVINO is not installed."""
    if find_spec("openvino") is None:
        raise MissingExtraError("openvino", "openvino", "export.for_form")


def load_openvino() -> Any:  # noqa: ANN401 - a module
    """Load OpenVINO, which then says nothing to its maker; raises MissingExtraError when it is not installed."""
    require_openvino()
    # Its converter reports imports and conversions; where this package cannot be imported it has nothing to do so with.
    cast("dict[str, Any]", sys.modules).setdefault("openvino_telemetry", None)
    import openvino

    # What the first look into a tensor sets up waits without end where two threads look at once: so it is here.
    assert openvino.Tensor(np.zeros(1, np.float32)).data.size == 1
    return openvino


def openvino_obstacle(model: SavedModel, files: EncoderFiles) -> Finding | None:
    """Return why there can be no graph to turn into OpenVINO's form, or None; it must be installed."""
    why_not = raw_obstacle(model, files)
    if not why_not:
        require_openvino()
    return why_not


def write_openvino(file: Path, form: ExportFormat, source: Source, progress: Progress) -> None:
    """Write the graph from raw examples in OpenVINO's format: ``file`` (.xml) and a .bin beside it.

    Weights of 16 bits are computed with as float32. Raises MissingExtraError, and ExportError when OpenVINO does not
    know the graph.
    """
    openvino = load_openvino()
    graph = form_graph(form, source, progress)
    write_beside(file.parent, source)
    with TemporaryDirectory() as scratch:
        path = Path(scratch, "model.onnx")
        path.write_bytes(graph.SerializeToString())
        try:
            model = openvino.convert_model(str(path))
            _antialias(model)
            for property_of in graph.metadata_props:
                model.set_rt_info(property_of.value, ["headstart", property_of.key])
            model.set_rt_info(PRECISION["INFERENCE_PRECISION_HINT"], ["headstart", "inference_precision"])
            openvino.save_model(model, str(file), compress_to_fp16=form.precision == "fp16")
        except RuntimeError as error:
            raise ExportError("export.no_openvino", error=first_line(error)) from error


def open_openvino(file: Path, threads: int = 1) -> Ask:
    """Open OpenVINO's form of a model."""
    openvino = load_openvino()
    compiled = openvino.Core().compile_model(
        str(file), "CPU", {**PRECISION, "INFERENCE_NUM_THREADS": threads, "NUM_STREAMS": 1}
    )
    several = len(compiled.output(0).partial_shape) == 2

    names = [given.any_name for given in compiled.inputs]

    def ask(example: Any) -> Singles:  # noqa: ANN401 - as the graph takes it
        answer = compiled.create_infer_request().infer(name_inputs(example, names, several))[0]
        outputs: Singles = answer[0] if several else answer
        return np.array(outputs)

    return ask


def _antialias(model: Any) -> None:  # noqa: ANN401 - an openvino.Model
    """Use Pillow's filters in place of those that OpenVINO reads an antialiased Resize as."""
    from openvino import opset13 as operators

    sides = np.array([2, 3], dtype=np.int64)
    for node in model.get_ordered_ops():
        if node.get_type_name() != "Interpolate":
            continue
        sizes = operators.gather(node.input_value(1), operators.constant(sides), operators.constant(np.int64(0)))
        new = operators.interpolate(
            node.input_value(0),
            sizes,
            ANTIALIASED[node.get_attributes()["mode"]],
            "sizes",
            pads_begin=[0, 0, 0, 0],
            pads_end=[0, 0, 0, 0],
            cube_coeff=-0.5,
            axes=operators.constant(sides),
        )
        node.output(0).replace(new.output(0))
    model.validate_nodes_and_infer_types()


OPENVINO = Exporter(
    "openvino",
    Finding("export.kind_openvino"),
    ".xml",
    openvino_obstacle,
    write_openvino,
    open_openvino,
    companions=("{stem}.bin",),
)
