"""Pictures from strangers: looked at before a pixel of them is decoded."""

import numpy as np
from PIL import Image

from headstart.audit.similarity.image_thumbnails import SIDE, Thumbnail
from headstart.data.readers.base import Facts
from headstart.data.readers.image import inspect_example, open_example
from headstart.encoders.simple.image import ColourHistogram
from headstart.errors import ExampleError
from headstart.reporting.render.base import data_uri, thumbnail
from headstart.runtime.findings import Finding
from headstart.serving.http_errors import Refusal, refused, too_large
from headstart.serving.interactive import ExampleView
from headstart.serving.multipart import Upload
from headstart.settings.serving import ServerLimits

THUMBNAIL = 160  # pixels
NO_PICTURE = ("data.unknown_format", "data.content.")  # codes of what is found in a file that is none


def expand(upload: Upload, limits: ServerLimits) -> list[Upload]:
    """Return the file: it is one picture."""
    return [upload]


def blank() -> Image.Image:
    """Return an empty picture."""
    return Image.new("RGB", (64, 64))


def check(data: bytes, limits: ServerLimits) -> Facts:
    r"""Check size, first bytes and header of a picture file; nothing is decoded.

    Raises
    ------
    Refusal
        413 when it has too many bytes or pixels, 415 when it is no picture, 422 when it is damaged.

    Examples
    --------
    >>> check(b"P6 2 1 255 \0\0\0\0\0\0", ServerLimits()).sizes
    (2, 1)
    """
    if len(data) > limits.file_bytes:
        raise too_large(limits.file_bytes, "the_file")
    facts = inspect_example(data)
    if facts.problem is not None and facts.problem.code.startswith(NO_PICTURE):
        raise refused(415, "serving.not_a_picture", cause=facts.problem)
    if facts.problem is not None:
        raise _damaged(facts.problem)
    width, height = facts.sizes
    if width * height > limits.size:
        raise refused(413, "serving.too_many_pixels.allowed", width=width, height=height, limit=f"{limits.size:,}")
    return facts


def decode(data: bytes) -> Image.Image:
    """Decode a picture file that was checked, as upright RGB; raises Refusal 422 when its pixels are damaged."""
    try:
        return open_example(data)
    except ExampleError as error:
        raise _damaged(error.why) from error


def view(picture: Image.Image) -> ExampleView:
    """Compute what a desk keeps of a decoded picture; the sketch is not-a-number where there are too few pixels.

    Examples
    --------
    >>> import io
    >>> seen = view(Image.new("RGB", (400, 100), "red"))
    >>> seen.baseline.shape, seen.sketch.shape, Image.open(io.BytesIO(seen.preview)).size
    ((512,), (32, 32), (160, 40))
    """
    histogram = ColourHistogram()
    grey = (
        Thumbnail().preprocess(picture)[0] if min(picture.size) >= SIDE else np.full((SIDE, SIDE), np.nan, np.float32)
    )
    return ExampleView(
        histogram.encode(histogram.preprocess(picture)[None])[0], grey, thumbnail(picture, THUMBNAIL, 80)
    )


def shown(preview: bytes) -> dict[str, str]:
    """Return a small picture for the page."""
    return {"picture": data_uri(preview)}


def _damaged(reason: Finding) -> Refusal:
    if reason.code == "data.too_many_pixels":
        return refused(413, "serving.too_many_pixels.readable", cause=reason)
    code = {"data.empty_file": "empty", "data.truncated": "truncated"}.get(reason.code, "damaged")
    return refused(422, f"serving.{code}", cause=reason)
