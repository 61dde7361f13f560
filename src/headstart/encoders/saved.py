"""The encoder of a saved model, opened from its files."""

from importlib.util import find_spec
from typing import TYPE_CHECKING

from headstart.encoders.onnx_engine import EncoderFiles, OnnxEncoder
from headstart.encoders.spec import EncoderSpec
from headstart.errors import MissingExtraError

if TYPE_CHECKING:
    from headstart.encoders.torch_engine import TorchEncoder


def open_saved(spec: EncoderSpec, files: EncoderFiles) -> "OnnxEncoder | TorchEncoder":
    """Open the encoder of a saved model: its graph, or the network in torch where there is no graph.

    Raises
    ------
    MissingExtraError
        When torch is needed and not installed.
    """
    if files.graph is not None:
        return OnnxEncoder(spec, files)
    if find_spec("torch") is None:
        raise MissingExtraError("torch", "train", "encoders.to_run_without_graph", name=spec.name)
    from headstart.encoders.torch_engine import TorchEncoder  # loads torch: seconds

    return TorchEncoder(spec, files, "cpu")
