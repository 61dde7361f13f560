"""The frozen-prefix cache: stages that stay frozen are run once for each view, by ONNX Runtime, and kept in the store.

A network is cut in front of its first moving stage. Both parts are made from the network itself, whatever its family:
the stages that are not wanted are bypassed. A cut is only used when, on real examples, the parts one after the other
give what the network gives.
"""

import copy
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from importlib.metadata import version
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
import torch

from headstart.arrays import Singles
from headstart.encoders.folders import new_cache_folder
from headstart.encoders.graphs import compare_outputs, export_module
from headstart.encoders.onnx_engine import open_session
from headstart.encoders.silence_output import quiet
from headstart.encoders.spec import Encoder, EncoderSpec
from headstart.encoders.stages import Stage
from headstart.errors import EncoderError
from headstart.finetuning.views import Augmentation, create_view
from headstart.runtime.hashing import sha256_of_json

_in_torch = Lock()  # a prefix in torch notes what it sees: one call at a time, whichever view it is for
TOLERANCE = 1e-5  # relative, of the two parts against the whole


@dataclass(frozen=True, slots=True, eq=False)
class NetworkSplit:
    """A network in two parts.

    Attributes
    ----------
    prefix
        Examples (N, 3, H, W) -> activations (N, *shape); for running only.
    suffix
        Activations -> features (N, D). Its moving stages are those of the network itself: to train it is to train them.
    shape
        Of one activation.
    """

    prefix: torch.nn.Module
    suffix: torch.nn.Module
    shape: tuple[int, ...]


def cut(module: torch.nn.Module, stages: Sequence[Stage], first: int, inputs: torch.Tensor) -> NetworkSplit | None:
    """Cut a network in front of stage ``first``; None when it cannot be run in two parts.

    ``inputs`` are prepared examples, shape (n, ...): on them the parts must agree with the whole.

    Examples
    --------
    >>> from headstart.encoders.stages import find_stages
    >>> network = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.ReLU(), torch.nn.Linear(3, 1)).eval()
    >>> found = cut(network, find_stages(network), 1, torch.ones(4, 2))
    >>> found.shape, torch.equal(found.suffix(found.prefix(torch.ones(4, 2))), network(torch.ones(4, 2)))
    ((3,), True)
    """
    training = {name: child.training for name, child in module.named_modules()}
    module.eval()
    try:
        return _cut(module, stages, first, inputs)
    finally:
        for name, child in module.named_modules():
            child.training = training[name]


def _cut(module: torch.nn.Module, stages: Sequence[Stage], first: int, inputs: torch.Tensor) -> NetworkSplit | None:
    entrance = stages[first].modules[0]
    prefix = _Prefix(module, entrance).eval()
    with torch.no_grad():
        whole = module(inputs)
        activations = prefix(inputs)
        if not isinstance(activations, torch.Tensor) or len(activations) != len(inputs):
            return None
        for kept in (0, 1):  # with the first stage bypassed, or run on nothing where the way on depends on it
            bypassed = [path for stage in stages[kept:first] for path in stage.modules]
            suffix = _Suffix(module, entrance, bypassed, tuple(inputs.shape[1:]) if kept else ())
            try:
                parts = suffix(activations)
            except Exception:
                continue
            if parts.shape == whole.shape and _distance(parts, whole) <= TOLERANCE:
                return NetworkSplit(prefix, suffix, tuple(activations.shape[1:]))
    return None


def _distance(got: torch.Tensor, expected: torch.Tensor) -> float:
    return float((got - expected).norm() / expected.norm().clamp_min(1e-12))


class _Prefix(torch.nn.Module):
    """The network up to the entrance of a stage; what comes after is traced, and left out of a graph as unused."""

    def __init__(self, module: torch.nn.Module, entrance: str) -> None:
        super().__init__()
        self._entrance = entrance
        # A copy: a hook on the network itself would be there for everyone.
        self.module = copy.deepcopy(module).eval().requires_grad_(False)
        self._seen: list[torch.Tensor] = []
        self.module.get_submodule(entrance).register_forward_pre_hook(self._look)

    def _look(self, module: torch.nn.Module, inputs: tuple[torch.Tensor, ...]) -> None:
        self._seen.append(inputs[0])

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """Return what enters the stage."""
        self._seen.clear()
        self.module(inputs)
        seen = self._seen.pop()
        self._seen.clear()
        return seen


class _Entrance(torch.nn.Module):
    """Gives the first moving module the kept activation, whatever comes from before."""

    def __init__(self, inner: torch.nn.Module) -> None:
        super().__init__()
        self.inner = inner
        self.kept: torch.Tensor | None = None

    def forward(self, *ignored: Any, **more: Any) -> Any:  # noqa: ANN401 - as the module it stands for
        """Run the module on the activation."""
        return self.inner(self.kept, *ignored[1:], **more)


class _Suffix(torch.nn.Module):
    """The network from a stage on: containers are copied, so that parts can be exchanged; stages are shared."""

    def __init__(self, module: torch.nn.Module, entrance: str, bypassed: Sequence[str], shape: tuple[int, ...]) -> None:
        super().__init__()
        self._input = shape
        self._door = _Entrance(module.get_submodule(entrance))
        exchanged: dict[str, torch.nn.Module] = {path: torch.nn.Identity() for path in bypassed}
        self.module = _replace_parts(module, {**exchanged, entrance: self._door}, "")

    def forward(self, activations: torch.Tensor) -> torch.Tensor:
        """Return the features."""
        self._door.kept = activations
        try:
            start = activations.new_zeros(len(activations), *self._input) if self._input else activations
            features: torch.Tensor = self.module(start)
        finally:
            self._door.kept = None
        return features


def _replace_parts(module: torch.nn.Module, exchanged: dict[str, torch.nn.Module], path: str) -> torch.nn.Module:
    """Copy the containers on the way to what is exchanged; everything else stays the very same object."""
    if path in exchanged:
        return exchanged[path]
    prefix = f"{path}." if path else ""
    if not any(name.startswith(prefix) for name in exchanged):
        return module
    made = copy.copy(module)
    made._modules = {
        name: child if child is None else _replace_parts(child, exchanged, f"{prefix}{name}")
        for name, child in module._modules.items()
    }
    return made


# --- the cache -------------------------------------------------------------------------------------------------------


class PrefixEncoder(Encoder):
    """One view of examples, run through the frozen stages: an encoder whose features are flattened activations.

    Parameters
    ----------
    spec
        What it computes; view, augmentation and cut are in its digest.
    found
        The network in two parts.
    graph
        Of the prefix, for ONNX Runtime; None runs it in torch.
    view, augmentation, seed
        Which version of the examples; 0 is the example as it is.
    """

    def __init__(  # six: the cut, and which view of the examples is sent through it
        self,
        spec: EncoderSpec,
        found: NetworkSplit,
        graph: Path | None,
        view: int,
        augmentation: Augmentation,
        seed: int,
    ) -> None:
        self.spec, self._cut = spec, found
        self._session = open_session(graph, threads=1) if graph is not None else None
        self._view, self._augmentation, self._seed = view, augmentation, seed

    def preprocess(self, example: Any) -> Singles:  # noqa: ANN401 - what the modality's reader opens
        """Create the view of an opened example."""
        return create_view(example, self.spec.preprocessing, self._augmentation, self._seed, self._view)

    def encode(self, batch: Singles) -> Singles:
        """Turn inputs (N, ...) into activations (N, D)."""
        if self._session is not None:
            (found,) = self._session.run(None, {self._session.get_inputs()[0].name: batch})
        else:
            with _in_torch, torch.no_grad():
                found = self._cut.prefix(torch.from_numpy(batch)).numpy()
        activations: Singles = np.ascontiguousarray(found.reshape(len(batch), -1), dtype=np.float32)
        return activations


@dataclass(frozen=True, slots=True)
class ViewsWanted:
    """Which versions of the examples are kept: ``views`` of them, the first one without augmentation."""

    views: int
    augmentation: Augmentation
    seed: int


def prefix_encoders(
    base: EncoderSpec, found: NetworkSplit, first: int, wanted: ViewsWanted, inputs: Singles, cache: Path
) -> tuple[PrefixEncoder, ...]:
    """Create one encoder for each view; the graph of the frozen stages is written once and kept in the cache.

    ``inputs`` are prepared examples, shape (n, ...), on which the graph is compared with torch.
    """
    graph = _prefix_graph(base, found, first, inputs, cache)
    made = []
    for view in range(wanted.views):
        deciding = {"cut": first, "view": view, "from": base.digest, "revision": 1}
        if view:
            deciding |= {"augmentation": asdict(wanted.augmentation), "seed": wanted.seed}
        spec = replace(
            base,
            name=f"{base.name}[:{first}]",
            architecture=f"{base.architecture}[:{first}]",
            dimension=math.prod(found.shape),
            weights_digest=sha256_of_json(deciding),
            engine="onnxruntime" if graph else "torch",
            classifier="",
        )
        made.append(PrefixEncoder(spec, found, graph, view, wanted.augmentation, wanted.seed))
    return tuple(made)


def _prefix_graph(base: EncoderSpec, found: NetworkSplit, first: int, inputs: Singles, cache: Path) -> Path | None:
    deciding = [base.digest, first, version("torch"), version("timm"), version("onnxscript")]
    digest = sha256_of_json(deciding)
    folder = cache / "encoders" / f"{base.architecture.split('.')[0]}-prefix-{digest[:12]}"
    graph = folder / "prefix.onnx"
    if not graph.is_file():
        prefix = copy.deepcopy(found.prefix).to(memory_format=torch.contiguous_format)
        try:
            with new_cache_folder(folder) as place, quiet():
                export_module(prefix, torch.zeros(2, *inputs.shape[1:]), place / graph.name, "frozen stages")
                compare_outputs(prefix, place / graph.name, torch.from_numpy(inputs), "the frozen stages")
        except EncoderError:
            return None
    return graph
