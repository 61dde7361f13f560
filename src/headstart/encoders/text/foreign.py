"""Networks that are not of the BERT family: transformers runs them once, and torch writes what it does as a graph.

Nothing is downloaded, no code of a folder is run, and only safetensors are opened.
"""

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from headstart.encoders.onnx_engine import first_line, open_session
from headstart.encoders.silence_output import quiet
from headstart.encoders.text.tokenizer import FILE, read_tokenizer, write_tokenizer
from headstart.encoders.text.written import GRAPH, WrittenEncoder
from headstart.encoders.weights import Weights
from headstart.errors import EncoderError, MissingExtraError

if TYPE_CHECKING:
    import torch

TOLERANCE = 1e-4  # of the graph against transformers
MARGIN = 2  # positions that some networks keep for what is no token


def require_door(kind: str, path: Path) -> None:
    """Raise MissingExtraError where networks of other kinds cannot be opened, EncoderError for other weights' files."""
    for package in ("transformers", "torch", "onnxscript"):
        if find_spec(package) is None:
            raise MissingExtraError(package, "transformers", "encoders.to_open_kind", kind=kind)
    if path.suffix != ".safetensors":
        raise EncoderError("encoders.only_safetensors", path=path, kind=kind)


def write_from_transformers(weights: Weights, place: Path) -> WrittenEncoder:
    """Write the graph and the tokenizer of a folder that transformers opens.

    Raises
    ------
    EncoderError
        When the network is no encoder, a tensor is missing, or it cannot be written as a graph of the same numbers.
    MissingExtraError
        When transformers or torch is not installed.
    """
    require_door(weights.architecture, weights.path)
    (tokenizer, _), _ = weights.others
    with quiet():
        model = _open(weights)
        write_tokenizer(read_tokenizer(tokenizer), place / FILE)
        _export(_with_unit_means(model), place / GRAPH, weights.path.parent)
    width, depth = int(model.config.hidden_size), int(model.config.num_hidden_layers)
    positions = int(getattr(model.config, "max_position_embeddings", 0) or 512) - MARGIN
    return WrittenEncoder(f"{weights.architecture}-{depth}x{width}", 2 * width, positions, {})


def _open(weights: Weights) -> Any:  # noqa: ANN401 - a transformers.PreTrainedModel
    import torch
    from transformers import AutoConfig, AutoModel
    from transformers.models.auto.modeling_auto import MODEL_FOR_MASKED_LM_MAPPING_NAMES

    folder = weights.path.parent
    given: dict[str, Any] = {"local_files_only": True, "trust_remote_code": False}
    try:
        config = AutoConfig.from_pretrained(folder, **given)
        if config.model_type not in MODEL_FOR_MASKED_LM_MAPPING_NAMES or getattr(config, "is_encoder_decoder", False):
            raise EncoderError("encoders.other_transformer", path=folder / "config.json", kind=config.model_type)
        model, found = AutoModel.from_pretrained(
            folder,
            config=config,
            use_safetensors=True,
            dtype=torch.float32,
            attn_implementation="eager",
            output_loading_info=True,
            **given,
        )
    except EncoderError:
        raise
    except Exception as error:  # anything that a file of strangers can bring about
        raise EncoderError("encoders.not_opened_by_transformers", folder=folder, error=first_line(error)) from error
    lacking = sorted(name for name in found["missing_keys"] if "pooler" not in name)
    if lacking:
        raise EncoderError("encoders.tensor_missing", path=weights.path, names=lacking, network=weights.architecture)
    return model.eval()


def _with_unit_means(model: Any) -> "torch.nn.Module":  # noqa: ANN401 - as _open
    import torch

    class UnitMeans(torch.nn.Module):
        """The unit means of the last two layers, joined: what the graphs of the BERT family compute."""

        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
            found = self.model(input_ids=input_ids, attention_mask=attention_mask, output_hidden_states=True)
            weights = attention_mask.to(torch.float32).unsqueeze(1)
            summed = [(weights @ states).squeeze(1) for states in (found.last_hidden_state, found.hidden_states[-2])]
            return torch.cat([torch.nn.functional.normalize(one, dim=1) for one in summed], dim=1)

    return UnitMeans().eval()


def _export(module: "torch.nn.Module", path: Path, folder: Path) -> None:
    import torch

    from headstart.encoders.graphs import remove_exporter_notes

    ids = torch.arange(2 * 7).reshape(2, 7) + 3
    given = (ids, torch.ones_like(ids))
    sides = {0: torch.export.Dim.AUTO, 1: torch.export.Dim.AUTO}
    try:
        with torch.no_grad():
            program = torch.onnx.export(
                module,
                given,
                dynamo=True,
                dynamic_shapes=(sides, sides),
                input_names=["input_ids", "attention_mask"],
                output_names=["features"],
                verbose=False,
            )
        assert program is not None  # it is None for the older exporter alone
        path.write_bytes(remove_exporter_notes(program.model_proto).SerializeToString(deterministic=True))
    except Exception as error:  # the exporter's own classes derive from Exception alone
        raise EncoderError("encoders.not_exported", name=folder, error=first_line(error)) from error
    session = open_session(path, threads=1)
    for batch in (ids, ids[:1, :4], ids.reshape(1, 14)):
        with torch.inference_mode():
            expected = module(batch, torch.ones_like(batch)).numpy()
        (got,) = session.run(None, {"input_ids": batch.numpy(), "attention_mask": np.ones(batch.shape, np.int64)})
        worst = float(np.abs(got - expected).max())
        if not worst <= TOLERANCE:  # written so that "not a number" is refused too
            raise EncoderError("encoders.graph_differs", name=folder, worst=worst, most=TOLERANCE)
