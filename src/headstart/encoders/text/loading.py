"""From the name of an encoder of documents to one that is ready to run, without torch."""

import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from headstart.data.example import Example
from headstart.encoders.catalogue import load_catalogue
from headstart.encoders.graph_cache import GRAPH, PreparedEncoder, describe, prepare_in
from headstart.encoders.preprocess.text_tokens import require_library
from headstart.encoders.preprocess.text_vocabulary import INDEX
from headstart.encoders.spec import Device, EncoderSpec
from headstart.encoders.text.engine import TextEncoder
from headstart.encoders.text.folders import find_folder
from headstart.encoders.text.tokenizer import FILE, describe_preprocessing
from headstart.encoders.text.transformer import KINDS
from headstart.encoders.text.written import WrittenEncoder
from headstart.encoders.weights import HF_PREFIX, Weights, file_name, locate_weights
from headstart.errors import EncoderError, MissingWeightsError, RecipeError, UnknownNameError
from headstart.registry import nearest
from headstart.runtime.findings import Finding, did_you_mean
from headstart.runtime.hashing import sha256_of_json
from headstart.runtime.progress import Progress, silent
from headstart.settings.sections import EncoderSettings

DEFAULT = "e5_small"
KIND = "text"
_CONVOLUTIONS = "universal-sentence-encoder-multilingual"
REVISION = 3  # of what is written into the cache: raise it when that changes


def require_encoder(name: str, cache: Path, examples: Sequence[Example]) -> str:
    """Find the weights of an encoder without reading them, and return its name in full.

    Raises
    ------
    UnknownNameError
        When the name stands for nothing.
    EncoderError
        When its weights are not on this machine, or its folder lacks a file.
    MissingExtraError
        When the library that tokenises is not installed.
    """
    require_library()
    return find_text_weights(name, cache).name


def require_trainable(name: str, method: str) -> None:
    """Raise RecipeError for a network that is none of the BERT family, as far as its name tells."""
    entry = load_catalogue(KIND).get(name)
    if entry is not None and entry.architecture == _CONVOLUTIONS:
        raise weights_stay(name)
    if os.path.isdir(name) and find_folder(name).architecture not in KINDS:
        raise weights_stay(name)


def weights_stay(name: str) -> RecipeError:
    """Return the error that the weights of this encoder cannot be moved."""
    return RecipeError("encoders.weights_stay", name=name, other=DEFAULT)


def list_names(cache: Path, examples: Sequence[Example]) -> tuple[str, ...]:
    """List the encoders of the catalogue whose weights are on this machine."""
    return tuple(name for name in load_catalogue(KIND) if _is_here(name, cache))


def load_encoder(  # seven parameters: see EncoderSource
    name: str,
    *,
    cache: Path,
    device: Device = "auto",
    progress: Progress = silent,
    threads: int = 1,
    examples: Sequence[Example] = (),
) -> TextEncoder:
    """Load an encoder by its name; its graph and its tokenizer are made on the first use and kept in the cache.

    Parameters
    ----------
    name
        A name of the catalogue, ``hf:OWNER/NAME``, or a folder with ``config.json``, weights and ``tokenizer.json``.
    cache
        Folder for weights and graphs.
    device
        It runs on the CPU, which ``auto`` means as well.
    threads
        Threads within one call of ``encode``.
    examples
        Not looked at: the network is fitted to nothing.

    Raises
    ------
    EncoderError
        And its kinds: weights missing or damaged, a network that cannot be used, a device that is not the CPU.
    UnknownNameError
        When the name stands for nothing.
    MissingExtraError
        When the library that tokenises is not installed.
    """
    require_library()
    if device == "cuda":
        raise EncoderError("encoders.only_on_cpu", name=name)
    prepared = prepare_text_encoder(find_text_weights(name, cache), cache, progress)
    return TextEncoder(prepared.spec, prepared.files, threads, _notice(name))


def find_text_weights(name: str, cache: Path) -> Weights:
    """Find the weights that a name stands for; raises as :func:`require_encoder`."""
    if name == EncoderSettings().name:  # a recipe names the default of another modality
        name = DEFAULT
    if os.path.isdir(name):  # unlike pathlib it is silent about names no file system takes
        return find_folder(name)
    known = list(load_catalogue(KIND))
    if name not in known and not name.startswith(HF_PREFIX):
        hint = did_you_mean(nearest(name, known))
        raise UnknownNameError("encoders.unknown_text_encoder", name=name, names=known, hint=hint)
    return locate_weights(name, cache)


def prepare_text_encoder(weights: Weights, cache: Path, progress: Progress) -> PreparedEncoder:
    """Open the graph and the tokenizer that were made of weights, or make them; raises as :func:`load_encoder`."""
    deciding = [weights.architecture, weights.sha256, *(digest for _, digest in weights.others), REVISION]
    folder = cache / "encoders" / f"{file_name(weights.architecture)}-{sha256_of_json(deciding)[:12]}"
    return prepare_in(folder, weights, progress, lambda place: _write(weights, place))


def _write(weights: Weights, place: Path) -> None:
    written = _writer(weights.architecture)(weights, place)
    preprocessing = describe_preprocessing(place / FILE, written.positions)
    spec = EncoderSpec(
        name=weights.name,
        architecture=written.architecture,
        dimension=written.dimension,
        weights_digest=weights.sha256,
        preprocessing=replace(preprocessing, pooling=written.pooling, layers=written.layers),
        licence=weights.licence,
        source=weights.source,
    )
    assert (place / GRAPH).is_file(), "a writer writes a graph"
    describe(place, spec, written.config, None, tuple(name for name in (FILE, INDEX) if (place / name).is_file()))


def _writer(architecture: str) -> Callable[[Weights, Path], WrittenEncoder]:
    """Return what writes a graph; each loads onnx, so only where one is made."""
    if architecture == "multilingual-e5-small":
        from headstart.encoders.text.e5_file import write_from_e5

        return write_from_e5
    if architecture == _CONVOLUTIONS:
        from headstart.encoders.text.use_multilingual import write_from_use

        return write_from_use
    from headstart.encoders.text.folders import write_from_folder

    return write_from_folder


def _is_here(name: str, cache: Path) -> bool:
    try:
        return bool(locate_weights(name, cache))
    except MissingWeightsError:
        return False


def _notice(name: str) -> Finding | None:
    entry = load_catalogue().get(name)
    return Finding("encoders.research_only", {"name": name}) if entry is not None and entry.research_only else None
