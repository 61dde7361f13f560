"""A modality of another package: files ``.beats`` with the seconds between heartbeats, one a line."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import ClassVar

import numpy as np

from headstart.data.readers.base import Deferred, Facts
from headstart.encoders.spec import Encoder, EncoderFiles, EncoderSpec
from headstart.errors import ExampleError
from headstart.registry import Row
from headstart.serving.http_errors import too_large

SIZES = ("beats",)
HERE = f"{__name__}:"
ROW = Row(
    "beats", suffixes=(".beats",), reader=HERE, preprocessing=f"{HERE}BeatPreprocessing", encoders=HERE, simple=HERE,
    render=HERE, uploads=HERE, arms=("majority", "average", "probe"), page="vectors.html",
)  # fmt: skip


def is_one(source):
    return isinstance(source, tuple)


def adopt(value, where):
    return value


def open_example(source, name=""):
    try:
        source = source.fetch() if isinstance(source, Deferred) else source
        return np.array(source if isinstance(source, tuple) else Path(source).read_text().split(), np.float32)
    except (OSError, ValueError) as error:
        raise ExampleError("data.no_row", name=name, kind=str(error)) from error


def inspect_example(source, name=""):
    try:
        beats = open_example(source, name)
    except ExampleError as error:
        return Facts(bytes(32), (0,), str(error))
    return Facts(sha256(beats.tobytes()).digest(), (len(beats),))


def content_key(source):
    return sha256(open_example(source).tobytes()).digest()


def size_line(summary):
    return "{} to {} beats (median {}).".format(*np.take(summary["beats"], [0, 2, 1]))


@dataclass(frozen=True)
class BeatPreprocessing:
    kind: ClassVar[str] = "beats"
    kept: ClassVar[bool] = True
    scale: float = 1.0
    shape: ClassVar[tuple[int, ...]] = (2,)

    def prepare(self, beats):
        return np.array([beats.mean(), beats.std()], np.float32) / self.scale

    def versions(self):
        return {"numpy": np.__version__}

    def to_json(self):
        return {"kind": self.kind, **asdict(self)}

    @classmethod
    def from_json(cls, data):
        return cls(**data)


class BeatEncoder(Encoder):
    files, notice = EncoderFiles(), ""

    def __init__(self, name: str, dimension: int) -> None:
        self.spec = EncoderSpec(name, name, dimension, "none", BeatPreprocessing(), "none", "tests", "numpy")

    def encode(self, batch):
        return batch[:, : self.spec.dimension]


def require_encoder(name: str, cache: Path, examples: Sequence) -> str:
    return "rhythm"


def list_names(cache, examples):
    return ("rhythm",)


def load_encoder(name, *, cache, device, progress, examples):
    return BeatEncoder("rhythm", 2)


def fit_baseline(examples):
    return BeatEncoder("average", 1)


def open_simple(spec, files=None):
    return BeatEncoder(spec.name, spec.dimension)


def draw(source, name="", side=0):
    from PIL import Image

    return Image.new("RGB", (side or 32, side or 32))


def expand(upload, limits):
    return [upload]


def check(data, limits):
    if len(data) > limits.file_bytes:
        raise too_large(limits.file_bytes, "the_file")


def decode(data):
    return open_example(tuple(data.decode().split()))


def blank():
    return np.ones(2, np.float32)
