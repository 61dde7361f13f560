"""A batch is taken in bites that fit into memory: the gradient of a batch is the sum of its bites."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import torch

from headstart.arrays import Integers
from headstart.errors import EncoderError

Rows = Integers
Result = TypeVar("Result")

MEMORY_WORDS = ("out of memory", "can't allocate memory", "not enough memory")


@dataclass(slots=True)
class MicroBatcher:
    """How many examples go through the network at a time; halved where memory is short.

    Examples
    --------
    >>> bites = MicroBatcher(8)
    >>> [part.tolist() for part in bites.parts(9)]
    [[0, 1, 2, 3, 4, 5, 6, 7, 8]]
    >>> def work():
    ...     if bites.size > 3:
    ...         raise MemoryError
    ...     return [part.tolist() for part in bites.parts(5)]
    >>> bites.within_memory(work), bites.size
    ([[0, 1, 2], [3, 4]], 2)
    """

    size: int

    def parts(self, count: int) -> list[Rows]:
        """Divide ``count`` rows evenly; one row alone joins the others, for the sake of BatchNorm."""
        pieces = max(1, math.ceil(count / self.size))
        if count % self.size == 1 and pieces > 1:
            pieces -= 1
        return np.array_split(np.arange(count), pieces)

    def within_memory(self, work: Callable[[], Result]) -> Result:
        """Do something, again with half the size each time that memory is too short for it.

        Raises
        ------
        EncoderError
            When memory is too short for one example.
        """
        while True:
            try:
                return work()
            except (MemoryError, RuntimeError) as error:
                if not is_about_memory(error):
                    raise
                if self.size <= 1:
                    raise EncoderError("finetuning.out_of_memory", error=str(error).splitlines()[0][:200]) from error
            # Out here the error is gone, and with it what its frames held on to.
            self.size = max(1, self.size // 2)
            if torch.cuda.is_available():
                torch.cuda.empty_cache()


def is_about_memory(error: BaseException) -> bool:
    """Return whether an error means that memory is short: torch has no class for it on a CPU.

    Examples
    --------
    >>> is_about_memory(RuntimeError("CUDA out of memory.")), is_about_memory(RuntimeError("a mistake"))
    (True, False)
    """
    return isinstance(error, MemoryError) or any(words in str(error).lower() for words in MEMORY_WORDS)
