"""Exported files at work: a form opened as a function from a picture to probabilities, and many pictures put to it."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from headstart.data.example import Example
from headstart.data.readers.image import open_picture
from headstart.encoders.onnx_engine import open_session
from headstart.errors import PictureError
from headstart.runtime.progress import Progress

Ask = Callable[[Image.Image], npt.NDArray[np.float32]]  # an upright RGB picture to probabilities, shape (C,)

AskSeveral = Callable[[npt.NDArray[np.uint8]], npt.NDArray[np.float32]]  # (N, h, w, 3) to (N, C)


@dataclass(frozen=True, slots=True)
class PredictorOutput:
    """Probabilities of the pictures that could be read, and which these are; shapes (M, C) and (M,)."""

    probabilities: npt.NDArray[np.float64]
    rows: npt.NDArray[np.int64]


def onnx_road(file: Path, threads: int = 1) -> Ask:
    """Open a graph that takes one raw picture, or several of one size, in ONNX Runtime; raises EncoderError."""
    session = open_session(file, threads)
    (given,) = session.get_inputs()
    several = len(given.shape) == 4

    def ask(picture: Image.Image) -> npt.NDArray[np.float32]:
        pixels = np.asarray(picture)
        (answer,) = session.run(None, {given.name: pixels[None] if several else pixels})
        probabilities: npt.NDArray[np.float32] = answer[0] if several else answer
        return probabilities

    return ask


def onnx_road_for_several(file: Path, threads: int = 1) -> AskSeveral:
    """Open the graph for several pictures that is in a graph for one; raises EncoderError."""
    import onnx

    from headstart.export.end_to_end_graph import batched_graph

    with TemporaryDirectory() as scratch:
        changed = Path(scratch, "model.onnx")
        changed.write_bytes(batched_graph(onnx.load(file)).SerializeToString())
        session = open_session(changed, threads)

    def ask(pictures: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
        (probabilities,) = session.run(None, {session.get_inputs()[0].name: pictures})
        answers: npt.NDArray[np.float32] = probabilities
        return answers

    return ask


def ask_all(ask: Ask, examples: Sequence[Example], workers: int, progress: Progress) -> PredictorOutput:
    """Put picture files through a road, several at a time; those that cannot be decoded are left out.

    Raises PictureError when none can be.
    """
    answers: dict[int, Any] = {}

    def one(row: int) -> Any:  # noqa: ANN401 - an array, or None
        try:
            picture = open_picture(examples[row].source, examples[row].name)
        except PictureError:
            return None
        return ask(picture)

    with ThreadPoolExecutor(workers) as pool:
        for row, answer in enumerate(pool.map(one, range(len(examples)))):
            if answer is not None:
                answers[row] = answer
            progress("Asking the exported file", row + 1, len(examples))
    if not answers:
        raise PictureError("data.none_readable")
    return PredictorOutput(np.stack(list(answers.values())).astype(np.float64), np.array(list(answers), dtype=np.int64))
