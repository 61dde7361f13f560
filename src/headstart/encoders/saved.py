"""The encoder of a saved model, opened from its files."""

from headstart.encoders.onnx_engine import OnnxEncoder
from headstart.encoders.spec import EncoderFiles, EncoderSpec, LoadedEncoder, simple_encoders
from headstart.errors import MissingExtraError
from headstart.modalities.base import load_modality


def open_saved(spec: EncoderSpec, files: EncoderFiles) -> LoadedEncoder:
    """Open the encoder of a saved model: its graph, the network in torch where there is no graph, or a simple one.

    Raises
    ------
    MissingExtraError
        When torch is needed and not installed.
    """
    if spec.engine == "numpy":
        return simple_encoders(spec.modality).open_simple(spec, files)
    if files.graph is not None:
        opened: LoadedEncoder = getattr(load_modality(spec.modality), "engine", OnnxEncoder)(spec, files)
        return opened
    from importlib.util import find_spec  # only here: predicting with a graph needs neither

    if find_spec("torch") is None:
        raise MissingExtraError("torch", "train", "encoders.to_run_without_graph", name=spec.name)
    from headstart.encoders.torch_engine import TorchEncoder  # loads torch: seconds

    return TorchEncoder(spec, files, "cpu")
