"""HEIC files, as an iPhone writes them, through ``pillow-heif``."""

import io
from importlib.util import find_spec

from PIL import Image

from headstart.data.readers.image_conversion import Unreadable


def open_heic(data: bytes) -> Image.Image:
    """Open a HEIC file without decoding it, upright; raises Unreadable without ``pillow-heif`` and for a damaged file.

    Nothing is registered with Pillow: programs that use it beside Headstart see no other formats than before.
    """
    if find_spec("pillow_heif") is None:
        raise Unreadable("data.heic_needs_package")
    from pillow_heif import HeifImageFile  # only where there is such a file: it loads a decoder

    try:
        opened: Image.Image = HeifImageFile(io.BytesIO(data))  # type: ignore[no-untyped-call]
        return opened
    except Exception as error:
        raise Unreadable("data.damaged_format", format="HEIC", error=str(error).strip().rstrip(".")) from error
