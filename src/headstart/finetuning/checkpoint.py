"""Checkpoints of a training: one safetensors file that appears whole, with the plain values as JSON in its header."""

import json
import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from headstart.errors import ModelFileError, OutputError

HEADER = "headstart"
PARTIAL = ".partial"

LAST = "last.safetensors"  # the checkpoint: weights of the last and of the best epoch, and the optimiser's state


@dataclass(frozen=True, slots=True, eq=False)
class Checkpoint:
    """Tensors by name, and plain values."""

    tensors: dict[str, torch.Tensor]
    values: dict[str, Any]


def write_checkpoint(path: Path, checkpoint: Checkpoint) -> None:
    """Write a checkpoint in place of the one before; see :func:`write_whole`."""
    write_whole(path, checkpoint.tensors, {HEADER: json.dumps(checkpoint.values)})


def write_whole(path: Path, tensors: Mapping[str, torch.Tensor], header: Mapping[str, str]) -> None:
    """Write a safetensors file in place of the one before; a reader, or a killed writer, leaves the old or the new one.

    Raises
    ------
    OutputError
        When it cannot be written.
    """
    partial = path.with_name(f".{path.name}.{uuid4().hex[:8]}{PARTIAL}")
    # Rows of a larger tensor and transposed ones are copied: a file holds plain tensors that share nothing.
    plain = {name: tensor.detach().cpu().contiguous().clone() for name, tensor in tensors.items()}
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial.touch()
        usual = stat.S_IMODE(partial.stat().st_mode)
        save_file(plain, partial, metadata=dict(header))
        os.chmod(partial, usual)  # save_file lets only the owner read
        with open(partial, "rb+") as file:
            os.fsync(file.fileno())  # the name must not appear before the content
        os.replace(partial, path)
    except (OSError, SafetensorError) as error:
        raise OutputError(
            "finetuning.checkpoint_not_written", path=path, error=getattr(error, "strerror", None) or error
        ) from error
    finally:
        partial.unlink(missing_ok=True)


def remove_partial(folder: Path) -> None:
    """Remove what a writer that was killed has left half-written in a folder that nobody else writes into."""
    for left in folder.glob(f".*{PARTIAL}"):
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
