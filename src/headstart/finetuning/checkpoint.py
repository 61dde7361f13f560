"""Checkpoints of a training: one safetensors file that appears whole, with the plain values as JSON in its header."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open

from headstart.encoders.folders import save_tensors
from headstart.errors import ModelFileError
from headstart.runtime.files import PARTIAL_SUFFIX, whole_file, write_errors

HEADER = "headstart"

LAST = "last.safetensors"  # the checkpoint: weights of the last and of the best epoch, and the optimiser's state


@dataclass(frozen=True, slots=True, eq=False)
class Checkpoint:
    """Tensors by name, and plain values."""

    tensors: dict[str, torch.Tensor]
    values: dict[str, Any]


def write_checkpoint(path: Path, checkpoint: Checkpoint) -> None:
    """Write a checkpoint in place of the one before; raises OutputError like :func:`write_tensors`."""
    write_tensors(path, checkpoint.tensors, {HEADER: json.dumps(checkpoint.values)})


def write_tensors(path: Path, tensors: Mapping[str, torch.Tensor], header: dict[str, str]) -> None:
    """Write a safetensors file in place of the one before; a reader, or a killed writer, leaves the old or the new one.

    Raises
    ------
    OutputError
        When it cannot be written.
    """
    # Rows of a larger tensor and transposed ones are copied: a file holds plain tensors that share nothing.
    plain = {name: tensor.detach().cpu().contiguous().clone() for name, tensor in tensors.items()}
    with write_errors("finetuning.checkpoint_not_written", path=path):
        path.parent.mkdir(parents=True, exist_ok=True)
        with whole_file(path, durable=True) as partial:
            save_tensors(partial, plain, header)


def remove_partial(folder: Path) -> None:
    """Remove what a writer that was killed has left half-written in a folder that nobody else writes into."""
    for left in folder.glob(f".*{PARTIAL_SUFFIX}"):
        left.unlink(missing_ok=True)


def read_checkpoint(path: Path) -> Checkpoint:
    """Read a checkpoint.

    Raises
    ------
    ModelFileError
        When it is not one, or damaged.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     write_checkpoint(Path(folder, "last.safetensors"), Checkpoint({"a": torch.ones(1)}, {"step": 3}))
    ...     read_checkpoint(Path(folder, "last.safetensors")).values
    {'step': 3}
    """
    try:
        with safe_open(path, framework="pt") as file:
            values = json.loads(file.metadata()[HEADER])
            tensors = {name: file.get_tensor(name) for name in file.keys()}
    except (OSError, SafetensorError, KeyError, TypeError, ValueError) as error:
        raise ModelFileError("finetuning.checkpoint_not_read", path=path, error=error) from error
    return Checkpoint(tensors, values)


def optimizer_tensors(optimizer: torch.optim.Optimizer) -> dict[str, torch.Tensor]:
    """Take an optimiser's state apart into named tensors."""
    state: dict[int, dict[str, Any]] = optimizer.state_dict()["state"]
    return {
        f"{number}.{key}": value
        for number, entries in state.items()
        for key, value in entries.items()
        if isinstance(value, torch.Tensor)
    }


def restore_optimizer(optimizer: torch.optim.Optimizer, tensors: dict[str, torch.Tensor]) -> None:
    """Put back what :func:`optimizer_tensors` took apart."""
    state: dict[int, dict[str, Any]] = {}
    for name, tensor in tensors.items():
        number, key = name.split(".", 1)
        state.setdefault(int(number), {})[key] = tensor
    optimizer.load_state_dict({"state": state, "param_groups": optimizer.state_dict()["param_groups"]})
