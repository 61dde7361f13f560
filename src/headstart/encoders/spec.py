"""What an encoder is: the values that describe it, and the protocol that engines keep."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar, Literal, Protocol, TypeVar, cast

import numpy as np

from headstart.arrays import Singles
from headstart.data.example import Example
from headstart.modalities.base import DEFAULT, load_modality
from headstart.runtime.findings import Finding
from headstart.runtime.hashing import sha256_of_json
from headstart.runtime.progress import Progress
from headstart.settings.recipe import Recipe

Engine = Literal["onnxruntime", "torch", "numpy"]
Device = Literal["auto", "cpu", "cuda"]
NO_WEIGHTS = "none"  # the digest of the weights where there is no network


class Preprocessing(Protocol):
    """How an opened example becomes the input of an encoder: data, not code, tagged by its modality."""

    kind: ClassVar[str]  # name of the modality
    kept: ClassVar[bool]  # whether features are kept between runs: not where they cost less than reading them

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of one input; () where inputs are of several lengths."""

    def prepare(self, example: Any, /) -> Any:  # noqa: ANN401 - what the modality's reader opens; an input
        """Turn an opened example into one input."""

    def versions(self) -> dict[str, str]:
        """Return the versions of libraries that decide the numbers of an input, by name."""

    def to_json(self) -> dict[str, Any]:
        """Return plain data; a class method ``from_json`` reads it back."""


@dataclass(frozen=True, slots=True)
class EncoderSpec:
    """All that decides what an encoder computes, and where it comes from.

    Attributes
    ----------
    name
        The name a user gives: ``efficientnet_lite0``, ``timm:resnet50``, a path.
    architecture
        timm's name of the network.
    dimension
        Length D of a feature vector.
    weights_digest
        SHA-256 of the weight file, hexadecimal.
    preprocessing
        How examples are prepared.
    licence, source
        Licence of the weights, and where they were found (package, hub, file).
    engine, precision
        What computes the features, and in which number format.
    classifier
        timm's name of the classifier layer that the head replaces, or "" when there is none to replace.
    """

    name: str
    architecture: str
    dimension: int
    weights_digest: str
    preprocessing: Preprocessing
    licence: str
    source: str
    engine: Engine = "onnxruntime"
    precision: str = "fp32"
    classifier: str = ""

    @property
    def modality(self) -> str:
        """The kind of examples it takes."""
        return self.preprocessing.kind

    @property
    def is_network(self) -> bool:
        """Whether it has weights, rather than being arithmetic alone."""
        return self.weights_digest != NO_WEIGHTS

    @property
    def digest(self) -> str:
        """SHA-256 of everything that can change a feature vector; half of the key of a stored row.

        Name, licence and source are left out: the same weights under another name give the same features. Versions of
        libraries are in, where they make the numbers of an input.
        """
        deciding = {
            "revision": 1,
            "architecture": self.architecture,
            "weights": self.weights_digest,
            "preprocessing": self.preprocessing.to_json(),
            "engine": self.engine,
            "precision": self.precision,
            **self.preprocessing.versions(),
        }
        return sha256_of_json(deciding)

    def to_json(self) -> dict[str, Any]:
        """Plain data; :meth:`from_json` reads it back."""
        return {**asdict(self), "preprocessing": self.preprocessing.to_json()}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "EncoderSpec":
        """Read what :meth:`to_json` wrote; raises KeyError or TypeError when a field is missing or unknown."""
        described = dict(data["preprocessing"])
        made = load_modality(described.pop("kind", DEFAULT)).preprocessing.from_json(described)
        return cls(**{**data, "preprocessing": made})


def describe_simple(name: str, architecture: str, dimension: int, preprocessing: Preprocessing) -> EncoderSpec:
    """Describe an encoder that has no network, and so no weights."""
    return EncoderSpec(name, architecture, dimension, NO_WEIGHTS, preprocessing, "none needed", "Headstart", "numpy")


@dataclass(frozen=True, slots=True)
class EncoderFiles:
    """The files of a prepared encoder, for whoever saves a model.

    Attributes
    ----------
    graph
        The ONNX graph, or None for a network that cannot be exported, or where there is no network.
    weights
        The weights under timm's names without the classifier (safetensors), or None for a graph alone.
    config
        What timm's ``config.json`` says about the network; empty for a graph alone.
    beside
        Other files that are needed to open it, or their contents, by the names they have in a model's folder.
    """

    graph: Path | None = None
    weights: Path | None = None
    config: dict[str, Any] = field(default_factory=dict)
    beside: Mapping[str, Path | bytes] = field(default_factory=dict)

    def read(self, name: str) -> bytes:
        """Read one of the files beside; raises KeyError when there is none of this name."""
        found = self.beside[name]
        return found if isinstance(found, bytes) else found.read_bytes()


@dataclass(frozen=True, slots=True)
class Adaptation:
    """How a preprocessing is changed for a data set: fields of it, what the user should know, and need no longer know.

    ``settled`` are codes of findings.
    """

    changes: Mapping[str, Any] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()
    settled: tuple[str, ...] = ()


class Adapt(Protocol):
    """A function that finds what a preprocessing should be for the examples to learn from."""

    def __call__(self, settings: Any, examples: Sequence[Example], /) -> Adaptation:  # noqa: ANN401 - of the modality
        """Look at the examples as the settings of their modality ask for it."""


def find_adaptation(recipe: Recipe, modality: str, examples: Sequence[Example]) -> Adaptation:
    """Find how the preprocessing is changed for a data set; not at all where its modality knows of no changes."""
    adapt: Adapt | None = getattr(load_modality(modality), "adapt", None)
    own = next((section for section in recipe.modalities if section.section == modality), None)
    return Adaptation() if adapt is None else adapt(own, examples)


class Encoder(Protocol):
    """What turns examples into features; both methods may be called from several threads at once."""

    spec: EncoderSpec
    completes: ClassVar[bool] = False  # whether features carry more than what is stored of them

    def preprocess(self, example: Any, /) -> Any:  # noqa: ANN401 - what the modality's reader opens
        """Turn an opened example into one input."""
        return self.spec.preprocessing.prepare(example)

    def collate(self, inputs: list[Any]) -> Any:  # noqa: ANN401 - what encode takes
        """Join inputs to a batch: an array with one more axis, or a list where they are of several lengths."""
        return np.stack(inputs)

    @abstractmethod
    def encode(self, batch: Any) -> Singles:  # noqa: ANN401 - of collate
        """Turn a batch of N inputs into features, shape (N, D)."""

    def complete(self, features: Singles, examples: Sequence[Any]) -> Singles:
        """Let features carry what is not stored of N opened examples; None stands for one that could not be opened."""
        return features


Adapted = TypeVar("Adapted", bound=Encoder)


def adapt(encoder: Adapted, changes: Mapping[str, Any]) -> Adapted:
    """Change fields of an encoder's preprocessing, and return the encoder itself."""
    if changes:
        encoder.spec = replace(encoder.spec, preprocessing=replace(cast(Any, encoder.spec.preprocessing), **changes))
    return encoder


class LoadedEncoder(Encoder, Protocol):
    """An encoder that was loaded by its name, or with a saved model."""

    files: EncoderFiles
    notice: Finding | None = None  # what the user should know about how it runs

    @property
    def notices(self) -> tuple[Finding, ...]:
        """All that the user should know about how it runs."""
        return () if self.notice is None else (self.notice,)


class EncoderSource(Protocol):
    """A module that knows the encoders of one modality by their names."""

    def require_encoder(self, name: str, cache: Path, examples: Sequence[Example]) -> str:
        """Return the name in full; raises EncoderError or UnknownNameError for one that cannot be loaded here."""

    def require_trainable(self, name: str, method: str) -> None:
        """Raise RecipeError when the encoder of this name has no weights that a method or arm could move."""

    def list_names(self, cache: Path, examples: Sequence[Example]) -> tuple[str, ...]:
        """List the encoders of this machine that suit examples."""

    def load_encoder(
        self, name: str, *, cache: Path, device: Device, progress: Progress, examples: Sequence[Example]
    ) -> LoadedEncoder:
        """Load an encoder; ``examples`` are those it may be fitted to, without their labels."""


class TrainableNetworks(Protocol):
    """A module that knows the networks of one modality in torch."""

    def load_tensors(self, spec: EncoderSpec, files: EncoderFiles) -> Any:  # noqa: ANN401 - what create_network takes
        """Load the weights of an encoder by name; raises RecipeError when they cannot be moved."""

    def create_network(self, config: dict[str, Any], tensors: Any, /) -> Any:  # noqa: ANN401 - a torch.nn.Module
        """Build a network in evaluation mode; where tensors are None, torch's generator draws its weights."""

    def store_network(
        self,
        module: Any,  # noqa: ANN401 - as above
        spec: EncoderSpec,
        files: EncoderFiles,
        inputs: Any,  # noqa: ANN401 - prepared examples
        place: Path,
    ) -> Finding | None:
        """Write a network whose weights moved into a folder, and compare its graph with it on inputs.

        ``spec`` and ``files`` are those of the encoder it was. Return why there is no graph, if there is none; raise
        EncoderError when it computes something else.
        """


class Foresee(Protocol):
    """A function ``foresee`` that an encoder source may have."""

    def __call__(self, name: str, cache: Path, examples: Sequence[Example], /) -> tuple[Finding, ...]:
        """Return what the user should know of an encoder and examples before features are computed."""


class SimpleEncoders(Protocol):
    """A module with the encoders of one modality that need no network."""

    def fit_baseline(self, examples: Sequence[Example]) -> Encoder:
        """Create the encoder that every other one has to beat, fitted to examples where it needs that."""

    def open_simple(self, spec: EncoderSpec, files: EncoderFiles) -> LoadedEncoder:
        """Open an encoder that was saved with a model; ``files`` are those of the model's encoder."""


def simple_encoders(modality: str) -> SimpleEncoders:
    """Load the simple encoders of a modality."""
    found: SimpleEncoders = load_modality(modality).simple
    return found
