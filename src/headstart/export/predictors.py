"""Exported files at work: a form opened as a function from an example to outputs, and many put to it."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import numpy.typing as npt

from headstart.data.example import Dataset
from headstart.data.readers.base import reader_of
from headstart.encoders.onnx_engine import open_session
from headstart.errors import ExampleError
from headstart.runtime.progress import Progress

Ask = Callable[[Any], npt.NDArray[np.float32]]  # an opened example to outputs, shape (C,)

AskSeveral = Callable[[Any], npt.NDArray[np.float32]]  # examples of one size (N, ...), or by name, to (N, C)


@dataclass(frozen=True, slots=True)
class PredictorOutput:
    """Outputs of the examples that could be read, and which these are; shapes (M, C) and (M,)."""

    outputs: npt.NDArray[np.float64]
    rows: npt.NDArray[np.int64]


def open_onnx(file: Path, threads: int = 1) -> Ask:
    """Open a graph that takes one raw example, or several of one size, in ONNX Runtime; raises EncoderError."""
    session = open_session(file, threads)
    names = [given.name for given in session.get_inputs()]
    several = len(session.get_outputs()[0].shape) == 2

    def ask(example: Any) -> npt.NDArray[np.float32]:  # noqa: ANN401
        (answer,) = session.run(None, name_inputs(example, names, several))
        outputs: npt.NDArray[np.float32] = answer[0] if several else answer
        return outputs

    return ask


def open_onnx_batch(file: Path, threads: int = 1) -> AskSeveral:
    """Open the graph for several examples, which may be in a graph for one; raises EncoderError."""
    import onnx

    from headstart.export.end_to_end_graph import batched_graph

    with TemporaryDirectory() as scratch:
        changed = Path(scratch, "model.onnx")
        changed.write_bytes(batched_graph(onnx.load(file)).SerializeToString())
        session = open_session(changed, threads)

    names = [given.name for given in session.get_inputs()]

    def ask(examples: Any) -> npt.NDArray[np.float32]:  # noqa: ANN401
        outputs: npt.NDArray[np.float32]
        (outputs,) = session.run(None, name_inputs(examples, names, several=False))
        return outputs

    return ask


def name_inputs(example: Any, names: Sequence[str], several: bool) -> dict[str, Any]:  # noqa: ANN401
    """Name what a graph with these inputs is asked: an array, in a batch of its own where it takes ``several``.

    Of inputs by name, those are taken that it has.
    """
    if isinstance(example, Mapping):
        return {name: example[name] for name in names}
    return {names[0]: np.asarray(example)[None] if several else np.asarray(example)}


def predict_files(ask: Ask, dataset: Dataset, workers: int, progress: Progress) -> PredictorOutput:
    """Predict example files by an opened form, several at a time; those that raise ExampleError are left out.

    Raises ExampleError when none can be.
    """
    answers: dict[int, Any] = {}
    examples, reader = dataset.examples, reader_of(dataset.modality)

    def one(row: int) -> Any:  # noqa: ANN401 - an array, or None
        try:
            return ask(reader.open_example(examples[row].source, examples[row].name))
        except ExampleError:
            return None

    with ThreadPoolExecutor(workers) as pool:
        for row, answer in enumerate(pool.map(one, range(len(examples)))):
            if answer is not None:
                answers[row] = answer
            progress("Asking the exported file", row + 1, len(examples))
    if not answers:
        raise ExampleError("data.none_readable")
    return PredictorOutput(np.stack(list(answers.values())).astype(np.float64), np.array(list(answers), dtype=np.int64))
