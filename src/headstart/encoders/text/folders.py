"""Folders of transformers and sentence-transformers: ``config.json``, weights and ``tokenizer.json``."""

from pathlib import Path

from headstart.encoders.checkpoints import read_checkpoint
from headstart.encoders.text.foreign import require_door, write_from_transformers
from headstart.encoders.text.tokenizer import FILE, read_tokenizer, write_tokenizer
from headstart.encoders.text.transformer import KINDS, name_tensors, read_transformer
from headstart.encoders.text.written import GRAPH, WrittenEncoder
from headstart.encoders.weights import FOLDER_FILES, Weights, digest_of_given, read_model_type
from headstart.errors import EncoderError, MissingWeightsError

CONFIG = "config.json"
NESTED = "0_Transformer"  # where older versions of sentence-transformers put the network


def find_folder(name: str) -> Weights:
    """Find the weights and the other files in a folder.

    Raises
    ------
    EncoderError
        When one is missing or cannot be read; it is named.
    """
    folder = Path(name)
    if not (folder / CONFIG).is_file() and (folder / NESTED / CONFIG).is_file():
        folder = folder / NESTED
    if not (folder / CONFIG).is_file():
        raise EncoderError("encoders.no_transformer_folder", folder=folder)
    path = next((folder / file for file in FOLDER_FILES if (folder / file).is_file()), None)
    if path is None:
        raise MissingWeightsError(
            "encoders.folder_without_weights", name=folder, one=FOLDER_FILES[0], other=FOLDER_FILES[1]
        )
    if not (folder / FILE).is_file():
        raise EncoderError("encoders.no_tokenizer", folder=folder)
    return Weights(
        name=name,
        path=path,
        sha256=digest_of_given(path),
        architecture=_require_known(folder / CONFIG, path),
        licence="not stated",
        source=f"folder {Path(name).resolve().name}",
        kind="folder",
        others=tuple((folder / file, digest_of_given(folder / file)) for file in (FILE, CONFIG)),
    )


def _require_known(config: Path, weights: Path) -> str:
    """Return the kind of a network that can be opened; those outside the BERT family need transformers."""
    kind = read_model_type(config)
    if kind not in KINDS:
        require_door(kind, weights)
        return kind
    return read_transformer(config).kind


def write_from_folder(weights: Weights, place: Path) -> WrittenEncoder:
    """Write the graph and the tokenizer of such a folder, or of a package with the same files; raises EncoderError."""
    from headstart.encoders.text.transformer_graph import write_transformer  # loads onnx

    if weights.architecture not in KINDS:
        return write_from_transformers(weights, place)
    (tokenizer, _), (config, _) = weights.others
    network = read_transformer(config)
    tensors = name_tensors(network, read_checkpoint(weights.path), weights.path)
    write_tokenizer(read_tokenizer(tokenizer), place / FILE)
    dimension = write_transformer(network, tensors, place / GRAPH)
    return WrittenEncoder(network.architecture, dimension, network.positions, network.to_json())
