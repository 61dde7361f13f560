"""Stand-ins for the seams: small, exact, without a network."""

from dataclasses import dataclass, field

import numpy as np
from PIL import Image

from headstart.encoders.preprocess.image import ImagePreprocessing
from headstart.encoders.spec import Encoder, EncoderFiles, EncoderSpec

FAKE_SPEC = EncoderSpec(
    name="fake",
    architecture="fake",
    dimension=48,
    weights_digest="0" * 64,
    preprocessing=ImagePreprocessing(4, 4, "bilinear", 1.0, "squash", (0.0, 0.0, 0.0), (1.0, 1.0, 1.0)),
    licence="Apache-2.0",
    source="tests",
    engine="numpy",
)


@dataclass(frozen=True)
class FakeEncoder(Encoder):
    """Features are the pixels of a 4 x 4 thumbnail; ``seen`` counts the pictures encoded."""

    spec: EncoderSpec = FAKE_SPEC
    seen: list[int] = field(default_factory=list)

    def preprocess(self, picture: Image.Image) -> np.ndarray:
        thumbnail = np.asarray(picture.resize((4, 4), Image.Resampling.BILINEAR), dtype=np.float32) / 255
        return np.ascontiguousarray(thumbnail.transpose(2, 0, 1))

    def encode(self, batch: np.ndarray) -> np.ndarray:
        self.seen.append(len(batch))
        return batch.reshape(len(batch), -1).astype(np.float32)


@dataclass(frozen=True)
class FakeNetwork(FakeEncoder):
    """A fake encoder with files, so that its models can be saved; without a graph nothing is copied."""

    files: EncoderFiles = field(default_factory=lambda: EncoderFiles(None, None, {"architecture": "fake"}))
