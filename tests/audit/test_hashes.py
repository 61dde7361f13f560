"""The perceptual hash is that of imagehash."""

import imagehash
import numpy as np
from PIL import Image

from headstart.audit.similarity.image_hashes import hash_distances, perceptual_hashes
from planted import COPIES, photographs


def thumbnails(pictures):
    return [picture.convert("L").resize((32, 32), Image.Resampling.BOX) for picture in pictures]


def test_hashes_equal_those_of_imagehash_on_the_same_pixels():
    small = thumbnails(photographs())
    ours = perceptual_hashes(np.stack([np.asarray(one, dtype=np.float32) for one in small]))
    theirs = np.stack([imagehash.phash(one).hash.ravel() for one in small])
    assert (ours == theirs).mean() > 0.999  # a frequency at the median may fall to either side


def test_copies_differ_in_few_bits_and_other_pictures_in_half():
    one, other = (
        perceptual_hashes(np.stack([np.asarray(small, dtype=np.float32) for small in thumbnails(pictures)]))
        for pictures in (photographs(), map(COPIES["compressed"], photographs()))
    )
    assert hash_distances(one, other).max() <= 10
    assert 26 < hash_distances(one, np.roll(one, 5, axis=0)).mean() < 38


def test_no_picture_has_no_hash():
    assert perceptual_hashes(np.empty((0, 32, 32))).shape == (0, 64)
