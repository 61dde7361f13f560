"""Small pictures for these tests, and an opener that counts."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path

import numpy as np
from PIL import Image

from fakes import FAKE_SPEC, FakeEncoder
from headstart.data.example import Example
from headstart.errors import ExampleError
from headstart.features.extraction import Walk
from headstart.features.store import FeatureStore
from headstart.features.values import Extraction
from headstart.settings.parallelism import ExtractionPlan

OTHER_SPEC = replace(FAKE_SPEC, name="other", weights_digest="1" * 64)
PLAN = ExtractionPlan(workers=2, batch_size=4, threads_per_worker=1)


def key(number: int) -> bytes:
    return sha256(str(number).encode()).digest()


def rows(numbers: list[int]) -> np.ndarray:
    """A row that only this number has, shape (N, 48)."""
    return np.array([np.random.default_rng(number).normal(size=48) for number in numbers], dtype=np.float32)


@dataclass
class Opener:
    """Opens arrays; None is a picture that cannot be read; ``opened`` counts; ``at`` is called with the count first."""

    opened: list[object] = field(default_factory=list)
    at: Callable[[int], None] = lambda count: None

    def __call__(self, source: object) -> Image.Image:
        self.at(len(self.opened))
        self.opened.append(source)
        if source is None:
            raise ExampleError("The picture cannot be read.", "it is empty")
        return Image.fromarray(source)


def make_examples(count: int) -> list[Example]:
    draw = np.random.default_rng(0)
    arrays = [draw.integers(0, 256, size=(9, 7, 3), dtype=np.uint8) for _ in range(count)]
    return [Example(array, f"{number}.png", {"label": "ab"[number % 2]}) for number, array in enumerate(arrays)]


def make_keys(examples: list[Example]) -> list[bytes]:
    return [sha256(b"" if example.source is None else example.source.tobytes()).digest() for example in examples]


def truth(examples: list[Example]) -> np.ndarray:
    """The features one by one, without any of the code under test."""
    encoder = FakeEncoder()
    return np.concatenate([encoder.encode(encoder.preprocess(Image.fromarray(e.source))[None]) for e in examples])


def run(examples: list[Example], folder: Path, **changes: object) -> Extraction:
    settings = {"encoders": [FakeEncoder()], "store": FeatureStore(folder), "plan": PLAN, "open_example": Opener()}
    settings |= changes
    return Walk(examples, make_keys(examples), settings.pop("encoders"), settings.pop("store"), **settings).extract()
