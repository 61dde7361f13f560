"""Numbers of 4 bits in blocks of 32 that share a scale: the layout Q4_0.

A block is 18 bytes: its scale in half precision, then 16 bytes; number j is the lower half of byte j less 8, number
16 + j the upper half less 8, both times the scale. A matrix of such blocks has the shape (rows, blocks, 18).
"""

import numpy as np

from headstart.arrays import Singles
from headstart.encoders.weight_files import Array

BLOCK = 32
BYTES = 18


def split_blocks(blocks: Array) -> tuple[Array, Array]:
    """Split blocks into scales in half precision, shape (rows, blocks, 1), and halves of bytes (rows, blocks, 16)."""
    scales = np.ascontiguousarray(blocks[:, :, :2]).view("<f2").astype(np.float16)
    return scales, np.ascontiguousarray(blocks[:, :, 2:])


def join_blocks(scales: Array, halves: Array) -> Array:
    """Join what :func:`split_blocks` gave."""
    return np.concatenate([np.ascontiguousarray(scales, dtype="<f2").view(np.uint8), halves], axis=2)


def read_blocks(blocks: Array) -> Singles:
    """Compute the numbers that blocks stand for, shape (rows, 32 x blocks).

    Examples
    --------
    >>> block = np.zeros((1, 1, 18), np.uint8)
    >>> block[0, 0, :2] = np.array([0.5], "<f2").view(np.uint8)
    >>> block[0, 0, 2] = 0x9A
    >>> read_blocks(block)[0, [0, 1, 16]].tolist()
    [1.0, -4.0, 0.5]
    """
    scales, halves = split_blocks(blocks)
    numbers = np.concatenate([halves & 15, halves >> 4], axis=2).astype(np.float32) - 8
    return (numbers * scales.astype(np.float32)).reshape(len(blocks), -1)


def find_product(before: Array, after: Array) -> tuple[Singles, Singles] | None:
    """Find two narrow matrices (rows, k) and (k, columns) whose product was added to a matrix, small beside the matrix.

    None where what was added is no such product: low-rank training adds one, any other does not.

    Examples
    --------
    >>> left, right = find_product(np.eye(200), np.eye(200) + np.outer(np.arange(200.0), np.ones(200)))
    >>> left.shape, right.shape
    ((200, 1), (1, 200))
    >>> find_product(np.eye(200), np.zeros((200, 200))) is None
    True
    """
    rows, columns = before.shape
    most = min(64, rows * columns // (2 * (rows + columns)))
    change = after.astype(np.float64) - before
    rounding = 2.0**-23 * float(np.abs(after).max())  # of numbers in single precision
    # The image of random columns spans what those of the change span, at a fraction of the time of its own values.
    image = change @ np.random.default_rng(0).standard_normal((columns, min(most + 8, rows, columns)))
    basis, sizes, _ = np.linalg.svd(image, full_matrices=False)
    left = basis[:, sizes > rounding * ((rows + columns) * len(sizes)) ** 0.5]
    right = left.T @ change
    if left.shape[1] > most or np.abs(left @ right - change).max(initial=0) > 2 * rounding:
        return None
    return left.astype(np.float32), right.astype(np.float32)


def pack_pairs(halves: Array) -> Array:
    """Return the halves of bytes in the order of ONNX Runtime: neighbours share a byte, the first one below.

    Examples
    --------
    >>> pack_pairs(np.arange(16, dtype=np.uint8)[None, None] | 0x30)[0, 0, [0, 1, 8]].tolist()
    [16, 50, 51]
    """
    numbers = np.concatenate([halves & 15, halves >> 4], axis=2)
    return np.ascontiguousarray(numbers[:, :, 0::2] | numbers[:, :, 1::2] << 4)


def unpack_pairs(packed: Array) -> Array:
    """Return the halves of bytes that :func:`pack_pairs` was given.

    Examples
    --------
    >>> halves = np.arange(16, dtype=np.uint8)[None, None] | 0x30
    >>> np.array_equal(unpack_pairs(pack_pairs(halves)), halves)
    True
    """
    numbers = np.stack([packed & 15, packed >> 4], axis=3).reshape(*packed.shape[:2], BLOCK)
    halves: Array = numbers[:, :, : BLOCK // 2] | numbers[:, :, BLOCK // 2 :] << 4
    return halves
