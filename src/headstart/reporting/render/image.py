"""A picture is shown as it is."""

from typing import Any

from PIL import Image

from headstart.data.readers.image import open_example, open_preview


def draw(source: Any, name: str = "", side: int = 0) -> Image.Image:  # noqa: ANN401 - as open_example
    """Open a picture; with ``side`` a large one at a part of its size, neither side of which is shorter than that."""
    return open_preview(source, name, side) if side else open_example(source, name)
