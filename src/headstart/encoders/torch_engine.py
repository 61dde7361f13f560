"""The engine for the GPU, and for networks that cannot be exported: the same network in torch."""

from threading import Lock
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file

from headstart.arrays import Singles
from headstart.encoders.networks import create_network
from headstart.encoders.onnx_engine import finite
from headstart.encoders.silence_output import quiet
from headstart.encoders.spec import EncoderFiles, EncoderSpec, LoadedEncoder
from headstart.runtime.findings import Finding


class TorchEncoder(LoadedEncoder):
    """A prepared encoder in torch; one call of :meth:`encode` runs at a time.

    Its features equal those of :class:`~headstart.encoders.onnx_engine.OnnxEncoder` within a relative 1e-4: the short
    float format (TF32) that a GPU uses for convolutions by default is switched off.

    Parameters
    ----------
    spec, files
        What it is, and where it lies; ``files.weights`` must be there.
    device
        ``cpu`` or ``cuda``.
    notice
        Why it does not run in ONNX Runtime, when that is not the user's choice.
    """

    def __init__(self, spec: EncoderSpec, files: EncoderFiles, device: str, notice: Finding | None = None) -> None:
        assert files.weights is not None, "a torch encoder is made from weights"
        self.spec, self.files = spec, files
        self._device = torch.device(device)
        self.notice = notice
        with quiet():
            self._module = create_network(files.config, load_file(files.weights)).to(self._device)
        self._lock = Lock()

    def __reduce__(self) -> tuple[Any, ...]:
        """Return what a copy is made from: the network is read again from the files."""
        return type(self), (self.spec, self.files, str(self._device), self.notice)

    def encode(self, batch: Singles) -> Singles:
        """Turn a batch of inputs, shape (N, ...), into features, shape (N, D).

        Raises
        ------
        EncoderError
            When a feature is not a finite number.
        """
        full_precision = torch.backends.cudnn.flags(allow_tf32=False, benchmark=False, deterministic=True)
        with self._lock, torch.inference_mode(), full_precision:
            inputs = torch.from_numpy(np.ascontiguousarray(batch)).to(self._device)
            features: Singles = self._module(inputs).float().cpu().numpy()
        return finite(features, self.spec)
