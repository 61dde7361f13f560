"""Encoders of rows: the identity on scaled numbers, of all columns or of one vector among them."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from headstart.arrays import Singles
from headstart.data.example import Example
from headstart.encoders.preprocess.vectors import VectorPreprocessing
from headstart.encoders.spec import Device, EncoderFiles, EncoderSpec, LoadedEncoder, describe_simple
from headstart.errors import EncoderError, RecipeError
from headstart.runtime.progress import Progress
from headstart.settings.sections import EncoderSettings

ALL = "columns"  # the encoder of all columns


class VectorEncoder(LoadedEncoder):
    """Rows become their scaled numbers."""

    files = EncoderFiles()

    def __init__(self, spec: EncoderSpec) -> None:
        self.spec = spec

    def encode(self, batch: Singles) -> Singles:
        """Return the batch, shape (N, D)."""
        return batch


def require_encoder(name: str, cache: Path, examples: Sequence[Example]) -> str:
    """Return the name of the encoder of all columns, or of a vector that the table has; raises EncoderError."""
    if name in (ALL, EncoderSettings().name):  # a recipe names the default of another modality
        return ALL
    VectorPreprocessing.fit([example.source for example in examples[:1]], name)
    return name


def require_trainable(name: str, method: str) -> None:
    """Raise RecipeError: there are no weights."""
    raise RecipeError("encoders.nothing_to_train", method=method)


def list_names(cache: Path, examples: Sequence[Example]) -> tuple[str, ...]:
    """List the encoders there are for these rows: all columns, and each vector of several."""
    groups = examples[0].source.table.groups
    return (ALL, *(name for name, columns in groups.items() if 1 < len(columns)))


def load_encoder(
    name: str, *, cache: Path, device: Device, progress: Progress, examples: Sequence[Example]
) -> VectorEncoder:
    """Fit the encoder to examples; raises EncoderError when there are none."""
    if not examples:
        raise EncoderError("encoders.no_rows")
    name = require_encoder(name, cache, examples)
    rows = [example.source for example in examples]
    preprocessing = VectorPreprocessing.fit(rows, "" if name == ALL else name)
    return open_simple(describe_simple(name, ALL, preprocessing.shape[0], preprocessing))


def fit_baseline(examples: Sequence[Example]) -> VectorEncoder:
    """Fit the encoder of all columns: the head of the baseline takes the best of them."""
    encoder = load_encoder(ALL, cache=Path(), device="cpu", progress=lambda *_: None, examples=examples)
    return open_simple(replace(encoder.spec, name="best_column"))


def open_simple(spec: EncoderSpec, files: EncoderFiles | None = None) -> VectorEncoder:
    """Open an encoder that was saved with a model."""
    return VectorEncoder(spec)
