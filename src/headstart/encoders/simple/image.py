"""An encoder without any network: which colours a picture has. Every trained encoder has to beat it."""

from collections.abc import Sequence
from typing import cast

import numpy as np
from PIL import Image

from headstart.arrays import Singles
from headstart.data.example import Example
from headstart.data.readers.image_grey import spread
from headstart.encoders.preprocess.image import ImagePreprocessing, prepare
from headstart.encoders.spec import EncoderFiles, EncoderSpec, LoadedEncoder, describe_simple

LEVELS = 8  # per colour channel

_SIDE = 64  # pixels; colours hardly depend on it, time does
_PREPROCESSING = ImagePreprocessing(_SIDE, _SIDE, "box", 1.0, "squash", (0.0, 0.0, 0.0), (1.0, 1.0, 1.0))


def fit_baseline(examples: Sequence[Example]) -> "ColourHistogram":
    """Return the colour histogram, which is fitted to nothing."""
    return ColourHistogram()


def open_simple(spec: EncoderSpec, files: EncoderFiles | None = None) -> "ColourHistogram":
    """Return the colour histogram that was saved with a model."""
    histogram = ColourHistogram()
    histogram.spec = spec
    return histogram


class ColourHistogram(LoadedEncoder):
    """Square roots of the frequencies of 8 x 8 x 8 colours: 512 numbers of Euclidean length 1.

    The square root makes the dot product of two rows the Bhattacharyya coefficient of the two distributions.

    Examples
    --------
    >>> encoder = ColourHistogram()
    >>> red = encoder.preprocess(Image.new("RGB", (90, 60), (255, 0, 0)))
    >>> encoder.encode(red[None]).nonzero()[1].tolist()
    [448]
    """

    spec = describe_simple("colour_histogram", "colour_histogram", LEVELS**3, _PREPROCESSING)
    files = EncoderFiles()

    def preprocess(self, picture: Image.Image) -> Singles:
        """Turn an upright RGB picture into its mean colours on a 64 x 64 grid, shape (3, 64, 64), from 0 to 1."""
        preprocessing = cast(ImagePreprocessing, self.spec.preprocessing)
        picture = spread(picture, preprocessing.value_range)
        factor = min(picture.size) // (2 * _SIDE)
        # Whole-number reduction first: several times faster, and still a mean over areas.
        return prepare(picture.reduce(factor) if factor > 1 else picture, preprocessing)

    def encode(self, batch: Singles) -> Singles:
        """Turn a batch of inputs, shape (N, 3, 64, 64), into features, shape (N, 512)."""
        levels = np.minimum((batch * LEVELS).astype(np.int64), LEVELS - 1)
        colours = (levels[:, 0] * LEVELS + levels[:, 1]) * LEVELS + levels[:, 2]
        counts = np.stack([np.bincount(row.ravel(), minlength=LEVELS**3) for row in colours])
        features: Singles = np.sqrt(counts / colours[0].size).astype(np.float32)
        return features
