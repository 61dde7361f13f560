"""Perceptual hashes: 64 bits of a picture that change little when its bytes change a lot."""

import numpy as np
import numpy.typing as npt

KEPT = 8  # lowest frequencies along each side


def perceptual_hashes(thumbnails: npt.NDArray[np.floating]) -> npt.NDArray[np.bool_]:
    """Hash small grey pictures (N, 32, 32) to 64 bits each, (N, 64).

    A bit says whether one of the 8 x 8 lowest frequencies of the cosine transform lies above the median of all of them
    (Zauner 2010, as ``imagehash.phash`` does it). Rows of NaN give bits that mean nothing.

    Examples
    --------
    >>> slope = np.tile(np.arange(32.0), (1, 32, 1))
    >>> hash_distances(perceptual_hashes(slope), perceptual_hashes(slope / 2 + 9)).tolist()
    [0]
    """
    from scipy.fft import dctn  # a fifth of a second, and a fit needs no hashes

    if not len(thumbnails):
        return np.empty((0, KEPT**2), dtype=np.bool_)
    low = dctn(thumbnails, axes=(1, 2))[:, :KEPT, :KEPT].reshape(len(thumbnails), -1)
    return np.asarray(low > np.median(low, axis=1, keepdims=True))


def hash_distances(one: npt.NDArray[np.bool_], other: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
    """Count the bits in which hashes (P, 64) differ pairwise: about 32 for pictures that have nothing in common."""
    return np.asarray(np.count_nonzero(one != other, axis=1), dtype=np.int64)
