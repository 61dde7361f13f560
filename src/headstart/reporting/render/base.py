"""What draws examples, so that pages and sheets can show them whatever they are."""

import base64
import io
from typing import TYPE_CHECKING, Any, Protocol

from headstart.modalities.base import load_modality

if TYPE_CHECKING:
    from PIL import Image


class Render(Protocol):
    """A module that draws the examples of one modality."""

    def draw(self, source: Any, name: str = "", side: int = 0) -> "Image.Image":  # noqa: ANN401 - of an Example
        """Draw an example, no larger than its ``side`` asks for where that saves time; raises ExampleError."""


def render_of(modality: str) -> Render:
    """Load what draws the examples of a modality."""
    found: Render = load_modality(modality).render
    return found


def thumbnail(drawn: "Image.Image", side: int, quality: int = 75) -> bytes:
    """Return a drawn example as a JPEG file, neither side of it longer than ``side``."""
    small, content = drawn.copy(), io.BytesIO()  # a copy: it may be the user's own
    small.thumbnail((side, side))
    small.save(content, "JPEG", quality=quality)
    return content.getvalue()


def data_uri(content: bytes, form: str = "jpeg") -> str:
    """Return a drawing's file as an address that holds it.

    Examples
    --------
    >>> data_uri(b"abc")
    'data:image/jpeg;base64,YWJj'
    """
    return f"data:image/{form};base64,{base64.b64encode(content).decode()}"
