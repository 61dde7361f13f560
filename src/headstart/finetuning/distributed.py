"""Where a training runs: one process, or several that each take a share of every batch.

Several processes are Accelerate's work (process group, device, number format). It was taken and not Lightning Fabric
because timm brings nearly all it needs. Gradients are summed over the processes by one call and not by a wrapper around
the network: so the stages that move may change from epoch to epoch, shares may differ in size, and tensors keep their
names.
"""

import os
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from importlib.util import find_spec
from typing import Any

import torch

from headstart.errors import EncoderError, MissingExtraError
from headstart.runtime.machine import available_cores
from headstart.settings.fields import DeviceName


class Engine:
    """What the training loop asks of the machine: one process on its processor, in fp32.

    Examples
    --------
    >>> Engine().sum(torch.ones(2)).tolist()
    [1.0, 1.0]
    """

    rank = 0  # number of this process; 0 writes and speaks
    world = 1  # how many processes there are
    device = torch.device("cpu")  # what this process computes on

    def sum(self, tensor: torch.Tensor) -> torch.Tensor:
        """Add up a tensor over the processes."""
        return tensor

    def spread(self, tensors: Iterable[torch.Tensor]) -> None:
        """Broadcast to every process the first one's values, in place."""

    def precision(self) -> AbstractContextManager[Any]:
        """Choose the number format of the forward pass."""
        return nullcontext()

    def close(self) -> None:
        """Wait for the other processes and part from them."""


class Accelerated(Engine):
    """Several processes, a GPU, or both, by Accelerate; on a GPU the forward pass is in bfloat16."""

    def __init__(self, device: DeviceName) -> None:
        from accelerate import Accelerator  # seconds, and only where there is more than one processor

        on_gpu = device != "cpu" and torch.cuda.is_available()
        mixed = "bf16" if on_gpu and torch.cuda.is_bf16_supported() else "no"
        self._accelerator = Accelerator(cpu=not on_gpu, mixed_precision=mixed)
        self.rank = self._accelerator.process_index
        self.world = self._accelerator.num_processes
        self.device = self._accelerator.device

    def sum(self, tensor: torch.Tensor) -> torch.Tensor:
        """Add up a tensor over the processes."""
        total: torch.Tensor = self._accelerator.reduce(tensor, reduction="sum")
        return total

    def spread(self, tensors: Iterable[torch.Tensor]) -> None:
        """Broadcast to every process the first one's values, in place."""
        from accelerate.utils import broadcast

        with torch.no_grad():
            for tensor in tensors if self.world > 1 else ():
                tensor.copy_(broadcast(tensor.clone()))

    def precision(self) -> AbstractContextManager[Any]:
        """Automatic mixed precision where there is a GPU."""
        context: AbstractContextManager[Any] = self._accelerator.autocast()
        return context

    def close(self) -> None:
        """Wait for the other processes and part from them."""
        self._accelerator.wait_for_everyone()
        self._accelerator.end_training()


def choose_engine(device: DeviceName, world: int) -> Engine:
    """Choose what the training runs on; ``world`` is the number of processes.

    Raises
    ------
    EncoderError
        When a GPU is asked for and there is none.
    MissingExtraError
        When Accelerate is needed and not installed.
    """
    cuda = torch.cuda.is_available()
    if device == "cuda" and not cuda:
        raise EncoderError("finetuning.no_cuda")
    if world == 1 and (device == "cpu" or not cuda):
        return Engine()
    if find_spec("accelerate") is None:
        raise MissingExtraError("accelerate", "train", "finetuning.to_train")
    return Accelerated(device)


def own_generator() -> AbstractContextManager[None]:
    """Leave torch's generator as it was when the block ends."""
    return torch.random.fork_rng(devices=range(torch.cuda.device_count()))


def use_cores() -> None:
    """Let torch use no more threads than this process has cores, unless somebody has chosen already."""
    if "OMP_NUM_THREADS" not in os.environ and torch.get_num_threads() > available_cores():
        torch.set_num_threads(available_cores())


def sum_gradients(engine: Engine, parameters: Sequence[torch.nn.Parameter]) -> None:
    """Add up the gradients over the processes, in one message."""
    if engine.world == 1:
        return
    gradients = [one.grad for one in parameters if one.grad is not None]
    flat = engine.sum(torch.cat([gradient.reshape(-1) for gradient in gradients]))
    for gradient, part in zip(gradients, torch.split(flat, [one.numel() for one in gradients]), strict=True):
        gradient.copy_(part.view_as(gradient))
