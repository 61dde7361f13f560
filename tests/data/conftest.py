"""Small picture files, written as a test needs them."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image


@pytest.fixture
def put(tmp_path: Path) -> Callable[..., Path]:
    """Write a picture of noise under each of the given names; the same seed gives the same bytes."""
    seeds = iter(range(1000))

    def write(*names: str, seed: int | None = None) -> Path:
        for name in names:
            file = tmp_path / name
            file.parent.mkdir(parents=True, exist_ok=True)
            noise = np.random.default_rng(next(seeds) if seed is None else 10_000 + seed)
            Image.fromarray(noise.integers(0, 256, (6, 8, 3), dtype=np.uint8)).save(file)
        return tmp_path

    return write
