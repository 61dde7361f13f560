"""How many pixels a picture may have: one limit for the whole process, as Pillow's is."""

from PIL import Image

# Where Pillow itself refuses by default: 0.5 GB as RGB, for each worker. Above it a file of a few kilobytes that claims
# a huge size (a decompression bomb) could bring the machine down.
MAX_PIXELS = 178_956_970
_allowed = {"pixels": 0}  # by the user; 0: the usual ones
_before: list[int | None] = []  # Pillow's own limit, while ours stands in its place


def allow(megapixels: float) -> None:
    """Set the limit to so many million pixels, Pillow's as well where it is lower; 0: the usual one."""
    _allowed["pixels"] = round(megapixels * 1e6)
    if _before:
        Image.MAX_IMAGE_PIXELS = _before.pop()
    if Image.MAX_IMAGE_PIXELS and _allowed["pixels"] > 2 * Image.MAX_IMAGE_PIXELS:
        _before.append(Image.MAX_IMAGE_PIXELS)
        Image.MAX_IMAGE_PIXELS = _allowed["pixels"]


def most_pixels() -> int:
    """Return the limit; Pillow's own holds too where a program has lowered it and the user asks for none."""
    if _allowed["pixels"]:
        return _allowed["pixels"]
    return min(MAX_PIXELS, 2 * Image.MAX_IMAGE_PIXELS) if Image.MAX_IMAGE_PIXELS else MAX_PIXELS
