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
