"""An encoder without any network: how a picture was taken. Sharp or blurred, dark or bright, full or empty."""

import math

import numpy as np
import numpy.typing as npt
from PIL import Image

from headstart.encoders.preprocess.image import ImagePreprocessing
from headstart.encoders.spec import EncoderSpec

MEASURES = ("dark_end", "bright_end", "mean", "information", "sharpness", "shape")
SIDE = 256  # pixels of the longer side: blur that cannot be seen there does not matter to an encoder either

_SPEC = EncoderSpec(
    name="quality",
    architecture="quality-1",
    dimension=len(MEASURES),
    weights_digest="none",
    preprocessing=ImagePreprocessing(SIDE, SIDE, "box", 1.0, "border", (0.0, 0.0, 0.0), (1.0, 1.0, 1.0)),
    licence="none needed",
    source="Headstart",
    engine="numpy",
)


class Quality:
    """Six numbers about a picture, in the order of :data:`MEASURES`.

    The 5th and the 95th percentile and the mean of its grey levels (0 to 255); the entropy of these in bits (0 to 8);
    the sharpness, which is the standard deviation of the Laplacian over that of the grey levels; and the logarithm to
    base 2 of width over height.

    Examples
    --------
    >>> encoder = Quality()
    >>> encoder.encode(encoder.preprocess(Image.new("RGB", (80, 40), (9, 9, 9)))[None])[0].tolist()
    [9.0, 9.0, 9.0, 0.0, 0.0, 1.0]
    """

    @property
    def spec(self) -> EncoderSpec:
        """What this encoder is."""
        return _SPEC

    def preprocess(self, picture: Image.Image) -> npt.NDArray[np.float32]:
        """Measure an upright RGB picture, shape (1, 1, 6): pictures of many shapes make no batch."""
        shape = math.log2(picture.width / picture.height)
        small = picture.convert("L")
        small.thumbnail((SIDE, SIDE), Image.Resampling.BOX, reducing_gap=2.0)
        grey = np.asarray(small, dtype=np.float32)
        dark, bright = np.percentile(grey, [5, 95])
        counts = np.bincount(grey.astype(np.int64).ravel(), minlength=256)
        shares = counts[counts > 0] / grey.size
        information = -float((shares * np.log2(shares)).sum()) + 0.0
        measured = [dark, bright, float(grey.mean()), information, _sharpness(grey), shape]
        return np.array(measured, dtype=np.float32)[None, None]

    def encode(self, batch: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Lay the measures out as rows, shape (N, 6)."""
        return batch.reshape(len(batch), len(MEASURES))


def _sharpness(grey: npt.NDArray[np.float32]) -> float:
    if min(grey.shape) < 3 or grey.std() < 1:
        return 0.0
    inner = grey[1:-1, 1:-1]
    laplacian = grey[:-2, 1:-1] + grey[2:, 1:-1] + grey[1:-1, :-2] + grey[1:-1, 2:] - 4 * inner
    return float(laplacian.std() / grey.std())
