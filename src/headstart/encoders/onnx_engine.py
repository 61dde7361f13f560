"""The engine for the CPU: one ONNX graph, run by ONNX Runtime in fp32."""

from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np

from headstart.arrays import Singles
from headstart.encoders.spec import EncoderFiles, EncoderSpec, LoadedEncoder
from headstart.errors import EncoderError


class OnnxEncoder(LoadedEncoder):
    """A prepared encoder on the CPU; its session is opened by the first call of :meth:`encode`.

    One session serves all threads. A row does not depend on the batch it is in, nor on the number of threads.

    Parameters
    ----------
    spec, files
        What it is, and where it lies; ``files.graph`` must be there.
    threads
        Threads within one call.
    """

    def __init__(self, spec: EncoderSpec, files: EncoderFiles, threads: int = 1) -> None:
        self.spec, self.files = spec, files
        self._threads = threads
        self._session: Any = None  # onnxruntime has no type stubs
        self._lock = Lock()

    def __reduce__(self) -> tuple[Any, ...]:
        """Return what a copy is made from: a session cannot be copied, it is opened again from the files."""
        return type(self), (self.spec, self.files, self._threads)

    def encode(self, batch: Singles) -> Singles:
        """Turn a batch of inputs, shape (N, ...), into features, shape (N, D).

        Raises
        ------
        EncoderError
            When the graph cannot be opened, or a feature is not a finite number.
        """
        session = self._session or self._open()
        (features,) = session.run(None, {session.get_inputs()[0].name: batch})
        return finite(features, self.spec)

    def _open(self) -> Any:  # noqa: ANN401 - an onnxruntime.InferenceSession
        with self._lock:
            if self._session is None:
                self._session = open_session(self.files.graph, self._threads)
            return self._session


def open_session(graph: Path | bytes | None, threads: int) -> Any:  # noqa: ANN401 - an onnxruntime.InferenceSession
    """Open a graph, a file or its content, with ONNX Runtime; raises EncoderError when it is missing or damaged."""
    import onnxruntime  # only where it is used: a run on stored features never needs it

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    # Waiting threads sleep instead of turning in circles: the other workers need the cores.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 3  # errors only
    try:
        source = graph if isinstance(graph, bytes) else str(graph)
        return onnxruntime.InferenceSession(source, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # its exceptions derive from Exception alone
        name = "in memory" if isinstance(graph, bytes) else graph
        raise EncoderError("encoders.graph_not_opened", name=name, error=first_line(error)) from error


def finite(features: Singles, spec: EncoderSpec) -> Singles:
    """Return the features as they are; raises EncoderError when one of them is not a finite number."""
    if not np.isfinite(features).all():
        raise EncoderError("encoders.features_not_finite", name=spec.name)
    return features


def first_line(error: Exception) -> str:
    """Take the first line of a library's message, at most 300 characters, ending with a full stop."""
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return lines[0][:300].rstrip(" .:") + "."
