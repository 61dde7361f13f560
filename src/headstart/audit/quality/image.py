"""How a picture was taken: sharp or blurred, dark or bright, full or empty. An encoder without any network."""

import math

import numpy as np
from PIL import Image

from headstart.arrays import Booleans, Floats, Integers, Singles
from headstart.audit.outliers import FAR, robust_scores
from headstart.data.readers.image_grey import fine_levels, spread_itself, values_of
from headstart.encoders.preprocess.image import ImagePreprocessing
from headstart.encoders.spec import Encoder, describe_simple

MEASURES = ("dark_end", "bright_end", "mean", "information", "sharpness", "shape")
# What a poor picture is: beyond a fixed value, and unusual for the set. Scans are all dark, and none of them is faulty.
KINDS = ("blurry", "dark", "bright", "low_information", "odd_shaped")
SIDE = 256  # pixels of the longer side: blur that cannot be seen there does not matter to an encoder either

_PREPROCESSING = ImagePreprocessing(SIDE, SIDE, "box", 1.0, "border", (0.0, 0.0, 0.0), (1.0, 1.0, 1.0))


class Quality(Encoder):
    """Six numbers about a picture, in the order of :data:`MEASURES`.

    The 5th and the 95th percentile and the mean of its grey levels (0 to 255); the entropy of these in bits (0 to 8);
    the sharpness, which is the standard deviation of the Laplacian over that of the grey levels; and the logarithm to
    base 2 of width over height. A dark picture of 16 bits has its information and its sharpness from its own range.

    Examples
    --------
    >>> encoder = Quality()
    >>> encoder.encode(encoder.preprocess(Image.new("RGB", (80, 40), (9, 9, 9)))[None])[0].tolist()
    [9.0, 9.0, 9.0, 0.0, 0.0, 1.0]
    """

    spec = describe_simple("quality", "quality-2", len(MEASURES), _PREPROCESSING)

    def preprocess(self, picture: Image.Image) -> Singles:
        """Measure an upright RGB picture, shape (1, 1, 6): pictures of many shapes make no batch."""
        shape = math.log2(picture.width / picture.height)
        grey = _shrink(fine_levels(picture))
        seen = grey if values_of(picture) is None else _shrink(spread_itself(picture).convert("L"))
        dark, bright = np.percentile(grey, [5, 95])
        counts = np.bincount(seen.astype(np.int64).ravel(), minlength=256)
        shares = counts[counts > 0] / seen.size
        information = -float((shares * np.log2(shares)).sum()) + 0.0
        measured = [dark, bright, float(grey.mean()), information, _sharpness(seen), shape]
        return np.array(measured, dtype=np.float32)[None, None]

    def encode(self, batch: Singles) -> Singles:
        """Return the measures as rows, shape (N, 6)."""
        return batch.reshape(len(batch), len(MEASURES))


def _shrink(levels: Image.Image) -> Singles:
    levels.thumbnail((SIDE, SIDE), Image.Resampling.BOX, reducing_gap=2.0)
    return np.asarray(levels, dtype=np.float32)


def _sharpness(grey: Singles) -> float:
    if min(grey.shape) < 3 or grey.std() < 1:
        return 0.0
    inner = grey[1:-1, 1:-1]
    laplacian = grey[:-2, 1:-1] + grey[2:, 1:-1] + grey[1:-1, :-2] + grey[1:-1, 2:] - 4 * inner
    return float(laplacian.std() / grey.std())


def find_poor(quality: Singles) -> dict[str, Integers]:
    """Find pictures that are poor by a fixed limit and unusual for the set, by kind, the worst first; (N, 6) measures.

    Limits: the 95th percentile of the grey levels below 64, or the 5th above 192; less than 4 bits of information;
    sharpness below 0.1, which is a blur of about a hundredth of the longer side; a shape twice as long as usual.
    """
    column = dict(zip(MEASURES, quality.astype(np.float64).T, strict=True))
    sharp = np.log2(np.maximum(column["sharpness"], 1e-3))
    shape = np.abs(column["shape"] - _middle(column["shape"]))
    badness = {  # the larger, the worse; and whether it is beyond the limit
        "blurry": (-sharp, (column["sharpness"] < 0.1) & (column["information"] >= 4)),
        "dark": (-column["bright_end"], column["bright_end"] < 64),
        "bright": (column["dark_end"], column["dark_end"] > 192),
        "low_information": (-column["information"], column["information"] < 4),
        "odd_shaped": (shape, shape >= 1),
    }
    found = {}
    for kind in KINDS:
        values, beyond = badness[kind]
        rows = np.flatnonzero(beyond & ((robust_scores(values) > FAR) | _rare(beyond)))
        found[kind] = rows[np.argsort(-values[rows], kind="stable")]
    return found


def _rare(beyond: Booleans) -> bool:
    """Return whether so few are beyond the limit that they are unusual whatever the others are."""
    return bool(beyond.mean() <= 0.05) if len(beyond) else False


def _middle(values: Floats) -> float:
    known = values[np.isfinite(values)]
    return float(np.median(known)) if len(known) else 0.0
